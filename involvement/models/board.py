"""What the board decided, what it asked to have done, and the letters that remind people of it."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from .base import AppendOnlyQuerySet, OrganisationRow, Versioned, together


class Decision(OrganisationRow, Versioned):
    """A major or ethically hard decision of the organisation, whoever took part in it.

    These are the denominator: a map of activities alone cannot show the decisions in which nobody took part.
    """

    title = models.CharField(_("what was decided"), max_length=200)
    decided_on = models.DateField(_("decided on"))
    body = models.CharField(_("who decided"), max_length=150)
    why = models.TextField(_("why it is major or hard"))
    withdrawn_on = models.DateField(null=True, blank=True)
    withdrawn_reason = models.CharField(_("why it is withdrawn"), max_length=500, null=True, blank=True)
    history = HistoricalRecords()

    class Meta:
        default_related_name = "decisions"
        ordering = ["-decided_on", "-id"]
        constraints = [together("decision_withdrawn_when_and_why", "withdrawn_on", "withdrawn_reason")]

    def __str__(self) -> str:
        return self.title


class DecisionActivity(OrganisationRow):
    """An activity through which people from outside the staff took part in a decision."""

    decision = models.ForeignKey(Decision, on_delete=models.CASCADE, related_name="took_part")
    activity = models.ForeignKey("involvement.Activity", on_delete=models.CASCADE, related_name="in_decisions")
    history = HistoricalRecords()

    class Meta:
        default_related_name = "decision_activities"
        constraints = [
            models.UniqueConstraint(fields=["decision", "activity"], name="decision_names_an_activity_once")
        ]


class Action(OrganisationRow, Versioned):
    """Something that was agreed to be done about a cell of the map. What became of it stands in its steps.

    It names a gap as responses do: (``service`` or null, ``place``, ``facet`` or ""). ``due_on`` and ``owner`` are
    those of today. Reminders go to ``owner_user``, where somebody of the organisation is named.
    """

    service = models.ForeignKey(
        "involvement.Service", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    place = models.SlugField(max_length=20)
    facet = models.CharField(max_length=40, blank=True)
    response = models.ForeignKey(
        "involvement.Response", null=True, blank=True, on_delete=models.PROTECT, related_name="actions"
    )
    what = models.CharField(_("what will be done"), max_length=300)
    owner = models.CharField(_("who will do it"), max_length=150)
    owner_user = models.ForeignKey(
        "involvement.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    due_on = models.DateField(_("by when"))
    history = HistoricalRecords()

    class Meta:
        default_related_name = "actions"
        ordering = ["due_on", "id"]
        indexes = [models.Index(fields=["organisation", "place", "facet"], name="action_of_cell")]

    def __str__(self) -> str:
        return self.what


class ActionStep(OrganisationRow):
    """One thing that happened to an action, on a day. Append-only: what an action is follows from its steps.

    ``due_on`` is the day it is due from this step on (set, moved); ``by`` is ``recorded_by``, nobody where the cell
    lapsed again and the program noticed.
    """

    class Kind(models.TextChoices):
        SET = "set", _("Set")
        MOVED = "moved", _("Given another day or owner")
        DONE = "done", _("Done")
        REOPENED = "reopened", _("Reopened")
        DROPPED = "dropped", _("Dropped")

    action = models.ForeignKey(Action, on_delete=models.CASCADE, related_name="steps")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    on = models.DateField()
    note = models.TextField(_("in words"), blank=True)
    due_on = models.DateField(null=True, blank=True)
    link = models.URLField(_("web address"), max_length=500, blank=True)
    file = models.OneToOneField(
        "involvement.StoredFile", null=True, blank=True, on_delete=models.PROTECT, related_name="action_step"
    )
    reference = models.CharField(_("reference"), max_length=300, blank=True)
    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        default_related_name = "action_steps"
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind="done") | (~Q(note="") & (~Q(link="") | ~Q(reference="") | Q(file__isnull=False))),
                name="action_done_shows_what_was_done",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=("set", "done")) | ~Q(note=""), name="action_step_says_why"
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=("set", "moved")) | Q(due_on__isnull=False), name="action_step_has_its_day"
            ),
        ]
        indexes = [models.Index(fields=["organisation", "action", "on"], name="action_step_of_action")]

    def save(self, *args, **kwargs):
        """Insert; TypeError for a second time."""
        if not self._state.adding:
            raise TypeError("action steps are append-only")
        super().save(*args, **kwargs)

    def delete(self, *args, **kwargs):
        """Raise TypeError."""
        raise TypeError("action steps are append-only")


class ReminderSent(OrganisationRow):
    """That somebody was reminded of one thing that is due, so that nobody is reminded of it twice.

    ``thing`` is the id of an action, a response or a statement, as ``what`` says; ``due`` is the day that the letter
    was for: the day it is due, or of the week in which it is still overdue.
    """

    recipient = models.ForeignKey("involvement.User", on_delete=models.CASCADE, related_name="+")
    what = models.SlugField(max_length=20)
    thing = models.PositiveBigIntegerField()
    due = models.DateField()
    on = models.DateField()

    class Meta:
        default_related_name = "reminders_sent"
        constraints = [
            models.UniqueConstraint(fields=["what", "thing", "due", "recipient"], name="reminder_once_a_recipient")
        ]
        indexes = [models.Index(fields=["recipient", "on"], name="reminder_of_a_day")]
