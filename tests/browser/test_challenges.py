"""A patient leader challenges what is said on a phone, an editor explains, and it stands."""

from django.urls import reverse
from playwright.sync_api import expect


def test_a_challenge_is_made_answered_and_stands(visit, stage, axe):
    page, looked_at = visit("pat", width=390), []
    survey = reverse("activity-detail", args=["ashdown", stage.ashdown.survey.pk])
    page.goto(stage.address + survey)
    page.get_by_role("link", name="Challenge this").click()
    looked_at += axe(page)
    page.get_by_role("button", name="Put it on record").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose what you disagree with.")
    page.get_by_label("This is not how it happened").check()
    page.get_by_label("What do you say?").fill("We were told, not asked")
    page.get_by_role("button", name="Put it on record").click()
    expect(page.get_by_role("main")).to_contain_text("A reply is owed by")
    looked_at += axe(page)
    challenge = page.url

    editor = visit("ed")
    editor.goto(challenge)
    editor.get_by_role("link", name="Explain why not").click()
    looked_at += axe(editor)
    editor.get_by_label("Why do you see it differently?").fill("The letter asked three questions")
    editor.get_by_role("button", name="Put it on record").click()
    expect(editor.get_by_role("main")).to_contain_text("Answered, and not closed")

    page.goto(challenge)
    page.get_by_role("link", name="Let it stand").click()
    looked_at += axe(page)
    page.get_by_role("button", name="Put it on record").click()
    expect(page.get_by_role("main")).to_contain_text("Stands: they still disagree")
    page.goto(stage.address + survey)
    expect(page.get_by_role("main")).to_contain_text("We were told, not asked")
    assert looked_at == []
    assert page.console_errors == editor.console_errors == []
