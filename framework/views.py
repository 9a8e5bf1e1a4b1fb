"""The public pages of the framework. They read the catalogue alone: no organisation, no database, GET only."""

import re

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from . import coverage
from .catalogue import NOT_INVOLVEMENT, Case, Catalogue, catalogue
from .coverage import Need

CONTESTED = "contested"


@login_not_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Show the idea in five minutes: three relationships, four places, eighteen ways."""
    content = catalogue()
    relationships = [
        (
            relationship,
            [(place, content.facets_of(place.slug)) for place in content.places.values() if place.relationship == slug],
        )
        for slug, relationship in content.relationships.items()
    ]
    context = {
        "content": content,
        "relationships": relationships,
        "outside": content.cases_of(NOT_INVOLVEMENT),
        "outside_note": content.notes[NOT_INVOLVEMENT],
        "notes": [note for slug, note in content.notes.items() if slug != NOT_INVOLVEMENT],
        "idea": dict.fromkeys(key for place in content.places.values() for key in place.sources),
    }
    return render(request, "framework/index.html", context)


@login_not_required
@require_safe
def place(request: HttpRequest, place: str) -> HttpResponse:
    """Show one place with its ways, its worked cases and its disputes; 404 for a place that there is not."""
    content = catalogue()
    if place not in content.places:
        raise Http404
    cases = content.cases_of(place)
    context = {
        "content": content,
        "place": content.places[place],
        "relationship": content.relationships[content.places[place].relationship],
        "ways": [
            (facet, [case for case in content.cases if facet.key in case.facets]) for facet in content.facets_of(place)
        ],
        "cases": cases,
        "argued": [case for case in content.cases if place in case.contested],
        "kinds": disputes(content, cases),
        "facts": content.facts_on(place),
        "facts_from": dict.fromkeys(key for fact in content.facts_on(place) for key in fact.sources),
    }
    return render(request, "framework/place.html", context)


@login_not_required
@require_safe
def cases(request: HttpRequest) -> HttpResponse:
    """Show the worked cases, those of ``?place=`` alone when it is given; 404 for a place that there is not."""
    content = catalogue()
    chosen = request.GET.get("place", "")
    filters = case_filters(content)
    if chosen not in filters:
        raise Http404
    title, shown = filters[chosen]
    context = {
        "content": content,
        "filters": [(slug, name, len(found)) for slug, (name, found) in filters.items()],
        "chosen": chosen,
        "chosen_title": title,
        "cases": shown,
        "kinds": disputes(content, shown),
    }
    return render(request, "framework/cases.html", context)


@login_not_required
@require_safe
def rules(request: HttpRequest) -> HttpResponse:
    """Show how the map decides, from the same data by which it decides."""
    content = catalogue()
    context = {
        "content": content,
        "coverage": coverage,
        "counting": [
            (content.places[slug], [content.parts[part] for part in need.parts], needs(need))
            for slug, need in coverage.COUNTS.items()
        ],
        "gap_rule": [words for _kind, words in coverage.GAP_RULE],
        "by_power": [content.places[slug] for slug in coverage.places_by_power()],
        "headlines": [(when, unfilled(sentence)) for _slug, when, sentence in coverage.HEADLINES],
    }
    return render(request, "framework/rules.html", context)


@login_not_required
@require_safe
def crosswalks(request: HttpRequest) -> HttpResponse:
    """Show how other frameworks touch the four places: tags, with what each of them measures."""
    return render(
        request,
        "framework/crosswalks.html",
        {"content": catalogue(), "ten_principles": ["nhs-england-2022"], "ppeet": ["ppeet"]},
    )


@login_not_required
@require_safe
def sources(request: HttpRequest) -> HttpResponse:
    """Show what the framework rests on: works, the law with its dates, what is moving in it."""
    content = catalogue()
    return render(request, "framework/sources.html", {"content": content, "law": content.facts_on("law")})


def disputes(content: Catalogue, cases: tuple[Case, ...]) -> list:
    """Return the contested kinds that ``cases`` name, in the order of the content."""
    named = {case.contested_kind for case in cases}
    return [kind for slug, kind in content.contested_kinds.items() if slug in named]


def case_filters(content: Catalogue) -> dict[str, tuple[str, tuple[Case, ...]]]:
    """Return what ``?place=`` may say: slug -> its title and its cases, "" for all of them."""
    return {
        "": (gettext("All"), content.cases),
        **{place.slug: (place.title, content.cases_of(place.slug)) for place in content.places.values()},
        NOT_INVOLVEMENT: (gettext("Not involvement"), content.cases_of(NOT_INVOLVEMENT)),
        CONTESTED: (gettext("Contested"), tuple(case for case in content.cases if case.is_contested)),
    }


def needs(need: Need) -> list[str]:
    """Return in words what a placement needs before it counts, beside the part that people had."""
    told = []
    if need.route:
        told.append(gettext("A named question, who decides on it, and the day they got the answers"))
    if need.heard:
        told.append(gettext("The team in charge heard it"))
    if need.options:
        told.append(gettext("At least %(number)d real options, and freedom to refuse") % {"number": need.options})
    if need.group:
        told.append(gettext("A group of citizens on a shared problem, never one person’s own care"))
    return told


def unfilled(sentence: str) -> str:
    """Return a sentence of the decision table with "…" where the map puts its own words."""
    return re.sub(r"\{[^}]*\}", "…", sentence)
