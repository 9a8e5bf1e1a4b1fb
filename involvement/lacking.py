"""Activities that have a place and of which something is not recorded: what is open, to be asked once for many."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Prefetch

from framework.catalogue import catalogue
from involvement.access import Viewer
from involvement.actions.base import today
from involvement.actions.confirming import ConfirmedRow, asked_of
from involvement.models import Activity, Classification
from involvement.needs import open_of, unsaid, unsaid_words
from involvement.particulars import WayRow, reading_of
from involvement.registers import place_title
from involvement.states import in_force


@dataclass(frozen=True)
class Lacking:
    """One chosen activity with what nobody has said of it: "who decides; when those who decide received it"."""

    activity: Activity
    place: str
    words: str
    ways: tuple[WayRow, ...]


@dataclass(frozen=True)
class LackingPage:
    """What is asked of a selection: ``open_to`` maps a place to the questions (slugs) that are open for one or more."""

    rows: tuple[ConfirmedRow, ...]
    open_to: dict[str, frozenset[str]]
    by_place: tuple[tuple[str, tuple[Lacking, ...]], ...]  # title of the place, in the framework's order
    complete: int  # chosen ones of which everything is said, or that have no place

    @property
    def number(self) -> int:
        return len(self.rows)

    @property
    def only(self) -> Lacking | None:
        """The one activity, where it is only one."""
        return self.by_place[0][1][0] if self.number == 1 else None


def lacking_page(viewer: Viewer, pks: Collection[int]) -> LackingPage:
    """Return what nobody has said of these activities (ids). Three queries, whatever is chosen."""
    organisation, known = viewer.organisation, catalogue()
    readings = {
        each.activity_id: each
        for each in organisation.classifications.filter(
            kind=Classification.Kind.LEADER, void_at=None, until=None, activity__in=pks, activity__withdrawn_on=None
        )
        .select_related("activity")
        .prefetch_related(Prefetch("placements", organisation.placements.all()))
        if in_force(each, today())
    }
    rows, open_to, found = [], defaultdict(set), defaultdict(list)
    for pk, reading in sorted(readings.items(), key=lambda each: each[1].activity.title.casefold()):
        placed = [row for row in reading.placements.all() if row.facet in known.facets]
        asked = {row: unsaid(row) for row in placed}
        own = open_of(placed, reading.primary_place)
        if not own and not any(asked.values()):
            continue
        for row, slugs in asked.items():
            open_to[known.facets[row.facet].place] |= set(slugs)
        if own == ("ways",):
            open_to[reading.primary_place] |= set(asked_of(reading.primary_place))
        ways = tuple(row.facet for row, slugs in asked.items() if slugs)
        rows.append(ConfirmedRow(pk, reading.activity.version, reading.primary_place, ways))
        slugs = own or tuple(dict.fromkeys(slug for each in asked.values() for slug in each))
        words = unsaid_words(slugs)
        found[reading.primary_place].append(
            Lacking(reading.activity, place_title(reading.primary_place), words, reading_of(reading).ways)
        )
    return LackingPage(
        tuple(rows),
        {place: frozenset(slugs) for place, slugs in open_to.items()},
        tuple((place_title(place), tuple(found[place])) for place in known.places if found[place]),
        len(set(pks)) - len(rows),
    )
