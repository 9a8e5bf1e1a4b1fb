"""What the framework's templates ask for by name: ``{% load framework_content %}``."""

from django import template
from django.utils.translation import gettext

from framework.catalogue import NOT_INVOLVEMENT, ContestedKind, Facet, catalogue

register = template.Library()


@register.inclusion_tag("framework/_cited.html")
def cited(keys) -> dict:
    """Print the sources that ``keys`` name, each a link to its entry on the page of sources.

    Our own reading is not printed at every turn: the pages say once that what names no source is ours.
    """
    sources = [catalogue().sources[key] for key in keys]
    return {"cited": [source for source in sources if source.checked != "own"]}


@register.filter
def place_title(slug: str) -> str:
    """Return the title of the place ``slug``; "Not involvement" for the fifth answer."""
    return gettext("Not involvement") if slug == NOT_INVOLVEMENT else catalogue().places[slug].title


@register.filter
def way(key: str) -> Facet:
    """Return the facet ``key`` ("owners/strategy")."""
    return catalogue().facets[key]


@register.filter
def kind(slug: str) -> ContestedKind | None:
    """Return the contested kind ``slug``; None for ""."""
    return catalogue().contested_kinds.get(slug)


@register.filter
def part_title(slug: str) -> str:
    """Return the words for the part that citizens had ("asked")."""
    return catalogue().parts[slug]
