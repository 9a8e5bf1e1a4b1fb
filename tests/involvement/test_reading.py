"""Reading a file: what it is, where its table stands, and what a stranger's file can do (nothing)."""

import io
import struct
import zipfile
import zlib

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from involvement.imports import tables
from involvement.imports.tables import Unreadable, read_table

# --- reading a file


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_what_excel_saves_is_read_in_whatever_encoding(encoding):
    table = read_table("title,method\r\nCafé – “open” evening,Listening\r\n".encode(encoding))
    assert table.headings == ("title", "method")
    assert table.rows == ((2, ("Café – “open” evening", "Listening")),)


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("title;method\nA;B\n", [("A", "B")]),
        ("title\tmethod\nA, with a comma\tB\n", [("A, with a comma", "B")]),
        ("title|method\nA|B\n", [("A", "B")]),
        ("title,method\rA,B\rC,D", [("A", "B"), ("C", "D")]),
        ('title,method\n"A ""quoted""\nline",B\n\n,\nC,D\n', [('A "quoted"\nline', "B"), ("C", "D")]),
        ("title\nonly one column, with a comma in it\n", [("only one column", " with a comma in it")]),
    ],
)
def test_delimiters_and_line_ends_are_told_apart(text, rows):
    assert [cells for _row, cells in read_table(text).rows] == rows


def test_headings_are_found_under_title_rows_and_made_distinct():
    table = read_table("Our list of involvement,,,\n,,,\nTitle,Method,Method,\nA,B,C,D\n")
    assert table.headings == ("Title", "Method", "Method (2)", "Column D")
    assert table.rows == ((4, ("A", "B", "C", "D")),)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf  \r\n", "empty"),
        (b"title,method\n", "no rows"),
        (b"PK\x03\x04" + bytes(range(256)) * 9, "damaged or not complete"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), "damaged or not complete"),
        (b"%PDF-1.7 \xff\xff", "PDF"),
        (bytes(range(256)) * 40, "does not look like"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(0, 32)) * 90, "picture"),
        (bytes(5000), "empty"),
        (b'[{"title": "A walk"},\n {"title": "A talk"}]', "JSON file.* Save the list as an Excel workbook"),
        (b'title,method\nA,"never closed\nB,C\n', "quotation mark"),
        (b"title\n" + b"a\n" * (tables.MAX_ROWS + 1), "more than 20,000 rows"),
        (b"title\n" + b"a," * tables.MAX_COLUMNS + b"a\n", "more than 400 columns"),
        (b"title\n" + b"x" * 200_001 + b"\n", "more than 200,000 letters"),
        (b"title\nA\n" + b"x" * 1_200_000 + b"\n", "row 3 has more than 200,000 letters"),
        (b"x" * (tables.MAX_BYTES + 1), "10 MB"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_sentence(content, says):
    with pytest.raises(Unreadable, match=says):
        read_table(content)


@settings(deadline=None, max_examples=30)  # each starts a process
@given(st.one_of(st.binary(max_size=400), st.text(max_size=400), st.text(alphabet="\",;\t\n\r'=a\x00", max_size=60)))
def test_any_content_is_a_table_or_refused(content):
    try:
        table = read_table(content)
    except Unreadable as error:
        assert str(error)
        return
    assert len(set(table.headings)) == len(table.headings) > 0
    assert table.rows


@pytest.mark.parametrize(
    ("cell", "read"),
    [
        ("'=1+1", "=1+1"),
        ("''=1+1", "'=1+1"),
        ("'-3 beds", "-3 beds"),
        ("'@home", "@home"),
        ("'  +44", "  +44"),
        ("'\u00a0=x", "\u00a0=x"),
        ("'tis the season", "'tis the season"),
        ("=1+1", "=1+1"),
        ("'", "'"),
    ],
)
def test_exactly_one_guard_is_taken_from_a_cell(cell, read):
    assert read_table(f"title\tmethod\n{cell}\tx\n").rows[0][1][0] == read


# --- spreadsheets

SHEET = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}</sheetData></worksheet>'
)
def xlsx(*sheets, hidden=()):
    """Return a workbook of (name, rows, or the XML of its rows)."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        for name, rows in sheets:
            sheet = book.add_worksheet(name)
            if name in hidden:
                sheet.hide()
            for n, cells in enumerate([] if isinstance(rows, str) else rows):
                sheet.write_row(n, 0, cells)
    for n, (_name, rows) in enumerate(sheets, start=1):
        if isinstance(rows, str):
            out = io.BytesIO(with_member(out.getvalue(), f"xl/worksheets/sheet{n}.xml", SHEET.format(rows)))
    return out.getvalue()


def with_member(packed, name, content):
    """Return the archive with one member written anew."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(packed)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for each in old.namelist():
            new.writestr(each, content if each == name else old.read(each))
    return out.getvalue()


def ods(body):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        packed.writestr("META-INF/manifest.xml", "<manifest/>")
        packed.writestr(
            "content.xml",
            '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
            'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
            'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
            f'<table:table table:name="List">{body}</table:table></office:spreadsheet></office:body>'
            "</office:document-content>",
        )
    return out.getvalue()


def ods_row(*cells):
    return "<table:table-row>" + "".join(
        f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>' for cell in cells
    ) + "</table:table-row>"  # fmt: skip


def test_a_workbook_is_read_on_the_sheet_that_holds_the_register():
    book = xlsx(
        ("Read me", [["Read me first"], ["This file holds our register"]]),
        ("Old", [["Title", "When"], ["Gone", 2019]]),
        ("Register", [["Our register"], [], ["Title", "Method", "Share"], ["A walk-round", "15 Steps", 0.1 + 0.2]]),
        hidden=("Old",),
    )
    table = read_table(book)
    assert (table.sheet, table.sheets) == ("Register", ("Read me", "Old", "Register"))
    assert table.headings == ("Title", "Method", "Share") and table.heading_row == 3
    assert table.rows == ((4, ("A walk-round", "15 Steps", "0.3")),)
    assert table.skipped == ((1, "Our register"),) and table.read_as == "Excel workbook"
    assert read_table(book, sheet="Old").rows == ((2, ("Gone", "2019")),)
    with pytest.raises(Unreadable, match="no sheet “New” in the file. Its sheets are: Read me, Old, Register"):
        read_table(book, sheet="New")


def test_an_opendocument_sheet_is_read():
    table = read_table(ods(ods_row("Title", "Method") + ods_row("Café evening", "Listening")))
    assert table.headings == ("Title", "Method") and table.rows == ((2, ("Café evening", "Listening")),)
    assert table.read_as == "OpenDocument spreadsheet"


def test_a_cell_of_a_workbook_keeps_its_apostrophe():
    """Only CSV is guarded against spreadsheets that run cells, so only there one apostrophe is taken away."""
    assert read_table(xlsx(("A", [["Title", "Method"], ["'=1+1", "x"]]))).rows[0][1][0] == "'=1+1"


def test_a_list_without_headings_names_its_columns_by_letters():
    text = "R1,Alpha trust,Y55,2019\nR2,Beta trust,Y55,2019\nR3,Gamma trust,Y56,2020\nR4,Delta trust,Y56,2020\n"
    table = read_table(text)
    assert table.heading_row is None and len(table.rows) == 4
    assert table.headings == ("Column A", "Column B", "Column C", "Column D")
    assert read_table(text, heading_row=2).headings[0] == "R2"
    assert read_table("title,method\nA,B\n", heading_row=0).rows[0] == (1, ("title", "method"))
    with pytest.raises(Unreadable, match="no headings in row 9"):
        read_table(text, heading_row=9)


def test_repeated_headings_take_the_group_above_them():
    table = read_table("Trust,2024,,2025,\nName,Asked,Changed,Asked,Changed\nA,1,2,3,4\nB,5,6,7,8\n", heading_row=2)
    assert table.headings == ("Name", "2024: Asked", "2024: Changed", "2025: Asked", "2025: Changed")


BUDGET = """,,Key figures of the counties,,,2011
,,,,,
,,county,county,county,
,,A,B,C,
,,Ashshire,Beeshire,Ceeshire,
NR.,Heading,,,,
0,Income:,,,,
1,Rates,208,173,163,
2,Fees,7,55,52,
3,Grants,23,49,56,
"""


@pytest.mark.parametrize("row", [None, 6])
def test_headings_over_several_rows_are_joined(row):
    table = read_table(BUDGET, heading_row=row)
    assert table.headings == ("NR.", "Heading", "A Ashshire", "B Beeshire", "C Ceeshire", "Column F")
    assert (table.heading_top, table.heading_row) == (3, 6)
    assert [number for number, _cells in table.rows] == [7, 8, 9, 10]


def test_groups_over_groups_tell_repeated_headings_apart():
    table = read_table(
        ",Measles,,,,Mumps,,,\n,Children,,Adults,,Children,,Adults,\n"
        "Place,Asked,Came,Asked,Came,Asked,Came,Asked,Came\nAshford,1,2,3,4,5,6,7,8\nBeeford,2,3,4,5,6,7,8,9\n"
    )
    assert table.headings[:5] == (
        "Place", "Measles: Children: Asked", "Measles: Children: Came", "Measles: Adults: Asked",
        "Measles: Adults: Came",
    )  # fmt: skip
    assert (table.heading_top, table.heading_row) == (1, 3)


def test_a_heading_that_is_broken_over_two_rows_is_one_unless_we_know_its_end():
    table = read_table("Our,Lead,Number of\ntitle,clinician,people met\nA walk,Dr B,12\nA talk,Dr C,9\n")
    assert table.headings == ("Our", "Lead", "Number of")  # a first row of words may be somebody's first activity
    table = read_table("Our,Lead,Number of\ntitle,clinician,people met\nA walk,Dr B,12\nA talk,Dr C,9\n", heading_row=2)
    assert table.headings == ("title", "clinician", "people met")


@pytest.mark.parametrize(
    "text",
    [
        "Activity,Lead,People\nA walk,Dr B,about 40\nA talk,Dr C,12\nA choir,Dr D,30\nA visit,Dr B,9\n",
        ",What,People,Hours,Cost\n1,A walk,NA,NA,NA\n2,A talk,9,2,10\n3,A choir,4,3,20\n4,A visit,4,4,4\n",
        "What,Lead,People,Hours,Cost\nA walk,Dr B,many,some,no\nA talk,C,9,2,1\nA choir,Dr D,4,3,2\nA play,E,4,4,4\n",
        "Group,Group,Group\nA walk,Dr B,Monday\nA talk,Dr C,Tuesday\nA choir,Dr D,Monday\n",
        "Our list,Updated in May\nThe name,Who,What came\nA walk,Dr B,Much\nA talk,Dr C,Little\n",
    ],
)
def test_the_first_activity_is_never_taken_for_headings(text):
    assert any(cells[:2] in (("A walk", "Dr B"), ("1", "A walk")) for _number, cells in read_table(text).rows)


def test_a_band_of_groups_is_not_taken_for_the_headings_under_it():
    """Its own words are headings that we know too; the row under it has more of them."""
    lines = [
        "Our register,,,,,,", "Activity,,,People,,Progress,Notes",
        "Ref,Name of activity,Directorate,Who took part,Method,Status,Description",
        "E01,Listening week,Maternity,Parents,Meeting,Running,They told us",
        "E02,Sleep survey,Wards,Patients,Survey,Ended,It was noisy",
    ]  # fmt: skip
    table = read_table("\n".join(lines) + "\n")
    assert [cells[1] for _row, cells in table.rows] == ["Listening week", "Sleep survey"]
    assert table.heading_row == 3


def test_a_text_is_no_list():
    line = "These figures tell how many people were asked and in which of the hospitals of the county they were asked."
    words = [["About this report"], [], [line], [line], [], ["Definitions"], [line], [], [line], [], [line], [line]]
    with pytest.raises(Unreadable, match="no list on the sheet “About”.* a row of its own"):
        read_table(xlsx(("About", words)))
    assert read_table(xlsx(("About", words), ("Numbers", [["Place", "Count"], ["Ashford", 4]]))).sheet == "Numbers"
    assert len(read_table("Title\n" + f"{line}\n\n" * 9).rows) == 9
    assert len(read_table("Things we did\n" + f"{line}\n" * 9).rows) == 9


def test_shares_and_months_of_a_workbook_come_as_it_shows_them():
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        sheet = book.add_worksheet("A & B")
        sheet.write_row("B3", ["Title", "When", "Share", "Exact", "Day", "Money"])
        looks = ("mmm-yy", "0%", '0.0"x"%', "dd/mm/yyyy", "£0.00")
        for at, (look, number) in enumerate(zip(looks, (44256, 0.45, 0.4567, 44256, 0.5), strict=True), start=2):
            sheet.write_number(3, at, number, book.add_format({"num_format": look}))
        sheet.write_string(3, 1, "A walk")
        sheet.write_string(4, 1, "A talk")
        sheet.write_string(4, 3, "0.45", book.add_format({"num_format": "0%"}))
    table = read_table(out.getvalue())
    assert table.rows[0][1] == ("A walk", "March 2021", "45%", "45.7%", "2021-03-01", "0.5")
    assert table.rows[1][1] == ("A talk", "", "0.45")
    assert read_table("Title,Share\nA walk,45%\n").rows[0][1] == ("A walk", "45%")


def test_notes_below_are_left_out_and_a_row_with_only_a_title_is_not():
    text = "title,method,service\nA,x,y\nB,x,y\nOnly a title\n\nNote: figures are provisional\n* and revised\n"
    table = read_table(text)
    assert [cells[0] for _row, cells in table.rows] == ["A", "B", "Only a title"]
    assert [words for _row, words in table.skipped] == ["Note: figures are provisional", "* and revised"]


@pytest.mark.parametrize("encoding", ["big5", "shift_jis"])
def test_other_scripts_are_told_apart(encoding):
    text = {
        "big5": "市民參與活動,方法\n醫院與市民共同設計新的門診服務流程,工作坊\n",
        "shift_jis": "タイトル,方法\n病院と市民がいっしょに外来の流れを考える集まり,ワークショップ\n",
    }[encoding]
    text += f"{text.splitlines()[1]}\n" * 20
    assert read_table(text.encode(encoding)).headings[0] == text.split(",")[0]


def test_letters_that_were_lost_before_are_lost_and_no_more():
    table = read_table("title,method\n37\ufffd36,Caf\u00e9\n".encode())
    assert table.rows[0][1] == ("37\ufffd36", "Caf\u00e9") and "UTF-8" in table.read_as
    assert read_table("[title],method\nA,B\n").headings == ("[title]", "method")


def test_lines_of_two_encodings_lose_nothing():
    table = read_table("title,method\nCafé one,Talk – long\nÉcole,é\n".encode() + "Café two,x\n".encode("cp1252"))
    assert [cells[0] for _row, cells in table.rows] == ["Café one", "École", "Café two"]


# --- hostile files: a sentence, soon, and nothing else


def bomb():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/workbook.xml", "<workbook/>")
        packed.writestr("xl/worksheets/sheet1.xml", b"0" * 400_000_000)
    return out.getvalue()


def lying_bomb():
    """A bomb that declares a small size in both of its records."""
    packed = bytearray(bomb())
    real, small = struct.pack("<I", 400_000_000), struct.pack("<I", 400)
    return bytes(packed).replace(real, small)


def far_cell():
    return xlsx(("A", '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'))


def wide():
    return xlsx(("A", [["Title"] + ["x"] * 16_383, ["A"] * 16_384]))


def laughs():
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    xml = f'<!DOCTYPE x [<!ENTITY l0 "ha">{entities}]>' + SHEET.format(
        '<row r="1"><c r="A1" t="inlineStr"><is><t>&l9;</t></is></c></row>'
    )
    return with_member(xlsx(("A", [["x"]])), "xl/worksheets/sheet1.xml", xml)


def repeated():
    cell = (
        '<table:table-cell table:number-columns-repeated="16384" office:value-type="string">'
        "<text:p>x</text:p></table:table-cell>"
    )
    return ods(f'<table:table-row table:number-rows-repeated="1048576">{cell}</table:table-row>' * 300)


def many_members():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for n in range(3000):
            packed.writestr(f"xl/{n}.xml", "")
    return out.getvalue()


def named(*names):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for name in names:
            packed.writestr(name, "<x/>")
    return out.getvalue()


HOSTILE = {
    "bomb": (bomb, "too large|damaged"),
    "lying bomb": (lying_bomb, "too large|damaged"),
    "a cell at the far end": (far_cell, "far away"),
    "16,384 columns": (wide, "more than 400 columns"),
    "entities": (laughs, "empty|damaged|nothing"),
    "repeated without end": (repeated, "far away|too large|damaged|more than"),
    "many members": (many_members, "too large"),
    "cut off": (lambda: xlsx(("A", [["Title"], ["x"]]))[:-60], "damaged"),
    "not deflated": (lambda: b"PK\x03\x04" + zlib.compress(b"x" * 999), "damaged"),
    "Word": (lambda: named("word/document.xml"), "text document"),
    "slides": (lambda: named("ppt/presentation.xml"), "presentation"),
    "Numbers": (lambda: named("Index/Document.iwa"), "Apple Numbers"),
    "archive": (lambda: named("a.csv"), "packed archive"),
    "protected": (lambda: b"\xd0\xcf\x11\xe0" + bytes(600) + "EncryptedPackage".encode("utf-16-le"), "password"),
    "a web page called .xls": (lambda: b"<html><table><tr><td>Title</td></tr></table></html>", "web page"),
    "XML spreadsheet": (lambda: b'<?xml version="1.0"?><Workbook/>', "XML"),
    "a link": (lambda: b'{"url": "https://docs.google.com/open?id=1"}', "link to an online sheet"),
    "PDF and zip": (lambda: b"%PDF-1.7\n" + xlsx(("A", [["Title"], ["x"]])), "PDF"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_gets_a_sentence_soon(name):
    make, says = HOSTILE[name]
    with pytest.raises(Unreadable, match=says):
        read_table(make())


def test_a_million_empty_rows_with_styles_are_nothing():
    words = "".join(
        f'<row r="{n}"><c r="A{n}" t="inlineStr"><is><t>{one}</t></is></c><c r="B{n}"><v>{n}</v></c></row>'
        for n, one in ((1, "Title"), (2, "A"))
    )
    styled = "".join(f'<row r="{n}" s="1"><c r="A{n}" s="1"/><c r="XFD{n}" s="1"/></row>' for n in range(3, 30_000))
    table = read_table(xlsx(("A", words + styled)))
    assert table.rows == ((2, ("A", "2")),)


def test_a_reader_that_dies_is_a_sentence(monkeypatch):
    monkeypatch.setattr(tables, "MEMORY", 1 << 20)
    with pytest.raises(Unreadable, match="too large"):
        read_table(xlsx(("A", [["Title"], ["x"]])))


def test_a_reader_that_does_not_end_is_stopped(monkeypatch):
    monkeypatch.setattr(tables, "CLOCK", 0.01)
    with pytest.raises(Unreadable, match="took too long"):
        read_table(xlsx(("A", [["Title"], ["x"]])))
