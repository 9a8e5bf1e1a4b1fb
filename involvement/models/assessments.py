"""What people who took part say of an activity themselves, without an account and without a name.

Four scales after the idea of the Cube (Gibson et al. 2017, doi 10.1111/hex.12486): a strong or a weak voice, many ways
to take part or one, whose concerns, and whether the organisation changed. Shown only from five answers on.
"""

import secrets
import uuid

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .base import OrganisationRow, together


def new_token() -> str:
    """Return 22 random signs for an address: it lets people answer, and shows nothing."""
    return secrets.token_urlsafe(16)


class AssessmentLink(OrganisationRow):
    """The address at which people who took part in an activity assess it, until it is closed or has had ``most``."""

    activity = models.ForeignKey("involvement.Activity", on_delete=models.CASCADE, related_name="assessment_links")
    token = models.CharField(max_length=32, unique=True, default=new_token)
    opened_on = models.DateField()
    closes_on = models.DateField(_("until when"))
    most = models.PositiveIntegerField(_("how many answers at most"), default=200)
    closed_on = models.DateField(null=True)
    closed_by = models.ForeignKey("involvement.User", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        default_related_name = "assessment_links"
        ordering = ["-id"]
        constraints = [together("assessment_link_closed_who_and_when", "closed_on", "closed_by")]


class Assessment(OrganisationRow):
    """One person's four answers, 1 to 5 each, null where they gave none. Nothing here says who, or in which order.

    ``batch`` counts in fives: what is shown takes whole batches only, so that no single answer can be told from what
    changed. ``browser`` is a keyed hash of a random cookie that is good for this link alone: one browser
    answers once.
    """

    SCALES = ("voice", "ways", "concerns", "change")
    scale = [MinValueValidator(1), MaxValueValidator(5)]

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    link = models.ForeignKey(AssessmentLink, on_delete=models.CASCADE, related_name="answers")
    batch = models.PositiveIntegerField()
    browser = models.CharField(max_length=64)
    voice = models.PositiveSmallIntegerField(_("how strong people’s voice was"), null=True, validators=scale)
    ways = models.PositiveSmallIntegerField(_("how many ways to take part"), null=True, validators=scale)
    concerns = models.PositiveSmallIntegerField(_("whose concerns it was about"), null=True, validators=scale)
    change = models.PositiveSmallIntegerField(_("whether the organisation changed"), null=True, validators=scale)

    class Meta:
        default_related_name = "assessments"
        constraints = [
            models.UniqueConstraint(fields=["link", "browser"], name="assessment_once_a_browser"),
            *(
                models.CheckConstraint(
                    condition=Q(**{f"{name}__isnull": True}) | Q(**{f"{name}__gte": 1, f"{name}__lte": 5}),
                    name=f"assessment_{name}_from_1_to_5",
                )
                for name in ("voice", "ways", "concerns", "change")
            ),
        ]
