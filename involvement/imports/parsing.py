"""A stranger's file to rows of words, in a process of its own with limits on time and memory.

``tables.py`` starts this file as a program: ``python -I parsing.py``, the options as JSON on the first line of standard
input and the file's bytes behind it, the answer as JSON on standard output. It imports nothing of the project, so that
it starts in a blink, and nothing that a file does to it can reach the server: not a sheet of one cell at the far end,
not a bomb, not a crash of the reader. What a file *is* is told by its content, never by its name.

The answer is {"refused": [reason, {values}]}, or {"kind", "encoding", "separator", "sheets": [{"name", "rows", "cells",
"hidden"}], "sheet": the chosen one's name, "rows": [[row number as the spreadsheet counts, [cells]]]}: rows without a
word are left out.
"""

from __future__ import annotations

import csv
import html
import io
import json
import re
import sys
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

LOOKED_AT = 30  # filled rows at the top of a sheet among which its headings are looked for
MAX_MEMBERS = 2_000  # files inside a spreadsheet's archive
MAX_UNPACKED = 150 * 1024 * 1024  # bytes
MAX_BOX = 4_000_000  # cells between the first and the last one that is filled: the reader makes them all
MAX_CELL = 200_000  # characters; a spreadsheet's own limit is 32,767


class Refusal(Exception):
    """Why a file cannot be read: a reason that tables.py has a sentence for, and the values in it."""

    def __init__(self, reason: str, **values):
        super().__init__(reason)
        self.reason, self.values = reason, values


def folded(heading: str) -> str:
    """Return words in small letters without signs, so that "Start-Date" and "start date" are the same."""
    return " ".join(re.sub(r"[^\w]+|_", " ", heading.casefold()).split())


# -- What it is -------------------------------------------------------------------------------------------------------

SIGNS = (
    (b"%PDF", "pdf"),
    (b"{\\rtf", "word"),
    (b"\x89PNG", "picture"),
    (b"\xff\xd8\xff", "picture"),
    (b"GIF8", "picture"),
    (b"RIFF", "picture"),
    (b"BM", "picture-bmp"),
    (b"\x1f\x8b", "archive"),
    (b"7z\xbc\xaf", "archive"),
    (b"Rar!", "archive"),
    (b"SQLite format 3", "database"),
)


def parse(content: bytes, options: dict) -> dict:
    """Return the answer for a file's bytes. Raises Refusal."""
    if not content.strip(b"\x00 \t\r\n"):
        raise Refusal("empty")
    if options.get("text"):
        return delimited(content.decode("utf-8", "replace"), "", options)
    if content.startswith(b"PK\x03\x04"):
        return workbook(content, archive(content), options)
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        if "EncryptedPackage".encode("utf-16-le") in content:
            raise Refusal("locked")
        if "WordDocument".encode("utf-16-le") in content:
            raise Refusal("word")
        return workbook(content, "XLS", options)
    for sign, reason in SIGNS:
        if content.startswith(sign) and (reason != "picture-bmp" or content[6:10] == b"\x00" * 4):
            raise Refusal(reason.removesuffix("-bmp"))
    start = content[:2000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html", b"<table", b"<head", b"mime-version:")):
        raise Refusal("html")
    if start.startswith(b"<?xml") or b"urn:schemas-microsoft-com:office:spreadsheet" in start:
        raise Refusal("xml")
    if start.startswith(b"{") and b'"' in start and b"docs.google.com" in start:
        raise Refusal("link")
    text, encoding = decoded(content)
    refuse_json(text)
    return delimited(text, encoding, options)


def archive(content: bytes) -> str:
    """Return the kind of spreadsheet in a zip archive, after a cheap look at how large it would become."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            members = packed.infolist()
            if len(members) > MAX_MEMBERS or sum(each.file_size for each in members) > MAX_UNPACKED:
                raise Refusal("too-large-inside")
            names = {each.filename for each in members}
            if any(each.flag_bits & 1 for each in members):
                raise Refusal("locked")
            if any(name.startswith("xl/") for name in names):
                if "xl/workbook.bin" not in names:
                    for each in members:
                        if re.fullmatch(r"xl/worksheets/[^/]+\.xml", each.filename):
                            measure(packed, each)
                return "XLSB" if "xl/workbook.bin" in names else "XLSX"
            if "content.xml" in names:
                mime = packed.read("mimetype")[:100] if "mimetype" in names else b"spreadsheet"
                if b"spreadsheet" not in mime:
                    raise Refusal("word")
                if "META-INF/manifest.xml" in names and b"encryption-data" in packed.read("META-INF/manifest.xml"):
                    raise Refusal("locked")
                measure_ods(packed)
                return "ODS"
            if any(name.startswith("word/") for name in names):
                raise Refusal("word")
            if any(name.startswith("ppt/") for name in names):
                raise Refusal("slides")
            if any(name.endswith(".iwa") or name == "Index.zip" for name in names):
                raise Refusal("numbers")
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise Refusal("damaged") from error
    raise Refusal("archive")


_CELL = re.compile(rb'<(?:\w+:)?c\s[^>]*?\br="([A-Z]{1,4})(\d{1,8})"[^>]*?(/?)>')
_PIECE = 1 << 20


def measure(packed: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    """Raise Refusal where the cells of one sheet would span more than MAX_BOX, read piece by piece."""
    top = left = 1 << 30
    bottom = right = read = 0
    rest = b""
    with packed.open(member) as sheet:
        while piece := sheet.read(_PIECE):
            read += len(piece)
            if read > MAX_UNPACKED:
                raise Refusal("too-large-inside")
            text = rest + piece
            for letters, number, closed in _CELL.findall(text):
                if not closed:
                    row, column = int(number), column_of(letters)
                    top, bottom, left, right = min(top, row), max(bottom, row), min(left, column), max(right, column)
            rest = text[-200:]
    if bottom and (bottom - top + 1) * (right - left + 1) > MAX_BOX:
        raise Refusal("too-wide-inside")


def column_of(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


_REPEATED = re.compile(rb'table:number-(columns|rows)-repeated="(\d{1,9})"')


def measure_ods(packed: zipfile.ZipFile) -> None:
    """Raise Refusal where the words of an OpenDocument file unpack to more than fits, or repeat without end."""
    read, filled = 0, 0
    with packed.open("content.xml") as words:
        rest = b""
        while piece := words.read(_PIECE):
            read += len(piece)
            if read > MAX_UNPACKED:
                raise Refusal("too-large-inside")
            text = rest + piece
            for cell in re.finditer(rb"<table:table-cell\b([^>]*)>", text):
                if not cell[1].endswith(b"/") and (found := _REPEATED.search(cell[1])):
                    filled += int(found[2])
            rest = text[-400:]
    if filled > MAX_BOX:
        raise Refusal("too-wide-inside")


# -- Workbooks --------------------------------------------------------------------------------------------------------


def workbook(content: bytes, kind: str, options: dict) -> dict:
    """Return the answer for an Excel or OpenDocument spreadsheet."""
    import python_calamine as calamine

    try:
        book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        listed = [(each.name, str(each.visible).endswith("Visible"), str(each.typ)) for each in book.sheets_metadata]
        listed = [each for each in listed if each[2].endswith("WorkSheet")] or listed
    except calamine.PasswordError as error:
        raise Refusal("locked") from error
    except Exception as error:  # the reader's own errors have no common parent
        raise Refusal("damaged") from error
    sheets, rows_of, lefts = [], {}, {}
    for name, visible, _kind in listed[: options["max_sheets"]]:
        try:
            grid = book.get_sheet_by_name(name)
            start, lefts[name] = (grid.start or (0, 0))[0] + 1, (grid.start or (0, 0))[1]
            rows = [
                (start + at, trimmed([shown(value) for value in values]))
                for at, values in enumerate(grid.to_python(skip_empty_area=True))
            ]
        except Exception:  # one sheet that cannot be read leaves the others
            rows = []
        rows = [(number, cells) for number, cells in rows if any(cell.strip() for cell in cells)]
        limit(rows, options)
        rows_of[name] = rows
        cells = sum(1 for _number, each in rows for cell in each if cell)
        sheets.append({"name": name, "rows": len(rows), "cells": cells, "hidden": not visible})
    chosen = options.get("sheet")
    if chosen is None:
        chosen = best_sheet(sheets, rows_of, options)
    if chosen not in rows_of:
        raise Refusal("no-sheet", sheet=chosen, sheets=", ".join(rows_of))
    if not any(rows_of.values()):
        raise Refusal("empty")
    if kind == "XLSX":
        put_as_seen(content, chosen, rows_of[chosen], lefts.get(chosen, 0))
    return {
        "kind": kind, "encoding": "", "separator": "", "sheets": sheets, "sheet": chosen, "rows": rows_of[chosen],
    }  # fmt: skip


def best_sheet(sheets: list[dict], rows_of: dict, options: dict) -> str:
    """Return the sheet to take: the first to be seen with a heading we know as a title, else the fullest."""
    order = sorted(sheets, key=lambda each: each["hidden"])
    for each in order:
        rows = [cells for _number, cells in rows_of[each["name"]]]
        if known_heading_row(rows, options["titles"], options["known"]) is not None:
            return each["name"]
    seen = [each for each in sheets if not each["hidden"] and each["cells"]] or sheets
    wide = [each for each in seen if each["cells"] > each["rows"] * 3 // 2] or seen  # the others hold a text
    return max(wide, key=lambda each: each["cells"])["name"]


def shown(value) -> str:
    """Return a cell as people see it: days as 2026-11-22, whole numbers without ".0", no noise behind the comma."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.15g}"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time(0) else value.isoformat(" ", "minutes")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    return str(value)


# -- Figures as people see them ---------------------------------------------------------------------------------------

# The reader gives a share as 0.45 and a month as its first day. What the sheet shows ("45%", "March 2021") is what was
# meant: the first is not half an hour, and of the second nobody knows the day.

_ATTRIBUTE = re.compile(r'([\w:]+)="([^"]*)"')
_STYLED = re.compile(rb'<(?:\w+:)?c\s([^>]*\bs="\d+"[^>]*)(?<!/)>')
_QUOTED = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]')
BUILT_IN = {9: "0%", 10: "0.00%", 17: "mmm-yy"}
MAX_STYLES = 8 * 1024 * 1024  # bytes
MAX_STYLED = 100_000  # cells
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


def put_as_seen(content: bytes, sheet: str, rows: list[tuple[int, list[str]]], left: int) -> None:
    """Write the shares and months of a sheet as it shows them; a file that does not tell stays as it was read."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            looks = {at: look for at, code in enumerate(style_codes(packed)) if (look := look_of(code))}
            styled = styled_cells(packed, sheet_member(packed, sheet), looks) if looks else {}
    except (KeyError, ValueError, zipfile.BadZipFile, EOFError, OSError, NotImplementedError, zlib.error):
        return
    if not styled:
        return
    for number, cells in rows:
        for at, cell in enumerate(cells):
            if cell and (look := styled.get((number, at + left + 1))):
                cells[at] = as_seen(cell, look)


def as_seen(cell: str, look: str) -> str:
    """Return "0.45" as "45%" where ``look`` is the number of decimals, and "2021-03-01" as "March 2021"."""
    if look == "month":
        found = re.fullmatch(r"(\d{4})-(\d\d)-\d\d", cell)
        return f"{MONTHS[int(found[2]) - 1]} {found[1]}" if found else cell
    try:
        return f"{float(cell) * 100:.{int(look)}f}%"
    except ValueError:
        return cell


def look_of(code: str) -> str:
    """Return "month" for a format that shows month and year alone, the decimals of one that shows a share, else ""."""
    code = _QUOTED.sub("", code.partition(";")[0]).lower()
    if "%" in code:
        return str(len(re.match(r"[0#?]*", code.partition(".")[2])[0]))
    return "month" if "m" in code and "y" in code and not set(code) & set("dhs0#") else ""


def style_codes(packed: zipfile.ZipFile) -> list[str]:
    """Return the number format of every style of the workbook, in order."""
    text = small_member(packed, "xl/styles.xml")
    codes = dict(BUILT_IN)
    for each in re.findall(r"<(?:\w+:)?numFmt\s([^>]*)>", text):
        given = dict(_ATTRIBUTE.findall(each))
        codes[int(given["numFmtId"])] = html.unescape(given["formatCode"])
    styles = re.search(r"<(?:\w+:)?cellXfs\b.*?</(?:\w+:)?cellXfs>", text, re.DOTALL)
    found = re.findall(r"<(?:\w+:)?xf\s([^>]*)>", styles[0] if styles else "")
    return [codes.get(int(dict(_ATTRIBUTE.findall(each)).get("numFmtId", "0")), "") for each in found]


def sheet_member(packed: zipfile.ZipFile, sheet: str) -> str:
    """Return the name of the file inside the archive that holds ``sheet``. Raises KeyError where none does."""
    ids = {}
    for each in re.findall(r"<(?:\w+:)?sheet\s([^>]*)>", small_member(packed, "xl/workbook.xml")):
        given = dict(_ATTRIBUTE.findall(each))
        ids[html.unescape(given.get("name", ""))] = next((given[key] for key in given if key.endswith(":id")), "")
    targets = {}
    for each in re.findall(r"<(?:\w+:)?Relationship\s([^>]*)>", small_member(packed, "xl/_rels/workbook.xml.rels")):
        given = dict(_ATTRIBUTE.findall(each))
        targets[given["Id"]] = given["Target"]
    target = targets[ids[sheet]]
    return target.lstrip("/") if target.startswith("/") else f"xl/{target}"


def small_member(packed: zipfile.ZipFile, name: str) -> str:
    """Return the text of a file inside the archive. Raises ValueError where it is too large to be what it should be."""
    with packed.open(name) as member:
        content = member.read(MAX_STYLES + 1)
    if len(content) > MAX_STYLES:
        raise ValueError(name)
    return content.decode("utf-8", "replace")


def styled_cells(packed: zipfile.ZipFile, name: str, looks: dict[int, str]) -> dict[tuple[int, int], str]:
    """Return the cells of a sheet that hold a number and are to look like one of ``looks``: (row, column) -> look."""
    found: dict[tuple[int, int], str] = {}
    rest = b""
    with packed.open(name) as sheet:
        while (piece := sheet.read(_PIECE)) and len(found) < MAX_STYLED:
            text = rest + piece
            for each in _STYLED.findall(text):
                given = dict(_ATTRIBUTE.findall(each.decode("utf-8", "replace")))
                look = looks.get(int(given["s"]))
                where = re.fullmatch(r"([A-Z]{1,4})(\d{1,8})", given.get("r", ""))
                if look and where and given.get("t", "n") in ("n", "d"):
                    found[int(where[2]), column_of(where[1].encode())] = look
            rest = text[-200:]
    return found


# -- Delimited text ---------------------------------------------------------------------------------------------------


def decoded(content: bytes) -> tuple[str, str]:
    """Return the text of a file and the name of its encoding. Raises Refusal when it is no text."""
    for text, name in readings(content):
        if text is not None and (is_words(text) or content.startswith(b"\xef\xbb\xbf")):
            return text, name
    raise Refusal("not-text")


def readings(content: bytes) -> Iterator[tuple[str | None, str]]:
    """Yield the text as each encoding that it may be in would have it, the likeliest first."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        yield attempt(content, "utf-16"), "UTF-16"
        return
    start = content[:400]
    if start.count(0) > len(start) // 4:  # every second byte of western text in UTF-16
        order = "utf-16-le" if start[1::2].count(0) > start[::2].count(0) else "utf-16-be"
        yield attempt(content, order), "UTF-16"
        return
    yield attempt(content, "utf-8-sig"), "UTF-8"
    if mostly_utf8(content):
        yield content.decode("utf-8", "cp1252-for-stray").removeprefix("\ufeff"), "UTF-8"
    high = sum(1 for byte in content[:50_000] if byte >= 0x80)
    if high * 8 > min(len(content), 50_000):  # more than western accents: look closer
        from charset_normalizer import from_bytes

        for size in (3_000, 30_000, 300_000):
            if (best := from_bytes(content[:size]).best()) is not None and best.encoding not in WESTERN:
                yield attempt(content, WIDER.get(best.encoding, best.encoding)), best.encoding.upper()
    yield attempt(content, "cp1252"), "Windows-1252"
    yield content.decode("latin-1"), "Latin-1"


WESTERN = {"ascii", "cp1252", "latin_1", "utf_8"}  # tried below, and told apart better there
WIDER = {"big5": "big5hkscs", "gb2312": "gb18030", "gbk": "gb18030", "euc_kr": "cp949", "shift_jis": "cp932"}


def attempt(content: bytes, encoding: str) -> str | None:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        return None


def mostly_utf8(content: bytes) -> bool:
    """Return whether the text is UTF-8 but for a few strays, as where lines of two files were put together."""
    whole = len(re.findall(rb"[\xc2-\xf4][\x80-\xbf]+", content))
    strays = content.decode("utf-8", "replace").count("\ufffd")
    return whole >= 2 * strays


def stray(error: UnicodeDecodeError) -> tuple[str, int]:
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


def is_words(text: str) -> bool:
    """Return whether the text has no control characters but tabs and line ends (a stray one in 200 is let through)."""
    strange = sum(1 for sign in text[:20_000] if sign < " " and sign not in "\t\r\n\x0b\x0c")
    return strange * 200 <= min(len(text), 20_000)


def refuse_json(text: str) -> None:
    """Raise Refusal for a file that programs write for programs; a list that only begins like one is let through."""
    if text.lstrip()[:1] in ("[", "{"):
        try:
            json.loads(text)
        except (ValueError, RecursionError):
            return
        raise Refusal("json")


SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}


def delimited(text: str, encoding: str, options: dict) -> dict:
    """Return the answer for CSV or pasted text, whatever separates its cells and ends its lines."""
    text = text.removeprefix("\ufeff")
    first = 1
    named = re.match(r"sep=(.)[\r\n]+", text)
    if named:
        text, first = text[named.end() :], 2
    separator = named[1] if named and named[1] in SEPARATORS else separating(text)
    refuse_open_quote(text, separator, first)
    rows, number = [], first - 1
    try:
        for number, cells in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=separator), start=first):
            cells = [cell.replace("\x00", "") for cell in cells]
            if any(cell.strip() for cell in cells):
                rows.append((number, cells))
                if len(rows) > options["max_rows"] + LOOKED_AT:
                    break  # limit refuses it
    except csv.Error as error:
        if "field limit" in str(error):
            raise Refusal("cell", row=number + 1, most=MAX_CELL) from error
        raise Refusal("damaged-csv") from error
    limit(rows, options)
    if not rows:
        raise Refusal("empty")
    kind = "pasted" if options.get("text") else "CSV"
    return {
        "kind": kind, "encoding": encoding, "separator": SEPARATORS[separator], "sheets": [], "sheet": "", "rows": rows,
    }  # fmt: skip


def separating(text: str) -> str:
    """Return the sign that cuts the first lines into the most cells, in the most even way."""
    best, best_score = ",", (0, 0)
    for sign in SEPARATORS:
        counts = []
        try:
            for cells in csv.reader(io.StringIO(text[:40_000], newline=""), delimiter=sign):
                counts.append(len(cells))
                if len(counts) == 60:
                    break
        except csv.Error:
            continue
        widths = [count for count in counts if count > 1]
        commonest = max((widths.count(width), width) for width in widths) if widths else (0, 0)
        if commonest > best_score:
            best, best_score = sign, commonest
    return best


def refuse_open_quote(text: str, separator: str, first: int) -> None:
    """Raise Refusal when a quotation mark is opened and never closed: it would swallow the rest of the list."""
    row = first - 1
    try:
        for _cells in csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=separator):
            row += 1
    except csv.Error as error:
        if "unexpected end of data" in str(error):
            raise Refusal("open-quote", row=row + 1) from error


# -- Rows -------------------------------------------------------------------------------------------------------------


def trimmed(cells: list[str]) -> list[str]:
    """Return the cells without the empty ones at the end."""
    last = len(cells)
    while last and not cells[last - 1].strip():
        last -= 1
    return cells[:last]


def limit(rows: list[tuple[int, list[str]]], options: dict) -> None:
    """Raise Refusal for more rows or columns than a register takes, or a cell that no spreadsheet would hold."""
    if len(rows) > options["max_rows"] + LOOKED_AT:
        raise Refusal("rows", most=options["max_rows"])
    for number, cells in rows:
        if len(trimmed(cells)) > options["max_columns"]:
            raise Refusal("columns", row=number, most=options["max_columns"])
        if any(len(cell) > MAX_CELL for cell in cells):
            raise Refusal("cell", row=number, most=MAX_CELL)


def known_heading_row(rows: list[list[str]], titles: list[str], known: list[str]) -> int | None:
    """Return which of the first rows has a heading that we know for the title, and mostly headings we know.

    One of the two rows under it is taken where it has more of them: the first was a band of groups over the headings.
    """
    titles, known = set(titles), set(known)
    heads: dict[int, int] = {}  # row -> headings that we know
    for at, cells in enumerate(rows[:LOOKED_AT]):
        if heads and at > min(heads) + 2:
            break
        found = {folded(cell) for cell in cells if len(cell) < 200}
        if found & titles and len(found & known) * 2 >= min(len(found - {""}), 4):
            heads[at] = len(found & known)
    return max(heads, key=lambda at: (heads[at], -at), default=None)


# -- The program ------------------------------------------------------------------------------------------------------


def hold(limits: dict) -> None:
    """Give this process its limits; what the system does not know is left out."""
    try:
        import resource
    except ImportError:  # a system without them: the parent still stops it by the clock
        return
    for name, most in limits.items():
        try:
            resource.setrlimit(getattr(resource, name), (most, most))
        except (AttributeError, OSError, ValueError):
            continue


def main() -> None:
    import codecs

    codecs.register_error("cp1252-for-stray", stray)
    csv.field_size_limit(MAX_CELL * 5)
    source = sys.stdin.buffer
    options = json.loads(source.readline())
    hold(options["limits"])
    try:
        answer = parse(source.read(), options)
    except Refusal as refusal:
        answer = {"refused": [refusal.reason, refusal.values]}
    except MemoryError:
        answer = {"refused": ["too-large-inside", {}]}
    sys.stdout.buffer.write(json.dumps(answer).encode())


if __name__ == "__main__":
    main()
