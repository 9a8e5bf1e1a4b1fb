"""The security events as a file for auditors of access."""

import csv
import io
import json

import pytest

from involvement.actions import organisations, security
from involvement.models import SecurityEvent
from tests.world import MARKER, PASSWORD

ADDRESS = "/o/ashdown/history.csv"


def rows(client) -> list[dict]:
    response = client.get(ADDRESS)
    assert response.status_code == 200
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"].startswith('attachment; filename="security-events-ashdown-20')
    assert response.content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"))))


@pytest.fixture
def lea(client, world):
    client.force_login(world.people["lea"])
    return client


def test_a_lead_takes_all_of_it_and_that_is_kept(lea, world):
    told, again = rows(lea), rows(lea)
    own = SecurityEvent.objects.filter(organisation=world.ashdown.organisation).order_by("at", "pk")
    assert [row["what"] for row in told][:2] == ["organisation-created", "role-given"]
    assert again[: len(told)] == told
    [kept] = again[len(told) :]
    about = {"events": len(told), "kind": "security-events"}
    assert (kept["what"], kept["who"], kept["person"]) == ("export", "Lea", str(world.people["lea"].pk))
    assert json.loads(kept["about"]) == about == own.filter(kind="export").first().detail
    assert len(again) == len(told) + 1 < own.count() + 10


def test_looking_whether_it_is_there_keeps_nothing(lea):
    before = SecurityEvent.objects.count()
    assert lea.head(ADDRESS).status_code == 200
    assert SecurityEvent.objects.count() == before


def test_members_sign_ins_are_told_since_they_joined_and_nobody_elses(client, world):
    people = world.people
    security.record("sign-in", by=people["sam"], steps=["password"])  # before sam belongs here
    organisations.give_role(organisation=world.ashdown.organisation, user=people["sam"], role="viewer", by=None)
    client.post("/accounts/login/", {"login": "sam@example.org", "password": "wrong-wrong-wrong"})
    client.post("/accounts/login/", {"login": "sam@example.org", "password": PASSWORD})
    client.post("/accounts/login/", {"login": "nobody@example.org", "password": PASSWORD})
    security.record("sign-in", by=people["bo"], steps=["password"])
    client.force_login(people["lea"])
    told = [row for row in rows(client) if row["what"].startswith("sign-in")]
    sam = people["sam"]
    failed, came = told
    assert (failed["what"], failed["who"], failed["person"]) == ("sign-in-failed", "", "")
    assert json.loads(failed["about"]) == {"account": sam.pk}
    assert (came["what"], came["who"], came["person"]) == ("sign-in", "Sam", str(sam.pk))


def test_nothing_of_another_organisation_or_an_address_is_told(lea, world):
    world.people["lea"].name = "=cmd()"
    world.people["lea"].save()
    text = lea.get(ADDRESS).content.decode()
    assert MARKER not in text and "@" not in text
    assert ",'=cmd()," in text and ",=cmd()," not in text


@pytest.mark.parametrize("person", ["ed", "bob", "vi"])
def test_only_leads_see_the_way_there(client, world, person, lea):
    assert ADDRESS in lea.get("/o/ashdown/history/").content.decode()
    client.force_login(world.people[person])
    assert ADDRESS not in client.get("/o/ashdown/history/").content.decode()
    assert client.get(ADDRESS).status_code == 403
