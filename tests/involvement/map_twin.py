"""The slow, obvious twin of involvement.maps: the same counts, from rows, one activity after another.

It reads every row of the organisation and follows the published rules in the order in which a person would. It shares
with the map only the data of framework.coverage (COUNTS and the months) and the verdicts; never a query.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date

from framework.catalogue import catalogue
from framework.coverage import (
    COUNTS,
    LIVE_MONTHS,
    PART_ORDER,
    PLANNED_MONTHS,
    PROOF_MONTHS,
    ActivityCounts,
    CellFacts,
    Coproduction,
    months_before,
)


@dataclass
class Seen:
    """One activity as at the day."""

    row: object
    state: str
    seen: date | None
    reading: object | None
    former: list = field(default_factory=list)

    @property
    def work(self):
        return ("piece", self.row.piece_id) if self.row.piece_id else ("activity", self.row.pk)


def look(activity, day: date) -> tuple[str, date | None]:
    """Return (state, last seen) of one activity at ``day``."""
    ago = months_before(day, LIVE_MONTHS)
    standing = (c for c in activity.confirmations.all() if c.on <= day and c.taken_back_at is None)
    answers = sorted(standing, key=lambda c: (c.on, c.pk))
    yes = [c.on for c in answers if c.running]
    if activity.started_on and activity.started_on > day:
        return "planned", None
    if not activity.started_on and not activity.ended_on and activity.stated_status == "planned" and not answers:
        return "planned", None
    if activity.ended_on and activity.ended_on <= day:
        decided = sorted(c.decided_on for c in activity.changes.all() if c.decided_on <= day)
        seen = max(activity.ended_on, decided[0]) if decided else activity.ended_on
        return ("live" if seen > ago else "lapsed"), seen
    sightings = yes + ([activity.started_on] if activity.started_on else [])
    if not sightings:
        return "not_dated", None
    said_no = bool(answers) and not answers[-1].running
    return ("live" if max(sightings) > ago and not said_no else "lapsed"), max(sightings)


def counts(placement, day: date, *, dated: bool = True) -> bool:
    """Return whether a placement meets what its place needs; ``dated`` False for something still planned."""
    need = COUNTS[placement.facet.split("/")[0]]
    if need.parts and placement.part not in need.parts:
        return False
    if need.route and dated:
        received = placement.received_on is not None and placement.received_on <= day
        if not (placement.question and placement.decider and received):
            return False
    if need.heard and dated and placement.heard is not True:
        return False
    if need.options and ((placement.options or 0) < need.options or placement.free_to_refuse is not True):
        return False
    return not (need.group and placement.as_group is not True)


def unsaid(placement) -> bool:
    """Return whether the part people had is asked at this place, and nobody recorded it."""
    return bool(COUNTS[placement.facet.split("/")[0]].parts) and placement.part == "not-recorded"


def proof(activity, facet: str, day: date) -> tuple[int, bool]:
    """Return (best grade from 2 on, or 0; whether something changed) of the proof of ``facet`` at ``day``."""
    need, grade, changed = COUNTS[facet.split("/")[0]], 0, False
    for challenge in activity.challenges.all():
        is_open = challenge.closed_on is None or challenge.closed_on > day
        if is_open and any(due.due_on < day and (not due.met_on or due.met_on > day) for due in challenge.dues.all()):
            return 0, False
    for change in activity.changes.all():
        if change.decided_on > day or facet not in {f.facet for f in change.facets.all()}:
            continue
        if need.dated and change.decided_on <= months_before(day, PROOF_MONTHS):
            continue
        moved = change.outcome in need.outcomes
        if need.named_service and not (change.service_id or activity.service_id):
            moved = False
        if change.outcome == "share-offered" and not (change.taken_up_percent and change.taken_up_percent > 0):
            moved = False
        told = change.told_on is not None and change.told_on <= day
        refused = need.refusal and change.outcome == "refused" and bool(change.why) and told
        if not (moved or refused):
            continue
        for evidence in change.evidence.all():
            if evidence.dated_on and evidence.dated_on > day:
                continue
            if evidence.withdrawn_on and evidence.withdrawn_on <= day:
                continue
            worth = {"statement": 1, "document": 2, "corroboration": 3}[evidence.kind]
            if worth >= 2:
                grade, changed = max(grade, worth), changed or change.outcome != "refused"
    return grade, changed


def still_having_effect(seen: Seen, facet: str, day: date) -> bool:
    """Return whether a change after the end, in the last 24 months, still speaks for ``facet``."""
    ended = seen.row.ended_on
    end = ended if ended and ended <= day else seen.seen
    return any(
        change.outcome != "refused"
        and max(end, months_before(day, PROOF_MONTHS)) < change.decided_on <= day
        and facet in {f.facet for f in change.facets.all()}
        for change in seen.row.changes.all()
    )


def activities_at(organisation, day: date, group: str = "", without: str = "") -> list[Seen]:
    """Return every activity not withdrawn (that reached ``group``, and rests not on ``without``), as at ``day``."""
    found = []
    for row in organisation.activities.filter(withdrawn_on=None):
        if group and not any(g.group == group and (g.reach or g.support) for g in row.groups.all()):
            continue
        if without and without in row.mechanisms:
            continue
        state, seen = look(row, day)
        readings = [
            c for c in row.classifications.all()
            if c.kind == "leader" and c.void_at is None and (c.from_on is None or c.from_on <= day)
        ]  # fmt: skip
        now = [c for c in readings if c.until is None or c.until > day]
        assert len(now) <= 1
        former = [c for c in readings if c not in now]
        found.append(Seen(row, state, seen, now[0] if now else None, former))
    return found


def in_scope(seen: Seen, service) -> bool:
    """Return whether an activity belongs to the organisation (None) or to a service, its own or one it names."""
    if service is None or seen.row.service_id == service.pk:
        return True
    return any(named.service_id == service.pk for named in seen.row.named_services.all())


def cell_facts(organisation, day: date, service=None, group: str = "", without: str = "") -> dict[str, CellFacts]:
    """Return facet -> counts, as involvement.maps counts them."""
    everything = activities_at(organisation, day, group, without)
    live_works: dict = {}
    for seen in everything:
        if seen.state == "live":
            live_works[seen.work] = max(seen.seen, live_works.get(seen.work, seen.seen))
    held: dict[str, dict] = defaultdict(lambda: defaultdict(int))
    services: dict[str, set] = defaultdict(set)
    starts, ends = defaultdict(list), defaultdict(list)

    def lapse(facet, last, seen):
        held[facet]["lapsed"] += 1
        ends[facet].append(last)
        if seen.state == "lapsed" and still_having_effect(seen, facet, day):
            held[facet]["still_effect"] = True

    for seen in everything:
        if not in_scope(seen, service):
            continue
        for placement in seen.reading.placements.all() if seen.reading else ():
            facet, row = placement.facet, seen.row
            shared = facet.startswith("coproducers/")
            live = seen.state == "live" or (shared and seen.state == "lapsed" and seen.work in live_works)
            last = seen.seen
            if shared and seen.work in live_works and last:
                last = max(last, live_works[seen.work])
            held[facet]["placed"] += 1
            held[facet]["open"] += live or seen.state != "lapsed"
            if live and unsaid(placement):
                held[facet]["not_recorded"] += 1
            if live and counts(placement, day):
                grade, changed = proof(row, facet, day)
                held[facet]["live"] += 1
                held[facet]["proven"] += grade >= 2
                held[facet]["confirmed"] += grade == 3
                held[facet]["changed"] += grade >= 2 and changed
                held[facet]["refused"] += grade >= 2 and not changed
                held[facet]["contested"] += seen.reading.contested
                held[facet]["strongest"] = max(held[facet]["strongest"], PART_ORDER.index(placement.part))
                if service:
                    services[facet].add(service.pk)
                else:
                    services[facet].update(named.service_id for named in row.named_services.all())
                    services[facet].update({row.service_id} - {None})
            elif seen.state == "planned":
                near = row.started_on and row.started_on <= months_before(day, -PLANNED_MONTHS)
                if near and row.named_lead and counts(placement, day, dated=False):
                    held[facet]["planned"] += 1
                    starts[facet].append(row.started_on)
            elif not live and seen.state in ("live", "lapsed") and counts(placement, day):
                lapse(facet, last, seen)
        for reading in seen.former:
            if seen.state not in ("live", "lapsed"):
                continue
            if seen.row.started_on and seen.row.started_on >= reading.until:
                continue
            for placement in reading.placements.all():
                if counts(placement, day):
                    last = seen.seen
                    if placement.facet.startswith("coproducers/") and seen.work in live_works:
                        last = max(last, live_works[seen.work])
                    lapse(placement.facet, min(last, reading.until), seen)
    return {
        facet: CellFacts(
            **numbers,
            services=len(services[facet]),
            planned_start=min(starts[facet], default=None),
            last_live=max(ends[facet], default=None),
        )
        for facet, numbers in held.items()
    }


def activity_counts(organisation, day: date, service=None, group: str = "", without: str = "") -> ActivityCounts:
    """Return the counts of activities."""
    found: dict = {name: dict.fromkeys(catalogue().places, 0) for name in ("by_place", "filling")}
    for seen in activities_at(organisation, day, group, without):
        if not in_scope(seen, service):
            continue
        place = seen.reading.primary_place if seen.reading else None
        open_part = bool(seen.reading) and any(unsaid(p) for p in seen.reading.placements.all())
        for name, one in (
            ("listed", True),
            (seen.state, True),
            ("classified", place),
            ("unclassified", not place),
            ("not_involvement", place == "not-involvement"),
            ("contested", seen.reading and seen.reading.contested),
            ("part_not_recorded", seen.state == "live" and open_part),
        ):
            found[name] = found.get(name, 0) + bool(one)
        if seen.state == "live" and place in found["by_place"]:
            found["by_place"][place] += 1
            fills = any(counts(p, day) for p in seen.reading.placements.all())
            found["filling"][place] += fills
            found["unsaid"] = found.get("unsaid", 0) + (open_part and not fills)
    return ActivityCounts(**found)


def coproduction(organisation, day: date, service=None, group: str = "", without: str = "") -> Coproduction:
    """Return live pieces of work: called coproduction, with at least one stage, whole."""
    works: dict = defaultdict(list)
    for seen in activities_at(organisation, day, group, without):
        if in_scope(seen, service):
            works[seen.work].append(seen)
    called = any_stage = whole = 0
    for each in works.values():
        if not any(seen.state == "live" for seen in each):
            continue
        readings = [seen.reading for seen in each if seen.reading]
        called += any("coproducers" in (r.claim, r.primary_place) for r in readings)
        now, ever = set(), set()
        for seen in each:
            if seen.state not in ("live", "lapsed"):
                continue
            for reading in [seen.reading, *seen.former] if seen.reading else seen.former:
                for p in reading.placements.all():
                    if p.facet.startswith("coproducers/") and counts(p, day):
                        ever.add(p.facet)
                        if reading is seen.reading:
                            now.add(p.facet)
        any_stage += bool(now)
        piece = each[0].row.piece
        confirmed = piece and piece.problem_statement and piece.whole_confirmed_on and piece.whole_confirmed_on <= day
        whole += bool(confirmed and len(ever) == 4)
    return Coproduction(called, any_stage, whole)


def groups(organisation, day: date, service=None) -> dict[str, dict[str, int]]:
    """Return group -> place -> live activities that recorded reach to the group, or support for it."""
    live_works = {seen.work for seen in activities_at(organisation, day) if seen.state == "live"}
    found: dict = defaultdict(lambda: defaultdict(set))
    for seen in activities_at(organisation, day):
        if not in_scope(seen, service) or not seen.reading:
            continue
        for p in seen.reading.placements.all():
            shared = p.facet.startswith("coproducers/") and seen.state == "lapsed" and seen.work in live_works
            if (seen.state == "live" or shared) and counts(p, day):
                for g in seen.row.groups.all():
                    if g.reach or g.support:
                        found[g.group][p.facet.split("/")[0]].add(seen.row.pk)
    return {group: {place: len(ids) for place, ids in places.items()} for group, places in found.items()}
