"""Formal disagreement: patient leaders challenge what the organisation says, and it owes them a reply by a day.

Nobody but the challenger says that a challenge is settled, unless the organisation accepts it and shows what it
changed. Nothing of one is ever edited or deleted.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from framework.catalogue import catalogue
from involvement.access import KEEPERS, Permission, Role
from involvement.actions.base import Refused, once, require, today, writing
from involvement.actions.responses import wrong_cell
from involvement.models import (
    Activity,
    Challenge,
    ChallengeStep,
    Change,
    Classification,
    Organisation,
    ReplyDue,
    Response,
    ReviewTask,
    Service,
    User,
)

LONGEST = 4000  # characters of anything that is said here
Kind, Step = Challenge.Kind, ChallengeStep.Kind
OF_AN_ACTIVITY = (Kind.PLACE, Kind.GRADE, Kind.HAPPENED)


def make_challenge(
    *,
    organisation: Organisation,
    by: User,
    kind: str,
    words: str,
    activity: Activity | None = None,
    change: Change | None = None,
    response: Response | None = None,
    service: Service | None = None,
    place: str = "",
    facet: str = "",
    task: ReviewTask | None = None,
    key: UUID | None = None,
    on: date | None = None,
) -> Challenge:
    """Put a challenge on record; the organisation owes a reply within its ``reply_days``.

    ``kind`` "place", "grade" and "how-it-happened" are about an ``activity`` (a grade about one ``change`` of it),
    "missing" about a cell (``service``, ``place``, ``facet``), "not-needed" about a ``response`` of that kind. ``on``
    is the day it was made, today unless told otherwise, never later; so with what follows. Raises PermissionDenied for
    whoever is no patient leader, or keeps the register too; Refused with a sentence per field.
    """
    require(organisation, by, Permission.CHALLENGE)
    if _roles(organisation, by) & KEEPERS:
        raise PermissionDenied
    wrong = _wrong_words(words)
    if kind not in Kind.values:
        wrong["kind"] = _("Choose what you disagree with.")
    elif kind in OF_AN_ACTIVITY:
        if activity is None or activity.organisation_id != organisation.pk or activity.withdrawn_on:
            wrong["kind"] = _("There is no such activity here.")
        elif kind == Kind.PLACE and not _reading(activity):
            wrong["kind"] = _("The organisation has not said yet where this belongs.")
        elif kind == Kind.GRADE and (change is None or change.activity_id != activity.pk):
            wrong["kind"] = _("Choose which record of what came of it you mean.")
        service, place, facet, response = None, "", "", None
    elif kind == Kind.MISSING:
        wrong |= wrong_cell(organisation, service, place, facet)
        activity = change = response = None
    else:
        if response is None or response.organisation_id != organisation.pk or not response.in_force(today()):
            wrong["kind"] = _("There is no such answer to a gap here.")
        elif response.kind != Response.Kind.NOT_NEEDED:
            wrong["kind"] = _("Only “not needed” can be challenged.")
        else:
            service, place, facet = response.service, response.place, response.facet
        activity = change = None
    wrong |= _wrong_day(on)
    if wrong:
        raise Refused(wrong)

    def write() -> dict:
        with writing(organisation):
            row = Challenge.objects.create(
                organisation=organisation, recorded_by=by, kind=kind, words=words.strip(), made_on=on or today(),
                activity=activity, change=change if kind == Kind.GRADE else None, response=response, service=service,
                place=place, facet=facet, task=task,
            )  # fmt: skip
            _owe(row, by, on or today())
        return {"challenge": str(row.pk)}

    return organisation.challenges.get(pk=once(organisation=organisation, by=by, key=key, write=write)["challenge"])


def reply(
    *,
    challenge: Challenge,
    by: User,
    kind: str,
    words: str,
    activity: Activity | None = None,
    key: UUID | None = None,
    on: date | None = None,
) -> ChallengeStep:
    """Reply for the organisation: "accept", "explain" or "ask".

    Accepting closes the challenge, so what it asks for has to be done first: the place corrected, the activity added
    (``activity``), the answer "not needed" ended; ``words`` say what was changed. Explaining leaves it to the
    challenger. Asking meets the reply that is owed; their answer makes another one due. Raises PermissionDenied, or
    Refused with a sentence per field, when it is closed too, or nothing is owed.
    """
    organisation = challenge.organisation
    require(organisation, by, Permission.CHALLENGE_REPLY)
    wrong = _wrong_words(words) | _wrong_day(on, challenge)
    if kind not in ChallengeStep.REPLIES:
        wrong["kind"] = _("Choose how you reply.")
    if wrong:
        raise Refused(wrong)

    def write() -> dict:
        with writing(organisation):
            current = _open(challenge)
            due = current.dues.filter(met_on=None).first()
            if due is None and kind != Step.ACCEPT:
                raise Refused(_("You have replied already. Now it is with the person who made the challenge."))
            shown = _shown(current, activity) if kind == Step.ACCEPT else {}
            step = _step(current, by, kind, words, on or today(), **shown)
            _meet(due, on or today())
            if kind == Step.ACCEPT:
                _close(current, on or today())
        return {"step": step.pk}

    pk = once(organisation=organisation, by=by, key=key, write=write, about=challenge)["step"]
    return organisation.challenge_steps.get(pk=pk)


def follow_up(
    *,
    challenge: Challenge,
    by: User,
    kind: str,
    words: str = "",
    key: UUID | None = None,
    on: date | None = None,
) -> ChallengeStep:
    """Go on as the challenger: "answer" what was asked, "close" it as settled, or let it "stand" after a reply.

    Raises PermissionDenied for anybody else, or Refused: nothing was asked, nothing was replied, or it is closed.
    """
    organisation = challenge.organisation
    require(organisation, by, Permission.CHALLENGE)
    if challenge.recorded_by_id != by.pk:
        raise PermissionDenied
    wrong = (_wrong_words(words) if kind == Step.ANSWER or words.strip() else {}) | _wrong_day(on, challenge)
    if wrong:
        raise Refused(wrong)

    def write() -> dict:
        with writing(organisation):
            current = _open(challenge)
            last = current.steps.order_by("-id").first()
            if kind == Step.ANSWER and (last is None or last.kind != Step.ASK):
                raise Refused(_("Nothing was asked of you that waits for an answer."))
            if kind == Step.STAND and (last is None or last.kind != Step.EXPLAIN):
                raise Refused(_("You can let it stand once the organisation has replied."))
            if kind not in (Step.ANSWER, Step.CLOSE, Step.STAND):
                raise Refused(_("Choose from the list."))
            step = _step(current, by, kind, words, on or today())
            if kind == Step.ANSWER:
                _owe(current, by, on or today())
            elif kind == Step.CLOSE:
                _meet(current.dues.filter(met_on=None).first(), on or today())
                _close(current, on or today())
        return {"step": step.pk}

    pk = once(organisation=organisation, by=by, key=key, write=write, about=challenge)["step"]
    return organisation.challenge_steps.get(pk=pk)


def _roles(organisation: Organisation, by: User) -> set[Role]:
    held = organisation.memberships.filter(user=by, until=None).values_list("role", flat=True)
    return {Role(role) for role in held}


def _wrong_words(words: str) -> dict[str, str]:
    if not words.strip():
        return {"words": _("Say it in your own words.")}
    if len(words.strip()) > LONGEST:
        return {"words": _("Use %(number)s characters or fewer") % {"number": LONGEST}}
    return {}


def _reading(activity: Activity) -> Classification | None:
    return activity.classifications.filter(kind="leader", until=None, void_at=None).first()


def _open(challenge: Challenge) -> Challenge:
    """Return the challenge as it is now, locked. Raises Refused when it is closed."""
    current = challenge.organisation.challenges.select_for_update().get(pk=challenge.pk)
    if current.closed_on is not None:
        raise Refused(_("This challenge is closed."))
    return current


def _wrong_day(on: date | None, challenge: Challenge | None = None) -> dict[str, str]:
    if on is not None and (on > today() or challenge is not None and on < challenge.made_on):
        return {"on": _("The day must be today or earlier, and not before the challenge.")}
    return {}


def _owe(challenge: Challenge, by: User, on: date) -> None:
    ReplyDue.objects.create(
        organisation=challenge.organisation, recorded_by=by, challenge=challenge, from_on=on,
        due_on=on + timedelta(days=challenge.organisation.reply_days),
    )  # fmt: skip


def _meet(due: ReplyDue | None, on: date) -> None:
    if due is not None:
        due.met_on = on
        due.save(update_fields=["met_on"])


def _close(challenge: Challenge, on: date) -> None:
    challenge.closed_on = on
    challenge.save(update_fields=["closed_on"])


def _step(challenge: Challenge, by: User, kind: str, words: str, on: date, **shown: Any) -> ChallengeStep:
    return ChallengeStep.objects.create(
        organisation=challenge.organisation, recorded_by=by, challenge=challenge, kind=kind, on=on,
        words=words.strip(), **shown,
    )  # fmt: skip


def _shown(challenge: Challenge, activity: Activity | None) -> dict[str, Any]:
    """Return what shows that an accepted challenge was acted on. Raises Refused where nothing does."""
    if challenge.kind == Kind.PLACE:
        reading = _reading(challenge.activity)
        if reading is None or reading.recorded_at <= challenge.recorded_at:
            raise Refused(_("Correct the place first. Then accept: your reply will lead to the new one."))
        return {"classification": reading}
    if challenge.kind == Kind.MISSING:
        if activity is None or activity.organisation_id != challenge.organisation_id or activity.withdrawn_on:
            raise Refused({"activity": _("Add it to the list first. Then choose it here.")})
        return {"activity": activity}
    if challenge.kind == Kind.NOT_NEEDED and challenge.response.in_force(today()):
        raise Refused(_("End the answer “not needed” first. Then accept."))
    return {}


def cell_words(place: str, facet: str) -> str:
    """Return where a cell is, in words: "Owners: strategy", "Owners" for the whole place."""
    known = catalogue()
    title = known.places[place].title
    return f"{title}: {known.facets[facet].title.lower()}" if facet in known.facets else title
