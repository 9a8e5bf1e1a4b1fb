"""An invitation from end to end: a letter through a real mail server, opened on a phone."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import expect

from involvement.models import User
from tests.browser.hands import Keyboard, Pointer
from tests.post_office import links_in, mailers, open_office, text_of

SUBJECT = "you are invited by Ashdown Hospitals"
PHONE = 390
TWO_MINUTES = 120  # seconds


@pytest.fixture
def office(settings):
    """A mail server, to which the letters of this test go."""
    with open_office() as opened:
        settings.MAILERS = mailers(opened.port)
        yield opened


def invite(visit, hand_of, javascript: bool, look) -> None:
    """The lead's side: paste, choose, check, send."""
    page = visit("lea", javascript=javascript)
    hand = hand_of(page)
    hand.follow("Organisation", within="nav.nhsuk-header__navigation")
    hand.follow("Invite people", within="main")
    hand.write("Whom do you want to invite?", "Nia New <nia@home.example>")
    hand.choose("What will they be?", "Patient leader")
    look(page)
    hand.press("Continue")
    expect(page.get_by_role("main")).to_contain_text("One person will be invited as: Patient leader")
    look(page)
    hand.press("Send 1 invitation")
    expect(page.get_by_role("main")).to_contain_text("nia@home.example")


@pytest.mark.parametrize(
    ("hand_of", "javascript"),
    [(Pointer, True), (Pointer, False), (Keyboard, True)],
    ids=["pointer", "without JavaScript", "keyboard alone"],
)
def test_a_patient_leader_joins_on_a_phone(visit, stage, office, axe, hand_of, javascript):
    wrong = []

    def look(page):
        if javascript and hand_of is Pointer:
            wrong.extend(axe(page))

    invite(visit, hand_of, javascript, look)
    letter = office.newest(SUBJECT)
    assert letter.sent_to == ["nia@home.example"]
    assert "Lea invites you" in text_of(letter) and "Patient leader. Reads everything" in text_of(letter)
    [link] = links_in(letter)
    assert link.startswith(stage.address)

    phone = visit(javascript=javascript, width=PHONE)
    hand, started = hand_of(phone), time.monotonic()
    phone.goto(link)
    main = phone.get_by_role("main")
    for told in ("Join Ashdown Hospitals", "Invited by", "Lea", "Patient leader. Reads everything"):
        expect(main).to_contain_text(told)
    expect(phone.get_by_label("Your email address")).to_have_value("nia@home.example")
    expect(phone.get_by_label("Your name")).to_have_value("Nia New")
    look(phone)
    hand.write("Choose a password", "three words that hold")
    hand.press("Join")
    expect(phone).to_have_url(re.compile(r"/o/ashdown/$"))
    expect(phone.get_by_role("main")).to_contain_text("Welcome. You have joined Ashdown Hospitals")
    assert time.monotonic() - started < TWO_MINUTES
    look(phone)
    nia = User.objects.get(email="nia@home.example")
    assert [each.role for each in nia.memberships.filter(until=None)] == ["patient-leader"]
    assert len(office.letters) == 1, "no second letter to open first"

    again = visit(javascript=javascript, width=PHONE)
    again.goto(link)
    expect(again.get_by_role("heading", level=1)).to_have_text("This invitation does not work")
    look(again)
    assert wrong == []


def test_whoever_is_signed_in_as_somebody_else_is_led_on(visit, stage, office, axe):
    invite(visit, Pointer, True, lambda page: None)
    [link] = links_in(office.newest(SUBJECT))
    page = visit("vi", width=PHONE)
    page.goto(link)
    expect(page.get_by_role("main")).to_contain_text("You are signed in as vi@example.org")
    assert axe(page) == []
    page.get_by_role("main").get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Choose a password")).to_be_visible()
    page.go_back()
    assert not stage.people["vi"].memberships.filter(role="patient-leader").exists()


def test_whoever_has_an_account_signs_in_and_agrees(visit, stage, office, axe):
    page = visit("lea")
    hand = Pointer(page)
    page.goto("/o/ashdown/members/invite/")
    hand.write("Whom do you want to invite?", "sam@example.org")
    hand.choose("What will they be?", "Viewer")
    hand.press("Continue")
    hand.press("Send 1 invitation")
    [link] = links_in(office.newest(SUBJECT))
    phone = visit(width=PHONE)
    hand = Pointer(phone)
    phone.goto(link)
    assert axe(phone) == []
    hand.follow("Sign in to join")
    hand.write("Email address", "sam@example.org")
    hand.write("Password", "correct-horse-battery")
    hand.press("Sign in")
    assert axe(phone) == []
    hand.press("Join")
    expect(phone.get_by_role("main")).to_contain_text("Welcome. You have joined Ashdown Hospitals")
