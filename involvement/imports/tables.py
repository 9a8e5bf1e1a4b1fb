"""From the bytes of a spreadsheet or CSV file, or pasted text, to headings and rows.

The file is parsed by parsing.py in a process of its own with limits (a stranger made it). Here the table is found in
what came back: its headings under title rows, its end above footnotes; and every refusal becomes a sentence that says
what to do.
"""

from __future__ import annotations

import json
import re
import string
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from statistics import median

from django.utils.translation import gettext as _

from involvement.cells import unguarded
from involvement.imports import parsing
from involvement.imports.columns import COLUMNS, folded, is_own

MAX_BYTES = 10 * 1024 * 1024  # a register of 20,000 rows with a page of text each is smaller
MAX_ROWS = 20_000
MAX_COLUMNS = 400
MAX_SHEETS = 30
SECONDS = 8  # of the processor that a file may take
CLOCK = 30  # seconds, for when many others use the machine too
MEMORY = 200 * 1024 * 1024  # bytes; 20,000 rows of 24 columns take half of it
MAX_ANSWER = 200 * 1024 * 1024  # bytes
PROSE = 60  # letters of the usual line, from which a single column is a text and no list
FOOTNOTE = re.compile(
    r"\W*(notes?|sources?|footnotes?|key|legend|copyright)\b|\[?\d\]?[.)]|[©*†]|\(\d+\)", re.IGNORECASE
)


class Unreadable(Exception):
    """A file that cannot be read as a table, with a sentence that says why and what to do."""


@dataclass(frozen=True)
class Table:
    """A file as read: its headings, each once, and its rows as (row number in the file, cells).

    ``heading_row`` is the row that the headings stand in, None where the file has none and the columns are named by
    letters; where they stand over several rows it is the last of these, and ``heading_top`` the first. ``skipped``
    holds the rows that are no part of the table: titles above it, notes below. ``sheet`` is the sheet that was read,
    ``sheets`` all that have words; both empty for CSV. ``read_as`` says in words what it was read as.
    """

    headings: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    heading_row: int | None = None
    skipped: tuple[tuple[int, str], ...] = ()
    sheet: str = ""
    sheets: tuple[str, ...] = ()
    read_as: str = ""
    heading_top: int | None = None


def read_table(content: bytes | str, *, sheet: str | None = None, heading_row: int | None = None) -> Table:
    """Return the table in a file's bytes (CSV, XLSX, XLSM, XLS, XLSB, ODS), or in pasted text.

    What the file is, its encoding and its separator are found out. ``sheet`` None takes the sheet that looks most like
    a register; ``heading_row`` None finds the headings, 0 says that there are none. Raises Unreadable with a plain
    sentence, also for a sheet or row that the file does not have.
    """
    size = len(content)
    if size > MAX_BYTES:
        said = _("The file is larger than %(most)d MB. Split it into smaller files")
        raise Unreadable(said % {"most": MAX_BYTES >> 20})
    found = _parsed(content, sheet)
    rows = [(number, cells) for number, cells in found["rows"]]
    if not rows:
        raise Unreadable(_("There is nothing on the sheet “%(sheet)s”. Choose another") % {"sheet": found["sheet"]})
    if found["kind"] in ("CSV", "pasted"):
        rows = [(number, [unguarded(cell) for cell in cells]) for number, cells in rows]
    at = _heading_at(rows, heading_row)
    if heading_row is None and _is_prose(rows, at):
        raise Unreadable(_no_list(found["sheet"]))
    top, at = (0, None) if at is None else _heading_span(rows, at, heading_row is None)
    width = max(len(cells) for _number, cells in rows)
    below = rows if at is None else rows[at + 1 :]
    notes = [] if at is not None and is_own(rows[at][1]) else _notes_below(below)  # ours has none
    body = below[: len(below) - len(notes)]
    if not body:
        raise Unreadable(_("There are headings but no rows under them"))
    if len(body) > MAX_ROWS:
        raise Unreadable(_("There are more than %(most)s rows. Split the file") % {"most": f"{MAX_ROWS:,}"})
    above = rows[:top]
    headings = _headings([[""] * width] if at is None else [cells for _number, cells in rows[top : at + 1]])
    return Table(
        headings=headings,
        rows=tuple((number, tuple(cells)) for number, cells in body),
        heading_row=None if at is None else rows[at][0],
        skipped=tuple((number, " ".join(" ".join(cells).split())[:200]) for number, cells in [*above, *notes]),
        sheet=found["sheet"],
        sheets=tuple(each["name"] for each in found["sheets"] if each["rows"]),
        read_as=_read_as(found),
        heading_top=None if at is None or top == at else rows[top][0],
    )


# -- The other process ------------------------------------------------------------------------------------------------


def _parsed(content: bytes | str, sheet: str | None) -> dict:
    """Return what parsing.py makes of the content. Raises Unreadable."""
    titles, known = _known_headings()
    limits = {"RLIMIT_CPU": SECONDS, "RLIMIT_AS": MEMORY, "RLIMIT_CORE": 0, "RLIMIT_FSIZE": 0, "RLIMIT_NOFILE": 64}
    options = {
        "text": isinstance(content, str), "sheet": sheet, "titles": titles, "known": known, "max_rows": MAX_ROWS,
        "max_columns": MAX_COLUMNS, "max_sheets": MAX_SHEETS, "limits": limits,
    }  # fmt: skip
    packed = content.encode("utf-8", "replace") if isinstance(content, str) else content
    try:
        done = subprocess.run(  # noqa: S603 our own program; the file comes in as bytes
            [sys.executable, "-I", str(Path(parsing.__file__))],
            input=json.dumps(options).encode() + b"\n" + packed,
            capture_output=True, timeout=CLOCK, env={"OPENBLAS_NUM_THREADS": "1"}, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise Unreadable(_refusal("slow", {})) from error
    if done.returncode or len(done.stdout) > MAX_ANSWER:
        raise Unreadable(_refusal("too-large-inside" if done.returncode else "cells", {}))
    answer = json.loads(done.stdout)
    if "refused" in answer:
        raise Unreadable(_refusal(*answer["refused"]))
    return answer


@cache
def _known_headings() -> tuple[list[str], list[str]]:
    known = sorted({folded(name) for column in COLUMNS.values() for name in (column.slug, *column.guesses)})
    return sorted({folded(name) for name in ("title", *COLUMNS["title"].guesses)}), known


def _refusal(reason: str, values: dict) -> str:
    """Return the sentence for a reason of parsing.py: what it is, and what to do."""
    save = _("save the list as an Excel workbook (.xlsx) or as CSV, and choose that file")
    said = {
        "empty": _("The file is empty"),
        "pdf": _("This is a PDF. Open the list in the program it was made with, %(save)s"),
        "word": _("This is a text document. Copy its table into a spreadsheet, %(save)s. Or paste its rows below"),
        "slides": _("This is a presentation. Copy its table into a spreadsheet, %(save)s"),
        "picture": _("This is a picture. Choose the list itself: a spreadsheet or a CSV file"),
        "database": _("This is a database. Save the list in it as CSV, and choose that file"),
        "numbers": _("This is an Apple Numbers file. In Numbers choose File, then Export To, then Excel or CSV"),
        "archive": _("This is a packed archive. Unpack it, and choose the spreadsheet in it"),
        "html": _("This is a web page, even if its name says otherwise. Open it in your spreadsheet program, %(save)s"),
        "xml": _("This is an XML file. Open it in your spreadsheet program, %(save)s"),
        "json": _("This is a JSON file, which is made for programs. %(save)s") % {"save": save[:1].upper() + save[1:]},
        "link": _("This is only a link to an online sheet. Open it, download it as Excel or CSV, and choose that file"),
        "locked": _("The file is protected by a password. Open it, save it without one, and choose it again"),
        "damaged": _("The file is damaged or not complete. Open it in your spreadsheet program, %(save)s"),
        "damaged-csv": _("The file cannot be read as CSV. Save it as CSV again and choose the new file"),
        "not-text": _("This does not look like a spreadsheet or a CSV file. Open your list, %(save)s"),
        "too-large-inside": _(
            "Unpacked, the file is too large to be a list of activities. Copy the list alone into a new file"
        ),
        "too-wide-inside": _(
            "Something stands far away from the list, such as a word in the last row or column of the sheet."
            " Copy the list alone into a new file"
        ),
        "slow": _("The file took too long to read. Copy the list alone into a new file, without pictures and formulas"),
        "rows": _("There are more than %(most)s rows. Split the file"),
        "columns": _("Row %(row)d has more than %(most)d columns. Leave out what is not part of the list"),
        "cell": _("A cell in row %(row)d has more than %(most)s letters. Shorten it"),
        "cells": _("There is more in the file than fits in a register. Split it"),
        "no-sheet": _("There is no sheet “%(sheet)s” in the file. Its sheets are: %(sheets)s"),
        "open-quote": _("A quotation mark is opened in row %(row)d and never closed. Close it, or take it out"),
    }[reason]
    values = {name: f"{value:,}" if name == "most" and reason != "columns" else value for name, value in values.items()}
    return said % {"save": save, **values}


def _read_as(found: dict) -> str:
    """Return in words what the file was read as."""
    if found["kind"] == "CSV":
        named = {"encoding": found["encoding"], "separator": found["separator"]}
        return _("CSV in %(encoding)s, separated by %(separator)s") % named
    if found["kind"] == "pasted":
        return _("pasted rows, separated by %(separator)s") % {"separator": found["separator"]}
    return _("OpenDocument spreadsheet") if found["kind"] == "ODS" else _("Excel workbook")


def _no_list(sheet: str) -> str:
    """Return the sentence for a file, or a sheet of it, that holds a text and no table."""
    if sheet:
        said = _(
            "There is no list on the sheet “%(sheet)s”, only a text in one column."
            " Choose a file in which each activity has a row of its own, under headings"
        )
        return said % {"sheet": sheet}
    return _(
        "There is no list here, only a text in one column."
        " Choose a file in which each activity has a row of its own, under headings"
    )


# -- Finding the table ------------------------------------------------------------------------------------------------


def _heading_at(rows: list[tuple[int, list[str]]], asked: int | None) -> int | None:
    """Return where in ``rows`` the headings stand, None for nowhere. Raises Unreadable when the asked row is empty."""
    if asked is not None:
        if asked == 0:
            return None
        for at, (number, _cells) in enumerate(rows):
            if number == asked:
                return at
        raise Unreadable(_("There are no headings in row %(row)d: it is empty, or not there") % {"row": asked})
    first = [cells for _number, cells in rows[: parsing.LOOKED_AT]]
    titles, known = _known_headings()
    at = parsing.known_heading_row(first, titles, known)
    if at is not None:
        return at
    widths = Counter(_filled(cells) for cells in first)
    usual = max((width for width in widths if widths[width] * 4 >= len(first)), default=max(widths))
    for at, cells in enumerate(first):
        if _filled(cells) * 5 >= usual * 3 and (_filled(cells) > 1 or usual <= 1):
            if _are_headings(cells) and not _recurs(rows, at):
                return at
            return None if at == 0 else _headings_above(first, at)
    return 0


def _recurs(rows: list[tuple[int, list[str]]], at: int) -> bool:
    """Return whether the words of a row stand again and again below, in their own columns: then it is one of many."""
    again = 0
    for column, word in enumerate(rows[at][1]):
        if word.strip():
            below = (cells[column].strip() for _number, cells in rows[at + 1 : at + 301] if column < len(cells))
            again += word.strip() in below
    return again >= max(2, _filled(rows[at][1]) // 4)


def _headings_above(rows: list[list[str]], at: int) -> int | None:
    """Return the row of headings above the first full row of figures, where the row before it looks like one."""
    above = rows[at - 1]
    return at - 1 if _filled(above) > 1 and _are_headings(above) else None


_FIGURES = re.compile(r"(?![%£$€]+$)[\d\s.,:/%£$€()+\-]+|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}.*")


def _are_headings(cells: list[str]) -> bool:
    """Return whether a row may be headings: words for the most part, each short, none twice and few of them figures."""
    words = [cell.strip() for cell in cells if cell.strip()]
    figures = sum(bool(_FIGURES.fullmatch(word)) and not re.fullmatch(r"(19|20)\d\d", word) for word in words)
    return figures * 4 <= len(words) and all(len(word) <= 200 for word in words)


def _filled(cells: list[str]) -> int:
    return sum(bool(cell.strip()) for cell in cells)


def _notes_below(rows: list[tuple[int, list[str]]]) -> list[tuple[int, list[str]]]:
    """Return the footnotes at the end: single cells under a blank row, or that begin as notes do, below a wide table.

    A row of one cell that looks like any other row stays: an activity may have only a title.
    """
    wide = [filled for filled in (_filled(cells) for _number, cells in rows) if filled > 1]
    if not wide or median(wide) < 3:
        return []
    cut = len(rows)
    for at in range(len(rows) - 1, 0, -1):
        number, cells = rows[at]
        if _filled(cells) > 1:
            break
        word = next(cell for cell in cells if cell.strip())
        if FOOTNOTE.match(word) or set(word.strip()) <= set("*-_=~ "):
            cut = at
        elif number - rows[at - 1][0] > 1 and len(word) > 60:
            cut = at
    return rows[cut:]


def _is_prose(rows: list[tuple[int, list[str]]], at: int | None) -> bool:
    """Return whether rows are a text and no list: most of one cell, in long lines, in paragraphs, without headings."""
    if at is not None:
        if _filled(rows[at][1]) > 1 or parsing.known_heading_row([rows[at][1]], *_known_headings()) is not None:
            return False
    alone = sum(_filled(cells) == 1 for _number, cells in rows)
    gaps = sum(number > before + 1 for (before, _cells), (number, _other) in pairwise(rows))
    return gaps > 2 and alone * 10 > len(rows) * 7 and median(sum(map(len, cells)) for _number, cells in rows) > PROSE


def _heading_span(rows: list[tuple[int, list[str]]], at: int, guessed: bool) -> tuple[int, int]:
    """Return the first and the last of the rows that the headings stand in, of which ``at`` is one.

    Rows below are taken only where ``at`` was guessed and holds little but one word again and again: the first row of
    a list must never be taken for headings.
    """
    top = bottom = at
    if guessed:
        while (
            bottom + 1 < len(rows)
            and (bottom > at or _is_said_again(rows[at][1]))
            and _heads_on(rows, top, bottom + 1)
        ):
            bottom += 1
    while top and _heads_over(rows, top - 1, bottom, guessed or top < bottom):
        top -= 1
    return top, bottom


def _is_said_again(cells: list[str]) -> bool:
    words = [folded(cell) for cell in cells if cell.strip()]
    return len(words) > 2 and len(set(words)) * 2 <= len(words)


def _heads_on(rows: list[tuple[int, list[str]]], top: int, at: int) -> bool:
    """Return whether row ``at`` goes on with the headings above it: words over columns of figures, or in the gaps."""
    if rows[at][0] != rows[at - 1][0] + 1 or not _are_headings(rows[at][1]):
        return False
    body = [cells for _number, cells in rows[at + 1 : at + 301]]
    filled = {column for column, cell in enumerate(rows[at][1]) if cell.strip()}
    named = {column for _number, cells in rows[top:at] for column, cell in enumerate(cells) if cell.strip()}
    over_figures = {column for column in filled if _is_of_figures(body, column)}
    if any(_is_figure(_word(rows[at][1], column)) for column in over_figures):
        return False
    return len(over_figures) > 2 or (bool(over_figures) and not filled & named)


def _heads_over(rows: list[tuple[int, list[str]]], at: int, bottom: int, whole: bool) -> bool:
    """Return whether row ``at`` belongs to the headings that begin below it and end with row ``bottom``.

    It does where they lack names that it has, where some of them are alike, or (``whole``) where it fills nearly as
    many columns. A line of its own above the table does not.
    """
    number, cells = rows[at]
    words = [cell for cell in cells if cell.strip()]
    if number + 1 != rows[at + 1][0] or len(words) < 2 or not _are_headings(cells) or max(map(len, words)) > 120:
        return False
    below = [each for _number, each in rows[at + 1 : bottom + 1]]
    width = max(len(each) for each in (cells, *below))
    names = [" ".join(folded(_word(each, column)) for each in below).strip() for column in range(width)]
    counted = Counter(name for name in names if name)
    if any(count > 1 for count in counted.values()):
        return True
    body = [each for _number, each in rows[bottom + 1 : bottom + 301]]
    fills = sum(
        bool(_word(cells, column)) and not names[column] and any(_word(each, column) for each in body)
        for column in range(width)
    )
    return len(words) > 2 and (fills > 0 or (whole and len(words) * 5 >= counted.total() * 3))


def _is_of_figures(body: list[list[str]], column: int) -> bool:
    words = [word for cells in body if (word := _word(cells, column))]
    return len(words) > 2 and sum(map(_is_figure, words)) * 10 >= len(words) * 7


def _is_figure(word: str) -> bool:
    return bool(_FIGURES.fullmatch(word))


def _word(cells: list[str], column: int) -> str:
    return cells[column].strip() if column < len(cells) else ""


def _headings(rows: list[list[str]]) -> tuple[str, ...]:
    """Return each heading once, from the rows that they stand in: an empty one by its letter.

    Of several rows the last word of a column is its name. What stands above goes before it where that name alone is
    not the only one, and where a heading was broken over two rows; a name that we know stays as it is.
    """
    width = max(map(len, rows))
    parts = _parts(rows, width)
    known = set(_known_headings()[1])
    last = Counter(folded(each[-1][0]) for each in parts if each)
    headings: list[str] = []
    for column, each in enumerate(parts):
        name = each.pop()[0] if each else ""
        alone = last[folded(name)] == 1
        while each and not (alone and (folded(name) in known or each[-1][1] == ": ")):
            word, sign = each.pop()
            if folded(word) != folded(name):
                name = f"{word}{sign}{name}"
        name = name or _("Column %(letter)s") % {"letter": _letter(column)}
        plain, count = name, 2
        while name in headings:
            name, count = f"{plain} ({count})", count + 1
        headings.append(name)
    return tuple(headings)


def _parts(rows: list[list[str]], width: int) -> list[list[tuple[str, str]]]:
    """Return for each column the words over it from the top, each with the sign that ties it to the next.

    A word over several columns stands in the first of them only; it counts for those that have a name of their own.
    """
    parts: list[list[tuple[str, str]]] = [[] for _column in range(width)]
    for at, cells in enumerate(rows):
        first = next((column for column in range(width) if _word(cells, column)), width)
        named = {column for column in range(first, width) if any(_word(one, column) for one in rows[at + 1 :])}
        over_several = any(not _word(cells, column) for column in named)
        times = Counter(folded(cell) for cell in cells)
        over = ""
        for column, found in enumerate(parts):
            over = _word(cells, column) or over
            if _word(cells, column) or column in named:
                group = over_several or (bool(named) and times[folded(over)] > 1)
                found.append((" ".join(over.split())[:80], ": " if group else " "))
    return parts


def _letter(at: int) -> str:
    letters = ""
    at += 1
    while at:
        at, rest = divmod(at - 1, 26)
        letters = string.ascii_uppercase[rest] + letters
    return letters
