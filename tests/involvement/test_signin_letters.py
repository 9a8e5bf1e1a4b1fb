"""Letters about an account, sent by Django's own SMTP to a real mail server on this machine."""

import re
import time
from contextlib import suppress
from urllib.parse import urlsplit

import pytest
from django.core.mail import EmailMessage
from django.db import transaction
from django.test import Client

from involvement import letters
from tests.involvement.test_signin import LOGIN, NEW
from tests.involvement.test_signin_account import with_password
from tests.post_office import links_in, mailers, open_office, text_of
from tests.world import PASSWORD


@pytest.fixture
def office(settings, monkeypatch):
    monkeypatch.setattr(letters.transaction, "on_commit", lambda send: send())  # a test's own transaction never ends
    with open_office() as office:
        settings.MAILERS = mailers(office.port)
        settings.LETTERS_WAIT = False
        yield office


def test_every_letter_of_an_account_is_plain_text_that_leads_nowhere_else(office, world):
    client = Client()
    client.post("/accounts/password/reset/", {"email": "ed@example.org"})
    reset = office.newest("Choose a new password")
    assert reset.sent_to == ["ed@example.org"]
    [link] = links_in(reset)
    key = client.get(urlsplit(link).path, follow=True).redirect_chain[-1][0]
    client.post(key, {"password1": NEW, "password2": NEW})
    office.newest("Your password was changed")
    client.post(LOGIN, {"login": "ed@example.org", "password": NEW})
    asked = client.post("/accounts/email/", {"action_add": "", "email": "edwina@example.org"})
    client.post(asked.url, {"password": NEW, "next": "/accounts/email/"})
    confirm = office.newest("Confirm your email address")
    assert confirm.sent_to == ["edwina@example.org"]
    client.post(urlsplit(links_in(confirm)[0]).path)
    told = office.newest("Your email address was changed")
    assert told.sent_to == ["ed@example.org"]
    assert len(office.letters) == 4
    for letter in office.letters:
        words = text_of(letter)
        assert letter.get_content_type() == "text/plain"
        assert words.startswith("Hello") and "Involvement Map" in words
        assert {urlsplit(each).netloc for each in links_in(letter)} <= {"testserver"}
        assert not re.search(r"authenticat|factor|example\.com|127\.0\.0\.1|Mozilla", words)
    assert "If this was not you" in text_of(told)


def test_the_answer_does_not_wait_for_the_mail_server(
    settings, caplog, world, django_capture_on_commit_callbacks
):
    """Nor does it fail with it: what went wrong is logged, without a word about whom it was for."""
    settings.MAILERS = mailers(1)  # nobody listens there
    settings.LETTERS_WAIT = False
    with django_capture_on_commit_callbacks(execute=True):
        answer = Client().post("/accounts/password/reset/", {"email": "ed@example.org"})
    assert answer.url == "/accounts/password/reset/done/"
    until, said = time.monotonic() + 20, []
    while not said and time.monotonic() < until:
        time.sleep(0.05)
        said = [each for each in caplog.records if each.name == "involvement.letters"]
    assert [each.getMessage() for each in said] == ["a letter was not sent"]
    assert "example.org" not in said[0].getMessage()


def test_what_was_taken_back_is_told_to_nobody(settings, db, django_capture_on_commit_callbacks):
    settings.LETTERS_WAIT = False
    with django_capture_on_commit_callbacks() as leaving:
        with transaction.atomic():
            letters.post(EmailMessage("It stands", "b", "c@example.org", ["d@example.org"]))
        with suppress(ValueError), transaction.atomic():
            letters.post(EmailMessage("It does not", "b", "c@example.org", ["d@example.org"]))
            raise ValueError
    assert len(leaving) == 1


def test_where_letters_are_waited_for_a_fault_is_raised(settings):
    settings.MAILERS = mailers(1)
    with pytest.raises(OSError, match="refused"):
        letters.post(EmailMessage("a", "b", "c@example.org", ["d@example.org"]))


def test_on_the_console_a_link_stays_whole(settings, capsys, world):
    settings.MAILERS = {"default": {"BACKEND": "involvement.letters.ConsoleBackend"}}
    Client().post("/accounts/password/reset/", {"email": "ed@example.org"})
    [link] = re.findall(r"http://testserver(/accounts/password/reset/key/\S+)\n", capsys.readouterr().out)
    assert "Choose a new password" in Client().get(link, follow=True).content.decode()


def test_a_signed_in_change_of_password_is_told(office, world):
    client = Client()
    client.post(LOGIN, {"login": "vi@example.org", "password": PASSWORD})
    client.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW})
    assert office.newest("Your password was changed").sent_to == ["vi@example.org"]


def test_asking_twice_sends_one_link_in_three_minutes(office, world):
    client = Client()
    client.post(LOGIN, {"login": "vi@example.org", "password": PASSWORD})
    with_password(client, "/accounts/email/", {"action_add": "", "email": "violet@example.org"})
    for _again in range(3):
        client.post("/accounts/email/", {"action_send": "", "email": "violet@example.org"})
    letters._post_office.submit(lambda: None).result(10)
    office.newest("Confirm your email address")
    assert len(office.letters) == 1
