"""What came of it: what people asked for, what was decided, what changed or did not and why, who told them."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from framework.catalogue import catalogue

from .base import AppendOnlyQuerySet, OrganisationRow, Versioned

GRADES = {"statement": 1, "document": 2, "corroboration": 3}


class Change(OrganisationRow, Versioned):
    """One answer to what people said. "No change, and why, and we told them" is honest and recorded the same way."""

    class Outcome(models.TextChoices):
        CHANGED = "changed", _("It changed")
        PARTLY = "partly", _("It changed in part")
        REFUSED = "refused", _("It did not change, and we say why")
        JOINT = "joint-record", _("A record that this stage was done jointly")
        SHARE = "share-offered", _("The share of people offered a choice, and who took it up")

    activity = models.ForeignKey("involvement.Activity", on_delete=models.CASCADE, related_name="changes")
    service = models.ForeignKey(
        "involvement.Service", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    asked = models.TextField(_("what people asked for"), blank=True)
    decision_point = models.CharField(_("who decided, and where"), max_length=300, blank=True)
    outcome = models.CharField(_("what came of it"), max_length=15, choices=Outcome)
    what = models.TextField(_("what changed"), blank=True)
    why = models.TextField(_("why"), blank=True)
    decided_on = models.DateField(_("decided on"))
    told_on = models.DateField(_("people were told on"), null=True, blank=True)
    told_by = models.CharField(_("who told them"), max_length=150, blank=True)
    offered_percent = models.DecimalField(max_digits=5, decimal_places=2, null=True, blank=True)
    taken_up_percent = models.DecimalField(max_digits=5, decimal_places=2, null=True, blank=True)
    history = HistoricalRecords()

    @property
    def grade(self) -> int:
        """Return the best grade of evidence that stands today: 0 nothing, 1 our word, 2 a document, 3 confirmed."""
        return max((each.grade for each in self.evidence.all() if each.withdrawn_on is None), default=0)

    class Meta:
        default_related_name = "changes"
        ordering = ["-decided_on", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(told_on__isnull=True) | Q(told_on__gte=models.F("decided_on")),
                name="change_told_after_decided",
                violation_error_message=_("People cannot be told before it was decided."),
            ),
            models.CheckConstraint(
                condition=~Q(outcome="share-offered")
                | (Q(offered_percent__isnull=False) & Q(taken_up_percent__isnull=False)),
                name="change_share_has_figures",
            ),
            models.CheckConstraint(condition=~Q(outcome="refused") | ~Q(why=""), name="change_refused_says_why"),
            models.CheckConstraint(
                condition=(Q(offered_percent__isnull=True) | Q(offered_percent__range=(0, 100)))
                & (Q(taken_up_percent__isnull=True) | Q(taken_up_percent__range=(0, 100))),
                name="change_share_is_a_percentage",
            ),
        ]
        indexes = [models.Index(fields=["organisation", "activity", "decided_on"], name="change_of_activity")]


class ChangeFacet(OrganisationRow):
    """A way that a change speaks for: proof counts for these facets only."""

    change = models.ForeignKey(Change, on_delete=models.CASCADE, related_name="facets")
    facet = models.CharField(max_length=40)
    history = HistoricalRecords()

    @property
    def facet_title(self) -> str:
        """Return the way in words: "As users: access"."""
        facet = catalogue().facets.get(self.facet)
        return f"{catalogue().places[facet.place].as_title}: {facet.title.lower()}" if facet else self.facet

    class Meta:
        default_related_name = "change_facets"
        constraints = [models.UniqueConstraint(fields=["change", "facet"], name="change_speaks_for_a_facet_once")]
        indexes = [models.Index(fields=["organisation", "change", "facet"], name="change_facet_of_org")]


def nameless_path(_stored, _name: str) -> str:
    """Return where a file is kept. What people call it may name somebody, so that stands in its row only."""
    return f"evidence/{timezone.now():%Y}/{uuid.uuid4().hex}"


class StoredFile(OrganisationRow):
    """A file kept outside the static path, served only at /files/<uuid>/ through access, as an attachment."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=200)  # as the person called it; never used as a path
    content_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField()
    file = models.FileField(upload_to=nameless_path)

    class Meta:
        default_related_name = "files"


class Evidence(OrganisationRow):
    """What a change rests on. Grade from the kind: statement 1, document 2, corroboration 3; no evidence 0."""

    class Kind(models.TextChoices):
        STATEMENT = "statement", _("Our word")
        DOCUMENT = "document", _("A document")
        CORROBORATION = "corroboration", _("People confirm it")

    change = models.ForeignKey(Change, on_delete=models.CASCADE, related_name="evidence")
    kind = models.CharField(_("kind"), max_length=15, choices=Kind)
    link = models.URLField(_("web address"), max_length=500, blank=True)
    file = models.OneToOneField(StoredFile, null=True, blank=True, on_delete=models.PROTECT, related_name="evidence")
    reference = models.CharField(_("reference"), max_length=300, blank=True)  # "Board paper 7, 3 May 2026"
    dated_on = models.DateField(_("date of the document"), null=True, blank=True)
    corroborated_by = models.CharField(_("who confirms it"), max_length=200, blank=True)  # a role, not a patient's name
    corroborator = models.ForeignKey(
        "involvement.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    withdrawn_on = models.DateField(null=True, blank=True)

    @property
    def grade(self) -> int:
        """Return the grade that follows from the kind (framework, "Evidence of influence")."""
        return GRADES[self.kind]

    class Meta:
        default_related_name = "evidence"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind="document") | ~Q(link="") | ~Q(reference="") | Q(file__isnull=False),
                name="evidence_document_is_there",
            ),
            models.CheckConstraint(
                condition=~Q(kind="corroboration") | ~Q(corroborated_by="") | Q(corroborator__isnull=False),
                name="evidence_corroboration_has_somebody",
            ),
            models.CheckConstraint(
                condition=Q(corroborator__isnull=True) | ~Q(corroborator=models.F("recorded_by")),
                name="evidence_not_confirmed_by_its_author",
            ),
        ]
        indexes = [models.Index(fields=["organisation", "change", "kind", "withdrawn_on"], name="evidence_of_change")]


class AskedAgain(OrganisationRow):
    """Somebody's dated answer, years after an activity ended: "there is no effect to tell". Append-only.

    Ended work is asked again after 1, 3 and 5 years (``years``). The other answer is a Change.
    """

    activity = models.ForeignKey("involvement.Activity", on_delete=models.CASCADE, related_name="asked_again")
    years = models.PositiveSmallIntegerField()
    on = models.DateField()
    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        default_related_name = "asked_again"
        constraints = [
            models.UniqueConstraint(fields=["activity", "years"], name="asked_again_answered_once"),
            models.CheckConstraint(condition=Q(years__in=(1, 3, 5)), name="asked_again_after_1_3_or_5_years"),
        ]
