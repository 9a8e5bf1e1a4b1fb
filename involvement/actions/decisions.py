"""The major or ethically hard decisions of a board's year, and through which activities people took part in them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from django.utils.translation import gettext as _

from involvement.access import Permission
from involvement.actions.base import Refused, once, require, take, today, writing
from involvement.models import Activity, Decision, DecisionActivity, Organisation, User

A_YEAR = 10  # decisions a board's year: the ones that matter most, or the list shows nothing
LONGEST_WHY = 2_000  # characters


def year_of(day: date) -> int:
    """Return the board's year of ``day`` by the calendar year in which it began: it runs from April to March."""
    return day.year - (day.month < 4)


def year_bounds(year: int) -> tuple[date, date]:
    """Return the first and the last day of a board's year."""
    return date(year, 4, 1), date(year + 1, 3, 31)


def list_decision(
    *, organisation: Organisation, by: User, title: str, decided_on: date, body: str, why: str, key: UUID | None = None
) -> Decision:
    """Put a decision on the list. Who took part is said after (say_who_took_part).

    Raises PermissionDenied (board members and leads), or Refused with a sentence per field: for an eleventh in one
    board's year too.
    """
    require(organisation, by, Permission.DECISION_LIST)
    words = {"title": title, "decided_on": decided_on, "body": body, "why": why}
    _refuse_wrong(words)

    def write() -> dict:
        with writing(organisation):
            decision = Decision(organisation=organisation, recorded_by=by)
            _fill(decision, words, by)
        return {"decision": decision.pk}

    return organisation.decisions.get(pk=once(organisation=organisation, by=by, key=key, write=write)["decision"])


def edit_decision(
    *, decision: Decision, by: User, version: int, title: str, decided_on: date, body: str, why: str
) -> Decision:
    """Change the words of a decision. Raises Conflict on an old ``version``, and as list_decision does."""
    require(decision.organisation, by, Permission.DECISION_LIST)
    words = {"title": title, "decided_on": decided_on, "body": body, "why": why}
    _refuse_wrong(words)
    with writing(decision.organisation):
        current = _standing(decision, version)
        _fill(current, words, by)
    return current


def say_who_took_part(*, decision: Decision, by: User, version: int, activities: Iterable[Activity]) -> Decision:
    """Say through which activities people from outside the staff took part: exactly these; none means nobody.

    Raises PermissionDenied, Conflict on an old ``version``, Refused for an activity that is withdrawn or not ours.
    """
    organisation = decision.organisation
    require(organisation, by, Permission.DECISION_LIST)
    wanted = {each.pk: each for each in activities}
    if any(each.organisation_id != organisation.pk or each.withdrawn_on for each in wanted.values()):
        raise Refused({"activities": _("Choose from the activities in the list.")})
    with writing(organisation):
        current = _standing(decision, version)
        known = {row.activity_id: row for row in organisation.decision_activities.filter(decision=current)}
        for pk in known.keys() - wanted.keys():
            known[pk]._history_user = by
            known[pk].delete()
        for pk in wanted.keys() - known.keys():
            row = DecisionActivity(
                organisation=organisation, recorded_by=by, decision=current, activity=wanted[pk]
            )
            row._history_user = by
            row.save()
        current._history_user = by
        current.save()
    return current


def withdraw_decision(*, decision: Decision, by: User, version: int, reason: str) -> Decision:
    """Take a decision off the list, with a reason that stays readable; its place in the year is free again.

    Raises PermissionDenied, Conflict on an old ``version``, or Refused without a reason and when it is withdrawn.
    """
    require(decision.organisation, by, Permission.DECISION_LIST)
    if not reason.strip():
        raise Refused({"reason": _("Say why.")})
    if len(reason.strip()) > 500:
        raise Refused({"reason": _("Use %(longest)d characters or fewer.") % {"longest": 500}})
    with writing(decision.organisation):
        current = _standing(decision, version)
        current.withdrawn_on, current.withdrawn_reason = today(), reason.strip()
        current._history_user = by
        current._change_reason = current.withdrawn_reason[:100]
        current.save()
    return current


def _standing(decision: Decision, version: int) -> Decision:
    current = take(decision, version)
    if current.withdrawn_on:
        raise Refused(_("This decision was withdrawn, so it cannot be changed."))
    return current


def _fill(decision: Decision, words: dict, by: User) -> None:
    year = year_of(words["decided_on"])
    others = decision.organisation.decisions.filter(withdrawn_on=None, decided_on__range=year_bounds(year))
    if others.exclude(pk=decision.pk).count() >= A_YEAR:
        raise Refused(
            {
                "decided_on": _(
                    "There are ten decisions in this year already. Ten are enough to see who took part in what matters"
                    " most: withdraw one first."
                )
            }
        )
    decision.title, decision.body = " ".join(words["title"].split()), " ".join(words["body"].split())
    decision.why, decision.decided_on = words["why"].strip(), words["decided_on"]
    decision._history_user = by
    decision.save()


def _refuse_wrong(words: dict) -> None:
    wrong = {}
    for name, longest, missing in (
        ("title", 200, _("Say what was decided.")),
        ("body", 150, _("Say who decided.")),
        ("why", LONGEST_WHY, _("Say why it is major or hard.")),
    ):
        if not words[name].strip():
            wrong[name] = missing
        elif len(words[name].strip()) > longest:
            wrong[name] = _("Use %(longest)d characters or fewer.") % {"longest": longest}
    if words["decided_on"] is None:
        wrong["decided_on"] = _("Enter the day it was decided.")
    elif words["decided_on"] > today():
        wrong["decided_on"] = _("The decision must be today or earlier.")
    if wrong:
        raise Refused(wrong)
