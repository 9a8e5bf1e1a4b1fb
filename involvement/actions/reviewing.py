"""Review rounds: opening one, the answers of patient leaders, taking somebody out, closing it.

Whoever keeps the register (leads and editors) never reviews, and never touches an answer: nobody does once it is given.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from involvement import sampling
from involvement.access import KEEPERS, ROLE_NAMES, Permission, Role
from involvement.actions.base import Refused, may, once, require, take, today, writing
from involvement.actions.classification import read_answers, write_reading
from involvement.models import (
    Classification,
    Organisation,
    ReviewRound,
    ReviewTask,
    RoundActivity,
    RoundReviewer,
    SecurityEvent,
    Service,
    User,
)

LONGEST_ROUND = timedelta(days=180)
MOST = 200  # activities in one round
LONGEST_WORDS = 4_000  # characters: what is not written, and each box of a draft
LONGEST_REASON = RoundReviewer._meta.get_field("removed_because").max_length


def possible_reviewers(organisation: Organisation) -> list[User]:
    """Return the patient leaders who keep no register, by name. One query."""
    keeping = organisation.memberships.filter(user=OuterRef("user"), role__in=KEEPERS, until=None)
    rows = organisation.memberships.filter(role=Role.PATIENT_LEADER, until=None, user__is_active=True)
    found = rows.exclude(Exists(keeping)).select_related("user").order_by("user__name", "user_id")
    return [row.user for row in found]


def frame_of(organisation: Organisation, service: Service | None, on: date) -> dict[int, tuple[str, int]]:
    """Return what can be drawn: id of an activity -> (its stratum, the id of the reading in force). Two queries.

    These are the listed activities that have a place on the day, of one service or of all, without those that wait in
    an open round: whoever answers there is told what the organisation says.
    """
    activities = organisation.activities.listed()
    if service is not None:
        named = organisation.activity_services.filter(service=service)
        activities = activities.filter(Q(service=service) | Q(pk__in=named.values("activity")))
    waiting = organisation.round_activities.filter(round__closed_on=None)
    readings = organisation.classifications.filter(
        Q(from_on=None) | Q(from_on__lte=on), Q(until=None) | Q(until__gt=on),
        kind=Classification.Kind.LEADER, void_at=None,
        activity__in=activities.exclude(pk__in=waiting.values("activity")),
    )  # fmt: skip
    rows = readings.values_list("activity", "activity__service", "primary_place", "pk")
    return {activity: (f"{its or 0}|{place}", reading) for activity, its, place, reading in rows}


def open_round(
    *,
    organisation: Organisation,
    by: User,
    title: str,
    size: int,
    each: int,
    reviewers: Iterable[User],
    due_on: date,
    service: Service | None = None,
    practise_first: bool = False,
    key: UUID | None = None,
    seed: str = "",
    on: date | None = None,
) -> ReviewRound:
    """Draw a fair sample of ``size`` activities and ask ``reviewers``, so that ``each`` people look at every one.

    ``seed`` is made by chance unless given, ``on`` is today unless given (tests and the example give them). Raises
    PermissionDenied (leads and board members), or Refused with a sentence per field.
    """
    require(organisation, by, Permission.ROUND_OPEN)
    on = on or today()

    def write() -> dict:
        with writing(organisation):
            people = _checked(organisation, title, size, each, reviewers, due_on, service, on)
            frame = frame_of(organisation, service, on)
            if not frame:
                raise Refused(_("There is nothing to draw from: no activity has a place, or all wait in an open round"))
            drawn = sampling.draw(((pk, stratum) for pk, (stratum, _reading) in frame.items()), size, the_seed)
            current = ReviewRound.objects.create(
                organisation=organisation, recorded_by=by, title=" ".join(title.split()), service=service,
                opened_on=on, due_on=due_on, size=len(drawn), each=each, seed=the_seed, practise_first=practise_first,
                frame={
                    "method": sampling.METHOD,
                    "activities": [[pk, stratum] for pk, (stratum, _reading) in sorted(frame.items())],
                },
            )  # fmt: skip
            common = {"organisation": organisation, "recorded_by": by, "round": current}
            RoundActivity.objects.bulk_create(
                RoundActivity(**common, activity_id=pk, stratum=frame[pk][0], classification_id=frame[pk][1])
                for pk in drawn
            )
            asked = {
                person.pk: RoundReviewer.objects.create(**common, person=person)
                for person in sorted(people, key=lambda person: person.pk)
            }
            given = sampling.assign(drawn, asked, each, the_seed)
            ReviewTask.objects.bulk_create(
                ReviewTask(**common, activity_id=pk, reviewer=asked[person], position=position)
                for person, mine in given.items()
                for position, pk in enumerate(mine, 1)
            )
            _record(current, by, "review-opened")
        return {"round": current.pk}

    the_seed = seed or secrets.token_hex(16)
    return organisation.review_rounds.get(pk=once(organisation=organisation, by=by, key=key, write=write)["round"])


def _checked(organisation, title, size, each, reviewers, due_on, service, on) -> list[User]:
    """Return the reviewers; raise Refused with what is wrong with a round that is to be opened."""
    wrong, people = {}, list(dict.fromkeys(reviewers))
    known = set(possible_reviewers(organisation))
    if not title.strip():
        wrong["title"] = _("Write a title")
    elif len(title.strip()) > ReviewRound._meta.get_field("title").max_length:
        wrong["title"] = _("Use 200 characters or fewer")
    if service is not None and service.organisation_id != organisation.pk:
        wrong["service"] = _("Choose one of your services")
    if size is None or not 1 <= size <= MOST:
        wrong["size"] = _("Enter a number from 1 to %(most)d") % {"most": MOST}
    if not people:
        wrong["reviewers"] = _("Choose who reviews")
    elif set(people) - known:
        wrong["reviewers"] = _("Only patient leaders review, and nobody who is also a lead or an editor")
    if each is None or each < 1:
        wrong["each"] = _("Enter 1 or more")
    elif people and each > len(people):
        words = ngettext("You chose %(n)d person", "You chose %(n)d people", len(people)) % {"n": len(people)}
        wrong["each"] = _("%(words)s, so no more can look at each activity") % {"words": words}
    if due_on is None or not on < due_on <= on + LONGEST_ROUND:
        wrong["due_on"] = _("The day must be after today, and within six months")
    if wrong:
        raise Refused(wrong)
    return people


def save_draft(*, task: ReviewTask, by: User, version: int, draft: Mapping[str, Any]) -> ReviewTask:
    """Keep what a reviewer has answered so far: field -> what stands in it. Nobody else ever sees it.

    Raises PermissionDenied and Refused as answer_task does, Conflict on an old ``version``.
    """
    organisation = task.organisation
    with writing(organisation):
        current = _mine(task, by, version)
        current.draft = {name: value for name, value in draft.items() if value not in (None, "", [], {})}
        if any(len(text) > LONGEST_WORDS for text in _texts(current.draft)):
            raise Refused(_("Use fewer words in one of the boxes: nothing longer than a page is kept"))
        current.save(update_fields=["draft", "version"])
    return current


def answer_task(
    *,
    task: ReviewTask,
    by: User,
    version: int,
    took_part: bool | None,
    answers: Mapping[str, Any] | None = None,
    place: str | None = None,
    reason: str = "",
) -> ReviewTask:
    """Write a reviewer's own reading of an activity, beside the organisation's. It can never be changed.

    ``answers``, ``place`` and ``reason`` are as actions.classification.classify takes them; ``took_part`` says whether
    the reviewer was part of the activity. Raises PermissionDenied for whoever was not asked, Refused with a sentence
    per field and for what is answered or closed already, Conflict on an old ``version``.
    """
    with writing(task.organisation):
        current = _mine(task, by, version)
        reading = read_answers(answers, "", place, None, reason)
        if took_part is None:
            raise Refused({"took_part": _TOOK_PART})
        current.classification = write_reading(
            current.activity, by, reading, reason=reason, kind=Classification.Kind.REVIEW
        )
        _answered(current, ReviewTask.Outcome.PLACED, took_part)
    return current


def cannot_tell(*, task: ReviewTask, by: User, version: int, took_part: bool | None, missing: str) -> ReviewTask:
    """Answer that the record does not say enough; ``missing`` tells the organisation what to write. Raises as above."""
    with writing(task.organisation):
        current = _mine(task, by, version)
        wrong = {"took_part": _TOOK_PART} if took_part is None else {}
        if not missing.strip():
            wrong["missing"] = _("Say what is not written, so that they know what to add")
        elif len(missing.strip()) > LONGEST_WORDS:
            wrong["missing"] = _("Use %(number)s characters or fewer") % {"number": LONGEST_WORDS}
        if wrong:
            raise Refused(wrong)
        current.missing = missing.strip()
        _answered(current, ReviewTask.Outcome.CANNOT_TELL, took_part)
    return current


_TOOK_PART = gettext_lazy("Say whether you took part in it yourself")


def _mine(task: ReviewTask, by: User, version: int) -> ReviewTask:
    """Return the task under a lock, where ``by`` may still answer it. Call it inside ``writing``."""
    current = take(task, version)
    organisation, reviewer = current.organisation, current.reviewer
    if reviewer.person_id != by.pk or reviewer.removed_on is not None or not may(organisation, by, Permission.REVIEW):
        raise PermissionDenied
    if keeps_the_register(organisation, by):
        raise PermissionDenied
    if current.answered_at is not None:
        raise Refused(_("You have answered this one. An answer cannot be changed"))
    if current.round.closed_on is not None:
        raise Refused(_("This round is closed"))
    if must_practise(current.round, by):
        raise Refused(_("Practise first: it takes about 20 minutes"))
    return current


def keeps_the_register(organisation: Organisation, person: User) -> bool:
    """Return whether ``person`` is a lead or an editor today. One query."""
    return organisation.memberships.filter(user=person, role__in=KEEPERS, until=None).exists()


def must_practise(round_: ReviewRound, person: User) -> bool:
    """Return whether ``person`` has to practise before reviewing in this round. At most one query."""
    if not (round_.practise_first or round_.organisation.practise_first):
        return False
    return not round_.organisation.practise_runs.filter(person=person).exclude(finished_at=None).exists()


def _answered(task: ReviewTask, outcome: str, took_part: bool) -> None:
    task.outcome, task.took_part, task.draft, task.answered_at = outcome, took_part, {}, timezone.now()
    task.save()


def _texts(value):
    if isinstance(value, dict | list | tuple):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _texts(each)
    else:
        yield str(value)


def remove_reviewer(*, reviewer: RoundReviewer, by: User, reason: str) -> RoundReviewer:
    """Take somebody out of an open round, with a reason that everybody reads. What they answered stays and counts.

    What they have not answered falls away. Raises PermissionDenied (leads and board members), or Refused without a
    reason and when the round is closed. Doing it twice changes nothing.
    """
    organisation, reason = reviewer.organisation, " ".join(reason.split())
    require(organisation, by, Permission.ROUND_OPEN)
    if not reason:
        raise Refused({"reason": _("Say why. Everybody who reads this round’s results reads it")})
    if len(reason) > LONGEST_REASON:
        raise Refused({"reason": _("Use %(number)s characters or fewer") % {"number": LONGEST_REASON}})
    with writing(organisation):
        current = organisation.round_reviewers.select_for_update().select_related("round").get(pk=reviewer.pk)
        if current.removed_on is None:
            if current.round.closed_on is not None:
                raise Refused(_("This round is closed, so nobody can be taken out of it"))
            _take_out(current, by, reason)
    return current


def role_changed(
    *, organisation: Organisation, person: User, by: User | None, role: str, given: bool, reason: str = ""
) -> None:
    """Take ``person`` out of the open rounds where a role that they were given or lost ends their reviewing.

    Called with each such change, inside ``writing``. Whoever changed the role is said to have taken them out.
    """
    if given and role in KEEPERS:
        words = _("Became %(role)s here, and whoever keeps the list does not review it blind") % {
            "role": str(ROLE_NAMES[Role(role)]).lower()
        }
    elif not given and role == Role.PATIENT_LEADER:
        words = reason or _("Is no longer a patient leader here")
    else:
        return
    rows = organisation.round_reviewers.filter(person=person, removed_on=None, round__closed_on=None)
    for row in rows.select_for_update().select_related("round"):
        _take_out(row, by or person, words[:LONGEST_REASON])


def _take_out(reviewer: RoundReviewer, by: User, reason: str) -> None:
    reviewer.removed_on, reviewer.removed_by, reviewer.removed_because = today(), by, reason
    reviewer.save(update_fields=["removed_on", "removed_by", "removed_because"])
    reviewer.tasks.filter(organisation_id=reviewer.organisation_id, answered_at=None).update(draft={})
    _record(reviewer.round, by, "reviewer-removed", user=reviewer.person_id, reason=reason)


def awaited(round_: ReviewRound) -> int:
    """Return how many answers are still to come from those who are in the round. One query."""
    return round_.organisation.review_tasks.filter(
        round=round_, answered_at=None, reviewer__removed_on=None
    ).count()


def close_round(*, round_: ReviewRound, by: User) -> ReviewRound:
    """Close a round, so that its results can be read. Doing it twice changes nothing.

    Raises PermissionDenied (leads and board members), and Refused before its day while an answer is awaited: nobody
    is cut short.
    """
    organisation = round_.organisation
    require(organisation, by, Permission.ROUND_OPEN)
    with writing(organisation):
        current = organisation.review_rounds.select_for_update().get(pk=round_.pk)
        if current.closed_on is None:
            if (left := awaited(current)) and today() <= current.due_on:
                words = ngettext("%(n)d answer is still to come", "%(n)d answers are still to come", left) % {"n": left}
                raise Refused(_("%(words)s, and people were given until that day") % {"words": words})
            current.closed_on, current.closed_by = today(), by
            current.save(update_fields=["closed_on", "closed_by"])
            _record(current, by, "review-closed", unanswered=left)
    return current


def _record(round_: ReviewRound, by: User | None, kind: str, **more) -> None:
    SecurityEvent.objects.create(
        organisation=round_.organisation, actor=by, kind=kind, detail={"round": round_.pk, **more}
    )
