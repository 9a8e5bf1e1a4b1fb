"""The key of a form: in another organisation it is unknown, and with another deed it is refused, never an error."""

from uuid import uuid4

import pytest

from involvement.access import Role
from involvement.actions import organisations
from involvement.actions.base import Refused
from involvement.models import RequestKey
from tests.involvement.test_classify_page import VOICE


@pytest.fixture
def key() -> str:
    return str(uuid4())


@pytest.fixture
def bo(client, world):
    """A client signed in as somebody who leads both organisations."""
    organisations.give_role(organisation=world.ashdown.organisation, user=world.people["bo"], role=Role.LEAD, by=None)
    client.force_login(world.people["bo"])
    return client


def piece(client, slug: str, key: str, **more):
    said = {"title": "Falls", "problem_statement": "People fall at night", "request_key": key}
    return client.post(f"/o/{slug}/pieces/new/", said | more)


def test_one_person_sends_the_same_key_in_two_organisations(bo, world, key):
    first, second = piece(bo, "ashdown", key), piece(bo, "birchwood", key)
    assert (first.status_code, second.status_code) == (302, 302)
    assert second["Location"].startswith("/o/birchwood/")
    for side in (world.ashdown, world.birchwood):
        assert side.organisation.pieces.filter(title="Falls").count() == 1
    assert piece(bo, "ashdown", key)["Location"] == first["Location"]
    assert RequestKey.objects.filter(key=key).count() == 2


def test_a_key_that_came_with_another_deed_is_refused_in_words(bo, world, key):
    piece(bo, "ashdown", key)
    invite = {"people": "new@example.org", "roles": ["viewer"], "act": "send", "request_key": key}
    answer = bo.post("/o/ashdown/members/invite/", invite)
    assert answer.status_code == 200
    assert "used for something else already" in answer.content.decode()
    assert not world.ashdown.organisation.invitations.filter(email="new@example.org").exists()


def test_a_key_is_one_records(bo, world, key):
    """What one activity's form came to is no answer for another activity."""
    where = "/o/ashdown/activities/{}/classify/"
    assert bo.post(where.format(world.ashdown.panel.pk), VOICE | {"save": "1", "request_key": key}).status_code == 302
    other = world.ashdown.survey
    wrong = VOICE | {"save": "1", "request_key": key, "act": "wrong", "reason": "It was not so"}
    answer = bo.post(where.format(other.pk), wrong)
    assert answer.status_code == 200
    assert other.classifications.count() == 1


def test_what_no_form_can_say_has_a_page(bo, world, monkeypatch):
    """A view without a form to say it in: the organisation closed since the page was opened."""

    def closed(**_said):
        raise Refused("Ashdown is closed to changes")

    monkeypatch.setattr(organisations, "give_role", closed)
    answer = bo.post(f"/o/ashdown/members/{world.people['vi'].pk}/", {"role": "editor"})
    assert answer.status_code == 409
    assert "Ashdown is closed to changes." in answer.content.decode()
    assert answer["Cache-Control"] == "no-store, private"
