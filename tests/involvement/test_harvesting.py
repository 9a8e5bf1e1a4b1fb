"""What a room agreed on comes onto the list when an editor takes it, and only then; what is declined says why."""

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from involvement.actions import harvesting, hosting
from involvement.actions.base import Refused, today
from involvement.actions.classification import current_classification
from involvement.models import Action, Activity, CardOutcome
from involvement.results import results_of
from tests.rooms import fresh, plan


@pytest.fixture
def org(world):
    return world.ashdown.organisation


@pytest.fixture
def held(world, org):
    """Return a function: a workshop of a mode that is over, in which the room agreed (text or activity -> place)."""

    def hold(mode="map", agreed=(), **facts):
        fay = world.people["fay"]
        listed = [what for what, _place in agreed if isinstance(what, Activity)]
        workshop = plan(org, fay, mode, activities=listed, **facts)
        texts = [what for what, _place in agreed if isinstance(what, str)]
        if texts:
            hosting.add_lines(workshop=workshop, by=fay, lines="\n".join(texts))
        for what, place in agreed:
            found = workshop.cards.get(activity=what) if isinstance(what, Activity) else workshop.cards.get(text=what)
            hosting.agree(card=found, by=fay, agreed=place, note="We were there", first_step="")
        hosting.close_room(workshop=fresh(workshop), by=fay, results=results_of(workshop))
        return fresh(workshop)

    return hold


def card_of(workshop, text=None):
    rows = workshop.cards.select_related("workshop__room", "organisation", "activity")
    return rows.get(text=text) if text else rows.first()


def test_a_card_becomes_an_activity_where_the_room_put_it(world, org, held):
    workshop = held(agreed=[("Youth forum", "owners"), ("A poster", "")])
    outcome = harvesting.take_placement(card=card_of(workshop, "Youth forum"), by=world.people["ed"])
    reading = current_classification(outcome.activity)
    assert (outcome.activity.title, reading.primary_place) == ("Youth forum", "owners")
    assert workshop.title in reading.source and "We were there" in reading.reason
    placeless = harvesting.take_placement(card=card_of(workshop, "A poster"), by=world.people["ed"])
    assert placeless.classification is None and current_classification(placeless.activity) is None


def test_a_listed_activity_is_corrected_where_it_stood_elsewhere(world, org, held):
    survey, panel = world.ashdown.survey, world.ashdown.panel
    workshop = held("review", agreed=[(survey, "not-involvement"), (panel, "owners")])
    by = {card.activity_id: card_of(workshop, card.text) for card in workshop.cards.all()}
    before = current_classification(survey)
    harvesting.take_placement(card=by[survey.pk], by=world.people["ed"])
    before.refresh_from_db()
    assert before.void_at is not None and "agreed on this place: We were there" in before.void_reason
    assert current_classification(survey).primary_place == "not-involvement"
    harvesting.take_placement(card=by[panel.pk], by=world.people["ed"])
    assert current_classification(panel).primary_place == "owners"


def test_where_it_stood_there_already_nothing_is_written(world, org, held):
    survey = world.ashdown.survey
    workshop = held("review", agreed=[(survey, "users")])
    standing = current_classification(survey)
    outcome = harvesting.take_placement(card=card_of(workshop), by=world.people["ed"])
    assert outcome.classification == standing == current_classification(survey)


def test_what_the_room_did_not_agree_on_is_not_taken(world, org, held):
    workshop = held("review", agreed=[(world.ashdown.survey, "open")])
    with pytest.raises(Refused, match="did not agree"):
        harvesting.take_placement(card=card_of(workshop), by=world.people["ed"])


def test_an_idea_becomes_an_action(world, org, held):
    workshop = held("imagine", agreed=[("Ask young people first", "")])
    words = {"what": "Ask the youth forum", "owner": "Ed", "due_on": today()}
    with pytest.raises(Refused, match="what the idea is for"):
        harvesting.take_idea(card=card_of(workshop), by=world.people["ed"], cell="", **words)
    cell = "owners/priorities"
    outcome = harvesting.take_idea(card=card_of(workshop), by=world.people["ed"], cell=cell, **words)
    assert Action.objects.get(pk=outcome.action_id).facet == cell
    assert workshop.title in outcome.action.steps.get().note


def test_a_card_is_decided_once_by_whoever_keeps_the_list_when_the_room_is_over(world, org, held):
    workshop = held(agreed=[("Youth forum", "owners")])
    for name in ("fay", "bob", "pat", "vi"):
        with pytest.raises(PermissionDenied):
            harvesting.take_placement(card=card_of(workshop), by=world.people[name])
    with pytest.raises(Refused, match="Say why"):
        harvesting.decline(card=card_of(workshop), by=world.people["ed"], words=" ")
    harvesting.decline(card=card_of(workshop), by=world.people["ed"], words="It ended in 2019")
    with pytest.raises(Refused, match="already"):
        harvesting.take_placement(card=card_of(workshop), by=world.people["lea"])
    assert not Activity.objects.filter(title="Youth forum").exists()
    going_on = plan(org, world.people["fay"])
    hosting.add_lines(workshop=going_on, by=world.people["fay"], lines="Too soon")
    with pytest.raises(Refused, match="not over"):
        harvesting.take_placement(card=card_of(going_on), by=world.people["ed"])


def test_the_room_reads_what_became_of_it(world, org, held):
    workshop = held(agreed=[("Youth forum", "owners"), ("Suggestion box", "users")])
    ed = Client()
    ed.force_login(world.people["ed"])
    take = reverse("workshop-take", args=["ashdown", workshop.pk])
    page = ed.get(take).content.decode()
    assert "2 cards wait" in page and "Youth forum" in page
    one, two = (reverse("workshop-take-card", args=["ashdown", workshop.pk, card_of(workshop, text).pk])
                for text in ("Youth forum", "Suggestion box"))  # fmt: skip
    assert ed.post(one, {"words": "Thank you"}).status_code == 302
    assert ed.post(two, {"decline": "1", "words": ""}).status_code == 422
    assert ed.post(two, {"decline": "1", "words": "Nobody empties it"}).status_code == 302
    told = Client().get(reverse("room", args=[workshop.room.code])).content.decode()
    assert "it is on the organisation’s list" in told and "Thank you" in told
    assert "it was not taken" in told and "Nobody empties it" in told
    assert set(CardOutcome.objects.values_list("kind", flat=True)) == {"taken", "declined"}
    assert "Every card has a decision" in ed.get(take).content.decode()


def test_what_was_not_taken_can_be_decided_about_again_and_what_people_read_put_right(world, org, held):
    workshop = held(agreed=[("Youth forum", "owners"), ("A poster", "")])
    forum, poster = card_of(workshop, "Youth forum"), card_of(workshop, "A poster")
    client = Client()
    client.force_login(world.people["ed"])
    where = [reverse("workshop-take-card", args=[org.slug, workshop.pk, card.pk]) for card in (forum, poster)]
    harvesting.decline(card=poster, by=world.people["ed"], words="We have one already")
    client.post(where[1], {"words": "We have one in every ward"})
    assert CardOutcome.objects.get(card=poster).words == "We have one in every ward"
    assert client.post(where[1], {"words": ""}).status_code == 422
    assert client.post(where[1], {"again": "1"}).status_code == 302
    harvesting.take_placement(card=poster, by=world.people["ed"])
    harvesting.take_placement(card=forum, by=world.people["ed"])
    with pytest.raises(Refused, match="not taken"):
        harvesting.decide_again(card=forum, by=world.people["ed"])
    with pytest.raises(PermissionDenied):
        harvesting.change_words(card=forum, by=world.people["vi"], words="No")


def test_an_editor_hears_that_cards_wait(world, org, held):
    workshop = held(agreed=[("Youth forum", "owners"), ("A poster", "")])
    client, front = Client(), reverse("front-page", args=[org.slug])
    client.force_login(world.people["ed"])
    assert "2 cards from workshops wait for a decision" in client.get(front).content.decode()
    assert "2 cards wait for a decision" in client.get(reverse("workshop-list", args=[org.slug])).content.decode()
    harvesting.decline(card=card_of(workshop, "A poster"), by=world.people["ed"], words="We have one")
    assert "1 card from a workshop waits" in client.get(front).content.decode()
    client.force_login(world.people["vi"])
    assert "from a workshop waits" not in client.get(front).content.decode()


def test_a_card_that_is_on_the_list_already_comes_onto_it_once(world, org, held):
    workshop = held(agreed=[("Friends and Family Tests", "owners"), ("Youth forum", "owners")])
    survey = world.ashdown.survey
    Activity.objects.filter(pk=survey.pk).update(title="Friends and Family Test")
    client, many = Client(), Activity.objects.count()
    client.force_login(world.people["ed"])
    there, new = (
        reverse("workshop-take-card", args=[org.slug, workshop.pk, card_of(workshop, text).pk])
        for text in ("Friends and Family Tests", "Youth forum")
    )
    assert "Is it on the list already?" in client.get(there).content.decode()
    assert client.post(there, {"words": ""}).status_code == 422, "the question is answered"
    assert client.post(there, {"here": str(survey.pk), "words": ""}).status_code == 302
    assert Activity.objects.count() == many and current_classification(survey).primary_place == "owners"
    assert "Is it on the list already?" not in client.get(new).content.decode()
    service = org.services.create(name="Foot clinic")
    assert client.post(new, {"service": str(service.pk), "words": ""}).status_code == 302
    assert Activity.objects.get(title="Youth forum").service == service


def test_what_a_room_changed_on_the_list_is_told_to_it_and_to_the_board(world, org, held):
    survey, panel = world.ashdown.survey, world.ashdown.panel
    workshop = held("review", agreed=[(survey, "owners"), (panel, "open")])
    client = Client()
    client.force_login(world.people["ed"])
    open_card = workshop.cards.get(activity=panel)
    page = client.get(reverse("workshop-take-card", args=[org.slug, workshop.pk, open_card.pk])).content.decode()
    assert "Leave it as it is" in page and "Take it" not in page
    harvesting.take_placement(card=card_of(workshop, survey.title), by=world.people["ed"])
    results = client.get(reverse("workshop-results", args=[org.slug, workshop.pk])).content.decode()
    assert "was Users, now Owners" in results
    told = Client().get(reverse("room", args=[workshop.room.code])).content.decode()
    assert "its place on the list is now what the room agreed on" in told and "was Users" not in told


def test_practice_leaves_nothing_to_decide(world, org, held):
    workshop = held("calibrate", cases=["published-waits"])
    client = Client()
    client.force_login(world.people["ed"])
    assert client.get(reverse("workshop-take", args=[org.slug, workshop.pk])).status_code == 404
    results = client.get(reverse("workshop-results", args=[org.slug, workshop.pk])).content.decode()
    assert "What became of it" not in results and "practised on 1 worked case" in results
    told = Client().get(reverse("room", args=[workshop.room.code])).content.decode()
    assert "The framework:" in told and "nobody has said yet" not in told
