"""Running an audit: who may do which step, that a signed one stays as it was, and that one changed byte is found."""

import io
import json
import re

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.db import Error, connection, transaction
from django.test import Client
from django.urls import reverse

from framework import catalogue as content
from involvement import demo
from involvement.actions import activities, audits, classification, erasure, rulings
from involvement.actions.base import Conflict, Refused, today
from involvement.audits import snapshot, verify
from involvement.models import Audit, AuditDocument, Conclusion, Organisation, Publication, SignOff, Snapshot, User
from involvement.models.audits import SealedQuerySet
from tests.audits import PLACES, frozen_audit, published_audit, signed_audit, viewer_of
from tests.world import PASSWORD, rewrite

pytestmark = pytest.mark.django_db


@pytest.fixture
def home(world):
    return world.ashdown.organisation


@pytest.fixture
def bob(world):
    return world.people["bob"]


def started(home, bob, **more) -> Audit:
    day = today()
    facts = {"title": "Audit 2026", "as_at": day, "period_from": snapshot.year_before(day), "period_to": day}
    return audits.start_audit(organisation=home, by=bob, **facts | more)


def freeze(audit: Audit, bob, although="The panel came in this week") -> Snapshot:
    return audits.freeze_audit(
        audit=audit, by=bob, version=audit.version, although=although,
        draw_up=lambda one, why: snapshot.take(viewer_of(one.organisation, bob), one, although=why),
    )  # fmt: skip


def anew(audit: Audit) -> Audit:
    return Audit.objects.get(pk=audit.pk)


def judge(audit: Audit, bob, **more) -> Audit:
    judged = {place: ("partly", f"Half of it as {place}") for place in PLACES} | more
    return audits.conclude(audit=audit, by=bob, version=audit.version, judged=judged)


def sign(audit: Audit, bob, render=lambda *_all: {}) -> SignOff:
    return audits.sign_audit(
        audit=audit, by=bob, version=audit.version, name="Bob Board", statement="I have read it", render=render
    )


# The steps ----------------------------------------------------------------------------------------------------------


def test_an_audit_goes_through_its_four_states(home, bob):
    audit = started(home, bob)
    assert audit.state == "draft"
    freeze(audit, bob)
    audit = anew(audit)
    assert audit.state == "frozen"
    judge(audit, bob)
    sign(anew(audit), bob)
    assert anew(audit).state == "signed"
    later = started(home, bob, title="Again", supersedes=anew(audit))
    assert (anew(audit).state, later.state) == ("signed", "draft"), "the earlier one stands until the later is signed"
    freeze(later, bob)
    judge(anew(later), bob)
    sign(anew(later), bob)
    assert (anew(audit).state, anew(later).state) == ("superseded", "signed")
    with pytest.raises(Refused, match="taken the place"):
        started(home, bob, title="A third", supersedes=anew(audit))


def test_an_unsigned_one_is_superseded_at_once(home, bob):
    first = started(home, bob)
    started(home, bob, title="Another day", supersedes=first)
    assert anew(first).state == "superseded"
    with pytest.raises(Refused, match="taken the place"):
        freeze(anew(first), bob)


def test_only_a_board_member_runs_and_signs_and_only_a_lead_publishes(world, home, bob):
    for name in ("lea", "ed", "pat", "fay", "vi", "sam", "bo"):
        with pytest.raises(PermissionDenied):
            started(home, world.people[name])
    audit = started(home, bob)
    with pytest.raises(PermissionDenied):
        freeze(audit, world.people["lea"])
    freeze(audit, bob)
    with pytest.raises(PermissionDenied):
        judge(anew(audit), world.people["lea"])
    judge(anew(audit), bob)
    with pytest.raises(PermissionDenied):
        sign(anew(audit), world.people["lea"])
    sign(anew(audit), bob)
    with pytest.raises(PermissionDenied):
        audits.publish_audit(audit=anew(audit), by=bob)
    assert audits.publish_audit(audit=anew(audit), by=world.people["lea"]).withdrawn_on is None


def test_what_stands_in_the_way_needs_a_reason_and_the_report_keeps_it(home, bob):
    audit = started(home, bob)
    with pytest.raises(Refused) as refused:
        freeze(audit, bob, although="  ")
    assert refused.value.messages == {"although": "Say why the board goes on although this is open."}
    assert not anew(audit).is_frozen
    held = json.loads(freeze(anew(audit), bob, although="The panel came in this week").content)
    assert "because: The panel came in this week" in " ".join(held["words"]["limits"])


def test_a_frozen_one_is_frozen_once_and_changed_no_more(home, bob):
    audit = started(home, bob)
    stale = anew(audit)
    freeze(audit, bob)
    facts = {"title": "Another", "as_at": today(), "period_from": today(), "period_to": today()}
    with pytest.raises(Refused, match="frozen already"):
        audits.change_audit(audit=anew(audit), by=bob, version=anew(audit).version, **facts)
    with pytest.raises(Refused, match="frozen already"):
        freeze(anew(audit), bob)
    with pytest.raises(Conflict):
        freeze(stale, bob)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"title": " "}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"as_at": "tomorrow"}, "as_at"),
        ({"period_from": "tomorrow"}, "period_to"),
        ({"period_to": "tomorrow"}, "period_to"),
    ],
)
def test_what_an_audit_is_of_has_to_be_possible(home, bob, wrong, field):
    tomorrow = today().fromordinal(today().toordinal() + 1)
    wrong = {name: tomorrow if value == "tomorrow" else value for name, value in wrong.items()}
    with pytest.raises(Refused) as refused:
        started(home, bob, **wrong)
    assert set(refused.value.messages) == {field}
    assert not home.audits.exists()


def test_nor_of_anothers_service_or_audit(world, home, bob):
    with pytest.raises(Refused):
        started(home, bob, service=world.birchwood.services[0])
    theirs = frozen_audit(world.birchwood.organisation, world.people["bo"], title="Theirs")
    with pytest.raises(Refused):
        started(home, bob, supersedes=theirs)


def test_a_conclusion_needs_both_its_word_and_its_reason(home, bob):
    audit = started(home, bob)
    freeze(audit, bob)
    with pytest.raises(Refused) as refused:
        judge(anew(audit), bob, owners=("assured", " "), users=("", "Because"), choosers=("very", "x"))
    assert set(refused.value.messages) == {"owners-reason", "users-assurance", "choosers-assurance"}
    assert not home.conclusions.exists()


def test_nobody_signs_before_every_place_is_judged(home, bob):
    audit = started(home, bob)
    with pytest.raises(Refused, match="not frozen"):
        sign(audit, bob)
    freeze(audit, bob)
    audits.conclude(audit=anew(audit), by=bob, version=anew(audit).version, judged={"owners": ("assured", "Yes")})
    with pytest.raises(Refused) as refused:
        sign(anew(audit), bob)
    assert refused.value.messages == {"": "Say first how sure the board is of: Users, Choosers, Coproducers."}


def test_nobody_signs_other_conclusions_than_they_saw(home, bob):
    audit = started(home, bob)
    freeze(audit, bob)
    judge(anew(audit), bob)
    seen = anew(audit)
    judge(anew(audit), bob, owners=("assured", "All is well"))
    with pytest.raises(Conflict):
        sign(seen, bob)
    assert not SignOff.objects.exists()


def test_every_step_is_told_in_the_organisations_history(client, world, home, bob):
    audit = started(home, bob)
    freeze(audit, bob)
    judge(anew(audit), bob)
    sign(anew(audit), bob)
    publication = audits.publish_audit(audit=anew(audit), by=world.people["lea"])
    audits.withdraw_publication(publication=publication, by=world.people["lea"], reason="A name was in it")
    client.force_login(world.people["vi"])
    page = client.get("/o/ashdown/history/").content.decode()
    for words in ("started", "froze", "signed", "published"):
        assert f"{words} the audit “Audit 2026”" in page
    assert "took the audit “Audit 2026” off the public page, because “A name was in it”" in page


# A signed audit -----------------------------------------------------------------------------------------------------


def everything_of(audit: Audit) -> list:
    """Return every value of an audit's rows."""
    rows = [Audit.objects.filter(pk=audit.pk)]
    rows += [model.objects.filter(audit=audit) for model in (Snapshot, Conclusion, SignOff, AuditDocument, Publication)]
    values = [list(each.order_by("pk").values_list()) for each in rows]
    return [[tuple(bytes(v) if isinstance(v, memoryview) else v for v in row) for row in each] for each in values]


def test_by_the_models_nothing_of_it_is_changed_or_deleted(home, bob):
    audit = signed_audit(home, bob, title="Signed")
    before = everything_of(audit)
    rows = [audit, audit.snapshot, audit.sign_off, *home.conclusions.all(), *home.audit_documents.all()]
    assert len(rows) == 8
    for row in rows:
        for change in (row.save, row.delete):
            with pytest.raises(TypeError):
                change()
        every = type(row).objects.all()
        assert isinstance(every, SealedQuerySet)
        for change in (
            lambda every=every: every.update(organisation=home), every.delete,
            lambda every=every, row=row: every.bulk_update([row], ["organisation"]),
            lambda every=every, row=row: every.bulk_create([row]),
        ):  # fmt: skip
            with pytest.raises(TypeError):
                change()
    with pytest.raises(TypeError):
        Conclusion.objects.create(organisation=home, audit=audit, place="elsewhere", assurance="assured", reason="More")
    other = frozen_audit(home, bob, title="Another")
    moved = home.conclusions.first()
    moved.audit = other
    with pytest.raises(TypeError):
        moved.save()
    with pytest.raises(TypeError):
        SignOff(organisation=home, audit=started(home, bob), by=bob, on=today(), name="B", statement="S").save()
    assert everything_of(audit) == before


def test_by_the_actions_neither(world, home, bob):
    audit = signed_audit(home, bob, title="Signed")
    before = everything_of(audit)
    facts = {"title": "Other", "as_at": today(), "period_from": today(), "period_to": today()}
    for person in world.people.values():
        for change in (
            lambda by: audits.change_audit(audit=anew(audit), by=by, version=audit.version, **facts),
            lambda by: freeze(anew(audit), by),
            lambda by: judge(anew(audit), by),
            lambda by: sign(anew(audit), by),
        ):
            with pytest.raises((Refused, PermissionDenied)):
                change(person)
    with pytest.raises(Refused, match="signed. Nobody can change it"):
        judge(anew(audit), bob)
    assert everything_of(audit) == before


def test_by_any_route_and_any_role_neither(world, home, bob):
    audit = signed_audit(home, bob, title="Signed")
    before = everything_of(audit)
    words = {
        "title": "Other", "version": audit.version, "although": "because", "name": "Eve", "statement": "Mine",
        "looked": "on", "reason": "Because", **{f"{place}-assurance": "assured" for place in PLACES},
        **{f"{place}-reason": "All is well" for place in PLACES},
        **{f"{name}_{part}": value for name in ("as_at", "period_from", "period_to")
           for part, value in (("day", "1"), ("month", "1"), ("year", "2026"))},
    }  # fmt: skip
    names = ("detail", "edit", "freeze", "conclusions", "sign", "report", "compare")
    for person in world.people:
        client = Client()
        client.post("/accounts/login/", {"login": f"{person}@example.org", "password": PASSWORD})
        client.post("/accounts/reauthenticate/", {"password": PASSWORD})
        for name in names:
            where = reverse(f"audit-{name}", args=[home.slug, audit.pk])
            assert client.post(where, words).status_code in (200, 302, 403, 404, 405, 409)
    assert everything_of(audit) == before


@pytest.mark.skipif("connection.vendor != 'postgresql'")
def test_on_postgresql_the_database_refuses_too(home, bob):
    audit = signed_audit(home, bob, title="Signed")
    before = everything_of(audit)
    tables = {
        "involvement_audit": ("title", "id"), "involvement_conclusion": ("reason", "audit_id"),
        "involvement_snapshot": ("content", "audit_id"), "involvement_signoff": ("statement", "audit_id"),
        "involvement_auditdocument": ("digest", "audit_id"),
    }  # fmt: skip
    for table, (column, key) in tables.items():
        for sql in (f"UPDATE {table} SET {column} = 'x' WHERE {key} = %s", f"DELETE FROM {table} WHERE {key} = %s"):  # noqa: S608
            with pytest.raises(Error, match="written once|signed audit"), transaction.atomic():
                with connection.cursor() as cursor:
                    cursor.execute(sql, [audit.pk])
    assert everything_of(audit) == before


def test_the_person_who_recorded_it_can_be_forgotten(home, bob, world):
    """Who recorded a row is set to nobody when an account goes; that is no change of what was signed."""
    audit = signed_audit(home, bob, title="Signed")
    rewrite(Audit.objects.filter(pk=audit.pk), recorded_by=None)
    rewrite(Snapshot.objects.filter(audit=audit), recorded_by=None)
    assert all(each.sound for each in verify.verify(anew(audit)))


def test_erasing_a_person_takes_the_signers_name_and_leaves_every_digest(home, bob, world):
    """What a signature covers stays word for word; the name that stands outside it goes."""
    audit = started(home, bob, title="Audit by Bob Board")
    freeze(audit, bob)
    judge(anew(audit), bob, owners=("partly", "Bob Board asked for more"))
    signed = sign(anew(audit), bob)
    erasure.erase(user=bob, because="Asked for it", also=("Bob Board",))
    assert "Bob" not in anew(audit).sign_off.name and signed.name == "Bob Board"
    assert anew(audit).conclusions.get(place="owners").reason == "Bob Board asked for more"
    assert all(each.sound for each in verify.verify(anew(audit)))


# What the years do to it --------------------------------------------------------------------------------------------


def bare(response) -> bytes:
    """Return a page without its nonce and token."""
    text = re.sub(rb'name="csrfmiddlewaretoken" value="\w+"', b"", response.content)
    return re.sub(rb'"X-CSRFToken": "\w+"', b"", text)


@pytest.fixture
def northfield():
    return demo.make().organisation


def person(name: str) -> User:
    return User.objects.get(email=f"{name}@northfield.example")


def upgraded(monkeypatch) -> None:
    """Let the framework come in a new version with other words, as a release does."""
    files = {name: content.read_content(name) for name in ("places", "statuses", "groups")}

    def other(data):
        if isinstance(data, dict):
            return {key: other(value) if key != "en" else _other_words(value) for key, value in data.items()}
        return [other(each) for each in data] if isinstance(data, list) else data

    real = content.read_content
    monkeypatch.setattr(
        content, "read_content", lambda name, *rest: other(files[name]) if name in files else real(name, *rest)
    )
    content.catalogue.cache_clear()


def _other_words(value):
    return f"{value}, anew" if isinstance(value, str) else [f"{each}, anew" for each in value]


def test_a_signed_page_stays_the_same_byte_for_byte(client, northfield, monkeypatch):
    board, editor, lead = person("board"), person("editor"), person("lead")
    audit = published_audit(northfield, board, title="Audit 2026")
    client.force_login(board)
    pages = [
        reverse("audit-detail", args=[northfield.slug, audit.pk]),
        reverse("audit-report", args=[northfield.slug, audit.pk]),
        reverse("audit-document", args=[northfield.slug, audit.pk, "pdf"]),
        reverse("published", args=[northfield.slug]),
    ]
    before = [bare(client.get(page)) for page in pages]
    assert all(len(page) > 5000 for page in (before[0], before[1], before[3]))
    map_before = client.get("/o/northfield/map.json").json()

    every = list(northfield.activities.listed().order_by("pk"))
    for n, activity in enumerate(every[: len(every) // 2]):
        if n % 3 == 0:
            activities.withdraw_activity(activity=activity, by=editor, reason="Not ours", version=activity.version)
        elif n % 3 == 1:
            facts = {"title": f"Another title {n}", "description": "Other words", "stated_status": "planned"}
            activities.edit_activity(activity=activity, by=editor, version=activity.version, facts=facts)
        elif activity.classifications.filter(until=None, void_at=None).exists():
            classification.correct(
                activity=activity, by=editor, answers={}, place="not-involvement", reason="It was only information"
            )
    rulings.record_ruling(
        organisation=northfield, by=lead, contested_kind="scrutiny", place="users", reason="So we count",
        author="The board", from_on=today(),
    )  # fmt: skip
    upgraded(monkeypatch)
    try:
        assert client.get("/o/northfield/map.json").json() != map_before
        assert "Owners, anew" in client.get("/o/northfield/map/").content.decode()
        after = [bare(client.get(page)) for page in pages]
    finally:
        monkeypatch.undo()
        content.catalogue.cache_clear()
    assert after == before


# Verifying ----------------------------------------------------------------------------------------------------------


def verified(audit: Audit) -> str:
    out = io.StringIO()
    call_command("verify_audit", audit.organisation.slug, str(audit.pk), stdout=out)
    return out.getvalue()


def force(rows, **values) -> None:
    """Write past the models and, on PostgreSQL, past the triggers: what somebody with the database in hand can do."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
    rewrite(rows, **values)


def test_the_command_says_that_all_is_as_it_was(home, bob):
    audit = signed_audit(home, bob, title="Signed")
    said = verified(audit)
    assert [line.split()[0] for line in said.splitlines()] == ["ok"] * 3
    assert audit.snapshot.digest in said and audit.sign_off.seal in said


def test_one_changed_byte_of_the_snapshot_is_found(home, bob):
    audit = signed_audit(home, bob, title="Signed")
    text = audit.snapshot.content
    place = text.index('"live":1') + len('"live":')
    force(Snapshot.objects.filter(audit=audit), content=f"{text[:place]}2{text[place + 1:]}")
    with pytest.raises(CommandError, match="not as it was: snapshot"):
        verified(anew(audit))


def test_a_snapshot_changed_with_its_digest_is_found_by_what_was_signed(home, bob):
    audit = signed_audit(home, bob, title="Signed")
    text = audit.snapshot.content.replace('"live":1', '"live":2', 1)
    force(Snapshot.objects.filter(audit=audit), content=text, digest=audits.digest_of(text))
    with pytest.raises(CommandError, match="not as it was: conclusions and sign-off"):
        verified(anew(audit))


@pytest.mark.parametrize(
    ("model", "values", "what"),
    [
        (Conclusion, {"reason": "All is well"}, "conclusions and sign-off"),
        (Conclusion, {"assurance": "assured"}, "conclusions and sign-off"),
        (SignOff, {"statement": "I have read nothing"}, "conclusions and sign-off"),
        (SignOff, {"on": "2020-01-01"}, "conclusions and sign-off"),
        (AuditDocument, {"content": b"Signed as a filf"}, "document pdf"),
        (Snapshot, {"content": "not even JSON"}, "snapshot, conclusions and sign-off"),
    ],
)
def test_so_is_anything_else(home, bob, model, values, what):
    audit = signed_audit(home, bob, title="Signed")
    force(model.objects.filter(audit=audit), **values)
    with pytest.raises(CommandError, match=f"not as it was: {what}\\."):
        verified(anew(audit))


def test_there_has_to_be_something_to_verify(home, bob):
    with pytest.raises(CommandError, match="not frozen yet"):
        verified(started(home, bob))
    with pytest.raises(CommandError, match="no audit 999999"):
        call_command("verify_audit", "ashdown", "999999")
    with pytest.raises(CommandError, match="no organisation"):
        call_command("verify_audit", "nowhere", "1")


# Pages --------------------------------------------------------------------------------------------------------------


def signed_in(name: str) -> Client:
    client = Client()
    client.post("/accounts/login/", {"login": f"{name}@example.org", "password": PASSWORD})
    return client


def day_of(name: str, day) -> dict:
    return {f"{name}_day": day.day, f"{name}_month": day.month, f"{name}_year": day.year}


def test_a_board_member_walks_all_the_way(world, home):
    client = signed_in("bob")
    words = {"title": "Audit 2026"}
    for name in ("as_at", "period_from", "period_to"):
        words |= day_of(name, today())
    response = client.post("/o/ashdown/audits/new/", words, follow=True)
    audit = home.audits.get()
    assert response.redirect_chain[-1][0] == f"/o/ashdown/audits/{audit.pk}/"
    assert "1 activity has no place yet" in response.content.decode()

    where = f"/o/ashdown/audits/{audit.pk}"
    refused = client.post(f"{where}/freeze/", {"version": audit.version})
    assert "Say why the board goes on" in refused.content.decode()
    client.post(f"{where}/freeze/", {"version": audit.version, "although": "No time"})
    audit = anew(audit)
    judged = {"version": audit.version, "owners-assurance": "partly", "owners-reason": "We hear them"}
    assert "Still to judge: Users, Choosers, Coproducers." in client.post(
        f"{where}/conclusions/", judged, follow=True
    ).content.decode()
    rest = {f"{p}-assurance": "not-assured" for p in PLACES[1:]} | {f"{p}-reason": "No" for p in PLACES[1:]}
    client.post(f"{where}/conclusions/", judged | rest | {"version": anew(audit).version})

    asked = client.get(f"{where}/sign/")
    assert asked.status_code == 302 and asked.url.startswith("/accounts/reauthenticate/")
    signing = {"version": anew(audit).version, "name": "Somebody Else", "statement": "I have read it"}
    assert client.post(f"{where}/sign/", signing).url.startswith("/accounts/reauthenticate/")
    assert not anew(audit).is_signed, "nothing is signed before the password was asked for"
    client.get(f"{where}/sign/")
    wrong = client.post(asked.url, {"password": "wrong"})
    assert wrong.status_code == 200 and not anew(audit).is_signed
    client.post(asked.url, {"password": PASSWORD})
    page = client.post(f"{where}/sign/", signing, follow=True).content.decode()
    assert anew(audit).sign_off.name == "Bob" and anew(audit).sign_off.by == world.people["bob"]
    assert "Signed by Bob" in page and "Somebody Else" not in page and anew(audit).snapshot.digest in page
    assert f"{where}/sign/" not in page and f"{where}/conclusions/" not in page


def test_the_documents_are_made_with_names_and_kept_as_made(world, home, bob):
    activities.withdraw_activity(
        activity=world.ashdown.panel, by=world.people["ed"], reason="Twice", version=world.ashdown.panel.version
    )
    audit = started(home, bob)
    freeze(audit, bob)
    judge(anew(audit), bob)
    given = {}

    def render(held, conclusions, signed):
        given.update(held=held, conclusions=conclusions, signed=signed)
        return {"pdf": b"%PDF", "docx": b"PK"}

    sign(anew(audit), bob, render=render)
    assert given["held"] == json.loads(anew(audit).snapshot.content)
    assert [each["title"] for each in given["conclusions"]] == ["Owners", "Users", "Choosers", "Coproducers"]
    assert given["signed"]["digest"] == anew(audit).snapshot.digest
    client = signed_in("vi")
    response = client.get(f"/o/ashdown/audits/{audit.pk}/report.pdf")
    assert (response.content, response["Content-Type"]) == (b"%PDF", "application/pdf")
    assert response["Content-Disposition"] == f'attachment; filename="ashdown-audit-{audit.pk}.pdf"'
    assert client.get(f"/o/ashdown/audits/{audit.pk}/report.xlsx").status_code == 404
    assert client.get(f"/o/ashdown/audits/{audit.pk}/report.exe").status_code == 404


def test_two_who_judge_at_once_lose_no_words(home, bob):
    audit = started(home, bob)
    freeze(audit, bob)
    client, version = signed_in("bob"), anew(audit).version
    judge(anew(audit), bob, owners=("assured", "Theirs"))
    words = {"version": version, "owners-assurance": "partly", "owners-reason": "Mine, and not lost"}
    response = client.post(f"/o/ashdown/audits/{audit.pk}/conclusions/", words)
    page = response.content.decode()
    assert response.status_code == 409 and "Mine, and not lost" in page and "Theirs" in page


# Publishing ---------------------------------------------------------------------------------------------------------


def test_publishing_takes_two_steps_and_shows_all_of_it(world, home, bob):
    audit = signed_audit(home, bob, title="Signed")
    lead, anybody = signed_in("lea"), Client()
    assert anybody.get("/published/ashdown/").status_code == 404
    where = f"/o/ashdown/audits/{audit.pk}/publish/"
    preview = lead.get(where).content.decode()
    assert "What the public would see" in preview and "Ashdown survey" in preview
    assert 'name="looked"' not in preview
    assert anybody.get("/published/ashdown/").status_code == 404, "a look publishes nothing"
    assert "Look at the page first" in lead.post(where, {}).content.decode()
    assert not home.publications.exists()
    lead.post(where, {"looked": "on"})
    lead.post(where, {"looked": "on"})
    assert home.publications.count() == 1
    page = anybody.get("/published/ashdown/").content.decode()
    for words in ("Ashdown survey", "Signed shows half of it.", "Who disagrees", audit.snapshot.digest):
        assert words in page
    assert "example.org" not in page


def test_only_what_is_signed_and_stands_is_published(world, home, bob):
    lead = world.people["lea"]
    with pytest.raises(Refused):
        audits.publish_audit(audit=frozen_audit(home, bob, title="Frozen"), by=lead)
    with pytest.raises(Refused):
        audits.publish_audit(audit=started(home, bob), by=lead)


def test_it_is_taken_down_only_with_a_reason_that_is_printed_there(world, home, bob):
    audit = published_audit(home, bob, title="Signed")
    older = published_audit(home, bob, title="Older", as_at=today().replace(year=today().year - 1, day=1))
    lead, anybody = signed_in("lea"), Client()
    where = f"/o/ashdown/audits/{audit.pk}/unpublish/"
    assert "Say why" in lead.post(where, {"reason": " "}).content.decode()
    assert "Signed shows half" in anybody.get("/published/ashdown/").content.decode()
    lead.post(where, {"reason": "A patient was named"})
    page = anybody.get("/published/ashdown/").content.decode()
    assert "Older shows half" in page and "A patient was named" in page and "Signed shows half" not in page
    gone = anybody.get(f"/published/ashdown/{audit.pk}/").content.decode()
    assert "A patient was named" in gone and "Signed shows half" not in gone
    [publication] = home.publications.filter(audit=audit)
    publication.withdrawn_reason = "Nothing to see"
    with pytest.raises(TypeError):
        publication.save()
    with pytest.raises(Refused):
        audits.withdraw_publication(publication=publication, by=world.people["lea"], reason="Again")
    assert anybody.get(f"/published/birchwood/{older.pk}/").status_code == 404


def test_the_public_page_is_the_same_for_nobody_there_and_nothing_there(world):
    anybody = Client()
    missing, none = anybody.get("/published/nowhere/"), anybody.get("/published/birchwood/")
    assert (missing.status_code, missing.content) == (404, none.content)


def test_nor_is_what_a_suspended_organisation_published(world, home, bob):
    published_audit(home, bob, title="Signed")
    rewrite(Organisation.objects.filter(pk=home.pk), suspended_on=today(), suspended_because="A complaint")
    assert Client().get("/published/ashdown/").status_code == 404


def test_who_comes_from_another_bodys_sign_in_sets_something_up_before_signing(world, home, bob):
    """allauth asks such an account for nothing, since it knows nothing to ask for; a signature needs more than that."""
    audit = started(home, bob)
    freeze(audit, bob)
    judge(anew(audit), bob)
    bob.set_unusable_password()
    bob.save()
    client = Client()
    client.force_login(bob)
    where = f"/o/ashdown/audits/{audit.pk}"
    signing = {"version": anew(audit).version, "name": "Bob", "statement": "Read"}
    assert "Set up a passkey" in client.get(f"{where}/").content.decode()
    for refused in (client.get(f"{where}/sign/"), client.post(f"{where}/sign/", signing)):
        assert refused.status_code == 403 and "Choose a password" in refused.content.decode()
    assert not anew(audit).is_signed
    bob.set_password(PASSWORD)
    bob.save()
    client.force_login(bob)
    assert client.post(f"{where}/sign/", signing).url.startswith("/accounts/reauthenticate/")
    assert "Set up a passkey" not in client.get(f"{where}/").content.decode()


def test_an_audit_of_today_is_the_last_one_at_once(home, bob):
    signed_audit(home, bob, title="As it is today")
    assert "As it is today" in signed_in("bob").get(reverse("front-page", args=[home.slug])).content.decode()


def test_a_correction_begins_with_the_words_that_it_replaces_and_the_public_page_leads_to_it(home, bob):
    first = published_audit(home, bob, title="With a mistake")
    client, public = signed_in("bob"), reverse("published-audit", args=[home.slug, first.pk])
    assert "was replaced" not in Client().get(public).content.decode()
    second = started(home, bob, title="Put right", supersedes=first)
    freeze(second, bob)
    page = client.get(reverse("audit-conclusions", args=[home.slug, second.pk])).content.decode()
    assert "These are the words of the audit that this one replaces" in page
    assert all(row.reason in page for row in first.conclusions.all()) and first.conclusions.exists()
    assert not anew(second).conclusions.exists(), "nobody has said so of the new one yet"
    judge(anew(second), bob)
    sign(anew(second), bob)
    said = Client().get(public).content.decode()
    assert "This audit was replaced by another one" in said and "That one is not published" in said
    lea = User.objects.get(email="lea@example.org")
    audits.publish_audit(audit=anew(second), by=lea)
    assert reverse("published-audit", args=[home.slug, second.pk]) in Client().get(public).content.decode()
