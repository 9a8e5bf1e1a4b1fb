"""What templates ask for by name: ``{% load components %}``. Each says in its docstring how it is written."""

from __future__ import annotations

from datetime import date

from allauth.socialaccount.adapter import get_adapter as provider_adapter
from django import template
from django.forms import RadioSelect
from django.urls import reverse
from django.utils.dateformat import format as format_date
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from framework.catalogue import NOT_INVOLVEMENT, catalogue
from involvement.qr import qr_path

register = template.Library()

# One entry a page of the menu: its address, its title, and the beginnings of the address names that belong to it.
ORGANISATION_PAGES = (
    ("front-page", _("Overview"), ("front-page", "aims", "decision-", "duties", "mechanisms", "ask-again")),
    ("map", _("Map"), ("map",)),
    ("activity-list", _("Activities"), ("activity-", "change-", "evidence-")),
    ("gap-list", _("Gaps"), ("gap-", "response-")),
    ("action-list", _("Actions"), ("action-",)),
    ("review-list", _("Reviews"), ("review-", "practise")),
    ("workshop-list", _("Workshops"), ("workshop-",)),
    ("audit-list", _("Audits"), ("audit-", "compare-")),
    ("piece-list", _("Pieces of work"), ("piece-",)),
    ("complete", _("Complete?"), ("complete",)),
    ("members", _("Organisation"), ("member", "invitation-", "service", "ruling", "settings", "history")),
)

# What lies under the last of these: the organisation's own record. (address name, title, family, permission)
OWN_PAGES = (
    ("members", _("Members"), ("member", "invitation-"), "read"),
    ("services", _("Services"), ("service",), "read"),
    ("rulings", _("How we count"), ("ruling",), "read"),
    ("settings", _("Settings"), (), "settings-manage"),
    ("history", _("History"), (), "read"),
)


@register.simple_tag(takes_context=True)
def navigation(context) -> list[dict]:
    """Return the pages of the menu, ``{"title", "href", "current"}`` each.

    ``current`` is "page" on the page itself, "true" on a page below it, otherwise "". With a ``viewer`` in the context
    the pages of the organisation come first, else the way back to them for whoever is signed in; the framework is
    there for everybody.
    """
    request = context.get("request")
    match = getattr(request, "resolver_match", None)
    here = (match and match.url_name) or ""
    viewer = context.get("viewer")
    pages = [
        {
            "title": title,
            "href": reverse(name, args=[viewer.organisation.slug]),
            "current": "page" if here == name else "true" if here.startswith(family) else "",
        }
        for name, title, family in (ORGANISATION_PAGES if viewer else ())
    ]
    if not viewer and getattr(getattr(request, "user", None), "is_authenticated", False):
        back = {"title": _("Your organisations"), "href": reverse("home"), "current": "page" if here == "home" else ""}
        pages.append(back)
    current = "page" if here == "framework" else "true" if here.startswith("framework-") else ""
    return [*pages, {"title": _("The framework"), "href": reverse("framework"), "current": current}]


@register.inclusion_tag("components/own_pages.html", takes_context=True)
def own_pages(context) -> dict:
    """Draw the links between members, services, rulings, settings and history, those that the viewer may open."""
    viewer, here = context["viewer"], context["request"].resolver_match.url_name
    items = [
        {
            "title": title,
            "href": reverse(name, args=[viewer.organisation.slug]),
            "current": "page" if here == name else "true" if here.startswith(family or (name,)) else "",
        }
        for name, title, family, permission in OWN_PAGES
        if viewer.may(permission)
    ]
    return {"items": items}


@register.filter
def summary_errors(form) -> list[dict]:
    """Return the errors of ``form`` in the order of its fields, ``{"target", "text"}`` each; the whole form's first.

    ``target`` is the id of the first box that the error is about ("" for an error of the whole form).
    """
    whole = [{"target": "", "text": text} for text in form.non_field_errors()]
    return whole + [
        {"target": "" if field.is_hidden else first_box(field), "text": text} for field in form for text in field.errors
    ]


@register.filter
def first_box(field) -> str:
    """Return the id of the first control of a bound field: a group of radios or a date has several."""
    control = field.field.widget
    if hasattr(control, "first_id"):
        return control.first_id(field)
    if isinstance(control, RadioSelect):  # CheckboxSelectMultiple is one too; a grouped choice counts by group first
        grouped = any(isinstance(title, (list, tuple)) for _value, title in control.choices)
        return f"{field.auto_id}_0_0" if grouped else f"{field.auto_id}_0"
    return field.id_for_label or field.auto_id


@register.filter
def day(value) -> str:
    """Write a date, or its ISO text in a snapshot, in full, "22 November 2026"; nothing for no date."""
    if isinstance(value, str):
        value = date.fromisoformat(value[:10]) if value else None
    return format_date(value, "j F Y") if value else ""


@register.simple_tag
def place_title(slug: str) -> str:
    """Write the title of a place, "Owners"; "Not involvement" for what is in none."""
    if slug == NOT_INVOLVEMENT:
        return gettext("Not involvement")
    return catalogue().places[slug].title


@register.simple_tag
def facet_title(key: str, with_place: bool = False) -> str:
    """Write the title of a way to take part, "Strategy"; ``with_place=True`` writes "Owners: strategy"."""
    facet = catalogue().facets[key]
    if not with_place:
        return facet.title
    return f"{catalogue().places[facet.place].title}: {facet.title[:1].lower()}{facet.title[1:]}"


@register.inclusion_tag("components/place_name.html")
def place_name(slug: str) -> dict:
    """Draw a place's title behind a mark in its colour."""
    return {"slug": slug, "title": place_title(slug)}


@register.inclusion_tag("components/status.html")
def status_tag(status, words: str = "") -> dict:
    """Draw a status as sign and word: ``{% status_tag cell %}`` or ``{% status_tag "planned" %}``.

    ``words`` replaces the word, where a table has room for less or says more.
    """
    return {"status": catalogue().statuses[str(getattr(status, "status", status))], "words": words}


@register.inclusion_tag("components/sortable_header.html", takes_context=True)
def sortable_header(context, key: str, title: str, numeric: bool = False) -> dict:
    """Draw a column heading that sorts: ``{% sortable_header "title" _("Title") %}`` inside a table's heading row.

    It reads and writes ``?sort=key`` (rising) or ``?sort=-key`` (falling), keeps the rest of the query and starts at
    page 1. The view decides what a key means; the default order may be handed in as ``sort`` in the context.
    """
    request = context["request"]
    sort = request.GET.get("sort") or context.get("sort", "")
    state = {key: "ascending", f"-{key}": "descending"}.get(sort, "none")
    query = request.GET.copy()
    query.pop("page", None)
    query["sort"] = f"-{key}" if state == "ascending" else key
    return {"title": title, "state": state, "href": f"?{query.urlencode()}", "numeric": numeric}


@register.inclusion_tag("components/pagination.html", takes_context=True)
def pagination(context, page) -> dict:
    """Draw the links of a paginated list (a Django ``Page``), keeping the query; nothing when there is one page."""
    query = context["request"].GET.copy()
    query.pop("page", None)

    def address(number: int) -> str:
        query["page"] = number
        return f"?{query.urlencode()}"

    pages = [
        {"number": each, "href": address(each), "current": each == page.number} if isinstance(each, int) else None
        for each in page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)
    ]
    return {
        "page": page,
        "pages": pages,
        "previous": address(page.number - 1) if page.has_previous() else "",
        "next": address(page.number + 1) if page.has_next() else "",
    }


@register.simple_tag
def qr_code(text: str, name: str) -> SafeString:
    """Draw ``text`` as a square code that a phone's camera reads; ``name`` says what it is to whoever cannot see it."""
    wide, dots = qr_path(text)
    return format_html(
        '<svg class="app-qr" role="img" aria-label="{}" viewBox="0 0 {} {}" shape-rendering="crispEdges">'
        '<path class="app-qr__paper" d="M0 0h{}v{}h-{}z"/><path d="{}"/></svg>',
        name, wide, wide, wide, wide, wide, dots,
    )  # fmt: skip


@register.filter
def in_fours(text: str) -> str:
    """Write ``text`` in groups of four signs, so that it can be copied by hand."""
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


@register.simple_tag(takes_context=True)
def sign_in_providers(context) -> list:
    """Return the providers at which one may sign in instead (``provider_id`` and ``name`` in each one's ``app``)."""
    return [provider.app for provider in provider_adapter().list_providers(context["request"])]


@register.filter
def at(things, number: int):
    """Return the ``number``-th of ``things``, counted from 0."""
    return things[number]
