"""Who belongs to an organisation, in which roles, and who is asked to: what each viewer may know of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from involvement.access import ROLE_MAY, ROLE_NAMES, Permission, Role, Viewer
from involvement.models import Invitation, Organisation


@dataclass(frozen=True)
class Held:
    """A role that somebody has now, since a day."""

    role: Role
    since: date

    @property
    def title(self) -> str:
        return ROLE_NAMES[self.role]

    @property
    def may(self) -> str:
        return ROLE_MAY[self.role]


@dataclass(frozen=True)
class Member:
    """A person with at least one role. ``email`` and ``last_seen`` are "" and None for whoever may not know them."""

    id: int
    name: str
    roles: tuple[Held, ...]
    is_you: bool
    email: str = ""
    last_seen: date | None = None  # the day of the last signing in, at whatever organisation

    @property
    def is_lead(self) -> bool:
        return any(held.role is Role.LEAD for held in self.roles)


@dataclass(frozen=True)
class Asked:
    """An invitation that waits."""

    invitation: Invitation
    roles: tuple[str, ...]  # titles
    over: bool  # past its time
    unsent: bool  # the mail server did not take the newest letter


def members(viewer: Viewer) -> list[Member]:
    """Return everybody with a role today, leads first, then by name. One query."""
    rows = viewer.organisation.memberships.filter(until__isnull=True).select_related("user")
    people: dict[int, list] = {}
    for row in rows.order_by("from_on", "pk"):
        people.setdefault(row.user_id, []).append(row)
    knows = viewer.may(Permission.MEMBER_MANAGE)
    found = [_member(held, viewer, knows) for held in people.values()]
    return sorted(found, key=lambda member: (not member.is_lead, member.name.lower(), member.id))


def member(viewer: Viewer, user_id: int) -> Member | None:
    """Return one member, or None. One query."""
    return next((each for each in members(viewer) if each.id == user_id), None)


def _member(rows: list, viewer: Viewer, knows: bool) -> Member:
    user = rows[0].user
    order = list(Role)
    held = sorted((Held(Role(row.role), row.from_on) for row in rows), key=lambda each: order.index(each.role))
    more = {}
    if knows:
        seen = user.last_login and timezone.localdate(user.last_login)
        more = {"email": user.email, "last_seen": seen}
    name = user.name or user.get_full_name()
    return Member(id=user.pk, name=name, roles=tuple(held), is_you=user == viewer.user, **more)


def waiting_invitations(viewer: Viewer, at: datetime | None = None) -> list[Asked]:
    """Return the invitations that nothing has come of, newest first; nothing for whoever may not invite. One query."""
    viewer.require(Permission.MEMBER_MANAGE)
    rows = viewer.organisation.invitations.filter(accepted_at__isnull=True, revoked_at__isnull=True)
    return [
        Asked(row, titles(row.roles), not row.is_open(at), row.sent_at is None)
        for row in rows.select_related("recorded_by")
    ]


def titles(roles: Iterable[str]) -> tuple[str, ...]:
    """Return the titles of role slugs, in the order of the roles."""
    asked = set(roles)
    return tuple(str(ROLE_NAMES[role]) for role in Role if role in asked)


def standing(organisation: Organisation, emails: Iterable[str]) -> dict[str, str]:
    """Return what an address is here already: "member" or "waiting"; addresses that are neither are left out."""
    emails = list(emails)
    waiting = organisation.invitations.filter(
        email__in=emails, accepted_at__isnull=True, revoked_at__isnull=True
    ).values_list("email", flat=True)
    here = organisation.memberships.filter(until__isnull=True, user__email__in=emails)
    return dict.fromkeys(waiting, "waiting") | dict.fromkeys(here.values_list("user__email", flat=True), "member")


def all_roles() -> list[tuple[str, str]]:
    """Return each role's title and what it lets a person do, in order."""
    return [(ROLE_NAMES[role], ROLE_MAY[role]) for role in Role]


def alone(viewer: Viewer) -> bool:
    """Return whether a lead is the only member and nobody is invited yet. At most two queries, none for the others."""
    if not viewer.may(Permission.MEMBER_MANAGE):
        return False
    others = viewer.organisation.memberships.filter(until__isnull=True).exclude(user=viewer.user)
    asked = viewer.organisation.invitations.filter(accepted_at__isnull=True, revoked_at__isnull=True)
    return not (others.exists() or asked.exists())


def nobody() -> str:
    """Return what stands for whoever did something from outside the organisation."""
    return _("Those who run this website")
