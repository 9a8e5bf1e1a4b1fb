"""The activity register: what the organisation did, when, with whom. What it *was* is in classification.py."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from involvement import search

from .base import OrganisationRow, Versioned, together


class PieceOfWork(OrganisationRow, Versioned):
    """The larger thing that several activities serve. Coproduction is counted over pieces of work.

    ``whole`` coproduction needs all four stages, one written problem shared by all, and a person's confirmation
    (PRODUCT rules; the seed's "rarely the whole", Malby 2015).
    """

    title = models.CharField(_("title"), max_length=200)
    problem_statement = models.TextField(_("the problem, in words that everyone agreed"), blank=True)
    whole_confirmed_by = models.ForeignKey("involvement.User", null=True, on_delete=models.PROTECT, related_name="+")
    whole_confirmed_on = models.DateField(null=True)
    history = HistoricalRecords()

    class Meta:
        default_related_name = "pieces"
        ordering = ["title", "id"]
        constraints = [
            together("piece_confirmed_who_and_when", "whole_confirmed_by", "whole_confirmed_on"),
            models.UniqueConstraint(fields=["organisation", "title"], name="piece_title_once_an_organisation"),
        ]

    def __str__(self) -> str:
        return self.title


class ActivityQuerySet(models.QuerySet):
    """Selections of activities in the domain's words. Reach them through ``organisation.activities``."""

    def listed(self):
        """Leave out what was withdrawn, that is, entered by mistake."""
        return self.filter(withdrawn_on=None)

    def matching(self, q: str, organisation):
        """Keep the activities of ``organisation`` in which every word of ``q`` stands, or one that begins so.

        In title, description, reference or method; "carers" finds "carer" (search.py). Signs alone find nothing.
        """
        if not q.strip():
            return self
        return self.filter(pk__in=search.found(q, organisation.pk)) if search.words(q) else self.none()


class Activity(OrganisationRow, Versioned):
    """One thing through which citizens took, take or will take part.

    Dates are kept as written (``start_written``, ``end_written``, ``period``) and as read at their widest
    (``started_on`` the earliest day it can have begun, ``ended_on`` the latest it can have ended); what cannot be read
    is null, and no year is guessed (involvement/dates.py). ``service`` null means trust-wide; a trust-wide activity
    counts for a service only if it names it (ActivityService).
    """

    class StatedStatus(models.TextChoices):
        PLANNED = "planned", _("Planned")
        RUNNING = "running", _("Running")
        ENDED = "ended", _("Ended")

    service = models.ForeignKey(
        "involvement.Service", null=True, blank=True, on_delete=models.PROTECT, related_name="activities"
    )
    piece = models.ForeignKey(PieceOfWork, null=True, blank=True, on_delete=models.PROTECT, related_name="activities")
    reference = models.CharField(_("reference"), max_length=60, null=True, blank=True)
    title = models.CharField(_("title"), max_length=300)
    description = models.TextField(_("what happened"), blank=True)
    method = models.CharField(_("method"), max_length=120, blank=True)  # their word; framework content suggests some
    participants = models.CharField(_("who took part"), max_length=300, blank=True)
    missing = models.CharField(_("who was missing"), max_length=300, blank=True, db_default="", default="")
    could_lose = models.CharField(
        _("who could lose when others choose"), max_length=300, blank=True, db_default="", default=""
    )
    open_to_all = models.BooleanField(_("open to everyone"), default=False)  # counts for no group
    reach = models.CharField(_("how many people"), max_length=120, blank=True)
    started_on = models.DateField(null=True, blank=True)
    ended_on = models.DateField(null=True, blank=True)
    start_written = models.CharField(_("started"), max_length=80, blank=True)
    end_written = models.CharField(_("ended"), max_length=80, blank=True)
    period = models.CharField(_("period"), max_length=120, blank=True)
    stated_status = models.CharField(_("status"), max_length=10, choices=StatedStatus, blank=True)
    promised = models.TextField(_("what was promised beforehand"), blank=True)
    named_lead = models.CharField(_("named lead"), max_length=150, blank=True)
    cost = models.DecimalField(_("cost in pounds"), max_digits=12, decimal_places=2, null=True, blank=True)
    citizen_hours = models.PositiveIntegerField(_("hours that citizens gave"), null=True, blank=True)
    support = models.JSONField(
        _("support offered"), default=list, blank=True
    )  # slugs: payment expenses access carers languages
    mechanisms = models.JSONField(_("mechanisms it rests on"), default=list, blank=True)  # slugs of framework content
    result = models.TextField(_("what the organisation says came of it"), blank=True)
    source_url = models.URLField(_("web address of the source"), max_length=500, blank=True)
    withdrawn_on = models.DateField(null=True, blank=True)
    withdrawn_reason = models.CharField(_("why it is withdrawn"), max_length=500, null=True, blank=True)
    imported_from = models.ForeignKey(
        "involvement.Import", null=True, editable=False, on_delete=models.PROTECT, related_name="activities"
    )
    objects = ActivityQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        default_related_name = "activities"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "reference"], name="activity_reference_once_an_organisation"
            ),
            models.CheckConstraint(
                condition=models.Q(started_on__isnull=True)
                | models.Q(ended_on__isnull=True)
                | models.Q(ended_on__gte=models.F("started_on")),
                name="activity_ends_after_it_starts",
                violation_error_message=_("The end is before the start."),
            ),
            models.CheckConstraint(condition=~models.Q(reference=""), name="activity_reference_null_not_empty"),
            together("activity_withdrawn_when_and_why", "withdrawn_on", "withdrawn_reason"),
        ]
        indexes = [
            models.Index(
                fields=["organisation", "service", "piece", "started_on", "ended_on", "withdrawn_on"],
                name="activity_of_organisation",
            ),
            models.Index(fields=["organisation", "title"], name="activity_by_title"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_said_to_run(self) -> bool:
        """Return whether its stated status is "running"."""
        return self.stated_status == self.StatedStatus.RUNNING


class ActivityService(OrganisationRow):
    """A service that a trust-wide activity names."""

    activity = models.ForeignKey(Activity, on_delete=models.CASCADE, related_name="named_services")
    service = models.ForeignKey("involvement.Service", on_delete=models.PROTECT, related_name="+")
    history = HistoricalRecords()

    class Meta:
        default_related_name = "activity_services"
        constraints = [models.UniqueConstraint(fields=["activity", "service"], name="activity_names_a_service_once")]
        indexes = [models.Index(fields=["organisation", "service", "activity"], name="activity_service_of_org")]


class ActivityGroup(OrganisationRow):
    """A group of people that an activity meant to include.

    It counts in groups x places only where ``reach`` (people reached, as a number) or ``support`` for this group is
    recorded; ticking a group alone changes no cell.
    """

    activity = models.ForeignKey(Activity, on_delete=models.CASCADE, related_name="groups")
    group = models.SlugField(max_length=30)  # a slug of framework content groups
    reach = models.PositiveIntegerField(_("people reached"), null=True, blank=True)
    support = models.CharField(_("support given"), max_length=200, blank=True)
    history = HistoricalRecords()

    class Meta:
        default_related_name = "activity_groups"
        constraints = [models.UniqueConstraint(fields=["activity", "group"], name="activity_names_a_group_once")]
        indexes = [models.Index(fields=["organisation", "group", "activity"], name="activity_group_of_org")]


class AnswerQuerySet(models.QuerySet):
    """Selections of answers to "is it running today?"."""

    def standing(self):
        """Leave out what was taken back when the act that gave it was undone."""
        return self.filter(taken_back_at=None)


class RunningConfirmation(OrganisationRow):
    """A person's dated answer to "is it running today?". Append-only, but for being taken back.

    ``running`` true: a sighting on ``on``. False: "no, or I do not know": the activity stays not dated. One that was
    given to many at once, or came along in a merge, is taken back when that is undone: it then counts at no date.
    """

    activity = models.ForeignKey(Activity, on_delete=models.CASCADE, related_name="confirmations")
    on = models.DateField()
    running = models.BooleanField()
    taken_back_at = models.DateTimeField(null=True, editable=False)
    taken_back_by = models.ForeignKey(
        "involvement.User", null=True, editable=False, on_delete=models.PROTECT, related_name="+"
    )
    objects = AnswerQuerySet.as_manager()

    class Meta:
        default_related_name = "confirmations"
        constraints = [together("answer_taken_back_who_and_when", "taken_back_at", "taken_back_by")]
        indexes = [models.Index(fields=["organisation", "activity", "on", "running"], name="confirmation_of_activity")]
