"""Ended work that is asked about again after 1, 3 and 5 years: did anything change later?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Exists, Max, OuterRef, Q, Subquery
from django.utils import timezone

from framework.catalogue import NOT_INVOLVEMENT
from framework.coverage import months_before
from involvement.access import Viewer
from involvement.actions.influence import AGAIN_AFTER
from involvement.models import Activity, Classification

LAST_FOR = 2  # years that the last question stays


@dataclass(frozen=True)
class Due:
    """A question that is due: which activity, how many years after its end, and since when."""

    activity_id: int
    years: int
    ended_on: date
    since: date


@dataclass(frozen=True)
class DueRow:
    """A question with the activity that it is about."""

    due: Due
    activity: Activity


def asked_again(viewer: Viewer, *, on: date) -> list[Due]:
    """Return the questions that wait on the day ``on``, the longest due first. One query.

    Only the newest question of an activity is asked; it stays until the next one is due. A change that was recorded
    since it became due answers it, as does "no effect to tell". What is no involvement is not asked about.
    """
    windows = Q(pk__in=[])
    for years, until in zip(AGAIN_AFTER, (*AGAIN_AFTER[1:], AGAIN_AFTER[-1] + LAST_FOR), strict=True):
        told = viewer.organisation.asked_again.filter(activity=OuterRef("pk"), years=years)
        ended = Q(ended_on__lte=months_before(on, 12 * years), ended_on__gt=months_before(on, 12 * until))
        windows |= ended & ~Exists(told)
    placed = viewer.organisation.classifications.filter(
        Q(from_on=None) | Q(from_on__lte=on), Q(until=None) | Q(until__gt=on),
        activity=OuterRef("pk"), kind=Classification.Kind.LEADER, void_at=None,
    ).exclude(primary_place=NOT_INVOLVEMENT)  # fmt: skip
    changes = viewer.organisation.changes.filter(activity=OuterRef("pk")).order_by().values("activity")
    rows = (
        viewer.organisation.activities.listed()
        .filter(windows, Exists(placed))
        .annotate(recorded=Subquery(changes.annotate(newest=Max("recorded_at")).values("newest")))
        .values_list("pk", "ended_on", "recorded")
    )
    found = []
    for pk, ended_on, recorded in rows:
        years = max(n for n in AGAIN_AFTER if months_before(on, 12 * n) >= ended_on)
        since = months_before(ended_on, -12 * years)
        if recorded is None or timezone.localdate(recorded) < since:
            found.append(Due(pk, years, ended_on, since))
    return sorted(found, key=lambda due: (due.since, due.activity_id))


def with_titles(viewer: Viewer, some: Iterable[Due]) -> list[DueRow]:
    """Return ``some`` questions with their activities, in the same order. One query."""
    some = list(some)
    known = viewer.organisation.activities.select_related("service").in_bulk([due.activity_id for due in some])
    return [DueRow(due, known[due.activity_id]) for due in some if due.activity_id in known]
