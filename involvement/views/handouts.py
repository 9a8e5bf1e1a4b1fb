"""A workshop as files: what came out, at any time, and what is printed before."""

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from involvement import papers
from involvement.access import Permission, organisation_view
from involvement.actions.base import today
from involvement.actions.hosting import standing
from involvement.maps import build_map
from involvement.models import Workshop
from involvement.reports import CONTENT_TYPES
from involvement.results import results_page
from involvement.workshops import load_workshop, missing_ways


def _asked(organisation, workshop: int, **what: str):
    return load_workshop(organisation, workshop), *what.values()


@organisation_view(Permission.READ, load=_asked)
@require_safe
def workshop_file(request, organisation, asked):
    """Hand over what came out so far as ``kind`` (csv, xlsx, pdf, docx): no more than its page shows."""
    workshop, kind = asked
    if kind not in papers.FILES:
        raise Http404
    made = papers.results_file(results_page(workshop, beside=True), kind)
    return _file(made, kind, f"workshop-{workshop.pk}-results")


@organisation_view(Permission.WORKSHOP_RUN, load=_asked)
@require_safe
def workshop_print(request, organisation, asked):
    """Hand over something to print as PDF; ``?large=1`` in large print."""
    workshop, name = asked
    handout = papers.HANDOUTS.get(name)
    if handout is None:
        raise Http404
    large = handout.large and request.GET.get("large") == "1"
    join, room = (reverse("join"), reverse("room", args=[workshop.room.code]))
    addresses = (request.build_absolute_uri(join), request.build_absolute_uri(room))
    gaps = workshop.gaps
    if workshop.mode == Workshop.Mode.IMAGINE and not gaps:  # before the door is opened: what is missing today
        gaps = missing_ways(build_map(request.viewer, as_at=today()).gaps)
    made = handout.make(papers.Print(workshop, list(standing(workshop)), large, *addresses, gaps=tuple(gaps)))
    return _file(made, "pdf", f"workshop-{workshop.pk}-{name}{'-large' if large else ''}", shown=True)


def _file(content: bytes, kind: str, name: str, *, shown: bool = False) -> HttpResponse:
    response = HttpResponse(content, content_type=CONTENT_TYPES[kind])
    response["Content-Disposition"] = f'{"inline" if shown else "attachment"}; filename="{name}.{kind}"'
    return response
