"""Signing in and out, a forgotten password, and that nobody joins by themselves."""

import re

import pytest
from django.core import mail
from django.urls import reverse

from involvement.models import User
from tests.world import PASSWORD

LOGIN = "/accounts/login/"
NEW = "a longer-password of mine"


def errors(answer) -> list[str]:
    """Return what the error summary of a page says."""
    summary = re.search(r'<ul class="nhsuk-list nhsuk-error-summary__list">(.*?)</ul>', answer.content.decode(), re.S)
    return [" ".join(re.sub(r"<[^>]+>", " ", line).split()) for line in re.findall(r"<li>(.*?)</li>", summary[1], re.S)]


def signed_in(client) -> bool:
    return "_auth_user_id" in client.session


def test_one_signs_in_with_address_and_password_whatever_the_case_of_the_address(client, world):
    answer = client.post(LOGIN, {"login": "Ed@Example.org", "password": PASSWORD})
    assert answer.status_code == 302 and answer.url == "/"
    assert signed_in(client)
    assert "Sign out" in client.get("/?stay=1").content.decode()


def test_one_comes_back_to_the_page_that_one_wanted_but_not_to_another_website(client, world):
    wanted = client.get("/o/ashdown/pieces/")
    assert wanted.url == f"{LOGIN}?next=/o/ashdown/pieces/"
    form = client.get(wanted.url).content.decode()
    assert 'name="next" value="/o/ashdown/pieces/"' in form
    data = {"login": "ed@example.org", "password": PASSWORD}
    assert client.post(LOGIN, data | {"next": "/o/ashdown/pieces/"}).url == "/o/ashdown/pieces/"
    client.logout()
    assert client.post(LOGIN, data | {"next": "https://elsewhere.example/"}).url == "/"


def test_nothing_tells_a_wrong_password_from_an_unknown_address(client, world):
    wrong = client.post(LOGIN, {"login": "ed@example.org", "password": "wrong"})
    unknown = client.post(LOGIN, {"login": "nobody@example.org", "password": "wrong"})
    assert errors(wrong) == errors(unknown) == ["The email address or the password is not right"]
    assert not signed_in(client)


def test_what_is_missing_is_said_beside_its_box(client, db):
    answer = client.post(LOGIN, {"login": "ed", "password": ""})
    page = answer.content.decode()
    assert errors(answer) == ["Enter an email address, such as name@example.nhs.uk", "Enter your password"]
    assert 'href="#id_login"' in page and 'id="id_login"' in page
    assert "<title>Error: Sign in" in page
    assert "placeholder=" not in page


def test_guessing_is_stopped_for_the_account_even_with_the_right_password(client, world):
    for _try in range(5):
        client.post(LOGIN, {"login": "ed@example.org", "password": "wrong"})
    answer = client.post(LOGIN, {"login": "ed@example.org", "password": PASSWORD})
    assert not signed_in(client)
    assert "Wait" in answer.content.decode()
    client.post(LOGIN, {"login": "vi@example.org", "password": PASSWORD})
    assert signed_in(client)  # a colleague behind the same address is not held up


def test_signing_out_takes_a_press_of_a_button(client, world):
    client.login(email="ed@example.org", password=PASSWORD)
    asked = client.get(reverse("account_logout"))
    assert asked.status_code == 200 and signed_in(client)
    left = client.post(reverse("account_logout"), follow=True)
    assert not signed_in(client)
    assert "You are signed out" in left.content.decode()


def test_a_forgotten_password_is_replaced_through_a_link_that_works_once(client, world):
    assert client.post("/accounts/password/reset/", {"email": "ED@example.org"}).url == "/accounts/password/reset/done/"
    [letter] = mail.outbox
    assert letter.to == ["ed@example.org"]
    assert "Choose a new password" in letter.subject
    link = re.search(r"https?://[^/]+(/accounts/password/reset/key/\S+)", letter.body)[1]

    form = client.get(link, follow=True)
    address = form.redirect_chain[-1][0]
    short = client.post(address, {"password1": "short", "password2": "short"})
    assert any("12" in each for each in errors(short))
    done = client.post(address, {"password1": NEW, "password2": NEW}, follow=True)
    assert "Your new password is saved" in done.content.decode()
    assert not signed_in(client)  # the new password has to be used, not the letter

    assert client.login(email="ed@example.org", password=NEW)
    client.logout()
    again = client.get(link, follow=True)
    assert "This link does not work any more" in again.content.decode()


def test_an_unknown_address_gets_the_same_answer_and_no_letter(client, world):
    known = client.post("/accounts/password/reset/", {"email": "ed@example.org"}, follow=True)
    unknown = client.post("/accounts/password/reset/", {"email": "nobody@example.org"}, follow=True)
    assert known.redirect_chain == unknown.redirect_chain
    assert [letter.to for letter in mail.outbox] == [["ed@example.org"]]


def test_letters_are_plain_and_name_no_other_service(client, world):
    client.post("/accounts/password/reset/", {"email": "ed@example.org"})
    client.login(email="ed@example.org", password=PASSWORD)
    data = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    client.post("/accounts/password/change/", data)
    assert len(mail.outbox) == 2
    for letter in mail.outbox:
        assert "Involvement Map" in letter.body
        assert "Thank you for using" not in letter.body and "example.com" not in letter.body


def test_changing_a_password_needs_the_one_before(client, world):
    client.login(email="ed@example.org", password=PASSWORD)
    data = {"oldpassword": "wrong", "password1": NEW, "password2": NEW}
    refused = client.post("/accounts/password/change/", data)
    assert errors(refused) == ["This is not your password now"]
    saved = client.post("/accounts/password/change/", data | {"oldpassword": PASSWORD}, follow=True)
    assert "Your new password is saved" in saved.content.decode()
    assert User.objects.get(email="ed@example.org").check_password(NEW)


@pytest.mark.parametrize("method", ["get", "post"])
def test_nobody_joins_by_themselves(client, world, method):
    before = User.objects.count()
    data = {"email": "new@example.org", "password1": NEW, "password2": NEW}
    answer = getattr(client, method)("/accounts/signup/", data)
    assert "You join by invitation" in answer.content.decode()
    assert User.objects.count() == before
    assert not signed_in(client)


def test_no_page_of_an_account_speaks_as_its_library_does(client, world):
    pages = ["/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/accounts/inactive/"]
    members = [
        "/accounts/", "/accounts/name/", "/accounts/password/change/", "/accounts/email/", "/accounts/logout/",
        "/accounts/reauthenticate/", "/accounts/sessions/", "/accounts/second-step/", "/accounts/second-step/webauthn/",
        "/accounts/second-step/needed/", "/accounts/at/cancelled/",
    ]  # fmt: skip
    seen = [client.get(page).content.decode() for page in pages]
    client.login(email="ed@example.org", password=PASSWORD)
    seen += [client.get(page).content.decode() for page in members]
    for page in seen:
        assert "nhsuk-header" in page
        words = re.sub(r"<[^>]+>", " ", page)
        foreign = r"Sign In|Sign Up|Bad Token|E-mail|Remember Me|[Aa]uthenticat|[Ff]actor|WebAuthn|TOTP"
        assert not re.search(foreign, words)
