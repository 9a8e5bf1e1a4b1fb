"""People who took part say how it was: by a link, without an account, shown in fives."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from involvement.actions import activities, assessing
from involvement.actions.base import Refused, today
from involvement.assessments import assessed
from involvement.models import Assessment, AssessmentLink

SAID = {"voice": "4", "ways": "2", "concerns": "unsure", "change": "1"}


@pytest.fixture
def survey(world):
    return world.ashdown.survey


@pytest.fixture
def link(world, survey):
    return assessing.open_link(activity=survey, by=world.people["ed"], closes_on=today() + timedelta(days=7))


def where(link):
    return reverse("say", args=[link.token])


def answer(link, **said):
    """Answer with a browser of one's own; return what came back and the browser."""
    client = Client()
    client.get(where(link))
    return client.post(where(link), SAID | said), client


def test_who_may_ask(world, survey):
    words = {"activity": survey, "closes_on": today() + timedelta(days=7)}
    for name in ("lea", "ed", "fay", "pat"):
        assessing.open_link(by=world.people[name], **words)
    for name in ("bob", "vi", "bo"):
        with pytest.raises(PermissionDenied):
            assessing.open_link(by=world.people[name], **words)
    for wrong in ({"closes_on": today() - timedelta(days=1)}, {"most": 4}, {"most": 9999}):
        with pytest.raises(Refused):
            assessing.open_link(by=world.people["ed"], **words | wrong)


def test_the_page_tells_nothing_of_what_the_organisation_says(link):
    page = Client().get(where(link)).content.decode()
    assert link.activity.title in page
    assert "Users" not in page and "checked" not in page
    for token in ("not-a-token", "%00" * 8, "x" * 200, "é" * 20):
        assert Client().get(f"/say/{token}/").status_code == 404


def test_one_browser_answers_once(link):
    response, client = answer(link)
    assert response.status_code == 302
    again = client.post(where(link), SAID | {"change": "5"})
    assert again.status_code == 200 and "Thank you" in again.content.decode()
    assert list(Assessment.objects.values_list("voice", "ways", "concerns", "change")) == [(4, 2, None, 1)]
    assert client.cookies["say"]["path"] == where(link) and client.cookies["say"]["httponly"]


def test_without_its_cookie_nothing_is_taken(link):
    refused = Client().post(where(link), SAID)
    assert refused.status_code == 422 and "keeps no cookies" in refused.content.decode()
    forged = Client()
    forged.cookies["say"] = "made-up:signature"
    assert forged.post(where(link), SAID).status_code == 422
    assert not Assessment.objects.exists()


def test_what_is_missing_is_asked_for(link):
    client = Client()
    client.get(where(link))
    page = client.post(where(link), {"voice": "4"})
    assert page.status_code == 422 and "Choose a number, or “I cannot say”" in page.content.decode()
    nothing = client.post(where(link), dict.fromkeys(SAID, "unsure"))
    assert nothing.status_code == 422 and "Answer one question or more" in nothing.content.decode()
    assert client.post(where(link), SAID | {"voice": "6"}).status_code == 422


def test_nothing_is_shown_under_five_and_then_in_fives(link, world, survey, client):
    client.force_login(world.people["vi"])
    page = reverse("activity-detail", args=["ashdown", survey.pk])
    for number in range(1, 12):
        answer(link, change=str(1 + number % 2))
        shown = client.get(page).content.decode()
        assert ("What people who took part say" in shown) == (number >= 5)
        assert assessed(survey).people == number // 5 * 5
    found = assessed(survey)
    assert found.sentence == "10 of 10 people who took part say that little or nothing changed."
    assert found.answers[0].counts == (0, 0, 0, 10, 0) and found.answers[2].unsure == 10


def test_answers_to_two_links_are_not_mixed_into_one_five(link, world, survey):
    for _each in range(4):
        answer(link)
    second = assessing.open_link(activity=survey, by=world.people["pat"], closes_on=today())
    assert Client().get(where(link)).status_code == 404  # the first leads nowhere now
    for _each in range(4):
        answer(second)
    assert assessed(survey).people == 0


def test_a_link_takes_no_more_than_it_is_for(world, survey):
    link = assessing.open_link(activity=survey, by=world.people["ed"], closes_on=today(), most=5)
    for _each in range(5):
        answer(link)
    late, _client = answer(link)
    assert late.status_code == 422 and "As many people have answered" in late.content.decode()
    assert Assessment.objects.count() == 5


def test_a_closed_link_and_one_past_its_day_take_nothing(link, world, survey):
    assessing.close_link(activity=survey, by=world.people["pat"])
    assert Client().get(where(link)).status_code == 404
    past = assessing.open_link(activity=survey, by=world.people["ed"], closes_on=today())
    AssessmentLink.objects.filter(pk=past.pk).update(closes_on=today() - timedelta(days=1))
    assert Client().get(where(past)).status_code == 404


def test_nothing_kept_tells_who_or_when(link):
    answer(link)
    row = Assessment.objects.get()
    assert row.recorded_by is None and len(row.browser) == 64
    assert row.recorded_at.astimezone().strftime("%M%S%f") == "0000000000"[:10]


def test_nobody_changes_what_people_said_by_withdrawing_and_a_blind_reviewer_waits(link, world, survey, client):
    for _each in range(5):
        answer(link)
    client.force_login(world.people["ed"])
    page = client.get(reverse("activity-say", args=["ashdown", survey.pk])).content.decode()
    assert "What people who took part say" in page and link.token in page
    client.post(reverse("activity-say", args=["ashdown", survey.pk]), {"close": "1"})
    assert assessed(survey).people == 5
    activities.withdraw_activity(activity=survey, by=world.people["ed"], version=survey.version, reason="Twice")
    assert Assessment.objects.count() == 5
