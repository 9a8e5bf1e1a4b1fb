"""The decisions that a board lists year by year, and through which activities people took part in each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Prefetch, Q, QuerySet

from framework.coverage import places_by_power
from involvement.access import Viewer
from involvement.actions.base import today
from involvement.actions.decisions import A_YEAR, year_of
from involvement.models import Activity, Classification, Decision
from involvement.registers import place_title

MATCHES = 20  # activities offered at once


@dataclass(frozen=True)
class TookPart:
    """An activity through which people took part in a decision, with its place today ("" while not classified)."""

    activity: Activity
    place: str
    place_title: str


@dataclass(frozen=True)
class DecisionRow:
    """A decision with everybody who took part."""

    decision: Decision
    took_part: tuple[TookPart, ...]


@dataclass(frozen=True)
class BoardYear:
    """A board's year, April to March, with its decisions, the newest first."""

    year: int
    rows: tuple[DecisionRow, ...]

    @property
    def title(self) -> str:
        return f"{self.year}/{(self.year + 1) % 100:02d}"

    @property
    def nobody(self) -> int:
        """Return in how many of them nobody took part, as far as the list shows."""
        return sum(not row.took_part for row in self.rows)

    @property
    def is_full(self) -> bool:
        return len(self.rows) >= A_YEAR


def decision_rows(viewer: Viewer, *, first: date | None = None, last: date | None = None) -> tuple[DecisionRow, ...]:
    """Return the decisions on the list from ``first`` to ``last`` (days, both included; None: no bound), newest first.

    Withdrawn ones are left out, and so are withdrawn activities; one that was merged away is the one that stayed. Four
    queries, whatever there is.
    """
    organisation = viewer.organisation
    found = organisation.decisions.filter(withdrawn_on=None).select_related("recorded_by")
    if first:
        found = found.filter(decided_on__gte=first)
    if last:
        found = found.filter(decided_on__lte=last)
    named = organisation.decision_activities.select_related("activity").order_by("pk")
    decisions = list(found.prefetch_related(Prefetch("took_part", named, to_attr="named")))
    stayed = _merged_into(viewer)
    through = {each.pk: _standing((row.activity for row in each.named), stayed) for each in decisions}
    places = places_of(viewer, {activity.pk for activities in through.values() for activity in activities})
    return tuple(
        DecisionRow(decision, tuple(_took_part(each, places) for each in through[decision.pk]))
        for decision in decisions
    )


def _merged_into(viewer: Viewer) -> dict[int, Activity]:
    """Return, for every activity that was merged away (its id), the one that stayed. One query."""
    merges = viewer.organisation.merges.filter(undone_at=None).select_related("kept")
    return {merge.gone_id: merge.kept for merge in merges}


def _standing(activities: Iterable[Activity], stayed: dict[int, Activity]) -> list[Activity]:
    """Return ``activities`` without those withdrawn, each that was merged away as the one that stayed, each once."""
    found: dict[int, Activity] = {}
    for activity in activities:
        while activity.withdrawn_on and activity.pk in stayed:
            activity = stayed[activity.pk]
        if not activity.withdrawn_on:
            found.setdefault(activity.pk, activity)
    return list(found.values())


def board_years(viewer: Viewer) -> tuple[BoardYear, ...]:
    """Return the years with decisions, and the present one, the newest first. Four queries."""
    by_year: dict[int, list[DecisionRow]] = {year_of(today()): []}
    for row in decision_rows(viewer):
        by_year.setdefault(year_of(row.decision.decided_on), []).append(row)
    return tuple(BoardYear(year, tuple(rows)) for year, rows in sorted(by_year.items(), reverse=True))


def withdrawn_decisions(viewer: Viewer) -> QuerySet[Decision]:
    """Return the decisions that were taken off the list, the newest first. One query when it is read."""
    return viewer.organisation.decisions.exclude(withdrawn_on=None).order_by("-withdrawn_on", "-pk")


def activities_to_choose(viewer: Viewer, decision: Decision, q: str) -> tuple[list[TookPart], list[TookPart]]:
    """Return the activities that ``decision`` names, and others to choose from: MATCHES at most. Five queries.

    The others match the words ``q``; without words they are those in which people are owners, the newest first.
    """
    activities = viewer.organisation.activities.listed()
    linked = viewer.organisation.activities.filter(in_decisions__decision=decision)
    named = _standing(linked, _merged_into(viewer))
    others = activities.exclude(pk__in=[each.pk for each in named])
    if q.strip():
        others = others.matching(q, viewer.organisation)
    else:
        steer = _current(viewer).filter(primary_place=places_by_power()[0])
        others = others.filter(pk__in=steer.values("activity"))
    others = list(others[:MATCHES])
    places = places_of(viewer, {each.pk for each in (*named, *others)})
    return [_took_part(each, places) for each in named], [_took_part(each, places) for each in others]


def places_of(viewer: Viewer, activities: set[int]) -> dict[int, str]:
    """Return the place today of each activity (its id) that is classified. One query."""
    placed = _current(viewer).filter(activity__in=activities).order_by("pk")
    return dict(placed.values_list("activity", "primary_place"))


def _current(viewer: Viewer) -> QuerySet[Classification]:
    day = today()
    return viewer.organisation.classifications.filter(
        Q(from_on=None) | Q(from_on__lte=day), Q(until=None) | Q(until__gt=day),
        kind=Classification.Kind.LEADER, void_at=None,
    )  # fmt: skip


def _took_part(activity: Activity, places: dict[int, str]) -> TookPart:
    place = places.get(activity.pk, "")
    return TookPart(activity, place, place_title(place))
