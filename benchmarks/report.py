"""What the report of a register of 1,000 activities costs: python benchmarks/report.py [ACTIVITIES]

Compares, in one run, the CPU seconds of making the PDF from a snapshot with those that typst takes to compile the very
same document from ready data. The goal: at most three times as much. Word and Excel stand beside it. Each run has other
words, since typst remembers what it has set before.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "involvement.settings")

import django  # noqa: E402

django.setup()

from involvement.reports import render  # noqa: E402
from involvement.reports.document import build  # noqa: E402
from involvement.reports.pdf import compiled, paper  # noqa: E402
from tests import paper as hand  # noqa: E402

RUNS = 5
SERVICES = 20
PLACES = ("owners", "users", "choosers", "coproducers")
WORDS = "people from the ward asked how long a visit may last and what became of their answers since spring".split()


def snapshot(activities: int, salt: str) -> dict:
    """Return a snapshot with so many activities, a gap in every service and place, and a change to every tenth.

    Another ``salt`` gives other words.
    """
    rows = [
        hand.activity(
            number,
            reference=f"{salt}-{number}",
            title=" ".join(WORDS[(number * 7 + step) % len(WORDS)] for step in range(4 + number % 5)) + f" {salt}",
            service=f"Service {number % SERVICES} {salt}",
            place=PLACES[number % 4],
            place_title=PLACES[number % 4].capitalize(),
            facets=[f"{PLACES[number % 4].capitalize()}: way {number % 3}"],
            contested=number % 7 == 0,
            claim="Coproducers" if number % 9 == 0 else "",
        )
        for number in range(activities)
    ]
    gaps = [
        hand.gap(rank, f"Service {rank // 4}: nothing on record", identity=f"service-{rank // 4}|{PLACES[rank % 4]}|")
        for rank in range(1, SERVICES * 4 + 1)
    ]
    changes = {
        "changed": [hand.change(number) for number in range(activities // 20)],
        "only_said": [hand.change(number, grade=1) for number in range(activities // 40)],
        "refused": [hand.change(number, why="There is no money") for number in range(activities // 40)],
    }
    return hand.snapshot(activities=rows, gaps=gaps, changes=changes)


def seconds(job: Callable[[object], object], given: list) -> float:
    """Return the median CPU seconds of a job over what it is given, the threads of typst among them."""
    spent = []
    for each in given:
        started = time.process_time()
        job(each)
        spent.append(time.process_time() - started)
    return statistics.median(spent)


def main() -> None:
    """Print the figures; exit with 1 when the PDF costs more than three times the compiling."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 1000

    def facts(salt: str) -> list[tuple]:
        return [(snapshot(number, f"{salt}{run}"), hand.conclusions(), hand.signed()) for run in range(RUNS)]

    warm = facts("w")[0]
    assert compiled(paper(build(*warm))) == render("pdf", *warm)  # the same document either way; and all is loaded now
    bare = seconds(compiled, [paper(build(*each)) for each in facts("a")])
    whole = seconds(lambda each: render("pdf", *each), facts("b"))
    print(f"{number} activities, median of {RUNS} runs, CPU seconds")
    print(f"typst compiles ready data  {bare:.2f}")
    print(f"PDF from the snapshot      {whole:.2f}  ({whole / bare:.2f} times)")
    for kind in ("docx", "xlsx"):
        print(f"{kind} from the snapshot     {seconds(lambda each, kind=kind: render(kind, *each), facts(kind)):.2f}")
    sys.exit(whole > 3 * bare)


if __name__ == "__main__":
    main()
