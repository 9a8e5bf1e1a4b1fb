"""What is missing, what is done about it, and the answers that ended."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from framework.catalogue import catalogue
from framework.coverage import GAP_RULE
from involvement import drawing
from involvement.access import Permission, organisation_view
from involvement.actions import responses
from involvement.actions.base import Refused, today
from involvement.board_actions import action_rows
from involvement.challenges import challenge_rows
from involvement.forms.gaps import ReasonForm, ResponseForm
from involvement.forms.map import narrowed
from involvement.http import render_page
from involvement.maps import build_map

A_PAGE = 40


@organisation_view(Permission.READ, blind=True)
def gap_list(request, organisation):
    """List the gaps by the published rule, each with what others do and what was answered."""
    asked = narrowed({"service": request.GET.get("service", "")}, organisation)
    shown = build_map(request.viewer, as_at=today(), service=asked.service)
    page = Paginator(shown.gaps, A_PAGE).get_page(request.GET.get("page"))
    answers = list(organisation.responses.select_related("service", "recorded_by"))
    standing = [row for row in answers if row.in_force(today())]
    services = asked.form.services.values()
    context = {
        "form": asked.form,
        "asked": asked,
        "page": page,
        "first": page.start_index(),
        "gaps": drawing.gap_rows(
            shown, page.object_list, services, [row for row in standing if not row.is_not_needed],
            action_rows(request.viewer, on=today()),
        ),
        "rule": GAP_RULE,
        "disputed": [row for row in challenge_rows(request.viewer) if row.is_open],
        "may_challenge": request.viewer.may(Permission.CHALLENGE),
        "rulings": drawing.ruling_rows(shown.rulings),
        "others": drawing.of_no_gap(shown, [row for row in standing if not row.is_not_needed]),
        "not_needed": drawing.answered(row for row in standing if row.is_not_needed),
        "ended": drawing.answered(row for row in answers if row not in standing),
    }
    return render_page(request, "gaps/list.html", context)


@organisation_view(Permission.READ, post=Permission.GAP_ANSWER, blind=True)
def gap_respond(request, organisation):
    """Answer one gap; who may not answer sees it with its answers."""
    gap = _gap(request, organisation)
    form = ResponseForm(request.POST or None, viewer=request.viewer)
    if request.method == "POST" and form.is_valid():
        said = {name: value for name, value in form.cleaned_data.items() if name != "request_key"}
        try:
            responses.respond(
                organisation=organisation, by=request.user, key=form.cleaned_data["request_key"],
                service=gap.service, place=gap.place.slug, facet=gap.facet.key if gap.facet else "", **said,
            )  # fmt: skip
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("Your answer is recorded."))
            return redirect(drawing.gaps_address(organisation, gap.service))
    answers = organisation.responses.filter(
        service=gap.service, place=gap.place.slug, facet=gap.facet.key if gap.facet else ""
    ).select_related("recorded_by")
    cell = gap.cell | {"service": gap.service.pk if gap.service else None}
    context = {
        "gap": gap,
        "form": form,
        "answers": drawing.answered(answers),
        "actions": [row for row in action_rows(request.viewer, on=today()) if row.speaks_to(**cell)],
        "set_action": drawing.cell_address(organisation, "action-new", **gap.cell),
    }
    return render_page(request, "gaps/respond.html", context)


@organisation_view(
    Permission.READ,
    post=Permission.GAP_ANSWER,
    load=lambda organisation, response: organisation.responses.select_related("service").get(pk=response),
)
def response_end(request, organisation, response):
    """End an answer, with a reason that stays readable."""
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            responses.end_response(response=response, by=request.user, reason=form.cleaned_data["reason"])
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("The answer has ended. It stays on record with your reason."))
            return redirect(reverse("gap-list", args=[organisation.slug]))
    (answer,) = drawing.answered([response])
    return render_page(request, "gaps/end.html", {"answer": answer, "form": form})


def _gap(request, organisation) -> drawing.GapAsked:
    """Return the gap that the address names; Http404 when there is no such service, place or way."""
    content = catalogue()
    place = content.places.get(request.GET.get("place", ""))
    key = request.GET.get("facet", "")
    facet = content.facets.get(key)
    if place is None or (key and (facet is None or facet.place != place.slug)):
        raise Http404
    asked = narrowed({"service": request.GET.get("service", "")}, organisation)
    return drawing.GapAsked(asked.service, place, facet)
