"""Answering what nobody has said yet of what is placed: for one, for many, undone; and no false "it was wrong"."""

import re

import pytest
from django.urls import reverse

from involvement.actions.answering import answer_missing, take_back_answers
from involvement.actions.base import Refused, today
from involvement.actions.classification import current_classification
from involvement.actions.confirming import confirm_many
from involvement.maps import build_map
from involvement.models import ConfirmedBatch
from tests.involvement.test_confirm import ANSWERED, WAY, add, client_of, live_cells, row, text
from tests.world import rewrite

LACKING = "/o/ashdown/activities/?status=lacking"
ANSWER = "/o/ashdown/activities/answer/"


@pytest.fixture
def home(world):
    return world.ashdown.organisation


@pytest.fixture
def placed(world, home):
    """Two owners' and one users' activity, placed many at once with nothing answered; slug -> activity."""
    found = {name: add(world, f"The {name} one", "words") for name in ("jury", "forum", "survey")}
    places = {"jury": "owners", "forum": "owners", "survey": "users"}
    ways = WAY | {"users": "users/access"}
    rows = [row(found[name], place, ways[place]) for name, place in places.items()]
    confirm_many(organisation=home, by=world.people["lea"], rows=rows)
    return found


def sent(page, **more):
    """What the page's form sends: its request key, and answers by field."""
    key = re.search(r'name="request_key" value="([^"]+)"', page.content.decode())[1]
    return {"request_key": key, **more}


def test_the_list_says_what_each_lacks_and_leads_to_answering_it(world, placed):
    client = client_of(world)
    said = text(client.get(LACKING))
    assert "Not said: what part people had; which question was put to people; who decides; when those" in said
    assert "Not said: what part people had; whether the team responsible heard it" in said
    assert "Answer for all 3" in said
    assert "3 activities have a place and fill no tile: answer what is missing" in text(client.get("/o/ashdown/"))
    assert "Answer for" not in text(client_of(world, "vi").get(LACKING))


def test_one_press_answers_for_all_of_a_place_and_keeps_what_was_said(world, home, placed):
    client, by = client_of(world), world.people["lea"]
    answer_missing(organisation=home, by=by, activities=[placed["jury"].pk], answers={"owners": {"decider": "The ICB"}})
    where = f"{ANSWER}?all=1&status=lacking"
    page = client.get(where)
    assert "Owners: one answer for 2 activities" in text(page)
    assert "Something is not recorded for 3 activities" in text(page)
    answers = ANSWERED["users"] | ANSWERED["owners"] | {"owners-decider": "The board"}
    response = client.post(where, sent(page, **answers))
    batch = home.confirmed_batches.filter(kind=ConfirmedBatch.Kind.ANSWERED).first()
    assert response["Location"] == reverse("activity-confirmed", args=["ashdown", batch.pk])
    deciders = {
        name: current_classification(placed[name]).placements.get().decider for name in ("jury", "forum", "survey")
    }
    assert deciders == {"jury": "The ICB", "forum": "The board", "survey": ""}
    assert live_cells(world) >= {"owners/priorities", "users/access"}
    assert "owners" in current_classification(placed["jury"]).primary_place
    assert text(client.get(LACKING)).count("Not said") == 0
    done = text(client.get(response["Location"]))
    assert "What was missing, answered for 3 activities" in done and "Answered by Ed" in done


def test_history_says_that_it_was_answered_and_not_that_it_was_wrong(world, home, placed):
    client = client_of(world)
    where = f"{ANSWER}?pick={placed['survey'].pk}"
    page = client.get(where)
    assert "It is placed as Users. Nobody has said what part people had" in text(page)
    response = client.post(where, sent(page, **{"users-part": "asked", "users-heard": "yes"}))
    detail = reverse("activity-detail", args=["ashdown", placed["survey"].pk])
    assert response["Location"] == detail
    shown = text(client.get(detail))
    assert "What was missing was answered by Ed" in shown and "as wrong" not in shown
    assert "Answer what is missing" not in shown
    told = text(client.get(reverse("activity-history", args=["ashdown", placed["survey"].pk])))
    assert "answered what was missing" in told and "wrong" not in told
    front = text(client.get("/o/ashdown/"))
    assert "1 missing answer given" in front and "correction" not in front


def test_an_answer_that_speaks_against_it_is_kept_and_fills_no_tile(world, home, placed):
    client = client_of(world)
    where = f"{ANSWER}?pick={placed['survey'].pk}"
    client.post(where, sent(client.get(where), **{"users-part": "told", "users-heard": "no"}))
    placement = current_classification(placed["survey"]).placements.get()
    assert placement.part == "told" and placement.heard is False and "users/access" not in live_cells(world)
    shown = text(client.get(reverse("activity-detail", args=["ashdown", placed["survey"].pk])))
    assert "people to be asked, not only told" in shown
    assert "Answer what is missing" not in shown


def test_undo_brings_back_what_stood_and_history_shows_both(world, home, placed):
    client = client_of(world)
    batch = answer_missing(
        organisation=home, by=world.people["ed"], activities=[each.pk for each in placed.values()],
        answers={"users": {"part": "asked", "heard": "yes"}},
    )  # fmt: skip
    assert batch.number == 1 and batch.left_out["nothing-missing"] == [placed["jury"].pk, placed["forum"].pk]
    before = current_classification(placed["survey"])
    where = reverse("activity-confirmed", args=["ashdown", batch.pk])
    assert "Undo takes the answers back from 1 activity. It keeps its place" in text(client.get(where))
    for _press in range(2):
        client.post(where)
    after = current_classification(placed["survey"])
    assert after.pk != before.pk and after.primary_place == "users"
    assert after.placements.get().part == "not-recorded" and after.batch.kind == "placed"
    told = text(client.get(reverse("activity-history", args=["ashdown", placed["survey"].pk])))
    assert "took back those answers" in told and "wrong" not in told
    assert home.classifications.filter(activity=placed["survey"], void_at=None, until=None).count() == 1


def test_an_earlier_map_learns_it_too_and_counts_it_among_the_corrections(world, home, placed):
    rewrite(home.classifications.filter(activity=placed["survey"]), recorded_at="2026-01-01T12:00:00Z")
    rewrite(home.activities.filter(pk=placed["survey"].pk), started_on="2026-08-01")
    day = today().replace(month=9, day=1)
    before = build_map(world.viewer("ed"), as_at=day)
    answer_missing(
        organisation=home, by=world.people["ed"], activities=[placed["survey"].pk],
        answers={"users": {"part": "asked", "heard": "yes"}},
    )  # fmt: skip
    home.refresh_from_db()
    after = build_map(world.viewer("ed"), as_at=day)
    assert after.corrections == before.corrections + 1

    def found(shown):
        return next(cell.activities for cell in shown.cells if cell.facet == "users/access")

    assert found(after) == found(before) + 1


def test_a_place_without_a_way_is_given_one(world, home):
    forum = add(world, "The forum", "words")
    confirm_many(organisation=home, by=world.people["ed"], rows=[row(forum, "users")])
    client = client_of(world)
    assert "in which way people took part" in text(client.get(LACKING))
    where = f"{ANSWER}?pick={forum.pk}"
    page = client.get(where)
    data = {f"way-{forum.pk}": ["users/quality"], "users-part": "asked", "users-heard": "yes"}
    client.post(where, sent(page, **data))
    assert "users/quality" in live_cells(world)


@pytest.mark.parametrize(
    ("answers", "what"),
    [
        ({}, "Nothing was recorded"),
        ({"owners": {"received": "2999-01-01"}}, "today or earlier"),
        ({"owners": {"part": "nonsense"}}, "answers in the list"),
        ({"nowhere": {"part": "asked"}}, "did not ask"),
    ],
)
def test_what_cannot_be_taken_is_refused_with_a_sentence(world, home, placed, answers, what):
    with pytest.raises(Refused, match=what):
        answer_missing(
            organisation=home, by=world.people["ed"], activities=[placed["jury"].pk], answers=answers
        )
    assert not home.confirmed_batches.filter(kind=ConfirmedBatch.Kind.ANSWERED).exists()


def test_what_was_corrected_since_stays_when_answers_are_taken_back(world, home, placed):
    ed = world.people["ed"]
    batch = answer_missing(
        organisation=home, by=ed, activities=[placed["survey"].pk], answers={"users": {"part": "asked"}}
    )
    answer_missing(organisation=home, by=ed, activities=[placed["survey"].pk], answers={"users": {"heard": "yes"}})
    with pytest.raises(Refused, match="changed all of these since"):
        take_back_answers(batch=batch, by=ed)


def test_another_organisations_activity_is_not_reached(world, home, placed):
    theirs = world.birchwood.survey
    page = client_of(world).get(f"{ANSWER}?pick={theirs.pk}")
    assert "Tick activities in the list first" in text(page)
    with pytest.raises(Refused, match="not in your list"):
        answer_missing(
            organisation=home, by=world.people["ed"], activities=[theirs.pk], answers={"users": {"part": "asked"}}
        )


def test_after_an_undo_the_same_rows_stand_ticked_as_they_were(world, home):
    forum, other = add(world, "The forum", "words"), add(world, "Another", "words")
    batch = confirm_many(organisation=home, by=world.people["ed"], rows=[row(forum, "owners", "owners/strategy")])
    client = client_of(world)
    answer = client.post(reverse("activity-confirmed", args=["ashdown", batch.pk]) + "?place=all")
    assert answer["Location"] == f"/o/ashdown/activities/confirm/?place=all&again={batch.pk}"
    page = client.get(answer["Location"]).content.decode()
    assert f'name="tick" value="{forum.pk}" checked' in page and f'value="{other.pk}" checked' not in page
    assert re.search(rf'name="place-{forum.pk}"[^>]*value="owners"[^>]*checked', page)
