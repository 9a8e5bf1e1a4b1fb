"""The snapshot of an audit: its figures counted anew from rows, its map the same as map.json, its text canonical."""

import json
from collections import Counter
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from framework.catalogue import catalogue
from framework.coverage import COUNTS, months_before
from involvement import demo
from involvement.access import Viewer
from involvement.actions import activities, responses
from involvement.actions.audits import canonical
from involvement.actions.base import today
from involvement.audits import snapshot
from involvement.maps import build_map
from involvement.models import Organisation, User
from tests.application_role import counted
from tests.audits import viewer_of
from tests.involvement import map_twin as twin

pytestmark = pytest.mark.django_db

KEYS = {
    "format", "organisation", "scope", "title", "as_at", "period", "taken_at", "framework_version", "map", "headline",
    "share", "corrections", "places", "checklist", "gaps", "decisions", "changes", "reviews", "took_part",
    "dissent", "actions", "rulings", "duties", "mechanisms", "services", "groups", "activities", "withdrawn",
    "people_ids", "words",
}  # fmt: skip


@pytest.fixture
def northfield():
    return demo.make().organisation


@pytest.fixture
def viewer(northfield):
    return viewer_of(northfield, User.objects.get(email="board@northfield.example"))


def drawn(viewer: Viewer, *, as_at: date | None = None, service: str = "") -> dict:
    """Return the snapshot as it is kept and read back."""
    day = as_at or today()
    one = viewer.organisation.services.get(name=service) if service else None
    asked = snapshot.Asked("An audit", day, snapshot.year_before(day), day, one)
    return json.loads(canonical(snapshot.draw_up(viewer, asked)))


SCOPES = [(0, ""), (0, "Maternity"), (365, "")]


def test_its_map_is_map_json(client, northfield, viewer):
    for ago, service in SCOPES:
        compare_with_map_json(client, northfield, viewer, ago, service)


def compare_with_map_json(client, northfield, viewer, ago, service):
    day = today() - timedelta(days=ago)
    client.force_login(viewer.user)
    slug = northfield.services.get(name=service).slug if service else ""
    shown = client.get(f"/o/northfield/map.json?as_at={day.isoformat()}&service={slug}").json()
    held = drawn(viewer, as_at=day, service=service)
    assert held["map"] == shown
    assert (held["headline"], held["as_at"], held["framework_version"]) == (
        shown["headline"], shown["as_at"], shown["framework_version"]
    )  # fmt: skip
    cells = [
        {"place": place["slug"], **{name: cell[name] for name in ("facet", "status", "activities", "proven")}}
        for place in held["places"]
        for cell in place["cells"]
    ]
    assert cells == shown["cells"]
    assert {place["slug"]: place["live"] for place in held["places"]} == shown["activities"]["by_place"]
    assert [place["slug"] for place in held["places"] if place["complete"]] == shown["complete"]


def best(change, day: date) -> int:
    """Return the grade of what stood behind a change at the day."""
    worth = {"statement": 1, "document": 2, "corroboration": 3}
    return max(
        (
            worth[each.kind]
            for each in change.evidence.all()
            if (each.dated_on is None or each.dated_on <= day) and (not each.withdrawn_on or each.withdrawn_on > day)
        ),
        default=0,
    )


def test_its_figures_are_those_of_the_rows(northfield, viewer):
    for ago, service in SCOPES:
        compare_with_rows(northfield, viewer, today() - timedelta(days=ago), service)


def compare_with_rows(northfield, viewer, day, service):
    one = northfield.services.get(name=service) if service else None
    held = drawn(viewer, as_at=day, service=service)
    every = [seen for seen in twin.activities_at(northfield, day) if twin.in_scope(seen, one)]

    facts = twin.cell_facts(northfield, day, one)
    for place in held["places"]:
        for cell in place["cells"]:
            counted = facts.get(f"{place['slug']}/{cell['facet']}")
            got = [cell[name] for name in ("activities", "proven", "confirmed", "changed", "refused", "services")]
            names = ("live", "proven", "confirmed", "changed", "refused", "services")
            assert got == ([getattr(counted, name) for name in names] if counted else [0] * 6), cell
    live = Counter(seen.reading.primary_place for seen in every if seen.state == "live" and seen.reading)
    assert {place["slug"]: place["live"] for place in held["places"]} == {slug: live[slug] for slug in COUNTS}
    total = sum(live[slug] for slug in COUNTS)
    assert held["share"] == (round(100 * (live["owners"] + live["coproducers"]) / total) if total else None)

    wanted = {}
    for seen in every:
        placed = (seen.reading.primary_place, seen.reading.contested) if seen.reading else ("", False)
        wanted[seen.row.pk] = (seen.state, *placed)
    listed = {row["id"]: (row["state"].replace("-", "_"), row["place"], row["contested"]) for row in held["activities"]}
    assert listed == wanted
    grades = {
        seen.row.pk: max((best(each, day) for each in seen.row.changes.all() if each.decided_on <= day), default=0)
        for seen in every
    }
    assert {row["id"]: row["grade"] for row in held["activities"]} == grades

    first = date.fromisoformat(held["period"]["from"])
    came = [
        (each, best(each, day)) for seen in every for each in seen.row.changes.all() if first <= each.decided_on <= day
    ]
    wanted = {
        "changed": [c.what for c, grade in came if c.outcome in ("changed", "partly") and grade >= 2],
        "only_said": [c.what for c, grade in came if c.outcome in ("changed", "partly") and grade < 2],
        "refused": [c.what for c, _grade in came if c.outcome == "refused"],
    }
    assert {heap: sorted(row["what"] for row in rows) for heap, rows in held["changes"].items()} == {
        heap: sorted(words) for heap, words in wanted.items()
    }
    reached = {catalogue().groups[slug]: places for slug, places in twin.groups(northfield, day, one).items()}
    assert {row["title"]: {k: n for k, n in row["by_place"].items() if n} for row in held["groups"]} == reached


def test_the_example_has_something_of_everything(viewer):
    """Or the tests above would compare nothing with nothing."""
    held = drawn(viewer)
    assert {len(rows) > 0 for rows in held["changes"].values()} == {True}
    assert len(held["activities"]) > 50 and held["gaps"] and held["groups"] and held["services"]
    assert {cell["status"] for place in held["places"] for cell in place["cells"]} == set(catalogue().statuses)


def test_it_holds_what_the_contract_says_and_nothing_that_a_digest_could_not_cover(viewer):
    held = snapshot.draw_up(viewer, snapshot.Asked("An audit", today(), snapshot.year_before(today()), today()))
    assert set(held) == KEYS
    assert held["format"] == 1
    assert json.loads(canonical(held)) == held, "only plain data: text, whole numbers, true and false, lists, dicts"
    names = set(User.objects.values_list("name", flat=True))
    assert not [name for name in names if name in canonical(held)], "people stand in it as ids"


def test_gaps_keep_their_name_and_take_their_answers_along(northfield, viewer):
    held = drawn(viewer)
    by_name = {gap["identity"]: gap for gap in held["gaps"]}
    assert len(by_name) == len(held["gaps"]) and [gap["rank"] for gap in held["gaps"]] == list(
        range(1, len(by_name) + 1)
    )
    plan = northfield.responses.get(facet="owners/priorities")
    [answer] = by_name["*|owners|owners/priorities"]["responses"]
    assert (answer["id"], answer["kind"], answer["overdue"], answer["ended_on"]) == (plan.pk, "act", False, None)
    assert answer["due_on"] == plan.due_on.isoformat()
    in_services = [gap for gap in held["gaps"] if not gap["identity"].startswith("*|")]
    names = {service.slug: service.name for service in northfield.services.all()}
    assert in_services
    assert all(gap["sentence"].startswith(names[gap["identity"].split("|")[0]] + ": ") for gap in in_services)


def test_an_answer_to_a_whole_place_stays_when_only_ways_of_it_are_missing(world):
    home, ed = world.ashdown.organisation, world.people["ed"]
    made = responses.respond(
        organisation=home, by=ed, place="users", kind="plan", reason="We will ask", owner="Ed", due_on=today()
    )
    held = drawn(viewer_of(home, ed))
    answers = [row["id"] for gap in held["gaps"] for row in gap["responses"]]
    assert answers.count(made.pk) == 1


def test_what_was_withdrawn_says_who_and_why(world):
    home, ed = world.ashdown.organisation, world.people["ed"]
    activities.withdraw_activity(
        activity=world.ashdown.panel, by=ed, reason="It was another trust’s", version=world.ashdown.panel.version
    )
    viewer = viewer_of(home, world.people["bob"])
    held = drawn(viewer)
    day = today().isoformat()
    assert [(row["title"], row["on"], row["reason"], row["by"]) for row in held["withdrawn"]] == [
        ("Citizens’ panel", day, "It was another trust’s", ed.pk)
    ]
    assert snapshot.named(held, home)["withdrawn"][0]["by"] == "Ed"
    assert "Citizens’ panel" not in [row["title"] for row in held["activities"]]


def test_the_checklist_says_what_stands_in_the_way(world):
    held = drawn(viewer_of(world.ashdown.organisation, world.people["bob"]))
    rows = {row["slug"]: (row["count"], row["blocks"]) for row in held["checklist"]}
    assert rows == {
        "unclassified": (1, True), "not-complete": (4, True), "challenges": (0, False), "not-dated": (0, False),
        "part-not-recorded": (0, False), "overdue": (0, False), "late-actions": (0, False), "no-aim": (4, False),
    }  # fmt: skip
    assert [row["sentence"] for row in held["checklist"] if row["slug"] == "unclassified"] == [
        "1 activity has no place yet, so it fills nothing on the map."
    ]
    assert set(row["sentence"] for row in held["checklist"] if row["blocks"]) <= set(held["words"]["limits"])


def test_the_number_of_questions_does_not_depend_on_the_register(world, django_assert_num_queries):
    home, ed = world.ashdown.organisation, world.people["ed"]
    viewer = viewer_of(home, ed)
    with CaptureQueriesContext(connection) as small:
        drawn(viewer)
    for n in range(30):
        activities.add_activity(organisation=home, by=ed, facts={"title": f"Talk {n}", "stated_status": "running"})
    viewer = viewer_of(Organisation.objects.get(pk=home.pk), ed)
    with django_assert_num_queries(len(counted(small))):
        drawn(viewer)


def test_a_year_is_a_year():
    assert snapshot.year_before(date(2026, 11, 23)) == date(2025, 11, 24)
    assert snapshot.year_before(date(2024, 2, 29)) == date(2023, 3, 1)
    assert months_before(date(2026, 11, 23), 12) == date(2025, 11, 23)


def test_what_the_board_listed_stands_in_it(world):
    """One decision of the period and one action; a service's snapshot holds its own actions only."""
    home, bob = world.ashdown.organisation, world.people["bob"]
    held = drawn(viewer_of(home, bob))
    [decision], [action] = held["decisions"], held["actions"]
    assert (decision["title"], decision["decided_on"]) == (
        world.ashdown.decision.title, world.ashdown.decision.decided_on.isoformat()
    )  # fmt: skip
    set_ = world.ashdown.action
    assert (action["id"], action["what"], action["state"]) == (set_.pk, set_.what, "open")
    assert action["due_on"] == world.ashdown.action.due_on.isoformat() and action["evidence"] == ""
    titles = {duty.title for duty in catalogue().duties_of(home.nation, home.kind)}
    assert {row["title"] for row in held["duties"]} == titles and titles
    part = drawn(viewer_of(home, bob), service="Maternity")
    assert (part["decisions"], part["duties"], part["mechanisms"]) == ([], [], [])
    mine = world.ashdown.action.service
    assert len(part["actions"]) == (mine is not None and mine.name == "Maternity")


def test_what_rests_on_what_is_the_map_without_it(northfield, viewer):
    held = drawn(viewer)
    rests = {row["slug"]: row for row in held["mechanisms"]}
    listed = northfield.activities.listed()
    assert {slug: row["activities"] for slug, row in rests.items()} == dict(
        Counter(slug for row in listed for slug in row.mechanisms)
    )
    for slug, row in rests.items():
        left = build_map(viewer, as_at=today(), without=slug).cells
        now = {each.facet: each.activities for each in build_map(viewer, as_at=today()).cells}
        gone = [each.facet for each in left if now[each.facet] and not each.activities]
        names = [f"{catalogue().places[k.split('/')[0]].title}: {catalogue().facets[k].title.lower()}" for k in gone]
        assert row["cells_lost"] == names


def test_it_holds_what_reviewers_saw_and_what_those_who_took_part_say(northfield, viewer):
    held = drawn(viewer)
    (ended,) = held["reviews"]
    round_ = northfield.review_rounds.get(pk=ended["id"])
    said = {row.activity_id: row.classification for row in round_.drawn.select_related("classification", "activity")}
    told: dict[int, list[str]] = {activity: [] for activity in said}
    for task in round_.tasks.filter(took_part=False).exclude(classification=None).select_related("classification"):
        told[task.activity_id].append(task.classification.primary_place)
    answered = round_.tasks.filter(took_part=False).exclude(answered_at=None)
    asked = Counter(answered.values_list("activity_id", flat=True))
    settled = {
        activity: next((place for place in places if 2 * places.count(place) > len(places)), "they differ")
        for activity, places in told.items() if places and 2 * len(places) >= asked[activity]
    }  # fmt: skip
    same = sum(said[activity].primary_place == place for activity, place in settled.items())
    called = [activity for activity in settled if said[activity].claim == "coproducers"]
    assert (ended["activities"], ended["compared"], ended["same"]) == (len(said), len(settled), same)
    assert (ended["called"], ended["called_same"]) == (
        len(called), sum(settled[activity] == "coproducers" for activity in called)
    )  # fmt: skip
    elsewhere = {activity for activity, places in told.items() if set(places) - {said[activity].primary_place}}
    assert {row["id"] for row in ended["differences"]} == elsewhere

    (assessed,) = held["took_part"]
    link = northfield.assessment_links.get(activity=assessed["id"])
    batches = Counter(link.answers.values_list("batch", flat=True))
    whole = link.answers.filter(batch__in=[batch for batch, number in batches.items() if number == 5])
    assert 0 < assessed["people"] == whole.count() < link.answers.count(), "whole fives only"
    heard = Counter(whole.values_list("voice", flat=True))
    assert assessed["scales"][0]["counts"] == [heard[value] for value in range(1, 6)]

    before = drawn(viewer, as_at=today() - timedelta(days=400))
    assert (before["reviews"], before["took_part"]) == ([], [])
    assert drawn(viewer, service="Maternity")["reviews"] == [], "the round was of the whole organisation"
