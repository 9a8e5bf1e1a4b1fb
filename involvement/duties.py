"""What an organisation is under by law or standard, what in its register bears on it, and what rests on what."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date

from framework.catalogue import Duty, Facet, Mechanism, Place, Status, catalogue
from framework.coverage import Cell
from involvement.access import Viewer
from involvement.actions.base import today
from involvement.drawing import list_address
from involvement.maps import OrganisationMap, build_map

HELD = ("in-place", "unproven")  # statuses of a way in which something live counts


@dataclass(frozen=True)
class Bearing:
    """A place, or one way of it, on which a duty bears, with what is live there."""

    place: Place
    facet: Facet | None
    number: int  # live activities
    in_place: int  # ways in place
    of: int  # ways
    href: str

    @property
    def title(self) -> str:
        return f"{self.place.title}: {self.facet.title.lower()}" if self.facet else self.place.title


@dataclass(frozen=True)
class DutyRow:
    """A duty with what bears on it. ``check``: somebody should have looked at the law again by now."""

    duty: Duty
    check: bool
    bears: tuple[Bearing, ...]


@dataclass(frozen=True)
class MechanismRow:
    """What activities may rest on, and how many on the list do. ``check`` as for a duty."""

    mechanism: Mechanism
    number: int
    check: bool


@dataclass(frozen=True)
class Lost:
    """A way of the map, now and without a mechanism."""

    place: Place
    facet: Facet
    now: Status
    then: Status
    activities_now: int
    activities_then: int

    @property
    def vanishes(self) -> bool:
        """Return whether nothing live that counts would be left."""
        return bool(self.activities_now) and not self.activities_then

    @property
    def unproven(self) -> bool:
        """Return whether something would be left, and no longer be proven."""
        return not self.vanishes and self.now.slug == HELD[0] and self.then.slug != HELD[0]


def duty_rows(organisation_map: OrganisationMap, *, on: date | None = None) -> tuple[DutyRow, ...]:
    """Return the duties of the map's organisation, by its nation and kind, in the order of the content. No query."""
    on, organisation = on or today(), organisation_map.organisation
    return tuple(
        DutyRow(duty, duty.review_by < on, tuple(_bearing(organisation_map, key) for key in duty.bears_on))
        for duty in catalogue().duties_of(organisation.nation, organisation.kind)
    )


def _bearing(organisation_map: OrganisationMap, key: str) -> Bearing:
    content = catalogue()
    facet = content.facets.get(key)
    place = content.places[facet.place if facet else key]
    held = [cell for cell in organisation_map.cells if cell.place == place.slug and key in (cell.place, cell.facet)]
    number = held[0].activities if facet else organisation_map.activities.by_place.get(place.slug, 0)
    more = {"facet": facet.key} if facet else {"status": "live"}
    return Bearing(
        place=place,
        facet=facet,
        number=number,
        in_place=sum(cell.status == HELD[0] for cell in held),
        of=len(held),
        href=list_address(organisation_map.organisation, place=place.slug, **more),
    )


def mechanism_rows(viewer: Viewer, *, on: date | None = None) -> tuple[MechanismRow, ...]:
    """Return what activities may rest on, those that something on the list rests on first. One query."""
    on = on or today()
    rows = viewer.organisation.activities.listed().exclude(mechanisms=[]).values_list("mechanisms", flat=True)
    number = Counter(slug for slugs in rows for slug in slugs)
    found = [MechanismRow(each, number[slug], each.review_by < on) for slug, each in catalogue().mechanisms.items()]
    return tuple(sorted(found, key=lambda row: -row.number))


def without(viewer: Viewer, mechanism: str, shown: OrganisationMap) -> tuple[Lost, ...]:
    """Return the ways of the map ``shown`` that would differ if ``mechanism`` went, with all that rests on it.

    ``shown`` is the map of the viewer's organisation with nothing left out.
    """
    then = build_map(viewer, as_at=shown.as_at, service=shown.service, group=shown.group, without=mechanism)
    return tuple(_lost(now, later) for now, later in zip(shown.cells, then.cells, strict=True) if _differs(now, later))


def _differs(now: Cell, later: Cell) -> bool:
    return (now.activities, now.status) != (later.activities, later.status)


def _lost(now: Cell, later: Cell) -> Lost:
    content = catalogue()
    return Lost(
        place=content.places[now.place],
        facet=content.facets[now.facet],
        now=content.statuses[now.status],
        then=content.statuses[later.status],
        activities_now=now.activities,
        activities_then=later.activities,
    )
