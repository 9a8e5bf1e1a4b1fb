"""From the bytes of a CSV file, or pasted text, to headings and rows."""

from __future__ import annotations

import csv
import io
import re
import string
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from involvement.imports.columns import COLUMNS, folded

MAX_BYTES = 5 * 1024 * 1024
MAX_ROWS = 20_000
MAX_COLUMNS = 200
HEADING_SEARCH = 20  # rows at the top among which the headings are looked for
_GUARDED = re.compile(r"'[\s\ufeff]*'*[=+\-@\t\r]")


class Unreadable(Exception):
    """A file that cannot be read as a table, with a sentence that says why and what to do."""


@dataclass(frozen=True)
class Table:
    """A file as read: its headings, each once, and its rows as (row number in the file, cells)."""

    headings: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]


def read_table(content: bytes | str) -> Table:
    """Return the table in a CSV file's bytes, or in pasted text (tabs, commas or semicolons).

    UTF-8, UTF-16 and Windows-1252 are told apart by what is there. The headings are the first row that has one we
    know among the first HEADING_SEARCH, else the first row with words. Raises Unreadable with a plain sentence.
    """
    if len(content) > MAX_BYTES:
        raise Unreadable(_("The file is larger than 5 MB. Split it into smaller files"))
    text = content if isinstance(content, str) else decoded(content)
    if not text.strip():
        raise Unreadable(_("The file is empty"))
    records = list(_records(text.removeprefix("\ufeff")))
    filled = [(number, cells) for number, cells in records if any(cell.strip() for cell in cells)]
    if not filled:
        raise Unreadable(_("The file is empty"))
    at = _heading_row([cells for _number, cells in filled])
    headings = _headings(filled[at][1])
    rows = tuple((number, tuple(cells)) for number, cells in filled[at + 1 :])
    if not rows:
        raise Unreadable(_("There are headings but no rows under them"))
    if len(rows) > MAX_ROWS:
        raise Unreadable(_("There are more than %(most)s rows. Split the file") % {"most": f"{MAX_ROWS:,}"})
    return Table(headings, rows)


def decoded(content: bytes) -> str:
    """Return the text of a CSV file. Raises Unreadable when the bytes are something else."""
    signs = (
        (b"PK\x03\x04", _("This is an Excel or OpenDocument file. Save it as CSV, then choose the CSV file")),
        (b"\xd0\xcf\x11\xe0", _("This is an old Excel or Word file. Save it as CSV, then choose the CSV file")),
        (b"%PDF", _("This is a PDF. Choose a CSV file")),
        (b"{\\rtf", _("This is a text document. Choose a CSV file")),
    )
    for sign, said in signs:
        if content.startswith(sign):
            raise Unreadable(said)
    for encoding in _encodings(content):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if _is_words(text):
            return text
    raise Unreadable(_("This does not look like a CSV file. Save your list as CSV (UTF-8) and choose that file"))


def _encodings(content: bytes) -> tuple[str, ...]:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return ("utf-16",)
    start = content[:200]
    if start.count(0) > len(start) // 4:  # every second byte of western text in UTF-16
        return ("utf-16-le",) if start[1::2].count(0) > start[::2].count(0) else ("utf-16-be",)
    return ("utf-8-sig", "cp1252")


def _is_words(text: str) -> bool:
    """Return whether the text has no control characters but tabs and line ends (a stray one in 200 is let through)."""
    strange = sum(1 for sign in text[:20_000] if (sign < " " and sign not in "\t\r\n\x0b\x0c") or sign == "\ufffd")
    return strange * 200 <= min(len(text), 20_000)


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield (row number from 1, cells) of delimited text, whatever its line ends."""
    dialect = {"delimiter": _delimiter(text), "quotechar": '"', "skipinitialspace": False}
    _refuse_open_quote(text, dialect)
    try:
        for number, cells in enumerate(csv.reader(io.StringIO(text, newline=""), **dialect), start=1):
            if len(cells) > MAX_COLUMNS:
                raise Unreadable(_("Row %(row)d has more than %(most)d columns") % {"row": number, "most": MAX_COLUMNS})
            yield number, [_take_guard(cell.replace("\x00", "")) for cell in cells]
    except csv.Error as error:
        raise Unreadable(_("The file cannot be read as CSV. Save it as CSV again and choose the new file")) from error


def _delimiter(text: str) -> str:
    """Return the sign that cuts the first lines into the most cells, in the most even way."""
    sample = text[:20_000]
    best, best_score = ",", (0, 0)
    for sign in ",;\t|":
        counts = []
        try:
            for cells in csv.reader(io.StringIO(sample, newline=""), delimiter=sign):
                counts.append(len(cells))
                if len(counts) == 30:
                    break
        except csv.Error:
            continue
        widths = [count for count in counts if count > 1]
        commonest = max((widths.count(width), width) for width in widths) if widths else (0, 0)
        if commonest > best_score:
            best, best_score = sign, commonest
    return best


def _refuse_open_quote(text: str, dialect: dict) -> None:
    """Raise Unreadable when a quotation mark is opened and never closed: it would swallow the rest of the list."""
    row = 0
    try:
        for _cells in csv.reader(io.StringIO(text, newline=""), strict=True, **dialect):
            row += 1
    except csv.Error as error:
        if "unexpected end of data" in str(error):
            raise Unreadable(
                _("A quotation mark is opened in row %(row)d and never closed. Close it, or take it out")
                % {"row": row + 1}
            ) from error


def _take_guard(cell: str) -> str:
    """Take away one apostrophe that kept a spreadsheet from running the cell (the export puts exactly one there)."""
    return cell[1:] if _GUARDED.match(cell) else cell


def _heading_row(rows: list[list[str]]) -> int:
    known = {folded(name) for column in COLUMNS.values() for name in (column.slug, *column.guesses)}
    titles = {folded(name) for name in ("title", *COLUMNS["title"].guesses)}
    for at, cells in enumerate(rows[:HEADING_SEARCH]):
        found = {folded(cell) for cell in cells}
        if found & titles and len(found & known) * 2 >= min(len(found - {""}), 4):
            return at
    return 0


def _headings(cells: list[str]) -> tuple[str, ...]:
    """Return each heading once: an empty one by its letter, a repeated one with a number."""
    headings: list[str] = []
    for at, cell in enumerate(cells):
        name = " ".join(cell.split())[:80] or _("Column %(letter)s") % {"letter": _letter(at)}
        count = 2
        plain = name
        while name in headings:
            name, count = f"{plain} ({count})", count + 1
        headings.append(name)
    return tuple(headings)


def _letter(at: int) -> str:
    letters = ""
    at += 1
    while at:
        at, rest = divmod(at - 1, 26)
        letters = string.ascii_uppercase[rest] + letters
    return letters
