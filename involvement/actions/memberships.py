"""Ending what somebody may do: one role, all of them, or one's own. What they wrote stays, with their name."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from involvement.access import Role
from involvement.actions.base import Refused, writing
from involvement.actions.invitations import revoke_for
from involvement.actions.organisations import end_role
from involvement.models import Organisation, SecurityEvent, User


def end_roles(
    *, organisation: Organisation, user: User, roles: Iterable[Role | str], by: User, reason: str = ""
) -> None:
    """End some of a person's roles today; roles that they do not have are passed over.

    A patient leader's role is ended by somebody else only with a reason, which stands in the history. Raises Refused
    without one, and for the last lead.
    """
    with writing(organisation):
        _end(organisation, user, set(map(str, roles)), by, reason)


def remove_member(*, organisation: Organisation, user: User, by: User, reason: str = "") -> None:
    """End all roles of a person, and take back what was sent to their address and waits. Raises as end_roles does."""
    with writing(organisation):
        ended = _end(organisation, user, set(Role), by, reason, whole=True)
        if ended:
            revoke_for(organisation=organisation, email=user.email, by=by)
            _record(organisation, by, "member-removed", user=user.pk, roles=ended, reason=_plain(reason))


def leave(*, organisation: Organisation, by: User) -> None:
    """End all of one's own roles. Raises Refused for the last lead."""
    with writing(organisation):
        ended = _end(organisation, by, set(Role), by, "", whole=True)
        if ended:
            _record(organisation, by, "member-left", user=by.pk, roles=ended)


def _end(
    organisation: Organisation, user: User, roles: set[str], by: User, reason: str, whole: bool = False
) -> list[str]:
    """End the roles and return those that were there; ``whole`` marks each as a part of somebody's going."""
    held = list(organisation.memberships.filter(user=user, role__in=roles, until__isnull=True))
    ended = [membership.role for membership in held]
    if Role.PATIENT_LEADER in ended and by != user and not _plain(reason):
        raise Refused(
            {"reason": _("Say why. A patient leader’s role is ended only with a reason that everybody can read")}
        )
    for membership in held:
        end_role(membership=membership, by=by, reason=_plain(reason), whole=whole)
    return ended


def _plain(reason: str) -> str:
    return " ".join(reason.split())


def _record(organisation: Organisation, by: User, kind: str, **detail) -> None:
    SecurityEvent.objects.create(organisation=organisation, actor=by, kind=kind, detail=detail)
