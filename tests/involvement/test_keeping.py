"""Pages that are kept (keeping.py): what memory serves is what would be drawn, for the same rights, and no older."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from involvement.access import Role
from involvement.actions import accounts, activities, assessing
from involvement.actions.base import today
from tests.world import ASHDOWN

TOKEN = re.compile(r"(?<=csrfmiddlewaretoken\" value=\")\w+|(?<=X-CSRFToken\": \")\w+")


@pytest.fixture
def keeping(settings):
    settings.KEEP_PAGES_SECONDS = 60


def pages(world) -> list[str]:
    side = world.ashdown
    return [
        "/o/ashdown/map/",
        "/o/ashdown/map/?group=carers",
        f"/o/ashdown/map/?service={side.services[0].slug}",
        "/o/ashdown/activities/",
        "/o/ashdown/activities/?q=survey",
        "/o/ashdown/activities/?tick=page",
        f"/o/ashdown/activities/{side.survey.pk}/",
        f"/o/ashdown/activities/{side.panel.pk}/",
    ]


def plain(response) -> str:
    assert response.status_code == 200, response.status_code
    return TOKEN.sub("TOKEN", response.content.decode())


def signed_in(world, name: str) -> Client:
    client = Client()
    client.force_login(world.people[name])
    return client


def tables(client, address) -> set[str]:
    """Return the tables that are read to answer."""
    with CaptureQueriesContext(connection) as asked:
        assert client.get(address).status_code == 200
    return {table for each in asked for table in re.findall(r'FROM "(\w+)"', each["sql"])}


WHO = {"django_session", "involvement_user", "involvement_membership"}


def test_nothing_kept_crosses_from_one_viewers_rights_to_anothers(world, settings):
    clients = {name: signed_in(world, name) for name in ASHDOWN}
    settings.KEEP_PAGES_SECONDS = 0
    drawn = {(name, address): plain(clients[name].get(address)) for name in ASHDOWN for address in pages(world)}
    settings.KEEP_PAGES_SECONDS = 60
    for _turn in range(2):  # the first turn keeps, and the next takes what the others left
        for name, address in drawn:
            assert plain(clients[name].get(address)) == drawn[name, address], (name, address)
    assert len({drawn[name, "/o/ashdown/activities/"] for name in ASHDOWN}) > 1


def test_what_is_kept_is_served_without_reading_the_register(world, keeping):
    client = signed_in(world, "lea")
    for address in pages(world):
        assert tables(client, address) > WHO
        assert tables(client, address) <= WHO, address


def test_people_with_the_same_roles_share_a_page_and_never_a_token(world, keeping):
    world.ashdown.organisation.memberships.filter(user=world.people["vi"]).update(role=Role.EDITOR)
    one, other = (Client(enforce_csrf_checks=True) for _each in range(2))
    one.force_login(world.people["ed"])
    other.force_login(world.people["vi"])
    first = one.get("/o/ashdown/map/").content.decode()
    assert tables(other, "/o/ashdown/map/") <= WHO
    second = other.get("/o/ashdown/map/").content.decode()
    mine, theirs = (set(TOKEN.findall(each)) for each in (first, second))
    assert len(mine) == len(theirs) == 1 and mine != theirs
    for client, tokens in ((one, mine), (other, theirs)):
        sent = client.post("/accounts/logout/", {"csrfmiddlewaretoken": tokens.pop()})
        assert sent.status_code == 302 and client.get("/o/ashdown/map/").status_code == 302


def test_a_patient_leaders_pages_are_always_drawn_anew(world, keeping):
    client = signed_in(world, "pat")
    for _turn in range(2):
        assert tables(client, "/o/ashdown/map/") > WHO


def test_a_page_is_drawn_anew_once_the_organisation_is_written_to(world, keeping):
    client, survey = signed_in(world, "vi"), world.ashdown.survey
    address = f"/o/ashdown/activities/{survey.pk}/"
    assert "Twice" not in plain(client.get(address))
    activities.withdraw_activity(activity=survey, by=world.people["ed"], reason="Twice", version=survey.version)
    assert "Twice" in plain(client.get(address))


def test_a_page_says_a_persons_new_name_at_once(world, keeping):
    client = signed_in(world, "vi")
    address, says = f"/o/ashdown/activities/{world.ashdown.survey.pk}/", re.compile(r"\bLea\b")
    assert says.search(plain(client.get(address)))
    accounts.rename(user=world.people["lea"], name="Leonora Newname", by=world.people["lea"])
    after = plain(client.get(address))
    assert "Leonora Newname" in after and not says.search(after)


def test_five_answers_of_people_who_took_part_show_at_once(world, keeping):
    client, survey = signed_in(world, "lea"), world.ashdown.survey
    address = f"/o/ashdown/activities/{survey.pk}/"
    link = assessing.open_link(activity=survey, by=world.people["lea"], most=20, closes_on=today())
    before = plain(client.get(address))
    said = dict.fromkeys(assessing.Assessment.SCALES, 4)
    for number in range(assessing.BATCH):
        assert plain(client.get(address)) == before
        assert assessing.assess(link=link, cookie=f"browser {number}", said=said)
    assert plain(client.get(address)) != before


def test_a_new_day_draws_anew(world, keeping, monkeypatch):
    client = signed_in(world, "vi")
    tables(client, "/o/ashdown/map/")
    assert tables(client, "/o/ashdown/map/") <= WHO
    tomorrow = today() + timezone.timedelta(days=1)
    monkeypatch.setattr("involvement.keeping.timezone.localdate", lambda: tomorrow)
    assert tables(client, "/o/ashdown/map/") > WHO


def test_what_is_said_once_is_said_once(world, keeping):
    client, survey = signed_in(world, "ed"), world.ashdown.survey
    address = f"/o/ashdown/activities/{survey.pk}/"
    client.get(address)
    said = client.post(f"{address}running/", {"running": "yes"}, follow=True).content.decode()
    assert "Your answer is saved" in said
    for _turn in range(2):
        assert "Your answer is saved" not in plain(client.get(address))


def test_only_a_good_page_is_kept_and_never_one_with_a_forms_own_key(world, keeping, rf):
    from django.http import HttpResponse

    from involvement import keeping as kept

    def round_trip(response) -> bool:
        request = rf.get("/o/ashdown/map/")
        request._messages = ()
        key = kept.asked(request, f"anybody {response.content!r} {response.status_code}")
        assert kept.kept(request, key) is None
        kept.keep(request, key, response)
        return kept.kept(request, key) is not None

    assert round_trip(HttpResponse("<p>good</p>"))
    assert not round_trip(HttpResponse("<p>no</p>", status=404))
    assert not round_trip(HttpResponse('<input name="request_key" value="1">'))
    with_cookie = HttpResponse("<p>mine</p>")
    with_cookie.set_cookie("mine", "1")
    assert not round_trip(with_cookie)
