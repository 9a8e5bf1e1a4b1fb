"""Signing in on a phone: password, codes, backup codes, passkeys, a forgotten password, another body's sign-in."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from involvement.models import Organisation
from involvement.providers import apps_from
from tests import phone
from tests.browser.hands import Keyboard, Pointer
from tests.involvement.test_signin_providers import environment
from tests.issuer import running
from tests.post_office import links_in, mailers, open_office
from tests.world import PASSWORD

PHONE = 390
NEW = "tulip wagon forty"
WAYS = {
    "pointer": (Pointer, {"javascript": True}),
    "without JavaScript": (Pointer, {"javascript": False}),
    "keyboard without JavaScript": (Keyboard, {"javascript": False}),
}


@pytest.fixture
def person(visit, axe, request):
    """Return a function that opens a page as nobody, on a phone: (page, hand, look, what was found wrong)."""

    def open_(way: str = "pointer"):
        hand_of, how = WAYS[way]
        page, wrong = visit(**how, width=PHONE), []

        def look():
            if how["javascript"]:
                wrong.extend(axe(page))

        return page, hand_of(page), look, wrong

    return open_


def sign_in(page, hand, name: str, password: str = PASSWORD, where: str = "/accounts/login/"):
    page.goto(where)
    hand.write("Email address", f"{name}@example.org")
    hand.write("Password", password)
    hand.press("Sign in")


def sign_out(page):
    page.get_by_role("button", name="Sign out", exact=True).first.click()
    expect(page.get_by_role("link", name="Sign in", exact=True).first).to_be_visible()


@pytest.mark.parametrize("way", WAYS)
def test_codes_from_an_app_and_a_backup_code(person, stage, way):
    """A board member of an organisation that asks for a second step comes for the first time, and again."""
    Organisation.objects.filter(slug="ashdown").update(second_factor_required=True)
    page, hand, look, wrong = person(way)
    sign_in(page, hand, "bob", where="/accounts/login/?next=/o/ashdown/gaps/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Set up a second step first")
    look()
    hand.follow("A code from an app on your phone")
    expect(page.get_by_role("heading", level=1)).to_have_text("Enter your password again")
    look()
    hand.write("Password", PASSWORD)
    hand.press("Continue")
    expect(page.get_by_role("heading", level=1)).to_have_text("Set up codes from an app")
    look()
    hand.write("Code that the app shows now", "000000")
    hand.press("Turn codes on")
    expect(page.get_by_role("alert")).to_contain_text("That code is not right")
    look()
    secret = page.locator(".app-secret").inner_text()
    hand.write("Code that the app shows now", phone.code(secret))
    hand.press("Turn codes on")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your backup codes")
    look()
    backup = [each.replace(" ", "") for each in page.locator("li.app-secret").all_inner_texts()]
    assert len(backup) == 10
    hand.follow("I have kept them, go on")
    expect(page).to_have_url(f"{stage.address}/o/ashdown/gaps/")

    for right in (phone.code(secret, 1), backup[0]):
        sign_out(page)
        sign_in(page, hand, "bob", where="/accounts/login/?next=/o/ashdown/gaps/")
        expect(page.get_by_role("heading", level=1)).to_have_text("Your second step")
        look()
        hand.write("Code", right)
        hand.press("Continue")
        expect(page).to_have_url(f"{stage.address}/o/ashdown/gaps/")
    page.goto("/accounts/second-step/")
    expect(page.get_by_role("main")).to_contain_text("9 left")
    look()
    assert wrong == [] and page.console_errors == []


@pytest.mark.parametrize("way", WAYS)
def test_a_forgotten_password(person, stage, settings, way):
    """The letter goes through a real mail server; its link is opened on the same phone."""
    with open_office() as office:
        settings.MAILERS = mailers(office.port)
        page, hand, look, wrong = person(way)
        page.goto("/accounts/login/")
        hand.follow("I have forgotten my password")
        hand.write("Email address", "pat@example.org")
        hand.press("Send me a link")
        expect(page.get_by_role("heading", level=1)).to_have_text("Look in your email")
        look()
        [link] = links_in(office.newest("Choose a new password"))
        assert link.startswith(stage.address)
        page.goto(link)
        look()
        hand.write("New password", NEW)
        hand.write("New password again", NEW)
        hand.press("Save my new password")
        expect(page.get_by_role("main")).to_contain_text("Your new password is saved")
        office.newest("Your password was changed")
        sign_in(page, hand, "pat", NEW)
        page.wait_for_url("**/o/ashdown/")
    assert wrong == [] and page.console_errors == []


@pytest.mark.parametrize("way", WAYS)
def test_a_new_address_and_other_places(person, visit, stage, settings, way):
    with open_office() as office:
        settings.MAILERS = mailers(office.port)
        elsewhere = visit("vi")
        page, hand, look, wrong = person(way)
        sign_in(page, hand, "vi")
        hand.follow("Your account")
        look()
        hand.follow("Look at where you are signed in")
        look()
        hand.press("Sign out everywhere else")
        expect(page.get_by_role("main")).to_contain_text("You are signed out in 1 other place")
        elsewhere.reload()
        expect(elsewhere.get_by_role("heading", level=1)).to_have_text("Sign in")
        hand.follow("Back to your account")
        hand.follow("Change your email address")
        look()
        hand.write("New email address", "violet@example.org")
        hand.press("Send a link to the new address")
        hand.write("Password", PASSWORD)
        hand.press("Continue")
        expect(page.get_by_role("main")).to_contain_text("We have sent a link to violet@example.org")
        look()
        page.goto(links_in(office.newest("Confirm your email address"))[0])
        look()
        hand.press("This is my address")
        expect(page.get_by_role("main")).to_contain_text("violet@example.org")
        assert office.newest("Your email address was changed").sent_to == ["vi@example.org"]
    assert wrong == [] and page.console_errors == []


def authenticator(page):
    """Give the browser a phone's own passkeys, which say yes at once; return the way to speak about them."""
    talk = page.context.new_cdp_session(page)
    talk.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    made = talk.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return lambda verified: talk.send(
        "WebAuthn.setUserVerified", {"authenticatorId": made["authenticatorId"], "isUserVerified": verified}
    )


def test_a_passkey_in_place_of_everything_and_as_a_second_step(person, stage):
    assert "localhost" in stage.address
    page, hand, look, wrong = person()
    is_owner = authenticator(page)
    sign_in(page, hand, "lea")
    page.goto("/accounts/second-step/")
    hand.follow("Add a passkey")
    hand.write("Password", PASSWORD)
    hand.press("Continue")
    look()
    hand.write("Name of this passkey", "My phone")
    hand.press("Make a passkey")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your backup codes")
    page.goto("/accounts/second-step/webauthn/")
    expect(page.get_by_role("main")).to_contain_text("My phone")
    look()

    sign_out(page)
    page.goto("/accounts/login/?next=/o/ashdown/services/")
    look()
    is_owner(False)  # somebody else holds the phone
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_text("That did not work")).to_be_visible()
    look()
    is_owner(True)
    hand.press("Sign in with a passkey")
    page.wait_for_url("**/o/ashdown/services/")

    sign_out(page)
    sign_in(page, hand, "lea", where="/accounts/login/?next=/o/ashdown/services/")
    expect(page.get_by_label("Backup code")).to_be_visible()
    look()
    hand.press("Use my passkey")
    page.wait_for_url("**/o/ashdown/services/")

    page.goto("/accounts/second-step/webauthn/")
    hand.follow("Remove My phone")
    hand.follow("Use a passkey")
    look()
    hand.press("Use my passkey")
    look()
    hand.press("Remove it")
    expect(page.get_by_role("main")).to_contain_text("You have none yet")
    assert wrong == [] and page.console_errors == []


def test_without_javascript_a_page_says_that_passkeys_do_not_work(person, stage):
    page, hand, _look, _wrong = person("without JavaScript")
    sign_in(page, hand, "lea")
    page.goto("/accounts/second-step/webauthn/add/")
    hand.write("Password", PASSWORD)
    hand.press("Continue")
    expect(page.get_by_text("Passkeys do not work in this browser")).to_be_visible()
    expect(page.get_by_role("button", name="Make a passkey")).to_be_hidden()


@pytest.mark.parametrize("way", WAYS)
def test_another_organisations_sign_in(person, stage, settings, way):
    """The strict policy of our pages holds nobody back: forms lead to ourselves, and a page leads on from there."""
    with running() as issuer:
        apps = apps_from(environment(issuer.url), https_only=False)
        settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": apps, "OAUTH_PKCE_ENABLED": True}}
        page, hand, look, wrong = person(way)
        page.goto("/accounts/login/?next=/o/ashdown/gaps/")
        look()
        page.get_by_role("button", name="Sign in with NHSmail").click()
        page.wait_for_url("**/o/ashdown/gaps/")
        sign_out(page)
        issuer.person["email"] = "nobody@example.org"
        page.goto("/accounts/login/")
        page.get_by_role("button", name="Sign in with NHSmail").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("There is no account for you here")
        look()
    assert wrong == [] and [each for each in page.console_errors if "403" not in each] == []
