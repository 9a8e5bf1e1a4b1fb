"""A person's own account: name, address, password, where they are signed in; and what is written down about it."""

import re

import pytest
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.contrib.auth.password_validation import validate_password
from django.core import mail
from django.core.exceptions import ValidationError
from django.test import Client

from involvement import events
from involvement.actions import accounts
from involvement.models import SecurityEvent, User
from tests.involvement.test_signin import LOGIN, NEW, errors, signed_in
from tests.world import PASSWORD

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36"


def enter(name: str = "ed", agent: str = CHROME, password: str = PASSWORD) -> Client:
    client = Client(headers={"User-Agent": agent})
    client.post(LOGIN, {"login": f"{name}@example.org", "password": password})
    return client


def with_password(client: Client, where: str, data: dict):
    """Send a form that asks for the password once more on its way; return the last answer."""
    asked = client.post(where, data)
    assert asked.status_code == 302 and asked.url.startswith("/accounts/reauthenticate/")
    return client.post(asked.url, {"password": PASSWORD, "next": where}, follow=True)


def kinds() -> list[str]:
    return list(SecurityEvent.objects.order_by("pk").values_list("kind", flat=True))


def test_all_of_an_account_is_reached_from_one_page(world):
    page = enter().get("/accounts/").content.decode()
    for where in ("name/", "email/", "password/change/", "second-step/", "second-step/webauthn/", "sessions/"):
        assert f'href="/accounts/{where}"' in page
    assert "ed@example.org" in page and "Not confirmed" not in page


def test_a_name_is_changed_by_its_owner(world):
    client = enter()
    assert errors(client.post("/accounts/name/", {"name": "  "})) == ["Enter your name"]
    saved = client.post("/accounts/name/", {"name": " Edwina  Ash "}, follow=True).content.decode()
    assert "Your name is saved" in saved and "Edwina Ash" in saved
    assert User.objects.get(email="ed@example.org").name == "Edwina Ash"
    assert client.post("/accounts/name/", {"name": "x" * 151}).status_code == 422


def test_a_new_address_counts_when_its_link_was_opened(world):
    client = enter()
    waiting = with_password(client, "/accounts/email/", {"action_add": "", "email": "Edwina@example.org"})
    assert "We have sent a link to" in waiting.content.decode()
    [letter] = mail.outbox
    assert letter.to == ["edwina@example.org"] and "Confirm your email address" in letter.subject
    assert User.objects.get(pk=world.people["ed"].pk).email == "ed@example.org"
    link = re.search(r"https?://[^/]+(\S+)", letter.body)[1]
    assert User.objects.filter(email="ed@example.org").exists() and client.get(link).status_code == 200
    client.post(link)
    assert User.objects.get(pk=world.people["ed"].pk).email == "edwina@example.org"
    assert [(letter.to, letter.subject) for letter in mail.outbox[1:]] == [
        (["ed@example.org"], "Involvement Map: Your email address was changed")
    ]
    assert kinds()[-1] == "address-changed"
    assert signed_in(enter("edwina")) and not signed_in(enter("ed"))
    assert "This link does not work any more" in Client().get(link[:-2] + "/").content.decode()


def test_an_address_that_waits_opens_nothing(world):
    """It may be mistyped, and a stranger's."""
    with_password(enter(), "/accounts/email/", {"action_add": "", "email": "stranger@example.org"})
    mail.outbox.clear()
    Client().post("/accounts/password/reset/", {"email": "stranger@example.org"})
    assert mail.outbox == []
    assert not signed_in(enter("stranger"))


def test_a_change_can_be_stopped(world):
    client = enter()
    with_password(client, "/accounts/email/", {"action_add": "", "email": "edwina@example.org"})
    client.post("/accounts/email/", {"action_remove": "", "email": "edwina@example.org"})
    assert list(EmailAddress.objects.filter(user=world.people["ed"]).values_list("email", "verified")) == [
        ("ed@example.org", True)
    ]


@pytest.mark.parametrize("proven", [True, False])
def test_asking_for_a_new_address_does_not_tell_who_has_an_account(world, proven):
    if not proven:
        EmailAddress.objects.filter(user=world.people["vi"]).delete()
    free = with_password(enter(), "/accounts/email/", {"action_add": "", "email": "free@example.org"})
    taken = with_password(enter(), "/accounts/email/", {"action_add": "", "email": "vi@example.org"})
    of_its_own = r'free@|vi@|token" value="\w+"|"X-CSRFToken": "\w+"'
    bare = [re.sub(of_its_own, "", page.content.decode()) for page in (free, taken)]
    assert bare[0] == bare[1]
    link = re.search(r"https?://[^/]+(\S+)", mail.outbox[-1].body)[1]
    assert mail.outbox[-1].to == ["vi@example.org"]
    Client().post(link)
    assert User.objects.get(email="vi@example.org") == world.people["vi"]
    assert User.objects.get(pk=world.people["ed"].pk).email == "ed@example.org"


def test_an_address_that_nobody_confirmed_is_confirmed_first(world):
    EmailAddress.objects.filter(user=world.people["ed"]).delete()
    client = enter()
    assert "Not confirmed yet" in client.get("/accounts/").content.decode()
    refused = client.post("/accounts/email/", {"action_add": "", "email": "edwina@example.org"})
    assert "Send me a link to confirm it" in refused.content.decode()
    assert User.objects.get(pk=world.people["ed"].pk).email == "ed@example.org"
    client.post("/accounts/email/", {"action_send": "", "email": "ed@example.org"})
    assert [letter.to for letter in mail.outbox] == [["ed@example.org"]]
    client.post(re.search(r"https?://[^/]+(\S+)", mail.outbox[-1].body)[1])
    assert "Not confirmed yet" not in client.get("/accounts/").content.decode()


def test_a_reset_proves_the_address_too(world):
    EmailAddress.objects.filter(user=world.people["ed"]).delete()
    client = Client()
    client.post("/accounts/password/reset/", {"email": "ed@example.org"})
    key = client.get(re.search(r"https?://[^/]+(\S+)", mail.outbox[-1].body)[1], follow=True).redirect_chain[-1][0]
    client.post(key, {"password1": NEW, "password2": NEW})
    assert EmailAddress.objects.get(user=world.people["ed"]).verified


# -- Where somebody is signed in -------------------------------------------------------------------------------------


def test_one_sees_where_one_is_signed_in_and_nothing_more_is_kept(world):
    client = enter()
    enter(agent="Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Mobile/15E148 Safari/604.1")
    enter("vi")
    page = client.get("/accounts/sessions/").content.decode()
    assert page.count("Chrome on Windows") == 1 and page.count("Safari on an iPhone") == 2  # and once in its button
    assert page.count("Here") == 1
    assert set(UserSession.objects.values_list("ip", flat=True)) == {events.NO_ADDRESS}
    assert not any("/" in agent for agent in UserSession.objects.values_list("user_agent", flat=True))


def test_one_place_is_ended_or_all_others(world):
    client, second, third, other = enter(), enter(), enter(), enter("vi")
    ids = [each.pk for each in accounts.open_sessions(world.people["ed"])]
    theirs = UserSession.objects.get(user=world.people["vi"]).pk
    client.post("/accounts/sessions/", {"session": theirs})
    assert other.get("/accounts/").status_code == 200
    client.post("/accounts/sessions/", {"session": ids[1]})
    assert (client.get("/accounts/").status_code, second.get("/accounts/").status_code) == (200, 302)
    assert third.get("/accounts/").status_code == 200
    client.post("/accounts/sessions/", {})
    assert (client.get("/accounts/").status_code, third.get("/accounts/").status_code) == (200, 302)
    assert kinds().count("session-ended") == 2
    assert SecurityEvent.objects.filter(kind="session-ended").latest("pk").detail == {"sessions": 1}


def test_a_new_password_signs_out_everywhere_else(world):
    client, second = enter(), enter()
    client.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW})
    assert (client.get("/accounts/").status_code, second.get("/accounts/").status_code) == (200, 302)
    assert len(accounts.open_sessions(world.people["ed"])) == 1
    assert kinds()[-1] == "password-changed"


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (CHROME, "Chrome on Windows"),
        (CHROME + " Edg/142.0", "Edge on Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15) Gecko/20100101 Firefox/145.0", "Firefox on a Mac"),
        ("Mozilla/5.0 (Linux; Android 16) Chrome/142.0 Mobile Safari/537.36", "Chrome on an Android device"),
        ("curl/8.0", "A browser that we do not know"),
        ("", "A browser that we do not know"),
        ("Chrome on Windows", "Chrome on Windows"),
    ],
)
def test_a_browser_is_named_in_words(agent, words):
    assert events.device(agent) == words


# -- Passwords -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "easy",
    "short password12345 Liverpool2026!! 123456789012 07700900123456 P@ssw0rd!!!!! abcabcabcabc aaaaaaaaaaaaa "
    "qwertyuiopasdf zyxwvutsrqponm ed@example.org".split(),
)
def test_passwords_that_are_guessed_first_are_refused(easy):
    with pytest.raises(ValidationError):
        validate_password(easy, User(email="ed@example.org", name="Edwina Ashworth"))


@pytest.mark.parametrize("good", ["tulip wagon forty", "correct-horse-battery", "zmqpwoeirutyalsk", "Äpfel Ümlaut Öl"])
def test_long_ones_are_good_whatever_they_are_made_of(good):
    validate_password(good, User(email="ed@example.org", name="Edwina Ashworth"))


# -- What is written down --------------------------------------------------------------------------------------------


def test_signing_in_is_written_down_without_a_word_that_names_anybody(world):
    client = Client()
    for address in ("ed@example.org", "nobody@example.org"):
        client.post(LOGIN, {"login": address, "password": "wrong"})
        client.post("/accounts/password/reset/", {"email": address})
    fresh = Client()
    key = fresh.get(re.search(r"https?://[^/]+(\S+)", mail.outbox[0].body)[1], follow=True).redirect_chain[-1][0]
    fresh.post(key, {"password1": NEW, "password2": NEW})
    enter(password=NEW).post("/accounts/logout/")
    ed = world.people["ed"].pk
    written = list(SecurityEvent.objects.order_by("pk").values_list("kind", "actor", "detail"))
    assert written[-7:] == [
        ("sign-in-failed", None, {"account": ed}),
        ("password-reset-asked", None, {"account": ed}),
        ("sign-in-failed", None, {"account": None}),
        ("password-reset-asked", None, {"account": None}),
        ("password-reset", ed, {}),
        ("sign-in", ed, {"steps": ["password"]}),
        ("sign-out", ed, {}),
    ]
    assert "example.org" not in str(written[-7:])
