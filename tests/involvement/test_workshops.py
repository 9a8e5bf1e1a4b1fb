"""Workshops: the door, the steps, what people say, and what is hidden until its step."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from allauth.core.internal import ratelimit
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from involvement import access, facilitation
from involvement.access import may_enter, spelled
from involvement.actions import harvesting, hosting, taking_part
from involvement.actions.base import Refused
from involvement.models import Card, Participant, Placing, Room, Vote
from involvement.models.workshops import CODE_LENGTH, CODE_SIGNS, new_code
from involvement.results import results_of, results_page
from involvement.workshops import board_of
from tests.rooms import PROMISE, fresh, hall, phone, plan


@pytest.fixture
def org(world):
    return world.ashdown.organisation


@pytest.fixture
def fay(world):
    return world.people["fay"]


def at(workshop, step):
    hosting.move(workshop=workshop, by=workshop.facilitator, step=step)
    return fresh(workshop)


def lay(workshop, *texts):
    return hosting.add_lines(workshop=workshop, by=workshop.facilitator, lines="\n".join(texts))


def page(client, workshop, name="room", *args, query=""):
    return client.get(reverse(name, args=[workshop.room.code, *args]) + query)


def test_a_code_has_eight_signs_of_twenty_eight_and_none_looks_like_another():
    assert len(set(CODE_SIGNS)) == len(CODE_SIGNS) == 28
    assert not set("AEIOUL01") & set(CODE_SIGNS)
    code = new_code()
    assert len(code) == CODE_LENGTH == 8 and set(code) <= set(CODE_SIGNS)
    assert spelled(f" {code[:4].lower()} - {code[4:]} ") == code
    assert spelled("KXTM 7PQ") == spelled("KXTM 7PQA") == spelled("") == ""


def test_the_door_is_shut_until_it_is_opened_and_says_no_more(org, fay):
    workshop = plan(org, fay, opened=False)
    client = Client()
    shut, never = page(client, workshop), client.get(reverse("room", args=["BCDFGHJK"]))
    assert (shut.status_code, never.status_code) == (404, 404)
    assert workshop.title not in shut.content.decode()
    hosting.open_door(workshop=workshop, by=fay)
    assert workshop.title in page(client, fresh(workshop)).content.decode()
    for code in ("%00" * 8, "x" * 300, "é" * 8, "12345678901"):
        assert client.get(f"/w/{code}/").status_code == 404


def test_the_door_opens_only_with_a_promise_and_something_to_place(world, org, fay):
    empty = plan(org, fay, opened=False, promise="")
    with pytest.raises(Refused, match="what will be done"):
        hosting.open_door(workshop=empty, by=fay)
    review = plan(org, fay, "review", opened=False)
    with pytest.raises(Refused, match="what people will place"):
        hosting.open_door(workshop=review, by=fay)
    hosting.choose_activities(workshop=review, by=fay, activities=[world.ashdown.survey])
    assert hosting.open_door(workshop=review, by=fay).step == facilitation.WELCOME
    with pytest.raises(PermissionDenied):
        hosting.open_door(workshop=review, by=world.people["vi"])


def test_the_code_is_typed_as_people_type_it(org, fay):
    workshop = plan(org, fay)
    typed = f"{workshop.room.code[:4].lower()} {workshop.room.code[4:].lower()}"
    response = Client().post(reverse("join"), {"code": typed})
    assert response["Location"] == reverse("room", args=[workshop.room.code])
    wrong = Client().post(reverse("join"), {"code": "BCDF GHJK"})
    assert wrong.status_code == 422 and "no open room" in wrong.content.decode()


def test_who_guesses_codes_is_stopped_and_who_is_in_is_not(org, fay):
    workshop = plan(org, fay)
    joined = phone(workshop)
    guesser = Client()
    for _each in range(60):
        assert guesser.post(reverse("join"), {"code": new_code()}).status_code == 422
    assert guesser.post(reverse("join"), {"code": workshop.room.code}).status_code == 429
    assert guesser.get(reverse("room", args=[workshop.room.code])).status_code == 429
    assert page(joined, workshop).status_code == 200


def test_a_code_is_not_guessed_within_a_thousand_years(org, fay):
    """One address, fifty open workshops: as many tries as are let through, each of which may hit any of them."""
    rate = ratelimit.parse_rate(access.WRONG_CODES)
    guesser, tried = Client(), 0
    while guesser.post(reverse("join"), {"code": new_code()}).status_code == 422:
        tried += 1
    assert tried == rate.amount, "no more tries are let through than the rate says"
    a_year = tried * 365.25 * 24 * 3600 / rate.duration
    codes = len(set(CODE_SIGNS)) ** len(new_code())
    assert codes == 28**8 and not set(CODE_SIGNS) & set("AEIOUL01")
    assert 2_000 < codes / (50 * a_year) < 3_000


def test_forty_people_behind_one_address_all_get_in(org, fay):
    workshop = plan(org, fay)
    for _each in range(40):
        phone(workshop)
    assert workshop.participants.count() == 40


def test_a_phone_that_comes_back_is_the_same_person(org, fay):
    workshop = plan(org, fay)
    client = phone(workshop, "carer", "Ann")
    client.post(reverse("room-card", args=[workshop.room.code]), {"text": "A letter", "request_key": uuid4()})
    again = Client()
    again.cookies["room"] = client.cookies["room"].value
    assert "A letter" in page(again, workshop).content.decode()
    assert workshop.participants.count() == 1
    assert client.cookies["room"]["path"] == f"/w/{workshop.room.code}/"
    assert client.cookies["room"]["httponly"]


def test_the_cookie_of_one_room_opens_no_other(world, org, fay):
    workshop, other = plan(org, fay), plan(org, fay, title="Another")
    client = phone(workshop)
    stranger = Client()
    stranger.cookies["room"] = client.cookies["room"].value
    assert "As what are you here" in page(stranger, other).content.decode()
    assert stranger.get(reverse("room-board", args=[other.room.code])).status_code == 403


def test_a_card_sent_twice_is_one_card(org, fay):
    workshop = plan(org, fay)
    client, key = phone(workshop), uuid4()
    for _each in range(2):
        words = {"text": "Ward  comment\ncards", "request_key": key}
        client.post(reverse("room-card", args=[workshop.room.code]), words)
    assert list(workshop.cards.values_list("text", "number")) == [("Ward comment cards", 1)]


def test_a_card_can_wait_for_a_look(org, fay):
    workshop = plan(org, fay, approve_first=True)
    client, other = phone(workshop), phone(workshop)
    client.post(reverse("room-card", args=[workshop.room.code]), {"text": "Something rude", "request_key": uuid4()})
    assert "looks at it first" in page(client, workshop).content.decode()
    assert "Something rude" not in page(other, workshop).content.decode()
    hosting.approve(card=workshop.cards.get(), by=fay)
    assert "Something rude" in page(other, workshop).content.decode()


def test_what_looks_personal_on_a_card_is_asked_about(org, fay):
    workshop = plan(org, fay)
    response = phone(workshop).post(
        reverse("room-card", args=[workshop.room.code]), {"text": "Call 07700 900123", "request_key": uuid4()}
    )
    assert response.status_code == 422 and "This looks like" in response.content.decode()
    assert not workshop.cards.exists()


def test_placing_changes_ones_mind_and_counts_once(org, fay):
    workshop = plan(org, fay)
    (card,) = lay(workshop, "A survey")
    workshop = at(workshop, "place")
    client = phone(workshop)
    for place in ("users", "owners"):
        response = client.post(reverse("room-place", args=[workshop.room.code, card.pk]), {"place": place})
        assert response["Location"].endswith("#card-1")
    assert list(Placing.objects.values_list("first", "now")) == [("owners", "owners")]
    workshop = at(workshop, "discuss")
    client.post(reverse("room-place", args=[workshop.room.code, card.pk]), {"place": "users"})
    assert list(Placing.objects.values_list("first", "now")) == [("owners", "users")]
    assert client.post(reverse("room-place", args=[workshop.room.code, card.pk]), {"place": "xx"}).status_code == 422


def test_what_comes_after_the_step_is_not_counted(org, fay):
    workshop = plan(org, fay)
    (card,) = lay(workshop, "A survey")
    workshop = at(workshop, "place")
    client, person = phone(workshop), workshop.participants.get()
    at(workshop, "reveal")
    late = client.post(reverse("room-place", args=[workshop.room.code, card.pk]), {"place": "users"})
    assert late.status_code == 409 and "not counted" in late.content.decode()
    with pytest.raises(taking_part.MovedOn):  # the phone's page was read while the room still placed
        taking_part.place(room=workshop.room, participant=person, card=card, place="users")
    assert not Placing.objects.exists()


def test_votes_run_out_and_can_be_taken_back(org, fay):
    workshop = plan(org, fay, votes_each=2)
    first, second = lay(workshop, "One", "Two")
    workshop = at(workshop, "vote")
    client = phone(workshop)

    def vote(card, number):
        return client.post(reverse("room-vote", args=[workshop.room.code, card.pk]), {"number": number}).status_code

    assert [vote(first, 2), vote(first, 2), vote(second, 1)] == [302, 302, 422]
    assert [vote(first, 1), vote(second, 1), vote(second, 0)] == [302, 302, 302]
    assert list(Vote.objects.values_list("card__text", "number")) == [("One", 1)]


def test_nothing_tells_before_it_is_shown(org, fay):
    """Not in the phone's pages, not in what it polls, not on the wall, the facilitator's screen or the results."""
    workshop = plan(org, fay)
    (card,) = lay(workshop, "A survey")
    workshop = at(workshop, "place")
    watcher, lead = phone(workshop), Client()
    lead.force_login(fay)

    def everything():
        workshop.refresh_from_db()
        org_args = [org.slug, workshop.pk]
        pages = [page(watcher, workshop), page(watcher, workshop, "room-board")]
        pages += [lead.get(reverse(name, args=org_args)) for name in (
            "workshop-run", "workshop-projector", "workshop-results", "workshop-detail")]
        pages.append(lead.get(reverse("workshop-card", args=[*org_args, card.pk])))
        changing = r'value="[\w-]{20,}"|X-CSRFToken": "\w+"|seen=\d+-\d+|v=\d+|\d+ of \d+ choices made on phones'
        return [re.sub(changing, "", each.content.decode()) for each in pages]

    hall_of = hall(workshop, patient=6, staff=6)
    before = everything()
    for person in hall_of[:6]:
        taking_part.place(room=workshop.room, participant=person, card=card, place="users")
    one = everything()
    Placing.objects.update(first="owners", now="owners")
    assert one == everything() == before
    at(workshop, "reveal")
    assert everything() != before


def test_a_poll_costs_one_query_and_says_nothing_where_nothing_changed(org, fay, django_assert_num_queries):
    workshop = plan(org, fay)
    client = phone(workshop)
    with django_assert_num_queries(1):
        same = page(client, workshop, "room-board", query=f"?v={workshop.room.version}&stage={workshop.room.stage}")
    assert same.status_code == 204 and not same.content
    lay(workshop, "Something new")
    changed = page(client, workshop, "room-board", query=f"?v={workshop.room.version}&stage={workshop.room.stage}")
    assert "Something new" in changed.content.decode() and changed["HX-Trigger"] == '{"moved": null}'
    with django_assert_num_queries(1):
        again = page(client, workshop, "room-board", query="?v=0")
    assert again.content == changed.content


def test_no_choice_of_somebody_else_raises_the_organisations_version(org, fay):
    workshop = plan(org, fay)
    (card,) = lay(workshop, "A survey")
    workshop = at(workshop, "place")
    before = type(org).objects.get(pk=org.pk).version
    phone(workshop).post(reverse("room-place", args=[workshop.room.code, card.pk]), {"place": "users"})
    assert type(org).objects.get(pk=org.pk).version == before


def test_the_room_sees_where_it_splits(org, fay):
    workshop = plan(org, fay)
    (card,) = lay(workshop, "Foot clinic redesign")
    workshop = at(workshop, "place")
    people = hall(workshop, staff=17, patient=10, carer=5)
    for number, person in enumerate(people):
        place = "coproducers" if number < 14 or 17 <= number < 20 else "users"
        taking_part.place(room=workshop.room, participant=person, card=card, place=place)
    workshop = at(workshop, "reveal")
    board = board_of(workshop, workshop.room)
    assert board.look == [
        "Staff put “Foot clinic redesign” under Coproducers (14 of 17). Of citizens, 3 of 15 did."
    ]
    client = Client()
    client.force_login(fay)
    wall = client.get(reverse("workshop-projector", args=[org.slug, workshop.pk])).content.decode()
    assert "14 of 17" in wall and "10 patients" not in wall.split("Look here")[1]


def test_who_is_shut_out_does_not_count(org, fay):
    workshop = plan(org, fay)
    (card,) = lay(workshop, "A survey")
    workshop = at(workshop, "place")
    client = phone(workshop)
    client.post(reverse("room-place", args=[workshop.room.code, card.pk]), {"place": "users"})
    for person in hall(workshop, patient=5):
        taking_part.place(room=workshop.room, participant=person, card=card, place="owners")
    out = Participant.objects.get(placings__now="users")
    hosting.ban(participant=out, by=fay)
    assert page(client, workshop).status_code == 403
    assert client.post(reverse("room-place", args=[workshop.room.code, card.pk]), {"place": "users"}).status_code == 403
    workshop = at(workshop, "reveal")
    (row,) = board_of(workshop, workshop.room).cards
    assert dict(row.spread.whole.chose) == {"owners": 5}
    hosting.ban(participant=out, by=fay, banned=False)
    assert page(client, workshop).status_code == 200


def seat(workshop, perspective="carer", people=6):
    return hosting.seat_table(workshop=workshop, by=workshop.facilitator, perspective=perspective, people=people)


def test_people_on_paper_count_as_people_with_phones(org, fay):
    workshop = plan(org, fay)
    (card,) = lay(workshop, "A survey")
    assert card.on_paper
    first, second = seat(workshop), seat(workshop, people=5)  # two tables of carers, each counted by itself
    workshop = at(workshop, "place")
    hosting.count_table(table=first, by=fay, chose={card: {"users": 4, "owners": 2}})
    hosting.count_table(table=second, by=fay, chose={card: {"users": 5}})
    with pytest.raises(Refused, match="Card 1: you counted 7 choices of 6 people"):
        hosting.count_table(table=first, by=fay, chose={card: {"users": 7}})
    with pytest.raises(Refused, match="choices of 6 people at this table"):
        hosting.change_table(table=first, by=fay, perspective="carer", people=5)
    workshop = at(workshop, "reveal")
    board = board_of(workshop, workshop.room)
    assert board.people == 11 and dict(board.cards[0].spread.whole.chose) == {"users": 9, "owners": 2}
    hosting.clear_table(table=second, by=fay)
    assert board_of(workshop, workshop.room).people == 6


def test_a_table_sent_twice_is_one_table(org, fay):
    workshop, key = plan(org, fay), uuid4()
    client = Client()
    client.force_login(fay)
    where = reverse("workshop-paper", args=[org.slug, workshop.pk])
    said = {"perspective": "carer", "people": 6, "request_key": key}
    assert client.post(where, said)["Location"] == client.post(where, said)["Location"]
    assert workshop.paper_tables.count() == 1


def test_nobody_votes_on_paper_before_the_vote_or_more_than_they_have(org, fay):
    workshop = plan(org, fay, votes_each=2)
    first, second = lay(workshop, "One", "Two")
    table = seat(workshop, people=3)
    early = ({"chose": {first: {"users": 1}}}, {"chose": {}, "votes": {first: 1}})
    workshop = at(workshop, "gather")
    for said in early:
        with pytest.raises(Refused, match="not come to the step"):
            hosting.count_table(table=table, by=fay, **said)
    workshop = at(workshop, "vote")
    hosting.count_table(table=table, by=fay, chose={}, votes={first: 4, second: 2})
    for wrong in ({first: 5}, {first: 7, second: 0}):
        with pytest.raises(Refused, match="3 people have 6 votes"):
            hosting.count_table(table=table, by=fay, chose={}, votes=wrong)
    hosting.count_table(table=table, by=fay, chose={}, votes={first: 1, second: 5})
    workshop = at(workshop, "close")
    assert {row.card.text: row.votes for row in board_of(workshop, workshop.room).cards} == {"One": 1, "Two": 5}


def test_a_sheet_with_one_mistake_is_kept_in_the_page_and_nothing_of_it_counted(org, fay):
    workshop = plan(org, fay)
    first, second = lay(workshop, "One", "Two")
    table = seat(workshop, people=3)
    workshop = at(workshop, "place")
    client = Client()
    client.force_login(fay)
    where = reverse("workshop-paper", args=[org.slug, workshop.pk]) + f"?table={table.pk}"
    said = client.post(where, {"c-1-users": "3", "c-2-users": "2", "c-2-owners": "2"})
    assert said.status_code == 422 and "Card 2: you counted 4 choices of 3 people" in said.content.decode()
    assert 'name="c-1-users" value="3"' in said.content.decode()
    assert not table.counts.exists()
    assert client.get(where.split("?")[0] + "?table=00000000-0000-0000-0000-000000000000").status_code == 404


def test_two_cards_that_say_the_same_become_one(org, fay):
    workshop = plan(org, fay)
    kept, gone = lay(workshop, "Survey", "The survey")
    workshop = at(workshop, "place")
    first, second = hall(workshop, patient=2)
    taking_part.place(room=workshop.room, participant=first, card=gone, place="users")
    taking_part.place(room=workshop.room, participant=second, card=gone, place="users")
    taking_part.place(room=workshop.room, participant=second, card=kept, place="owners")
    hosting.merge_cards(card=gone, by=fay, into=kept)
    assert [row.card.text for row in board_of(workshop, workshop.room).cards] == ["Survey"]
    assert dict(Placing.objects.filter(card=kept).values_list("participant", "now")) == {
        first.pk: "users", second.pk: "owners",
    }  # fmt: skip
    with pytest.raises(Refused):
        hosting.merge_cards(card=kept, by=fay, into=kept)


def test_what_came_out_is_kept_when_the_room_is_closed(org, fay):
    workshop = plan(org, fay)
    (card,) = lay(workshop, "A survey")
    workshop = at(workshop, "place")
    for person in hall(workshop, patient=5, staff=3):
        taking_part.place(room=workshop.room, participant=person, card=card, place="users")
    workshop = at(workshop, "agree")
    hosting.agree(card=card, by=fay, agreed="users", note="They ask, and change things")
    hosting.close_room(workshop=workshop, by=fay, results=results_of(workshop))
    workshop = fresh(workshop)
    Participant.objects.all().delete()
    kept = results_page(workshop)
    assert kept.people == 8 and kept.agreed == 1
    assert kept.groups == [{"name": "patients and staff", "people": 8}]  # three of the staff are not told apart
    client = Client()
    told = page(client, workshop).content.decode()
    assert PROMISE in told and "They ask, and change things" in told and "nobody has said yet" in told
    assert workshop.room.state == Room.State.CLOSED
    Room.objects.update(closed_at=workshop.room.closed_at.replace(year=workshop.room.closed_at.year - 1))
    assert not may_enter(Room.objects.get())
    assert page(client, workshop).status_code == 404


def test_steps_go_on_and_back_and_only_those_of_the_mode(org, fay):
    workshop = plan(org, fay, "imagine")
    assert [step.slug for step in facilitation.steps_of("imagine")] == [
        "welcome", "gather", "vote", "reveal", "agree", "close",
    ]  # fmt: skip
    assert at(workshop, "vote").room.step == "vote"
    assert at(workshop, "gather").room.step == "gather"
    with pytest.raises(Refused):
        hosting.move(workshop=workshop, by=fay, step="place")


@pytest.mark.parametrize("mode", ["map", "review", "imagine", "calibrate"])
def test_every_step_of_every_mode_has_its_pages(world, org, fay, mode):
    workshop = plan(org, fay, mode, opened=False, cases=["board-questions"], length=45)
    if mode == "review":
        hosting.choose_activities(workshop=workshop, by=fay, activities=[world.ashdown.survey])
    hosting.open_door(workshop=workshop, by=fay)
    workshop = fresh(workshop)
    if mode in ("map", "imagine"):
        lay(workshop, "Something")
    client, lead = phone(workshop), Client()
    lead.force_login(fay)
    for step in facilitation.steps_of(mode):
        workshop = at(workshop, step.slug)
        assert str(step.question) in page(client, workshop).content.decode().replace("&#x27;", "'")
        for name in ("workshop-run", "workshop-projector", "workshop-results", "workshop-paper", "workshop-cards"):
            assert lead.get(reverse(name, args=[org.slug, workshop.pk])).status_code == 200
    assert set(facilitation.minutes_of(mode, 45)) == {each.slug for each in facilitation.steps_of(mode)} - {
        "welcome", "close",
    }  # fmt: skip
    assert sum(facilitation.minutes_of(mode, 45).values()) <= 45
    assert Card.objects.filter(workshop=workshop).count() == 1


def test_phones_that_ask_at_once_cost_one_query_and_each_is_told_of_its_own_room(
    org, fay, settings, django_assert_num_queries
):
    settings.KEEP_ROOM_SECONDS = 60
    rooms = [plan(org, fay), plan(org, fay, title="Another")]
    phones = [phone(rooms[0]), phone(rooms[0]), phone(rooms[1])]
    lay(rooms[0], "A survey")
    lay(rooms[1], "A panel")
    for number in (0, 1, 2):
        said = page(phones[number], rooms[number == 2], "room-board", query="?v=0").content.decode()
        assert ("A survey" in said, "A panel" in said) == (number < 2, number == 2)
    version = fresh(rooms[0]).room.version
    with django_assert_num_queries(0):
        assert page(phones[1], rooms[0], "room-board", query=f"?v={version}").status_code == 204
    hosting.move(workshop=rooms[0], by=fay, step="place")
    assert page(phones[0], rooms[1], "room-board").status_code == 403, "a phone of another room"
    settings.KEEP_ROOM_SECONDS = 0
    assert "A survey" in page(phones[0], rooms[0]).content.decode()
    assert page(phones[0], rooms[0], "room-board", query="?v=0")["HX-Trigger"]


def test_what_is_counted_after_the_end_counts(world, org, fay):
    workshop = plan(org, fay)
    (card,) = lay(workshop, "A survey")
    workshop = at(workshop, "place")
    hosting.close_room(workshop=workshop, by=fay, results=results_of(workshop))
    assert results_page(fresh(workshop)).people == 0
    client = Client()
    client.force_login(fay)
    where = reverse("workshop-paper", args=[org.slug, workshop.pk])
    where = client.post(where, {"perspective": "patient", "people": 6})["Location"]
    client.post(where, {f"c-{card.number}-users": 6})
    kept = results_page(fresh(workshop))
    assert kept.people == 6 and kept.rows[0].after_most == "Users: 6 of the 6 who chose"
    Room.objects.update(closed_at=workshop.room.opened_at - timedelta(days=400))
    client.post(where, {f"c-{card.number}-users": 5})
    again = results_page(fresh(workshop)).rows[0].after_most
    assert again == kept.rows[0].after_most, "phones’ choices may be gone by then"


def test_a_worked_case_has_its_answer_after_the_choice_and_never_comes_onto_the_list(world, org, fay):
    workshop = plan(org, fay, mode="calibrate", cases=["published-waits"])
    card = workshop.cards.get()
    somebody = phone(workshop)
    answer = "By itself it is not involvement"
    for step, shown in (("place", False), ("reveal", False), ("discuss", True)):
        workshop = at(workshop, step)
        assert (answer in page(somebody, workshop).content.decode()) == shown, step
    hosting.close_room(workshop=workshop, by=fay, results=results_of(workshop))
    client = Client()
    client.force_login(world.people["lea"])
    said = client.get(reverse("workshop-results", args=[org.slug, workshop.pk])).content.decode()
    assert "The framework" in said and "Choosers" in said and "Decide what is taken" not in said
    with pytest.raises(Refused):
        harvesting.take_placement(card=card, by=world.people["ed"])


def test_a_review_ends_beside_the_list_for_the_organisation_and_not_on_phones(world, org, fay):
    survey = world.ashdown.survey
    workshop = plan(org, fay, mode="review", activities=[survey])
    somebody = phone(workshop)
    workshop = at(workshop, "agree")
    hosting.agree(card=workshop.cards.get(), by=fay, agreed="owners", note="")
    hosting.close_room(workshop=workshop, by=fay, results=results_of(workshop))
    client = Client()
    client.force_login(world.people["lea"])
    said = client.get(reverse("workshop-results", args=[org.slug, workshop.pk])).content.decode()
    assert "On the list now" in said and 'data-label="On the list now">Users' in said
    assert "On the list now" not in page(somebody, workshop).content.decode()


def test_the_wall_shows_the_cards_while_people_choose_and_the_votes_at_the_end(world, org, fay):
    workshop = plan(org, fay)
    first, second = lay(workshop, "A survey", "A leaflet")
    person, client = hall(workshop, patient=1)[0], Client()
    client.force_login(fay)

    def wall() -> str:
        return client.get(reverse("workshop-projector", args=[org.slug, workshop.pk])).content.decode()

    workshop = at(workshop, "place")
    assert "1. A survey" in wall() and "2. A leaflet" in wall()
    workshop = at(workshop, "agree")
    hosting.agree(card=first, by=fay, agreed="open", note="")
    hosting.agree(card=second, by=fay, agreed="not-involvement", note="")
    columns = {column["title"]: [row.card.pk for row in column["cards"]] for column in
               board_of(fresh(workshop), fresh(workshop).room).columns}  # fmt: skip
    assert columns["No place yet"] == [first.pk] and columns["Not involvement"] == [second.pk]
    workshop = at(workshop, "vote")
    taking_part.vote(room=workshop.room, participant=person, card=first, number=3)
    assert "3 votes" not in wall() and "2. A leaflet" in wall()
    workshop = at(workshop, "close")
    assert "3 votes" in wall()


def test_people_are_welcomed_before_the_clock_begins(org, fay):
    workshop = plan(org, fay, opened=False)
    hosting.open_door(workshop=workshop, by=fay)
    workshop = fresh(workshop)
    somebody, lead = phone(workshop), Client()
    lead.force_login(fay)
    wall = lead.get(reverse("workshop-projector", args=[org.slug, workshop.pk])).content.decode()
    desk = lead.get(reverse("workshop-run", args=[org.slug, workshop.pk])).content.decode()
    assert workshop.title in wall and PROMISE in wall and workshop.purpose in wall and "1</strong> person" in wall
    assert "Next: Write" in desk and "data-room-until" not in desk
    told = page(somebody, workshop).content.decode()
    assert PROMISE in told and "As coproducers:" in told
    late = somebody.post(reverse("room-card", args=[workshop.room.code]), {"text": "Early", "request_key": uuid4()})
    assert late.status_code == 409 and not workshop.cards.exists()


def test_ones_own_card_can_be_put_right_while_the_room_writes(org, fay):
    workshop = plan(org, fay)
    mine, other = phone(workshop), phone(workshop)
    mine.post(reverse("room-card", args=[workshop.room.code]), {"text": "A servey", "request_key": uuid4()})
    card = workshop.cards.get()
    back = reverse("room-card-back", args=[workshop.room.code, card.pk])
    assert other.post(back).status_code == 422 and Client().post(back).status_code == 403
    answer = mine.post(back)
    assert answer.status_code == 200 and ">\nA servey</textarea>" in answer.content.decode()
    assert not workshop.cards.exists()
    mine.post(reverse("room-card", args=[workshop.room.code]), {"text": "A survey", "request_key": uuid4()})
    at(workshop, "place")
    late = mine.post(reverse("room-card-back", args=[workshop.room.code, workshop.cards.get().pk]))
    assert late.status_code == 409 and workshop.cards.get().text == "A survey"


def test_what_comes_when_it_is_over_is_named_and_not_lost_without_a_word(org, fay):
    workshop = plan(org, fay)
    (card,) = lay(workshop, "A survey")
    somebody, code = phone(workshop), workshop.room.code
    hosting.close_room(workshop=workshop, by=fay, results=results_of(workshop))
    for name, args, said, told in (
        ("room-card", [], {"text": "Too late", "request_key": uuid4()}, "not put on the wall: “Too late”"),
        ("room-place", [card.pk], {"place": "users"}, "your choice for card 1 was not counted"),
        ("room-vote", [card.pk], {"number": 1}, "your vote for card 1 was not counted"),
    ):
        late = somebody.post(reverse(name, args=[code, *args]), said)
        assert late.status_code == 409 and told in late.content.decode(), name


def test_at_the_end_people_find_their_own_cards_and_what_became_of_those_that_are_gone(org, fay):
    workshop = plan(org, fay)
    mine, other = phone(workshop), phone(workshop)
    for text in ("A survey", "The survey", "Something rude"):
        mine.post(reverse("room-card", args=[workshop.room.code]), {"text": text, "request_key": uuid4()})
    survey, twin, rude = workshop.cards.all()
    hosting.merge_cards(card=twin, by=fay, into=survey)
    hosting.hide(card=rude, by=fay)
    workshop = at(workshop, "place")
    now = page(mine, workshop).content.decode()
    assert "took your card “Something rude” off the wall" in now and "laid under card 1" in now
    hosting.close_room(workshop=workshop, by=fay, results=results_of(workshop))
    told, others = (page(each, workshop).content.decode() for each in (mine, other))
    assert "your card" in told and "the facilitator took it off the wall" in told and "laid under card 1" in told
    assert "your card" not in others and "Something rude" not in others


def test_a_phone_has_a_sign_and_can_say_again_as_whom_it_is_here(org, fay):
    workshop = plan(org, fay)
    somebody, other = phone(workshop, "carer", "Ann"), phone(workshop)
    ann, second = (workshop.participants.get(nickname=name) for name in ("Ann", ""))
    assert ann.sign != second.sign and set(ann.sign) <= set(CODE_SIGNS)
    client = Client()
    client.force_login(fay)
    people = client.get(reverse("workshop-people", args=[org.slug, workshop.pk])).content.decode()
    assert ann.sign in people and second.sign in people
    assert f"{ann.sign}</strong>" in page(somebody, workshop).content.decode()
    assert f"{second.sign}</strong>" in page(other, workshop).content.decode()
    room = reverse("room", args=[workshop.room.code])
    assert 'value="Ann"' in somebody.get(f"{room}?who=1").content.decode()
    assert somebody.post(room, {"perspective": "staff", "nickname": ""}).status_code == 302
    ann.refresh_from_db()
    assert (ann.perspective, ann.nickname, workshop.participants.count()) == ("staff", "", 2)


def test_the_phone_that_wrote_a_card_can_be_taken_out_with_it(org, fay):
    workshop = plan(org, fay)
    rude, other = phone(workshop, nickname="Rude"), phone(workshop, nickname="Kind")
    rude.post(reverse("room-card", args=[workshop.room.code]), {"text": "Something rude", "request_key": uuid4()})
    (paper,) = lay(workshop, "From paper")
    client, card = Client(), workshop.cards.get(text="Something rude")
    client.force_login(fay)
    client.post(reverse("workshop-card", args=[org.slug, workshop.pk, card.pk]), {"author-out": "1"})
    assert page(rude, workshop).status_code == 403 and page(other, workshop).status_code == 200
    assert "Something rude" not in page(other, workshop).content.decode()
    with pytest.raises(Refused, match="No phone"):
        hosting.ban_author(card=paper, by=fay)
    people = client.get(reverse("workshop-people", args=[org.slug, workshop.pk])).content.decode()
    assert "Kind" in people and "Rude" not in people, "whose phone it is, is not told"


def test_where_the_list_stood_at_the_end_is_kept_whatever_is_counted_later(world, org, fay):
    survey = world.ashdown.survey
    workshop = plan(org, fay, mode="review", activities=[survey])
    workshop = at(workshop, "agree")
    hosting.agree(card=workshop.cards.get(), by=fay, agreed="owners", note="")
    hosting.close_room(workshop=workshop, by=fay, results=results_of(workshop))
    card = workshop.cards.select_related("workshop__room", "organisation", "activity").get()
    harvesting.take_placement(card=card, by=world.people["ed"])
    table = seat(fresh(workshop))
    hosting.count_table(table=table, by=fay, chose={card: {"owners": 2}})
    hosting.keep_results(workshop=fresh(workshop), by=fay, results=results_of(workshop))
    (row,) = results_page(fresh(workshop), beside=True).rows
    assert row.stands == "was Users, now Owners" and results_page(fresh(workshop)).people == 6
