"""Review rounds for tests, opened and answered through actions."""

from __future__ import annotations

from datetime import timedelta

from involvement.access import Role
from involvement.actions import organisations, practising, reviewing
from involvement.actions.base import today
from involvement.models import Organisation, PractiseRun, ReviewRound, ReviewTask, User

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
    """Give a side of the world an open round with a task of ``reviewer``, and an exercise that ``by`` has begun."""
    side.round = opened(side.organisation, by, reviewer, title=f"{word} round")
    side.task = task_of(side.round, reviewer, side.survey)
    side.run = practised(side.organisation, by, set_of=1)
