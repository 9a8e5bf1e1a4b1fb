"""Saying that a list is complete, from outside."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied

from framework.catalogue import catalogue
from involvement.actions import responses
from involvement.actions.base import Refused, today
from involvement.completeness import said_by_place
from tests.world import classify_as

pytestmark = pytest.mark.django_db
WHOLE = "/o/ashdown/complete/new/?place=owners&scope=whole"


def walked(place="owners"):
    return [item.slug for item in catalogue().places[place].checklist]


def state(world, place="owners", scope="whole", service=None, **more):
    return responses.state_complete(
        organisation=world.ashdown.organisation, by=world.people["ed"], scope=scope, service=service, place=place,
        checklist=walked(place), **more,
    )  # fmt: skip


def owners(world, on=None):
    return said_by_place(world.viewer("ed"), as_at=on or today())[0]


def test_it_is_refused_while_something_is_unclassified_and_says_how_much_and_where(client, world):
    client.force_login(world.people["ed"])
    words = client.get(WHOLE).content.decode()
    assert "1 activity here has no place yet" in words
    assert 'href="/o/ashdown/activities/?place=unclassified"' in words
    sent = client.post(WHOLE, {"checklist": walked()})
    assert sent.status_code == 200 and "Place it first" in sent.content.decode()
    assert not world.ashdown.organisation.complete_statements.filter(place="owners").exists()


def test_once_all_is_classified_the_whole_checklist_makes_it_complete(client, world):
    classify_as(world.ashdown.panel, world.people["ed"], "owners")
    client.force_login(world.people["ed"])
    key = client.get(WHOLE).context["form"]["request_key"].value()
    for _sending in range(2):
        page = client.post(WHOLE, {"checklist": walked(), "request_key": key}, follow=True)
    assert "Said to be complete by Ed" in page.content.decode()
    statement = world.ashdown.organisation.complete_statements.get(place="owners")
    assert statement.checklist == walked() and statement.as_at == today()


def test_a_checklist_that_was_not_walked_to_its_end_is_refused(client, world):
    classify_as(world.ashdown.panel, world.people["ed"], "owners")
    client.force_login(world.people["ed"])
    words = client.post(WHOLE, {"checklist": walked()[1:]}).content.decode()
    assert "1 is not ticked" in words and "There is a problem" in words
    with pytest.raises(Refused, match="1 is not ticked"):
        responses.state_complete(
            organisation=world.ashdown.organisation, by=world.people["ed"], scope="whole", place="owners",
            checklist=walked()[1:],
        )  # fmt: skip


def test_a_scope_waits_only_for_what_is_in_it(world):
    maternity, cancer = world.ashdown.services
    state(world, scope="service", service=maternity)  # the unclassified panel is trust-wide and names no service
    with pytest.raises(Refused, match="1 activity here"):
        state(world, scope="trust-wide")
    world.ashdown.panel.named_services.create(
        organisation=world.ashdown.organisation, service=cancer, recorded_by=world.people["ed"]
    )
    with pytest.raises(Refused, match="1 activity here"):
        state(world, scope="service", service=cancer)
    state(world, scope="service", service=maternity)


def test_a_withdrawn_activity_and_a_reading_to_come_do_not_count_as_classified_or_not(world):
    panel = world.ashdown.panel
    classify_as(panel, world.people["ed"], "owners", from_on=today() + timedelta(days=1))
    with pytest.raises(Refused):
        state(world)
    panel.withdrawn_on, panel.withdrawn_reason = today(), "entered twice"
    panel.save()
    assert state(world).pk


def test_every_service_and_what_is_trust_wide_make_the_whole(world):
    classify_as(world.ashdown.panel, world.people["ed"], "owners")
    for service in world.ashdown.services:
        state(world, scope="service", service=service)
    assert not owners(world).complete and owners(world).parts_said == 2
    state(world, scope="trust-wide")
    assert owners(world).complete


def test_it_lapses_after_twelve_months_to_the_day(world):
    classify_as(world.ashdown.panel, world.people["ed"], "owners")
    statement = state(world)
    assert owners(world, responses.a_year_after(today()) - timedelta(days=1)).complete
    lapsed = owners(world, responses.a_year_after(today()))
    assert not lapsed.complete and lapsed.ended[0].statement == statement
    assert not owners(world, today() - timedelta(days=1)).complete


def test_it_is_taken_back_with_a_reason_that_stays(client, world):
    classify_as(world.ashdown.panel, world.people["ed"], "owners")
    statement = state(world)
    address = f"/o/ashdown/complete/{statement.pk}/revoke/"
    client.force_login(world.people["ed"])
    assert "Say why." in client.post(address, {"reason": " "}).content.decode()
    page = client.post(address, {"reason": "we forgot the panel"}, follow=True)
    assert "we forgot the panel" in page.content.decode() and not owners(world).complete
    again = client.post(address, {"reason": "again"})
    assert "taken back already" in again.content.decode()


@pytest.mark.parametrize(
    "query",
    ["", "?place=kings&scope=whole", "?place=owners&scope=galaxy", "?place=owners&scope=service",
     "?place=owners&scope=service&service=nowhere", "?place=owners"],
)  # fmt: skip
def test_what_is_not_there_is_404(client, world, query):
    client.force_login(world.people["ed"])
    assert client.get(f"/o/ashdown/complete/new/{query}").status_code == 404


def test_a_service_of_another_organisation_is_not_there(client, world):
    other = world.birchwood.services[0]
    client.force_login(world.people["ed"])
    address = f"/o/ashdown/complete/new/?place=owners&scope=service&service={other.slug}"
    assert client.get(address).status_code == 404
    with pytest.raises(Refused):
        state(world, scope="service", service=other)


@pytest.mark.parametrize("name", ["bob", "vi", "pat", "fay"])
def test_only_editors_and_leads_say_so(client, world, name):
    client.force_login(world.people[name])
    assert client.get("/o/ashdown/complete/").status_code == 200
    assert client.get(WHOLE).status_code == 403 and client.post(WHOLE).status_code == 403
    with pytest.raises(PermissionDenied):
        responses.state_complete(
            organisation=world.ashdown.organisation, by=world.people[name], scope="whole", place="owners",
            checklist=walked(),
        )  # fmt: skip


@pytest.mark.parametrize("services", [1, 30])
def test_the_page_asks_the_database_the_same_however_much_there_is(
    client, world, services, django_assert_num_queries
):
    for number in range(services):
        row = world.ashdown.organisation.services.create(
            slug=f"s{number}", name=f"Service {number}", recorded_by=world.people["ed"]
        )
        state(world, scope="service", service=row)
    client.force_login(world.people["ed"])
    with django_assert_num_queries(PAGE_QUERIES):
        client.get("/o/ashdown/complete/")


PAGE_QUERIES = 7  # session, user, membership; services, statements, unclassified, taken back
