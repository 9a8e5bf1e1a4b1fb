"""The map of an organisation as at a day: the counts are made in the database, the verdicts in framework.coverage.

One statement counts: common table expressions (STATE) say for every activity whether it is live, planned, lapsed or not
dated, for every placement whether it counts, and for every (activity, facet) what proves it; COUNTED adds
them up. Days are parameters, so nothing is computed with dates in SQL, and every joined table carries the organisation.
tests/involvement/map_twin.py builds the same counts from rows, slowly and obviously.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import cached_property
from hashlib import sha256
from zlib import crc32

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.db.models import Q
from django.utils import timezone

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
    by_scope: Mapping[int, tuple[Cell, ...]]  # the same cells for WHOLE and for each service, by its id

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


def _needs_sql() -> str:
    """Return COUNTS as rows of an SQL table: one a facet, with what a placement there needs before it counts."""
    rows = []
    for key, facet in catalogue().facets.items():
        need = COUNTS[facet.place]
        least = min((PART_ORDER.index(part) for part in need.parts), default=0)
        if need.parts and set(need.parts) != set(PART_ORDER[least:]):
            raise ValueError(f"the parts that count as {facet.place} are not the strongest ones")
        numbers = (least, need.route, need.heard, need.options, need.group, bool(need.parts), facet.place == SHARED)
        rows.append(f"('{key}', '{facet.place}', {', '.join(str(int(number)) for number in numbers)})")
    return ", ".join(rows)


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
        cases.append(f"(n.place = '{place}' AND (({moved}){refused}){recent})")
    return "(" + " OR ".join(cases) + ")"


SHARED = places_by_power()[1]  # coproducers: counted over pieces of work
STAGES = tuple(key for key, facet in catalogue().facets.items() if facet.place == SHARED)
_PART_RANK = "CASE p.part " + " ".join(f"WHEN '{part}' THEN {n}" for n, part in enumerate(PART_ORDER)) + " ELSE 0 END"
_STAGES_EVER = ", ".join(
    f"MAX(CASE WHEN held = 1 AND facet = '{key}' THEN 1 ELSE 0 END) AS stage_{n}" for n, key in enumerate(STAGES)
)
_ALL_STAGES = " + ".join(f"MAX(stage_{n})" for n in range(len(STAGES)))
_BY_PLACE = ", ".join(
    f"MAX(CASE WHEN lives = 1 AND place = '{place}' THEN 1 ELSE 0 END) AS in_{place}" for place in COUNTS
)
_SUM_PLACES = ", ".join(f"SUM(h.in_{place})" for place in COUNTS)

# Proof of an activity counts for nothing while a reply to a challenge of it is overdue, as at the day.
_OVERDUE = """EXISTS (SELECT 1 FROM involvement_challenge h
      JOIN involvement_replydue u ON u.organisation_id = %(org)s AND u.challenge_id = h.id
      WHERE h.organisation_id = %(org)s AND h.activity_id = a.id
        AND (h.closed_on IS NULL OR h.closed_on > %(day)s)
        AND u.due_on < %(day)s AND (u.met_on IS NULL OR u.met_on > %(day)s))"""

# S608 below: every piece put into these texts is a constant of ours (slugs, column names); values go as parameters.
#
# ever   a row an activity, whatever it was seen doing by the day gathered beside its own dates. A union is grouped, and
#        nothing joined: right after a large import the database knows no sizes, and would try every pair.
# a      ... with its state as at the day, and when its piece of work was last seen live
# trace  what proves an (activity, facet), and the newest change that moved something
# laid   a row a placement, of readings in force and of former ones (an activity without any has one empty row), with
#        the rows of trace laid beside, for the same reason
# placed the rows a placement, with what their trace adds
# hub    a row an activity again, with what its placements add up to
# CROSS JOIN tells SQLite to keep the order in which the tables stand: from the activity to its rows, through indexes.
STATE = f"""
WITH need (facet, place, least, route, heard, options, grouped, part_asked, shared) AS (VALUES {_needs_sql()}),
ever AS MATERIALIZED (
  SELECT id, MAX(own) AS own, MAX(inside) AS inside, MAX(service_id) AS service_id, MAX(piece_id) AS piece_id,
    MAX(started_on) AS started_on, MAX(ended_on) AS ended_on, MAX(led) AS led, MAX(stated) AS stated,
    MAX(confirmed) AS confirmed, MIN(answered) AS answered, MAX(yes) AS yes, MAX(no) AS no
  FROM (
    SELECT v.id, 1 AS own, {{inside}} AS inside, v.service_id, v.piece_id, v.started_on, v.ended_on,
      CASE WHEN v.named_lead <> '' THEN 1 ELSE 0 END AS led,
      CASE WHEN v.stated_status = 'planned' THEN 1 ELSE 0 END AS stated,
      CASE WHEN w.problem_statement <> '' AND w.whole_confirmed_on <= %(day)s THEN 1 ELSE 0 END AS confirmed,
      CAST(NULL AS date) AS answered, CAST(NULL AS date) AS yes, CAST(NULL AS date) AS no
    FROM involvement_activity v
    LEFT JOIN involvement_pieceofwork w ON w.organisation_id = %(org)s AND w.id = v.piece_id
    WHERE v.organisation_id = %(org)s AND v.withdrawn_on IS NULL {{narrowed}}
    UNION ALL
    SELECT r.activity_id, 0, 0, NULL, NULL, NULL, NULL, 0, 0, 0, r.decided_on, NULL, NULL
    FROM involvement_change r WHERE r.organisation_id = %(org)s AND r.decided_on <= %(day)s
    UNION ALL
    SELECT q.activity_id, 0, 0, NULL, NULL, NULL, NULL, 0, 0, 0, NULL,
      CASE WHEN q.running THEN q."on" END, CASE WHEN q.running THEN NULL ELSE q."on" END
    FROM involvement_runningconfirmation q WHERE q.organisation_id = %(org)s AND q."on" <= %(day)s
      AND q.taken_back_at IS NULL
  ) told GROUP BY id HAVING MAX(own) = 1
), a AS MATERIALIZED (
  SELECT stood.*, MAX(CASE WHEN state = 'live' THEN seen END) OVER (PARTITION BY work) AS work_seen
  FROM (
    SELECT dated.*,
      CASE WHEN planned = 1 THEN 'planned' WHEN seen IS NULL THEN 'not_dated'
        WHEN seen > %(live_from)s AND (ended = 1 OR denied = 0) THEN 'live' ELSE 'lapsed' END AS state
    FROM (
      SELECT e.*, COALESCE(e.piece_id, -e.id) AS work,
        CASE WHEN e.ended_on <= %(day)s THEN 1 ELSE 0 END AS ended,
        CASE WHEN e.started_on > %(day)s THEN 1
          WHEN e.started_on IS NULL AND e.ended_on IS NULL AND e.stated = 1 AND e.yes IS NULL AND e.no IS NULL THEN 1
          ELSE 0 END AS planned,
        CASE WHEN e.ended_on <= %(day)s THEN CASE WHEN e.answered > e.ended_on THEN e.answered ELSE e.ended_on END
          WHEN e.started_on <= %(day)s AND (e.yes IS NULL OR e.yes < e.started_on) THEN e.started_on
          ELSE e.yes END AS seen,
        CASE WHEN e.no IS NULL OR e.no < e.yes THEN 0 WHEN e.yes IS NULL OR e.no > e.yes THEN 1
          ELSE (SELECT CASE WHEN l.running THEN 0 ELSE 1 END FROM involvement_runningconfirmation l
            WHERE l.organisation_id = %(org)s AND l.activity_id = e.id AND l."on" = e.no
              AND l.taken_back_at IS NULL ORDER BY l.id DESC LIMIT 1)
          END AS denied
      FROM ever e
    ) dated
  ) stood
), trace AS MATERIALIZED (
  SELECT a.id AS activity_id, f.facet,
    CASE WHEN {_OVERDUE} THEN 0
      ELSE MAX(CASE WHEN {_proof_sql()} THEN CASE y.kind WHEN 'corroboration' THEN 3 WHEN 'document' THEN 2 ELSE 0 END
        ELSE 0 END) END AS grade,
    MAX(CASE WHEN {_proof_sql()} AND y.id IS NOT NULL AND ch.outcome <> 'refused' THEN 1 ELSE 0 END) AS changed,
    MAX(CASE WHEN ch.outcome <> 'refused' AND ch.decided_on > %(proof_from)s THEN ch.decided_on END) AS moved_on
  FROM a
  CROSS JOIN involvement_change ch
  CROSS JOIN involvement_changefacet f
  CROSS JOIN need n
  LEFT JOIN involvement_evidence y ON y.organisation_id = %(org)s AND y.change_id = ch.id
    AND y.kind IN ('document', 'corroboration') AND (y.dated_on IS NULL OR y.dated_on <= %(day)s)
    AND (y.withdrawn_on IS NULL OR y.withdrawn_on > %(day)s)
  WHERE ch.organisation_id = %(org)s AND ch.activity_id = a.id AND ch.decided_on <= %(day)s
    AND f.organisation_id = %(org)s AND f.change_id = ch.id AND n.facet = f.facet
  GROUP BY a.id, f.facet
), laid AS MATERIALIZED (
  SELECT a.id AS activity_id, p.facet, n.place, a.service_id, a.inside, a.work, a.state, a.confirmed, a.started_on,
    k.until, k.primary_place, k.claim,
    CASE WHEN k.until <= %(day)s THEN 1 ELSE 0 END AS former,
    CASE WHEN k.contested THEN 1 ELSE 0 END AS contested,
    {_PART_RANK} AS part_rank,
    CASE WHEN p.part = 'not-recorded' AND n.part_asked = 1 THEN 1 ELSE 0 END AS unsaid,
    CASE WHEN {_PART_RANK} >= n.least
      AND (n.route = 0 OR (p.question <> '' AND p.decider <> '' AND p.received_on <= %(day)s))
      AND (n.heard = 0 OR p.heard) AND (n.options = 0 OR (p.options >= n.options AND p.free_to_refuse))
      AND (n.grouped = 0 OR p.as_group) THEN 1 ELSE 0 END AS counts,
    CASE WHEN a.state = 'planned' AND a.led = 1 AND a.started_on <= %(planned_to)s
      AND (k.until IS NULL OR k.until > %(day)s) AND {_PART_RANK} >= n.least
      AND (n.options = 0 OR (p.options >= n.options AND p.free_to_refuse)) AND (n.grouped = 0 OR p.as_group)
      THEN 1 ELSE 0 END AS ahead,
    CASE WHEN a.state IN ('live', 'lapsed') THEN 1 ELSE 0 END AS begun,
    CASE WHEN k.until <= %(day)s THEN 0 WHEN a.state = 'live' THEN 1
      WHEN n.shared = 1 AND a.state = 'lapsed' AND a.work_seen IS NOT NULL THEN 1 ELSE 0 END AS live,
    CASE WHEN n.shared = 1 AND a.work_seen > a.seen THEN a.work_seen ELSE a.seen END AS seen,
    CASE WHEN a.ended = 1 THEN a.ended_on ELSE a.seen END AS end_on,
    0 AS beside, 0 AS grade, 0 AS changed, CAST(NULL AS date) AS moved_on
  FROM a
  LEFT JOIN involvement_classification k ON k.organisation_id = %(org)s AND k.activity_id = a.id
    AND k.kind = 'leader' AND k.void_at IS NULL AND (k.from_on IS NULL OR k.from_on <= %(day)s)
  LEFT JOIN involvement_placement p ON p.organisation_id = %(org)s AND p.classification_id = k.id
  LEFT JOIN need n ON n.facet = p.facet
  UNION ALL
  SELECT t.activity_id, t.facet, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
    NULL, NULL, NULL, NULL, NULL, NULL, 1, t.grade, t.changed, t.moved_on
  FROM trace t
), placed AS MATERIALIZED (
  SELECT x.*, x.counts * x.live AS lives, x.counts * x.begun AS held,
    CASE WHEN x.counts = 1 AND x.live = 0 AND x.begun = 1
      AND (x.former = 0 OR x.started_on IS NULL OR x.started_on < x.until) THEN 1 ELSE 0 END AS over,
    CASE WHEN x.former = 1 AND x.until < x.seen THEN x.until ELSE x.seen END AS last_seen,
    CASE WHEN x.last_moved_on > x.end_on THEN 1 ELSE 0 END AS moved
  FROM (
    SELECT activity_id, facet, place, service_id, inside, work, state, confirmed, started_on, until, primary_place,
      claim, former, contested, part_rank, unsaid, counts, ahead, begun, live, seen, end_on, beside,
      MAX(grade) OVER same AS grade, MAX(changed) OVER same AS changed, MAX(moved_on) OVER same AS last_moved_on
    FROM laid WINDOW same AS (PARTITION BY activity_id, facet)
  ) x WHERE x.beside = 0
), hub AS MATERIALIZED (
  SELECT activity_id, work, state, confirmed,
    MAX(CASE WHEN former = 0 THEN primary_place END) AS primary_place,
    MAX(CASE WHEN former = 0 THEN contested ELSE 0 END) AS contested,
    MAX(CASE WHEN former = 0 THEN unsaid ELSE 0 END) AS unsaid, MAX(lives) AS fills,
    MAX(CASE WHEN former = 0 AND (claim = '{SHARED}' OR primary_place = '{SHARED}') THEN 1 ELSE 0 END) AS called,
    MAX(CASE WHEN former = 0 AND held = 1 AND place = '{SHARED}' THEN 1 ELSE 0 END) AS stage_now,
    {_STAGES_EVER}, {_BY_PLACE}
  FROM placed WHERE inside = 1 GROUP BY activity_id, work, state, confirmed
)
"""  # noqa: S608

_CELL = """
  SUM(lives), SUM(CASE WHEN lives = 1 AND grade >= 2 THEN 1 ELSE 0 END),
  SUM(CASE WHEN lives = 1 AND grade = 3 THEN 1 ELSE 0 END),
  SUM(CASE WHEN lives = 1 AND grade >= 2 AND changed = 1 THEN 1 ELSE 0 END),
  SUM(CASE WHEN lives = 1 AND grade >= 2 AND changed = 0 THEN 1 ELSE 0 END),
  MAX(CASE WHEN lives = 1 THEN part_rank ELSE 0 END), SUM(live * unsaid),
  SUM(lives * contested), SUM(ahead), SUM(over),
  MAX(CASE WHEN over = 1 AND state = 'lapsed' THEN moved ELSE 0 END), SUM(1 - former),
  SUM(CASE WHEN former = 0 AND (live = 1 OR state <> 'lapsed') THEN 1 ELSE 0 END),
  MIN(CASE WHEN ahead = 1 THEN started_on END), MAX(CASE WHEN over = 1 THEN last_seen END)
"""
# Six kinds of rows in one answer, each with its kind first, then a scope, two words, thirteen numbers and two days.
COUNTED = f"""
SELECT 'cell' AS kind, service_id AS scope, facet AS word, '' AS other, {_CELL}
FROM placed WHERE facet IS NOT NULL GROUP BY service_id, facet
UNION ALL
SELECT 'named', s.service_id, x.facet, '', {_CELL}
FROM involvement_activityservice s JOIN placed x ON x.activity_id = s.activity_id
WHERE s.organisation_id = %(org)s AND x.facet IS NOT NULL AND (x.service_id IS NULL OR x.service_id <> s.service_id)
GROUP BY s.service_id, x.facet
UNION ALL
SELECT 'activity', NULL, state, primary_place, COUNT(*), SUM(contested), SUM(unsaid), SUM(fills),
  SUM(CASE WHEN fills = 0 THEN unsaid ELSE 0 END), 0, 0, 0, 0, 0, 0, 0, 0, NULL, NULL
FROM hub GROUP BY state, primary_place
UNION ALL
SELECT 'work', NULL, '', '', SUM(called), SUM(stage_now),
  SUM(CASE WHEN confirmed = 1 AND stages = {len(STAGES)} THEN 1 ELSE 0 END), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, NULL, NULL
FROM (
  SELECT work, MAX(called) AS called, MAX(stage_now) AS stage_now, MAX(confirmed) AS confirmed, {_ALL_STAGES} AS stages
  FROM hub GROUP BY work HAVING MAX(CASE WHEN state = 'live' THEN 1 ELSE 0 END) = 1
) pieces
UNION ALL
SELECT 'group', NULL, g."group", '', {_SUM_PLACES}, 0, 0, 0, 0, 0, 0, 0, 0, 0, NULL, NULL
FROM involvement_activitygroup g JOIN hub h ON h.activity_id = g.activity_id
WHERE g.organisation_id = %(org)s AND (g.reach > 0 OR g.support <> '') GROUP BY g."group"
UNION ALL
SELECT 'correction', NULL, '', '', COUNT(*), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, NULL, NULL
FROM involvement_classification d WHERE d.organisation_id = %(org)s AND d.kind = 'leader' AND d.void_at >= %(after)s
  AND (d.from_on IS NULL OR d.from_on <= %(day)s) AND (d.until IS NULL OR d.until > %(day)s)
  AND d.activity_id NOT IN ({{hidden}})
UNION ALL
SELECT 'correction', NULL, '', '', COUNT(*), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, NULL, NULL
FROM involvement_activity z WHERE z.organisation_id = %(org)s AND z.withdrawn_on > %(day)s AND z.id NOT IN ({{hidden}})
"""  # noqa: S608

BY_GROUP = """AND EXISTS (SELECT 1 FROM involvement_activitygroup b WHERE b.organisation_id = %(org)s
    AND b.activity_id = v.id AND b."group" = %(group)s AND (b.reach > 0 OR b.support <> ''))"""
WITHOUT = "AND CAST(v.mechanisms AS text) NOT LIKE %(without)s"  # a list of slugs, each in quotation marks
INSIDE = """CASE WHEN v.service_id = %(scope)s OR EXISTS (SELECT 1 FROM involvement_activityservice i
      WHERE i.organisation_id = %(org)s AND i.activity_id = v.id AND i.service_id = %(scope)s) THEN 1 ELSE 0 END"""


# For the one statement that follows: without sizes PostgreSQL would loop over every pair, and
# compiling the statement costs more than it saves.
BY_HASH = "SET LOCAL enable_nestloop TO off; SET LOCAL jit TO off; "
AS_BEFORE = "SET LOCAL enable_nestloop TO DEFAULT; SET LOCAL jit TO DEFAULT"  # a message in a transaction has no end


COUNTED_BY = crc32((STATE + COUNTED).encode())  # counts that another version of this program kept are not taken


class _Counting:
    """What was counted for one organisation as at one day, narrowed to a group of people where one is given.

    ``scope`` is WHOLE or the id of a service: activities, works and groups are counted for it; cells for every scope.
    ``without`` is a mechanism (a slug): what rests on it is then left out, as if it had gone; so are the activities in
    ``hidden`` (ids), which somebody is still to review blind. One statement counts all.
    """

    def __init__(
        self, organisation: Organisation, as_at: date, group: str, scope: int, without: str = "",
        hidden: frozenset[int] = frozenset(),
    ):  # fmt: skip
        self.scope = scope
        inside = "1" if scope == WHOLE else INSIDE
        self.query = BY_HASH if connection.vendor == "postgresql" else ""
        seen = f"AND v.id NOT IN ({_ids(hidden)})"
        narrowed = " ".join([BY_GROUP if group else "", WITHOUT if without else "", seen if hidden else ""])
        self.query += (STATE + COUNTED).format(narrowed=narrowed, inside=inside, hidden=_ids(hidden))
        self.values = {
            "org": organisation.pk,
            "day": as_at.isoformat(),
            "live_from": months_before(as_at, LIVE_MONTHS).isoformat(),
            "proof_from": months_before(as_at, PROOF_MONTHS).isoformat(),
            "planned_to": months_before(as_at, -PLANNED_MONTHS).isoformat(),
            "after": connection.ops.adapt_datetimefield_value(
                datetime.combine(as_at + timedelta(days=1), time.min, timezone.get_default_timezone())
            ),
            "scope": scope,
            "group": group,
            "without": f'%"{without}"%',
        }

    @cached_property
    def rows(self) -> dict[str, list[tuple]]:
        """Run the statement, once; return its rows by kind, without the kind."""
        found: dict[str, list[tuple]] = {}
        with connection.cursor() as cursor:
            cursor.execute(self.query, self.values)
            for kind, *row in cursor.fetchall():
                found.setdefault(kind, []).append(tuple(row))
            if self.query.startswith(BY_HASH) and connection.in_atomic_block:
                cursor.execute(AS_BEFORE)
        return found

    def cells(self) -> dict[int, dict[str, CellFacts]]:
        """Return scope -> facet -> counts: the services, trust-wide activities, and the whole as their sum."""
        found: dict[int, dict[str, CellFacts]] = {WHOLE: {}, TRUST_WIDE: {}}
        for kind in ("cell", "named"):
            for scope, facet, _, *numbers in self.rows.get(kind, ()):
                facts = _facts(numbers)
                own = TRUST_WIDE if scope is None else scope
                held = found.setdefault(own, {})
                held[facet] = _add(held[facet], facts) if facet in held else facts
                if kind == "cell":
                    whole = found[WHOLE]
                    whole[facet] = _add(whole[facet], facts) if facet in whole else facts
        for facet, facts in found[WHOLE].items():
            places = sum(bool(held.get(facet) and held[facet].live) for one, held in found.items() if one > 0)
            found[WHOLE][facet] = replace(facts, services=places)
        for one, held in found.items():
            if one > 0:
                found[one] = {facet: replace(facts, services=int(facts.live > 0)) for facet, facts in held.items()}
        return found

    def activities(self) -> ActivityCounts:
        """Return the counts of activities in the scope."""
        held: dict = {name: dict.fromkeys(catalogue().places, 0) for name in ("by_place", "filling")}
        for _, state, place, number, contested, unsaid, fills, unfilled, *_ in self.rows.get("activity", ()):
            for name, more in (
                ("listed", number),
                (state, number),
                ("classified" if place else "unclassified", number),
                ("not_involvement", number if place == NOT_INVOLVEMENT else 0),
                ("contested", contested),
                ("part_not_recorded", unsaid if state == "live" else 0),
            ):
                held[name] = held.get(name, 0) + more
            if state == "live" and place in held["by_place"]:
                held["by_place"][place] += number
                held["filling"][place] += fills
                held["unsaid"] = held.get("unsaid", 0) + unfilled
        return ActivityCounts(**held)

    def coproduction(self) -> Coproduction:
        """Return the live pieces of work in the scope: called coproduction, with a stage, whole."""
        (row,) = self.rows["work"]
        return Coproduction(*(number or 0 for number in row[3:6]))

    def groups(self) -> dict[str, dict[str, int]]:
        """Return group -> place -> live activities in the scope that recorded reach to the group, or support for it."""
        found = {}
        for _, group, _, *numbers in self.rows.get("group", ()):
            by_place = dict(zip(COUNTS, numbers, strict=False))
            found[group] = {place: number for place, number in by_place.items() if number}
        return {group: by_place for group, by_place in found.items() if by_place}

    def corrections(self) -> int:
        """Return how many readings in force at the day were corrected, and activities withdrawn, after it."""
        return sum(row[3] for row in self.rows["correction"])


def _facts(numbers: list) -> CellFacts:
    live, proven, confirmed, changed, refused, strongest, unsaid, contested, planned, over, still = numbers[:11]
    placed, not_over, start, last = numbers[11:]
    return CellFacts(
        live=live,
        proven=proven,
        confirmed=confirmed,
        changed=changed,
        refused=refused,
        strongest=strongest,
        not_recorded=unsaid,
        contested=contested,
        planned=planned,
        planned_start=_day(start),
        lapsed=over,
        last_live=_day(last),
        still_effect=bool(still),
        placed=placed,
        open=not_over,
    )


_ADDED = (
    "live", "proven", "confirmed", "changed", "refused", "not_recorded", "contested", "planned", "lapsed", "placed",
    "open",
)  # fmt: skip


def _add(one: CellFacts, other: CellFacts) -> CellFacts:
    """Return the counts of two sets of activities that share none."""
    starts = [day for day in (one.planned_start, other.planned_start) if day]
    ends = [day for day in (one.last_live, other.last_live) if day]
    return CellFacts(
        **{name: getattr(one, name) + getattr(other, name) for name in _ADDED},
        strongest=max(one.strongest, other.strongest),
        planned_start=min(starts, default=None),
        last_live=max(ends, default=None),
        still_effect=one.still_effect or other.still_effect,
    )


def _counted(
    organisation: Organisation, as_at: date, group: str, scope: int, without: str, hidden: frozenset[int]
) -> tuple:
    """Return cells, activities, coproduction, groups and corrections, kept until the organisation is written to.

    The key is the organisation's version, which every action raises in its own transaction, with the day, what the map
    is narrowed to and the statement that counts. The version was read before the counting, so what is kept is never
    older than its key. Counts are the same for every viewer who may read the organisation, and from whom the same is
    hidden; what is not must not be kept here.
    """
    blind = sha256(_ids(hidden).encode()).hexdigest()[:16]
    asked = f"{organisation.pk}:{organisation.version}:{as_at.isoformat()}:{scope}:{group}:{without}:{blind}"
    key = f"map:{COUNTED_BY}:{catalogue().version}:{asked}"
    kept = cache.get(key) if settings.KEEP_MAP_SECONDS else None
    if kept is None:
        counting = _Counting(organisation, as_at, group, scope, without, hidden)
        kept = (
            counting.cells(),
            counting.activities(),
            counting.coproduction(),
            counting.groups(),
            counting.corrections(),
        )
        if settings.KEEP_MAP_SECONDS:
            cache.set(key, kept, settings.KEEP_MAP_SECONDS)
    return kept


def _ids(hidden: frozenset[int]) -> str:
    """Return ids as an SQL list, one that no row has where there are none."""
    return ", ".join(str(int(pk)) for pk in sorted(hidden)) or "0"


def _day(value) -> date | None:
    """Return a day that a driver gave back as a date (PostgreSQL) or as text (SQLite)."""
    return date.fromisoformat(value) if isinstance(value, str) else value


def build_map(
    viewer: Viewer, *, as_at: date, service: Service | None = None, group: str = "", without: str = ""
) -> OrganisationMap:
    """Return the map of the viewer's organisation as at a day, narrowed to a service or to a group of people.

    The number of queries does not depend on the size of the register. ``as_at`` must not lie in the future: callers
    correct it (the page) or refuse it (JSON). What the viewer is still to review blind is in none of its counts.
    ``without`` is the slug of a mechanism: the map is then drawn as if it
    had gone, with everything that rests on it. ValueError for a day to come, another organisation's service and a
    mechanism that the framework does not know.
    """
    organisation = viewer.organisation
    if as_at > today():
        raise ValueError("a map cannot be drawn for a day that has not come")
    if service is not None and service.organisation_id != organisation.pk:
        raise ValueError("the service belongs to another organisation")
    if without and without not in catalogue().mechanisms:
        raise ValueError("there is no such mechanism")
    scope = service.pk if service else WHOLE
    facts, activities, coproduction, reached, corrections = _counted(
        organisation, as_at, group, scope, without, viewer.hidden
    )
    services = tuple(organisation.services.filter(Q(retired_on=None) | Q(retired_on__gt=as_at)).order_by("name", "id"))
    said = complete_in_force(organisation, as_at)
    judged, responses = responses_at(organisation, as_at)

    def cells_of(one: int) -> tuple[Cell, ...]:
        held = cells(
            facts.get(one, {}),
            complete=complete_places(said, one, services),
            not_needed=judged.get(one, {}),  # a gap is one scope's: what is judged for the whole is judged of the whole
        )
        return held if one in (WHOLE, TRUST_WIDE) else tuple(_held_trust_wide(each) for each in held)

    by_scope = {one: cells_of(one) for one in (WHOLE, TRUST_WIDE, scope, *(each.pk for each in services))}
    complete = complete_places(said, scope, services)
    if service is None:
        ranked = gaps(by_scope[WHOLE]) + _rank(
            [gap for each in services if facts.get(each.pk) for gap in gaps(by_scope[each.pk], service=each.pk)]
        )
    else:
        ranked = gaps(by_scope[scope], service=scope)
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
        headline=headline(_judged_here(by_scope[scope], service), activities, coproduction, complete),
        gaps=ranked,
        services=tuple(
            _service_row(each, by_scope[each.pk if each else TRUST_WIDE], by_scope[WHOLE]) for each in (*services, None)
        ),
        groups=tuple(
            GroupRow(slug, title, {place: reached.get(slug, {}).get(place, 0) for place in catalogue().places})
            for slug, title in catalogue().groups.items()
        ),
        corrections=corrections,
        aims=aims_at(organisation, as_at),
        rulings=rulings_at(organisation, as_at),
        responses=responses,
        by_scope=by_scope,
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


def _judged_here(held: tuple[Cell, ...], service: Service | None) -> tuple[Cell, ...]:
    """Return the cells that the finding is about: in a service, owners only where it has some of its own."""
    if service is None:
        return held
    return tuple(each for each in held if each.place != places_by_power()[0] or each.activities)


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


def rulings_at(organisation: Organisation, as_at: date) -> tuple[Ruling, ...]:
    """Return how the organisation counted contested kinds at the day, in the order of the kinds' slugs."""
    found = organisation.rulings.filter(Q(until=None) | Q(until__gt=as_at), from_on__lte=as_at)
    return tuple(found.order_by("contested_kind"))


def aims_at(organisation: Organisation, as_at: date) -> dict[str, Aim]:
    """Return the aim in force of each place that has one."""
    found: dict[str, Aim] = {}
    for aim in organisation.aims.filter(adopted_on__lte=as_at).order_by("-adopted_on", "-id"):
        found.setdefault(aim.place, aim)
    return found
