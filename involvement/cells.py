"""What stands in one cell of a list that goes out or comes in: guarded from being run, lists, and records in full.

Pure functions of text, used alike by the export (exports.py) and the import (imports/): each writer stands beside its
reader, and reading gives back exactly what was written.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator
from itertools import batched

# Text that a spreadsheet would run as a formula. Apostrophes and space may stand before its first sign in any mixture:
# otherwise "' =1" that people wrote and " =1" that was guarded would look alike, and one of them would come back wrong.
_RUN = re.compile(r"[\s\ufeff\u200b']*[=+\-@\t\r]")
AT_ONCE = 500  # rows in one piece of a file
_NEEDS_QUOTES = re.compile(r'[;|"\n\r]|^\s|\s$|^$')


def guarded(text: str) -> str:
    """Return a cell of a CSV file: one apostrophe before text that a spreadsheet would run, else as it is."""
    return f"'{text}" if _RUN.match(text) else text


def csv_lines(rows: Iterable[Iterable[object]]) -> Iterator[bytes]:
    """Yield a CSV file piece by piece: UTF-8 with its mark, every text guarded, what is no text as it is."""
    yield b"\xef\xbb\xbf"
    for some in batched(rows, AT_ONCE):
        text = io.StringIO()
        csv.writer(text).writerows(
            [guarded(cell) if isinstance(cell, str) else cell for cell in row] for row in some
        )
        yield text.getvalue().encode("utf-8", "replace")


def unguarded(cell: str) -> str:
    """Return what was guarded: exactly one apostrophe is taken away, where ``guarded`` would have put it."""
    return cell[1:] if cell.startswith("'") and _RUN.match(cell, 1) else cell


def written_list(words: Iterable[str], *, literal: Iterable[str] = ()) -> str:
    """Return "a; b; c", with quotation marks around what holds a semicolon and around any of ``literal`` (folded)."""
    literal = set(literal)
    return "; ".join(
        _quoted(each) if _NEEDS_QUOTES.search(each) or each.casefold() in literal else each for each in words
    )


def _quoted(words: str) -> str:
    return '"' + words.replace('"', '""') + '"'


def read_list(cell: str) -> list[tuple[str, bool]]:
    """Return the entries of "a; b" or "a | b", each with whether it stood in quotation marks: to the letter then."""
    entries, rest = [], cell.strip()
    while rest:
        found = re.match(r'"((?:[^"]|"")*)"\s*(?:[;|\n]\s*|$)', rest)
        if found:
            entries.append((found[1].replace('""', '"'), True))
            rest = rest[found.end() :]
            continue
        plain, _sign, rest = _cut(rest)
        if plain.strip():
            entries.append((" ".join(plain.split()), False))
        rest = rest.lstrip()
    return entries


def _cut(words: str) -> tuple[str, str, str]:
    found = re.search(r"[;|\n]", words)
    return (words[: found.start()], found[0], words[found.end() :]) if found else (words, "", "")


def written_record(record) -> str:
    """Return a record in full as one line of JSON, empty fields left out; "" for nothing."""
    return json.dumps(_without_empty(record), ensure_ascii=False, separators=(", ", ": ")) if record else ""


def _without_empty(value):
    if isinstance(value, dict):
        return {name: _without_empty(each) for name, each in value.items() if each not in (None, "", [], {})}
    return [_without_empty(each) for each in value] if isinstance(value, list) else value


def read_record(cell: str, kind: type[dict] | type[list] = dict):
    """Return the record in a cell, an empty one for an empty cell. Raises ValueError when it is no such record."""
    if not cell.strip():
        return kind()
    record = json.loads(cell, strict=False)
    if not isinstance(record, kind):
        raise ValueError("not the kind of record that was expected")
    return record
