"""From a map of coverage to what a page draws: bar, columns, tiles, tables. No query is made here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from framework.catalogue import Facet, Place, Relationship, Status, catalogue
from framework.coverage import COUNTS
from framework.coverage import Status as CellStatus
from involvement.actions.base import today
from involvement.completeness import who

TRUST_WIDE = "trust-wide"  # as the list's filter calls what belongs to no service
NONE_RECORDED = str(CellStatus.NONE_RECORDED)
NARROWEST = 5  # per cent of the bar: what still shows a number


@dataclass(frozen=True)
class Segment:
    """One place's part of the bar, in per cent of its width; of its ``number`` live activities ``filling`` count.

    What counts is drawn full and first, what does not as an outline after it. ``roomy``: its name fits beside the
    number of those that count; ``words`` and ``rest``: what stands in the two parts, "" where it does not fit.
    """

    place: Place
    number: int
    filling: int
    x: float
    width: float

    @property
    def left(self) -> str:
        return f"{self.x:.2f}%"

    @property
    def across(self) -> str:
        return f"{self.width:.2f}%"

    @property
    def full(self) -> str:
        return f"{self._full:.2f}%"

    @property
    def middle(self) -> str:
        return f"{self.x + self._full / 2:.2f}%"

    @property
    def middle_of_rest(self) -> str:
        return f"{self.x + (self._full + self.width) / 2:.2f}%"

    @property
    def words(self) -> str:
        return self.place.title + f" {self.filling}" if self.roomy else _fitting(str(self.filling), self._full)

    @property
    def rest(self) -> str:
        return _fitting(str(self.number - self.filling), self.width - self._full)

    @property
    def roomy(self) -> bool:
        return bool(_fitting(f"{self.filling} {self.place.title}", self._full))

    @property
    def _full(self) -> float:
        return self.width * self.filling / self.number if self.number else 0.0


@dataclass(frozen=True)
class Tile:
    """One way to take part on the map: its status, its number, why, what is known beside it, and where it leads."""

    facet: Facet
    status: Status
    cell: object
    word: str
    why: str
    facts: tuple[str, ...]
    href: str
    disputed: str  # "1 challenge, 1 reply overdue", "" where nobody disagrees


@dataclass(frozen=True)
class Column:
    """One place: what the board wants of it, and its tiles."""

    place: Place
    aim: object
    tiles: tuple[Tile, ...]
    chained: bool


@dataclass(frozen=True)
class Band:
    """One relationship over its places."""

    relationship: Relationship
    columns: tuple[Column, ...]


def _fitting(words: str, width: float) -> str:
    """Return ``words`` if they fit in ``width`` per cent of a bar of 700 px, else ""."""
    return words if width * 7 >= len(words) * 8 + 8 else ""


def segments(counts) -> tuple[Segment, ...]:
    """Return the bar of live activities: as wide as their numbers, but never too narrow to see; () when none live.

    ``counts`` are ActivityCounts.
    """
    numbers = [(place, counts.by_place.get(place.slug, 0)) for place in catalogue().places.values()]
    total = sum(number for _place, number in numbers)
    wide = [max(100 * number / total, NARROWEST) if number else 0 for _place, number in numbers] if total else []
    drawn, x = [], 0.0
    for (place, number), share in zip(numbers, wide, strict=False):
        width = 100 * share / sum(wide)
        drawn.append(Segment(place, number, counts.filling.get(place.slug, 0), x, width))
        x += width
    return tuple(drawn)


def bands(organisation_map, *, narrowed: dict[str, str], marks=None) -> tuple[Band, ...]:
    """Return the map's relationships, places and tiles in the framework's order.

    ``narrowed`` is what the page was narrowed to (service, group, as_at): every tile's address carries it on. ``marks``
    (challenges.Marks) say which tiles somebody disputes.
    """
    content = catalogue()
    cells: dict[str, list] = {}
    for cell in organisation_map.cells:
        cells.setdefault(cell.place, []).append(cell)
    columns: dict[str, list[Column]] = {}
    for place in content.places.values():
        tiles = tuple(tile(organisation_map, cell, narrowed, marks) for cell in cells.get(place.slug, ()))
        column = Column(place, organisation_map.aims.get(place.slug), tiles, COUNTS[place.slug].group)
        columns.setdefault(place.relationship, []).append(column)
    return tuple(Band(one, tuple(columns[one.slug])) for one in content.relationships.values())


def tile(organisation_map, cell, narrowed: dict[str, str], marks=None) -> Tile:
    """Return how one cell is shown."""
    content = catalogue()
    address = list_address(organisation_map.organisation, place=cell.place, facet=cell.facet, **narrowed)
    status = content.statuses[cell.status]
    disputed = marks.words(cell.place, cell.facet) if marks else ""
    word = _("In place, nothing changed") if cell.refused_only else status_word(status, placed=bool(cell.placed))
    return Tile(content.facets[cell.facet], status, cell, word, why(cell), facts(cell), address, disputed)


def status_word(status: Status, *, placed: bool) -> str:
    """Return a status in a word; "none recorded" is not said where something is ``placed``, only that none counts."""
    return _("None that counts") if placed and status.slug == NONE_RECORDED else status.title


def why(cell) -> str:
    """Return the tile's sentence after its status: how much is proven where something runs, else the cell's reason."""
    if not cell.activities:
        return cell.reason
    proven = _("%(n)d of %(m)d proven") % {"n": cell.proven, "m": cell.activities}
    if not cell.proven:
        return f"{proven}, {cell.reason}"
    return proven + ", " + _("%(n)d confirmed by people") % {"n": cell.confirmed}


def facts(cell) -> tuple[str, ...]:
    """Return what stands under a tile's sentence: what changed, the strongest part, where, and what is left out."""
    said = []
    if cell.activities:
        if cell.changed:
            said.append(_("%(n)d changed") % {"n": cell.changed})
        if cell.refused:
            said.append(_("%(n)d refused with reasons") % {"n": cell.refused})
        if cell.strongest_part:
            said.append(_STRONGEST[cell.strongest_part]())
        if cell.services:
            said.append(ngettext("in %(n)d service", "in %(n)d services", cell.services) % {"n": cell.services})
        if cell.contested:
            said.append(_("%(n)d contested") % {"n": cell.contested})
    if cell.not_recorded:
        said.append(_("%(n)d more, part not recorded") % {"n": cell.not_recorded})
    return tuple(said)


_STRONGEST = {
    "none": lambda: _("no part"),
    "told": lambda: _("told only"),
    "asked": lambda: _("asked only"),
    "equal": lambda: _("as equals"),
    "lead": lambda: _("people in the lead"),
    "not-recorded": lambda: _("part not recorded"),
}


def list_address(organisation, **filters: str) -> str:
    """Return the address of the activities behind a number, narrowed by ``filters``; empty ones are left out."""
    query = urlencode({name: value for name, value in filters.items() if value})
    return reverse("activity-list", args=[organisation.slug]) + (f"?{query}" if query else "")


def answer_address(organisation, gap, services: dict[int, object]) -> str:
    """Return the address at which somebody answers ``gap``."""
    service = services.get(gap.service)
    query = {"service": service.slug if service else "", "place": gap.place, "facet": gap.facet}
    return reverse("gap-respond", args=[organisation.slug]) + "?" + urlencode({k: v for k, v in query.items() if v})


def cell_address(organisation, name: str, *, service, place: str, facet: str, **more) -> str:
    """Return the address of the page ``name`` ("gap-respond", "action-new") about one cell; ``facet`` "" for none."""
    query = {"service": service.slug if service else "", "place": place, "facet": facet, **more}
    return reverse(name, args=[organisation.slug]) + "?" + urlencode({k: v for k, v in query.items() if v})


def iso(day: date | None) -> str:
    """Return the day as an address writes it, "" for none."""
    return day.isoformat() if day else ""


def query_string(query: dict[str, str]) -> str:
    """Return ``query`` as the end of an address, "" when it is empty."""
    return "?" + urlencode(query) if query else ""


def gaps_address(organisation, service=None) -> str:
    """Return the address of the gaps, of one service when it is given."""
    return reverse("gap-list", args=[organisation.slug]) + query_string({"service": service.slug} if service else {})


@dataclass(frozen=True)
class Spread:
    """The live activities with a place: how many there are, how many fill a tile, and why the others do not."""

    segments: tuple[Segment, ...]
    placed: int
    filling: int
    unsaid: int  # of those that fill none: nobody has said what part people had
    lacking: int  # and those that lack something else

    @property
    def sharing(self) -> str:
        """Return one sentence on what those that fill a tile do: their share of owners and coproducers."""
        number = sum(one.filling for one in self.segments if one.place.power_order < 2)
        listening = ngettext(
            "Of those that do, %(n)d gathers feedback or offers a choice",
            "Of those that do, %(n)d gather feedback or offer a choice",
            self.filling - number,
        ) % {"n": self.filling - number}
        deciding = ngettext(
            "%(n)d is with people as owners or coproducers.", "%(n)d are with people as owners or coproducers.", number
        ) % {"n": number}
        return f"{listening}, {deciding}" if self.filling else ""


def spread(organisation_map) -> Spread:
    """Return how the live activities are spread over the places, and how many of them fill a tile."""
    counts = organisation_map.activities
    placed, filling = sum(counts.by_place.values()), sum(counts.filling.values())
    return Spread(segments(counts), placed, filling, counts.unsaid, placed - filling - counts.unsaid)


@dataclass(frozen=True)
class GapAsked:
    """The gap that an address names: a service or the organisation, a place, and a way or the whole place."""

    service: object
    place: Place
    facet: Facet | None

    @property
    def title(self) -> str:
        return f"{self.place.title}: {self.facet.title.lower()}" if self.facet else self.place.title

    @property
    def elsewhere(self) -> tuple[str, ...]:
        return self.facet.elsewhere if self.facet else self.place.elsewhere

    @property
    def cell(self) -> dict:
        """Return service, place and way ("" for the place as a whole), as cell_address takes them."""
        return {"service": self.service, "place": self.place.slug, "facet": self.facet.key if self.facet else ""}


@dataclass(frozen=True)
class Answer:
    """A response with the place and way it is about."""

    response: object
    place: Place
    facet: Facet | None

    @property
    def by(self) -> str:
        return who(self.response.recorded_by)

    @property
    def about(self) -> str:
        return f"{self.place.title}: {self.facet.title.lower()}" if self.facet else self.place.title

    def speaks_to(self, gap) -> bool:
        """Return whether this answers ``gap``: the same cell, or a way of a place that is empty as a whole."""
        row = self.response
        return (row.service_id, row.place) == (gap.service, gap.place) and gap.facet in ("", row.facet)

    @property
    def overdue(self) -> bool:
        due = self.response.due_on
        return self.response.ended_on is None and due is not None and due < today()


@dataclass(frozen=True)
class GapRow:
    """A gap of the list: where it is, what is done about it, and where one answers."""

    gap: object
    place: Place
    facet: Facet | None
    status: Status
    service: object
    href: str
    answers: tuple[Answer, ...]
    actions: tuple = ()  # rows of board_actions that are open

    @property
    def word(self) -> str:
        return status_word(self.status, placed=self.gap.placed)


def gap_rows(organisation_map, gaps, services, responses, actions=()) -> tuple[GapRow, ...]:
    """Return ``gaps`` with the answers in force of each (``responses``) and the address at which one answers.

    ``actions`` are rows of board_actions: each gap has those that are open and about it.
    """
    content = catalogue()
    by_id = {service.pk: service for service in services}
    answers = answered(responses)
    return tuple(
        GapRow(
            gap=gap,
            place=content.places[gap.place],
            facet=content.facets.get(gap.facet),
            status=content.statuses[gap.status],
            service=None if organisation_map.service else by_id.get(gap.service),
            href=answer_address(organisation_map.organisation, gap, by_id),
            answers=tuple(answer for answer in answers if answer.speaks_to(gap)),
            actions=tuple(row for row in actions if row.is_open and row.speaks_to(gap.service, gap.place, gap.facet)),
        )
        for gap in gaps
    )


def of_no_gap(organisation_map, responses) -> list[Answer]:
    """Return the answers to what is no gap of this map: it closed, or it lies in another scope."""
    return [one for one in answered(responses) if not any(one.speaks_to(gap) for gap in organisation_map.gaps)]


def answered(responses) -> list[Answer]:
    """Return ``responses`` with the words of the place and way that each is about."""
    content = catalogue()
    return [Answer(row, content.places[row.place], content.facets.get(row.facet)) for row in responses]


def tally(organisation_map) -> tuple[tuple[Status, int], ...]:
    """Return how many of the ways have each status, in the order of the statuses."""
    held = [cell.status for cell in organisation_map.cells]
    return tuple((status, held.count(slug)) for slug, status in catalogue().statuses.items())


@dataclass(frozen=True)
class HeatCell:
    """One place in one service: how much is in place, in words, and where that leads."""

    place: Place
    status: Status | None
    words: str
    more: str
    href: str


@dataclass(frozen=True)
class GroupCell:
    """One place for one group of people: how many live activities reach or support it."""

    place: Place
    number: int
    href: str


@dataclass(frozen=True)
class Row:
    """One row of a table of the map."""

    name: str
    href: str
    cells: tuple


CSV_COLUMNS = (
    "organisation", "as_at", "service", "group", "place", "facet", "status", "activities", "proven", "confirmed",
    "strongest_part", "services", "changed", "refused", "contested", "part_not_recorded", "reason",
)  # fmt: skip


def csv_rows(organisation_map) -> list[list]:
    """Return the 18 cells as rows of CSV_COLUMNS."""
    head = [
        organisation_map.organisation.name,
        organisation_map.as_at.isoformat(),
        organisation_map.service.name if organisation_map.service else "",
        organisation_map.group,
    ]
    rows = []
    for cell in organisation_map.cells:
        rows.append([
            *head, cell.place, cell.facet, str(cell.status), cell.activities, cell.proven, cell.confirmed,
            cell.strongest_part, cell.services, cell.changed, cell.refused, cell.contested, cell.not_recorded,
            cell.reason,
        ])  # fmt: skip
    return rows


def service_rows(organisation_map, *, narrowed: dict[str, str]) -> tuple[Row, ...]:
    """Return services x places; a row's name leads to the service's own map, a cell to what is behind it."""
    content, organisation, rows = catalogue(), organisation_map.organisation, []
    for row in organisation_map.services:
        slug = row.service.slug if row.service else TRUST_WIDE
        here = narrowed | {"service": slug}
        cells = tuple(
            HeatCell(
                place=content.places[each.place],
                status=None if each.held_trust_wide else content.statuses[each.status],
                words=each.label,
                more="" if each.held_trust_wide or each.in_place else content.statuses[each.status].title.lower(),
                href=list_address(organisation, place=each.place, **here),
            )
            for each in row.places
        )
        href = reverse("map", args=[organisation.slug]) + query_string(here) if row.service else ""
        rows.append(Row(row.service.name if row.service else _("Trust-wide"), href, cells))
    return tuple(rows)


def group_rows(organisation_map, *, narrowed: dict[str, str]) -> tuple[Row, ...]:
    """Return groups x places, for the groups that some live activity reached or supported."""
    content, organisation = catalogue(), organisation_map.organisation
    rows = []
    for row in organisation_map.groups:
        if not any(row.by_place.values()):
            continue
        here = narrowed | {"group": row.slug}
        cells = tuple(
            GroupCell(place, row.by_place.get(slug, 0), list_address(organisation, place=slug, **here))
            for slug, place in content.places.items()
        )
        rows.append(Row(row.title, reverse("map", args=[organisation.slug]) + query_string(here), cells))
    return tuple(rows)


def unreached(organisation_map) -> tuple[str, ...]:
    """Return the titles of the groups that no live activity reached or supported."""
    reached = {row.slug for row in organisation_map.groups if any(row.by_place.values())}
    return tuple(title for slug, title in catalogue().groups.items() if slug not in reached)


@dataclass(frozen=True)
class RulingRow:
    """How the organisation counts a contested kind: its title, the place, the reason, who decided it and since when."""

    title: str
    place: str
    reason: str
    author: str
    since: date


def ruling_rows(rulings) -> tuple[RulingRow, ...]:
    """Return rulings in force in words; one on a kind that the framework knows no longer is left out."""
    content = catalogue()
    titles = {slug: place.title for slug, place in content.places.items()}
    return tuple(
        RulingRow(
            title=content.contested_kinds[row.contested_kind].title,
            place=titles.get(row.place, _("Not involvement")),
            reason=row.reason,
            author=row.author,
            since=row.from_on,
        )
        for row in rulings
        if row.contested_kind in content.contested_kinds
    )
