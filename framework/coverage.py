"""The rules of the map: counts of placements as at a day -> cells, statuses, gaps, headline. Pure, no database.

What a place needs before a placement counts (COUNTS), how long things hold, how gaps rank (GAP_RULE) and what the
headline says first (HEADLINES) are data: the page that publishes the rules, the SQL that counts and the slow twin in
the tests all read these.

The two halves of the idea are the seed's (Malby 2015): four places under three relationships, and coproduction that is
rarely whole. That silence is neither praised nor accused, and that proof fits the place, are this project's rules
(framework, "Evidence of influence").
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from framework.catalogue import catalogue

LIVE_MONTHS = 12  # a sighting, an end or an answer keeps an activity live for so long
PROOF_MONTHS = 24  # a change proves for so long; a record of joint work for as long as the work is live
PLANNED_MONTHS = 12  # a plan shows when it starts within so long
STATEMENT_MONTHS = 12  # "this list is complete" and "not needed" hold for so long
PART_ORDER = ("not-recorded", "none", "told", "asked", "equal", "lead")


class Status(StrEnum):
    """The seven statuses, in the order in which they are tried."""

    IN_PLACE = "in-place"
    UNPROVEN = "unproven"
    PLANNED = "planned"
    NOT_NEEDED = "not-needed"
    LAPSED = "lapsed"
    MISSING = "missing"
    NONE_RECORDED = "none-recorded"


@dataclass(frozen=True)
class Need:
    """What a placement in one place needs before it counts, and what proves it."""

    parts: tuple[str, ...]  # the part citizens had has to be one of these; () where no part is asked
    route: bool = False  # a named question, the body that decides, and when that body received it
    heard: bool = False  # heard by the team responsible
    options: int = 0  # at least so many real options, and freedom to refuse
    group: bool = False  # a group of citizens on a shared problem
    outcomes: tuple[str, ...] = ("changed", "partly")  # of the change that proves it
    refusal: bool = True  # a reasoned refusal that people were told of proves it too
    named_service: bool = False  # the change has to be to a named service
    dated: bool = True  # the proof has to lie within PROOF_MONTHS


COUNTS: dict[str, Need] = {
    "owners": Need(parts=("asked", "equal", "lead"), route=True),
    "users": Need(parts=("asked", "equal", "lead"), heard=True, named_service=True),
    "choosers": Need(parts=(), options=2, outcomes=("share-offered",), refusal=False),
    "coproducers": Need(parts=("equal", "lead"), group=True, outcomes=("joint-record",), refusal=False, dated=False),
}


def months_before(day: date, months: int) -> date:
    """Return the same day ``months`` earlier (later when negative), the last of the month where it has no such day."""
    total = day.year * 12 + day.month - 1 - months
    year, month = divmod(total, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, min(day.day, last))
        except ValueError:
            continue
    raise ValueError(f"no day {months} months before {day}")


@dataclass(frozen=True)
class CellFacts:
    """What was counted for one facet in one scope as at a day. Counts are of activities, each once."""

    live: int = 0  # live placements that count
    proven: int = 0  # of these, with proof of grade 2 or 3 for this facet and no overdue challenge
    confirmed: int = 0  # of these, with proof of grade 3
    changed: int = 0  # of the proven, where something changed
    refused: int = 0  # of the proven, where all was refused
    strongest: int = 0  # index into PART_ORDER of the strongest part among the live ones
    services: int = 0  # services with a live one
    not_recorded: int = 0  # live placements whose part is not recorded
    contested: int = 0  # of the live ones, disputed between places
    planned: int = 0
    planned_start: date | None = None
    lapsed: int = 0  # placements that count and were once live
    last_live: date | None = None
    still_effect: bool = False  # a change dated after the end says so
    placed: int = 0  # placed here today, whether it counts or not
    open: int = 0  # of these, what is not over: something about it can still come


@dataclass(frozen=True)
class NotNeeded:
    """A board member's judgement that a cell is not needed, in force at the day."""

    reason: str
    until: date


@dataclass(frozen=True)
class Cell:
    """One facet on the map: its status, what stands behind it, and one short sentence (``reason``) for the tile."""

    place: str
    facet: str
    status: Status
    activities: int
    proven: int
    confirmed: int
    changed: int
    refused: int
    strongest_part: str
    services: int
    not_recorded: int
    contested: int
    last_live: date | None
    planned_start: date | None
    still_effect: bool
    refused_only: bool
    not_needed_reason: str
    not_needed_until: date | None
    placed: int  # activities on the list that are placed here, whether they count or not
    open: int  # of these, what is not over
    reason: str


@dataclass(frozen=True)
class Gap:
    """Something missing, unproven or lapsed. Its identity is (service, place, facet); facet "" is the whole place."""

    service: int | None
    place: str
    facet: str
    kind: str
    status: Status
    title: str
    detail: str
    elsewhere: tuple[str, ...]
    placed: bool = False  # something on the list is placed there, and does not count


@dataclass(frozen=True)
class ActivityCounts:
    """Activities as at a day. listed = live + not_dated + planned + lapsed = classified + unclassified."""

    listed: int = 0
    live: int = 0
    not_dated: int = 0
    planned: int = 0
    lapsed: int = 0
    classified: int = 0
    unclassified: int = 0
    not_involvement: int = 0
    contested: int = 0
    part_not_recorded: int = 0
    by_place: Mapping[str, int] = field(default_factory=dict)  # live ones by primary place; every place is there
    filling: Mapping[str, int] = field(default_factory=dict)  # of these, what counts in some cell; every place is there
    unsaid: int = 0  # live with a place, counting in no cell, and the part people had is not recorded


@dataclass(frozen=True)
class Coproduction:
    """Coproduction counted over pieces of work that are live (an activity without one is its own)."""

    called: int = 0
    any_stage: int = 0
    whole: int = 0


def status_of(facts: CellFacts, *, complete: bool, not_needed: NotNeeded | None = None) -> Status:
    """Return the first status that holds."""
    if facts.proven:
        return Status.IN_PLACE
    if facts.live:
        return Status.UNPROVEN
    if facts.planned:
        return Status.PLANNED
    if not_needed:
        return Status.NOT_NEEDED
    if facts.lapsed:
        return Status.LAPSED
    return Status.MISSING if complete else Status.NONE_RECORDED


def cell(key: str, facts: CellFacts, *, complete: bool, not_needed: NotNeeded | None = None) -> Cell:
    """Return the cell of facet ``key`` from what was counted for it."""
    status = status_of(facts, complete=complete, not_needed=not_needed)
    refused_only = status is Status.IN_PLACE and facts.changed == 0
    judged = not_needed if status is Status.NOT_NEEDED else None
    return Cell(
        place=catalogue().facets[key].place,
        facet=key,
        status=status,
        activities=facts.live,
        proven=facts.proven,
        confirmed=facts.confirmed,
        changed=facts.changed,
        refused=facts.refused,
        strongest_part=PART_ORDER[facts.strongest]
        if facts.live and COUNTS[catalogue().facets[key].place].parts
        else "",
        services=facts.services,
        not_recorded=facts.not_recorded,
        contested=facts.contested,
        last_live=facts.last_live if status is Status.LAPSED else None,
        planned_start=facts.planned_start if status is Status.PLANNED else None,
        still_effect=facts.still_effect and status is Status.LAPSED,
        refused_only=refused_only,
        not_needed_reason=judged.reason if judged else "",
        not_needed_until=judged.until if judged else None,
        placed=facts.placed,
        open=facts.open,
        reason=_reason(key, status, facts, refused_only, judged),
    )


def _month(day: date) -> str:
    return f"{day:%B} {day.year}"


def _reason(key: str, status: Status, facts: CellFacts, refused_only: bool, judged: NotNeeded | None) -> str:
    """Return the tile's sentence after the status's own word, without a full stop."""
    if status is Status.IN_PLACE:
        return "nothing changed, and people were told why" if refused_only else "it led to something on record"
    if status is Status.UNPROVEN:
        return "nobody has shown what came of it"
    if status is Status.PLANNED and facts.planned_start:
        return f"starts {_month(facts.planned_start)}"
    if status is Status.NOT_NEEDED and judged:
        return f"the board says: {judged.reason}"
    if status is Status.LAPSED:
        said = f"last known to run {_month(facts.last_live)}" if facts.last_live else "no longer runs"
        return f"{said}, still having effect" if facts.still_effect else said
    if facts.placed:
        return _uncounted(facts)
    if status is Status.MISSING:
        return catalogue().facets[key].absent
    return "nothing in the list, and nobody has said that the list is complete"


def _uncounted(facts: CellFacts) -> str:
    """Return what to say of a cell that is empty although activities on the list are placed there."""
    if facts.placed == 1:
        return "1 on the list is placed here, but " + (
            "it does not count yet" if facts.open else "it is over, and did not count"
        )
    said = f"{facts.placed} on the list are placed here, but "
    return said + ("none counts yet" if facts.open else "they are over, and none counted")


def cells(
    facts: Mapping[str, CellFacts],
    *,
    complete: Iterable[str],
    not_needed: Mapping[str, NotNeeded] | None = None,
) -> tuple[Cell, ...]:
    """Return the 18 cells in the framework's order.

    ``facts`` maps facet keys to counts (absent: all nought), ``complete`` holds place slugs, ``not_needed`` maps facet
    keys, or a place slug for the whole place, to the judgement in force.
    """
    complete, not_needed = set(complete), not_needed or {}
    return tuple(
        cell(
            key,
            facts.get(key, CellFacts()),
            complete=facet.place in complete,
            not_needed=not_needed.get(key) or not_needed.get(facet.place),
        )
        for key, facet in catalogue().facets.items()
    )


EMPTY = (Status.MISSING, Status.NONE_RECORDED)
# One published rule. Within a kind: the order of places (power first), then of ways. Services come after the whole.
GAP_RULE: tuple[tuple[str, str], ...] = (
    ("place-empty", "A place that is empty everywhere, missing or without a record"),
    ("facet-empty", "A way to take part that is missing, or without a record, across the organisation"),
    ("unproven", "A way where nobody has shown what came of it"),
    ("lapsed", "A way that no longer runs"),
)
GAP_KINDS = tuple(kind for kind, _ in GAP_RULE)


def places_by_power() -> tuple[str, ...]:
    """Return the place slugs in the order of ties: owners, coproducers, users, choosers (power first)."""
    places = catalogue().places
    return tuple(sorted(places, key=lambda slug: places[slug].power_order))


def gaps(scope_cells: Iterable[Cell], *, service: int | None = None) -> tuple[Gap, ...]:
    """Return the gaps of one scope, ranked by GAP_RULE. A place that is wholly empty is one gap, not one a facet.

    In a service, owners make no gap: they are judged for the organisation.
    """
    content = catalogue()
    by_place: dict[str, list[Cell]] = {}
    for each in scope_cells:
        by_place.setdefault(each.place, []).append(each)
    found: list[Gap] = []
    for slug in places_by_power():
        held = by_place.get(slug, [])
        if service is not None and slug == places_by_power()[0]:
            continue
        place = content.places[slug]
        if held and all(each.status in EMPTY for each in held):
            status = max((each.status for each in held), key=lambda s: s is Status.MISSING)
            placed = any(each.placed for each in held)
            title = f"{place.title}: nothing on the list counts{_yet(held)}" if placed else place.empty
            detail = f"{place.title}. {_needs(held)}" if placed else _gap_detail(place.title, status)
            found.append(Gap(service, slug, "", "place-empty", status, title, detail, place.elsewhere, placed))
            continue
        for each in held:
            kind = {Status.UNPROVEN: "unproven", Status.LAPSED: "lapsed"}.get(each.status)
            kind = "facet-empty" if each.status in EMPTY else kind
            if kind is None:
                continue
            facet = content.facets[each.facet]
            title = gap_title(each)
            detail = _gap_detail(f"{place.title}: {facet.title.lower()}", each.status, each)
            placed = bool(each.placed) and each.status in EMPTY
            found.append(Gap(service, slug, each.facet, kind, each.status, title, detail, facet.elsewhere, placed))
    return tuple(sorted(found, key=lambda gap: GAP_KINDS.index(gap.kind)))


def _yet(held: Iterable[Cell]) -> str:
    """Return " yet" where something placed in these cells is not over, "" where nothing more can come of it."""
    return " yet" if any(each.open for each in held) else ""


def _needs(held: Iterable[Cell]) -> str:
    """Return the sentence on what is placed in empty cells."""
    if yet := _yet(held):
        return f"What is placed here does not count{yet}: the page of each activity says what it needs."
    return "What is placed here is over, and did not count: the page of each activity says what it lacked."


def gap_title(held: Cell) -> str:
    """Return the title of the gap that a cell makes. Only where the list is complete does it say that nobody does it:
    silence accuses nobody."""
    content = catalogue()
    facet = content.facets[held.facet]
    where = f"{content.places[held.place].title}, {facet.title.lower()}"
    if held.status in EMPTY and held.placed:
        return f"{where}: nothing on the list counts{_yet([held])}"
    if held.status is Status.MISSING:
        return facet.gap
    if held.status is Status.NONE_RECORDED:
        return f"{where}: nothing on record"
    if held.status is Status.LAPSED:
        return f"{where}: it no longer runs"
    return f"{where}: nobody has shown what came of it"


def _gap_detail(where: str, status: Status, held: Cell | None = None) -> str:
    if held is not None and held.placed and status in EMPTY:
        return f"{where}. {held.placed} on the list. {_needs([held])}"
    if status is Status.MISSING:
        return f"{where}. The list is said to be complete, and this is not in it."
    if status is Status.NONE_RECORDED:
        return f"{where}. Nothing is in the list, and nobody has said that the list is complete."
    if status is Status.LAPSED and held is not None and held.last_live:
        still = " Something it led to still has effect." if held.still_effect else ""
        return f"{where}. It was last known to run in {_month(held.last_live)}.{still}"
    if held is not None and held.activities:
        number = "1 activity runs" if held.activities == 1 else f"{held.activities} activities run"
        return f"{where}. {number}, and none has a document or people who confirm what came of it."
    return f"{where}."


# What the headline says: the first row that holds opens it; up to two more follow. It never praises.
HEADLINES: tuple[tuple[str, str, str], ...] = (
    ("nothing-listed", "Nothing is in the list", "No activities are listed yet, so there is nothing to see here."),
    ("none-classified", "Nothing in the list has a place yet", "None of the {listed} activities has a place yet."),
    (
        "not-complete",
        "Nobody has said that the list is complete for one or more places",
        "Nobody has said that the list is complete for {places}, so it cannot show what is missing there.",
    ),
    (
        "unplaced",
        "A way is called missing, and activities have come in that have no place yet",
        "Activities without a place yet: {n}. What looks missing may be among them.",
    ),
    ("place-missing", "A place is wholly missing", "Citizens have no part at all as {places}."),
    ("place-no-record", "A place has no record", "There is no record of citizens taking part as {places}."),
    (
        "place-uncounted",
        "A place has activities, and none of them counts yet",
        "Nothing that is placed under {places} counts yet.",
    ),
    (
        "place-over",
        "A place has activities, all of them are over, and none counted",
        "All that is placed under {places} is over, and none of it counted.",
    ),
    ("nothing-proven", "Nothing is shown to have led anywhere", "Nobody has shown that anything came of any of it."),
    ("facet-missing", "A way is missing, in the order of power; the first two are named", "{facets}."),
    (
        "coproduction-claimed",
        "Work is called coproduction, and none is whole",
        "{called} pieces of work are called coproduction, and none was shared from start to finish.",
    ),
    ("unproven", "Ways where nobody has shown what came of it", "In {n} of 18 ways nobody has shown what came of it."),
    ("lapsed", "Ways that no longer run", "{n} of 18 ways no longer run."),
    ("all", "None of the above", "Every way to take part has something on record behind it."),
)
_SENTENCES = {slug: sentence for slug, _when, sentence in HEADLINES}


def _listing(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def headline(
    scope_cells: Iterable[Cell],
    counts: ActivityCounts,
    coproduction: Coproduction,
    complete: Iterable[str],
    *,
    most: int = 3,
) -> str:
    """Return the finding in one to ``most`` sentences: the worst true thing first (HEADLINES)."""
    content, held, complete = catalogue(), list(scope_cells), set(complete)
    if not counts.listed:
        return _SENTENCES["nothing-listed"]
    if not counts.classified:
        if counts.listed == 1:
            return "The one activity in the list has no place yet."
        return _SENTENCES["none-classified"].format(listed=counts.listed)
    said = []

    def titles(slugs) -> str:
        return _listing([content.places[slug].title.lower() for slug in slugs])

    by_power = places_by_power()
    status = {slug: [each.status for each in held if each.place == slug] for slug in by_power}
    # Only places where something is empty need the statement: elsewhere nothing could be missing.
    silent = [slug for slug in by_power if slug not in complete and Status.NONE_RECORDED in status[slug]]
    if silent:
        said.append(_SENTENCES["not-complete"].format(places=titles(silent)))
    if counts.unclassified and any(each.status is Status.MISSING for each in held):
        said.append(_SENTENCES["unplaced"].format(n=counts.unclassified))
    placed = {slug: sum(each.placed for each in held if each.place == slug) for slug in by_power}
    uncounted = [slug for slug in by_power if status[slug] and set(status[slug]) <= set(EMPTY) and placed[slug]]
    gone = [slug for slug in by_power if set(status[slug]) == {Status.MISSING} and slug not in uncounted]
    if gone:
        said.append(_SENTENCES["place-missing"].format(places=titles(gone)))
    unrecorded = [
        slug for slug in by_power if set(status[slug]) == {Status.NONE_RECORDED} and slug not in uncounted
    ]
    if unrecorded:
        said.append(_SENTENCES["place-no-record"].format(places=titles(unrecorded)))
    running = [slug for slug in uncounted if any(each.open for each in held if each.place == slug)]
    for sentence, slugs in (("place-uncounted", running), ("place-over", [s for s in uncounted if s not in running])):
        if slugs:
            said.append(_SENTENCES[sentence].format(places=titles(slugs)))
    if not any(each.status is Status.IN_PLACE for each in held):
        said.append(_SENTENCES["nothing-proven"])
    missing = [
        gap_title(each)
        for slug in by_power
        for each in held
        if each.place == slug and each.status is Status.MISSING and slug not in (*gone, *uncounted)
    ]
    if missing:
        more = len(missing) - 2
        words = ". ".join(missing[:2]) + (
            f". {more} more {'way is' if more == 1 else 'ways are'} missing" if more > 0 else ""
        )
        said.append(_SENTENCES["facet-missing"].format(facets=words))
    if coproduction.called and not coproduction.whole:
        if coproduction.called == 1:
            said.append("One piece of work is called coproduction, and it was not shared from start to finish.")
        else:
            said.append(_SENTENCES["coproduction-claimed"].format(called=coproduction.called))
    for slug, wanted in (("unproven", Status.UNPROVEN), ("lapsed", Status.LAPSED)):
        number = sum(each.status is wanted for each in held)
        if number:
            said.append(_SENTENCES[slug].format(n=number))
    return " ".join(said[:most]) or _SENTENCES["all"]
