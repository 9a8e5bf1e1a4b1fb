"""The map of an organisation as at a day: the counts are made in the database, the verdicts in framework.coverage.

One set of common table expressions (STATE) says for every activity whether it is live, planned, lapsed or not dated,
for every placement whether it counts, and for every (activity, facet) what proves it. Four small queries count over
it. Days are parameters, so nothing is computed with dates in SQL, and every joined table carries the organisation.
tests/involvement/map_twin.py builds the same counts from rows, slowly and obviously.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from django.db import connection
from django.db.models import Q

from framework.catalogue import NOT_INVOLVEMENT, catalogue
from framework.coverage import (
    COUNTS,
    GAP_KINDS,
    LIVE_MONTHS,
    PART_ORDER,
    PLANNED_MONTHS,
    PROOF_MONTHS,
    STATEMENT_MONTHS,
    ActivityCounts,
    Cell,
    CellFacts,
    Coproduction,
    Gap,
    NotNeeded,
    Status,
    cells,
    gaps,
    headline,
    months_before,
    places_by_power,
)
from involvement.access import Viewer
from involvement.actions.base import today
from involvement.models import Aim, Complete, Organisation, Response, Ruling, Service

WHOLE, TRUST_WIDE = 0, -1  # scopes beside the ids of services


@dataclass(frozen=True)
class PlaceSummary:
    """One place in one service: "2 of 6 in place", or owners held for the whole organisation."""

    place: str
    in_place: int
    of: int
    live: int  # ways with something live that counts
    status: Status  # the best status any way of the place has here
    held_trust_wide: bool

    @property
    def label(self) -> str:
        """Return the words of the table's cell."""
        return "held trust-wide" if self.held_trust_wide else f"{self.in_place} of {self.of} in place"


@dataclass(frozen=True)
class ServiceRow:
    """A row of services x places; ``service`` None is the trust-wide row."""

    service: Service | None
    places: tuple[PlaceSummary, ...]


@dataclass(frozen=True)
class GroupRow:
    """A row of groups x places: live activities that recorded reach to the group or support for it."""

    slug: str
    title: str
    by_place: Mapping[str, int]


@dataclass(frozen=True)
class OrganisationMap:
    """Everything a map page shows, as at one day, for one viewer."""

    organisation: Organisation
    as_at: date
    framework_version: str
    service: Service | None
    group: str
    activities: ActivityCounts
    cells: tuple[Cell, ...]
    coproduction: Coproduction
    complete: tuple[str, ...]
    headline: str
    gaps: tuple[Gap, ...]  # the organisation's first, then those of each service
    services: tuple[ServiceRow, ...]
    groups: tuple[GroupRow, ...]
    corrections: int
    aims: Mapping[str, Aim]
    rulings: tuple[Ruling, ...]
    responses: tuple[Response, ...]  # in force at the day

    @property
    def share(self) -> int | None:
        """Return owners' and coproducers' share of live activities in per cent; None when none is live."""
        total = sum(self.activities.by_place.values())
        powerful = sum(self.activities.by_place[slug] for slug in places_by_power()[:2])
        return round(100 * powerful / total) if total else None

    def as_json(self) -> dict:
        """Return the map as `map.json` and `manage.py map` print it (README, "Use"): a stable contract."""
        counts = self.activities
        return {
            "organisation": self.organisation.slug,
            "as_at": self.as_at.isoformat(),
            "framework_version": self.framework_version,
            "activities": {
                "listed": counts.listed,
                "live": counts.live,
                "not_dated": counts.not_dated,
                "planned": counts.planned,
                "lapsed": counts.lapsed,
                "classified": counts.classified,
                "unclassified": counts.unclassified,
                "not_involvement": counts.not_involvement,
                "contested": counts.contested,
                "part_not_recorded": counts.part_not_recorded,
                "by_place": dict(counts.by_place),
            },
            "cells": [
                {
                    "place": each.place,
                    "facet": each.facet.split("/")[1],
                    "status": each.status.value,
                    "activities": each.activities,
                    "proven": each.proven,
                }
                for each in self.cells
            ],
            "coproduction": {
                "called": self.coproduction.called,
                "any_stage": self.coproduction.any_stage,
                "whole": self.coproduction.whole,
            },
            "complete": list(self.complete),
            "headline": self.headline,
        }


def _quoted(words) -> str:
    """Return slugs of framework.coverage as an SQL list. They are our own constants: letters and hyphens only."""
    words = tuple(words)
    if not all(word.replace("-", "").isalpha() for word in words):
        raise ValueError(f"not slugs: {words}")
    return ", ".join(f"'{word}'" for word in words)


def _counts_sql(dated: bool) -> str:
    """Return the SQL condition that a placement counts, from COUNTS; ``dated``: what has a day must have come."""
    cases = []
    for place, need in COUNTS.items():
        tests = [f"p.part IN ({_quoted(need.parts)})"] if need.parts else []
        if need.route:
            tests += ["p.question <> ''", "p.decider <> ''"] if dated else []
            tests += ["p.received_on <= %(day)s"] if dated else []
        if need.heard and dated:
            tests.append("p.heard")
        if need.options:
            tests += [f"p.options >= {need.options:d}", "p.free_to_refuse"]
        if need.group:
            tests.append("p.as_group")
        cases.append(f"(p.facet LIKE '{place}/%%' AND {' AND '.join(tests)})")
    return "(" + " OR ".join(cases) + ")"


def _proof_sql() -> str:
    """Return the SQL condition that a change proves the facet it speaks for, its evidence apart."""
    cases = []
    for place, need in COUNTS.items():
        moved = f"ch.outcome IN ({_quoted(need.outcomes)})"
        if need.named_service:
            moved += " AND (ch.service_id IS NOT NULL OR a.service_id IS NOT NULL)"
        if "share-offered" in need.outcomes:
            moved += " AND ch.taken_up_percent > 0"
        refused = " OR (ch.outcome = 'refused' AND ch.why <> '' AND ch.told_on <= %(day)s)" if need.refusal else ""
        recent = " AND ch.decided_on > %(proof_from)s" if need.dated else ""
        cases.append(f"(f.facet LIKE '{place}/%%' AND (({moved}){refused}){recent})")
    return "(" + " OR ".join(cases) + ")"


# Of choosers no part is asked, so theirs is not "not recorded".
_PART_ASKED = " OR ".join(f"p.facet LIKE '{place}/%%'" for place, need in COUNTS.items() if need.parts)
_PART_RANK = "CASE p.part " + " ".join(f"WHEN '{part}' THEN {n}" for n, part in enumerate(PART_ORDER)) + " ELSE 0 END"

# S608 below: every piece put into these texts is a constant of ours (slugs, column names); values go as parameters.
# Every part is MATERIALIZED: PostgreSQL would otherwise fold one into the next and, right after a large import (no
# statistics yet), run it again for every row: minutes instead of seconds for 1,000 activities.
STATE = f"""
WITH answered AS MATERIALIZED (
  SELECT activity_id, MIN(decided_on) AS first_answer
  FROM involvement_change WHERE organisation_id = %(org)s AND decided_on <= %(day)s GROUP BY activity_id
), newest AS MATERIALIZED (
  SELECT activity_id, "running", "on",
    ROW_NUMBER() OVER (PARTITION BY activity_id ORDER BY "on" DESC, id DESC) AS n
  FROM involvement_runningconfirmation WHERE organisation_id = %(org)s AND "on" <= %(day)s
), yes AS MATERIALIZED (
  SELECT activity_id, MAX("on") AS last_yes
  FROM involvement_runningconfirmation WHERE organisation_id = %(org)s AND "on" <= %(day)s AND "running"
  GROUP BY activity_id
), dated AS MATERIALIZED (
  SELECT v.id, v.service_id, v.piece_id, v.started_on, v.ended_on, v.named_lead,
    COALESCE(v.ended_on <= %(day)s, FALSE) AS ended,
    COALESCE(n."running" = FALSE, FALSE) AS answered_no,
    CASE WHEN v.started_on > %(day)s THEN TRUE
      WHEN v.started_on IS NULL AND v.ended_on IS NULL AND v.stated_status = 'planned' AND n.activity_id IS NULL
      THEN TRUE ELSE FALSE END AS planned,
    CASE WHEN v.ended_on <= %(day)s
      THEN CASE WHEN w.first_answer > v.ended_on THEN w.first_answer ELSE v.ended_on END
      WHEN v.started_on <= %(day)s AND (y.last_yes IS NULL OR y.last_yes < v.started_on) THEN v.started_on
      ELSE y.last_yes END AS seen
  FROM involvement_activity v
  LEFT JOIN answered w ON w.activity_id = v.id
  LEFT JOIN newest n ON n.activity_id = v.id AND n.n = 1
  LEFT JOIN yes y ON y.activity_id = v.id
  WHERE v.organisation_id = %(org)s AND v.withdrawn_on IS NULL {{group_sql}}
), a AS MATERIALIZED (
  SELECT dated.*,
    CASE WHEN planned THEN 'planned' WHEN seen IS NULL THEN 'not_dated'
      WHEN seen > %(live_from)s AND (ended OR NOT answered_no) THEN 'live' ELSE 'lapsed' END AS state,
    CASE WHEN piece_id IS NULL THEN 'a' || CAST(id AS TEXT) ELSE 'p' || CAST(piece_id AS TEXT) END AS work
  FROM dated
), works AS MATERIALIZED (
  SELECT work, MAX(seen) AS seen FROM a WHERE state = 'live' GROUP BY work
), c AS MATERIALIZED (
  SELECT k.id, k.activity_id, k.primary_place, k.claim, k.contested, k.until,
    CASE WHEN k.until <= %(day)s THEN 1 ELSE 0 END AS former
  FROM involvement_classification k
  WHERE k.organisation_id = %(org)s AND k.kind = 'leader' AND k.void_at IS NULL
    AND (k.from_on IS NULL OR k.from_on <= %(day)s)
), p AS MATERIALIZED (
  SELECT c.activity_id, c.former, c.until, p.facet, c.contested, {_PART_RANK} AS part_rank, p.part,
    CASE WHEN p.part = 'not-recorded' AND ({_PART_ASKED}) THEN 1 ELSE 0 END AS unsaid,
    CASE WHEN {_counts_sql(dated=True)} THEN 1 ELSE 0 END AS counts,
    CASE WHEN {_counts_sql(dated=False)} THEN 1 ELSE 0 END AS would_count
  FROM c JOIN involvement_placement p ON p.classification_id = c.id AND p.organisation_id = %(org)s
), proof AS MATERIALIZED (
  SELECT ch.activity_id, f.facet, MAX(CASE e.kind WHEN 'corroboration' THEN 3 ELSE 2 END) AS grade,
    MAX(CASE WHEN ch.outcome = 'refused' THEN 0 ELSE 1 END) AS changed
  FROM involvement_change ch
  JOIN involvement_changefacet f ON f.change_id = ch.id AND f.organisation_id = %(org)s
  JOIN involvement_evidence e ON e.change_id = ch.id AND e.organisation_id = %(org)s
    AND e.kind IN ('document', 'corroboration') AND (e.dated_on IS NULL OR e.dated_on <= %(day)s)
    AND (e.withdrawn_on IS NULL OR e.withdrawn_on > %(day)s)
  JOIN a ON a.id = ch.activity_id
  WHERE ch.organisation_id = %(org)s AND ch.decided_on <= %(day)s AND {_proof_sql()}
  GROUP BY ch.activity_id, f.facet
), later AS MATERIALIZED (
  SELECT DISTINCT ch.activity_id, f.facet
  FROM involvement_change ch
  JOIN involvement_changefacet f ON f.change_id = ch.id AND f.organisation_id = %(org)s
  JOIN a ON a.id = ch.activity_id
  WHERE ch.organisation_id = %(org)s AND ch.outcome <> 'refused' AND ch.decided_on <= %(day)s
    AND ch.decided_on > %(proof_from)s AND ch.decided_on > COALESCE(a.ended_on, a.seen)
), placed AS MATERIALIZED (
  SELECT p.*, a.service_id, a.work, a.state, a.started_on, a.named_lead, a.ended_on,
    CASE WHEN p.facet LIKE 'coproducers/%%' AND works.seen > a.seen THEN works.seen ELSE a.seen END AS seen,
    CASE WHEN p.former = 1 THEN 0 WHEN a.state = 'live' THEN 1
      WHEN p.facet LIKE 'coproducers/%%' AND a.state = 'lapsed' AND works.work IS NOT NULL THEN 1 ELSE 0 END AS live,
    proof.grade, proof.changed, CASE WHEN later.activity_id IS NULL THEN 0 ELSE 1 END AS later
  FROM p JOIN a ON a.id = p.activity_id
  LEFT JOIN works ON works.work = a.work
  LEFT JOIN proof ON proof.activity_id = p.activity_id AND proof.facet = p.facet
  LEFT JOIN later ON later.activity_id = p.activity_id AND later.facet = p.facet
), scopes AS MATERIALIZED (
  SELECT id AS activity_id, 0 AS scope FROM a
  UNION SELECT id, COALESCE(service_id, -1) FROM a
  UNION SELECT s.activity_id, s.service_id FROM involvement_activityservice s JOIN a ON a.id = s.activity_id
    WHERE s.organisation_id = %(org)s
)
"""  # noqa: S608

CELLS = """
SELECT s.scope, x.facet,
  SUM(x.counts * x.live) AS live,
  SUM(CASE WHEN x.counts * x.live = 1 AND x.grade >= 2 THEN 1 ELSE 0 END) AS proven,
  SUM(CASE WHEN x.counts * x.live = 1 AND x.grade = 3 THEN 1 ELSE 0 END) AS confirmed,
  SUM(CASE WHEN x.counts * x.live = 1 AND x.grade >= 2 AND x.changed = 1 THEN 1 ELSE 0 END) AS changed,
  SUM(CASE WHEN x.counts * x.live = 1 AND x.grade >= 2 AND x.changed = 0 THEN 1 ELSE 0 END) AS refused,
  MAX(CASE WHEN x.counts * x.live = 1 THEN x.part_rank ELSE 0 END) AS strongest,
  COUNT(DISTINCT CASE WHEN x.counts * x.live = 1 THEN x.service_id END) AS services,
  SUM(x.live * x.unsaid) AS not_recorded,
  SUM(CASE WHEN x.counts * x.live = 1 AND x.contested THEN 1 ELSE 0 END) AS contested,
  SUM(CASE WHEN x.former = 0 AND x.state = 'planned' AND x.would_count = 1 AND x.named_lead <> ''
    AND x.started_on <= %(planned_to)s THEN 1 ELSE 0 END) AS planned,
  MIN(CASE WHEN x.former = 0 AND x.state = 'planned' AND x.would_count = 1 AND x.named_lead <> ''
    AND x.started_on <= %(planned_to)s THEN x.started_on END) AS planned_start,
  SUM(CASE WHEN x.counts = 1 AND x.live = 0 AND x.state IN ('live', 'lapsed')
    AND (x.former = 0 OR x.started_on IS NULL OR x.started_on < x.until) THEN 1 ELSE 0 END) AS lapsed,
  MAX(CASE WHEN x.counts = 1 AND x.live = 0 AND x.state IN ('live', 'lapsed')
    AND (x.former = 0 OR x.started_on IS NULL OR x.started_on < x.until)
    THEN CASE WHEN x.former = 1 AND x.until < x.seen THEN x.until ELSE x.seen END END) AS last_live,
  MAX(CASE WHEN x.counts = 1 AND x.live = 0 AND x.state = 'lapsed' THEN x.later ELSE 0 END) AS still_effect
FROM placed x JOIN scopes s ON s.activity_id = x.activity_id
GROUP BY s.scope, x.facet
"""

COUNTED = """
SELECT s.scope, a.state, c.primary_place, COUNT(*) AS number,
  SUM(CASE WHEN c.contested THEN 1 ELSE 0 END) AS contested,
  SUM(CASE WHEN u.activity_id IS NULL THEN 0 ELSE 1 END) AS not_recorded
FROM a JOIN scopes s ON s.activity_id = a.id
LEFT JOIN c ON c.activity_id = a.id AND c.former = 0
LEFT JOIN (SELECT DISTINCT activity_id FROM p WHERE former = 0 AND unsaid = 1) u ON u.activity_id = a.id
GROUP BY s.scope, a.state, c.primary_place
"""

# A piece of work counts while any of its activities is live. The four stages may be from any time up to the day.
WORKS = """
SELECT s.scope, a.work,
  MAX(CASE WHEN a.state = 'live' THEN 1 ELSE 0 END) AS live,
  MAX(CASE WHEN c.former = 0 AND (c.claim = 'coproducers' OR c.primary_place = 'coproducers')
    THEN 1 ELSE 0 END) AS called,
  COUNT(DISTINCT CASE WHEN x.former = 0 THEN x.facet END) AS stages_now,
  COUNT(DISTINCT x.facet) AS stages_ever,
  MAX(CASE WHEN w.problem_statement <> '' AND w.whole_confirmed_on <= %(day)s THEN 1 ELSE 0 END) AS confirmed
FROM a JOIN scopes s ON s.activity_id = a.id
LEFT JOIN c ON c.activity_id = a.id
LEFT JOIN placed x ON x.activity_id = a.id AND x.counts = 1 AND x.facet LIKE 'coproducers/%%'
  AND x.state IN ('live', 'lapsed')
LEFT JOIN involvement_pieceofwork w ON w.id = a.piece_id AND w.organisation_id = %(org)s
GROUP BY s.scope, a.work
"""
WORKS_COUNTED = """
SELECT scope, SUM(live * called), SUM(CASE WHEN live = 1 AND stages_now > 0 THEN 1 ELSE 0 END),
  SUM(CASE WHEN live = 1 AND confirmed = 1 AND stages_ever = 4 THEN 1 ELSE 0 END)
FROM ({works}) counted WHERE live = 1 GROUP BY scope
"""

GROUPS = """
SELECT g."group", {place} AS place, COUNT(DISTINCT x.activity_id)
FROM involvement_activitygroup g
JOIN placed x ON x.activity_id = g.activity_id AND x.counts = 1 AND x.live = 1
JOIN scopes s ON s.activity_id = g.activity_id AND s.scope = %(scope)s
WHERE g.organisation_id = %(org)s AND (g.reach > 0 OR g.support <> '')
GROUP BY 1, 2
"""

BY_GROUP = """AND EXISTS (SELECT 1 FROM involvement_activitygroup b WHERE b.organisation_id = %(org)s
    AND b.activity_id = v.id AND b."group" = %(group)s AND (b.reach > 0 OR b.support <> ''))"""


class _Counting:
    """The counting queries of one organisation as at one day; ``rows`` runs one of them."""

    def __init__(self, organisation: Organisation, as_at: date, group: str, scope: int):
        self.state = STATE.format(group_sql=BY_GROUP if group else "")
        self.values = {
            "org": organisation.pk,
            "day": as_at.isoformat(),
            "live_from": months_before(as_at, LIVE_MONTHS).isoformat(),
            "proof_from": months_before(as_at, PROOF_MONTHS).isoformat(),
            "planned_to": months_before(as_at, -PLANNED_MONTHS).isoformat(),
            "scope": scope,
        }
        if group:
            self.values["group"] = group

    def rows(self, query: str) -> list[tuple]:
        with connection.cursor() as cursor:
            cursor.execute(self.state + query, self.values)
            return cursor.fetchall()

    def cells(self) -> dict[int, dict[str, CellFacts]]:
        """Return scope -> facet -> counts."""
        found: dict[int, dict[str, CellFacts]] = {}
        for scope, facet, *numbers in self.rows(CELLS):
            live, proven, confirmed, changed, refused, strongest, services, not_recorded, contested = numbers[:9]
            planned, planned_start, lapsed, last_live, still = numbers[9:]
            found.setdefault(scope, {})[facet] = CellFacts(
                live=live,
                proven=proven,
                confirmed=confirmed,
                changed=changed,
                refused=refused,
                strongest=strongest,
                services=services,
                not_recorded=not_recorded,
                contested=contested,
                planned=planned,
                planned_start=_day(planned_start),
                lapsed=lapsed,
                last_live=_day(last_live),
                still_effect=bool(still),
            )
        return found

    def activities(self) -> dict[int, ActivityCounts]:
        """Return scope -> counts of activities."""
        found: dict[int, dict] = {}
        for scope, state, place, number, contested, not_recorded in self.rows(COUNTED):
            held = found.setdefault(scope, {"by_place": dict.fromkeys(catalogue().places, 0)})
            for name, more in (
                ("listed", number),
                (state, number),
                ("classified" if place else "unclassified", number),
                ("not_involvement", number if place == NOT_INVOLVEMENT else 0),
                ("contested", contested),
                ("part_not_recorded", not_recorded if state == "live" else 0),
            ):
                held[name] = held.get(name, 0) + more
            if state == "live" and place in held["by_place"]:
                held["by_place"][place] += number
        return {scope: ActivityCounts(**held) for scope, held in found.items()}

    def coproduction(self) -> dict[int, Coproduction]:
        """Return scope -> live pieces of work: called coproduction, with a stage, whole."""
        return {
            scope: Coproduction(called, any_stage, whole)
            for scope, called, any_stage, whole in self.rows(WORKS_COUNTED.format(works=WORKS))
        }

    def groups(self) -> dict[str, dict[str, int]]:
        """Return group -> place -> live activities that recorded reach to the group, or support for it."""
        place = "CASE " + " ".join(f"WHEN x.facet LIKE '{slug}/%%' THEN '{slug}'" for slug in COUNTS) + " END"
        found: dict[str, dict[str, int]] = {}
        for group, slug, number in self.rows(GROUPS.format(place=place)):
            found.setdefault(group, {})[slug] = number
        return found


def _day(value) -> date | None:
    """Return a day that a driver gave back as a date (PostgreSQL) or as text (SQLite)."""
    return date.fromisoformat(value) if isinstance(value, str) else value


def build_map(viewer: Viewer, *, as_at: date, service: Service | None = None, group: str = "") -> OrganisationMap:
    """Return the map of the viewer's organisation as at a day, narrowed to a service or to a group of people.

    The number of queries does not depend on the size of the register. ``as_at`` must not lie in the future: callers
    correct it (the page) or refuse it (JSON). ValueError when it does, or when the service is another organisation's.
    """
    organisation = viewer.organisation
    if as_at > today():
        raise ValueError("a map cannot be drawn for a day that has not come")
    if service is not None and service.organisation_id != organisation.pk:
        raise ValueError("the service belongs to another organisation")
    scope = service.pk if service else WHOLE
    counting = _Counting(organisation, as_at, group, scope)
    facts, counts, works = counting.cells(), counting.activities(), counting.coproduction()
    services = tuple(organisation.services.filter(Q(retired_on=None) | Q(retired_on__gt=as_at)).order_by("name", "id"))
    said = complete_in_force(organisation, as_at)
    judged, responses = responses_at(organisation, as_at)

    def cells_of(one: int) -> tuple[Cell, ...]:
        held = cells(
            facts.get(one, {}),
            complete=complete_places(said, one, services),
            not_needed=judged.get(one),
        )
        return held if one in (WHOLE, TRUST_WIDE) else tuple(_held_trust_wide(each) for each in held)

    by_scope = {one: cells_of(one) for one in (WHOLE, TRUST_WIDE, scope, *(each.pk for each in services))}
    activities = counts.get(scope) or ActivityCounts(by_place=dict.fromkeys(catalogue().places, 0))
    coproduction = works.get(scope, Coproduction())
    complete = complete_places(said, scope, services)
    if service is None:
        ranked = gaps(by_scope[WHOLE]) + _rank(
            [gap for each in services if facts.get(each.pk) for gap in gaps(by_scope[each.pk], service=each.pk)]
        )
    else:
        ranked = gaps(by_scope[scope], service=scope)
    reached = counting.groups()
    return OrganisationMap(
        organisation=organisation,
        as_at=as_at,
        framework_version=catalogue().version,
        service=service,
        group=group,
        activities=activities,
        cells=by_scope[scope],
        coproduction=coproduction,
        complete=complete,
        headline=headline(by_scope[scope], activities, coproduction, complete),
        gaps=ranked,
        services=tuple(
            _service_row(each, by_scope[each.pk if each else TRUST_WIDE], by_scope[WHOLE]) for each in (*services, None)
        ),
        groups=tuple(
            GroupRow(slug, title, {place: reached.get(slug, {}).get(place, 0) for place in catalogue().places})
            for slug, title in catalogue().groups.items()
        ),
        corrections=corrections_since(organisation, as_at),
        aims=aims_at(organisation, as_at),
        rulings=tuple(
            organisation.rulings.filter(Q(until=None) | Q(until__gt=as_at), from_on__lte=as_at).order_by(
                "contested_kind"
            )
        ),
        responses=responses,
    )


def _rank(found: list[Gap]) -> tuple[Gap, ...]:
    """Return gaps of several services in one order: kind, then power of the place; services keep their order."""
    power = places_by_power()
    return tuple(sorted(found, key=lambda gap: (GAP_KINDS.index(gap.kind), power.index(gap.place))))


def _held_trust_wide(each: Cell) -> Cell:
    """Owners are judged for the organisation: in a service an empty owners' cell is never called missing."""
    if each.place == places_by_power()[0] and each.status in (Status.MISSING, Status.NONE_RECORDED):
        return replace(each, status=Status.NONE_RECORDED, reason="owners are judged for the whole organisation")
    return each


_ORDER = list(Status)


def _service_row(service: Service | None, own: tuple[Cell, ...], whole: tuple[Cell, ...]) -> ServiceRow:
    summaries = []
    for slug in catalogue().places:
        held = [each for each in own if each.place == slug]
        owners = slug == places_by_power()[0]
        live = sum(bool(each.activities) for each in held)
        summaries.append(
            PlaceSummary(
                place=slug,
                in_place=sum(each.status is Status.IN_PLACE for each in held),
                of=len(held),
                live=live,
                status=min((each.status for each in held), key=_ORDER.index),
                held_trust_wide=bool(
                    service is not None
                    and owners
                    and not live
                    and any(each.activities for each in whole if each.place == slug)
                ),
            )
        )
    return ServiceRow(service, tuple(summaries))


def complete_in_force(organisation: Organisation, as_at: date) -> list[tuple[str, int]]:
    """Return (place, scope) of every statement of completeness in force at the day: WHOLE, TRUST_WIDE or a service."""
    rows = organisation.complete_statements.filter(
        Q(revoked_on=None) | Q(revoked_on__gt=as_at),
        as_at__lte=as_at,
        as_at__gt=months_before(as_at, STATEMENT_MONTHS),
    ).values_list("place", "scope", "service_id")
    scopes = {Complete.Scope.WHOLE: WHOLE, Complete.Scope.TRUST_WIDE: TRUST_WIDE}
    return [(place, scopes.get(scope, service)) for place, scope, service in rows]


def complete_places(said: list[tuple[str, int]], scope: int, services: tuple[Service, ...]) -> tuple[str, ...]:
    """Return the places for which ``scope`` is complete, in the framework's order.

    The organisation is complete when it was said of the whole, or of every active service and of trust-wide.
    """
    held = set(said)
    every = [TRUST_WIDE, *(service.pk for service in services)]
    return tuple(
        place
        for place in catalogue().places
        if (place, WHOLE) in held
        or (all((place, one) in held for one in every) if scope == WHOLE else (place, scope) in held)
    )


def responses_at(
    organisation: Organisation, as_at: date
) -> tuple[dict[int, dict[str, NotNeeded]], tuple[Response, ...]]:
    """Return what was judged not needed (scope -> facet or place -> judgement), and all responses in force."""
    rows = tuple(
        organisation.responses.filter(Q(ended_on=None) | Q(ended_on__gt=as_at), made_on__lte=as_at).order_by(
            "-made_on", "-id"
        )
    )
    judged: dict[int, dict[str, NotNeeded]] = {}
    for row in rows:
        if row.kind != Response.Kind.NOT_NEEDED:
            continue
        until = min(row.review_on, months_before(row.made_on, -STATEMENT_MONTHS))
        if as_at <= until:
            scope = WHOLE if row.service_id is None else row.service_id
            judged.setdefault(scope, {}).setdefault(row.facet or row.place, NotNeeded(row.reason, until))
    return judged, rows


def corrections_since(organisation: Organisation, as_at: date) -> int:
    """Return how many readings were corrected, and activities withdrawn, after the day."""
    voided = organisation.classifications.filter(
        kind="leader", void_at__date__gt=as_at, recorded_at__date__lte=as_at
    ).count()
    withdrawn = organisation.activities.filter(withdrawn_on__gt=as_at, recorded_at__date__lte=as_at).count()
    return voided + withdrawn


def aims_at(organisation: Organisation, as_at: date) -> dict[str, Aim]:
    """Return the aim in force of each place that has one."""
    found: dict[str, Aim] = {}
    for aim in organisation.aims.filter(adopted_on__lte=as_at).order_by("-adopted_on", "-id"):
        found.setdefault(aim.place, aim)
    return found
