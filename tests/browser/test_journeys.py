"""What people come to do, from end to end, in a real Chromium: by pointer, without JavaScript, by keyboard alone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from involvement.actions.base import today
from involvement.models import Activity, Evidence, Response
from tests.browser.hands import Keyboard, Pointer
from tests.world import PASSWORD

TITLE = "Maternity listening week"
MENU = "nav.nhsuk-header__navigation"
TILE = "section.app-place--users li.app-facet:has(b:text-is('{}'))"
WAYS = {
    "pointer": (Pointer, {"javascript": True}),
    "without JavaScript": (Pointer, {"javascript": False}),
    "keyboard alone": (Keyboard, {"javascript": True}),
    "keyboard without JavaScript, 320 pixels wide": (Keyboard, {"javascript": False, "width": 320}),
}


@pytest.mark.parametrize("way", WAYS)
def test_an_editor_fills_a_way_and_answers_a_gap(visit, stage, axe, way):
    hand_of, how = WAYS[way]
    scripted = how["javascript"]
    page = visit(**how)
    hand = hand_of(page)
    looked_at = []

    def look():
        if scripted and hand_of is Pointer:
            looked_at.extend(axe(page))

    page.goto("/accounts/login/")
    hand.write("Email address", "ed@example.org")
    hand.write("Password", PASSWORD)
    hand.press("Sign in")
    expect(page).to_have_url(re.compile(r"/o/ashdown/$"))

    # Before: nobody has recorded a say on quality.
    hand.follow("Map", within=MENU)
    tile = page.locator(TILE.format("Quality"))
    expect(tile).to_contain_class("is-none-recorded")

    hand.follow("Activities", within=MENU)
    hand.follow("Add an activity", within="main")
    hand.write("Title", TITLE)
    hand.select("Which service is it part of?", "Maternity")
    hand.choose("Is it running?", "Yes, it is running")
    hand.press("Add")
    expect(page.get_by_role("heading", level=1)).to_contain_text(TITLE)
    activity = Activity.objects.get(title=TITLE)
    look()

    hand.follow("Place it")
    points, later = page.locator("#points"), page.get_by_role("group", name="What did people tell staff about?")
    expect(later).to_have_count(0)
    expect(points).to_contain_text("No place yet")
    hand.choose("What were people there to do?", "Say what care is like")
    hand.choose("What was it about?", "A service, and what it is like")
    if scripted:
        expect(later).to_be_visible()  # the page asks more as soon as it matters, without a press
    hand.choose("What part did people have?", "Asked")
    hand.choose("Who made the final decision?", "Staff, after hearing people")
    if not scripted:
        hand.press("See what this points to")
    expect(points).to_contain_text("As users")
    expect(later).to_be_visible()
    assert not activity.classifications.exists(), "looking writes nothing"
    hand.choose("What did people tell staff about?", "Quality")
    hand.choose("Did the team responsible hear it?", "Yes")
    look()
    hand.press("Save this place")
    expect(page.locator("#place")).to_contain_text("As users")

    hand.follow("Record what came of it")
    hand.choose("Which ways to take part does this speak for?", "Quality")
    hand.write("What did people ask for?", "Longer visits")
    hand.write("Who decided, and where?", "The maternity team, item 7")
    hand.choose("What came of it?", "Changed")
    hand.write("What changed?", "Partners may stay all day")
    hand.select("Which service changed?", "Maternity")
    hand.day("When was it decided?", today())
    hand.press("Save what came of it")

    hand.choose("What kind of evidence is it?", "A document that others can find")
    hand.write("Reference", "Minutes of the maternity team, item 7")
    hand.press("Add this evidence")
    expect(page.get_by_role("main")).to_contain_text("Partners may stay all day")
    expect(page.get_by_role("main")).to_contain_text("Minutes of the maternity team, item 7")
    assert Evidence.objects.get(change__activity=activity).kind == "document"
    look()

    hand.follow("Map", within=MENU)
    expect(tile).to_contain_class("is-in-place")
    expect(tile).to_contain_text("In place")
    look()
    hand.follow_link(tile.get_by_role("link"))
    rows = page.get_by_role("main").get_by_role("row")
    expect(rows.filter(has_text=TITLE)).to_have_count(1)
    expect(page.get_by_role("main")).not_to_contain_text("Citizens’ panel")  # the list is the tile's, not everything
    look()

    hand.follow("Gaps", within=MENU)
    gap = page.locator(".app-gap").first
    title = gap.get_by_role("heading", level=3).inner_text()
    hand.follow_link(gap.get_by_role("link", name="Respond"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Owners")  # power comes first
    hand.choose("What will you do?", "Plan it")
    hand.write("Why?", "We will ask the people of Ashdown in spring")
    hand.write("Who will do it?", "Chair of the council")
    hand.day("By when?", today())
    hand.press("Record this answer")
    answered = page.locator(".app-gap").filter(has=page.get_by_role("heading", name=title))
    expect(answered).to_contain_text("We will ask the people of Ashdown in spring")
    assert Response.objects.filter(reason__startswith="We will ask the people", kind="plan").count() == 1
    look()

    assert looked_at == []
    assert page.console_errors == []


def test_the_first_press_of_tab_offers_to_skip_the_menu(visit):
    page = visit("ed")
    page.goto("/o/ashdown/map/")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to main content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "maincontent"


@pytest.mark.parametrize("javascript", [True, False])
def test_a_wrong_form_says_so_and_loses_nothing(visit, axe, javascript):
    page = visit("ed", javascript=javascript)
    page.goto("/o/ashdown/activities/new/")
    hand = Pointer(page)
    hand.write("What happened?", "Forty people came")
    hand.press("Add")
    summary = page.locator(".nhsuk-error-summary")
    expect(summary.get_by_role("link", name="Give the activity a title")).to_be_visible()
    expect(page).to_have_title(re.compile("^Error: "))
    expect(page.get_by_label("What happened?")).to_have_value("Forty people came")
    if javascript:
        expect(summary).to_be_focused()
        assert axe(page) == []
    summary.get_by_role("link", name="Give the activity a title").click()
    expect(page.get_by_label("Title", exact=True)).to_be_focused()


def test_the_second_of_two_writers_is_told_and_keeps_their_words(visit, stage, axe):
    first, second = visit("lea"), visit("ed")
    for page in (first, second):
        page.goto(f"/o/ashdown/activities/{stage.ashdown.survey.pk}/edit/")
    first.get_by_label("What happened?").fill("Lea wrote this")
    Pointer(first).press("Save")
    second.get_by_label("What happened?").fill("Ed wrote that")
    with second.expect_response(lambda answer: answer.request.method == "POST") as answer:
        Pointer(second).press("Save")
    assert answer.value.status == 409
    expect(second.get_by_role("heading", level=1)).to_have_text("Someone else saved this first")
    row = second.get_by_role("row").filter(has_text="What happened?")
    expect(row).to_contain_text("Ed wrote that")
    expect(row).to_contain_text("Lea wrote this")
    assert axe(second) == []
    stage.ashdown.survey.refresh_from_db()
    assert stage.ashdown.survey.description == "Lea wrote this"

    Pointer(second).press("Save my words over theirs")
    stage.ashdown.survey.refresh_from_db()
    assert stage.ashdown.survey.description == "Ed wrote that"


def test_a_double_click_writes_once(visit, stage):
    page = visit("ed")
    page.goto("/o/ashdown/activities/new/")
    page.get_by_label("Title", exact=True).fill("Pressed in haste")
    # Chromium drops most second presses itself; what matters is the server's answer when both arrive, and at once.
    both = page.evaluate(
        """async () => {
            const form = document.querySelector("main form");
            const post = () => fetch(form.action, {method: "POST", body: new FormData(form)});
            const send = async () => (await post()).url;
            return Promise.all([send(), send()]);
        }"""
    )
    assert re.search(r"/activities/\d+/$", both[0])
    assert both[0] == both[1], "both presses lead to the one activity"
    with page.expect_navigation():
        page.get_by_role("main").get_by_role("button", name="Add").dblclick()
    page.wait_for_url(both[0])
    assert Activity.objects.filter(title="Pressed in haste").count() == 1
