"""A new organisation, a list of a hundred rows, its map: in thirty clicks, by keys alone, without JavaScript."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core.management import call_command
from playwright.sync_api import expect

from involvement.models import Organisation, User
from tests.browser.hands import Keyboard, Pointer
from tests.world import PASSWORD

REGISTER = Path(__file__).resolve().parents[1] / "framework" / "register" / "activities.csv"
CLICKS = 30


class Counting(Pointer):
    """A pointer that counts how often it was pressed. Choosing a file is two: the button, and the file in its list."""

    clicks = 0

    def _leave(self, target):
        type(self).clicks += 1
        super()._leave(target)

    def tick_all(self):
        type(self).clicks += 1
        self.page.locator("[data-app-all]").click()


class Keys(Keyboard):
    """Keys alone: the page's own where JavaScript runs, else Tab and Enter."""

    def tick_all(self):
        if self.page.locator("[data-app-keys]").is_visible():
            expect(self.page.locator("[data-app-tick]").first).to_be_focused()
            self.page.keyboard.press("a")
        else:
            self._leave(self.page.locator("[data-app-all]"))


@pytest.fixture
def newcomer(stage):
    """Hazelmere, an organisation with a lead and nothing else; returns nothing."""
    call_command(
        "add_organisation", "hazelmere", name="Hazelmere NHS Trust", lead="hana@example.org", lead_name="Hana",
        verbosity=0,
    )  # fmt: skip
    lead = User.objects.get(email="hana@example.org")
    lead.set_password(PASSWORD)
    lead.save()


def first_map(page, hand) -> None:
    """Go from the front page of an empty organisation to its map with every row of the register placed."""
    hand.follow("Import a list", within="main")
    page.get_by_label("File", exact=False).set_input_files(REGISTER)
    hand.press("Continue")
    if page.get_by_role("heading", level=1, name="Which column is which").count():
        hand.press("Continue")
    expect(page.get_by_role("main")).to_contain_text("100 activities would be added")
    hand.press("Add 100 activities")
    hand.follow("Place the new activities", within="main")
    for _page in range(8):
        if not page.locator("[data-app-all]").count():
            break
        hand.tick_all()
        hand.press("Place the ticked ones")
        if page.get_by_role("heading", level=1, name=re.compile("Before you place")).count():
            hand.press("Place ")
    hand.follow("Map", within="header")


@pytest.mark.parametrize(
    ("kind", "javascript", "width"), [(Counting, True, 1280), (Keys, True, 1280), (Keys, False, 320)]
)
def test_from_nothing_to_the_map(visit, stage, newcomer, kind, javascript, width):
    page = visit("hana", javascript=javascript, width=width)
    hand = kind(page)
    Counting.clicks = 4  # signing in: the box, the password's box, the button; and the file's place in its list
    first_map(page, hand)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    organisation = Organisation.objects.get(slug="hazelmere")
    assert organisation.activities.count() == 100
    assert organisation.classifications.filter(void_at=None).count() > 80
    if kind is Counting:
        assert Counting.clicks <= CLICKS
    assert page.console_errors == []
