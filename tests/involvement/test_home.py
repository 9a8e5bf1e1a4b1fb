"""The front door, the errors, and that what we say about ourselves is true."""

import re

import pytest
from django.conf import settings
from django.test import RequestFactory
from django.urls import reverse
from django.views import defaults

from involvement.access import Role
from involvement.actions.base import today
from involvement.actions.organisations import give_role
from tests.world import PASSWORD

PUBLIC = ("/", "/accessibility/", "/privacy/", "/accounts/login/", "/accounts/signup/", "/accounts/password/reset/")


def text(answer) -> str:
    """Return the words of a page, without its markup."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def test_a_stranger_reads_what_this_is_and_where_to_sign_in(client, db):
    answer = client.get("/")
    assert answer.status_code == 200
    page = answer.content.decode()
    for place in ("As owners", "As users", "As choosers", "As coproducers"):
        assert place in page
    assert f'href="{reverse("account_login")}"' in page
    assert "Sign out" not in page


def test_whoever_has_one_organisation_is_taken_there_unless_they_stay(client, world):
    client.login(email="vi@example.org", password=PASSWORD)
    assert client.get("/").url == "/o/ashdown/"
    stayed = client.get("/?stay=1")
    assert stayed.status_code == 200
    assert 'href="/o/ashdown/"' in stayed.content.decode()
    assert "You are: viewer" in text(stayed)


def test_whoever_has_two_chooses_and_sees_what_they_are_in_each(client, world):
    vi, bo = world.people["vi"], world.people["bo"]
    give_role(organisation=world.birchwood.organisation, user=vi, role=Role.BOARD_MEMBER, by=bo)
    give_role(organisation=world.birchwood.organisation, user=vi, role=Role.VIEWER, by=bo)
    client.force_login(vi)
    answer = client.get("/")
    assert answer.status_code == 200
    assert text(answer).count("You are:") == 2
    assert "You are: board member, viewer" in text(answer)


def test_a_role_that_has_ended_opens_nothing(client, world):
    world.people["vi"].memberships.update(until=today())
    client.login(email="vi@example.org", password=PASSWORD)
    answer = client.get("/")
    assert answer.status_code == 200
    assert "no organisation has given you a part" in text(answer)
    assert "ashdown" not in answer.content.decode().lower()


def test_a_stranger_cannot_tell_an_organisation_from_none(client, world):
    client.login(email="sam@example.org", password=PASSWORD)
    token = re.compile(r'(X-CSRFToken": "|csrfmiddlewaretoken" value=")\w+')
    pages = []
    for slug in ("ashdown", "birchwood", "no-such-place"):
        answer = client.get(f"/o/{slug}/map/")
        assert answer.status_code == 404
        pages.append(token.sub("", answer.content.decode()).replace(slug, ""))
    assert pages[0] == pages[1] == pages[2]


def test_a_member_without_the_right_is_told_so_and_a_page_leads_on(client, world):
    client.login(email="vi@example.org", password=PASSWORD)
    answer = client.get("/o/ashdown/activities/new/")
    assert answer.status_code == 403
    assert "ask the person who leads on involvement" in text(answer)


@pytest.mark.parametrize(
    ("view", "words"),
    [
        (defaults.server_error, "Something went wrong here"),
        (lambda request: defaults.bad_request(request, Exception()), "We could not read that"),
    ],
    ids=["500", "400"],
)
def test_the_pages_for_our_own_failures_need_no_user_and_no_database(view, words):
    answer = view(RequestFactory().get("/"))
    assert answer.status_code in (400, 500)
    assert words in text(answer)


def test_a_form_from_a_page_open_too_long_is_refused_in_plain_words(world):
    from django.test import Client

    strict = Client(enforce_csrf_checks=True)
    answer = strict.post(reverse("account_login"), {"login": "vi@example.org", "password": PASSWORD})
    assert answer.status_code == 403
    assert "This page was open too long" in text(answer)


def test_only_the_cookies_that_the_privacy_page_names_are_set(client, world):
    said = client.get("/privacy/").content.decode()
    for address in PUBLIC:
        client.get(address)
    client.post(reverse("account_login"), {"login": "ed@example.org", "password": PASSWORD})
    client.get("/", follow=True)
    client.post("/o/ashdown/pieces/new/", {"title": "A new piece"}, follow=True)  # it leaves a message behind
    client.post(reverse("account_logout"), follow=True)
    assert set(client.cookies) == {settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME}
    for name in client.cookies:
        assert name in said


def test_no_page_takes_anything_from_another_host_or_carries_script_or_style(client, db):
    for address in PUBLIC:
        page = client.get(address).content.decode()
        assert len(re.findall(r'(?:src|href)="', page)) > 5
        assert not re.findall(r'(?:src|href|action)="(?:https?:)?//', page), address
        assert not re.findall(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", page), address
    css = (settings.BASE_DIR / "static" / "app.css").read_text()
    assert "url(" not in css and "@import" not in css


def test_the_typeface_of_another_host_is_never_asked_for():
    """The NHS stylesheet loads its licensed font for whatever uses it; ours names system fonts on html, after it."""
    css = (settings.BASE_DIR / "static" / "app.css").read_text()
    assert re.search(r"^html \{ font-family: Arial", css, re.M)
    nhs = (settings.BASE_DIR / "assets" / "nhsuk" / "nhsuk-frontend.min.css").read_text()
    users = re.findall(r"([^{}]+)\{[^{}]*font-family:[^{};]*Frutiger[^{}]*\}", nhs)
    assert [user.strip() for user in users if "@font-face" not in user] == ["html"]


def test_every_page_has_a_title_of_its_own_one_heading_and_a_way_past_the_menu(client, db):
    titles = set()
    for address in PUBLIC:
        page = client.get(address).content.decode()
        titles.add(re.search(r"<title>(.*?)</title>", page, re.S)[1])
        assert page.count("<h1") == 1, address
        assert 'href="#maincontent"' in page and 'id="maincontent"' in page
        assert re.search(r'<html lang="en-gb">', page)
    assert len(titles) == len(PUBLIC)


def test_the_menu_marks_where_one_is(client, world):
    client.login(email="ed@example.org", password=PASSWORD)
    page = client.get("/o/ashdown/pieces/").content.decode()
    here = r'<a [^>]*href="([^"]*)"[^>]*aria-current="(\w+)"'  # in the row of a wide screen, and in the fold of a phone
    assert re.findall(here, page) == [("/o/ashdown/pieces/", "page")] * 2
    below = client.get("/o/ashdown/pieces/new/").content.decode()
    assert re.findall(here, below) == [("/o/ashdown/pieces/", "true")] * 2


def test_an_invented_organisation_says_that_it_is_one(client, world):
    client.login(email="ed@example.org", password=PASSWORD)
    assert "(example)" not in client.get("/o/ashdown/pieces/").content.decode()
    organisation = world.ashdown.organisation
    organisation.fictional = True
    organisation.save()
    page = text(client.get("/o/ashdown/pieces/"))
    assert f"{organisation.name} (example)" in page
    assert "is an invented example" in page


def test_the_way_back_to_ones_organisation_stands_on_the_pages_of_nobody(world, client):
    link = '<a class="nhsuk-header__navigation-link" href="/">Your organisations</a>'
    assert link not in client.get("/framework/").content.decode()
    client.force_login(world.people["vi"])
    for where in ("/framework/", "/framework/owners/", "/privacy/", "/accounts/"):
        assert link in client.get(where).content.decode(), where
    assert client.get("/")["Location"] == "/o/ashdown/"
    assert "Your organisations</a>" not in client.get("/o/ashdown/").content.decode()
