"""The other three ways to spend an evening: place what is on the list, look for ideas, practise on worked cases.

In each there is one facilitator, one wall and three phones: one loses the network for a while, one has no JavaScript,
one has a keyboard only. Nothing stands on the wall before its step.
"""

import pytest
from playwright.sync_api import expect

from involvement import facilitation
from involvement.actions import taking_part
from involvement.actions.base import today
from involvement.models import Card, Placing, Vote, Workshop
from tests.browser.hands import Keyboard, Pointer
from tests.rooms import PROMISE, fresh, hall


class Evening:
    """A planned workshop with its desk, its wall and, once the door is open, three phones."""

    def __init__(self, visit, axe, mode: str):
        self.visit, self.axe, self.found = visit, axe, []
        self.fay = visit("fay")
        self.desk = Pointer(self.fay)
        self.fay.goto("/o/ashdown/workshops/new/")
        self.desk.write("What is the workshop called?", "An evening")
        self.desk.choose("What do you want to do?", mode)
        self.desk.write("What is it for?", "To see who takes part")
        self.desk.write("What will you do with what comes out?", PROMISE)
        self.desk.day("Which day?", today())
        self.desk.press("Plan it")
        self.workshop = Workshop.objects.get()
        self.run = f"/o/ashdown/workshops/{self.workshop.pk}/run/"

    def open(self) -> None:
        """Open the door, put the wall up, let the phones in."""
        self.fay.goto(self.run)
        self.desk.press("Open the door")
        self.workshop = fresh(self.workshop)
        self.wall = self.fay.context.new_page()
        self.wall.set_viewport_size({"width": 1920, "height": 1080})
        self.wall.goto(f"/o/ashdown/workshops/{self.workshop.pk}/projector/")
        self.phone = self._phone("Patient or service user", width=390)
        self.plain = self._phone("Carer or family", javascript=False, width=320)
        self.keys = self._phone("Staff", hands=Keyboard, width=320)
        first = facilitation.first_work(self.workshop.mode)
        self.step(str(first.title), str(first.question))

    def _phone(self, perspective: str, hands=Pointer, **how):
        page = self.visit(None, **how)
        page.goto(f"/w/{self.workshop.room.code}/")
        phone = hands(page)
        phone.choose("As what are you here today?", perspective)
        phone.press("Join")
        expect(page.get_by_role("heading", level=1)).not_to_have_text("As what are you here today?")
        return phone

    def step(self, title: str, question: str) -> None:
        """Bring the room to a step, and wait until wall and phones show it."""
        self.desk.press(f"Next: {title}")
        expect(self.wall.get_by_role("heading", level=1)).to_have_text(question)
        for phone in (self.phone, self.keys):
            expect(phone.page.get_by_role("heading", level=1)).to_have_text(question)
        self.plain.page.get_by_role("link", name="Refresh").click()
        expect(self.plain.page.get_by_role("heading", level=1)).to_have_text(question)

    def look(self) -> None:
        """Look at every screen with axe, which is a script itself, and at the wall in both its sizes."""
        self.found += self.axe(self.fay) + self.axe(self.phone.page) + self.axe(self.keys.page)
        for width, height in ((1280, 720), (1920, 1080)):
            self.wall.set_viewport_size({"width": width, "height": height})
            self.found += self.axe(self.wall)
            assert self.wall.evaluate("document.documentElement.scrollHeight <= innerHeight"), "no wall can be scrolled"

    def press(self, phone, what) -> None:
        """Press a button: with keys alone where there is no more."""
        if phone is self.keys:
            phone._walk_to(what)
            phone.page.keyboard.press("Enter")
        else:
            what.click()

    def box(self, phone, text: str):
        """Return what a phone shows of a card, unfolded."""
        box = phone.page.locator(".app-room-cards > li", has_text=text).filter(has=phone.page.locator("form"))
        fold = box.locator("details:not([open]) > summary")
        if fold.count():
            self.press(phone, fold.first)
        return box

    def place(self, phone, text: str, place: str, done: str) -> None:
        button = self.box(phone, text).get_by_role("button", name=place, exact=True)
        self.press(phone, button)
        expect(phone.page.get_by_role("main")).to_contain_text(done)

    def place_all_three(self, card: Card, number: int) -> None:
        """Let the three phones put one card where they like: the first while it has no network."""
        done = f"1 of {number} done"
        self.phone.page.context.set_offline(True)
        self.box(self.phone, card.text).get_by_role("button", name="Users", exact=True).click()
        expect(self.phone.page.locator("[data-room-state]")).to_contain_text("kept on this phone")
        assert not Placing.objects.exists()
        self.place(self.keys, card.text, "Coproducers", done)
        self.place(self.plain, card.text, "Owners", done)
        self.phone.page.context.set_offline(False)
        expect(self.phone.page.get_by_role("main")).to_contain_text(done)
        assert sorted(Placing.objects.values_list("now", flat=True)) == ["coproducers", "owners", "users"]

    def fill(self, card: Card) -> None:
        """Let eight patients and nine members of staff choose too: they differ."""
        self.workshop = fresh(self.workshop)
        for person in hall(self.workshop, patient=8, staff=9):
            place = "coproducers" if person.perspective == "staff" else "users"
            taking_part.place(room=self.workshop.room, participant=person, card=card, place=place)

    def end(self) -> None:
        """End it, and see that every phone says thank you and what was promised."""
        self.desk.press("Next: End")
        self.desk.press("End the workshop")
        for phone in (self.phone, self.keys):
            expect(phone.page.get_by_role("heading", level=1)).to_have_text("Thank you")
        self.plain.page.reload()
        expect(self.plain.page.get_by_role("main")).to_contain_text(PROMISE)
        self.desk.follow("Read what came out")
        self.found += self.axe(self.fay)
        assert self.found == []
        assert self.fay.console_errors == []


@pytest.fixture
def evening(visit, stage, axe):
    return lambda mode: Evening(visit, axe, mode)


def test_an_evening_with_the_list(evening, stage):
    """Activities of the register are placed blind; where the room differs is seen, talked about, agreed."""
    night = evening("Review")
    desk, fay = night.desk, night.fay
    fay.goto(f"/o/ashdown/workshops/{night.workshop.pk}/cards/")
    for activity in (stage.ashdown.survey, stage.ashdown.panel):
        desk.tick(activity.title)
    desk.press("Lay the ticked ones")
    night.open()
    survey = night.workshop.cards.get(activity=stage.ashdown.survey)
    night.place_all_three(survey, 2)
    night.look()
    for page in (night.wall, night.phone.page, fay):
        assert "Users: " not in page.inner_text("main") and "split" not in page.inner_text("main")
    night.fill(survey)
    night.step("Show", "This is what you chose")
    split = f"Staff put “{survey.text}” under Coproducers (10 of 10). Of citizens, 0 of 10 did."
    for page in (night.wall, night.phone.page, night.keys.page):
        expect(page.get_by_text(split)).to_be_visible()
    night.look()
    night.step("Talk", "What makes you choose differently?")
    night.place(night.phone, survey.text, "Coproducers", "1 of 2 done")
    assert split in night.wall.inner_text("body"), "what they chose stands still while they talk"
    night.step("Agree", "Can we agree?")
    desk.follow(f"{survey.number}. {survey.text}")
    desk.choose("Where does it belong?", "Users")
    desk.write("Why, in the room’s words", "Nobody decided together")
    desk.press("Save, and the next card")
    fay.goto(night.run)
    expect(night.phone.page.get_by_text("Nobody decided together")).to_be_visible()
    night.look()
    night.step("Vote", "What should come first?")
    night.phone.page.get_by_role("button", name=f"Give a vote to: {survey.text}").click()
    expect(night.phone.page.get_by_text("4 of 5 votes left")).to_be_visible()
    night.end()
    expect(fay.get_by_role("main")).to_contain_text("20 people took part. Of 2 cards they agreed on 1")


def test_an_evening_of_ideas(evening):
    """From what is missing: ideas, votes that nobody sees, first steps."""
    night = evening("Imagine")
    desk, fay = night.desk, night.fay
    night.open()
    way, sentence = night.workshop.gaps[0]
    for page in (night.wall, night.phone.page, night.keys.page, night.plain.page):
        expect(page.get_by_role("list").get_by_text(sentence)).to_be_visible()
    night.look()
    ideas = ((night.phone, "Ask again after a year"), (night.keys, "A panel drawn by lot"), (night.plain, "A bus"))
    for phone, idea in ideas:
        phone.write("Your idea", idea)
        phone.select("What is your idea for?", sentence)
        if phone is night.phone:
            phone.page.context.set_offline(True)
        button = phone.page.get_by_role("button", name="Put it on the wall")
        night.press(phone, button)
        if phone is night.phone:
            expect(phone.page.locator("[data-room-state]")).to_contain_text("kept on this phone")
            phone.page.context.set_offline(False)
        expect(phone.page.locator(".app-room-own").first).to_contain_text(idea)
    assert set(Card.objects.values_list("text", "cell")) == {(idea, way) for _phone, idea in ideas}
    expect(night.wall.get_by_text("A bus")).to_be_visible()

    night.step("Vote", "What should come first?")
    for phone, _idea in ideas[:2]:
        button = phone.page.get_by_role("button", name="Give a vote to: A panel drawn by lot")
        night.press(phone, button)
        expect(phone.page.get_by_text("4 of 5 votes left")).to_be_visible()
    night.plain.page.get_by_role("button", name="Give a vote to: A bus").click()
    expect(night.plain.page.get_by_text("4 of 5 votes left")).to_be_visible()
    assert sorted(Vote.objects.values_list("card__text", "number")) == [
        ("A bus", 1), ("A panel drawn by lot", 1), ("A panel drawn by lot", 1)
    ]  # fmt: skip
    night.look()
    assert "2 votes" not in night.wall.inner_text("body") + night.phone.page.inner_text("body")
    night.step("Show", "This is what you chose")
    expect(night.wall.locator(".app-wall__cards li").first).to_contain_text("A panel drawn by lot 2 votes")
    night.look()
    night.step("First steps", "Who does what first?")
    desk.follow("2. A panel drawn by lot")
    desk.write("The first step, and who takes it", "Ada writes to twenty people")
    desk.press("Save, and the next card")
    fay.goto(night.run)
    expect(night.wall.get_by_text("Ada writes to twenty people")).to_be_visible()
    expect(night.phone.page.get_by_text("Ada writes to twenty people")).to_be_visible()
    night.look()
    night.end()
    expect(fay.get_by_role("main")).to_contain_text("They had 3 ideas.")


def test_an_evening_of_practice(evening):
    """Worked cases, placed by everybody, then talked about."""
    night = evening("Practise")
    night.open()
    cards = list(night.workshop.cards.all())
    assert len(cards) == 8 and all(card.case for card in cards)
    night.place_all_three(cards[0], 8)
    night.fill(cards[0])
    night.look()
    assert "Coproducers" not in night.wall.inner_text("body")
    night.step("Show", "This is what you chose")
    expect(night.phone.page.get_by_text("9 staff").or_(night.phone.page.get_by_text("10 staff")).first).to_be_visible()
    night.look()
    night.step("Talk", "What makes you choose differently?")
    night.place(night.keys, cards[0].text, "Users", "1 of 8 done")
    night.end()
    expect(night.fay.get_by_role("main")).to_contain_text("20 people took part.")
