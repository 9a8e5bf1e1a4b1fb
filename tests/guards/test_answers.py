"""What every answer carries: the content policy, no-store once signed in, a request id, a line in the log."""

import json
import logging
import re

import pytest
from django.core import mail
from django.test import Client, RequestFactory

from involvement import logs
from tests.rooms import phone, plan
from tests.world import PASSWORD

POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "object-src 'none'; frame-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


def test_headers_of_a_public_answer(client):
    response = client.get("/healthz")
    assert (response.status_code, response.content) == (200, b"ok")
    assert response["Content-Security-Policy"] == POLICY
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["X-Frame-Options"] == "DENY"
    assert response["Referrer-Policy"] == "same-origin"
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in response["Permissions-Policy"]
    assert response["Cache-Control"] == "private, no-cache"
    assert len(response["X-Request-ID"]) == 32


def test_ready_when_the_database_answers_and_is_migrated(client, db):
    response = client.get("/readyz")
    assert (response.status_code, response.content) == (200, b"ready")


def test_not_ready_while_a_migration_waits(client, db):
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'involvement'")
    response = client.get("/readyz")
    assert (response.status_code, response.content) == (503, b"migrations are not applied")


def test_nothing_a_signed_in_person_sees_is_stored(client, world):
    client.force_login(world.people["ed"])
    for address in ("/", "/o/ashdown/", "/o/birchwood/", "/healthz", "/nowhere/"):
        assert client.get(address)["Cache-Control"] == "no-store, private", address


def test_nor_is_the_answer_that_signs_in(client, world):
    response = client.post("/accounts/login/", {"login": "ed@example.org", "password": PASSWORD})
    assert (response.status_code, response["Location"]) == (302, "/")
    assert "sessionid" in response.cookies
    assert response["Cache-Control"] == "no-store, private"


def test_nobody_joins_by_a_public_form(client, world):
    from involvement.models import User

    before = User.objects.count()
    words = {"email": "new@example.org", "password1": PASSWORD + "9", "password2": PASSWORD + "9"}
    assert client.post("/accounts/signup/", words).status_code == 200
    assert User.objects.count() == before


def test_wrong_passwords_are_limited_for_each_account(client, world):
    for _try in range(5):
        client.post("/accounts/login/", {"login": "ed@example.org", "password": "wrong"})
    client.post("/accounts/login/", {"login": "ed@example.org", "password": PASSWORD})
    assert "_auth_user_id" not in client.session
    client.post("/accounts/login/", {"login": "vi@example.org", "password": PASSWORD})
    assert client.session["_auth_user_id"] == str(world.people["vi"].pk)


@pytest.fixture
def lines():
    """The log of the test as the JSON objects that production would write."""
    written = []

    class Keep(logging.Handler):
        def emit(self, record):
            logs.RequestFilter().filter(record)
            written.append(json.loads(logs.JSONFormatter().format(record)))

    keep, root = Keep(), logging.getLogger()
    level = root.level
    root.addHandler(keep)
    root.setLevel(logging.INFO)
    yield written
    root.removeHandler(keep)
    root.setLevel(level)


def test_a_request_is_one_line_that_names_nobody(client, world, lines):
    client.force_login(world.people["ed"])
    response = client.get("/o/ashdown/activities/?q=secret-word")
    [line] = [line for line in lines if line["event"] == "request"]
    assert line["route"] == "activity-list"
    assert (line["method"], line["status"]) == ("GET", response.status_code)
    assert line["organisation"] == world.ashdown.organisation.pk
    assert line["user"] == logs.user_hash(world.people["ed"].pk) != logs.user_hash(world.people["vi"].pk)
    assert line["request_id"] == response["X-Request-ID"]
    assert line["ms"] > 0
    assert (line["request_id"] + line["user"]).isalpha()  # figures could look like somebody's number
    assert "secret-word" not in json.dumps(lines)
    assert "/o/ashdown" not in json.dumps(lines)


def test_what_people_type_never_reaches_the_log(client, world, lines):
    client.get("/nowhere/ed@example.org/")
    client.post("/accounts/login/", {"login": "ed@example.org", "password": "wrong"})
    client.get("/", headers={"Host": "example.org"})
    assert {line["request_id"] for line in lines} & {""} == set()
    logging.getLogger("other").error(f"mail to {'ed@example.org'} failed")
    logging.getLogger("other").error("mail to %s failed", "ed@example.org")
    finished, template = [line["event"] for line in lines if line["logger"] == "other"]
    assert finished.startswith("test_answers.test_what_people_type")
    assert template == "mail to %s failed"
    assert len(lines) > 2
    assert "example.org" not in json.dumps(lines)


def test_a_walk_over_the_app_leaves_no_word_of_anybody_in_the_log(client, world, lines):
    """Sign in, search, paste a list, invite, open the invitation, ask for a new password and open its link."""
    kept = ["ed@example.org", "jane.doe@example.org", "07700 900123", "943 476 5919", "9434765919", "whispered"]
    client.post("/accounts/login/", {"login": "lea@example.org", "password": PASSWORD})
    kept.append(client.cookies["sessionid"].value)
    client.get("/o/ashdown/activities/?q=whispered 943 476 5919")
    pasted = "Title\nwhispered to jane.doe@example.org on 07700 900123, 943 476 5919"
    preview = client.post("/o/ashdown/activities/import/", {"text": pasted})
    assert client.get(preview["Location"]).status_code == 200
    invite = {"people": "jane.doe@example.org", "roles": ["viewer"], "act": "send"}
    assert client.post("/o/ashdown/members/invite/", invite).status_code == 302
    client.post("/accounts/logout/")
    client.post("/accounts/password/reset/", {"email": "ed@example.org"})
    links = [re.search(r"http://testserver(\S+)", letter.body)[1] for letter in mail.outbox]
    assert len(links) == 2
    for link in links:
        assert client.get(link, follow=True).status_code == 200
        kept += [part for part in link.split("/") if len(part) > 20]
    client.post(links[0], {"name": "Jane", "password": "whispered-to-a-horse"})
    client.post("/accounts/login/", {"login": "jane.doe@example.org", "password": "whispered-wrong"})
    assert len(kept) >= 9
    written = json.dumps(lines)
    assert [word for word in kept if word in written] == []
    done = [line for line in lines if line["event"] == "request"]
    assert len(done) > 10
    for line in done:
        assert {"request_id", "route", "status", "ms", "organisation", "user"} <= set(line)
    assert {"activity-list", "activity-import", "member-invite", "invitation"} <= {line["route"] for line in done}


def test_an_exception_is_told_by_its_kind_and_place(lines):
    try:
        raise ValueError("ed@example.org is taken")
    except ValueError:
        logging.getLogger("involvement.test").exception("a fault")
    assert lines[0]["exception"] == "builtins.ValueError"
    assert "test_answers.py" in lines[0]["where"][0]
    assert "example.org" not in json.dumps(lines)


def test_a_strangers_request_id_is_not_taken(client, settings):
    assert client.get("/healthz", headers={"X-Request-ID": "12345678"})["X-Request-ID"] != "12345678"
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    assert client.get("/healthz", headers={"X-Request-ID": "12345678"})["X-Request-ID"] == "12345678"
    assert client.get("/healthz", headers={"X-Request-ID": "a\nb c d e f"})["X-Request-ID"] != "a\nb c d e f"


def test_undefined_variables_fail_in_our_own_templates(settings):
    from django.template import engines

    from tests.undefined import UndefinedVariable

    engine = engines["django"]
    template = engine.from_string("{{ missing }}")
    template.template.origin.name = str(settings.BASE_DIR / "templates" / "a.html")
    with pytest.raises(UndefinedVariable):
        template.render({}, RequestFactory().get("/"))
    assert template.render({"missing": "here"}) == "here"
    allowed = engine.from_string("{{ missing|default:'none' }}{% if missing %}x{% endif %}")
    allowed.template.origin.name = template.template.origin.name
    assert allowed.render({}) == "none"
    assert engine.from_string("{{ missing }}").render({}) == ""


def test_what_phones_ask_every_second_fills_no_log_unless_it_goes_wrong(world, lines):
    workshop = plan(world.ashdown.organisation, world.people["fay"])
    mine, board = phone(workshop), f"/w/{workshop.room.code}/board/"
    lines.clear()
    assert mine.get(f"{board}?v=0").status_code == 200
    assert mine.get(f"{board}?v={workshop.room.version}").status_code == 204
    assert [each for each in lines if each["event"] == "request"] == []
    assert Client().get(board).status_code == 403
    assert [each["route"] for each in lines if each["event"] == "request"] == ["room-board"]
