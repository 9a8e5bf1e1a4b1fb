"""Practising: twelve cases, one at a time, and how the answers compare with the framework's and the group's."""

import re

from django.urls import reverse

from framework.catalogue import catalogue
from involvement.actions import practising
from involvement.practising import SET, cases_of_set
from tests.reviews import practised


def words(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def test_sets_hold_every_place_and_disputes_and_are_the_same_for_everybody():
    sets = [cases_of_set(number) for number in range(6)]
    for cases in sets:
        assert len({case.slug for case in cases}) == 12
        assert {place: sum(case.place == place for case in cases) for place in SET} == SET
        assert 3 <= sum(case.is_contested for case in cases) <= 9
    assert sets[0] == cases_of_set(0) and sets[0] != sets[1]
    assert not {case.slug for case in sets[0]} & {case.slug for case in sets[1]}


def test_one_case_after_the_other_to_the_end(world, client):
    client.force_login(world.people["vi"])
    page = client.post("/o/ashdown/practise/", follow=True)
    home, vi = world.ashdown.organisation, world.people["vi"]
    run = home.practise_runs.get(person=vi)
    where = reverse("practise-run", args=["ashdown", run.pk])
    known = {case.slug: case for case in catalogue().cases}
    assert "Case 1 of 12" in words(page) and known[run.cases[0]].title in words(page)
    assert known[run.cases[0]].why not in words(page)
    assert "Choose a place" in words(client.post(where, {}))
    for number, slug in enumerate(run.cases, 1):
        assert f"Case {number} of 12" in words(client.get(where))
        page = client.post(where, {"place": known[slug].place if number > 2 else "users"}, follow=True)
        if number == 1:
            back = client.get(f"{where}?case={slug}").content.decode()
            assert re.search(r'value="users"[^>]*checked', back)
            assert client.post("/o/ashdown/practise/").url == where, "an exercise is gone on with"
    run.refresh_from_db()
    assert run.finished_at and len(run.answers) == 12
    shown = words(page)
    assert f"In {page.context['shown'].same} of 12 cases you say what the framework says." in shown
    assert "Disputed: the arguments" in shown
    assert "once five people have done these cases" in shown
    assert client.post("/o/ashdown/practise/").url != where, "then other cases follow"


def test_the_group_is_shown_from_five_people_on(world, client):
    home = world.ashdown.organisation
    runs = [practised(home, world.people[name]) for name in ("vi", "ed", "bob", "fay")]
    client.force_login(world.people["vi"])
    where = reverse("practise-run", args=["ashdown", runs[0].pk])
    assert not client.get(where).context["shown"].shows_group
    assert "The group:" not in words(client.get(where))
    practised(home, world.people["lea"], "owners")
    assert client.get(where).context["shown"].cases[0].group == (("Users", 4), ("Owners", 1))


def test_an_exercise_is_ones_own(world, client):
    run = practised(world.ashdown.organisation, world.people["vi"], set_of=3)
    client.force_login(world.people["lea"])
    where = reverse("practise-run", args=["ashdown", run.pk])
    assert client.get(where).status_code == 403
    assert client.post(where, {"place": "users"}).status_code == 403
    assert practising.start_run(organisation=world.ashdown.organisation, by=world.people["vi"]) == run
