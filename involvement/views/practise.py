"""Practising on worked cases: starting, one case a page, and how one's answers compare."""

from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from framework.catalogue import Case, catalogue
from involvement.access import Permission, organisation_view
from involvement.actions import practising as actions
from involvement.actions.base import Refused
from involvement.forms.reviews import CaseForm
from involvement.http import render_page
from involvement.practice import compared, runs_of, waits_for
from involvement.practising import MINUTES, NUMBER


def load_run(organisation, run):
    """Return an exercise of somebody here. Whose it is the view looks at."""
    return organisation.practise_runs.select_related("organisation").get(pk=run)


@organisation_view(Permission.READ, blind=True)
def practise(request, organisation):
    """Say what practising is, list one's own exercises, start or go on."""
    if request.method == "POST":
        run = actions.start_run(organisation=organisation, by=request.user)
        return redirect("practise-run", organisation.slug, run.pk)
    context = {
        "runs": runs_of(request.viewer), "number": NUMBER, "minutes": MINUTES, "wanted": waits_for(request.viewer)
    }  # fmt: skip
    return render_page(request, "practise/page.html", context)


@organisation_view(Permission.READ, load=load_run, blind=True)
def practise_run(request, organisation, run):
    """Ask one case after the other (``?case=`` goes back to one); at the end show them beside the framework's."""
    if run.person_id != request.user.pk:
        raise PermissionDenied
    if run.finished_at is not None:
        shown = compared(request.viewer, run)
        return render_page(request, "practise/done.html", {"run": run, "shown": shown, "wanted": False})
    asked = request.GET.get("case", "")
    left = [slug for slug in run.cases if slug not in run.answers]
    slug = asked if asked in run.cases else left[0]
    form = CaseForm(request.POST if request.method == "POST" else None, initial={"place": run.answers.get(slug)})
    if request.method == "POST" and form.is_valid():
        try:
            actions.answer_case(run=run, by=request.user, case=slug, place=form.cleaned_data["place"])
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            return redirect("practise-run", organisation.slug, run.pk)
    at = run.cases.index(slug)
    before = reverse("practise-run", args=[organisation.slug, run.pk]) + f"?case={run.cases[at - 1]}" if at else ""
    context = {
        "run": run, "form": form, "case": _case(slug), "number": at + 1, "total": len(run.cases), "before": before,
        "last": len(left) == 1 and slug in left, "button": _("See how you did") if len(left) == 1 else _("Next case"),
    }  # fmt: skip
    return render_page(request, "practise/case.html", context)


def _case(slug: str) -> Case:
    return next(case for case in catalogue().cases if case.slug == slug)
