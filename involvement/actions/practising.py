"""Practising on worked cases: starting a run, answering one case after the other."""

from __future__ import annotations

from uuid import UUID, uuid4

from django.utils import timezone
from django.utils.translation import gettext as _

from framework.catalogue import NOT_INVOLVEMENT, catalogue
from involvement.access import Permission
from involvement.actions.base import Refused, once, require, writing
from involvement.models import Organisation, PractiseRun, User
from involvement.practising import cases_of_set, order


def start_run(*, organisation: Organisation, by: User, key: UUID | None = None) -> PractiseRun:
    """Start an exercise, or return the one that ``by`` has not finished. After each finished one comes the next set.

    Raises PermissionDenied for whoever may not read here.
    """
    require(organisation, by, Permission.READ)

    def write() -> dict:
        with writing(organisation):
            mine = organisation.practise_runs.filter(person=by)
            run = mine.filter(finished_at=None).first()
            if run is None:
                slugs = [case.slug for case in cases_of_set(mine.exclude(finished_at=None).count())]
                run = PractiseRun.objects.create(
                    organisation=organisation, recorded_by=by, person=by, cases=order(slugs, uuid4().hex)
                )
        return {"run": run.pk}

    return organisation.practise_runs.get(pk=once(organisation=organisation, by=by, key=key, write=write)["run"])


def answer_case(*, run: PractiseRun, by: User, case: str, place: str) -> PractiseRun:
    """Say in which place ``case`` (a slug) belongs. The last one finishes the run; until then an answer can be changed.

    Raises Refused for another's run, a finished one, a case that is not in it, and for what is no place.
    """
    with writing(run.organisation):
        current = run.organisation.practise_runs.select_for_update().get(pk=run.pk)
        if current.person_id != by.pk:
            raise Refused(_("This is somebody else’s exercise"))
        if current.finished_at is not None:
            raise Refused(_("You have finished this exercise. Start another one"))
        if case not in current.cases:
            raise Refused(_("This case is not in the exercise"))
        if place not in {*catalogue().places, NOT_INVOLVEMENT}:
            raise Refused({"place": _("Choose a place, or “Not involvement”")})
        current.answers = {**current.answers, case: place}
        if set(current.answers) >= set(current.cases):
            current.finished_at = timezone.now()
        current.save(update_fields=["answers", "finished_at"])
    return current
