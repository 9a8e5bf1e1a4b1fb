"""Services from outside: the list, adding, renaming, closing."""

from datetime import timedelta

import pytest
from django.utils.html import strip_tags

from involvement.actions.activities import add_activity, withdraw_activity
from involvement.actions.base import today
from involvement.registers import services_with_counts

pytestmark = pytest.mark.django_db

PAGE = "/o/ashdown/services/"


def words(answer) -> str:
    return " ".join(strip_tags(answer.content.decode().replace("<", " <")).split())


def edit(service) -> str:
    return f"{PAGE}{service.pk}/edit/"


def test_everybody_reads_the_list_and_only_a_lead_sees_the_form(client, world):
    client.force_login(world.people["vi"])
    page = client.get(PAGE)
    assert "Maternity" in words(page) and "Cancer" in words(page) and "Zebrafinch" not in words(page)
    assert "Add a service" not in words(page)
    assert client.post(PAGE, {"name": "Podiatry"}).status_code == 403
    client.force_login(world.people["ed"])
    assert client.post(PAGE, {"name": "Podiatry"}).status_code == 403
    assert client.get(edit(world.ashdown.services[0])).status_code == 403
    assert not world.ashdown.organisation.services.filter(name="Podiatry").exists()


def test_a_lead_adds_renames_and_closes(client, world):
    client.force_login(world.people["lea"])
    assert "Foot clinic is added" in words(client.post(PAGE, {"name": " Foot   clinic "}, follow=True))
    service = world.ashdown.organisation.services.get(name="Foot clinic")
    client.post(edit(service), {"name-name": "Podiatry", "act": "rename"})
    service.refresh_from_db()
    assert (service.name, service.slug) == ("Podiatry", "foot-clinic")
    yesterday = today() - timedelta(days=1)
    day = {"close-retired_on_day": yesterday.day, "close-retired_on_month": yesterday.month}
    client.post(edit(service), day | {"close-retired_on_year": yesterday.year, "act": "retire"})
    service.refresh_from_db()
    assert service.retired_on == yesterday
    assert "This service closed on" in words(client.get(edit(service)))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("  ", "Enter the name of the service"),
        ("maternity", "You already have a service called “maternity”"),
        ("x" * 121, "The name must be 120 characters or fewer"),
    ],
)
def test_a_name_that_cannot_be_is_said_at_the_field(client, world, name, said):
    client.force_login(world.people["lea"])
    page = client.post(PAGE, {"name": name})
    assert words(page).count(said) == 2 and "<title>Error: Services" in page.content.decode()
    page = client.post(edit(world.ashdown.services[1]), {"name-name": name, "act": "rename"})
    assert words(page).count(said) == 2
    assert 'href="#id_name-name"' in page.content.decode()


def test_a_day_to_come_is_refused(client, world):
    client.force_login(world.people["lea"])
    service = world.ashdown.services[0]
    sent = {"close-retired_on_day": 1, "close-retired_on_month": 1, "close-retired_on_year": 2099, "act": "retire"}
    assert "or earlier" in words(client.post(edit(service), sent))
    service.refresh_from_db()
    assert service.retired_on is None


def test_anothers_service_does_not_exist(client, world):
    client.force_login(world.people["lea"])
    assert client.get(edit(world.birchwood.services[0])).status_code == 404
    assert client.post(edit(world.birchwood.services[0]), {"name-name": "Mine"}).status_code == 404


def test_how_many_activities_each_service_has(world):
    maternity, cancer = world.ashdown.services
    organisation, lea = world.ashdown.organisation, world.people["lea"]
    for named in ([maternity], [maternity, cancer], [maternity]):
        last = add_activity(organisation=organisation, by=lea, facts={"title": "Named", "named_services": named})
    withdraw_activity(activity=last, by=lea, reason="Twice", version=1)
    counts = {service.name: (service.own, service.naming) for service in services_with_counts(world.viewer("vi"))}
    assert counts == {"Maternity": (1, 2), "Cancer": (0, 1)}
