"""An editor changes many at once and undoes it, then makes one of two: by pointer, by keys, without JavaScript."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from involvement.actions.activities import add_activity
from involvement.models import Activity, ManyEdit, Merge
from tests.browser.hands import Keyboard, Pointer

MENU = "nav.nhsuk-header__navigation"
WAYS = {
    "pointer": (Pointer, {"javascript": True}),
    "without JavaScript": (Pointer, {"javascript": False}),
    "keyboard alone": (Keyboard, {"javascript": True}),
    "keyboard without JavaScript, 320 pixels wide": (Keyboard, {"javascript": False, "width": 320}),
}


@pytest.mark.parametrize("way", WAYS)
def test_many_at_once_and_two_into_one(visit, stage, axe, way):
    hand_of, how = WAYS[way]
    for title in ("Foot clinic days", "Foot clinic days", "Podiatry panel"):
        add_activity(organisation=stage.ashdown.organisation, by=stage.people["lea"], facts={"title": title})
    page = visit("ed", **how)
    hand, looked_at = hand_of(page), []

    def look():
        if how["javascript"] and hand_of is Pointer:
            looked_at.extend(axe(page))

    # Two ticks, one service.
    hand.follow("Activities", within=MENU)
    hand.tick("Tick Podiatry panel")
    hand.tick("Tick Citizens’ panel")
    if how["javascript"]:
        expect(page.get_by_role("status")).to_have_text("2 activities are ticked.")
    look()
    hand.press("Change the ticked ones")
    expect(page.get_by_role("heading", level=1)).to_have_text("Change 2 activities")
    look()
    hand.select("Service", "Cancer")
    hand.press("Show me what would change")
    expect(page.get_by_role("main")).to_contain_text("2 activities would change.")
    assert not ManyEdit.objects.exists()
    look()
    hand.press("Change 2 activities")
    expect(page.get_by_role("heading", level=1)).to_contain_text("2 activities were changed")
    assert Activity.objects.filter(service__name="Cancer").count() == 2
    look()
    hand.press("Undo")
    expect(page.get_by_role("main")).to_contain_text("2 activities are as they were")
    assert not Activity.objects.filter(service__name="Cancer").exists()
    look()

    # Tick a whole page, then let go of it.
    hand.follow("Activities", within=MENU)
    if how["javascript"]:
        button = page.get_by_role("button", name="Tick all 5 on this page")
        button.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_have_text("5 activities are ticked.")
    else:
        hand.follow("Tick all 5 on this page", within="main")
    expect(page.locator("[name=pick]:checked")).to_have_count(5)

    # Two records of one thing.
    hand.follow("See what looks alike", within="main")
    expect(page.get_by_role("heading", level=1)).to_have_text("1 activity may be in the list twice")
    look()
    hand.follow("Merge them", within="main")
    look()
    hand.press("Merge them")
    expect(page.get_by_role("main")).to_contain_text("They are one activity now")
    assert Merge.objects.get(undone_at=None).gone.withdrawn_on
    look()
    hand.press("Undo the merge")
    expect(page.get_by_role("main")).to_contain_text("The merge is undone")
    assert Activity.objects.listed().filter(title="Foot clinic days").count() == 2

    hand.follow("Activities", within=MENU)
    hand.follow("See what looks alike", within="main")
    hand.press("They are not the same")
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("Nothing in the list looks alike"))
    look()
    assert looked_at == []
    assert page.console_errors == []
