"""The rows that could not come in, as a file: their own columns as they were, and what is wrong with each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from django.utils.translation import gettext as _

from involvement.cells import csv_lines
from involvement.imports.plans import Plan
from involvement.imports.tables import Table


def mend_lines(table: Table, plan: Plan) -> Iterator[bytes]:
    """Return a CSV file, piece by piece, of the refused rows: what is wrong comes first, then the list's own columns.

    Mended and imported again, the same headings mean the same; the column that says what is wrong is left out.
    """
    wrong: dict[int, list[str]] = defaultdict(list)
    for problem in plan.problems:
        wrong[problem.row].append(f"{problem.column}: {problem.said}" if problem.column else problem.said)
    rows: list[list[str]] = [[_("What is wrong"), *table.headings]]
    for number, cells in table.rows:
        if number in wrong:
            rest = [""] * (len(table.headings) - len(cells))
            rows.append([". ".join(wrong[number]), *cells[: len(table.headings)], *rest])
    return csv_lines(rows)
