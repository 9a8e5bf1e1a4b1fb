"""Every page there is, for the one who may do most and for nobody: axe, no sideways scrolling, no other host."""

from __future__ import annotations

from collections import deque
from urllib.parse import urldefrag, urlsplit

import pytest
from django.urls import Resolver404, resolve

from involvement.urls import organisation_urls
from tests.audits import signed_audit
from tests.reviews import furnish

# Addresses that answer with a file or only take what a form sends.
NO_PAGES = {
    "map-json", "map-csv", "activity-csv", "activity-xlsx", "stored-file", "activity-running", "invitation-resend",
    "audit-document", "workshop-file", "workshop-print", "history-csv", "account-held-json",
}  # fmt: skip
# What only a board member opens, and what stands on the public page: looked at on the way in test_audit.py.
ON_AN_AUDITS_WAY = {
    "audit-new", "audit-edit", "audit-freeze", "audit-conclusions", "audit-sign", "audit-unpublish",
}  # fmt: skip
ON_A_REVIEWERS_WAY = {"review-task"}  # only a reviewer opens it: looked at in test_reviews.py
# What only a patient leader opens: looked at on the way in test_challenges.py.
ON_A_CHALLENGERS_WAY = {"challenge-new", "challenge-go-on"}
FOR_EVERYBODY = {
    "home",
    "accessibility",
    "privacy",
    "framework",
    "framework-rules",
    "framework-cases",
    "framework-crosswalks",
    "framework-sources",
    "framework-place",
}
OF_AN_ACCOUNT = {
    "account",
    "account-held",
    "account-name",
    "account_email",
    "account_change_password",
    "mfa_index",
    "mfa_list_webauthn",
    "usersessions_list",
}
ELSEWHERE = ON_AN_AUDITS_WAY | ON_A_CHALLENGERS_WAY | ON_A_REVIEWERS_WAY
OF_AN_ORGANISATION = {route.name for route in organisation_urls} - NO_PAGES - ELSEWHERE


def route_of(address: str) -> str:
    """Return the name of the route that answers ``address``, "" for none (a file of ours, say)."""
    try:
        return resolve(urlsplit(address).path).url_name or ""
    except Resolver404:
        return ""


@pytest.mark.parametrize(
    ("name", "pages"),
    [
        ("lea", FOR_EVERYBODY | OF_AN_ORGANISATION | OF_AN_ACCOUNT),
        (None, FOR_EVERYBODY | {"account_login", "account_reset_password"}),
    ],
    ids=["the lead", "nobody"],
)
def test_every_page_that_links_lead_to(visit, stage, axe, name, pages):
    """One page of each route is opened: narrow, then wide. Pages whose links lead nowhere new are not opened twice."""
    for title in ("Last year’s audit", "This year’s audit"):
        signed_audit(stage.ashdown.organisation, stage.people["bob"], title=title)
    furnish(stage.ashdown, stage.people["lea"], stage.people["pat"], "Ashdown")
    page = visit(name)
    elsewhere, wrong, seen = [], [], {}
    page.on("request", lambda sent: elsewhere.append(sent.url) if not sent.url.startswith(stage.address) else None)
    survey, listed = stage.ashdown.survey.pk, f"{stage.address}/o/ashdown/activities/"
    waiting = deque([page.url, f"{listed}{survey}/", f"{listed}answer/?pick={survey}"])  # the survey has one of each
    if name is None:
        waiting = deque([stage.address + "/"])
    while waiting:
        address = urldefrag(waiting.popleft()).url
        route = route_of(address)
        if not address.startswith(stage.address) or not route or route in NO_PAGES or route in seen:
            continue
        page.set_viewport_size({"width": 1280, "height": 900})
        answer = page.goto(address)
        seen[route] = address
        if answer.status != 200:
            wrong.append(f"{address} answers {answer.status}")
            continue
        waiting.extend(page.eval_on_selector_all("a[href]", "links => links.map(link => link.href)"))
        wrong += axe(page)
        page.set_viewport_size({"width": 320, "height": 640})
        wrong += [f"at 320: {each}" for each in axe(page)]
    assert wrong == []
    assert page.console_errors == []
    assert elsewhere == []
    assert pages - set(seen) == set(), "no link leads to these"
    assert len(seen) >= len(pages)
