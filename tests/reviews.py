"""Review rounds for tests, opened and answered through actions."""

from __future__ import annotations

from datetime import timedelta

from involvement.access import Role
from involvement.actions import hosting, organisations, practising, reviewing, taking_part
from involvement.actions.base import today
from involvement.models import Organisation, PractiseRun, ReviewRound, ReviewTask, User
from tests.rooms import fresh, hall, plan

ANSWERS = {"capacity": "say", "about": "service"}


def opened(organisation: Organisation, by: User, *reviewers: User, **more) -> ReviewRound:
    """Open a round in which ``reviewers`` look at all that has a place. They are made patient leaders."""
    for person in reviewers:
        organisations.give_role(organisation=organisation, user=person, role=Role.PATIENT_LEADER, by=None)
    facts = {
        "title": "Autumn review", "size": 50, "each": len(reviewers), "due_on": today() + timedelta(days=21),
        "seed": "a seed",
    }  # fmt: skip
    return reviewing.open_round(organisation=organisation, by=by, reviewers=reviewers, **facts | more)


def task_of(round_: ReviewRound, person: User, activity=None) -> ReviewTask:
    """Return what ``person`` was asked first, or about ``activity``."""
    mine = round_.tasks.filter(reviewer__person=person)
    return (mine.filter(activity=activity) if activity else mine).select_related("organisation").first()


def placed(task: ReviewTask, place: str, *, took_part: bool = False, reason: str = "We were there") -> ReviewTask:
    """Answer ``task`` with a place, as its reviewer."""
    return reviewing.answer_task(
        task=task, by=task.reviewer.person, version=task.version, took_part=took_part, place=place, reason=reason
    )


def practised(organisation: Organisation, person: User, place: str = "users", set_of: int = 12) -> PractiseRun:
    """Answer ``set_of`` of the cases of an exercise with one place: all of them finish it."""
    run = practising.start_run(organisation=organisation, by=person)
    for case in run.cases[:set_of]:
        run = practising.answer_case(run=run, by=person, case=case, place=place)
    return run


def furnish(side, by: User, reviewer: User, word: str) -> None:
    """Give a side of the world an open round with a task of ``reviewer``, an exercise and a workshop that ``by`` began.

    The workshop talks: somebody laid a card, six people placed it.
    """
    side.round = opened(side.organisation, by, reviewer, title=f"{word} round")
    side.task = task_of(side.round, reviewer, side.survey)
    side.run = practised(side.organisation, by, set_of=1)
    side.workshop = plan(side.organisation, by, title=f"{word} evening", purpose=f"{word} purpose")
    (side.card,) = hosting.add_lines(workshop=side.workshop, by=by, lines=f"{word} comment cards")
    hosting.move(workshop=side.workshop, by=by, step="place")
    side.workshop = fresh(side.workshop)
    for person in hall(side.workshop, patient=6):
        taking_part.place(room=side.workshop.room, participant=person, card=side.card, place="users")
    hosting.move(workshop=side.workshop, by=by, step="discuss")
    side.workshop = fresh(side.workshop)
