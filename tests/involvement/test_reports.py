"""The report in its four kinds: the figures of the snapshot in each, nothing of what people typed run or lost."""

import io
import json
import re
import xml.etree.ElementTree as ET
import zipfile
from datetime import date
from itertools import count

import docx
import pdfua
import pypdf
import pytest
from django.template.loader import render_to_string
from django.test import Client
from docx.oxml.ns import qn
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from involvement.actions import activities, audits
from involvement.audits.documents import render_all
from involvement.audits.snapshot import named
from involvement.reports import KINDS, render
from involvement.reports.blocks import Document, Heading, Paragraph, Picture, Table
from involvement.reports.document import build
from involvement.reports.page import drawn
from involvement.reports.pdf import coverage, pdf
from involvement.reports.picture import map_picture
from involvement.reports.signs import plain
from tests.audits import PLACES, frozen_audit
from tests.paper import DIGEST, activity, conclusions, place, signed, snapshot
from tests.world import PASSWORD

NAUGHTY = (
    "=1+1",
    "@SUM(A1)",
    "+44 20 7946 0000",
    "-2+3|cmd",
    '=HYPERLINK("https://example.org","x")',
    "<script>alert(1)</script>",
    "</text></svg><b>&amp;",
    "#panic() $x$ *bold* _it_ @ref <label> \\u{1F600} [x](y) // c",
    "smile 😀 family 👨‍👩‍👧 flag 🏴󠁧󠁢󠁥󠁮󠁧󠁿 一二",
    "שלום עולם",
    "السلام عليكم",
    "a\u202egnp.exe",
    "bell\x07 nul\x00 bom\ufeff sep\u2028end",
    "e\u0301 and \u0301 alone and ✓\u0308",
    "half \ud83d and none \ufffe",
    "two\nlines\r\nthree",
    "w" * 300,
    "long words " * 700,
)


def words_of(kind: str, made: bytes) -> str:
    """Return the words that a document shows, with single spaces."""
    if kind == "pdf":
        found = [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(made)).pages]
    elif kind == "docx":
        word = docx.Document(io.BytesIO(made))
        found = [paragraph.text for paragraph in word.paragraphs]
        found += [cell.text for table in word.tables for row in table.rows for cell in row.cells]
    else:
        found = [str(cell) for rows in sheets_of(made).values() for row in rows for cell in row]
    return " ".join(" ".join(found).split())


def sheets_of(made: bytes) -> dict[str, list[list]]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(made))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def page_of(*facts) -> str:
    return render_to_string("reports/document.html", {"drawn": drawn(*facts)})


def with_words(start: int) -> tuple[dict, list[dict], dict]:
    """Return an audit with naughty words wherever somebody can type: all of them as titles of activities, and one
    after another from ``start`` on in every other field."""
    facts, turn = snapshot(activities=[activity(n, title=text) for n, text in enumerate(NAUGHTY)]), count(start)

    def fill(row, *names):
        for name in names:
            row[name] = NAUGHTY[next(turn) % len(NAUGHTY)]

    fill(facts, "title")
    fill(facts["organisation"], "name")
    for one in facts["places"]:
        fill(one, "title", "relationship")
        if one["aim"]:
            fill(one["aim"], "sentence", "adopted_by")
        for each in one["cells"]:
            fill(each, "title", "status_title", "why")
    for one in facts["gaps"]:
        for each in one["responses"]:
            fill(each, "reason", "owner")
    for one in facts["decisions"]:
        fill(one, "title", "body", "why")
    for heap in facts["changes"].values():
        for one in heap:
            fill(one, "activity", "asked", "decision_point", "what", "why")
            fill(one["evidence"][0], "words")
    fill(facts["reviews"][0], "title")
    fill(facts["reviews"][0]["differences"][0], "activity")
    fill(facts["reviews"][0]["removed"][0], "reason")
    fill(facts["took_part"][0], "activity")
    facts["dissent"][0]["replied_on"] = "2026-08-01"
    fill(facts["dissent"][0], "activity", "by", "words", "reply")
    fill(facts["actions"][0], "what", "owner", "evidence")
    fill(facts["rulings"][0], "reason", "author")
    fill(facts["services"][0], "name")
    for one in facts["activities"]:
        fill(one, "reference", "service", "why")
    fill(facts["withdrawn"][0], "title", "reason", "by")
    facts["words"]["limits"] = list(NAUGHTY)
    judged, sign_off = conclusions(), signed()
    for row in judged:
        fill(row, "reason")
    fill(sign_off, "name", "statement")
    return facts, judged, sign_off


# The facts ----------------------------------------------------------------------------------------------------------

SAID = (
    "Audit 2026", "Ashdown NHS Trust", "Bob Board", "Nobody looks at the whole journey.", "Because of choosers",
    "Partly assured", "No one asks what comes first", "Ask every quarter", "Maternity: nothing on record",
    "Close a ward", "Move stroke care", "Change 1", "Change 3", "There is no money", "Minutes 4", "Nobody asked us.",
    "Pay the panel", "It changes wards", "Section 242", "Governors", "1 of 2 in place", "Carers", "Activity 2",
    "Entered twice", "What nobody entered is not here.", "It is the trust’s own list.", DIGEST,
)  # fmt: skip


@pytest.mark.parametrize("kind", [*KINDS, "page"])
def test_every_kind_says_everything(kind):
    facts = snapshot(), conclusions(), signed()
    shown = page_of(*facts) if kind == "page" else words_of(kind, render(kind, *facts))
    shown = shown if kind != "pdf" else shown.replace(" ", "")  # a line may break anywhere
    # The title of a page is its heading, which stands around the blocks.
    wanted = [words.replace(" ", "") if kind == "pdf" else words for words in SAID[kind == "page" :]]
    assert [words for words in wanted if words not in shown] == []


@pytest.mark.parametrize("kind", ["pdf", "docx", "page"])
def test_its_figures_are_those_of_the_snapshot(kind):
    facts = snapshot(), conclusions(), signed()
    shown = page_of(*facts) if kind == "page" else words_of(kind, render(kind, *facts))
    shown = " ".join(re.sub("<[^>]*>", " ", shown).split())
    for figure in (
        "Overdue: 1 answer to a gap and 1 action. Gaps: 2, of which 1 without an answer.",
        "1 disagreement is printed in full below; without an answer: 1.",
        "The board listed 2. In 1 of them nobody from outside the staff took part",
        "2 shown by a document or by people, 1 by our word only, 1 refused.",
        "13 pieces of work are called that; 2 shared from start to finish.",
        "48% are placed with people as owners or coproducers",
        "Live activities with a place: 25 of 31. 3 of 7 ways to take part are in place",
        "1 of 2 ways in place (in 1 of these nothing changed); 1 unproven.",
    ):
        assert figure in shown, figure


def test_the_workbook_holds_what_every_figure_is_counted_from():
    book = sheets_of(render("xlsx", snapshot(), conclusions(), signed()))
    figures = {row[0]: row[1] for row in book["Figures"][1:]}
    counted = snapshot()["map"]["activities"]
    assert (figures["Activities on the list"], figures["Live"]) == (counted["listed"], counted["live"])
    assert [figures[f"Live: {name}"] for name in ("Owners", "Users", "Choosers", "Coproducers")] == [5, 12, 1, 7]
    assert figures["Ways in place"] == sum(row[2] == "In place" for row in book["Map"][1:]) == 3
    assert figures["Answers overdue"] == sum(row[5] == "yes" for row in book["Answers"][1:]) == 1
    assert figures["Actions overdue"] == sum(row[5] == "yes" for row in book["Actions"][1:]) == 1
    assert figures["Refused"] == sum(row[0] == "Refused" for row in book["Changes"][1:]) == 1
    assert figures["Gaps of this scope"] + figures["Gaps in single services"] == len(book["Gaps"][1:]) == 3
    assert figures["Disagreements of patient leaders"] == len(book["Disagreement"][1:]) == 1
    assert {row[2] for row in book["Figures"][1:]} - {""} <= set(book), "every figure names a sheet that is there"
    map_rows = {(row[0], row[1]): row[3:8] for row in book["Map"][1:]}
    assert map_rows["Users", "Quality"] == [11, 4, 0, 0, 4]
    assert book["Answers"][1][4] == date(2026, 8, 9), "days are days"
    assert all(rows and all(rows[0]) for rows in book.values()), "every sheet has its headings, also without a row"


# What the first half page says --------------------------------------------------------------------------------------


def first_half(*facts) -> str:
    """Return the words of the upper half of the PDF's first sheet."""
    first = pypdf.PdfReader(io.BytesIO(render("pdf", *facts))).pages[0]
    found = []

    def visit(text, cm, tm, _font, _size):
        found.append((cm[1] * tm[4] + cm[3] * tm[5] + cm[5], text))

    first.extract_text(visitor_text=visit)
    middle = float(first.mediabox.height) / 2
    return "".join(text for y, text in found if y > middle)


def test_who_reads_the_first_half_page_is_not_misled():
    said = " ".join(first_half(snapshot(), conclusions(choosers="not-assured"), signed()).split())
    for words in (
        "Signed by Bob Board on 5 November 2026", "Nobody looks at the whole journey.", "Read this with care.",
        "4 activities have no place yet.", "Not assured", "1 of 2 ways in place",
        "Nobody has said the list is complete",
        "Overdue: 1 answer to a gap and 1 action.", "1 disagreement is printed in full below",
        "nobody from outside the staff took part", "1 by our word only, 1 refused",
    ):  # fmt: skip
        assert words in said, words


def test_a_draft_is_never_taken_for_signed():
    said = first_half(snapshot(), [], None)
    assert "This is a draft." in said and "Not judged yet" in said and "Signed" not in said
    pages = pypdf.PdfReader(io.BytesIO(render("pdf", snapshot(), [], None))).pages
    assert all("Draft, not signed" in page.extract_text() for page in pages)
    unjudged = [row | {"assurance": "", "assurance_title": "", "reason": ""} for row in conclusions()]
    assert render("pdf", snapshot(), unjudged, None) == render("pdf", snapshot(), [], None)


@pytest.mark.parametrize(
    ("places", "said"),
    [
        ({"choosers": "assured"}, "The board is assured of choosers, and the list shows none of its ways in place."),
        ({"users": "assured"}, "The board is assured of users, and nobody has said that the list is complete there."),
        ({"owners": "assured"}, None),
    ],
)
def test_assurance_that_the_list_does_not_bear_out_is_said_at_once(places, said):
    notes = [block.text for block in build(snapshot(), conclusions(**places), signed()).blocks
             if isinstance(block, Paragraph) and block.kind == "note"]  # fmt: skip
    assert len(notes) == 1
    assert (said in notes[0]) if said else ("assured of" not in notes[0])


def test_assurance_is_set_beside_what_patient_leaders_saw_and_beside_few_ways_in_place():
    held = snapshot()
    held["reviews"] = [{**held["reviews"][0], "by_place": {"owners": [0, 2]}}]
    owners = next(place for place in held["places"] if place["slug"] == "owners")
    owners |= {"complete": True, "cells": [
        owners["cells"][0] | {"status": status} for status in ("in-place", "missing", "missing")
    ]}  # fmt: skip
    said = " ".join(block.text for block in build(held, conclusions(owners="assured"), signed()).blocks
                    if isinstance(block, Paragraph) and block.kind == "note")  # fmt: skip
    assert "patient leaders see it in 0 of the 2 activities" in said
    assert "the list shows 1 of its 3 ways in place" in said


def test_an_action_says_that_it_was_opened_again_and_why_it_was_dropped():
    held = snapshot()
    one = held["actions"][0] | {"evidence": "All answered.", "closed_on": None}
    held["actions"] = [
        one | {"id": 1, "state": "reopened", "overdue": True, "reopened": True, "lapsed_again": True},
        one | {"id": 2, "state": "dropped", "overdue": False, "dropped_because": "Patients did not want it.",
               "evidence": "", "closed_on": "2026-10-01"},
    ]  # fmt: skip
    table = next(block for block in build(held, conclusions(), signed()).blocks
                 if isinstance(block, Table) and block.header[0] == "Action")  # fmt: skip
    assert table.rows[0][3] == "OVERDUE, reopened"
    assert table.rows[0][4].strip() == "It was said to be done: All answered. What it was about has lapsed again since."
    assert "Dropped: Patients did not want it." in table.rows[1][4]


def test_promises_that_were_not_kept_come_first():
    blocks = build(snapshot(), conclusions(), signed()).blocks
    gaps = next(block for block in blocks if isinstance(block, Table) and block.header[0] == "Rank")
    assert [row[0] for row in gaps.rows] == [2, 1]
    assert "OVERDUE since 9 August 2026" in gaps.rows[0][2] and gaps.rows[1][2] == "Nobody has answered."
    decisions = next(block for block in blocks if isinstance(block, Table) and block.header[0] == "Decision")
    assert "Move stroke care" in decisions.rows[0][0]


def test_dissent_is_printed_in_full_with_or_without_an_answer():
    rows = [
        {"activity": "A", "by": "Pat", "words": "First.\nSecond.", "made_on": "2026-07-08", "reply": "We were late.",
         "replied_on": "2026-07-09", "state": "answered"},
        {"activity": "B", "by": "Pat", "words": "Nobody came.", "made_on": "2026-07-08", "reply": "",
         "replied_on": None, "state": "unanswered"},
    ]  # fmt: skip
    blocks = build(snapshot(dissent=rows), conclusions(), signed()).blocks
    texts = [block.text for block in blocks if isinstance(block, Paragraph)]
    assert texts.index("Nobody came.") < texts.index("First.\nSecond."), "the one without an answer first"
    assert "We were late." in texts


def test_where_nobody_could_disagree_no_report_says_that_nobody_did():
    facts = snapshot(dissent=None)
    said = "They had no way to put disagreement on record here."
    assert page_of(facts, conclusions(), signed()).count(said) == 3
    for kind in KINDS:
        words = words_of(kind, render(kind, facts, conclusions(), signed()))
        assert "No disagreement is on record" not in words
        assert ("could not be recorded" if kind == "xlsx" else said) in words
    assert "No disagreement is on record here." in page_of(snapshot(dissent=[]), conclusions(), signed())


def test_what_reviewers_and_those_who_took_part_say_is_printed_in_every_kind():
    for kind in KINDS:
        words = words_of(kind, render(kind, snapshot(), conclusions(), signed()))
        assert "Spring review" in words and "Were you heard?" in words and "Users: 2" in words
        if kind != "xlsx":
            assert "Of 6 that are called coproduction they see it in 1." in words, "on the first page"
            assert "7 of 9 say that little changed." in words and "Moved away" in words


def test_where_nobody_reviewed_it_says_so_and_an_older_audit_stays_as_it_was():
    page = page_of(snapshot(reviews=[], took_part=[]), conclusions(), signed())
    assert "No review ended in this period" in page and "has five answers yet" in page
    older = {name: value for name, value in snapshot().items() if name not in ("reviews", "took_part")}
    page = page_of(older, conclusions(), signed())
    assert "What patient leaders see" not in page and "What people say who took part" not in page
    for kind in KINDS:
        assert render(kind, older, conclusions(), signed())


def test_two_sheets_of_substance_stand_before_the_appendix():
    pages = [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(render("pdf", snapshot(), [], None))).pages]
    assert min(n for n, words in enumerate(pages) if "Appendix" in words) >= 2


def test_an_audit_of_a_service_counts_its_own_gaps():
    facts = snapshot(scope={"service": {"slug": "maternity", "name": "Maternity"}})
    document = build(facts, conclusions(), signed())
    assert document.subject == "Ashdown NHS Trust, Maternity"
    assert not any("single" in block.text for block in document.blocks if isinstance(block, Heading))
    assert "Gaps: 3" in str(document.blocks)


def test_an_empty_register_makes_every_kind():
    empty = {name: [] for name in ("gaps", "decisions", "dissent", "actions", "rulings", "duties", "mechanisms",
                                   "services", "groups", "activities", "withdrawn", "checklist")}  # fmt: skip
    facts = snapshot(
        **empty, share=None, changes={"changed": [], "only_said": [], "refused": []},
        places=[place("owners", "Voice", 0, False)], words={"method": [], "limits": []},
    )  # fmt: skip
    for kind in KINDS:
        assert render(kind, facts, [], None)
    assert "The list is empty." in page_of(facts, [], None)


# What people typed --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("start", [0, 6, 12])
@pytest.mark.parametrize("kind", KINDS)
def test_whatever_people_typed_every_kind_is_made_and_shows_it(kind, start):
    shown = "".join(words_of(kind, render(kind, *with_words(start))).split())
    if kind == "pdf":  # what runs from right to left, or across sheets, comes back in another order
        wanted = [coverage().shown(text) for text in NAUGHTY if text.isascii() and len(text) < 1000]
    else:
        wanted = [plain(text) for text in NAUGHTY]
    assert [text for text in wanted if "".join(plain(text).split()) not in shown] == []


@pytest.mark.parametrize("start", [0, 6, 12])
def test_the_page_runs_nothing_of_it(start):
    page = page_of(*with_words(start))
    assert "<script" not in page and "<b>" not in page and page.count("<svg") == page.count("</svg>") == 1
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_no_cell_of_the_workbook_runs():
    made = render("xlsx", *with_words(0))
    with zipfile.ZipFile(io.BytesIO(made)) as parts:
        sheets = [parts.read(name).decode() for name in parts.namelist() if name.startswith("xl/worksheets/sheet")]
    assert len(sheets) > 10
    assert not any("<f>" in sheet or "<hyperlink" in sheet for sheet in sheets)
    titles = [row[2] for row in sheets_of(made)["Activities"]]
    assert {text for text in NAUGHTY if text[0] in "=@+-"} < set(titles), "and it stands there as it was typed"


def test_a_sign_without_a_typeface_is_shown_by_its_code():
    signs = coverage()
    assert signs.shown("smile 😀") == "smile [U+1F600]"
    assert signs.shown("א\u064e\n\u0301") == "א[U+064E]\n[U+0301]", "an accent needs the typeface of its letter"
    assert signs.shown("e\u0301 שלום السلام – “x”") == "é שלום السلام – “x”"
    facts = snapshot(activities=[activity(1, title="smile 😀 here")])
    assert "smile[U+1F600]here" in words_of("pdf", render("pdf", facts, [], None)).replace(" ", "")
    assert "smile 😀 here" in words_of("docx", render("docx", facts, [], None))


def test_nothing_that_cannot_be_seen_reorders_or_hides_words():
    assert plain("a\u202eb\u2066c\ufeff\x00\x1b[0md\u200be\u00adf\U000e0041") == "abc[0mdef"
    assert plain("half \ud83d none \ufffe") == "half  none \ufffd"
    assert plain("می\u200cخواهم") == "می\u200cخواهم", "the joiner that Persian is written with stays"


@settings(max_examples=12, deadline=None)
@given(st.lists(st.text(st.characters(), min_size=1, max_size=80), min_size=40, max_size=40))
def test_the_pdf_is_made_whatever_the_signs(texts):
    paragraphs = tuple(Paragraph(plain(text), lead=plain(text[:9])) for text in texts)
    table = Table("t", ("a", "b"), tuple((plain(text), plain(text[::-1])) for text in texts), (1, 1))
    assert pdf(Document("t", "s", "d", plain(texts[0]), "2026-01-02", (*paragraphs, table))).startswith(b"%PDF")


def test_text_too_long_for_a_sheet_or_a_cell_is_not_lost():
    long = " ".join(f"w{number}." for number in range(4000))
    facts = snapshot(), [row | {"reason": long} for row in conclusions()], signed()
    assert "w3999." in words_of("pdf", render("pdf", *facts))
    assert "w3999." in words_of("docx", render("docx", *facts))
    longest = snapshot(activities=[activity(1, why="x" * 40_000)])
    assert max(len(cell) for row in sheets_of(render("xlsx", longest, [], None))["Activities"] for cell in row
               if isinstance(cell, str)) == 32_767  # fmt: skip


# The files ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_facts_make_the_same_bytes(kind):
    first = render(kind, snapshot(), conclusions(), signed())
    assert render(kind, snapshot(), conclusions(), signed()) == first
    assert render(kind, snapshot(share=47), conclusions(), signed()) != first
    if kind != "pdf":  # no clock: two that are made in one second would be equal anyhow
        with zipfile.ZipFile(io.BytesIO(first)) as parts:
            assert {part.date_time for part in parts.infolist()} == {(1980, 1, 1, 0, 0, 0)}
            assert "2026-11-05T00:00:00Z" in parts.read("docProps/core.xml").decode()


def test_the_pdf_is_tagged_and_says_what_it_is(tmp_path):
    made = render("pdf", snapshot(), conclusions(), signed())
    read = pypdf.PdfReader(io.BytesIO(made))
    root = read.trailer["/Root"]
    assert root["/Lang"] == "en-GB" and root["/MarkInfo"]["/Marked"] and "/StructTreeRoot" in root
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert "<pdfuaid:part>1<" in root["/Metadata"].get_data().decode()
    assert read.metadata.title == "Audit 2026" and read.metadata.creation_date.date() == date(2026, 11, 5)
    (tmp_path / "report.pdf").write_bytes(made)
    assert [finding for finding in pdfua.validate(tmp_path / "report.pdf").findings] == []
    fonts = {font for page in read.pages for font in page["/Resources"]["/Font"]}
    assert fonts and all(
        "/FontFile2" in str(page["/Resources"]["/Font"][name].get_object()["/DescendantFonts"][0]["/FontDescriptor"])
        for page in read.pages for name in page["/Resources"]["/Font"]
    ), "every typeface is inside"  # fmt: skip


def test_the_word_file_has_headings_header_rows_alt_text_and_a_language():
    word = docx.Document(io.BytesIO(render("docx", snapshot(), conclusions(), signed())))
    titles = {style: [p.text for p in word.paragraphs if p.style.name == style] for style in ("Title", "Heading 2")}
    assert titles["Title"] == ["Audit 2026"]
    document = build(snapshot(), conclusions(), signed())
    headings = [each for each in document.blocks if isinstance(each, Heading)]
    assert titles["Heading 2"] == [each.text for each in headings if each.level == 2]
    tables = [each for each in document.blocks if isinstance(each, Table)]
    assert len(word.tables) == len(tables) > 10
    for table, block in zip(word.tables, tables, strict=True):
        assert table.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None
        assert [cell.text for cell in table.rows[0].cells] == list(block.header)
        assert table._tbl.tblPr.find(qn("w:tblCaption")).get(qn("w:val")) == block.caption
    (picture,) = word.inline_shapes
    assert "Owners: Strategy in place, Priorities missing" in picture._inline.docPr.get("descr")
    assert word.core_properties.language == "en-GB" and word.core_properties.title == "Audit 2026"
    assert word.styles["Normal"].element.rPr.find(qn("w:lang")).get(qn("w:val")) == "en-GB"


def test_the_drawing_has_a_title_a_description_and_a_word_for_every_colour():
    drawing = ET.fromstring(map_picture(snapshot()))  # noqa: S314, our own
    space = "{http://www.w3.org/2000/svg}"
    assert drawing.find(f"{space}title").text == "The map"
    assert "Priorities missing" in drawing.find(f"{space}desc").text
    shown = [each.text for each in drawing.iter(f"{space}text")]
    for one in snapshot()["places"]:
        assert one["title"] in shown and one["relationship"] in shown
        assert all(each["status_title"] in shown and each["sign"] in shown for each in one["cells"])
    (picture,) = [each for each in build(snapshot(), [], None).blocks if isinstance(each, Picture)]
    assert "Access unproven" in picture.alt


def test_headings_never_skip_a_level():
    blocks = build(snapshot(), conclusions(), signed()).blocks
    levels = [1] + [each.level for each in blocks if isinstance(each, Heading)]
    assert all(after <= before + 1 for before, after in zip(levels, levels[1:], strict=False))


def test_what_is_not_known_is_refused():
    with pytest.raises(ValueError, match="no report is made as odt"):
        render("odt", snapshot(), [], None)
    with pytest.raises(ValueError, match="format 2"):
        render("pdf", snapshot(format=2), [], None)


# From a register to its documents -----------------------------------------------------------------------------------


@pytest.fixture
def audited(world):
    """The world's own audit, signed with its documents, and a client of a viewer."""
    home, bob = world.ashdown.organisation, world.people["bob"]
    audit = frozen_audit(home, bob, title="Audit of Ashdown")
    judged = {slug: ("partly", f"Half of {slug}") for slug in PLACES}
    audits.conclude(audit=audit, by=bob, version=audit.version, judged=judged)
    audit = home.audits.get(pk=audit.pk)
    audits.sign_audit(
        audit=audit, by=bob, version=audit.version, name="Bob Board", statement="Read",
        render=lambda held, *rest: render_all(named(held, home), *rest),
    )  # fmt: skip
    client = Client()
    client.login(username=world.people["vi"].email, password=PASSWORD)
    return home.audits.get(pk=audit.pk), client


@pytest.mark.django_db
def test_the_figures_of_a_signed_report_are_those_of_the_map_of_that_day(audited):
    audit, client = audited
    asked = client.get(f"/o/ashdown/map.json?as_at={audit.as_at}").json()
    book = sheets_of(client.get(f"/o/ashdown/audits/{audit.pk}/report.xlsx").content)
    figures = {row[0]: row[1] for row in book["Figures"][1:]}
    of_map = asked["activities"]
    assert of_map["live"] > 0
    assert [figures[name] for name in ("Activities on the list", "Live", "Not dated", "Planned", "Lapsed")] == [
        of_map[name] for name in ("listed", "live", "not_dated", "planned", "lapsed")
    ]
    assert [figures[f"Live: {slug.capitalize()}"] for slug in PLACES] == [of_map["by_place"][slug] for slug in PLACES]
    assert [row[3:5] for row in book["Map"][1:]] == [[each["activities"], each["proven"]] for each in asked["cells"]]
    assert figures["Ways in place"] == sum(each["status"] == "in-place" for each in asked["cells"])
    assert len(book["Activities"]) - 1 == of_map["listed"]
    assert sum(row[4] == "Live" for row in book["Activities"][1:]) == of_map["live"]
    word = docx.Document(io.BytesIO(client.get(f"/o/ashdown/audits/{audit.pk}/report.docx").content))
    (as_table,) = [table for table in word.tables if table.rows[0].cells[1].text == "Way to take part"]
    rows = [row.cells for row in as_table.rows]
    assert [[int(cells[3].text), int(cells[4].text)] for cells in rows[1:]] == [row[3:5] for row in book["Map"][1:]]
    printed = words_of("pdf", client.get(f"/o/ashdown/audits/{audit.pk}/report.pdf").content)
    in_place, every = figures["Ways in place"], figures["Ways to take part"]
    assert f"{in_place:.0f} of {every:.0f} ways to take part are in place" in printed


@pytest.mark.django_db
def test_a_signed_report_stays_what_it_was_when_the_register_moves_on(audited, world):
    audit, client = audited

    def seen():
        page = client.get(f"/o/ashdown/audits/{audit.pk}/report/").content.decode()
        found = page[page.index('<div class="app-report">') : page.index("</main>")]
        return found, [client.get(f"/o/ashdown/audits/{audit.pk}/report.{kind}").content for kind in KINDS]

    before = seen()
    panel, ed = world.ashdown.panel, world.people["ed"]
    activities.withdraw_activity(activity=panel, by=ed, reason="Twice", version=panel.version)
    audit.organisation.activities.update(title="Another name")
    assert seen() == before
    held = named(json.loads(audit.snapshot.content), audit.organisation)
    facts = held, audits.conclusions_of(audit), audits.signed_words(audit.snapshot, audit.sign_off)
    assert [render(kind, *facts) for kind in KINDS] == before[1], "and can be made again"
