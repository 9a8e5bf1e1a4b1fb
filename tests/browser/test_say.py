"""People who took part say how it was: with a finger, with keys only, and without JavaScript."""

from datetime import timedelta

from playwright.sync_api import expect

from involvement.actions import assessing
from involvement.actions.base import today
from involvement.assessments import SCALES, assessed
from tests.browser.hands import Keyboard, Pointer


def test_three_people_answer_and_five_are_shown(visit, stage, axe):
    survey = stage.ashdown.survey
    pat, looked_at = visit("pat", width=390), []
    pat.goto(f"/o/ashdown/activities/{survey.pk}/")
    hands = Pointer(pat)
    hands.follow("Ask people who took part how it was", within="main")
    looked_at += axe(pat)
    hands.press("Make the link")
    expect(pat.get_by_text("You took part. How was it?")).to_be_visible()
    looked_at += axe(pat)
    link = pat.locator(".app-poster strong").inner_text()

    for hand, how in ((Pointer, {"width": 390}), (Keyboard, {"width": 320}), (Pointer, {"javascript": False})):
        page = visit(None, **how)
        page.goto(link)
        person = hand(page)
        if how.get("javascript", True):
            looked_at += axe(page)
        for scale in SCALES[:3]:
            person.choose(str(scale.question), "2")
        person.choose(str(SCALES[3].question), "I cannot say")
        person.press("Send my answers")
        expect(page.get_by_role("heading", level=1)).to_have_text("Thank you")
        expect(page.get_by_role("main")).to_contain_text("When five people have answered")
    for number in range(2):
        said = {"voice": 4, "ways": 5, "concerns": 3, "change": 1}
        assessing.assess(link=assessing.find_link(link.rstrip("/").rsplit("/", 1)[1]), cookie=f"c{number}", said=said)
    assert assessed(survey).people == 5
    page.reload()
    expect(page.get_by_role("main")).to_contain_text("2 of 2 people who took part say that little or nothing changed.")
    viewer = visit("vi")
    viewer.goto(f"/o/ashdown/activities/{survey.pk}/")
    expect(viewer.get_by_role("heading", name="What people who took part say")).to_be_visible()
    looked_at += axe(viewer)
    assert looked_at == []
    assert today() + timedelta(days=28) == survey.organisation.assessment_links.get().closes_on
