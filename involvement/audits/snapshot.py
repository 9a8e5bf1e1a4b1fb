"""The snapshot of an audit: everything that map and report need, as plain data, frozen with its words.

Contract (format 1, README "The snapshot"): dates are ISO text, lists have a fixed order, and every word that a page
prints stands in it, so that neither a later register nor a later framework changes a signed report. People stand in it
as ids; ``named`` puts their names in when it is shown.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from django.db.models import Prefetch, Q
from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from framework.catalogue import NOT_INVOLVEMENT, catalogue
from framework.classify import suggest
from framework.coverage import COUNTS, LIVE_MONTHS, PART_ORDER, Status, months_before
from involvement import drawing
from involvement.access import Viewer
from involvement.actions.base import today
from involvement.audits import board
from involvement.maps import OrganisationMap, build_map
from involvement.models import Activity, Audit, Change, Organisation, Response, Service, User
from involvement.models.influence import GRADES
from involvement.registers import place_title
from involvement.states import STATE_TITLES, State, with_state

FORMAT = 1
WHOLE = "*"  # the scope of a gap that is the organisation's


@dataclass(frozen=True)
class Asked:
    """What a snapshot is taken of: a scope, a day, a period, and why the board went on although something was open."""

    title: str
    as_at: date
    period_from: date
    period_to: date
    service: Service | None = None
    although: str = ""


def year_before(day: date) -> date:
    """Return the first day of the year that ends on ``day``."""
    before = months_before(day, LIVE_MONTHS)
    return date.fromordinal(before.toordinal() + 1)


def take(viewer: Viewer, audit: Audit, *, although: str = "") -> dict:
    """Return the snapshot of ``audit``, which is the viewer's organisation's, as plain data (format 1)."""
    if audit.organisation_id != viewer.organisation.pk:
        raise ValueError("the audit belongs to another organisation")
    asked = Asked(audit.title, audit.as_at, audit.period_from, audit.period_to, audit.service, although)
    return draw_up(viewer, asked)


def draw_up(viewer: Viewer, asked: Asked) -> dict:
    """Return the snapshot of any scope, day and period.

    A fixed number of queries, whatever the register holds, and five more for each review round of the period.
    """
    organisation = viewer.organisation
    shown = build_map(viewer, as_at=asked.as_at, service=asked.service)
    changes = _changes_by(organisation, asked)
    activities = _activities(organisation, asked, changes)
    checklist = checks(viewer, asked, shown)
    return {
        "format": FORMAT,
        "organisation": {
            "slug": organisation.slug,
            "name": organisation.name,
            "kind": str(organisation.get_kind_display()),
            "nation": str(organisation.get_nation_display()),
        },
        "scope": {"service": {"slug": asked.service.slug, "name": asked.service.name} if asked.service else None},
        "title": asked.title,
        "as_at": asked.as_at.isoformat(),
        "period": {"from": asked.period_from.isoformat(), "to": asked.period_to.isoformat()},
        "taken_at": timezone.localtime().isoformat(timespec="seconds"),
        "framework_version": shown.framework_version,
        "map": shown.as_json(),
        "headline": shown.headline,
        "share": shown.share,
        "corrections": shown.corrections,
        "places": _places(shown),
        "checklist": checklist,
        "gaps": _gaps(viewer, asked, shown),
        "decisions": board.decisions(viewer, asked),
        "changes": _what_came(changes, asked),
        "reviews": board.reviews(viewer, asked),
        "took_part": board.took_part(asked, organisation, activities),
        "dissent": board.dissent(viewer, asked),
        "actions": board.actions(viewer, asked, shown),
        "rulings": _rulings(shown),
        "duties": board.duties(asked, shown),
        "mechanisms": board.mechanisms(viewer, asked, shown),
        "services": _services(shown),
        "groups": [
            {"title": row.title, "by_place": dict(row.by_place)} for row in shown.groups if any(row.by_place.values())
        ],
        "activities": activities,
        "withdrawn": _withdrawn(organisation, asked),
        "people_ids": {"taken_by": viewer.user.pk},
        "words": {"method": _method(asked, shown), "limits": _limits(asked, shown, checklist)},
    }


def read(content: str, organisation: Organisation) -> dict:
    """Return a stored snapshot for showing: read from its text, with the names of people in place of their ids."""
    return named(json.loads(content), organisation)


def named(snapshot: dict, organisation: Organisation) -> dict:
    """Return the snapshot with names in place of ids: of who withdrew activities, of who disagrees. One query."""
    dissent = snapshot["dissent"]
    ids = {row["by"] for row in (*snapshot["withdrawn"], *(dissent or ()))}
    people = {
        person.pk: person.get_full_name()
        for person in User.objects.filter(Q(memberships__organisation=organisation), pk__in=ids - {None}).distinct()
    }

    def told(rows):
        return [row | {"by": people.get(row["by"], _("a former member"))} for row in rows]

    # an audit from before disagreement could be put on record holds null
    return snapshot | {"withdrawn": told(snapshot["withdrawn"]), "dissent": None if dissent is None else told(dissent)}


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _in_words(day: date) -> str:
    return format_date(day, "j F Y")


def _way(key: str) -> str:
    """Return a way with its place: "Owners: strategy"."""
    facet = catalogue().facets.get(key)
    return f"{catalogue().places[facet.place].title}: {facet.title.lower()}" if facet else key


# The map in words ---------------------------------------------------------------------------------------------------


def _places(shown: OrganisationMap) -> list[dict]:
    content = catalogue()
    found = []
    for slug, place in content.places.items():
        aim = shown.aims.get(slug)
        found.append(
            {
                "slug": slug,
                "title": place.title,
                "relationship": content.relationships[place.relationship].title,
                "purpose": place.purpose,
                "aim": {
                    "sentence": aim.sentence,
                    "adopted_on": aim.adopted_on.isoformat(),
                    "adopted_by": aim.adopted_by,
                }
                if aim
                else None,
                "live": shown.activities.by_place[slug],
                "complete": slug in shown.complete,
                "cells": [_cell(shown, cell) for cell in shown.cells if cell.place == slug],
            }
        )
    return found


def _cell(shown: OrganisationMap, cell) -> dict:
    tile = drawing.tile(shown, cell, {})
    return {
        "facet": tile.facet.slug,
        "title": tile.facet.title,
        "status": cell.status.value,
        "status_title": str(tile.word),
        "sign": tile.status.sign,
        "why": str(tile.why),
        "facts": [str(fact) for fact in tile.facts],
        "activities": cell.activities,
        "proven": cell.proven,
        "confirmed": cell.confirmed,
        "changed": cell.changed,
        "refused": cell.refused,
        "strongest_part": catalogue().parts[cell.strongest_part] if cell.strongest_part else "",
        "services": cell.services,
    }


def _services(shown: OrganisationMap) -> list[dict]:
    rows = [row for row in shown.services if shown.service is None or row.service == shown.service]
    return [
        {
            "name": row.service.name if row.service else _("Trust-wide"),
            "places": [{"place": each.place, "label": each.label} for each in row.places],
        }
        for row in rows
    ]


def _rulings(shown: OrganisationMap) -> list[dict]:
    kinds = catalogue().contested_kinds
    return [
        {
            "kind_title": kinds[row.contested_kind].title if row.contested_kind in kinds else row.contested_kind,
            "place_title": place_title(row.place),
            "reason": row.reason,
            "author": row.author,
            "from": row.from_on.isoformat(),
        }
        for row in shown.rulings
    ]


# What blocks an honest audit ----------------------------------------------------------------------------------------


def checks(viewer: Viewer, asked: Asked, shown: OrganisationMap) -> list[dict]:
    """Return what to look at before an audit is frozen: a sentence, a count, and whether it stands in the way."""
    counts, content = shown.activities, catalogue()
    silent = [
        place.title.lower()
        for slug, place in content.places.items()
        if any(cell.place == slug and cell.status is Status.NONE_RECORDED for cell in shown.cells)
        and slug not in shown.complete
        and not (asked.service and slug == next(iter(content.places)))  # owners are judged for the whole
    ]
    overdue = [row for row in shown.responses if _of_scope(row, asked) and _is_overdue(row, asked.as_at)]
    late = sum(row["overdue"] for row in board.actions(viewer, asked, shown))
    aimless = len(content.places) - len(shown.aims)
    unanswered = sum(row.owed for row in board.open_challenges(viewer, asked))
    return [
        _check(
            "unclassified",
            counts.unclassified,
            _("Every activity on the list has a place."),
            ngettext(
                "%(n)d activity has no place yet, so it fills nothing on the map.",
                "%(n)d activities have no place yet, so they fill nothing on the map.",
                counts.unclassified,
            ),
            blocks=True,
        ),
        _check(
            "not-complete",
            len(silent),
            _("Wherever nothing is recorded, somebody has said that the list is complete."),
            _(
                "Nobody has said that the list is complete for %(places)s."
                " What is empty there may just not be on the list."
            ),
            blocks=True,
            places=_listing(silent),
        ),
        _check(
            "challenges",
            unanswered,
            _("No challenge of a patient leader waits for a reply."),
            ngettext(
                "%(n)d challenge of a patient leader has no reply yet.",
                "%(n)d challenges of patient leaders have no reply yet.",
                unanswered,
            ),
            blocks=True,
        ),
        _check(
            "not-dated",
            counts.not_dated,
            _("Of every activity somebody has said when it ran."),
            ngettext(
                "Of %(n)d activity nobody has said when it ran, so it fills nothing on the map.",
                "Of %(n)d activities nobody has said when they ran, so they fill nothing on the map.",
                counts.not_dated,
            ),
        ),
        _check(
            "part-not-recorded",
            counts.part_not_recorded,
            _("Of every live activity somebody has said what part people had."),
            ngettext(
                "For %(n)d live activity nobody has said what part people had.",
                "For %(n)d live activities nobody has said what part people had.",
                counts.part_not_recorded,
            ),
        ),
        _check(
            "overdue",
            len(overdue),
            _("No answer to a gap is overdue."),
            ngettext("%(n)d answer to a gap is overdue.", "%(n)d answers to gaps are overdue.", len(overdue)),
        ),
        _check(
            "late-actions",
            late,
            _("No action of the board is overdue."),
            ngettext("%(n)d action of the board is overdue.", "%(n)d actions of the board are overdue.", late),
        ),
        _check(
            "no-aim",
            aimless,
            _("The board has said what it wants of each place."),
            ngettext(
                "The board has not said what it wants of %(n)d place.",
                "The board has not said what it wants of %(n)d places.",
                aimless,
            ),
        ),
    ]


def _check(slug: str, count: int, none: str, some: str, *, blocks: bool = False, **words) -> dict:
    sentence = some % {"n": count, **words} if count else none
    return {"slug": slug, "sentence": sentence, "count": count, "blocks": blocks and bool(count)}


def _listing(words: list[str]) -> str:
    if len(words) < 2:
        return "".join(words)
    return _("%(some)s and %(last)s") % {"some": ", ".join(words[:-1]), "last": words[-1]}


# Gaps and answers ---------------------------------------------------------------------------------------------------


def _of_scope(row: Response, asked: Asked) -> bool:
    return asked.service is None or row.service_id == asked.service.pk


def _is_overdue(row: Response, as_at: date) -> bool:
    ended = row.ended_on is not None and row.ended_on <= as_at
    return not ended and row.due_on is not None and row.due_on < as_at


def identity(service: str | None, place: str, facet: str) -> str:
    """Return the one name that a gap has in every audit: "*|owners|owners/strategy", "maternity|users|"."""
    return f"{service or WHOLE}|{place}|{facet}"


def _gaps(viewer: Viewer, asked: Asked, shown: OrganisationMap) -> list[dict]:
    organisation = viewer.organisation
    services = {service.pk: service for service in organisation.services.all()}
    answers = list(organisation.responses.filter(made_on__lte=asked.as_at).order_by("made_on", "id"))
    acts, seen, taken = board.action_ids(viewer, asked), _first_seen(organisation, asked), set()
    found = []
    for rank, gap in enumerate(shown.gaps, 1):
        service = services.get(gap.service)
        name = identity(service and service.slug, gap.place, gap.facet)
        mine = [row for row in answers if _speaks_to(row, gap) and row.pk not in taken]
        taken |= {row.pk for row in mine}
        found.append(
            {
                "identity": name,
                "kind": gap.kind,
                "sentence": f"{service.name}: {gap.title}" if service and asked.service is None else gap.title,
                "rank": rank,
                "responses": [_response(row, asked.as_at, acts) for row in mine],
                "first_seen": seen.get(name),
            }
        )
    return found


def _speaks_to(row: Response, gap) -> bool:
    """Return whether an answer is about ``gap``: the same cell, a way of a place that is empty as a whole, or the
    whole place, which was empty when it was given."""
    return (row.service_id, row.place) == (gap.service, gap.place) and (
        gap.facet in ("", row.facet) or not row.facet
    )


def _response(row: Response, as_at: date, acts: dict[int, list[int]]) -> dict:
    return {
        "id": row.pk,
        "kind": row.kind,
        "kind_title": str(row.get_kind_display()),
        "reason": row.reason,
        "owner": row.owner,
        "due_on": _iso(row.due_on),
        "made_on": row.made_on.isoformat(),
        "ended_on": _iso(row.ended_on) if row.ended_on and row.ended_on <= as_at else None,
        "overdue": _is_overdue(row, as_at),
        "actions": acts.get(row.pk, []),
    }


def _first_seen(organisation: Organisation, asked: Asked) -> dict[str, str]:
    """Return the day of the earliest signed audit of this scope, before the day asked about, that held each gap."""
    earlier = organisation.audits.signed().filter(service=asked.service, as_at__lt=asked.as_at).order_by("as_at", "pk")
    seen: dict[str, str] = {}
    for day, content in earlier.values_list("as_at", "snapshot__content"):
        for gap in json.loads(content)["gaps"]:
            seen.setdefault(gap["identity"], day.isoformat())
    return seen


# What people changed ------------------------------------------------------------------------------------------------


def _changes_by(organisation: Organisation, asked: Asked) -> list[Change]:
    """Return every change of the scope that was decided by the day, with the evidence that stood then; newest first."""
    evidence = organisation.evidence.filter(Q(dated_on=None) | Q(dated_on__lte=asked.as_at)).filter(
        Q(withdrawn_on=None) | Q(withdrawn_on__gt=asked.as_at)
    )
    return list(
        organisation.changes.filter(decided_on__lte=asked.as_at, activity__in=_in_scope(organisation, asked))
        .select_related("activity")
        .prefetch_related(
            Prefetch("evidence", evidence.select_related("file").order_by("id"), to_attr="standing"),
            Prefetch("facets", organisation.change_facets.order_by("id"), to_attr="speaks_for"),
        )
        .order_by("-decided_on", "-id")
    )


def _in_scope(organisation: Organisation, asked: Asked):
    """Return the listed activities that the map of the scope counts."""
    listed = organisation.activities.listed()
    if asked.service is None:
        return listed
    naming = organisation.activity_services.filter(service=asked.service).values("activity")
    return listed.filter(Q(service=asked.service) | Q(pk__in=naming))


def _grade(change: Change) -> int:
    return max((GRADES[each.kind] for each in change.standing), default=0)


def _what_came(changes: list[Change], asked: Asked) -> dict[str, list[dict]]:
    """Return what was decided in the period: changed with proof, changed by our word only, refused."""
    grades = {grade.number: grade.title for grade in catalogue().grades}
    found: dict[str, list[dict]] = {"changed": [], "only_said": [], "refused": []}
    for change in changes:
        if not asked.period_from <= change.decided_on <= asked.period_to:
            continue
        grade = _grade(change)
        if change.outcome == Change.Outcome.REFUSED:
            heap = "refused"
        elif change.outcome in (Change.Outcome.CHANGED, Change.Outcome.PARTLY):
            heap = "changed" if grade >= GRADES["document"] else "only_said"
        else:
            continue
        found[heap].append(
            {
                "activity_id": change.activity_id,
                "activity": change.activity.title,
                "asked": change.asked,
                "decision_point": change.decision_point,
                "what": change.what,
                "why": change.why,
                "decided_on": change.decided_on.isoformat(),
                "told_on": _iso(change.told_on) if change.told_on and change.told_on <= asked.as_at else None,
                "grade": grade,
                "grade_title": grades[grade],
                "facets": [_way(row.facet) for row in change.speaks_for],
                "evidence": [
                    {
                        "kind_title": str(each.get_kind_display()),
                        "words": _evidence_words(each),
                        "dated_on": _iso(each.dated_on),
                    }
                    for each in change.standing
                ],
            }
        )
    return found


def _evidence_words(each) -> str:
    words = [each.reference, each.link, each.file.name if each.file else "", each.corroborated_by]
    if each.corroborator_id and not each.corroborated_by:
        words.append(_("a member of this organisation who did not write it"))
    return ", ".join(word for word in words if word)


# The list -----------------------------------------------------------------------------------------------------------


def _activities(organisation: Organisation, asked: Asked, changes: list[Change]) -> list[dict]:
    content, day = catalogue(), asked.as_at
    services = dict(organisation.services.values_list("pk", "name"))
    grades: dict[int, int] = defaultdict(int)
    for change in changes:
        grades[change.activity_id] = max(grades[change.activity_id], _grade(change))
    rows = with_state(_in_scope(organisation, asked), organisation, day)
    readings = {
        row.activity_id: row
        for row in organisation.classifications.filter(kind="leader", void_at=None)
        .filter(Q(from_on=None) | Q(from_on__lte=day), Q(until=None) | Q(until__gt=day))
        .prefetch_related(Prefetch("placements", organisation.placements.order_by("id"), to_attr="ways"))
    }
    groups: dict[int, list[str]] = defaultdict(list)
    named = organisation.activity_groups.order_by("group").values_list("activity", "group")
    for activity, group in named:
        groups[activity].append(content.groups.get(group, group))
    return [
        _activity(row, readings.get(row.pk), services, groups[row.pk], grades[row.pk])
        for row in rows.order_by("title", "pk")
    ]


def _activity(row: Activity, reading, services: dict[int, str], groups: list[str], grade: int) -> dict:
    content = catalogue()
    ways = sorted(
        (way for way in reading.ways if way.facet in content.facets) if reading else (),
        key=lambda way: content.facets[way.facet].order,
    )
    asked = [way.part for way in ways if COUNTS[content.facets[way.facet].place].parts]
    return {
        "id": row.pk,
        "reference": row.reference or "",
        "title": row.title,
        "service": services.get(row.service_id, _("Trust-wide")),
        "status_title": str(STATE_TITLES[State(row.state)]),
        "state": row.state,
        "place": reading.primary_place if reading else "",
        "place_title": place_title(reading.primary_place) if reading else _("No place yet"),
        "claim": place_title(reading.claim) if reading and reading.claim else "",
        "facets": [_way(way.facet) for way in ways],
        "part": content.parts[max(asked, key=PART_ORDER.index)] if asked else "",
        "started": _iso(row.started_on),
        "ended": _iso(row.ended_on),
        "groups": groups,
        "grade": grade,
        "contested": bool(reading and reading.contested),
        "why": _why_placed(reading),
    }


def _why_placed(reading) -> str:
    """Return why it stands where it does: the reason that was written, else what the answers pointed to."""
    if reading is None:
        return ""
    if reading.reason:
        return reading.reason
    if reading.answers and reading.suggested_place and reading.primary_place != NOT_INVOLVEMENT:
        return " ".join(suggest(reading.answers, placed=reading.primary_place).reasons)
    return reading.source


def _withdrawn(organisation: Organisation, asked: Asked) -> list[dict]:
    """Return what was taken off the list up to the day it is taken: who, when and why. Since the period began, or
    since the signed audit before, whichever is earlier, so that from audit to audit nothing goes without a word."""
    earlier = organisation.audits.signed().filter(service=asked.service, as_at__lt=asked.as_at).order_by("-as_at")
    last = earlier.values_list("as_at", flat=True).first()
    since = min(asked.period_from, last or asked.period_from)
    gone = organisation.activities.exclude(withdrawn_on=None).filter(withdrawn_on__gte=since)
    if asked.service is not None:
        naming = organisation.activity_services.filter(service=asked.service).values("activity")
        gone = gone.filter(Q(service=asked.service) | Q(pk__in=naming))
    gone = list(gone.order_by("withdrawn_on", "pk"))
    histories = Activity.history.model.objects.filter(
        organisation=organisation, id__in=[row.pk for row in gone], withdrawn_on__isnull=False
    )
    who: dict[tuple, int | None] = {}
    for pk, day, user in histories.order_by("history_id").values_list("id", "withdrawn_on", "history_user"):
        who.setdefault((pk, day), user)
    return [
        {
            "id": row.pk,
            "title": row.title,
            "on": row.withdrawn_on.isoformat(),
            "reason": row.withdrawn_reason,
            "by": who.get((row.pk, row.withdrawn_on)),
        }
        for row in gone
    ]


# Method and limits --------------------------------------------------------------------------------------------------


def _method(asked: Asked, shown: OrganisationMap) -> list[str]:
    names = {"day": _in_words(asked.as_at), "taken": _in_words(today()), "version": shown.framework_version}
    return [
        _("This is the organisation’s own list of the activities in which citizens take part. It shows how things stood"
          " on %(day)s, judged with what was known on %(taken)s.") % names,
        _("Each activity was placed by a member of the organisation, by what happened and not by what it was called."
          " Citizens have a voice as owners and as users, a choice as choosers, and share the work as coproducers."),
        _("A way to take part is “in place” only when something runs, people had the part that the place needs, and a"
          " document or people themselves show what came of it. An open activity runs as long as somebody has said so"
          " within 12 months."),
        _("“Missing” is said only where a person has said that the list is complete. Elsewhere nothing is recorded,"
          " which is neither good news nor bad."),
        _("Proof has four grades: nothing, our word, a document, and people confirm it. Our word alone proves nothing"
          " here."),
        _("It was counted by version %(version)s of the framework, by rules that anybody can read.") % names,
    ]  # fmt: skip


def _limits(asked: Asked, shown: OrganisationMap, checklist: list[dict]) -> list[str]:
    said = [
        _("What nobody entered is not here, and what was entered was not checked by anybody outside, unless a document"
          " or the people who took part are named beside it."),
        _("The number of activities says nothing of how many people they reached, or of how well they were done."),
    ]  # fmt: skip
    said += [row["sentence"] for row in checklist if row["blocks"]]
    if asked.although:
        said.append(_("The board went on although this was so, because: %(reason)s") % {"reason": asked.although})
    if shown.corrections:
        said.append(
            ngettext(
                "%(n)d correction made after %(day)s is taken into account.",
                "%(n)d corrections made after %(day)s are taken into account.",
                shown.corrections,
            )
            % {"n": shown.corrections, "day": _in_words(asked.as_at)}
        )
    if shown.activities.contested:
        said.append(
            ngettext(
                "%(n)d activity is contested: people who know the field place it differently.",
                "%(n)d activities are contested: people who know the field place them differently.",
                shown.activities.contested,
            )
            % {"n": shown.activities.contested}
        )
    return said
