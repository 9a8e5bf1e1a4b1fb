"""What templates ask for by name: ``{% load components %}``. The list with examples stands in README, "Components"."""

from __future__ import annotations

from django import template
from django.urls import reverse
from django.utils.dateformat import format as format_date
from django.utils.translation import gettext_lazy as _

register = template.Library()

# One entry a page of the menu: its address, its title, and the beginnings of the address names that belong to it.
ORGANISATION_PAGES = (
    ("front-page", _("Overview"), ("front-page", "aims", "aim-")),
    ("map", _("Map"), ("map",)),
    ("activity-list", _("Activities"), ("activity-", "change-", "evidence-")),
    ("gap-list", _("Gaps"), ("gap-", "response-")),
    ("piece-list", _("Pieces of work"), ("piece-",)),
    ("complete", _("Is this list complete?"), ("complete",)),
    ("services", _("Services"), ("service",)),
)


@register.simple_tag(takes_context=True)
def navigation(context) -> list[dict]:
    """Return the pages of the menu, ``{"title", "href", "current"}`` each.

    ``current`` is "page" on the page itself, "true" on a page below it, otherwise "". With a ``viewer`` in the context
    the pages of the organisation come first; the framework is there for everybody.
    """
    match = getattr(context.get("request"), "resolver_match", None)
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
    current = "page" if here == "framework" else "true" if here.startswith("framework-") else ""
    return [*pages, {"title": _("The framework"), "href": reverse("framework"), "current": current}]


@register.filter
def summary_errors(form) -> list[dict]:
    """Return the errors of ``form`` in the order of its fields, ``{"target", "text"}`` each; the whole form's first.

    ``target`` is the id of the first box that the error is about ("" for an error of the whole form).
    """
    whole = [{"target": "", "text": text} for text in form.non_field_errors()]
    return whole + [
        {"target": first_box(field), "text": text} for field in form for text in field.errors
    ]


@register.filter
def first_box(field) -> str:
    """Return the id of the first control of a bound field: a group of radios or a date has several."""
    widget = field.field.widget
    if hasattr(widget, "first_id"):
        return widget.first_id(field.auto_id)
    return f"{field.auto_id}_0" if getattr(widget, "option_template_name", "") and widget.input_type in (
        "radio",
        "checkbox",
    ) else field.id_for_label or field.auto_id


@register.filter
def day(value) -> str:
    """Write a date in full, "22 November 2026"; nothing for no date."""
    return format_date(value, "j F Y") if value else ""


@register.filter
def status_of(slug: str):
    """Return the framework's status ``slug`` (its title, sign and meaning)."""
    from framework.catalogue import catalogue

    return catalogue().statuses[slug]
