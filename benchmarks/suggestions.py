"""How often the suggestions from words are right, as counts with a 95 % interval (Wilson).

    .venv/bin/python benchmarks/suggestions.py FILE LABELS [--only IDS] [--rows] [--hide-names]

FILE is a list of activities, with any headings that ``manage.py suggest`` can read and a column ``record_id``. LABELS
is a CSV file with the columns ``record_id, primary_place, secondary_places, coproduction_stages, owner_facet,
user_facet, chooser_facet, confidence``: places singular (owner, user, chooser, coproducer, none), several values
joined by a bar. ``--only`` names a file with one record_id a line; ``--rows`` lists the rows that are wrong (do not use
it on rows that you want to stay unseen).
"""

from __future__ import annotations

import argparse
import csv
import math
import os
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from framework.catalogue import NOT_INVOLVEMENT  # noqa: E402
from framework.hints import Hint, hint  # noqa: E402
from framework.lexicon import FIELDS  # noqa: E402

PLACES = {
    "owner": "owners",
    "user": "users",
    "chooser": "choosers",
    "coproducer": "coproducers",
    "none": NOT_INVOLVEMENT,
}
WAYS = {
    "owner_facet": "owners",
    "user_facet": "users",
    "chooser_facet": "choosers",
    "coproduction_stages": "coproducers",
}


@dataclass(frozen=True)
class Label:
    """What a careful reader said of one activity."""

    place: str
    others: frozenset[str]
    facets: frozenset[str]
    high: bool


@dataclass(frozen=True)
class Count:
    """``hits`` of ``out_of``, printed with its 95 % interval."""

    hits: int
    out_of: int

    @property
    def share(self) -> float:
        """Return the share, 0 when there is nothing to count."""
        return self.hits / self.out_of if self.out_of else 0.0

    def __str__(self) -> str:
        low, high = wilson(self.hits, self.out_of)
        return f"{self.hits:3d} of {self.out_of:3d} = {100 * self.share:5.1f} %  [{100 * low:.1f}, {100 * high:.1f}]"


def wilson(hits: int, out_of: int, z: float = 1.959964) -> tuple[float, float]:
    """Return the ends of the 95 % interval of a share after Wilson, (0, 1) when there is nothing to count."""
    if not out_of:
        return 0.0, 1.0
    share = hits / out_of
    middle = share + z * z / (2 * out_of)
    half = z * math.sqrt(share * (1 - share) / out_of + z * z / (4 * out_of * out_of))
    below = 1 + z * z / out_of
    return max(0.0, (middle - half) / below), min(1.0, (middle + half) / below)


def read_labels(path: Path) -> dict[str, Label]:
    """Return record_id -> label. Raises KeyError when a place is not one of the five words."""
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return {row["record_id"]: _label(row) for row in csv.DictReader(lines)}


def _label(row: Mapping[str, str]) -> Label:
    several = {column: [word.strip() for word in (row.get(column) or "").split("|") if word.strip()] for column in row}
    return Label(
        PLACES[row["primary_place"].strip()],
        frozenset(PLACES[word] for word in several["secondary_places"]),
        frozenset(f"{place}/{word.replace(' ', '-')}" for column, place in WAYS.items() for word in several[column]),
        row["confidence"].strip() == "high",
    )


def without_method(given: Mapping[str, str]) -> dict[str, str]:
    """Return the texts with the method column blank and the method's name taken out of the others.

    Taken out: the name as it stands, its plural or singular, and its parts where it lists several.
    """
    names = {given.get("method", "").strip(), *re.split(r"[,;/]", given.get("method", ""))}
    stripped = {field: words for field, words in given.items() if field != "method"}
    for name in sorted((name.strip() for name in names if len(name.strip()) > 2), key=len, reverse=True):
        loose = r"[\s-]+".join(
            re.escape(word.rstrip("s")) + r"(?:s|es|['’]s?|s['’])?" for word in re.split(r"[\s-]+", name)
        )
        for field, words in stripped.items():
            stripped[field] = re.sub(rf"\b{loose}(?!\w)", " ", words, flags=re.IGNORECASE)
    return stripped


def measure(pairs: Iterable[tuple[Hint, Label]]) -> dict[str, Count]:
    """Return every figure by name."""
    pairs = list(pairs)
    high = [(hint, label) for hint, label in pairs if label.high]
    said = [(hint, label) for hint, label in high if hint.place]
    none = [hint for hint, label in pairs if label.place == NOT_INVOLVEMENT]
    real = [hint for hint, label in pairs if label.place != NOT_INVOLVEMENT]
    found = sum(len(label.facets & set(hint.facets)) for hint, label in pairs)
    return {
        "high confidence: right, of those said": Count(_sum(h.place == label.place for h, label in said), len(said)),
        "high confidence: said (coverage)": Count(len(said), len(high)),
        "high confidence: right among the first two": Count(
            _sum(label.place in first_two(h) for h, label in high), len(high)
        ),
        "all rows: primary or secondary, of those said": Count(
            _sum(h.place in {label.place, *label.others} for h, label in pairs if h.place),
            _sum(bool(h.place) for h, _label in pairs),
        ),
        "all rows: primary or secondary, of all": Count(
            _sum(h.place in {label.place, *label.others} for h, label in pairs), len(pairs)
        ),
        "not involvement: found": Count(_sum(h.place == NOT_INVOLVEMENT for h in none), len(none)),
        "real ones called not involvement": Count(_sum(h.place == NOT_INVOLVEMENT for h in real), len(real)),
        "ways: of the labelled, found": Count(found, sum(len(label.facets) for _h, label in pairs)),
        "ways: of the suggested, right": Count(found, sum(len(h.facets) for h, _label in pairs)),
    }


def first_two(hint: Hint) -> tuple[str, ...]:
    """Return the two places that stand first, whether or not one is said."""
    return ((hint.place,) * bool(hint.place) + hint.alternatives)[:2]


def _sum(truths: Iterable[bool]) -> int:
    return sum(map(bool, truths))


def read_rows(path: Path, only: set[str]) -> dict[str, dict[str, str]]:
    """Return record_id -> {field: text} of a file, its headings guessed as the import guesses them."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "involvement.settings")
    import django

    django.setup()
    from involvement.imports import map_columns, read_table

    table = read_table(path.read_bytes())
    columns = map_columns(table.headings, {})
    at = {columns[heading]: index for index, heading in enumerate(table.headings) if heading in columns}
    key = table.headings.index("record_id")
    rows = {}
    for _number, cells in table.rows:
        if not only or cells[key] in only:
            rows[cells[key]] = {field: cells[at[field]] for field in FIELDS if field in at and at[field] < len(cells)}
    return rows


def main() -> None:
    """Read both files, ask for a hint a row, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("labels", type=Path)
    parser.add_argument("--only", type=Path, help="a file with one record_id a line")
    parser.add_argument("--rows", action="store_true", help="list the rows that are wrong")
    asked = parser.parse_args()
    labels = read_labels(asked.labels)
    only = set(asked.only.read_text(encoding="utf-8").split()) if asked.only else set()
    rows = {key: given for key, given in read_rows(asked.file, only).items() if key in labels}
    variants = {
        "as written": rows,
        "method blank, its name removed": {key: without_method(given) for key, given in rows.items()},
        "titles only": {key: {"title": given.get("title", "")} for key, given in rows.items()},
    }
    for name, texts in variants.items():
        print(f"{name}: {len(texts)} rows")
        for figure, count in measure((hint(given), labels[key]) for key, given in texts.items()).items():
            print(f"  {figure:<48} {count}")
    if asked.rows:
        for key, given in rows.items():
            _say(key, hint(given), labels[key], given)


def _say(key: str, found: Hint, label: Label, given: Mapping[str, str]) -> None:
    if found.place != label.place:
        print(f"{key} {'high' if label.high else 'low '} wanted {label.place} {sorted(label.others)}")
        print(f"   said {found.place} {found.confidence} then {found.alternatives}")
        print(f"   {' | '.join(given.values())}")
        for phrase in found.phrases:
            print(f"      “{phrase.text}” → {', '.join(phrase.points_to)}")


if __name__ == "__main__":
    main()
