"""What came of it: recording, evidence and files, from outside."""

import io
import zipfile
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction

from involvement.actions import influence
from involvement.actions.base import Refused, today
from involvement.files import content_type_of
from involvement.models import Evidence

pytestmark = pytest.mark.django_db


def day(name, value):
    return {f"{name}_day": value.day, f"{name}_month": value.month, f"{name}_year": value.year}


def words(**changed):
    return {
        "facets": ["users/experience"],
        "asked": "Later visits",
        "outcome": "changed",
        "what": "Visits run to 8pm",
        **day("decided_on", today()),
        **changed,
    }


def test_record_what_came_of_it_then_a_document(client, world):
    client.force_login(world.people["ed"])
    survey = world.ashdown.survey
    answer = client.post(f"/o/ashdown/activities/{survey.pk}/changes/new/", words())
    change = survey.changes.exclude(pk=world.ashdown.change.pk).get()
    assert answer.status_code == 302 and answer["Location"] == f"/o/ashdown/changes/{change.pk}/evidence/new/"
    assert [row.facet for row in change.facets.all()] == ["users/experience"] and change.grade == 0
    pdf = SimpleUploadedFile("minutes <b>.exe", b"%PDF-1.7 hello", content_type="text/html")
    client.post(answer["Location"], {"kind": "document", "upload": pdf})
    change = world.ashdown.organisation.changes.get(pk=change.pk)
    assert change.grade == 2
    stored = change.evidence.get().file
    got = client.get(f"/files/{stored.pk}/")
    assert b"".join(got.streaming_content) == b"%PDF-1.7 hello"
    assert got["Content-Type"] == "application/pdf" and got["Content-Disposition"].startswith("attachment")
    client.force_login(world.people["bea"])
    assert client.get(f"/files/{stored.pk}/").status_code == 404
    client.logout()
    assert client.get(f"/files/{stored.pk}/").status_code == 302


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"facets": []}, "Choose at least one way to take part"),
        ({"outcome": ""}, "Choose what came of it"),
        ({"what": ""}, "Say what changed"),
        ({"outcome": "refused", "what": ""}, "Say why it did not change"),
        ({"outcome": "share-offered"}, "Enter a percentage from 0 to 100"),
        (day("told_on", today() - timedelta(days=400)), "People cannot have been told before it was decided"),
        (day("decided_on", today() + timedelta(days=40)), "The decision must be today or earlier"),
    ],
)
def test_bad_words_are_refused_beside_the_field_and_kept(client, world, changed, said):
    client.force_login(world.people["ed"])
    before = world.ashdown.organisation.changes.count()
    answer = client.post(f"/o/ashdown/activities/{world.ashdown.survey.pk}/changes/new/", words(**changed))
    page = answer.content.decode()
    assert page.count(said) >= 2, "in the summary and beside the field"
    assert "Later visits" in page
    assert world.ashdown.organisation.changes.count() == before


def test_a_service_of_another_organisation_is_not_a_choice(client, world):
    client.force_login(world.people["ed"])
    other = world.birchwood.services[0]
    answer = client.post(f"/o/ashdown/activities/{world.ashdown.survey.pk}/changes/new/", words(service=other.pk))
    assert answer.status_code == 200 and not world.ashdown.organisation.changes.filter(service=other).exists()
    assert other.name not in answer.content.decode()


def test_evidence_is_what_it_says(world):
    ed, change = world.people["ed"], world.ashdown.change
    for words_ in (
        {"kind": "document"},
        {"kind": "corroboration"},
        {"kind": "corroboration", "corroborator": ed},
        {"kind": "hearsay"},
    ):
        with pytest.raises(Refused):
            influence.add_evidence(change=change, by=ed, **words_)
    influence.add_evidence(change=change, by=ed, kind="corroboration", corroborated_by="Two panel members")
    assert world.ashdown.organisation.changes.get(pk=change.pk).grade == 3


def test_the_database_refuses_a_corroboration_by_its_author(world):
    with pytest.raises(IntegrityError), transaction.atomic():
        Evidence.objects.create(
            organisation=world.ashdown.organisation,
            change=world.ashdown.change,
            kind="corroboration",
            recorded_by=world.people["ed"],
            corroborator=world.people["ed"],
        )


def test_withdrawn_evidence_stops_counting_and_stays(client, world):
    client.force_login(world.people["ed"])
    client.post(f"/o/ashdown/evidence/{world.ashdown.evidence.pk}/withdraw/", {"request_key": ""})
    change = world.ashdown.organisation.changes.get(pk=world.ashdown.change.pk)
    assert change.grade == 0 and change.evidence.get().withdrawn_on == today()


def test_a_change_is_edited_and_its_ways_follow(client, world):
    client.force_login(world.people["ed"])
    change = world.ashdown.change
    answer = client.post(
        f"/o/ashdown/changes/{change.pk}/edit/", words(facets=["users/access"], version=change.version)
    )
    assert answer.status_code == 302
    assert [row.facet for row in change.facets.all()] == ["users/access"]
    stale = client.post(f"/o/ashdown/changes/{change.pk}/edit/", words(what="My own words", version=change.version))
    assert stale.status_code == 409 and "My own words" in stale.content.decode()


def archive(**members):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as made:
        for name, text in members.items():
            made.writestr(name.replace("__", "/").replace("_dot_", "."), text)
    return content.getvalue()


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"%PDF-1.4", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n....", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", None),
        (b"<html>%PDF-", None),
        (b"GIF89a", None),
        (b"PK\x03\x04 broken", None),
        (archive(word__document_dot_xml="x"), None),
        (archive(**{"[Content_Types]_dot_xml": "x", "xl__workbook_dot_xml": "x", "xl__vbaProject_dot_bin": "x"}), None),
        (archive(mimetype="application/vnd.oasis.opendocument.text"), "application/vnd.oasis.opendocument.text"),
        (archive(mimetype="text/html"), None),
    ],
)
def test_kinds_of_file_by_content(content, media_type):
    assert content_type_of(content) == media_type


def test_the_page_shows_who_confirms_it_whether_a_role_or_a_member(client, world):
    ed, change = world.people["ed"], world.ashdown.change
    influence.add_evidence(change=change, by=ed, kind="corroboration", corroborated_by="Two panel members")
    influence.add_evidence(change=change, by=ed, kind="corroboration", corroborator=world.people["pat"])
    influence.add_evidence(change=change, by=ed, kind="statement")
    client.force_login(world.people["vi"])
    page = client.get(f"/o/ashdown/activities/{world.ashdown.survey.pk}/").content.decode()
    assert "Two panel members" in page and "People confirm it: Pat" in page


def test_proof_for_owners_names_who_decided(client, world):
    client.force_login(world.people["ed"])
    address = f"/o/ashdown/activities/{world.ashdown.survey.pk}/changes/new/"
    page = client.post(address, words(facets=["owners/strategy"])).content.decode()
    assert "Say who decided, and where" in page and world.ashdown.survey.changes.count() == 1
    client.post(address, words(facets=["owners/strategy"], decision_point="Trust board, 3 May"))
    assert world.ashdown.survey.changes.count() == 2


@pytest.mark.parametrize(("typed", "kept"), [("80 %", 80), ("12.5%", 12.5)])
def test_a_share_may_carry_its_sign(client, world, typed, kept):
    client.force_login(world.people["ed"])
    share = {"outcome": "share-offered", "facets": ["choosers/provider"], "offered_percent": typed}
    client.post(f"/o/ashdown/activities/{world.ashdown.survey.pk}/changes/new/", words(**share, taken_up_percent="5"))
    assert world.ashdown.survey.changes.get(outcome="share-offered").offered_percent == kept
