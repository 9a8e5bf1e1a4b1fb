"""Signing in at an OpenID Connect provider: over real HTTP against tests/issuer.py."""

import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from involvement.models import SecurityEvent, User
from involvement.providers import apps_from
from tests.involvement.test_signin import signed_in
from tests.issuer import CLIENT, SECRET, running

THERE, BACK = "/accounts/at/nhsmail/", "/accounts/at/nhsmail/back/"


def environment(issuer: str, **more: str) -> dict[str, str]:
    return {
        "OIDC_PROVIDERS": "nhsmail",
        "OIDC_NHSMAIL_NAME": "NHSmail",
        "OIDC_NHSMAIL_ISSUER": issuer,
        "OIDC_NHSMAIL_CLIENT_ID": CLIENT,
        "OIDC_NHSMAIL_CLIENT_SECRET": SECRET,
        **more,
    }


@pytest.fixture
def use(settings):
    """Return a function that makes the settings what this environment says."""

    def use_(described: dict[str, str]):
        apps = apps_from(described, https_only=False)
        settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": apps, "OAUTH_PKCE_ENABLED": True}}

    return use_


@pytest.fixture
def issuer(use, world):
    with running() as issuer:
        use(environment(issuer.url))
        yield issuer


def leave(client: Client, **data) -> str:
    """Press the button; return the address at the provider to which the page leads."""
    page = client.post(THERE, data).content.decode()
    [address] = re.findall(r'http-equiv="refresh" content="0;url=([^"]+)"', page)
    assert f'href="{address}"' in page  # for whoever's browser does not follow by itself
    return unescape(address)


def come_back(client: Client, address: str):
    """Sign in at the provider, which sends the browser back; return what we answer."""
    sent = requests.get(address, allow_redirects=False, timeout=10)
    parts = urlsplit(sent.headers["Location"])
    assert (parts.netloc, parts.path) == ("testserver", BACK)
    return client.get(f"{parts.path}?{parts.query}")


def there_and_back(client: Client, **data):
    return come_back(client, leave(client, **data))


def test_a_member_comes_in_by_the_address_that_both_have_proven(client, issuer, world):
    assert "Sign in with NHSmail" in client.get("/accounts/login/").content.decode()
    answer = there_and_back(client, next="/o/ashdown/gaps/")
    assert signed_in(client) and answer.url == "/o/ashdown/gaps/"
    assert client.session["_auth_user_id"] == str(world.people["ed"].pk)
    assert SecurityEvent.objects.latest("pk").detail == {"steps": ["nhsmail"]}
    assert not SocialAccount.objects.exists()  # nothing about it is kept
    assert User.objects.get(email="ed@example.org").has_usable_password()


def test_it_asks_as_the_standard_says_and_hands_nothing_on(client, issuer):
    address = unescape(leave(client))
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    assert set(asked["scope"].split()) == {"openid", "email", "profile"}
    assert (asked["client_id"], asked["response_type"], asked["code_challenge_method"]) == (CLIENT, "code", "S256")
    assert asked["redirect_uri"] == f"http://testserver{BACK}"
    page = client.post(THERE + "?auth_params=redirect_uri%3Dhttps://elsewhere.example&scope=all&process=connect")
    assert "elsewhere" not in page.content.decode()
    assert client.get(THERE).status_code == 405


REFUSED = {
    "nobody's address": {"email": "nobody@example.org"},
    "not proven there": {"email_verified": False},
    "nothing said about it": {"email_verified": None},
    "no address": {"email": None},
    "an address in another's domain": {"email": "ed@example.org.evil.example"},
}


@pytest.mark.parametrize("person", REFUSED.values(), ids=REFUSED)
def test_nobody_else_does_and_nobody_is_made(client, issuer, person):
    before = User.objects.count()
    issuer.person = {name: value for name, value in (issuer.person | person).items() if value is not None}
    answer = there_and_back(client)
    assert answer.status_code == 403 and not signed_in(client)
    assert "There is no account for you here" in answer.content.decode()
    assert User.objects.count() == before and not SocialAccount.objects.exists()
    assert SecurityEvent.objects.latest("pk").kind == "sign-in-refused"
    assert "example" not in str(SecurityEvent.objects.latest("pk").detail)


def test_nor_by_an_address_that_is_not_proven_here(client, issuer, world):
    EmailAddress.objects.filter(user=world.people["ed"]).update(verified=False)
    assert there_and_back(client).status_code == 403
    world.people["vi"].emailaddress_set.create(email="edwina@example.org", verified=False)
    issuer.person["email"] = "edwina@example.org"
    assert there_and_back(client).status_code == 403
    assert User.objects.get(email="ed@example.org").has_usable_password()


def test_a_closed_account_stays_closed(client, issuer, world):
    User.objects.filter(email="ed@example.org").update(is_active=False)
    assert there_and_back(client).url == "/accounts/inactive/" and not signed_in(client)


def test_the_second_step_is_asked_for_here_too(client, issuer, world):
    from allauth.mfa.totp.internal.auth import TOTP

    TOTP.activate(world.people["ed"], "JBSWY3DPEHPK3PXP")
    assert there_and_back(client).url == "/accounts/second-step/authenticate/" and not signed_in(client)


def test_an_issuer_that_gives_out_addresses_itself_is_believed_about_its_own_domain(client, issuer, use):
    issuer.person.pop("email_verified")
    use(environment(issuer.url, OIDC_NHSMAIL_TRUSTED_DOMAINS="nhs.net, Example.org"))
    there_and_back(client)
    assert signed_in(client)


LIES = {
    "signed with another key": {"sign_with_another_key": True},
    "made out to another": {"audience": "somebody-else"},
    "about two people": {"another_sub": "43"},
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_a_token_is_believed_only_when_it_is_right(client, issuer, lie):
    for name, value in lie.items():
        setattr(issuer, name, value)
    answer = there_and_back(client)
    assert answer.status_code == 401 and not signed_in(client)
    assert "We could not sign you in" in answer.content.decode()


def test_coming_back_without_having_left_opens_nothing(client, issuer):
    address = leave(Client())
    assert come_back(client, address).status_code == 401  # somebody else's way there
    assert client.get(BACK + "?code=x&state=y").status_code == 401
    assert not signed_in(client)


def test_stopping_there_is_no_fault(client, issuer):
    state = parse_qs(urlsplit(leave(client)).query)["state"][0]
    answer = client.get(f"{BACK}?error=access_denied&state={state}", follow=True)
    assert "You stopped signing in" in answer.content.decode()


def test_a_provider_that_does_not_answer_is_said_in_words(client, issuer):
    issuer.broken = True
    answer = client.post(THERE)
    assert answer.status_code == 502 and "We could not sign you in" in answer.content.decode()


def test_without_providers_there_are_none(client, world):
    assert "Sign in with NHS" not in client.get("/accounts/login/").content.decode()
    assert (client.post(THERE).status_code, client.get(BACK).status_code) == (404, 404)


WRONG = {
    "no issuer": ({"OIDC_NHSMAIL_ISSUER": ""}, "OIDC_NHSMAIL_ISSUER is missing"),
    "no secret": ({"OIDC_NHSMAIL_CLIENT_SECRET": ""}, "OIDC_NHSMAIL_CLIENT_SECRET is missing"),
    "plain http": ({"OIDC_NHSMAIL_ISSUER": "http://login.example.nhs.uk"}, "must be an https address"),
    "Microsoft's for all": (
        {"OIDC_NHSMAIL_ISSUER": "https://login.microsoftonline.com/common/v2.0"},
        "Name your own tenant",
    ),
    "a strange name": ({"OIDC_PROVIDERS": "NHS mail"}, "small letters and digits"),
    "twice": ({"OIDC_PROVIDERS": "nhsmail,nhsmail"}, "twice"),
    "no openid": ({"OIDC_NHSMAIL_SCOPES": "email"}, "must hold openid"),
}


@pytest.mark.parametrize(("changes", "said"), WRONG.values(), ids=WRONG)
def test_half_a_description_is_refused(changes, said):
    with pytest.raises(ImproperlyConfigured, match=said):
        apps_from(environment("https://login.example.nhs.uk") | changes, https_only=True)


def test_a_whole_description():
    described = environment(
        "https://login.microsoftonline.com/7a1c/v2.0/",
        OIDC_PROVIDERS="nhsmail, cis2",
        OIDC_CIS2_ISSUER="https://am.example.nhs.uk:443/openam",
        OIDC_CIS2_CLIENT_ID="id",
        OIDC_CIS2_CLIENT_SECRET="secret",
        OIDC_CIS2_SCOPES="openid email nhsperson",
        OIDC_CIS2_AUTH_PARAMS="acr_values=AAL2_OR_AAL3_ANY",
    )
    entra, cis2 = apps_from(described, https_only=True)
    assert (entra["name"], entra["settings"]["server_url"]) == ("NHSmail", "https://login.microsoftonline.com/7a1c/v2.0")
    assert (cis2["name"], cis2["settings"]["scope"]) == ("cis2", ["openid", "email", "nhsperson"])
    assert cis2["settings"]["auth_params"] == {"acr_values": "AAL2_OR_AAL3_ANY"}
    assert apps_from({}, https_only=True) == []
