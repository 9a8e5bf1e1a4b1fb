"""Challenges: what patient leaders say is wrong or missing, the replies that are owed, and how each ended."""

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from .base import AppendOnlyQuerySet, OrganisationRow


class Challenge(OrganisationRow):
    """A formal disagreement of one person with one thing that the organisation says. Its words never change.

    Where two records of one activity become one, it goes over to the one that stays (actions.merging).

    Open until ``closed_on``: the organisation has accepted it, or the challenger is satisfied. Nobody else ends it.
    ``place`` and ``facet`` say which cell is meant where no activity can (a missing activity, a gap "not needed").
    """

    class Kind(models.TextChoices):
        PLACE = "place", _("It belongs to another place, or is not involvement")
        GRADE = "grade", _("What came of it is graded too high")
        HAPPENED = "how-it-happened", _("This is not how it happened")
        MISSING = "missing", _("Something is missing from the list")
        NOT_NEEDED = "not-needed", _("A gap was called “not needed”")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=16, choices=Kind)
    activity = models.ForeignKey("involvement.Activity", null=True, on_delete=models.PROTECT, related_name="challenges")
    change = models.ForeignKey("involvement.Change", null=True, on_delete=models.PROTECT, related_name="challenges")
    response = models.ForeignKey("involvement.Response", null=True, on_delete=models.PROTECT, related_name="challenges")
    service = models.ForeignKey("involvement.Service", null=True, on_delete=models.PROTECT, related_name="+")
    place = models.SlugField(max_length=20, blank=True)
    facet = models.CharField(max_length=40, blank=True)
    task = models.ForeignKey("involvement.ReviewTask", null=True, on_delete=models.PROTECT, related_name="challenges")
    words = models.TextField(_("what you say"))
    made_on = models.DateField()
    closed_on = models.DateField(null=True)

    class Meta:
        default_related_name = "challenges"
        ordering = ["-made_on", "-recorded_at"]
        constraints = [
            models.CheckConstraint(condition=~Q(words=""), name="challenge_says_what"),
            models.CheckConstraint(
                condition=Q(kind__in=["place", "grade", "how-it-happened"], activity__isnull=False)
                | Q(kind="missing", activity__isnull=True) & ~Q(place="")
                | Q(kind="not-needed", activity__isnull=True, response__isnull=False) & ~Q(place=""),
                name="challenge_is_about_something",
            ),
            models.CheckConstraint(
                condition=Q(closed_on__isnull=True) | Q(closed_on__gte=F("made_on")),
                name="challenge_closed_after_it_was_made",
            ),
        ]
        indexes = [models.Index(fields=["organisation", "activity"], name="challenge_of_activity")]

    def save(self, *args, **kwargs):
        """Write a new one, or close it once. Raises TypeError for any other change."""
        if not self._state.adding:
            stored = Challenge.objects.filter(pk=self.pk).values().get()
            changed = {name for name, value in stored.items() if getattr(self, name) != value}
            if changed - {"closed_on"} or (changed and stored["closed_on"] is not None):
                raise TypeError(f"challenges are append-only: {sorted(changed)} cannot be changed")
        super().save(*args, **kwargs)

    def delete(self, *args, **kwargs):
        raise TypeError("challenges are kept")


class ChallengeStep(OrganisationRow):
    """What was said after a challenge was made, in order. The organisation accepts, explains or asks; the challenger
    answers, closes it, or lets it stand."""

    class Kind(models.TextChoices):
        ACCEPT = "accept", _("Accepted")
        EXPLAIN = "explain", _("Explained")
        ASK = "ask", _("Asked for more")
        ANSWER = "answer", _("Answered")
        CLOSE = "close", _("Closed")
        STAND = "stand", _("Let stand")

    REPLIES = (Kind.ACCEPT, Kind.EXPLAIN, Kind.ASK)

    challenge = models.ForeignKey(Challenge, on_delete=models.PROTECT, related_name="steps")
    kind = models.CharField(max_length=8, choices=Kind)
    on = models.DateField()
    words = models.TextField(blank=True)
    # what accepting it led to: the new reading, or the activity that was missing
    classification = models.ForeignKey(
        "involvement.Classification", null=True, on_delete=models.PROTECT, related_name="+"
    )
    activity = models.ForeignKey("involvement.Activity", null=True, on_delete=models.PROTECT, related_name="+")
    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        default_related_name = "challenge_steps"
        ordering = ["id"]

    def save(self, *args, **kwargs):
        """Write a new step. Raises TypeError for an existing one."""
        if not self._state.adding:
            raise TypeError("steps of a challenge are append-only")
        super().save(*args, **kwargs)

    def delete(self, *args, **kwargs):
        raise TypeError("steps of a challenge are append-only")


class ReplyDue(OrganisationRow):
    """That the organisation owes a reply to a challenge, from a day, by a day; ``met_on`` when it gave one.

    A challenge starts with one, and has another each time the challenger answers a question. Overdue as at a day: due
    before that day, and not met by it. It is what the map asks (framework, "challenge whose reply is overdue").
    """

    challenge = models.ForeignKey(Challenge, on_delete=models.PROTECT, related_name="dues")
    from_on = models.DateField()
    due_on = models.DateField()
    met_on = models.DateField(null=True)

    class Meta:
        default_related_name = "replies_due"
        constraints = [
            models.CheckConstraint(condition=Q(due_on__gte=F("from_on")), name="reply_due_after_it_is_owed"),
            models.UniqueConstraint(
                fields=["challenge"], condition=Q(met_on__isnull=True), name="reply_owed_once_at_a_time"
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "due_on"], condition=Q(met_on__isnull=True), name="reply_due_open")
        ]
