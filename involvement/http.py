"""From a view's context to a response."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def render_page(request: HttpRequest, template: str, context: dict, part: str | None = None, status: int = 200) -> HttpResponse:
    """Render ``template``, or only its partial ``part`` when htmx asks for a part of the page.

    The same address serves both; a part is a ``{% partialdef part %}`` inside the page's own template, so the two
    cannot differ. ``viewer`` and ``organisation`` are added from the request where an organisation's view set them.
    """
    viewer = getattr(request, "viewer", None)
    if viewer is not None:
        context = {"viewer": viewer, "organisation": viewer.organisation, **context}
    if part and request.headers.get("HX-Request") == "true":
        template = f"{template}#{part}"
    return render(request, template, context, status=status)
