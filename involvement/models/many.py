"""What was done to many activities at once, what was merged, and what is said to be different though it looks alike."""

from django.db import models
from django.db.models import F, Q

from .base import OrganisationRow, together


class ManyEdit(OrganisationRow):
    """One change to many activities at once, and what to put back when it is undone.

    ``changes`` is what was chosen, as actions.many.ManyChanges writes itself down. ``before`` maps an activity's id to
    {"version": the one it was left at, "was": {column: value}, "added": [group], "removed": [[group, reach, support]],
    "answer": id of the answer given, or null}. ``left_out`` maps a reason to the ids it was left out for.
    """

    changes = models.JSONField()
    before = models.JSONField()
    left_out = models.JSONField(default=dict)
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey("involvement.User", null=True, on_delete=models.PROTECT, related_name="+")
    put_back = models.PositiveIntegerField(default=0)  # how many activities the undoing put back

    class Meta:
        default_related_name = "many_edits"
        ordering = ["-id"]
        constraints = [together("many_edit_undone_who_and_when", "undone_at", "undone_by")]


class Merge(OrganisationRow):
    """Two records of one activity became one: ``kept`` stays, ``gone`` was withdrawn with the reason.

    ``before`` is what undoing needs: {"version": of kept, "gone_version", "was": facts of kept, "references": [kept's,
    gone's], "changes": {id: version}, "answers": [ids], "readings": [ids], "challenges": [ids],
    "assessment_links": [ids]}: what came along or was copied.
    """

    kept = models.ForeignKey("involvement.Activity", on_delete=models.PROTECT, related_name="merges")
    gone = models.ForeignKey("involvement.Activity", on_delete=models.PROTECT, related_name="merged_away")
    before = models.JSONField()
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey("involvement.User", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        default_related_name = "merges"
        ordering = ["-id"]
        constraints = [
            together("merge_undone_who_and_when", "undone_at", "undone_by"),
            models.CheckConstraint(condition=~Q(kept=F("gone")), name="merge_of_two"),
            models.UniqueConstraint(
                fields=["gone"], condition=Q(undone_at__isnull=True), name="merge_away_once_at_a_time"
            ),
        ]
        indexes = [models.Index(fields=["organisation", "kept"], name="merge_of_kept")]


class NotTheSame(OrganisationRow):
    """A person's word that activities which look alike are different: none of ``activities`` is any other of them."""

    activities = models.JSONField()  # ids, two or more
    taken_back_at = models.DateTimeField(null=True)
    taken_back_by = models.ForeignKey("involvement.User", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        default_related_name = "not_the_same"
        ordering = ["-id"]
        constraints = [together("not_the_same_taken_back_who_and_when", "taken_back_at", "taken_back_by")]
