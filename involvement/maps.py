"""The map of an organisation as at a day: the counts are made in the database, the verdicts in framework.coverage.

One set of common table expressions (STATE) says for every activity whether it is live, planned, lapsed or not dated,
for every placement whether it counts, and for every (activity, facet) what proves it. Four small queries count over
it. Days are parameters, so nothing is computed with dates in SQL, and every joined table carries the organisation.
tests/involvement/map_twin.py builds the same counts from rows, slowly and obviously.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

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
            moved += " AND (ch.service_id IS NOT NULL OR v.service_id IS NOT NULL)"
        if "share-offered" in need.outcomes:
            moved += " AND ch.taken_up_percent > 0"
        refused = " OR (ch.outcome = 'refused' AND ch.why <> '' AND ch.told_on <= %(day)s)" if need.refusal else ""
        recent = " AND ch.decided_on > %(proof_from)s" if need.dated else ""
        cases.append(f"(f.facet LIKE '{place}/%%' AND (({moved}){refused}){recent})")
    return "(" + " OR ".join(cases) + ")"


# Of choosers no part is asked, so theirs is not "not recorded".
_PART_ASKED = " OR ".join(f"p.facet LIKE '{place}/%%'" for place, need in COUNTS.items() if need.parts)
_PLACE_OF_FACET = "CASE " + " ".join(f"WHEN x.facet LIKE '{slug}/%%' THEN '{slug}'" for slug in COUNTS) + " END"
_PART_RANK = "CASE p.part " + " ".join(f"WHEN '{part}' THEN {n}" for n, part in enumerate(PART_ORDER)) + " ELSE 0 END"

# S608 below: every piece put into these texts is a constant of ours (slugs, column names); values go as parameters.
# The texts are written so that the work grows with the register and not with its square, statistics or none: what
# depends on one activity is looked up by index; what is found apart is laid beside and gathered by windows, not joined;
# each part is made once (MATERIALIZED); and PostgreSQL is told to hash (ROWS_BY_HASH): right after a large import it
# would take the parts for small, and loop.
_NULLS_BEFORE_FACET = ", ".join(["NULL"] * 12)  # as many columns as p has between activity_id and facet
STATE = f"""
WITH dated AS MATERIALIZED (
  SELECT v.id, v.service_id, v.piece_id, v.started_on, v.ended_on, v.named_lead, v.stated_status,
    (SELECT MIN(ch.decided_on) FROM involvement_change ch
      WHERE ch.organisation_id = %(org)s AND ch.activity_id = v.id AND ch.decided_on <= %(day)s) AS first_answer,
    (SELECT q."running" FROM involvement_runningconfirmation q
      WHERE q.organisation_id = %(org)s AND q.activity_id = v.id AND q."on" <= %(day)s
      ORDER BY q."on" DESC, q.id DESC LIMIT 1) AS newest,
    (SELECT MAX(y."on") FROM involvement_runningconfirmation y
      WHERE y.organisation_id = %(org)s AND y.activity_id = v.id AND y."on" <= %(day)s AND y."running") AS last_yes
  FROM involvement_activity v
  WHERE v.organisation_id = %(org)s AND v.withdrawn_on IS NULL {{group_sql}}
), seen AS MATERIALIZED (
  SELECT dated.*,
    CASE WHEN started_on > %(day)s THEN 1
      WHEN started_on IS NULL AND ended_on IS NULL AND stated_status = 'planned' AND newest IS NULL THEN 1
      ELSE 0 END AS planned,
    CASE WHEN ended_on <= %(day)s THEN 1 WHEN newest = FALSE THEN 0 ELSE 1 END AS stands,
    CASE WHEN ended_on <= %(day)s
      THEN CASE WHEN first_answer > ended_on THEN first_answer ELSE ended_on END
      WHEN started_on <= %(day)s AND (last_yes IS NULL OR last_yes < started_on) THEN started_on
      ELSE last_yes END AS seen
  FROM dated
), stated AS MATERIALIZED (
  SELECT seen.*,
    CASE WHEN planned = 1 THEN 'planned' WHEN seen IS NULL THEN 'not_dated'
      WHEN seen > %(live_from)s AND stands = 1 THEN 'live' ELSE 'lapsed' END AS state,
    CASE WHEN piece_id IS NULL THEN 'a' || CAST(id AS TEXT) ELSE 'p' || CAST(piece_id AS TEXT) END AS work
  FROM seen
), a AS MATERIALIZED (
  SELECT stated.*, MAX(CASE WHEN state = 'live' THEN seen END) OVER (PARTITION BY work) AS work_seen FROM stated
), r AS MATERIALIZED (
  SELECT a.id, a.service_id, a.piece_id, a.started_on, a.ended_on, a.named_lead, a.state, a.work, a.seen,
    a.work_seen, k.id AS reading_id, k.primary_place, k.claim, k.contested, k.until,
    CASE WHEN k.until <= %(day)s THEN 1 ELSE 0 END AS former
  FROM a LEFT JOIN involvement_classification k ON k.organisation_id = %(org)s AND k.activity_id = a.id
    AND k.kind = 'leader' AND k.void_at IS NULL AND (k.from_on IS NULL OR k.from_on <= %(day)s)
), p AS MATERIALIZED (
  SELECT r.id AS activity_id, r.service_id, r.piece_id, r.started_on, r.ended_on, r.named_lead, r.state, r.work,
    r.seen AS own_seen, r.work_seen, r.former, r.until, r.contested, p.facet, {_PART_RANK} AS part_rank,
    CASE WHEN p.part = 'not-recorded' AND ({_PART_ASKED}) THEN 1 ELSE 0 END AS unsaid,
    CASE WHEN {_counts_sql(dated=True)} THEN 1 ELSE 0 END AS counts,
    CASE WHEN {_counts_sql(dated=False)} THEN 1 ELSE 0 END AS would_count
  FROM r JOIN involvement_placement p ON p.organisation_id = %(org)s AND p.classification_id = r.reading_id
), proof AS MATERIALIZED (
  SELECT ch.activity_id, f.facet, MAX(CASE e.kind WHEN 'corroboration' THEN 3 ELSE 2 END) AS grade,
    MAX(CASE WHEN ch.outcome = 'refused' THEN 0 ELSE 1 END) AS changed
  FROM involvement_change ch
  JOIN involvement_activity v ON v.organisation_id = %(org)s AND v.id = ch.activity_id
  JOIN involvement_changefacet f ON f.organisation_id = %(org)s AND f.change_id = ch.id
  JOIN involvement_evidence e ON e.organisation_id = %(org)s AND e.change_id = ch.id
    AND e.kind IN ('document', 'corroboration') AND (e.dated_on IS NULL OR e.dated_on <= %(day)s)
    AND (e.withdrawn_on IS NULL OR e.withdrawn_on > %(day)s)
  WHERE ch.organisation_id = %(org)s AND ch.decided_on <= %(day)s AND {_proof_sql()}
  GROUP BY ch.activity_id, f.facet
), later AS MATERIALIZED (
  SELECT ch.activity_id, f.facet, MAX(ch.decided_on) AS decided_on
  FROM involvement_change ch
  JOIN involvement_changefacet f ON f.organisation_id = %(org)s AND f.change_id = ch.id
  WHERE ch.organisation_id = %(org)s AND ch.outcome <> 'refused' AND ch.decided_on <= %(day)s
    AND ch.decided_on > %(proof_from)s
  GROUP BY ch.activity_id, f.facet
), beside AS MATERIALIZED (
  SELECT p.*, 1 AS is_placement, CAST(NULL AS INTEGER) AS grade, CAST(NULL AS INTEGER) AS changed,
    CAST(NULL AS DATE) AS later_on FROM p
  UNION ALL
  SELECT activity_id, {_NULLS_BEFORE_FACET}, facet, NULL, NULL, NULL, NULL, 0, grade, changed, NULL FROM proof
  UNION ALL
  SELECT activity_id, {_NULLS_BEFORE_FACET}, facet, NULL, NULL, NULL, NULL, 0, NULL, NULL, decided_on FROM later
), joined AS MATERIALIZED (
  SELECT activity_id, service_id, started_on, named_lead, state, former, until, contested, facet, part_rank, unsaid,
    counts, would_count, own_seen, work_seen, ended_on, is_placement,
    MAX(grade) OVER w AS grade, MAX(changed) OVER w AS changed, MAX(later_on) OVER w AS later_on
  FROM beside WINDOW w AS (PARTITION BY activity_id, facet)
), placed AS MATERIALIZED (
  SELECT joined.*,
    CASE WHEN facet LIKE 'coproducers/%%' AND work_seen > own_seen THEN work_seen ELSE own_seen END AS seen,
    CASE WHEN former = 1 THEN 0 WHEN state = 'live' THEN 1
      WHEN facet LIKE 'coproducers/%%' AND state = 'lapsed' AND work_seen IS NOT NULL THEN 1 ELSE 0 END AS live,
    CASE WHEN later_on > COALESCE(ended_on, own_seen) THEN 1 ELSE 0 END AS later
  FROM joined WHERE is_placement = 1
)
"""  # noqa: S608
ROWS_BY_HASH = "SET LOCAL enable_nestloop TO off; "  # for the one statement that follows it in the same message


def _in_scopes(rows: str, activity: str = "activity_id") -> str:
    """Return ``rows`` (with service_id) once for each scope they belong to: the whole, their service, those named."""
    return f"""(
  SELECT {WHOLE} AS scope, o.* FROM {rows} o
  UNION ALL SELECT COALESCE(o.service_id, {TRUST_WIDE}), o.* FROM {rows} o
  UNION ALL SELECT n.service_id, o.* FROM {rows} o
    JOIN involvement_activityservice n ON n.organisation_id = %(org)s AND n.activity_id = o.{activity}
    AND n.service_id <> COALESCE(o.service_id, {TRUST_WIDE})
)"""  # noqa: S608


CELLS = f"""
SELECT x.scope, x.facet,
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
FROM {_in_scopes("placed")} x
GROUP BY x.scope, x.facet
"""  # noqa: S608

COUNTED = f"""
, one AS MATERIALIZED (
  SELECT r.id, r.service_id, r.state, MAX(CASE WHEN r.former = 0 THEN r.primary_place END) AS place,
    MAX(CASE WHEN r.former = 0 AND r.contested THEN 1 ELSE 0 END) AS contested,
    MAX(CASE WHEN r.former = 0 AND EXISTS (
      SELECT 1 FROM involvement_placement p WHERE p.organisation_id = %(org)s AND p.classification_id = r.reading_id
        AND p.part = 'not-recorded' AND ({_PART_ASKED})) THEN 1 ELSE 0 END) AS unsaid
  FROM r GROUP BY r.id, r.service_id, r.state
)
SELECT x.scope, x.state, x.place, COUNT(*), SUM(x.contested), SUM(x.unsaid)
FROM {_in_scopes("one", "id")} x
GROUP BY x.scope, x.state, x.place
"""  # noqa: S608

# A piece of work counts while any of its activities is live. The four stages may be from any time up to the day.
WORKS = f"""
, share AS MATERIALIZED (
  SELECT r.id, r.service_id, r.work, r.piece_id, CASE WHEN r.state = 'live' THEN 1 ELSE 0 END AS live,
    CASE WHEN r.former = 0 AND (r.claim = 'coproducers' OR r.primary_place = 'coproducers')
      THEN 1 ELSE 0 END AS called,
    NULL AS facet, 1 AS former
  FROM r
  UNION ALL
  SELECT p.activity_id, p.service_id, p.work, p.piece_id, 0, 0, p.facet, p.former FROM p
  WHERE p.counts = 1 AND p.facet LIKE 'coproducers/%%' AND p.state IN ('live', 'lapsed')
), counted AS MATERIALIZED (
  SELECT x.scope, x.work, MAX(x.live) AS live, MAX(x.called) AS called,
    COUNT(DISTINCT CASE WHEN x.former = 0 THEN x.facet END) AS stages_now,
    COUNT(DISTINCT x.facet) AS stages_ever,
    MAX(CASE WHEN w.problem_statement <> '' AND w.whole_confirmed_on <= %(day)s THEN 1 ELSE 0 END) AS confirmed
  FROM {_in_scopes("share", "id")} x
  LEFT JOIN involvement_pieceofwork w ON w.organisation_id = %(org)s AND w.id = x.piece_id
  GROUP BY x.scope, x.work
)
SELECT scope, SUM(called), SUM(CASE WHEN stages_now > 0 THEN 1 ELSE 0 END),
  SUM(CASE WHEN confirmed = 1 AND stages_ever = 4 THEN 1 ELSE 0 END)
FROM counted WHERE live = 1 GROUP BY scope
"""  # noqa: S608

GROUPS = f"""
, reaching AS MATERIALIZED (
  SELECT x.activity_id, x.service_id, x.facet, g."group" AS people
  FROM involvement_activitygroup g JOIN placed x ON x.activity_id = g.activity_id AND x.counts = 1 AND x.live = 1
  WHERE g.organisation_id = %(org)s AND (g.reach > 0 OR g.support <> '')
)
SELECT x.people, {_PLACE_OF_FACET}, COUNT(DISTINCT x.activity_id)
FROM {_in_scopes("reaching")} x WHERE x.scope = %(scope)s GROUP BY 1, 2
"""  # noqa: S608

BY_GROUP = """AND EXISTS (SELECT 1 FROM involvement_activitygroup b WHERE b.organisation_id = %(org)s
    AND b.activity_id = v.id AND b."group" = %(group)s AND (b.reach > 0 OR b.support <> ''))"""


class _Counting:
    """The counting queries of one organisation as at one day; ``rows`` runs one of them."""

    def __init__(self, organisation: Organisation, as_at: date, group: str, scope: int):
        self.state = STATE.format(group_sql=BY_GROUP if group else "")
        self.by_hash = ROWS_BY_HASH if connection.vendor == "postgresql" else ""
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
            cursor.execute(self.by_hash + self.state + query, self.values)
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
        return {scope: Coproduction(called, any_stage, whole) for scope, called, any_stage, whole in self.rows(WORKS)}

    def groups(self) -> dict[str, dict[str, int]]:
        """Return group -> place -> live activities that recorded reach to the group, or support for it."""
        found: dict[str, dict[str, int]] = {}
        for group, slug, number in self.rows(GROUPS):
            found.setdefault(group, {})[slug] = number
        return found


def _counted(organisation: Organisation, as_at: date, group: str, scope: int) -> tuple:
    """Return the four counts (cells, activities, coproduction, groups), kept until the organisation is written to.

    The key is the organisation's version, which every action raises in its own transaction, with the day and what the
    map is narrowed to. The version was read before the counting, so what is kept is never older than its key. Counts
    are the same for every viewer who may read the organisation; what is not must not be kept here.
    """
    content = catalogue().version
    key = f"map:{content}:{organisation.pk}:{organisation.version}:{as_at.isoformat()}:{scope}:{group}"
    kept = cache.get(key) if settings.KEEP_MAP_SECONDS else None
    if kept is None:
        counting = _Counting(organisation, as_at, group, scope)
        kept = (counting.cells(), counting.activities(), counting.coproduction(), counting.groups())
        if settings.KEEP_MAP_SECONDS:
            cache.set(key, kept, settings.KEEP_MAP_SECONDS)
    return kept


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
    facts, counts, works, reached = _counted(organisation, as_at, group, scope)
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
    next_day = timezone.make_aware(datetime.combine(as_at + timedelta(days=1), time.min))
    voided = organisation.classifications.filter(
        kind="leader", void_at__isnull=False, void_at__gte=next_day, recorded_at__lt=next_day
    ).count()
    withdrawn = organisation.activities.filter(withdrawn_on__gt=as_at, recorded_at__lt=next_day).count()
    return voided + withdrawn


def aims_at(organisation: Organisation, as_at: date) -> dict[str, Aim]:
    """Return the aim in force of each place that has one."""
    found: dict[str, Aim] = {}
    for aim in organisation.aims.filter(adopted_on__lte=as_at).order_by("-adopted_on", "-id"):
        found.setdefault(aim.place, aim)
    return found
