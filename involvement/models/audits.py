"""Audits: what the board looked at, what it concluded, who signed, and what was published.

A snapshot, a sign-off and a document are written once. Once an audit is signed nothing of it changes, by any way
through these models; on PostgreSQL the database refuses too (migrations, ``protect_signed_audits``).
"""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from .base import AppendOnlyQuerySet, OrganisationRow, Versioned, together


class SealedQuerySet(AppendOnlyQuerySet):
    """Rows that go through their model's ``save``, one by one, since that knows whether the audit is signed."""

    def bulk_create(self, objs, *args, **kwargs):
        """Raise TypeError."""
        raise TypeError(f"{self.model._meta.verbose_name_plural} are written one by one")


class AuditQuerySet(SealedQuerySet):
    """Selections of audits in the domain's words. Reach them through ``organisation.audits``."""

    def signed(self):
        """Keep those that somebody signed."""
        return self.filter(sign_off__isnull=False)

    def with_state(self):
        """Fetch what ``state`` needs along with each audit, without the large texts."""
        return self.select_related("service", "snapshot", "sign_off", "supersedes").defer("snapshot__content")


class Audit(OrganisationRow, Versioned):
    """One look of the board at where citizens take part: a scope, a day, a period. Signed, it is never changed."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Being prepared")
        FROZEN = "frozen", _("Frozen, waiting to be judged and signed")
        SIGNED = "signed", _("Signed")
        SUPERSEDED = "superseded", _("Superseded")

    service = models.ForeignKey(
        "involvement.Service", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    title = models.CharField(_("title"), max_length=200)
    as_at = models.DateField(_("as at"))
    period_from = models.DateField(_("period from"))
    period_to = models.DateField(_("period to"))
    supersedes = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="successors")
    history = HistoricalRecords()
    objects = AuditQuerySet.as_manager()
    SEALED = ("title",)  # a name in it stays when a person is forgotten: a signature covers the words (personal.py)

    class Meta:
        default_related_name = "audits"
        ordering = ["-as_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(period_to__gte=models.F("period_from")), name="audit_period_ends_after_it_begins"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_frozen(self) -> bool:
        """Return whether its snapshot was taken."""
        return hasattr(self, "snapshot")

    @property
    def is_signed(self) -> bool:
        return hasattr(self, "sign_off")

    @property
    def state(self) -> str:
        """Return where it stands. A signed one is superseded once its successor is signed, another one at once."""
        successors = self.successors.filter(organisation=self.organisation_id)
        if self.is_signed:
            return self.State.SUPERSEDED if successors.signed().exists() else self.State.SIGNED
        if successors.exists():
            return self.State.SUPERSEDED
        return self.State.FROZEN if self.is_frozen else self.State.DRAFT

    @property
    def state_title(self) -> str:
        return str(self.State(self.state).label)

    def save(self, *args, **kwargs):
        """Write it. Raises TypeError once it is signed."""
        if not self._state.adding:
            refuse_signed(self.pk)
        super().save(*args, **kwargs)

    def delete(self, *args, **kwargs):
        raise TypeError("audits are kept")


def refuse_signed(*audits: int | None) -> None:
    """Raise TypeError when one of these audits (ids) is signed."""
    if SignOff.objects.filter(audit__in=[pk for pk in audits if pk]).exists():
        raise TypeError("a signed audit is never changed, only superseded")


class Conclusion(OrganisationRow):
    """What the board says of one place, in its own words."""

    class Assurance(models.TextChoices):
        ASSURED = "assured", _("Assured")
        PARTLY = "partly", _("Partly assured")
        NOT_ASSURED = "not-assured", _("Not assured")

    audit = models.ForeignKey(Audit, on_delete=models.PROTECT, related_name="conclusions")
    place = models.SlugField(max_length=20)
    assurance = models.CharField(_("how sure the board is"), max_length=12, choices=Assurance)
    reason = models.TextField(_("reason"))
    history = HistoricalRecords()
    objects = SealedQuerySet.as_manager()
    SEALED = ("reason",)

    class Meta:
        default_related_name = "conclusions"
        constraints = [
            models.UniqueConstraint(fields=["audit", "place"], name="conclusion_once_a_place"),
            models.CheckConstraint(condition=~Q(reason=""), name="conclusion_says_why"),
        ]

    def save(self, *args, **kwargs):
        """Write it. Raises TypeError once the audit, or the one that it belonged to before, is signed."""
        before = () if self._state.adding else Conclusion.objects.filter(pk=self.pk).values_list("audit", flat=True)
        refuse_signed(self.audit_id, *before)
        super().save(*args, **kwargs)

    def delete(self, *args, **kwargs):
        raise TypeError("conclusions are kept")


class WrittenOnce(OrganisationRow):
    """A row that is written once and then only read."""

    objects = SealedQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args, **kwargs):
        """Write a new row. Raises TypeError for an existing one."""
        if not self._state.adding:
            raise TypeError(f"{self._meta.verbose_name_plural} are append-only")
        super().save(*args, **kwargs)

    def delete(self, *args, **kwargs):
        raise TypeError(f"{self._meta.verbose_name_plural} are append-only")


class Snapshot(WrittenOnce):
    """What was true at the day of an audit, as canonical JSON (involvement/audits/snapshot.py), and its SHA-256.

    Map and report are drawn from this text alone, for ever after. People stand in it as ids.
    """

    audit = models.OneToOneField(Audit, on_delete=models.PROTECT, related_name="snapshot")
    content = models.TextField()
    digest = models.CharField(max_length=64)
    framework_version = models.CharField(max_length=20)
    taken_at = models.DateTimeField(default=timezone.now)
    SEALED = ("content", "digest")

    class Meta:
        default_related_name = "snapshots"


class SignOff(WrittenOnce):
    """Who signed, when, with what name and statement. ``seal`` covers the snapshot, the conclusions and this row."""

    audit = models.OneToOneField(Audit, on_delete=models.PROTECT, related_name="sign_off")
    by = models.ForeignKey("involvement.User", on_delete=models.PROTECT, related_name="+")
    on = models.DateField()
    name = models.CharField(max_length=150)  # as it was written; outside the seal, so that a person can be forgotten
    statement = models.TextField()
    seal = models.CharField(max_length=64)
    SEALED = ("statement", "seal")

    class Meta:
        default_related_name = "sign_offs"

    def save(self, *args, **kwargs):
        """Sign. Raises TypeError for an audit without a snapshot: nobody can have read what is not there."""
        if not Snapshot.objects.filter(audit=self.audit_id).exists():
            raise TypeError("there is nothing to sign before the snapshot is taken")
        super().save(*args, **kwargs)


class AuditDocument(WrittenOnce):
    """The signed report as a file, the bytes as they were made when it was signed, and their SHA-256."""

    class Kind(models.TextChoices):
        PDF = "pdf", _("PDF")
        WORD = "docx", _("Word")
        EXCEL = "xlsx", _("Excel")

    audit = models.ForeignKey(Audit, on_delete=models.PROTECT, related_name="documents")
    kind = models.CharField(max_length=5, choices=Kind)
    content = models.BinaryField()
    digest = models.CharField(max_length=64)

    class Meta:
        default_related_name = "audit_documents"
        constraints = [models.UniqueConstraint(fields=["audit", "kind"], name="audit_document_once_a_kind")]


class Publication(OrganisationRow):
    """That a signed audit stands on the public page, from a day on. Taken down only with a reason, which stays."""

    audit = models.ForeignKey(Audit, on_delete=models.PROTECT, related_name="publications")
    on = models.DateField()
    by = models.ForeignKey("involvement.User", on_delete=models.PROTECT, related_name="+")
    withdrawn_on = models.DateField(null=True)
    withdrawn_by = models.ForeignKey("involvement.User", null=True, on_delete=models.PROTECT, related_name="+")
    withdrawn_reason = models.CharField(max_length=500, null=True)
    objects = SealedQuerySet.as_manager()

    CLOSING = frozenset({"withdrawn_on", "withdrawn_by_id", "withdrawn_reason"})

    class Meta:
        default_related_name = "publications"
        ordering = ["-on", "-id"]
        constraints = [
            together("publication_withdrawn_who_when_why", "withdrawn_on", "withdrawn_by", "withdrawn_reason"),
            models.UniqueConstraint(
                fields=["audit"], condition=Q(withdrawn_on__isnull=True), name="publication_once_at_a_time"
            ),
        ]

    def save(self, *args, **kwargs):
        """Publish, or take down once. Raises TypeError for any other change."""
        if not self._state.adding:
            stored = Publication.objects.filter(pk=self.pk).values().get()
            changed = {name for name, value in stored.items() if getattr(self, name) != value}
            if changed - self.CLOSING or (changed and stored["withdrawn_on"] is not None):
                raise TypeError(f"publications are append-only: {sorted(changed)} cannot be changed")
        super().save(*args, **kwargs)

    def delete(self, *args, **kwargs):
        raise TypeError("publications are append-only")
