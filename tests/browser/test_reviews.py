"""A review round on two phones: opened, answered blind by two patient leaders, closed, read."""

from playwright.sync_api import expect

from involvement.actions import organisations, reviewing
from tests.browser.hands import Pointer
from tests.reviews import opened


def test_two_reviewers_on_phones(visit, stage, axe):
    home, lea = stage.ashdown.organisation, stage.people["lea"]
    organisations.end_role(membership=home.memberships.get(user=stage.people["vi"], until=None), by=lea)
    round_ = opened(home, lea, stage.people["pat"], stage.people["vi"])
    wrong = []
    for name in ("pat", "vi"):
        page = visit(name, width=390)
        hand, main = Pointer(page), page.get_by_role("main")
        hand.follow("1 review until", within="main")
        hand.follow("Start", within="main")
        wrong += axe(page)
        expect(main).to_contain_text("Ashdown asked people what care was like")
        expect(main).not_to_contain_text("The organisation says Users")
        hand.press("This is my answer")
        expect(main).to_contain_text("Say whether you took part in it yourself")
        wrong += axe(page)
        hand.choose("Did you take part in this yourself", "No")
        hand.press("Save and go on later")
        hand.follow("Go on where you stopped", within="main")
        expect(page.get_by_role("group", name="Did you take part in this yourself").get_by_label("No")).to_be_checked()
        if not main.get_by_role("group", name="Where does it belong?").is_visible():
            page.get_by_text("I think it belongs somewhere else").click()
        hand.choose("Where does it belong?", "As owners")
        hand.write("Why does it belong there?", "It was about money")
        page.wait_for_load_state("networkidle")  # what an answer brings up comes in a moment later
        hand.press("This is my answer")
        expect(page.get_by_role("heading", level=1)).to_contain_text("You and the organisation differ")
        wrong += axe(page)
        assert page.console_errors == [] or "422" in str(page.console_errors)
    reviewing.close_round(round_=round_, by=lea)
    page = visit("bob", width=390)
    page.goto(f"/o/ashdown/reviews/{round_.pk}/")
    expect(page.get_by_role("main")).to_contain_text("The organisation places 1 of these as users")
    expect(page.get_by_role("main")).to_contain_text("Patient leaders see the same in 0")
    wrong += axe(page)
    assert wrong == []
