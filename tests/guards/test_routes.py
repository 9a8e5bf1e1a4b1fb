"""No address without somebody having decided who may come to it."""

from types import SimpleNamespace

import pytest
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path

from involvement import checks
from involvement.access import Permission, member_view, organisation_view, public_view

# Whoever adds a page that needs no account adds it here too, and can be asked why.
PUBLIC = {
    "home",
    "accessibility",
    "privacy",
    "healthz",
    "readyz",
    "framework",
    "framework-rules",
    "framework-cases",
    "framework-crosswalks",
    "framework-sources",
    "framework-place",
    "published",  # an audit that a lead has published, in two steps
    "published-audit",
    "invitation",  # opened by a token that only the invited address was sent
    "say",  # opened by a token that is handed to those who took part
    "join",  # asks for the code of a room; the five below open with it (access.participant_view)
    "room",
    "room-board",
    "room-card",
    "room-card-back",
    "room-place",
    "room-vote",
    "account_login",
    "account_logout",
    "account_inactive",
    "account_signup",  # says that it is closed
    "account_confirm_email",
    "account_email_verification_sent",
    "account_confirm_login_code",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
    "mfa_authenticate",  # the second step of signing in; without a first one it leads back to that
    "mfa_login_webauthn",
    "openid_connect_login",  # none of these where the settings name no provider
    "openid_connect_callback",
    "socialaccount_login_cancelled",
}


def test_the_pages_that_need_no_account_are_these():
    found = {
        pattern.name for _route, pattern in checks.routes() if not getattr(pattern.callback, "login_required", True)
    }
    assert found == PUBLIC


def test_every_route_has_a_name_of_its_own():
    names = [checks.name_of(pattern) for _route, pattern in checks.routes()]
    assert None not in names
    assert len(names) == len(set(names)) > 40


def test_every_route_has_a_policy():
    assert checks.every_view_has_a_policy() == []


def test_the_exempt_views_exist():
    exempt = {pattern.name for _route, pattern in checks.routes() if checks.is_exempt(pattern)}
    assert exempt == checks.FRAMEWORK_VIEWS | checks.ACCOUNT_VIEWS


def bare(request):
    """A view that nobody decided about."""


@pytest.mark.parametrize(
    ("patterns", "ids"),
    [
        ([path("x/", public_view(lambda request: None))], []),
        ([path("x/", bare)], ["involvement.E001"]),
        ([path("x/", login_not_required(lambda request: None))], ["involvement.E001"]),
        ([path("x/", bare, name="framework-cases")], ["involvement.E001"]),
        ([path("a/", include([path("b/", bare)]))], ["involvement.E001"]),
        ([path("x/", login_not_required(member_view(lambda request: None)))], ["involvement.E002"]),
        ([path("o/<slug:org>/", include([path("x/", member_view(lambda request: None))]))], ["involvement.E003"]),
        ([path("operators/x/", member_view(lambda request: None))], ["involvement.E004"]),
        ([path("<slug:org>/", organisation_view(Permission.READ)(lambda request: None))], ["involvement.E003"]),
    ],
)
def test_a_route_without_a_decision_is_refused(monkeypatch, patterns, ids):
    monkeypatch.setattr(checks, "get_resolver", lambda: SimpleNamespace(url_patterns=patterns))
    assert [error.id for error in checks.every_view_has_a_policy()] == ids
