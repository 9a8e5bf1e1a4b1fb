"""An invitation: who is asked to join, in which roles, and what came of it."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .base import OrganisationRow, together


class Invitation(OrganisationRow):
    """One person asked to join, by the address to which the letter went. Only that address can take it, once.

    The link's token is never kept, only its SHA-256: it has 256 random bits, so nothing slower is needed. A letter that
    is sent again has a new token, and the link before it leads nowhere.
    """

    email = models.EmailField(_("email address"))  # in lower case
    name = models.CharField(_("name"), max_length=150, blank=True)
    roles = models.JSONField(default=list)  # values of access.Role
    token_hash = models.CharField(max_length=64, unique=True)
    letters = models.PositiveSmallIntegerField(default=1)  # how many were written
    sent_at = models.DateTimeField(null=True)  # when the mail server took the newest letter; null: it did not
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    accepted_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        default_related_name = "invitations"
        ordering = ["-recorded_at", "-id"]
        constraints = [
            together("invitation_accepted_who_and_when", "accepted_at", "accepted_by"),
            together("invitation_revoked_who_and_when", "revoked_at", "revoked_by"),
            models.CheckConstraint(
                condition=Q(accepted_at__isnull=True) | Q(revoked_at__isnull=True), name="invitation_ends_one_way"
            ),
            models.UniqueConstraint(
                fields=["organisation", "email"],
                condition=Q(accepted_at__isnull=True, revoked_at__isnull=True),
                name="invitation_one_open_an_address",
            ),
        ]

    def is_open(self, at: datetime | None = None) -> bool:
        """Return whether it can be taken: not accepted, not taken back, not past its time."""
        return self.is_waiting and self.expires_at > (at or timezone.now())

    @property
    def is_waiting(self) -> bool:
        """Whether nothing has come of it yet; it may be past its time, and then a new letter revives it."""
        return self.accepted_at is None and self.revoked_at is None
