"""Pages that are kept (keeping.py): what memory serves is what would be drawn, for the same rights, and no older."""

import re
from uuid import uuid4

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from involvement.access import Role
from involvement.actions import accounts, activities, assessing, hosting
from involvement.actions.base import today
from involvement.forms.gaps import ReasonForm
from involvement.keeping import page
from involvement.results import results_of
from tests import rooms
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


def test_only_a_good_page_is_kept(world, keeping, rf):
    def drawn(response) -> int:
        """Return how often it is drawn for two requests."""
        times = []
        for _turn in range(2):
            request = rf.get("/o/ashdown/map/")
            request._messages = ()
            whose = f"anybody {response.status_code} {len(response.cookies)}"
            page(request, whose, lambda: times.append(1) or response)
        return len(times)

    with_cookie = HttpResponse("<p>mine</p>")
    with_cookie.set_cookie("mine", "1")
    assert drawn(HttpResponse("<p>good</p>")) == 1
    assert drawn(HttpResponse("<p>no</p>", status=404)) == drawn(with_cookie) == 2


def test_every_form_on_a_kept_page_has_a_key_of_its_own(world, keeping, rf):
    form = ReasonForm()
    keys = set()
    for _turn in range(3):
        request = rf.get("/o/ashdown/gaps/")
        request._messages = ()
        sent = page(request, "anybody", lambda: HttpResponse(f"{form['request_key']} and {form['request_key']}"))
        keys |= set(re.findall(r'name="request_key" value="([0-9a-f-]{36})"', sent.content.decode()))
    assert len(keys) == 5  # the page that was drawn has one key twice, and each that was kept two


def test_people_who_come_into_a_room_share_a_page_until_they_have_written(world, keeping):
    workshop = rooms.plan(world.ashdown.organisation, world.people["fay"])
    where = f"/w/{workshop.room.code}/"
    first, second = (rooms.phone(workshop) for _each in range(2))
    first.get(where)
    assert "involvement_card" in tables(second, where)  # whether they have written is asked …
    assert "involvement_workshop" not in tables(second, where)  # … and nothing of the page is made anew
    keys = {re.search(r'name="request_key" value="([^"]+)"', each.get(where).content.decode())[1]
            for each in (first, second)}  # fmt: skip
    assert len(keys) == 2
    for phone, key in zip((first, second), keys, strict=True):
        assert phone.post(f"{where}cards/", {"text": f"Card {key}", "request_key": key}).status_code == 302
    mine, yours = (each.get(where).content.decode() for each in (first, second))
    assert mine.count("Your cards") == yours.count("Your cards") == 1
    late = rooms.phone(workshop).get(where).content.decode()
    assert "Your cards" not in late and all(f"Card {key}" in late for key in keys)


def test_the_door_tells_at_once_what_was_changed_of_the_workshop(world, keeping):
    workshop = rooms.plan(world.ashdown.organisation, world.people["fay"])
    where = f"/w/{workshop.room.code}/"
    assert rooms.PROMISE in Client().get(where).content.decode()
    assert tables(Client(), where) <= {"involvement_room"}
    hosting.change_workshop(
        workshop=workshop, by=world.people["fay"], version=workshop.version, title="Another evening",
        purpose=workshop.purpose, promise=workshop.promise, held_on=workshop.held_on,
        length=workshop.length, votes_each=workshop.votes_each,
    )  # fmt: skip
    assert "Another evening" in Client().get(where).content.decode()
    hosting.close_room(workshop=rooms.fresh(workshop), by=world.people["fay"], results=results_of(workshop))
    assert 'name="perspective"' not in Client().get(where).content.decode()


def test_no_page_that_people_share_tells_of_somebodys_card(world, keeping):
    """Back at the welcome, whoever wrote a card that was hidden reads so, and nobody else does."""
    fay = world.people["fay"]
    workshop = rooms.plan(world.ashdown.organisation, fay)
    where = f"/w/{workshop.room.code}/"
    author, other = (rooms.phone(workshop) for _each in range(2))
    author.post(f"{where}cards/", {"text": "Something private", "request_key": uuid4()})
    hosting.hide(card=workshop.cards.get(), by=fay)
    hosting.move(workshop=workshop, by=fay, step="welcome")
    assert "Something private" in author.get(where).content.decode()
    assert "Something private" not in other.get(where).content.decode()
