"""Who said that the list is complete, of what, and until when."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from framework.catalogue import catalogue
from involvement import drawing
from involvement.access import Permission, organisation_view
from involvement.actions import responses
from involvement.actions.base import Refused, today
from involvement.completeness import said_by_place
from involvement.forms.complete import CompleteForm
from involvement.forms.gaps import ReasonForm
from involvement.http import render_page
from involvement.models import Complete


@organisation_view(Permission.READ, blind=True)
def complete_page(request, organisation):
    """Show, place by place, what was said of the whole, of what is trust-wide and of each service."""
    taken_back = organisation.complete_statements.filter(revoked_on__isnull=False)
    context = {
        "said": said_by_place(request.viewer, as_at=today()),
        "unclassified": responses.unclassified(organisation, scope=Complete.Scope.WHOLE).count(),
        "unclassified_href": drawing.list_address(organisation, place="unclassified"),
        "taken_back": [
            (row, catalogue().places[row.place])
            for row in taken_back.select_related("service", "revoked_by").order_by("-revoked_on", "-pk")[:50]
        ],
    }
    return render_page(request, "complete/page.html", context)


@organisation_view(Permission.COMPLETE_STATE)
def complete_state(request, organisation):
    """Walk the checklist of a place and say that the list is complete for a scope."""
    place, scope, service = _asked(request, organisation)
    form = CompleteForm(request.POST or None, place=place)
    left = responses.unclassified(organisation, scope=scope, service=service).count()
    if request.method == "POST" and form.is_valid():
        try:
            responses.state_complete(
                organisation=organisation, by=request.user, key=form.cleaned_data["request_key"],
                scope=scope, service=service, place=place.slug, checklist=form.cleaned_data["checklist"],
            )  # fmt: skip
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("Recorded. This holds for 12 months, unless somebody takes it back."))
            return redirect("complete", organisation.slug)
    narrowed = service.slug if service else "" if scope == Complete.Scope.WHOLE else scope
    address = drawing.list_address(organisation, place="unclassified", service=narrowed)
    context = {"place": place, "scope": scope, "service": service, "form": form, "left": left}
    return render_page(request, "complete/state.html", context | {"unclassified_href": address})


@organisation_view(
    Permission.COMPLETE_STATE,
    load=lambda organisation, statement: organisation.complete_statements.select_related("service", "recorded_by").get(
        pk=statement
    ),
)
def complete_revoke(request, organisation, statement):
    """Take back a statement, with a reason that stays readable."""
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            responses.revoke_complete(statement=statement, by=request.user, reason=form.cleaned_data["reason"])
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("Taken back. The statement stays on record with your reason."))
            return redirect(reverse("complete", args=[organisation.slug]))
    context = {"statement": statement, "place": catalogue().places[statement.place], "form": form}
    return render_page(request, "complete/revoke.html", context)


def _asked(request, organisation):
    """Return the place, scope and service that the address names; Http404 when there are no such."""
    place = catalogue().places.get(request.GET.get("place", ""))
    scope = request.GET.get("scope", "")
    if place is None or scope not in Complete.Scope.values:
        raise Http404
    if scope != Complete.Scope.SERVICE:
        return place, scope, None
    service = organisation.services.filter(slug=request.GET.get("service", "")).first()
    if service is None:
        raise Http404
    return place, scope, service
