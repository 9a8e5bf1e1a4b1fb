"""An evening in a hall: one facilitator, one wall, three phones. One loses the network, one has no JavaScript, one has
a keyboard only."""

import re

import pytest
from playwright.sync_api import expect

from involvement.actions import hosting, taking_part
from involvement.actions.base import today
from involvement.models import Placing, Vote, Workshop
from tests.browser.hands import Keyboard, Pointer
from tests.rooms import fresh, hall


@pytest.fixture
def joined(visit, stage, axe):
    """Return a function that lets a phone in by its code."""

    def come_in(code: str, perspective: str, hands=Pointer, **how):
        page = visit(None, **how)
        page.goto("/join/")
        phone = hands(page)
        phone.write("The code on the screen", code.lower())
        phone.press("Go in")
        if how.get("javascript", True):  # axe is a script itself
            assert axe(page) == []
        phone.choose("As what are you here today?", perspective)
        phone.press("Join")
        expect(page.get_by_role("heading", level=1)).to_have_text("Welcome. We begin soon")
        if how.get("javascript", True):
            assert axe(page) == []
        return phone

    return come_in


def card_box(page, text):
    return page.locator("li", has_text=text).filter(has=page.locator("form"))


def test_an_evening_in_a_hall(visit, stage, axe, joined):
    fay = visit("fay")
    desk, looked_at = Pointer(fay), []
    fay.goto("/o/ashdown/workshops/new/")
    desk.write("What is the workshop called?", "Our foot clinic")
    desk.choose("What do you want to do?", "Map")
    desk.write("What is it for?", "To see who takes part")
    desk.write("What will you do with what comes out?", "We tell you by March")
    desk.day("Which day?", today())
    desk.press("Plan it")
    desk.follow("Go to the room")
    looked_at += axe(fay)
    desk.press("Open the door")
    workshop = Workshop.objects.get()
    code = fay.locator(".app-room-code").inner_text()
    assert code.replace(" ", "") == workshop.room.code

    wall = fay.context.new_page()
    wall.set_viewport_size({"width": 1920, "height": 1080})
    wall.goto(f"/o/ashdown/workshops/{workshop.pk}/projector/")
    expect(wall.get_by_text(code, exact=True)).to_be_visible()
    expect(wall.get_by_role("heading", level=1)).to_have_text("Our foot clinic")
    looked_at += axe(wall)

    first = joined(code, "Patient or service user", width=390)
    plain = joined(code, "Carer or family", javascript=False, width=320)
    keys = joined(code, "Staff", hands=Keyboard, width=320)

    # everybody writes; who has a keyboard only is brought to the new heading
    desk.press("Next: Write")
    for phone in (first, keys):
        expect(phone.page.get_by_role("heading", level=1)).to_have_text("How do people take part here?")
    plain.page.get_by_role("link", name="Refresh").click()
    cards = ((first, "Friends and family test"), (plain, "Ward comment cards"), (keys, "Foot clinic redesign"))
    for phone, text in cards:
        phone.write("One thing on a card", text)
        button = phone.page.get_by_role("button", name="Put it on the wall")
        if phone is keys:
            keys._walk_to(button)
            phone.page.keyboard.press("Enter")
        else:
            button.click()
        expect(phone.page.locator(".app-room-own").first).to_contain_text(text)
    looked_at += axe(first.page) + axe(keys.page)
    expect(wall.get_by_text("Foot clinic redesign")).to_be_visible()
    looked_at += axe(wall)

    # what is refused once the network is back is not lost behind what was sent after it
    first.page.context.set_offline(True)
    for text in ("Ring 07700 900123 for a lift", "Lifts to the clinic"):
        first.write("One thing on a card", text)
        first.page.get_by_role("button", name="Put it on the wall").click()
    first.page.context.set_offline(False)
    expect(first.page.get_by_role("alert").first).to_contain_text("“Ring 07700 900123 for a lift”")
    first.page.get_by_role("button", name="Take it back Lifts to the clinic").click()
    expect(first.page.get_by_role("main")).to_contain_text("off the wall")

    # somebody is writing while the room moves on: their words are not lost
    first.write("One thing on a card", "Half a thought")
    fay.goto(f"/o/ashdown/workshops/{workshop.pk}/run/")
    desk.press("Next: Place")
    expect(first.page.get_by_role("heading", level=1)).to_have_text("Where does each one belong?")
    expect(first.page.get_by_role("main")).to_contain_text("The facilitator can still type it in: “Half a thought”")

    # one phone has no network for a while; another is used with keys; the third sends plain forms
    first.page.context.set_offline(True)
    card_box(first.page, "Friends and family test").get_by_role("button", name="Users").click()
    expect(first.page.locator("[data-room-state]")).to_contain_text("kept on this phone")
    assert not Placing.objects.exists()
    first.page.context.set_offline(False)
    expect(first.page.get_by_role("main")).to_contain_text("1 of 3 done")
    expect(keys.page.get_by_role("heading", level=1)).to_have_text("Where does each one belong?")
    keys._walk_to(card_box(keys.page, "Friends and family test").get_by_role("button", name="Coproducers"))
    keys.page.keyboard.press("Enter")
    expect(keys.page.get_by_role("main")).to_contain_text("1 of 3 done")
    plain.page.get_by_role("link", name="Refresh").click()
    card_box(plain.page, "Friends and family test").get_by_role("button", name="Owners").click()
    expect(plain.page.get_by_role("main")).to_contain_text("1 of 3 done")
    assert sorted(Placing.objects.values_list("now", flat=True)) == ["coproducers", "owners", "users"]
    looked_at += axe(first.page) + axe(keys.page) + axe(fay)

    # who is taken out is told so, and comes back by itself
    someone = workshop.participants.get(perspective="patient")
    hosting.ban(participant=someone, by=workshop.facilitator)
    expect(first.page.get_by_role("heading", level=1)).to_have_text(re.compile("taken this phone out"))
    hosting.ban(participant=someone, by=workshop.facilitator, banned=False)
    expect(first.page.get_by_role("heading", level=1)).to_have_text("Where does each one belong?")

    # a keyboard that was at work is at the heading of the new step
    keys.page.get_by_role("button", name="Owners").first.or_(keys.page.locator("summary").first).first.focus()

    # the rest of the hall chooses too, and it is shown
    workshop = fresh(workshop)
    clinic = workshop.cards.get(text="Foot clinic redesign")
    for person in hall(workshop, patient=8, staff=9):
        place = "coproducers" if person.perspective == "staff" else "users"
        taking_part.place(room=workshop.room, participant=person, card=clinic, place=place)
    expect(wall.get_by_text(re.compile(r"\d+ of \d+ choices made"))).to_be_visible()
    assert "Coproducers" not in wall.content()
    desk.press("Next: Show")
    split = "Staff put “Foot clinic redesign” under Coproducers (9 of 9). Of citizens, 0 of 8 did."
    expect(wall.get_by_text(split)).to_be_visible()
    expect(keys.page.get_by_role("heading", level=1)).to_be_focused()
    expect(first.page.get_by_text(split)).to_be_visible()
    for width, height in ((1920, 1080), (1280, 720)):
        wall.set_viewport_size({"width": width, "height": height})
        looked_at += axe(wall)
    looked_at += axe(first.page)

    # talk, agree, vote, end
    desk.press("Next: Talk")
    desk.press("Next: Agree")
    desk.follow("3. Foot clinic redesign")
    looked_at += axe(fay)
    desk.choose("Where does it belong?", "Coproducers")
    desk.write("Why, in the room’s words", "Three patients chaired it")
    desk.press("Save")
    expect(first.page.get_by_text("Three patients chaired it")).to_be_visible()
    desk.press("Next: Vote")
    expect(first.page.get_by_text("5 of 5 votes left")).to_be_visible()
    first.page.get_by_role("button", name="Give a vote to: Foot clinic redesign").click()
    expect(first.page.get_by_text("4 of 5 votes left")).to_be_visible()
    looked_at += axe(first.page)
    assert list(Vote.objects.values_list("card__text", "number")) == [("Foot clinic redesign", 1)]
    expect(first.page.locator("[data-room-state]")).to_contain_text("Saved")
    first.page.context.set_offline(True)
    for left in (3, 2):  # every tap counts, network or none
        first.page.get_by_role("button", name="Give a vote to: Foot clinic redesign").click()
        expect(first.page.get_by_text(f"{left} of 5 votes left")).to_be_visible()
    expect(first.page.locator("[data-room-state]")).to_contain_text("kept on this phone")
    first.page.context.set_offline(False)
    expect(first.page.locator("[data-room-state]")).to_contain_text("Saved")
    assert list(Vote.objects.values_list("card__text", "number")) == [("Foot clinic redesign", 3)]
    desk.press("Next: End")
    desk.press("End the workshop")
    expect(first.page.get_by_role("heading", level=1)).to_have_text("Thank you")
    expect(first.page.locator("#board")).to_have_count(0)
    expect(first.page.get_by_role("main")).to_contain_text("We tell you by March")
    first.page.reload()
    looked_at += axe(first.page)
    desk.follow("Read what came out")
    expect(fay.get_by_role("main")).to_contain_text("20 people took part. Of 3 cards they agreed on 1")
    looked_at += axe(fay)
    assert looked_at == []
    assert fay.console_errors == []

