"""Review rounds: who was asked to place which activities blind, and what they answered.

An answer is a Classification of kind "review", beside the organisation's own and never in its stead. What the
organisation said on the day a round was opened is kept with the round, so that nothing done afterwards moves a result.
"""

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from .base import OrganisationRow, Versioned, together


class ReviewRound(OrganisationRow):
    """One look of patient leaders at a fair sample of the register. Opened by ``recorded_by`` on ``opened_on``.

    ``frame`` holds what could have been drawn, {"method": sampling.METHOD, "activities": [[activity id, stratum], …]},
    and ``seed`` what drew it: whoever has both can draw the same sample again (manage.py redraw). ``each`` is how many
    people look at every activity.
    """

    title = models.CharField(_("title"), max_length=200)
    service = models.ForeignKey(
        "involvement.Service", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    opened_on = models.DateField()
    due_on = models.DateField(_("until when"))
    size = models.PositiveSmallIntegerField(_("how many activities"))  # as drawn, never more than there are
    each = models.PositiveSmallIntegerField(_("how many people look at each"))
    seed = models.CharField(max_length=32)
    frame = models.JSONField()
    practise_first = models.BooleanField(_("reviewers practise first"), default=False)
    closed_on = models.DateField(null=True)
    closed_by = models.ForeignKey("involvement.User", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        default_related_name = "review_rounds"
        ordering = ["-opened_on", "-id"]
        constraints = [
            together("review_round_closed_who_and_when", "closed_on", "closed_by"),
            models.CheckConstraint(condition=Q(due_on__gte=F("opened_on")), name="review_round_due_after_opening"),
            models.CheckConstraint(condition=Q(size__gte=1, each__gte=1), name="review_round_asks_somebody"),
        ]

    def __str__(self) -> str:
        return self.title


class RoundActivity(OrganisationRow):
    """An activity that was drawn, with what the organisation said of it on the day the round was opened."""

    round = models.ForeignKey(ReviewRound, on_delete=models.CASCADE, related_name="drawn")
    activity = models.ForeignKey("involvement.Activity", on_delete=models.CASCADE, related_name="in_rounds")
    stratum = models.CharField(max_length=120)  # "service id or 0|place slug"
    classification = models.ForeignKey("involvement.Classification", on_delete=models.PROTECT, related_name="+")

    class Meta:
        default_related_name = "round_activities"
        constraints = [models.UniqueConstraint(fields=["round", "activity"], name="round_draws_an_activity_once")]


class RoundReviewer(OrganisationRow):
    """A person asked to review in a round. Taken out only with a reason, which is printed beside the results."""

    round = models.ForeignKey(ReviewRound, on_delete=models.CASCADE, related_name="reviewers")
    person = models.ForeignKey("involvement.User", on_delete=models.PROTECT, related_name="review_rounds")
    removed_on = models.DateField(null=True)
    removed_by = models.ForeignKey("involvement.User", null=True, on_delete=models.PROTECT, related_name="+")
    removed_because = models.CharField(_("why"), max_length=500, null=True)

    class Meta:
        default_related_name = "round_reviewers"
        constraints = [
            models.UniqueConstraint(fields=["round", "person"], name="round_asks_a_person_once"),
            together("round_reviewer_removed_who_when_why", "removed_on", "removed_by", "removed_because"),
        ]


class ReviewTask(OrganisationRow, Versioned):
    """One activity before one reviewer. Unanswered, it keeps them blind to what the organisation says of it.

    ``position`` is the order in which this reviewer sees theirs, shuffled, so that it tells nothing. ``draft`` is what
    they have answered so far. ``outcome`` "placed" has a ``classification`` of kind "review"; "cannot-tell" has in
    ``missing`` what the record would have to say.
    """

    class Outcome(models.TextChoices):
        PLACED = "placed", _("Placed")
        CANNOT_TELL = "cannot-tell", _("I cannot tell from what is written")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    round = models.ForeignKey(ReviewRound, on_delete=models.CASCADE, related_name="tasks")
    activity = models.ForeignKey("involvement.Activity", on_delete=models.CASCADE, related_name="review_tasks")
    reviewer = models.ForeignKey(RoundReviewer, on_delete=models.CASCADE, related_name="tasks")
    position = models.PositiveSmallIntegerField()
    draft = models.JSONField(default=dict)
    took_part = models.BooleanField(_("I took part in this"), null=True)
    outcome = models.CharField(max_length=12, choices=Outcome, blank=True)
    missing = models.TextField(_("what is not written"), blank=True)
    classification = models.OneToOneField(
        "involvement.Classification", null=True, on_delete=models.PROTECT, related_name="review_task"
    )
    answered_at = models.DateTimeField(null=True)

    class Meta:
        default_related_name = "review_tasks"
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["reviewer", "activity"], name="review_task_once_a_reviewer"),
            models.CheckConstraint(
                condition=Q(outcome="", answered_at__isnull=True, classification__isnull=True)
                | Q(outcome="placed", answered_at__isnull=False, classification__isnull=False)
                | Q(outcome="cannot-tell", answered_at__isnull=False, classification__isnull=True) & ~Q(missing=""),
                name="review_task_answer_is_whole",
            ),
        ]
        indexes = [models.Index(fields=["organisation", "activity"], name="review_task_of_activity")]


class PractiseRun(OrganisationRow):
    """One person's exercise on worked cases: which, in which order, what they answered (case slug -> place)."""

    person = models.ForeignKey("involvement.User", on_delete=models.CASCADE, related_name="practise_runs")
    cases = models.JSONField()
    answers = models.JSONField(default=dict)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        default_related_name = "practise_runs"
        ordering = ["-id"]
