"""What the board wants of each place, from outside."""

import pytest
from django.core.exceptions import PermissionDenied

from involvement.actions import responses
from involvement.actions.base import today

pytestmark = pytest.mark.django_db
ADDRESS = "/o/ashdown/aims/"


def adopt(client, **words):
    page = client.get(ADDRESS)
    day = today()
    said = {
        "place": "owners", "sentence": "People decide with us what comes first", "adopted_by": "the board, in public",
        "adopted_on_day": day.day, "adopted_on_month": day.month, "adopted_on_year": day.year,
        "request_key": page.context["form"]["request_key"].value(),
    }  # fmt: skip
    return client.post(ADDRESS, said | words, follow=True)


def test_a_board_member_adopts_an_aim_and_the_old_one_stays(client, world):
    client.force_login(world.people["bob"])
    assert "No aim adopted yet" in client.get(ADDRESS).content.decode()
    adopt(client)
    page = adopt(client, sentence="People choose our priorities with us").content.decode()
    assert "People choose our priorities with us" in page
    assert "Aims before this one" in page and "People decide with us what comes first" in page
    assert world.ashdown.organisation.aims.count() == 2


def test_a_double_sending_writes_once(client, world):
    client.force_login(world.people["bob"])
    key = client.get(ADDRESS).context["form"]["request_key"].value()
    for _sending in range(2):
        adopt(client, request_key=key)
    assert world.ashdown.organisation.aims.count() == 1


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"sentence": " "}, "Write the aim in one sentence."),
        ({"place": "kings"}, "Select a valid choice"),
        ({"adopted_on_year": today().year + 1}, "cannot be in the future"),
        ({"adopted_on_day": 45}, "exists in the calendar"),
        ({"sentence": "x" * 301}, "300 characters"),
    ],
)
def test_a_wrong_aim_is_said_beside_its_field_and_loses_nothing(client, world, wrong, said):
    client.force_login(world.people["bob"])
    page = adopt(client, **wrong)
    words = page.content.decode()
    assert said in words and "There is a problem" in words and "<title>Error: " in words
    assert "the board, in public" in words
    assert not world.ashdown.organisation.aims.exists()


@pytest.mark.parametrize("name", ["ed", "lea", "vi", "pat", "fay"])
def test_only_board_members_adopt(client, world, name):
    client.force_login(world.people[name])
    assert "Adopt an aim" not in client.get(ADDRESS).content.decode()
    assert client.post(ADDRESS, {"place": "owners"}).status_code == 403
    with pytest.raises(PermissionDenied):
        responses.adopt_aim(
            organisation=world.ashdown.organisation, by=world.people[name], place="owners", sentence="x",
            adopted_on=today(),
        )  # fmt: skip
