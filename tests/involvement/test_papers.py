"""A workshop as files: what came out in four kinds, no more than its page shows; what is printed before."""

import io

import docx
import pdfua
import pypdf
import pytest
from django.urls import reverse
from python_calamine import CalamineWorkbook

from involvement import papers
from involvement.actions import hosting, taking_part
from involvement.reports import CONTENT_TYPES
from involvement.results import results_of
from tests.rooms import fresh, hall, plan

NAUGHTY = ("=cmd|' /C calc'!A0", "#panic() $x$ *bold* @ref <label>", "smile 😀 一二 שלום", "a\u202egnp.exe")


@pytest.fixture
def fay(world):
    return world.people["fay"]


@pytest.fixture
def held(world, fay):
    """A workshop at "Place": nine patients and seven members of staff put four cards where they like."""
    workshop = plan(world.ashdown.organisation, fay)
    cards = hosting.add_lines(workshop=workshop, by=fay, lines="\n".join(NAUGHTY))
    people = hall(workshop, patient=9, staff=7)
    hosting.move(workshop=workshop, by=fay, step="place")
    workshop = fresh(workshop)
    for number, person in enumerate(people):
        for card in cards:
            place = "users" if number < 9 else "coproducers"
            taking_part.place(room=workshop.room, participant=person, card=card, place=place)
    return workshop


def file(client, workshop, kind):
    return client.get(reverse("workshop-file", args=[workshop.organisation.slug, workshop.pk, kind]))


def words(kind: str, made: bytes) -> str:
    if kind == "pdf":
        found = " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(made)).pages)
    elif kind == "docx":
        word = docx.Document(io.BytesIO(made))
        found = " ".join(each.text for each in word.paragraphs)
        found += " ".join(cell.text for table in word.tables for row in table.rows for cell in row.cells)
    elif kind == "xlsx":
        book = CalamineWorkbook.from_filelike(io.BytesIO(made))
        found = " ".join(str(cell) for name in book.sheet_names for row in book.get_sheet_by_name(name).to_python()
                         for cell in row)
    else:
        found = made.decode("utf-8-sig")
    return " ".join(found.split())


@pytest.mark.parametrize("kind", papers.FILES)
def test_before_its_step_no_file_holds_what_people_chose(client, held, fay, kind):
    client.force_login(fay)
    before = words(kind, file(client, held, kind).content)
    assert "#panic()" in before
    assert "Coproducers: " not in before and "7 of the 16" not in before and "9 of the 16" not in before
    hosting.move(workshop=held, by=fay, step="reveal")
    after = words(kind, file(client, held, kind).content)
    assert before != after
    assert ("9,0,7" if kind == "csv" else "Users: 9 of the 16") in after or kind == "xlsx"
    if kind == "xlsx":
        book = CalamineWorkbook.from_filelike(io.BytesIO(file(client, held, kind).content))
        rows = book.get_sheet_by_name("Groups").to_python()[1:]
        assert {(row[3], row[4], row[5], row[6]) for row in rows} == {
            ("patients", 9, "Users", 9), ("staff", 7, "Coproducers", 7)
        }  # fmt: skip


def test_a_group_of_under_five_is_in_no_file(client, world, fay):
    workshop = plan(world.ashdown.organisation, fay)
    (card,) = hosting.add_lines(workshop=workshop, by=fay, lines="A panel")
    people = hall(workshop, patient=9, staff=3, board=4)
    hosting.move(workshop=workshop, by=fay, step="place")
    for person in people:
        taking_part.place(room=fresh(workshop).room, participant=person, card=card, place="users")
    hosting.move(workshop=workshop, by=fay, step="reveal")
    client.force_login(fay)
    for kind in papers.FILES:
        said = words(kind, file(client, workshop, kind).content)
        assert "3 staff" not in said and "4 board" not in said
        assert kind == "csv" or "7 staff and board members or governors" in said


def test_a_file_of_a_closed_workshop_tells_what_became_of_each_card(client, held, fay):
    for step in ("reveal", "discuss", "agree"):
        hosting.move(workshop=held, by=fay, step=step)
    card = held.cards.get(number=2)
    hosting.agree(card=card, by=fay, agreed="users", note="After a long talk", first_step="")
    client.force_login(fay)
    for kind in papers.FILES:
        response = file(client, held, kind)
        assert response["Content-Disposition"].startswith("attachment")
        assert response["Content-Type"] == CONTENT_TYPES[kind]
        said = words(kind, response.content)
        assert "After a long talk" in said and "nobody has said yet" in said.lower()
    csv = file(client, held, "csv").content.decode("utf-8-sig")
    assert "\n1,'=cmd|' /C calc'!A0," in csv.replace("\r", ""), "no spreadsheet runs what somebody wrote"
    assert client.get(reverse("workshop-results", args=["ashdown", held.pk])).content.count(b"results.") == 4
    assert file(client, held, "exe").status_code == 404


@pytest.mark.parametrize("name", papers.HANDOUTS)
@pytest.mark.parametrize("mode", ["map", "imagine"])
def test_what_is_printed_is_tagged_holds_the_cards_and_comes_in_large_print(client, world, fay, tmp_path, name, mode):
    workshop = plan(world.ashdown.organisation, fay, mode, opened=False)
    client.force_login(fay)
    address = reverse("workshop-print", args=["ashdown", workshop.pk, name])
    bare = client.get(address)
    hosting.add_lines(workshop=workshop, by=fay, lines="\n".join(NAUGHTY), cell="owners/strategy")
    made, large = client.get(address), client.get(f"{address}?large=1")
    for number, response in enumerate((bare, made, large)):
        assert response["Content-Type"] == "application/pdf" and response["Content-Disposition"].startswith("inline")
        (tmp_path / f"{number}.pdf").write_bytes(response.content)
        assert list(pdfua.validate(tmp_path / f"{number}.pdf").findings) == []
    said = words("pdf", made.content)
    if name in ("cards", "answers", "notes"):
        assert "#panic() $x$ *bold* @ref <label>" in said
    if name == "poster":
        code = workshop.room.code
        assert f"{code[:4]} {code[4:]}" in said and "testserver/join" in said
    assert (large.content != made.content) == papers.HANDOUTS[name].large
    assert client.get(reverse("workshop-print", args=["ashdown", workshop.pk, "nothing"])).status_code == 404


@pytest.mark.parametrize("kind", papers.FILES)
def test_a_file_of_practice_has_the_frameworks_answers_and_nothing_to_decide(client, world, fay, kind):
    workshop = plan(world.ashdown.organisation, fay, "calibrate", cases=["published-waits"])
    hosting.close_room(workshop=workshop, by=fay, results=results_of(workshop))
    client.force_login(fay)
    made = file(client, fresh(workshop), kind).content
    if kind == "xlsx":
        rows = CalamineWorkbook.from_filelike(io.BytesIO(made)).get_sheet_by_name("Cards").to_python()
        told = " ".join(map(str, rows[1]))
    else:
        told = words(kind, made)
    assert "Choosers" in told and "obody has said yet" not in told and "did not agree" not in told
