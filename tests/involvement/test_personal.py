"""A person is shown all that is held about them, and is erased from everything; what they wrote stays."""

import json
import re
from pathlib import Path

import pytest
from django.apps import apps
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import connection

from involvement.access import Role
from involvement.actions import activities, erasure, invitations, organisations, responses
from involvement.actions.activities import edit_activity
from involvement.actions.base import Refused, today
from involvement.models import Activity, Import, ManyEdit, SecurityEvent, StoredFile, User
from involvement.personal import OWN, held_about
from tests.world import PASSWORD, rewrite

EMAIL, NAME = "quentin.oyelaran@example.org", "Quentin Oyelaran"
SPELT = re.compile(r"quentin[\W_]*oyelaran", re.IGNORECASE)


@pytest.fixture
def quentin(world, client):
    """Somebody who came by invitation, signed in, wrote and was written about, in rows and in histories."""
    home, lead = world.ashdown.organisation, world.people["lea"]
    [issued] = invitations.invite(organisation=home, by=lead, people=[(EMAIL, NAME)], roles=["editor"])
    person = invitations.accept_as_new(invitation=issued.invitation, name=NAME, password=PASSWORD)
    client.post("/accounts/login/", {"login": EMAIL, "password": PASSWORD})
    facts = {"title": f"Tea with {NAME}", "description": f"Write to {EMAIL.upper()}.", "named_lead": NAME}
    activity = activities.add_activity(organisation=home, by=person, facts=facts)
    edit_activity(activity=activity, by=lead, version=1, facts={"description": "Called quentin  oyelaran, in person"})
    responses.respond(
        organisation=home, by=person, place="owners", facet="owners/priorities", kind="plan", owner=NAME,
        reason=f"{NAME}’s plan", due_on=today(),
    )  # fmt: skip
    ManyEdit.objects.create(
        organisation=home, recorded_by=person, changes={NAME: "x"}, before={"1": {"was": {"named_lead": [NAME]}}}
    )
    StoredFile.objects.create(
        organisation=home, recorded_by=person, size=1, content_type="image/png", name="Quentin_Oyelaran notes.png",
        file=ContentFile(b"x", "Quentin_Oyelaran.png"),
    )  # fmt: skip
    rewrite(Import.objects.filter(organisation=home), file_name="quentin-oyelaran.csv", recorded_by=person)
    return person


def rows() -> list[str]:
    """Return every row of every table as one text, as the database itself holds it."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608  a name of the schema
            found += [f"{table}: {row}".encode().decode("unicode_escape", "replace") for row in cursor.fetchall()]
    return found


def test_nothing_of_the_person_is_left_in_any_table(world, quentin):
    before = [row for row in rows() if SPELT.search(row)]
    assert len({row.partition(":")[0] for row in before}) >= 9
    replaced = erasure.erase(user=quentin, because="asked on 3 May")
    assert [row for row in rows() if SPELT.search(row)] == []
    assert replaced["involvement_historicalactivity"] >= 2
    assert not any(SPELT.search(str(path)) for path in world_files())


def world_files():
    return list(Path(default_storage.location).rglob("*"))


def test_what_they_wrote_stays_and_says_a_former_member(world, quentin, client):
    erasure.erase(user=quentin, because="asked on 3 May")
    written = Activity.objects.get(title="Tea with a former member")
    assert written.named_lead == "a former member"
    assert written.recorded_by_id == quentin.pk
    assert str(User.objects.get(pk=quentin.pk)) == "a former member"
    stored = StoredFile.objects.get(organisation=world.ashdown.organisation, recorded_by=quentin)
    assert (stored.name, stored.file.read()) == ("a former member notes.png", b"x")
    stored.file.close()
    client.force_login(world.people["lea"])
    for page in (f"activities/{written.pk}/", f"activities/{written.pk}/history/", "history/", "members/", "gaps/"):
        words = client.get(f"/o/ashdown/{page}").content.decode()
        assert not SPELT.search(words), page
        assert page in ("members/", "gaps/") or "former member" in words or "out of the record" in words, page
    assert "took a person’s name and address out of the record" in words_of(client, "/o/ashdown/history/")


def words_of(client, where: str) -> str:
    return client.get(where).content.decode()


def test_nor_can_they_come_in(world, quentin, client):
    client.post("/accounts/login/", {"login": EMAIL, "password": PASSWORD})
    assert client.get("/o/ashdown/").status_code == 200
    erasure.erase(user=quentin, because="asked")
    assert client.get("/o/ashdown/").status_code == 302
    client.post("/accounts/login/", {"login": EMAIL, "password": PASSWORD})
    assert client.get("/o/ashdown/").status_code == 302
    assert not quentin.memberships.filter(until=None).exists()


def test_what_others_are_called_stays(world, quentin):
    """Another organisation's namesake, and words in which the name is only a part."""
    there, bo = world.birchwood.organisation, world.people["bo"]
    facts = {"title": f"{NAME} of another town", "named_lead": NAME, "description": f"x{EMAIL} and {EMAIL}"}
    namesake = activities.add_activity(organisation=there, by=bo, facts=facts)
    home = world.ashdown.organisation
    part = activities.add_activity(organisation=home, by=bo, facts={"title": "Quentin Oyelarans"})
    erasure.erase(user=quentin, because="asked")
    namesake.refresh_from_db()
    part.refresh_from_db()
    assert (namesake.title, namesake.named_lead) == (f"{NAME} of another town", NAME)
    assert namesake.description == f"x{EMAIL} and a former member"  # an address is nobody else's
    assert part.title == "Quentin Oyelarans"


def test_a_name_of_one_word_is_replaced_only_where_it_stands_alone(world):
    home, may = world.ashdown.organisation, User.objects.create_user("may@example.org", PASSWORD, name="May")
    organisations.give_role(organisation=home, user=may, role=Role.EDITOR, by=None)
    facts = {"title": "The May walk", "named_lead": " may"}
    walk = activities.add_activity(organisation=home, by=may, facts=facts)
    erasure.erase(user=may, because="asked")
    walk.refresh_from_db()
    assert (walk.title, walk.named_lead) == ("The May walk", "a former member")


def test_the_last_lead_is_refused_and_keeps_everything(world):
    lea = world.people["lea"]
    with pytest.raises(Refused, match="only lead"):
        erasure.erase(user=lea, because="asked")
    lea.refresh_from_db()
    assert (lea.name, lea.is_active) == ("Lea", True)
    with pytest.raises(CommandError, match="only lead"):
        call_command("erase_person", "lea@example.org", because="asked")


def test_the_reason_is_kept_and_names_nobody(world, quentin):
    for reason in ("", f"{NAME} asked", f"letter of {EMAIL}"):
        with pytest.raises(Refused):
            erasure.erase(user=quentin, because=reason)
    call_command("erase_person", EMAIL, because="asked on 3 May", verbosity=0)
    event = SecurityEvent.objects.get(kind="person-erased")
    assert event.detail == {"user": quentin.pk, "reason": "asked on 3 May"}


def test_after_a_restore_the_number_is_enough(world, quentin):
    erasure.erase(user=quentin, because="asked")
    home = world.ashdown.organisation
    late = activities.add_activity(organisation=home, by=world.people["lea"], facts={"title": "Q. Oyelaran’s list"})
    call_command("erase_person", str(quentin.pk), because="asked", also=["Q. Oyelaran"])
    late.refresh_from_db()
    assert late.title == "a former member’s list"


def test_all_that_is_held_is_shown(world, quentin, client, capsys):
    held = held_about(quentin)
    assert held["account"]["email"] == EMAIL
    assert [role["role"] for role in held["roles"]] == ["editor"]
    assert held["invitations"][0]["organisation"] == "Ashdown Hospitals"
    assert {"sign-in", "invitation-accepted", "role-given"} <= {event["kind"] for event in held["events"]}
    assert {"activity", "historical activity", "response", "stored file"} <= {
        deed["record"] for deed in held["what_you_did"]
    }
    assert "mentioned" not in held
    call_command("export_person", EMAIL)
    said = json.loads(capsys.readouterr().out)
    assert f"Tea with {NAME}" in {mention["words"] for mention in said["mentioned"]}
    assert "password" not in json.dumps(said["second_step"])


def test_every_table_that_points_to_an_account_is_shown_or_is_the_accounts_own(world, quentin):
    """A table made tomorrow is in it: the walk is over the models."""
    pointing = {
        model._meta.label_lower
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if field.is_relation and field.related_model is User
    }
    assert len(pointing) > 30
    assert {each for each in OWN if each.startswith("involvement")} <= pointing


def test_ones_own_page_gives_it(world, quentin, client):
    client.force_login(quentin)
    page = client.get("/accounts/held/")
    assert EMAIL in page.content.decode()
    answer = client.get("/accounts/held.json")
    assert answer["Content-Disposition"] == 'attachment; filename="what-is-held-about-you.json"'
    said = answer.json()
    assert said["account"]["name"] == NAME
    assert "mentioned" not in said
    client.force_login(world.people["vi"])
    assert NAME not in client.get("/accounts/held.json").content.decode()
