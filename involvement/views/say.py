"""People who took part say how it was, by a link and without an account; and the page on which the link is made."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.contrib import messages
from django.core import signing
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from involvement.access import SAY_COOKIE, Permission, organisation_view, public_view
from involvement.actions import assessing
from involvement.actions.base import Refused
from involvement.assessments import assessed, assessed_for, last_link
from involvement.forms.say import LinkForm, SayForm
from involvement.http import render_page
from involvement.tenancy import inside

COOKIE_DAYS = 366


def load_activity(organisation, activity):
    return organisation.activities.select_related("organisation").get(pk=activity)


@organisation_view(Permission.ASSESSMENT_ASK, load=load_activity)
def activity_say(request, organisation, activity):
    """Make the link for people who took part, show it as a square code to print, close it."""
    form = LinkForm(request.POST if "most" in request.POST else None)
    here = redirect("activity-say", organisation.slug, activity.pk)
    if request.method == "POST":
        try:
            if "close" in request.POST:
                assessing.close_link(activity=activity, by=request.user)
                messages.success(request, _("The link is closed. The answers that came stay."))
                return here
            if form.is_valid():
                said = form.cleaned_data
                assessing.open_link(
                    activity=activity, by=request.user, closes_on=said["closes_on"], most=said["most"]
                )
                messages.success(request, _("The link is ready. One that was there before leads nowhere now."))
                return here
        except Refused as refused:
            form.refuse(refused) if form.is_bound else messages.error(request, str(refused))
    link = last_link(activity)
    open_ = link is not None and assessing.is_open(link)
    context = {
        "activity": activity, "form": form, "assessed": assessed_for(request.viewer, activity),
        "link": link if open_ else None, "asked": link is not None,
        "address": request.build_absolute_uri(reverse("say", args=[link.token])) if open_ else "",
    }  # fmt: skip
    return render_page(request, "say/link.html", context, status=422 if form.errors else 200)


@public_view
@require_http_methods(["GET", "HEAD", "POST"])
def say(request, token):
    """Ask the four questions, keep the answers once a browser, and show what people say when five have answered."""
    link = assessing.find_link(token)
    if link is None:
        return _private(render(request, "say/over.html", {"link": None}, status=404))
    with inside(link.organisation):
        return _private(_say(request, link))


def _say(request, link):
    cookie = _cookie_of(request, link)
    if cookie and assessing.answered(link, cookie):
        return render(request, "say/thanks.html", {"link": link, "assessed": assessed(link.activity)})
    if not assessing.is_open(link):
        return render(request, "say/over.html", {"link": link}, status=404)
    form = SayForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                assessing.assess(link=link, cookie=cookie, said=form.said)
            except Refused as refused:
                form.add_error(None, " ".join(map(str, refused.messages.values())))
            else:
                return redirect("say", link.token)
    response = render(request, "say/ask.html", {"link": link, "form": form}, status=status)
    if not cookie:
        response.set_cookie(
            SAY_COOKIE, _signer(link).sign(secrets.token_urlsafe(16)), path=reverse("say", args=[link.token]),
            max_age=COOKIE_DAYS * 24 * 3600, httponly=True, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE,
        )  # fmt: skip
    return response


def _cookie_of(request, link) -> str:
    """Return the random text that this browser was given for this link, "" where it has none of ours."""
    try:
        return _signer(link).unsign(request.COOKIES.get(SAY_COOKIE, ""))
    except signing.BadSignature:
        return ""


def _signer(link) -> signing.Signer:
    return signing.Signer(salt=f"involvement.say.{link.pk}")


def _private(response):
    response["Cache-Control"] = "no-store, private"
    response["X-Robots-Tag"] = "noindex"
    return response
