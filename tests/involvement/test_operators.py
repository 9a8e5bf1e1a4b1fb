"""The operators' pages: who gets in, what they may do, and that none of it touches what organisations hold."""

import re
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse

from involvement import operators as pages
from involvement.actions import activities, operators
from involvement.actions.base import Refused, today
from involvement.models import Activity, HealthBody, Organisation, SecurityEvent, User
from tests.post_office import mailers
from tests.world import PASSWORD

HEADINGS = "ods_code,name,type,region,icb_name,town,open_date,close_date,status,source,vintage"
ONE = "QZ1,ASHDOWN NHS TRUST,NHS trust,South,A BOARD,ASHDOWN,2001-04-01,,open,a list,2025"
TWO = "QZ2,BIRCHWOOD NHS TRUST,NHS trust,South,A BOARD,BIRCHWOOD,2001-04-01,,open,a list,2025"


def form_url(kind: str, row, deed: str) -> str:
    return reverse(f"admin:involvement_{kind}_{deed}", args=[row.pk])


@pytest.fixture
def operator(world):
    user = User.objects.create_user("olu@example.org", PASSWORD, name="Olu", is_staff=True)
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": "x"})
    return user


@pytest.fixture
def client(operator):
    client = Client()
    client.force_login(operator)
    return client


def test_only_operators_with_a_second_step_get_in(world, operator):
    where = reverse("admin:index")
    nobody, member, bare = Client(), Client(), Client()
    assert nobody.get(where)["Location"].startswith("/accounts/login/?next=/operators/")
    member.force_login(world.people["lea"])
    assert member.get(where).status_code == 404
    operator.authenticator_set.all().delete()
    bare.force_login(operator)
    assert bare.get(where)["Location"].startswith(reverse("account-second-step"))


def test_an_operator_sees_no_word_of_what_organisations_hold(client, world):
    lists = [reverse(f"admin:involvement_{kind}_changelist") for kind in
             ("organisation", "user", "healthbody", "securityevent")]  # fmt: skip
    rows = [
        reverse("admin:involvement_organisation_change", args=[world.birchwood.organisation.pk]),
        reverse("admin:involvement_user_change", args=[world.people["bo"].pk]),
        reverse("admin:involvement_securityevent_change", args=[SecurityEvent.objects.first().pk]),
    ]
    for where in [reverse("admin:index"), *lists, *rows]:
        page = client.get(where)
        assert page.status_code == 200, where
        assert world.birchwood.survey.title not in page.content.decode()
    assert client.get("/o/birchwood/map/").status_code == 404


def test_nothing_can_be_edited_or_deleted_there(client, world):
    event = SecurityEvent.objects.first()
    for kind, row in (("organisation", world.ashdown.organisation), ("user", world.people["ed"]),
                      ("securityevent", event)):  # fmt: skip
        change = reverse(f"admin:involvement_{kind}_change", args=[row.pk])
        assert client.post(change, {"name": "Another", "email": "x@example.org", "kind": "y"}).status_code == 403
        for last in ("delete/", "history/"):
            assert client.post(change.replace("change/", last)).status_code == 404
        assert client.post(reverse(f"admin:involvement_{kind}_changelist") + "add/").status_code == 404
    assert Organisation.objects.get(slug="ashdown").name == world.ashdown.organisation.name


def test_an_organisation_is_opened_with_a_letter_to_its_lead(client, operator):
    words = {"name": "Hazel NHS Trust", "slug": "hazel", "ods_code": "rh1", "kind": "trust", "nation": "england",
             "lead": "Hana@example.org", "lead_name": "Hana"}  # fmt: skip
    response = client.post(reverse("admin:involvement_organisation_open"), words)
    assert response.status_code == 302
    hazel = Organisation.objects.get(slug="hazel")
    assert (hazel.ods_code, hazel.memberships.count(), hazel.invitations.get().roles) == ("RH1", 0, ["lead"])
    [letter] = mail.outbox
    assert letter.to == ["hana@example.org"]
    link = re.search(r"/accounts/invitations/\S+", letter.body)[0]
    assert Client().get(link).status_code == 200
    again = client.post(reverse("admin:involvement_organisation_open"), words)
    assert again.status_code == 200 and "already exists" in again.content.decode()
    assert len(mail.outbox) == 1


def test_an_operators_deed_stands_where_its_letter_does_not_leave(client, world, settings):
    working, settings.MAILERS = settings.MAILERS, mailers(1)  # nobody listens there
    ashdown = world.ashdown.organisation
    said = client.post(form_url("organisation", ashdown, "invite-lead"), {"lead": "hana@example.org"}, follow=True)
    assert said.status_code == 200
    assert "The letter could not be sent" in said.content.decode()
    invitation = ashdown.invitations.get(email="hana@example.org")
    assert invitation.sent_at is None
    settings.MAILERS = working
    again = client.post(form_url("organisation", ashdown, "invite-lead"), {"lead": "hana@example.org"}, follow=True)
    assert "The letter has left" in again.content.decode()
    invitation.refresh_from_db()
    assert invitation.sent_at is not None


def test_a_letter_leaves_when_the_deed_stands(client, world, monkeypatch):
    """Nobody waits for a mail server with rows locked, and nobody is invited by a deed that is taken back."""
    open_before, open_then = len(connection.savepoint_ids), []

    def send(issued, _link):
        open_then.append(len(connection.savepoint_ids))
        return []

    monkeypatch.setattr(pages, "send_letters", send)
    client.post(form_url("organisation", world.ashdown.organisation, "invite-lead"), {"lead": "hana@example.org"})
    assert open_then == [open_before]


def test_a_suspended_organisation_is_closed_to_its_members_who_read_why(client, world):
    ashdown = world.ashdown.organisation
    member, stranger = Client(), Client()
    member.force_login(world.people["lea"])
    stranger.force_login(world.people["sam"])
    where = form_url("organisation", ashdown, "suspend")
    assert client.post(where, {"because": " "}).status_code == 200 and member.get("/o/ashdown/").status_code == 200
    assert client.post(where, {"because": "The contract has ended."}).status_code == 302
    for address in ("/o/ashdown/", "/o/ashdown/map.json", "/o/ashdown/activities.csv"):
        page = member.get(address)
        assert page.status_code == 403
        words = page.content.decode()
        assert "The contract has ended." in words and world.ashdown.survey.title not in words
        assert stranger.get(address).status_code == 404
    with pytest.raises(Refused):
        activities.add_activity(organisation=ashdown, by=world.people["ed"], facts={"title": "New"})
    assert client.post(form_url("organisation", ashdown, "resume")).status_code == 302
    assert member.get("/o/ashdown/").status_code == 200
    told = member.get("/o/ashdown/history/").content.decode()
    assert "closed this organisation for now, because “The contract has ended.”" in told
    assert "opened this organisation again" in told


def test_a_merged_organisation_can_be_read_and_not_changed(client, world):
    ashdown, birchwood = world.ashdown.organisation, world.birchwood.organisation
    member = Client()
    member.force_login(world.people["lea"])
    before = member.get("/o/ashdown/map.json").json()
    words = {"into": birchwood.pk, "on": today().isoformat(), "because": "The two trusts became one."}
    assert client.post(form_url("organisation", ashdown, "merge"), words).status_code == 302
    page = member.get("/o/ashdown/").content.decode()
    assert f"became part of {birchwood.name}" in page
    assert member.get("/o/ashdown/map.json").json() == before
    assert member.get("/o/ashdown/activities.csv").status_code == 200
    rows = Activity.objects.count()
    assert member.get("/o/ashdown/activities/new/").status_code == 403
    assert member.post("/o/ashdown/activities/new/", {"title": "New"}).status_code == 403
    assert Activity.objects.count() == rows
    theirs = Client()
    theirs.force_login(world.people["bo"])
    assert "part of this organisation, from" in theirs.get("/o/birchwood/history/").content.decode()
    for deed in ("suspend", "merge", "resume"):
        assert client.get(form_url("organisation", ashdown, deed)).status_code == 404


@pytest.mark.parametrize(
    ("into", "day", "because", "field"),
    [("itself", 0, "x", "into"), ("birchwood", 1, "x", "on"), ("birchwood", 0, " ", "because")],
)
def test_what_cannot_be_merged(world, operator, into, day, because, field):
    ashdown = world.ashdown.organisation
    other = ashdown if into == "itself" else world.birchwood.organisation
    with pytest.raises(Refused) as refused:
        operators.merge(organisation=ashdown, into=other, by=operator, on=today() + timedelta(day), because=because)
    assert set(refused.value.messages) == {field}


def test_a_closed_account_is_out_at_the_next_request(client, world, operator):
    person = Client()
    person.post("/accounts/login/", {"login": "ed@example.org", "password": PASSWORD})
    assert person.get("/o/ashdown/").status_code == 200
    ed = world.people["ed"]
    assert client.post(form_url("user", ed, "close"), {"because": "Left the trust"}).status_code == 302
    assert person.get("/o/ashdown/")["Location"].startswith("/accounts/login/")
    assert client.post(form_url("user", operator, "close"), {"because": "x"}).status_code == 200
    assert User.objects.get(pk=operator.pk).is_active
    assert client.post(form_url("user", ed, "open")).status_code == 302
    assert User.objects.get(pk=ed.pk).is_active


def test_events_leave_as_a_file_and_that_is_an_event(client, world):
    answer = client.get(reverse("admin:involvement_securityevent_csv"))
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert lines[0] == "at,organisation,account,kind,detail"
    assert len(lines) == SecurityEvent.objects.count() + 1
    assert "@" not in "".join(lines)
    assert SecurityEvent.objects.filter(kind="events-exported").count() == 1


def listed(tmp_path, *rows: str):
    path = tmp_path / "bodies.csv"
    path.write_text("\n".join([HEADINGS, *rows]))
    return path


def test_bodies_are_loaded_once_and_closures_are_told(world, tmp_path, capsys):
    Organisation.objects.filter(slug="ashdown").update(ods_code="QZ1")
    call_command("load_bodies", listed(tmp_path, ONE, TWO))
    assert capsys.readouterr().out == "Added 2, changed 0, already so 0, from an earlier list 0.\n"
    call_command("load_bodies", listed(tmp_path, ONE, TWO))
    assert capsys.readouterr().out == "Added 0, changed 0, already so 2, from an earlier list 0.\n"
    call_command("load_bodies", listed(tmp_path, ONE.replace(",,open", ",2026-03-31,closed")))
    told = capsys.readouterr().out
    assert told.startswith("Added 0, changed 1, already so 0, from an earlier list 1.\n")
    assert "(ashdown): its body is closed on 2026-03-31." in told
    assert HealthBody.objects.get(code="QZ2").status == "open"


@pytest.mark.parametrize("rows", [[ONE, ONE], [ONE, TWO.replace("2001-04-01", "April")], [ONE, TWO.replace("QZ2", "")]])
def test_a_list_with_a_wrong_row_is_not_loaded_at_all(db, tmp_path, rows):
    with pytest.raises(CommandError, match="Nothing was loaded"):
        call_command("load_bodies", listed(tmp_path, *rows))
    assert not HealthBody.objects.exists()


def test_a_list_without_its_columns_is_refused(db, tmp_path):
    path = tmp_path / "other.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(CommandError, match="no column ods_code"):
        call_command("load_bodies", path)
