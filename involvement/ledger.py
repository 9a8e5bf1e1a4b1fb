"""The security events of an organisation as a file, for whoever audits who had access: rows as they were written."""

from __future__ import annotations

import json
from collections.abc import Iterator

from django.db.models import Min, Q

from involvement.access import Permission, Viewer
from involvement.cells import csv_lines
from involvement.members import nobody
from involvement.models import SecurityEvent
from involvement.tenancy import everywhere

COLUMNS = ("at", "who", "person", "what", "about")


def events(viewer: Viewer) -> list[SecurityEvent]:
    """Return the organisation's events, and those of its members' accounts since they joined, oldest first.

    An account's events (signing in, a new password, a second step) are no organisation's: those of people who are
    members today are told, from the first day of their first role here. Three queries. PermissionDenied but for leads.
    """
    viewer.require(Permission.MEMBER_MANAGE)
    rows = viewer.organisation.memberships
    today = rows.filter(until__isnull=True).values("user")
    joined = dict(rows.filter(user__in=today).values_list("user").annotate(Min("recorded_at")))
    told = list(SecurityEvent.objects.filter(organisation=viewer.organisation).select_related("actor"))
    with everywhere():
        of_accounts = SecurityEvent.objects.filter(
            Q(actor__in=joined) | Q(actor=None, detail__account__in=[*joined]), organisation=None
        )
        for event in of_accounts.select_related("actor"):
            if event.at >= joined[event.actor_id or event.detail["account"]]:
                told.append(event)
    return sorted(told, key=lambda event: (event.at, event.pk))


def csv_file(told: list[SecurityEvent]) -> Iterator[bytes]:
    """Yield the file as CSV: when (UTC), who by name and number, what, and the rest as JSON."""
    return csv_lines([COLUMNS, *map(_cells, told)])


def _cells(event: SecurityEvent) -> tuple[str, ...]:
    about = json.dumps(event.detail, ensure_ascii=False, sort_keys=True) if event.detail else ""
    who = event.actor.get_full_name() if event.actor else "" if event.detail.get("account") else nobody()
    return event.at.isoformat(timespec="seconds"), who, str(event.actor_id or ""), event.kind, about
