"""What the organisation wants of each place, says of its list, and does about a gap."""

from datetime import date

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from .base import OrganisationRow, Versioned, together


class Aim(OrganisationRow):
    """One sentence: what the board wants of this relationship. A new one follows the old; none is overwritten."""

    place = models.SlugField(max_length=20)
    sentence = models.CharField(_("what we want this for"), max_length=300)
    adopted_on = models.DateField(_("adopted on"))
    adopted_by = models.CharField(_("adopted by"), max_length=150, blank=True)  # "the board, in public"

    class Meta:
        default_related_name = "aims"
        ordering = ["place", "-adopted_on", "-id"]


class Response(OrganisationRow, Versioned):
    """What is done about a gap. A gap is (scope, place, facet); its responses travel with it from year to year.

    ``service`` null: the whole organisation. ``facet`` "": the place as a whole; else "owners/strategy".
    """

    class Kind(models.TextChoices):
        PLAN = "plan", _("Plan")
        ACT = "act", _("Act")
        NOT_NEEDED = "not-needed", _("Not needed")

    service = models.ForeignKey(
        "involvement.Service", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    place = models.SlugField(max_length=20)
    facet = models.CharField(max_length=40, blank=True)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    reason = models.TextField(_("reason"))
    owner = models.CharField(_("who will do it"), max_length=150, blank=True)
    due_on = models.DateField(_("by when"), null=True, blank=True)
    review_on = models.DateField(_("look at it again on"), null=True, blank=True)
    made_on = models.DateField()
    ended_on = models.DateField(null=True, blank=True)
    ended_reason = models.CharField(max_length=500, blank=True)
    history = HistoricalRecords()

    class Meta:
        default_related_name = "responses"
        ordering = ["-made_on", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind="not-needed") | Q(review_on__isnull=False),
                name="response_not_needed_is_reviewed",
                violation_error_message=_("Say when the board will look at this again."),
            ),
        ]
        indexes = [models.Index(fields=["organisation", "place", "facet", "kind"], name="response_of_cell")]

    @property
    def is_not_needed(self) -> bool:
        return self.kind == self.Kind.NOT_NEEDED

    def in_force(self, on: date) -> bool:
        """Return whether the answer stands on the day ``on``: made, not ended, "not needed" not past its review."""
        ended = self.ended_on is not None and self.ended_on <= on
        judged_again = self.is_not_needed and self.review_on < on
        return self.made_on <= on and not ended and not judged_again


class Complete(OrganisationRow):
    """A person's statement that the list is complete for a scope and a place. Good for 12 months."""

    class Scope(models.TextChoices):
        WHOLE = "whole", _("The whole organisation")
        TRUST_WIDE = "trust-wide", _("Trust-wide activities")
        SERVICE = "service", _("One service")

    scope = models.CharField(max_length=10, choices=Scope)
    service = models.ForeignKey(
        "involvement.Service", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    place = models.SlugField(max_length=20)
    checklist = models.JSONField(default=list)  # the slugs of the place's checklist that were walked: all of them
    as_at = models.DateField()
    revoked_on = models.DateField(null=True)
    revoked_by = models.ForeignKey("involvement.User", null=True, on_delete=models.PROTECT, related_name="+")
    revoked_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        default_related_name = "complete_statements"
        constraints = [
            models.CheckConstraint(
                condition=(Q(scope="service") & Q(service__isnull=False))
                | (~Q(scope="service") & Q(service__isnull=True)),
                name="complete_scope_fits_service",
            ),
            together("complete_revoked_who_and_when", "revoked_on", "revoked_by"),
        ]
        indexes = [models.Index(fields=["organisation", "place", "as_at"], name="complete_of_place")]


class Ruling(OrganisationRow):
    """How this organisation counts a contested kind. Printed wherever the case is counted."""

    contested_kind = models.SlugField(max_length=60)
    place = models.SlugField(max_length=20)
    reason = models.TextField()
    author = models.CharField(max_length=150)
    from_on = models.DateField()
    until = models.DateField(null=True)

    class Meta:
        default_related_name = "rulings"
