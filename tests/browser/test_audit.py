"""A board member with ten minutes: from nothing to a signed audit; then a lead publishes it, and anybody reads it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from involvement.models import Audit
from tests.audits import signed_audit
from tests.browser.hands import Keyboard, Pointer
from tests.world import PASSWORD

MENU = "nav.nhsuk-header__navigation"
PLACES = ("owners", "users", "choosers", "coproducers")
WAYS = {
    "pointer": (Pointer, {"javascript": True}),
    "keyboard without JavaScript, 320 pixels wide": (Keyboard, {"javascript": False, "width": 320}),
}


def enter(hand, name: str) -> None:
    hand.page.goto("/accounts/login/")
    hand.write("Email address", f"{name}@example.org")
    hand.write("Password", PASSWORD)
    hand.press("Sign in")


@pytest.mark.parametrize("way", WAYS)
def test_from_nothing_to_a_signed_and_published_audit(visit, stage, axe, way):
    hand_of, how = WAYS[way]
    page = visit(**how)
    hand, looked_at = hand_of(page), []

    def look(page=page):
        if how["javascript"]:
            looked_at.extend(axe(page))
            page.set_viewport_size({"width": 320, "height": 640})
            looked_at.extend(f"at 320: {each}" for each in axe(page))
            page.set_viewport_size({"width": 1280, "height": 900})

    enter(hand, "bob")
    page.goto("/o/ashdown/audits/")
    expect(page.get_by_text("There is no audit yet.")).to_be_visible()
    hand.follow("Start an audit")
    look()
    hand.write("What is it called?", "Audit 2026")
    hand.press("Start")
    expect(page.get_by_text("1 activity has no place yet")).to_be_visible()
    look()
    hand.follow("Change what it looks at")
    look()
    hand.write("What is it called?", "Audit of 2026")
    hand.press("Save")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Audit of 2026")

    hand.follow("Freeze it", within="main")
    hand.press("Freeze it")
    expect(page.get_by_role("alert").first).to_contain_text("Say why the board goes on")
    look()
    hand.write("Why do you go on although this is open?", "The panel only came in this week.")
    hand.press("Freeze it")

    expect(page.get_by_role("heading", level=1)).to_contain_text("How sure the board is")
    look()
    for place in PLACES:
        hand.choose(f"Citizens as {place}: how sure is the board?", "Partly assured")
        hand.write(f"Citizens as {place}: why?", f"We see half of what {place} need.")
    hand.press("Keep these conclusions")
    look()

    hand.follow("Sign this audit")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Enter your password again")
    hand.write("Password", PASSWORD)
    hand.press("Continue")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Sign this audit")
    look()
    hand.press("Sign")
    expect(page.get_by_text(re.compile("Signed by Bob on"))).to_be_visible()
    look()
    audit = Audit.objects.get(title="Audit of 2026")
    assert audit.state == "signed"
    expect(page.locator("main form")).to_have_count(0)
    hand.follow("Read the whole report")
    expect(page.get_by_text("The panel only came in this week.")).to_be_visible()
    look()

    # A lead looks, then publishes; nobody in particular reads it; then it is taken down.
    lead = visit(**how)
    hand = hand_of(lead)
    enter(hand, "lea")
    lead.goto(f"/o/ashdown/audits/{audit.pk}/")
    hand.follow("See what the public would see")
    look(lead)
    hand.follow("I have looked: go on")
    hand.press("Publish")
    expect(lead.get_by_role("alert").first).to_contain_text("Look at the page first")
    look(lead)
    hand.tick("I have looked at all of this page, and it may be public")
    hand.press("Publish")
    anybody = visit(**how)
    anybody.goto("/published/ashdown/")
    expect(anybody.get_by_text("We see half of what users need.")).to_be_visible()
    look(anybody)
    hand.follow("Take it down")
    look(lead)
    hand.write("Why?", "A patient was named.")
    hand.press("Take it down")
    anybody.goto("/published/ashdown/")
    expect(anybody.get_by_text("A patient was named.")).to_be_visible()
    expect(anybody.get_by_text("We see half of what users need.")).to_have_count(0)
    look(anybody)
    assert looked_at == []
    assert page.console_errors == lead.console_errors == []


def test_two_audits_and_two_days_compare(visit, stage, axe):
    for title in ("Last year’s", "This year’s"):
        audit = signed_audit(stage.ashdown.organisation, stage.people["bob"], title=title)
    page = visit("bob")
    hand = Pointer(page)
    page.goto(f"/o/ashdown/audits/{audit.pk}/")
    hand.follow("Compare with another audit")
    hand.follow("Last year’s")
    expect(page.get_by_role("heading", name="What opened, lapsed and closed")).to_be_visible()
    assert axe(page) == []
    page.goto("/o/ashdown/audits/")
    hand.follow("Compare two days")
    hand.write("From", "1 January 2025")
    hand.press("Compare")
    expect(page.get_by_role("heading", name="Live activities over time")).to_be_visible()
    page.set_viewport_size({"width": 320, "height": 640})
    assert axe(page) == []
