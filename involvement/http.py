"""From a view's context to a response."""

from __future__ import annotations

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from involvement.actions.base import Conflict
from involvement.forms.differences import differences


def render_page(
    request: HttpRequest, template: str, context: dict, part: str | None = None, status: int = 200
) -> HttpResponse:
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


def render_conflict(
    request: HttpRequest,
    form: Form,
    conflict: Conflict,
    context: dict,
    *,
    theirs: dict | None = None,
    keep: str = "",
) -> HttpResponse:
    """Answer 409: somebody else saved first. The second writer keeps their words and sees what differs.

    ``form`` is the valid, bound form that lost; its ``version`` field is set to the version that is there now, so that
    sending it again saves over the other. ``theirs`` says what the record holds now for fields that are not attributes
    of the same name ({field name: value}); ``keep`` is where "leave it as it is" leads (the same address by default).
    """
    form.data = form.data.copy()
    form.data[form.add_prefix("version")] = conflict.current.version
    history = getattr(conflict.current, "history", None)
    context = {
        "form": form,
        "differences": differences(form, conflict.current, theirs or {}),
        "saved": history.select_related("history_user").first() if history is not None else None,
        "keep": keep or request.get_full_path(),
        **context,
    }
    return render_page(request, "conflict.html", context, status=409)
