"""Which columns a list of activities can have, and which of theirs is which of ours. The words are in words.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext as _

from involvement.actions.base import Refused
from involvement.imports.parsing import folded

WORDS = tomllib.loads((Path(__file__).parent / "words.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Column:
    """One column of ours: its slug (the heading in files), its name on screen, the fact of an activity that it fills
    ("" for none by itself), other headings that people give to it, and whether only our own export writes it."""

    slug: str
    title: str
    fact: str
    guesses: tuple[str, ...]
    own: bool


MOST_IN_FULL = 40  # columns for each kind of record of which an activity can have several
IN_FULL = {"placed": "Place in full, %d", "change": "What came of it, %d"}  # placed_1, change_1 …
COLUMNS = {
    slug: Column(
        slug, column["title"]["en"], column.get("fact", ""), tuple(column.get("guesses", ())), column.get("own", False)
    )
    for slug, column in WORDS["columns"].items()
} | {
    f"{kind}_{number}": Column(f"{kind}_{number}", title % number, "", (), True)
    for kind, title in IN_FULL.items()
    for number in range(1, MOST_IN_FULL + 1)
}
LIST_COLUMNS = {slug: column for slug, column in COLUMNS.items() if not column.own}  # those of anybody's list
COLUMN_OF_FACT = {column.fact: column for column in COLUMNS.values() if column.fact} | {
    "named_services": COLUMNS["service"]
}
STATUSES = {word: status for status, words in WORDS["statuses"].items() for word in words}
UNKNOWN_WORDS = {"", *WORDS["unknown"]}
TRUST_WIDE_WORDS = set(WORDS["trust_wide"])
EVERYONE_WORDS = set(WORDS["everyone"])


GROUP_WORDS = {folded(word): slug for slug, words in WORDS["group_words"].items() for word in words}


def is_own(headings: Iterable[str]) -> bool:
    """Return whether a list is a register that this program wrote: it has title, place and facets, by these names."""
    return {"title", "place", "facets"} <= {heading.strip().casefold() for heading in headings}


def guess_columns(headings: Iterable[str]) -> dict[str, str]:
    """Return their heading -> our column for the headings we know, each of ours once.

    Our own names win over other words for them, and earlier headings over later ones. A register that came from here
    is known by our own names alone.
    """
    headings = list(headings)
    if is_own(headings):
        of_slug = {heading.strip().casefold(): heading for heading in reversed(headings)}
        return {heading: slug for slug, heading in of_slug.items() if slug in COLUMNS}
    found: dict[str, str] = {}
    for names in (lambda column: (column.slug, column.title), lambda column: column.guesses):
        for slug, column in LIST_COLUMNS.items():
            if slug in found.values():
                continue
            for name in names(column):
                heading = next((each for each in headings if each not in found and folded(each) == folded(name)), None)
                if heading is not None:
                    found[heading] = slug
                    break
    return found


def map_columns(headings: Iterable[str], corrections: Mapping[str, str]) -> dict[str, str]:
    """Return the guesses with ``corrections`` (their heading -> our column, or "" to leave it out) put in.

    Raises Refused when a heading is not in the file, a column is not one of ours, or two headings claim one column.
    """
    headings = list(headings)
    by_fold = {folded(heading): heading for heading in reversed(headings)}
    wanted: dict[str, str] = {}
    for theirs, ours in corrections.items():
        heading = theirs if theirs in headings else by_fold.get(folded(theirs))
        if heading is None:
            raise Refused(
                _("The file has no column “%(column)s”. Its columns are: %(columns)s")
                % {"column": theirs, "columns": ", ".join(headings)}
            )
        if ours and ours not in COLUMNS:
            raise Refused(
                _("There is no column “%(column)s” to map to. The columns are: %(columns)s")
                % {"column": ours, "columns": ", ".join(LIST_COLUMNS)}
            )
        if ours and ours in wanted.values():
            raise Refused(_("Two columns of the file are mapped to “%(column)s”. Choose one") % {"column": ours})
        wanted[heading] = ours
    guessed = guess_columns(heading for heading in headings if heading not in wanted)
    mapped = {heading: ours for heading, ours in guessed.items() if ours not in wanted.values()} | wanted
    return {heading: mapped[heading] for heading in headings if mapped.get(heading)}
