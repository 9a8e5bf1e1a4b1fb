"""The year's major decisions: at most ten, each with who took part, or nobody."""

from datetime import date

import pytest
from django.core.exceptions import PermissionDenied

from involvement.actions import decisions
from involvement.actions.base import Refused, today
from involvement.decisions import board_years, decision_rows
from tests.world import rewrite

pytestmark = pytest.mark.django_db
LIST = "/o/ashdown/decisions/"


def put(world, name="bob", **words):
    said = {"title": "Move the stroke ward", "decided_on": today(), "body": "The board", "why": "Two towns"} | words
    return decisions.list_decision(organisation=world.ashdown.organisation, by=world.people[name], **said)


@pytest.mark.parametrize(
    ("day", "year"), [(date(2026, 3, 31), 2025), (date(2026, 4, 1), 2026), (date(2026, 12, 31), 2026)]
)
def test_a_boards_year_begins_in_april(day, year):
    assert decisions.year_of(day) == year
    first, last = decisions.year_bounds(year)
    assert first <= day <= last


def test_from_the_form_to_the_list(client, world):
    client.force_login(world.people["bob"])
    page = client.get(f"{LIST}new/")
    day = today()
    said = {
        "title": "Close the walk-in centre", "decided_on_day": day.day, "decided_on_month": day.month,
        "decided_on_year": day.year, "body": "The board in public", "why": "4,000 people used it",
        "request_key": page.context["form"]["request_key"].value(),
    }  # fmt: skip
    asked = client.post(f"{LIST}new/", said, follow=True)
    assert "Who took part?" in asked.content.decode()
    decision = world.ashdown.organisation.decisions.get(title="Close the walk-in centre")
    shown = client.get(LIST).content.decode()
    assert "Close the walk-in centre" in shown and "Nobody, as far as the list shows." in shown
    assert "In 1 of them nobody from outside the staff took part" in shown
    where = f"{LIST}{decision.pk}/took-part/?q=survey"
    assert "Ashdown survey (Ashdown-1, Users)" in client.get(where).content.decode()
    ticked = {"activities": [world.ashdown.survey.pk], "version": decision.version}
    shown = client.post(where, ticked, follow=True).content.decode()
    assert "Nobody, as far as the list shows." not in shown and shown.count("Ashdown survey") == 2
    assert client.post(where, ticked).status_code == 409, "somebody saved meanwhile"
    decision.refresh_from_db()
    client.post(where, {"version": decision.version})
    assert not decision.took_part.exists(), "unticked: nobody"


def test_only_the_boards_and_leads_write(client, world):
    for name in ("ed", "vi", "pat", "fay"):
        with pytest.raises(PermissionDenied):
            put(world, name)
        client.force_login(world.people[name])
        assert "Add a decision" not in client.get(LIST).content.decode()
    assert put(world, "lea")


def test_the_eleventh_of_a_year_is_refused(client, world):
    for n in range(9):  # the world has one
        put(world, title=f"Decision {n}")
    with pytest.raises(Refused, match="There are ten decisions in this year already"):
        put(world)
    earlier = put(world, decided_on=decisions.year_bounds(decisions.year_of(today()) - 1)[1])
    words = {"title": "x", "body": "y", "why": "z"}
    with pytest.raises(Refused, match="ten decisions"):
        decisions.edit_decision(
            decision=earlier, by=world.people["bob"], version=1, decided_on=today(), **words
        )
    full = decision_rows(world.viewer("bob"))[0].decision
    decisions.edit_decision(decision=full, by=world.people["bob"], version=full.version, decided_on=today(), **words)
    gone = decision_rows(world.viewer("bob"))[0].decision
    decisions.withdraw_decision(decision=gone, by=world.people["bob"], version=gone.version, reason="Not a major one")
    assert put(world)
    client.force_login(world.people["vi"])
    page = client.get(LIST).content.decode()
    assert "Not a major one" in page
    assert [len(year.rows) for year in board_years(world.viewer("vi"))] == [10, 1]


def test_a_withdrawn_decision_is_neither_changed_nor_found(client, world):
    mine = put(world)
    gone = decisions.withdraw_decision(decision=mine, by=world.people["bob"], version=1, reason="Twice")
    with pytest.raises(Refused, match="withdrawn"):
        decisions.say_who_took_part(
            decision=gone, by=world.people["bob"], version=gone.version, activities=[]
        )
    client.force_login(world.people["bob"])
    for page in ("edit", "took-part", "withdraw"):
        assert client.get(f"{LIST}{gone.pk}/{page}/").status_code == 404


def test_the_others_activities_are_not_ours_to_name(client, world):
    mine = put(world)
    with pytest.raises(Refused):
        decisions.say_who_took_part(
            decision=mine, by=world.people["bob"], version=1, activities=[world.birchwood.survey]
        )
    client.force_login(world.people["bob"])
    said = {"activities": [world.birchwood.survey.pk], "version": 1}
    page = client.post(f"{LIST}{mine.pk}/took-part/", said)
    assert "Choose from the activities in the list." in page.content.decode()


@pytest.mark.parametrize("wrong", ["title", "body", "why", "decided_on"])
def test_what_a_decision_needs(world, wrong):
    with pytest.raises(Refused) as refused:
        put(world, **{wrong: None if wrong == "decided_on" else " "})
    assert set(refused.value.messages) == {wrong}


def test_a_merge_does_not_turn_somebody_into_nobody(client, world):
    """The record that stays stands for the one that went; one that was entered by mistake stands for nobody."""
    panel, survey = world.ashdown.panel, world.ashdown.survey
    mine = put(world)
    mine = decisions.say_who_took_part(decision=mine, by=world.people["bob"], version=1, activities=[panel, survey])
    organisation = panel.organisation
    organisation.merges.create(kept=survey, gone=panel, before={}, recorded_by=world.people["ed"])
    rewrite(organisation.activities.filter(pk=panel.pk), withdrawn_on=today(), withdrawn_reason="It was in twice")

    def through():
        [row] = [row for row in decision_rows(world.viewer("vi")) if row.decision.pk == mine.pk]
        return [each.activity.pk for each in row.took_part]

    assert through() == [survey.pk], "once"
    client.force_login(world.people["bob"])
    page = client.get(f"{LIST}{mine.pk}/took-part/").content.decode()
    assert page.count(" checked") == 1 and f'value="{survey.pk}" checked' in page
    rewrite(organisation.activities.filter(pk=survey.pk), withdrawn_on=today(), withdrawn_reason="Never happened")
    assert through() == []


@pytest.mark.parametrize("number", [1, 3])
def test_the_list_takes_as_many_queries_for_one_as_for_three(world, number, django_assert_num_queries):
    for n in range(number):
        mine = put(world, title=f"Decision {n}")
        decisions.say_who_took_part(
            decision=mine, by=world.people["bob"], version=1, activities=[world.ashdown.survey, world.ashdown.panel]
        )
    viewer = world.viewer("vi")
    with django_assert_num_queries(4):
        assert len(decision_rows(viewer)) == number + 1
