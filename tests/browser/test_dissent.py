"""From a fair sample to a board's paper: three patient leaders on phones, and a reply that is late."""

from datetime import timedelta

from playwright.sync_api import expect

from involvement.access import Role
from involvement.actions import organisations
from involvement.actions.base import today
from involvement.models import Challenge, ReplyDue, ReviewRound
from tests.audits import signed_audit
from tests.browser.hands import Pointer

WORDS = "I sat there. We were handed a form, and nobody asked us anything."


def test_their_disagreement_reaches_the_map_and_the_board(visit, stage, axe):
    home, lea, wrong = stage.ashdown.organisation, stage.people["lea"], []
    for name in ("vi", "fay"):
        organisations.give_role(organisation=home, user=stage.people[name], role=Role.PATIENT_LEADER, by=lea)
    lead = visit("lea")
    desk, main = Pointer(lead), lead.get_by_role("main")
    lead.goto("/o/ashdown/map/")
    tile = lead.locator("li.app-facet", has_text="Experience").first
    before = tile.get_attribute("class")
    lead.goto("/o/ashdown/reviews/new/")
    desk.write("What is this round called?", "Autumn review")
    desk.write("How many activities?", "5")
    for name in ("Pat", "Vi", "Fay"):
        desk.tick(name)
    desk.write("How many people look at each activity?", "3")
    desk.day("Until when?", today() + timedelta(days=21))
    desk.press("Draw the activities and open the round")
    wrong += axe(lead)

    for name in ("pat", "vi", "fay"):
        page = visit(name, width=390)
        hand = Pointer(page)
        page.goto("/o/ashdown/reviews/")
        hand.follow("Start", within="main")
        expect(page.get_by_role("main")).not_to_contain_text("The organisation says")
        hand.choose("Did you take part in this yourself", "No")
        if not page.get_by_role("group", name="Where does it belong?").is_visible():
            page.get_by_text("I think it belongs somewhere else").click()
        hand.choose("Where does it belong?", "Not involvement")
        hand.write("Why does it belong there?", "People were told, and not asked")
        page.wait_for_load_state("networkidle")  # what an answer brings up comes in a moment later
        hand.press("This is my answer")
        expect(page.get_by_role("heading", level=1)).to_contain_text("You and the organisation differ")
        wrong += axe(page)

    lead.goto(f"/o/ashdown/reviews/{ReviewRound.objects.get().pk}/close/")
    desk.press("Close the round")
    expect(main).to_contain_text("Patient leaders see the same in 0")
    wrong += axe(lead)

    pat = visit("pat", width=390)
    pat.goto(f"/o/ashdown/activities/{stage.ashdown.survey.pk}/")
    hand = Pointer(pat)
    hand.follow("Challenge this", within="main")
    pat.get_by_label("This is not how it happened").check()
    pat.get_by_label("What do you say?").fill(WORDS)
    hand.press("Put it on record")
    challenge = Challenge.objects.get(words=WORDS)
    long_ago = today() - timedelta(days=40)
    ReplyDue.objects.filter(challenge=challenge).update(from_on=long_ago, due_on=long_ago + timedelta(days=28))
    Challenge.objects.filter(pk=challenge.pk).update(made_on=long_ago)

    lead.goto("/o/ashdown/map/")
    after = tile.get_attribute("class")
    assert "is-in-place" in before and "is-unproven" in after, (before, after)
    expect(tile).to_contain_text("overdue")
    wrong += axe(lead)
    lead.goto("/o/ashdown/gaps/")
    expect(main).to_contain_text("challenges of patient leaders are open")
    audit = signed_audit(home, stage.people["bob"], title="This year’s audit")
    lead.goto(f"/o/ashdown/audits/{audit.pk}/report/")
    expect(main).to_contain_text(WORDS)
    wrong += axe(lead)
    assert wrong == []
