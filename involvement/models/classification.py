"""Where an activity was placed, by whom, on what answers, from when until when. Append-only.

Claim (what the organisation calls it), suggestion (what the answers point to) and primary place (what was agreed) are
three facts and stay so (framework, "Questions that tell the places apart").
"""

from django.db import models
from django.db.models import Q

from .base import AppendOnlyQuerySet, OrganisationRow, together


class ConfirmedBatch(OrganisationRow):
    """What one person did with one press to many readings.

    "placed" confirmed first readings that rest on the activities' own words; "answered" supplied what nobody had said
    of readings that stood, each replaced by one that says more (the replaced one is void since ``recorded_at``).

    ``answers`` maps a place to the answers given once for all its activities (question slug -> answer), ``left_out`` a
    reason to the ids of activities that were chosen and could not be placed. Undoing voids the readings that still
    stand; nothing else about a row ever changes.
    """

    class Kind(models.TextChoices):
        PLACED = "placed"
        ANSWERED = "answered"

    kind = models.CharField(max_length=8, choices=Kind, default=Kind.PLACED, db_default=Kind.PLACED)
    number = models.PositiveIntegerField()  # of readings written
    answers = models.JSONField(default=dict)
    left_out = models.JSONField(default=dict)
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey("involvement.User", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        default_related_name = "confirmed_batches"
        ordering = ["-id"]
        constraints = [together("confirmed_batch_undone_who_and_when", "undone_at", "undone_by")]


class Classification(OrganisationRow):
    """One reading of one activity. In force at a day D when not void and ``from_on`` <= D < ``until``.

    ``from_on`` null means from the beginning. Re-placing from a date closes ``until`` on this row and opens another;
    a correction sets ``void_at`` (the reading was wrong at every date). Nothing else about a row ever changes.
    """

    class Kind(models.TextChoices):
        LEADER = "leader"
        REVIEW = "review"
        WORKSHOP = "workshop"

    activity = models.ForeignKey("involvement.Activity", on_delete=models.CASCADE, related_name="classifications")
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.LEADER)
    answers = models.JSONField(default=dict)  # question slug -> answer slug(s) or words, as given on the guided page
    claim = models.CharField(max_length=20, blank=True)  # place slug, "not-involvement" or "" (nothing claimed)
    suggested_place = models.CharField(max_length=20, blank=True)  # "" when the answers pointed nowhere
    primary_place = models.CharField(max_length=20)  # place slug or "not-involvement"
    reason = models.TextField(blank=True)  # why it was placed elsewhere than suggested, or why it was re-placed
    contested = models.BooleanField(default=False)
    contested_kinds = models.JSONField(default=list)  # slugs of framework content contested kinds
    power = models.CharField(max_length=20, blank=True)  # "to-people", "nowhere", "work-only", "" not recorded
    framework_version = models.CharField(max_length=20)
    source = models.CharField(max_length=200, blank=True)
    # the press with which it was confirmed with others, from its own words; then suggested_place is what those say
    batch = models.ForeignKey(ConfirmedBatch, null=True, on_delete=models.PROTECT, related_name="readings")
    from_on = models.DateField(null=True)
    until = models.DateField(null=True)
    void_at = models.DateTimeField(null=True)
    void_reason = models.CharField(max_length=500, null=True)
    voided_by = models.ForeignKey("involvement.User", null=True, on_delete=models.PROTECT, related_name="+")
    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        default_related_name = "classifications"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["activity"],
                condition=Q(kind="leader", until__isnull=True, void_at__isnull=True),
                name="classification_one_current_leaders",
            ),
            models.CheckConstraint(
                condition=Q(from_on__isnull=True) | Q(until__isnull=True) | Q(until__gt=models.F("from_on")),
                name="classification_until_after_from",
            ),
            together("classification_void_when_why_who", "void_at", "void_reason", "voided_by"),
        ]
        indexes = [
            models.Index(
                fields=["organisation", "activity", "from_on", "until"],
                condition=Q(kind="leader", void_at__isnull=True),
                name="classification_of_leaders",
            )
        ]

    CLOSING = frozenset({"until", "void_at", "void_reason", "voided_by_id"})

    def save(self, *args, **kwargs):
        """Write a new row, or close this one. Raises TypeError for any other change, and for opening it again."""
        if not self._state.adding:
            stored = Classification.objects.filter(pk=self.pk).values().get()
            changed = {name for name, value in stored.items() if getattr(self, name) != value}
            reopened = {name for name in changed & self.CLOSING if stored[name] is not None}
            if changed - self.CLOSING or reopened:
                raise TypeError(f"classifications are append-only: {sorted(changed)} cannot be changed")
        super().save(*args, **kwargs)

    def delete(self, *args, **kwargs):
        raise TypeError("classifications are append-only")


class Placement(OrganisationRow):
    """One way (facet) in which a classification says people took part, and what makes it count.

    What a place needs (part, route, options …) is data in framework.coverage.COUNTS. Null or "" is "not recorded".
    """

    class Part(models.TextChoices):
        NONE = "none"
        TOLD = "told"
        ASKED = "asked"
        EQUAL = "equal"
        LEAD = "lead"
        NOT_RECORDED = "not-recorded"

    classification = models.ForeignKey(Classification, on_delete=models.CASCADE, related_name="placements")
    facet = models.CharField(max_length=40)  # "owners/strategy"
    part = models.CharField(max_length=12, choices=Part, default=Part.NOT_RECORDED)
    question = models.CharField(max_length=300, blank=True)  # owners: the named question put to people
    decider = models.CharField(max_length=200, blank=True)  # owners: the body that decides
    received_on = models.DateField(null=True)  # owners: when that body received it
    heard = models.BooleanField(null=True)  # users: did it reach the team responsible?
    options = models.PositiveSmallIntegerField(null=True)  # choosers: how many real options
    free_to_refuse = models.BooleanField(null=True)  # choosers
    as_group = models.BooleanField(null=True)  # coproducers: a group on a shared problem, not one person's own care
    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        default_related_name = "placements"
        constraints = [models.UniqueConstraint(fields=["classification", "facet"], name="placement_once_a_facet")]
        indexes = [
            models.Index(fields=["organisation", "classification", "facet", "part"], name="placement_of_classification")
        ]

    def save(self, *args, **kwargs):
        """Write a new row. Raises TypeError for an existing one: a placement never changes."""
        if not self._state.adding:
            raise TypeError("placements are append-only")
        super().save(*args, **kwargs)

    def delete(self, *args, **kwargs):
        raise TypeError("placements are append-only")
