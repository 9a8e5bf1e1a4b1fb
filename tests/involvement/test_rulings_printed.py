"""How an organisation counts a contested kind is printed wherever a count rests on it, and moves nothing."""

import pytest

from tests.world import classify_as

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "page", ["", "map/", "gaps/", "activities/", "duties/", "mechanisms/?without=council-scrutiny"]
)
def test_it_is_printed_with_its_reason_author_and_day(client, world, page):
    ed, panel = world.people["ed"], world.ashdown.panel
    type(panel).objects.filter(pk=panel.pk).update(stated_status="running", mechanisms=["council-scrutiny"])
    classify_as(panel, ed, "owners", contested=True, contested_kinds=["scrutiny"])
    type(panel.organisation).objects.filter(pk=panel.organisation_id).update(version=99)
    survey = world.ashdown.survey
    type(survey).objects.filter(pk=survey.pk).update(mechanisms=["council-scrutiny"])
    client.force_login(world.people["vi"])
    shown = client.get(f"/o/ashdown/{page}").content.decode()
    assert "How we count this here:" in shown and "Ashdown council answers to citizens" in shown
    assert "Decided by Ashdown board, from " in shown


def test_a_list_without_a_contested_activity_says_nothing_of_it(client, world):
    client.force_login(world.people["vi"])
    assert "How we count this here:" not in client.get("/o/ashdown/activities/").content.decode()
