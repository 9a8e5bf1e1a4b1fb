"""Ended work is asked about again; who was missing and who could lose are told; grades are explained as chosen."""

import re
from datetime import timedelta

import pytest

from framework.catalogue import catalogue
from framework.coverage import months_before
from involvement.actions import activities, influence
from involvement.actions.base import Refused, today
from involvement.later import asked_again
from involvement.models import Change
from tests.world import classify_as, rewrite

pytestmark = pytest.mark.django_db
AGAIN = "/o/ashdown/again/"
DAY = timedelta(days=1)


def ended(world, months_ago: int, place="users", days=0):
    """An activity that ended so many months ago, less ``days``, placed as ``place`` ("" for not placed)."""
    end = months_before(today(), months_ago) + days * DAY
    activity = activities.add_activity(
        organisation=world.ashdown.organisation, by=world.people["ed"],
        facts={"title": f"Ended {months_ago} {days} {place}", "start_written": "2010", "end_written": str(end)},
    )  # fmt: skip
    assert activity.ended_on == end
    if place:
        ways = [{"facet": "users/experience", "part": "asked", "heard": True}] if place == "users" else []
        classify_as(activity, world.people["ed"], place, *ways)
    return activity


def due(world):
    return {(each.activity_id, each.years) for each in asked_again(world.viewer("ed"), on=today())}


def test_it_is_asked_after_one_three_and_five_years(world):
    asked = {
        ended(world, 12, days=1).pk: None, ended(world, 12).pk: 1, ended(world, 36, days=1).pk: 1,
        ended(world, 36).pk: 3, ended(world, 60, days=1).pk: 3, ended(world, 60).pk: 5,
        ended(world, 84, days=1).pk: 5, ended(world, 84).pk: None,
        ended(world, 20, place="not-involvement").pk: None, ended(world, 20, place="").pk: None,
    }  # fmt: skip
    assert due(world) == {(pk, years) for pk, years in asked.items() if years}


def test_a_withdrawn_one_is_not_asked(world):
    gone = ended(world, 20)
    activities.withdraw_activity(activity=gone, by=world.people["ed"], version=gone.version, reason="Twice")
    assert due(world) == set()


def test_a_change_that_is_recorded_since_answers_it(world):
    activity = ended(world, 20)
    change = influence.record_change(
        activity=activity, by=world.people["ed"], facets=["users/experience"], outcome="changed", what="Later visits",
        decided_on=today(),
    )  # fmt: skip
    assert due(world) == set()
    rewrite(Change.objects.filter(pk=change.pk), recorded_at=change.recorded_at - 300 * DAY)
    assert due(world) == {(activity.pk, 1)}, "it was on record before the question came up"


def test_no_effect_to_tell_is_said_with_one_press_and_shown(client, world):
    activity = ended(world, 20)
    client.force_login(world.people["ed"])
    assert "did anything change later?" in client.get("/o/ashdown/").content.decode()
    page = client.get(AGAIN).content.decode()
    assert activity.title in page
    value = re.search(r'name="nothing" value="([\d-]+)"', page)[1]
    for _twice in range(2):
        shown = client.post(AGAIN, {"nothing": value}, follow=True).content.decode()
    assert activity.title not in shown and "Nothing is due" in shown
    assert world.ashdown.organisation.asked_again.count() == 1
    detail = client.get(f"/o/ashdown/activities/{activity.pk}/").content.decode()
    assert "Asked again 1 year after its end: no effect to tell. Ed" in detail
    rewrite(type(activity).objects.filter(pk=activity.pk), ended_on=months_before(today(), 40))
    assert due(world) == {(activity.pk, 3)}, "the next question comes all the same"


def test_what_the_page_did_not_offer_is_not_answered(client, world):
    early = ended(world, 5)
    client.force_login(world.people["ed"])
    for value in (f"{early.pk}-1", f"{ended(world, 20).pk}-3", f"{world.birchwood.survey.pk}-1", "x", "1-2-3"):
        assert client.post(AGAIN, {"nothing": value}).status_code == 404
    with pytest.raises(Refused):
        influence.nothing_to_tell(activity=early, by=world.people["ed"], years=1)
    assert not world.ashdown.organisation.asked_again.exists()


@pytest.mark.parametrize("number", [1, 3])
def test_one_query_for_one_and_for_three(world, number, django_assert_num_queries):
    for n in range(number):
        ended(world, 20 + n)
    viewer = world.viewer("ed")
    with django_assert_num_queries(1):
        assert len(asked_again(viewer, on=today())) == number


def test_who_was_missing_and_who_could_lose_stand_on_the_page(client, world):
    ed, survey = world.people["ed"], world.ashdown.survey
    client.force_login(ed)
    where = f"/o/ashdown/activities/{survey.pk}/"
    assert "Who could lose when others choose" not in client.get(where).content.decode()
    form = client.get(f"{where}edit/").content.decode()
    assert "Who was missing?" in form and "who could lose when others choose?" in form
    activities.edit_activity(
        activity=survey, by=ed, version=survey.version, facts={"missing": "Nobody who works nights"}
    )
    page = client.get(where).content.decode()
    assert "Nobody who works nights" in page
    assert "who was missing" in client.get(f"{where}history/").content.decode()
    choice = activities.add_activity(organisation=survey.organisation, by=ed, facts={"title": "Choice of ward"})
    classify_as(choice, ed, "choosers", {"facet": "choosers/provider", "options": 2, "free_to_refuse": True})
    page = client.get(f"/o/ashdown/activities/{choice.pk}/").content.decode()
    assert "Who could lose when others choose" in page and "Nobody has said" in page


def test_each_kind_of_evidence_says_how_it_is_shown(client, world):
    client.force_login(world.people["ed"])
    page = client.get(f"/o/ashdown/changes/{world.ashdown.change.pk}/evidence/new/").content.decode()
    for grade in catalogue().grades[1:]:
        assert f"Shown as “{grade.title}”. {grade.meaning}" in page
