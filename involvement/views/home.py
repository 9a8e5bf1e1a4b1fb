"""The pages that belong to no organisation: the front door, and what we say about ourselves."""

from django.conf import settings
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from framework.catalogue import catalogue
from involvement.access import COOKIE, ROLE_NAMES, SAY_COOKIE, Role, public_view
from involvement.http import render_page


@public_view
@require_safe
def home(request):
    """Say what this is and ask to sign in; a signed-in person goes to their organisation, or picks one.

    Whoever has exactly one organisation is taken there, unless the address says ``?stay``.
    """
    if not request.user.is_authenticated:
        return render_page(request, "home.html", {"places": catalogue().places.values()})
    organisations = belonging(request.user)
    if len(organisations) == 1 and "stay" not in request.GET:
        return redirect("front-page", organisations[0]["organisation"].slug)
    return render_page(request, "organisations.html", {"organisations": organisations})


def belonging(user) -> list[dict]:
    """Return the organisations in which ``user`` has a role today, ``{"organisation", "roles"}`` each, by name."""
    found = {}
    memberships = user.memberships.filter(until__isnull=True).select_related("organisation")
    for membership in memberships.order_by("organisation__name", "recorded_at", "pk"):
        entry = found.setdefault(membership.organisation_id, {"organisation": membership.organisation, "roles": []})
        entry["roles"].append(ROLE_NAMES[Role(membership.role)])
    return list(found.values())


@public_view
@require_safe
def accessibility(request):
    """The accessibility statement."""
    return render_page(request, "accessibility.html", {})


@public_view
@require_safe
def privacy(request):
    """What is kept about people, why, how long (as the settings say), and what is not."""
    cookies = {
        "session_cookie": settings.SESSION_COOKIE_NAME, "csrf_cookie": settings.CSRF_COOKIE_NAME, "room_cookie": COOKIE,
        "say_cookie": SAY_COOKIE,
    }  # fmt: skip
    return render_page(request, "privacy.html", {**cookies, "keep": settings.KEEP_DAYS})
