"""What a snapshot takes over from the board's own lists: decisions, actions, duties, mechanisms, reviews, dissent.

One function a list, each to plain data as README, "The snapshot", says it. Decisions, duties and mechanisms are the
organisation's, so the snapshot of one service holds none.
"""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from involvement.access import Viewer
from involvement.actions.base import today
from involvement.assessments import assessed_of
from involvement.board_actions import ActionRow, ActionState, action_rows
from involvement.challenges import ChallengeRow, challenge_rows
from involvement.decisions import decision_rows
from involvement.duties import Bearing, duty_rows, mechanism_rows, without
from involvement.maps import OrganisationMap
from involvement.models import Organisation
from involvement.reviews import results


def decisions(viewer: Viewer, asked) -> list[dict]:
    """Return the major or hard decisions of the period, each with the activities through which people took part."""
    if asked.service is not None:
        return []
    return [
        {
            "title": row.decision.title,
            "decided_on": row.decision.decided_on.isoformat(),
            "body": row.decision.body,
            "why": row.decision.why,
            "took_part": [
                {"id": each.activity.pk, "title": each.activity.title, "place_title": each.place_title}
                for each in row.took_part
            ],
        }
        for row in decision_rows(viewer, first=asked.period_from, last=asked.period_to)
    ]


def actions(viewer: Viewer, asked, shown: OrganisationMap) -> list[dict]:
    """Return the actions that were set by the day, those overdue first; ``shown`` is the map of that day."""
    rows = [
        row for row in action_rows(viewer, on=asked.as_at, organisation_map=shown)
        if asked.service is None or row.action.service_id == asked.service.pk
    ]  # fmt: skip
    return [_action(row) for row in sorted(rows, key=lambda row: (not row.overdue, row.due_on, row.action.pk))]


def _action(row: ActionRow) -> dict:
    service = row.action.service
    return {
        "id": row.action.pk,
        "what": row.action.what,
        "owner": row.action.owner,
        "due_on": row.due_on.isoformat(),
        "state": row.state.value,
        "overdue": row.overdue,
        "cell_title": f"{service.name}: {row.about}" if service else row.about,
        "set_on": row.set_on.isoformat(),
        "closed_on": row.closed_on.isoformat() if row.closed_on else None,
        "evidence": _shown_by(row.evidence),
        "reopened": row.state is ActionState.REOPENED,
        "lapsed_again": row.lapsed_again,
        "dropped_because": row.steps[-1].note if row.state is ActionState.DROPPED else "",
    }


def _shown_by(step) -> str:
    """Return in words what shows an action done: what was said, and where to look; "" when it is not done."""
    if step is None:
        return ""
    words = (step.note, step.reference, step.link, step.file.name if step.file else "")
    return ", ".join(word for word in words if word)


def action_ids(viewer: Viewer, asked) -> dict[int, list[int]]:
    """Return the ids of the actions of each response that were set by the day, by the response's id."""
    found: dict[int, list[int]] = {}
    set_by = viewer.organisation.action_steps.filter(kind="set", on__lte=asked.as_at).values("action")
    named = viewer.organisation.actions.filter(response__isnull=False, pk__in=set_by).order_by("pk")
    for pk, response in named.values_list("pk", "response"):
        found.setdefault(response, []).append(pk)
    return found


def duties(asked, shown: OrganisationMap) -> list[dict]:
    """Return the duties that an organisation of this kind and nation is under, with what bears on each."""
    if asked.service is not None:
        return []
    return [
        {
            "title": row.duty.title,
            "citation": row.duty.citation,
            "as_at": row.duty.as_at.isoformat(),
            "review_by": row.duty.review_by.isoformat(),
            "check": row.check,
            "bears": [_bearing(each) for each in row.bears],
        }
        for row in duty_rows(shown, on=today())
    ]


def _bearing(each: Bearing) -> str:
    live = ngettext("%(n)d live activity", "%(n)d live activities", each.number) % {"n": each.number}
    ways = _("%(n)d of %(m)d ways in place") % {"n": each.in_place, "m": each.of}
    return f"{each.title}: {live}, {ways}"


def mechanisms(viewer: Viewer, asked, shown: OrganisationMap) -> list[dict]:
    """Return what listed activities rest on, and the ways in which nothing live would be left without each."""
    if asked.service is not None:
        return []
    return [
        {
            "slug": row.mechanism.slug,
            "title": row.mechanism.title,
            "activities": row.number,
            "cells_lost": [
                f"{lost.place.title}: {lost.facet.title.lower()}"
                for lost in without(viewer, row.mechanism.slug, shown)
                if lost.vanishes
            ],
        }
        for row in mechanism_rows(viewer)
        if row.number
    ]


def open_challenges(viewer: Viewer, asked) -> list[ChallengeRow]:
    """Return the challenges in the audit's scope that are open as at its day."""
    rows = [row for row in challenge_rows(viewer, on=asked.as_at) if row.is_open]
    if asked.service is None:
        return rows
    own = asked.service.pk
    return [
        row
        for row in rows
        if own in (row.challenge.service_id, row.challenge.activity and row.challenge.activity.service_id)
    ]


def reviews(viewer: Viewer, asked) -> list[dict]:
    """Return what patient leaders saw in the review rounds that ended in the period. A few queries a round."""
    organisation = viewer.organisation
    ended = organisation.review_rounds.filter(closed_on__range=(asked.period_from, asked.period_to))
    if asked.service is not None:
        ended = ended.filter(service=asked.service)
    return [_round(viewer, each) for each in ended.select_related("service").order_by("closed_on", "pk")]


def _round(viewer: Viewer, round_) -> dict:
    found = results(viewer, round_)
    people = viewer.organisation.round_reviewers.filter(round=round_)
    return {
        "id": round_.pk,
        "title": round_.title,
        "service": round_.service.name if round_.service else None,
        "opened_on": round_.opened_on.isoformat(),
        "closed_on": round_.closed_on.isoformat(),
        "activities": len(found.activities),
        "compared": sum(row.compared for row in found.by_place),
        "same": sum(row.same for row in found.by_place),
        "by_place": {row.slug: [row.same, row.compared] for row in found.by_place},
        "called": found.called.compared if found.called else 0,
        "called_same": found.called.same if found.called else 0,
        "reviewers": people.filter(tasks__answered_at__isnull=False).distinct().count(),
        "sentences": [f"{said} {agreed}" for said, agreed in found.sentences],
        "differences": [
            {
                "id": each.activity.pk,
                "activity": each.activity.title,
                "said": each.place_title,
                "seen": each.seen_title,
                "answers": [[title, number] for title, number in each.tally],
            }
            for each in found.activities
            if each.elsewhere
        ],
        "untold": len(found.untold),
        "removed": [
            {"on": on.isoformat(), "reason": reason}
            for on, reason in people.exclude(removed_on=None)
            .order_by("removed_on", "pk")
            .values_list("removed_on", "removed_because")
        ],
    }


def took_part(asked, organisation: Organisation, activities: list[dict]) -> list[dict]:
    """Return what people who took part in ``activities`` say of them, in whole fives. One query."""
    found = assessed_of(organisation, link__opened_on__lte=asked.as_at)
    return [
        {
            "id": row["id"],
            "activity": row["title"],
            "people": found[row["id"]].people,
            "sentence": found[row["id"]].sentence,
            "scales": [
                {
                    "question": str(each.scale.question),
                    "low": str(each.scale.low),
                    "high": str(each.scale.high),
                    "counts": list(each.counts),
                    "unsure": each.unsure,
                }
                for each in found[row["id"]].answers
            ],
        }
        for row in activities
        if row["id"] in found
    ]


def dissent(viewer: Viewer, asked) -> list[dict]:
    """Return what patient leaders disagree with, in their own words and in full: every challenge that is open."""
    return [
        {
            "id": str(row.challenge.pk),
            "activity": row.about,
            "kind_title": str(row.challenge.get_kind_display()),
            "by": row.challenge.recorded_by_id,
            "words": row.challenge.words,
            "made_on": row.challenge.made_on.isoformat(),
            "due_on": row.due_on.isoformat() if row.due_on else None,
            "overdue": row.overdue,
            "reply": row.reply.words if row.reply else "",
            "replied_on": row.reply.on.isoformat() if row.reply else None,
            "state": row.state_title,
        }
        for row in open_challenges(viewer, asked)
    ]
