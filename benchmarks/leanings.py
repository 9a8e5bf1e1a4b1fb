"""Count which words lean to which place, from activities whose place is known, or say how far that can be trusted.

    .venv/bin/python benchmarks/leanings.py > framework/content/leanings.toml
    .venv/bin/python benchmarks/leanings.py --left-out 4

The activities are those of tests/framework/register (the hundred real ones, and the wordings). Each word gets points
for each place so that the sum over an activity's words tells its place as well as it can, held near nought so that a
word that is seen twice says little (a softmax regression on words; no chance in it). With ``--left-out N`` nothing is
written: N times another Nth is left out of the count, and the suggestions are measured on what was left out. That is
the honest figure; the tests see activities that were counted.
"""

from __future__ import annotations

import argparse
import csv
import math
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.suggestions import Label, measure, read_labels, read_rows  # noqa: E402
from framework import hints  # noqa: E402
from framework.catalogue import read_content  # noqa: E402
from framework.lexicon import ANSWERS, Lexicon  # noqa: E402

REGISTER = Path(__file__).resolve().parents[1] / "tests" / "framework" / "register"
HELD = 0.35  # how hard points are held near nought
ROUNDS = 80
STEP = 0.3
SEEN = 2  # activities that a word must stand in
FAINTEST = 0.3  # points below which a word is left out
NO_GROUND = frozenset(  # words that hold a sentence together: nobody could take one for a reason
    """
    a about after again against all also an and any are as at be because been before being between both but by can
    could did do does done down during each every few for from had has have he her here his how if in into is it its
    just may might more most must no not of off on once one only or other others our out over own per same she should
    since so some such than that the their them then there these they this those three through to two under until up
    via was we were what when where which while who whom why will with within without would you your
    """.split()
)
OTHERS = 0.3  # what the places count that are argued for too

HEAD = """\
# Words that lean to a place, faintly alone and surely when many do: what each word adds to each place (scale.words in
# lexicon.toml says how much of it). Counted by benchmarks/leanings.py from activities whose place is known, never
# written by hand: to change it, add activities to tests/framework/register/wordings.csv and count again.
# A word stands for its inflections and other spellings.

because.en = "In entries whose place is known, this word leans to this place. Alone it means little."

[words]
"""

Activity = tuple[dict[str, str], Label]


def activities() -> list[Activity]:
    """Return the texts of each activity of the register with its label."""
    rows, labels = read_rows(REGISTER / "activities.csv", set()), read_labels(REGISTER / "labels.csv")
    found = [(given, labels[key]) for key, given in rows.items()]
    with (REGISTER / "wordings.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            also = frozenset(place for place in row["also"].split("|") if place)
            given = {"title": row["title"], "description": row["description"]}
            found.append((given, Label(row["place"], also, frozenset(), True)))
    return found


def wanted(label: Label) -> list[float]:
    """Return the share of each place: all for the first, or part of it for the others that are argued for."""
    others = OTHERS if label.others else 0.0
    shares = {label.place: 1 - others}
    for place in label.others:
        shares[place] = shares.get(place, 0.0) + others / len(label.others)
    return [shares.get(place, 0.0) for place in ANSWERS]


def count(known: Iterable[Activity]) -> dict[str, dict[str, float]]:
    """Return word -> {place: points} of the activities, words in order, each the commonest form of its root."""
    forms: dict[str, Counter] = defaultdict(Counter)
    rows = []
    for given, label in known:
        found = hints.roots(given)
        for root, word in found.items():
            forms[root][word] += 1
        rows.append((sorted(found), wanted(label)))
    heavy = sorted(
        root
        for root, words in forms.items()
        if words.total() >= SEEN and not any(map(str.isdigit, root)) and not NO_GROUND & set(words)
    )
    points = _fitted([([root for root in found if root in set(heavy)], shares) for found, shares in rows], heavy)
    table = {}
    for root in heavy:
        kept = {place: round(each, 1) for place, each in zip(ANSWERS, points[root], strict=True)}
        kept = {place: each for place, each in kept.items() if abs(each) >= FAINTEST}
        if kept:
            table[min(forms[root], key=lambda word: (-forms[root][word], word))] = kept
    return dict(sorted(table.items()))


def _fitted(rows: list[tuple[list[str], list[float]]], words: list[str]) -> dict[str, list[float]]:
    """Return the points of each word for each place, in the order of ANSWERS."""
    places = range(len(ANSWERS))
    points = {word: [0.0] * len(ANSWERS) for word in ("", *words)}  # "" stands in every activity
    paces = {word: [1.0] * len(ANSWERS) for word in points}
    for _round in range(ROUNDS):
        slopes = {word: [HELD * each if word else 0.0 for each in held] for word, held in points.items()}
        for found, shares in rows:
            sums = [math.exp(points[""][i] + sum(points[word][i] for word in found)) for i in places]
            off = [each / sum(sums) - share for each, share in zip(sums, shares, strict=True)]
            for word in ("", *found):
                slope = slopes[word]
                for i in places:
                    slope[i] += off[i]
        for word, slope in slopes.items():
            for i in places:
                paces[word][i] += slope[i] ** 2
                points[word][i] -= STEP * slope[i] / math.sqrt(paces[word][i])
    return points


def left_out(parts: int) -> None:
    """Print the figures of each activity suggested by leanings that it had no part in."""
    known = activities()
    found = []
    for part in range(parts):
        table = count(each for number, each in enumerate(known) if number % parts != part)
        lexicon = Lexicon(read_content("lexicon"), {**read_content("leanings"), "words": table})
        found += [
            (number, hints.hint(given, lexicon), label)
            for number, (given, label) in enumerate(known)
            if number % parts == part
        ]
    real = [(hint, label) for number, hint, label in found if number < len(read_labels(REGISTER / "labels.csv"))]
    for name, pairs in (("real ones", real), ("all", [(hint, label) for _number, hint, label in found])):
        print(f"{name}: {len(pairs)} rows, each left out of its count")
        for figure, counted in measure(pairs).items():
            print(f"  {figure:<48} {counted}")


def main() -> None:
    """Print the table, or with ``--left-out`` the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--left-out", type=int, default=0, metavar="N", help="measure on another Nth, N times")
    asked = parser.parse_args()
    if asked.left_out:
        left_out(asked.left_out)
        return
    lines = [
        f'"{word}" = {{ {", ".join(f"{place} = {each}" for place, each in points.items())} }}'
        for word, points in count(activities()).items()
    ]
    print(HEAD + "\n".join(lines))


if __name__ == "__main__":
    main()
