"""Many activities placed from their own words in Chromium: by keys, by Tab alone without JavaScript, narrow."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from involvement.actions import activities
from tests.browser.hands import Keyboard

SURVEY = "Patients answered a survey about what their stay on the ward was like, and told staff what to improve"
JURY = "A citizens' jury of residents weighed the trust's priorities and told the board what to fund"
PAGE = "/o/ashdown/activities/confirm/?place=all#rows"
AT = "document.activeElement.closest('[data-app-row]')?.dataset.title"


@pytest.fixture
def waiting(stage):
    """Four surveys, a jury, and one whose words say nothing; the world's own panel waits too. title -> activity."""
    words = {f"Ward survey {number}": SURVEY for number in range(1, 5)} | {"Jury": JURY, "Room 4": "Quarterly"}
    return {
        title: activities.add_activity(
            organisation=stage.ashdown.organisation, by=stage.people["lea"],
            facts={"title": title, "description": said, "stated_status": "running"},
        )
        for title, said in words.items()
    }  # fmt: skip


def readings(stage):
    found = stage.ashdown.organisation.classifications.filter(batch__isnull=False, void_at=None)
    return dict(found.values_list("activity__title", "primary_place"))


def at(page) -> str:
    return page.evaluate(AT)


def test_by_keys_alone(visit, stage, waiting, axe):
    """Front page, link, one key a row, Enter, Enter; then u takes it back. The focus never has to be looked for."""
    page = visit("ed")
    hand = Keyboard(page)
    hand.follow("7 activities to place")
    expect(page.locator("[data-app-tick]").first).to_be_focused()
    assert at(page).startswith("Ward survey")
    keys, said = page.keyboard, page.locator("[data-app-said]")

    first = at(page)
    keys.press("j")
    second = at(page)
    assert second != first
    keys.press("k")
    assert at(page) == first
    keys.press("ArrowDown")
    assert at(page) == second
    keys.press("ArrowUp")

    keys.press("x")  # ticks and goes on
    expect(said).to_have_text(f"{first}: ticked, Users")
    assert at(page) == second
    keys.press("4")  # another place, ticked, and the row stays
    expect(said).to_have_text(f"{second}: ticked, Coproducers")
    assert at(page) == second
    ways = page.locator(f'[data-title="{second}"] [data-app-ways-said]')
    expect(ways).to_have_text("none yet")
    keys.press("w")
    assert page.evaluate("document.activeElement.value") == "coproducers/co-decide"
    keys.press("Space")
    expect(ways).to_contain_text("Co-decide")
    keys.press("Escape")
    keys.press("j")
    third = at(page)
    keys.press("0")
    expect(said).to_have_text(f"{third}: ticked, Later")
    expect(page.locator("[data-app-count]")).to_have_text("3 ticked")
    keys.press("?")
    expect(page.locator("#keys")).to_have_attribute("open", "")
    assert axe(page) == []

    with page.expect_navigation():
        keys.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Before you place 2 activities")
    assert axe(page) == []
    assert readings(stage) == {}
    assert page.evaluate("document.activeElement.name") == "users-part"  # the first question has the focus
    keys.press("ArrowDown")
    keys.press("ArrowDown")
    keys.press("ArrowDown")
    expect(page.locator("[name=users-part][value=asked]")).to_be_checked()
    with page.expect_navigation():
        keys.press("Enter")
    expect(page.locator("[data-app-done]")).to_have_text("2 activities are placed")
    expect(said).to_have_text("2 activities are placed")
    expect(page.locator("[data-app-tick]").first).to_be_focused()
    assert readings(stage) == {first: "users", second: "coproducers"}
    assert axe(page) == []

    with page.expect_navigation():
        keys.press("u")
    expect(page.get_by_role("main")).to_contain_text(
        "Undone. These activities wait for a place again, ticked as you had them."
    )
    ticked = page.locator("[data-app-tick]:checked").evaluate_all("all => all.map(one => one.value)")
    assert len(ticked) == 2
    assert readings(stage) == {}
    assert page.console_errors == []


def test_unsure_is_not_ticked_without_a_place_and_all_leaves_it_out(visit, stage, waiting):
    page = visit("ed")
    page.goto("/o/ashdown/activities/confirm/?place=unsure#rows")
    expect(page.locator("[data-app-tick]").first).to_be_focused()
    page.keyboard.press("x")
    expect(page.locator("[data-app-said]")).to_have_text("Choose a place first: 1 to 5, or 0 for later")
    expect(page.locator("[data-app-count]")).to_have_text("Nothing is ticked")
    page.goto("/o/ashdown/activities/confirm/?place=all")
    page.locator("[data-app-tick]").first.focus()
    page.keyboard.press("a")
    expect(page.locator('[data-title="Room 4"] [data-app-tick]')).not_to_be_checked()
    expect(page.locator('[data-title="Jury"] [data-app-tick]')).to_be_checked()


def test_keys_work_in_the_list_only_and_can_be_switched_off(visit, stage, waiting):
    page = visit("ed")
    page.goto("/o/ashdown/activities/confirm/?place=all")
    count = page.locator("[data-app-count]")
    page.keyboard.press("a")  # the focus is nowhere in the list
    expect(count).to_have_text("Nothing is ticked")
    page.get_by_role("button", name="Keys are on").click()
    expect(page.get_by_role("button", name="Keys are off")).to_have_attribute("aria-pressed", "false")
    page.reload()
    expect(page.get_by_role("button", name="Keys are off")).to_be_visible()
    page.locator("[data-app-tick]").first.focus()
    before = at(page)
    for key in ("a", "x", "2", "j", "0"):
        page.keyboard.press(key)
    expect(count).to_have_text("Nothing is ticked")
    assert at(page) == before
    page.keyboard.press("ArrowDown")  # no letter: what moves by arrows goes on
    assert at(page) != before


@pytest.mark.parametrize("width", [1280, 320])
def test_by_tab_and_space_without_javascript(visit, stage, waiting, width):
    page = visit("ed", javascript=False, width=width)
    hand = Keyboard(page)
    page.goto("/o/ashdown/activities/confirm/?place=all")
    expect(page.locator("[data-app-keys]")).to_be_hidden()
    wide = page.locator("html").evaluate("html => html.scrollWidth > html.clientWidth + 1")
    assert not wide
    for title in ("Ward survey 1", "Jury"):
        box = page.get_by_label(f"Place {title}", exact=True)
        hand._walk_to(box)
        page.keyboard.press("Space")
        expect(box).to_be_checked()
    hand.choose("Place of Jury", "Coproducers")
    hand.press("Place the ticked ones")
    expect(page.get_by_role("heading", level=1)).to_have_text("Before you place 2 activities")
    assert not page.locator("html").evaluate("html => html.scrollWidth > html.clientWidth + 1")
    hand.press("Go back and change something")
    expect(page.get_by_label("Place Jury", exact=True)).to_be_checked()
    hand.press("Place the ticked ones")
    hand.choose("Did the team responsible hear it?", "Yes")
    hand.choose("Coproducers ways in Jury", "Co-design")
    hand.press("Place 2 activities")
    expect(page.get_by_role("main")).to_contain_text("2 activities are placed")
    assert readings(stage) == {"Ward survey 1": "users", "Jury": "coproducers"}
    hand.follow("See what was decided and why", within="main")
    expect(page.get_by_role("main")).to_contain_text("by a person’s own reading", ignore_case=True)
    hand.press("Undo")
    assert readings(stage) == {}


def test_what_can_be_pressed_is_large_enough_and_nothing_scrolls_sideways(visit, stage, waiting, axe):
    page = visit("ed", width=320)
    page.goto(PAGE)
    assert axe(page) == []
    for name in (".app-waiting__tick", ".app-chip", ".app-tabs a", "[data-app-confirm]", ".app-waiting__ways summary"):
        for box in page.locator(name).all():
            if box.is_visible():
                size = box.bounding_box()
                assert size["height"] >= 43.5 and size["width"] >= 43.5, (name, size)
    page.locator("[data-app-tick]").last.focus()
    bar, box = page.locator(".app-confirm__bar").bounding_box(), page.locator("[data-app-tick]").last.bounding_box()
    assert box["y"] + box["height"] <= bar["y"], "the bar hides what has the focus"
