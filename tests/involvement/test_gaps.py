"""Gaps and the three answers to them, from outside."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied

from involvement.actions import responses
from involvement.actions.base import Refused, today

pytestmark = pytest.mark.django_db
GAPS = "/o/ashdown/gaps/"
STRATEGY = "/o/ashdown/gaps/respond/?place=owners&facet=owners/strategy"
TOMORROW = today() + timedelta(days=1)


def day(name, when):
    return {f"{name}_day": when.day, f"{name}_month": when.month, f"{name}_year": when.year}


def plan(**more):
    said = {"kind": "plan", "reason": "Ask the panel first", "owner": "Chair", "request_key": str(uuid4())}
    return said | day("due_on", TOMORROW) | more


def judged(**more):
    said = {"kind": "not-needed", "reason": "The council does this", "request_key": str(uuid4())}
    return said | day("review_on", today() + timedelta(days=90)) | more


def test_an_editor_plans_and_it_stands_beside_the_gap(client, world):
    client.force_login(world.people["ed"])
    said = plan()
    for _sending in range(2):  # a double click writes once
        page = client.post(STRATEGY, said, follow=True)
    words = page.content.decode()
    assert "Your answer is recorded." in words and "Ask the panel first" in words and "Chair" in words
    response = world.ashdown.organisation.responses.get(facet="owners/strategy")
    assert (response.kind, response.due_on, response.recorded_by) == ("plan", TOMORROW, world.people["ed"])
    assert response.history.get().history_user == world.people["ed"]


def test_a_board_member_judges_not_needed_and_it_stands_apart(client, world):
    client.force_login(world.people["bob"])
    client.post(STRATEGY, judged())
    words = client.get(GAPS).content.decode()
    before, after = words.split("Judged as not needed, for now")
    assert "The council does this" in after and "The council does this" not in before
    assert "There is a problem" in client.post(STRATEGY, judged()).content.decode()  # it is judged already


@pytest.mark.parametrize(
    ("name", "said"),
    [("ed", judged()), ("lea", judged()), ("bob", plan())],
)
def test_nobody_gives_an_answer_of_another_role(client, world, name, said):
    client.force_login(world.people[name])
    assert "Select a valid choice" in client.post(STRATEGY, said).content.decode()
    with pytest.raises(PermissionDenied):
        responses.respond(
            organisation=world.ashdown.organisation, by=world.people[name], place="owners", kind=said["kind"],
            reason="x", owner="x", due_on=TOMORROW, review_on=TOMORROW,
        )  # fmt: skip
    assert not world.ashdown.organisation.responses.filter(facet="owners/strategy").exists()


@pytest.mark.parametrize("name", ["vi", "pat", "fay"])
def test_a_reader_sees_the_gap_and_cannot_answer(client, world, name):
    client.force_login(world.people[name])
    words = client.get(STRATEGY).content.decode()
    assert "Record this answer" not in words
    assert client.post(STRATEGY, plan()).status_code == 403


@pytest.mark.parametrize(
    ("name", "said", "message"),
    [
        ("ed", plan(kind=""), "Choose what you will do."),
        ("ed", plan(reason="  "), "Say why."),
        ("ed", plan(owner=""), "Say who will do it."),
        ("ed", plan(due_on_day="", due_on_month="", due_on_year=""), "Say by when."),
        ("ed", plan(due_on_day="31", due_on_month="2"), "exists in the calendar"),
        ("ed", plan() | day("due_on", today() - timedelta(days=1)), "This day has passed"),
        ("bob", judged(review_on_day="", review_on_month="", review_on_year=""), "Say when the board will look"),
        ("bob", judged() | day("review_on", responses.a_year_after(today()) + timedelta(days=1)), "within 12 months"),
        ("bob", judged() | day("review_on", today()), "within 12 months"),
    ],
)
def test_a_wrong_answer_is_said_at_its_field_and_loses_nothing(client, world, name, said, message):
    client.force_login(world.people[name])
    page = client.post(STRATEGY, said)
    words = page.content.decode()
    assert page.status_code == 200 and message in words
    assert "There is a problem" in words and "<title>Error: " in words
    assert said["reason"].strip() in words
    assert not world.ashdown.organisation.responses.filter(facet="owners/strategy").exists()


@pytest.mark.parametrize(
    "query",
    ["", "place=kings", "place=owners&facet=users/access", "place=owners&facet=x", "place=owners&service=nowhere",
     "place=owners&service=zebrafinch-podiatry"],
)  # fmt: skip
def test_what_is_not_there_is_404(client, world, query):
    client.force_login(world.people["ed"])
    assert client.get(f"{GAPS}respond/?{query}").status_code == 404
    assert client.post(f"{GAPS}respond/?{query}", plan()).status_code == 404


def test_a_service_of_another_organisation_is_refused_by_the_action(world):
    with pytest.raises(Refused, match="no such service"):
        responses.respond(
            organisation=world.ashdown.organisation, by=world.people["ed"], service=world.birchwood.services[0],
            place="owners", kind="plan", reason="x", owner="x", due_on=TOMORROW,
        )  # fmt: skip


def test_an_answer_ends_with_a_reason_and_stays_readable(client, world):
    response = world.ashdown.response
    address = f"/o/ashdown/responses/{response.pk}/end/"
    client.force_login(world.people["ed"])
    assert "Say why." in client.post(address, {"reason": ""}).content.decode()
    page = client.post(address, {"reason": "the panel met"}, follow=True).content.decode()
    assert "the panel met" in page and "1 answer that holds no longer" in page
    response.refresh_from_db()
    assert (response.ended_on, response.version) == (today(), 2)
    assert response.history.first().history_user == world.people["ed"]
    assert "ended already" in client.post(address, {"reason": "again"}).content.decode()


def test_a_board_member_does_not_end_an_editors_answer(client, world):
    client.force_login(world.people["bob"])
    address = f"/o/ashdown/responses/{world.ashdown.response.pk}/end/"
    assert client.post(address, {"reason": "no"}).status_code == 403
    world.ashdown.response.refresh_from_db()
    assert world.ashdown.response.ended_on is None


def test_an_answer_of_another_organisation_is_not_there(client, world):
    client.force_login(world.people["ed"])
    assert client.get(f"/o/ashdown/responses/{world.birchwood.response.pk}/end/").status_code == 404


def test_not_needed_ends_with_its_review(world):
    organisation = world.ashdown.organisation
    review = today() + timedelta(days=30)
    response = responses.respond(
        organisation=organisation, by=world.people["bob"], place="owners", facet="owners/strategy",
        kind="not-needed", reason="x", review_on=review,
    )  # fmt: skip
    a_day = timedelta(days=1)
    for when, stands in ((today() - a_day, False), (today(), True), (review, True), (review + a_day, False)):
        assert (response in responses.responses_in_force(organisation, on=when)) is stands
        assert response.in_force(when) is stands


def test_the_list_is_ranked_says_its_rule_and_narrows_to_a_service(client, world):
    client.force_login(world.people["vi"])
    words = client.get(GAPS).content.decode()
    assert "How this list is ordered" in words and 'href="/framework/rules/"' in words
    page = client.get(f"{GAPS}?service=maternity")
    assert page.status_code == 200 and "Maternity" in page.content.decode()
    assert client.get(f"{GAPS}?service=nowhere").status_code == 404
    assert client.get(f"{GAPS}?page=999").status_code == 200
    assert client.get(f"{GAPS}?page=x").status_code == 200
