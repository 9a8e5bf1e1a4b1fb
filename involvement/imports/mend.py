"""The rows that could not come in, as a file: their own columns as they were, and what is wrong with each."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterator

from django.utils.translation import gettext as _

from involvement.cells import guarded
from involvement.imports.plans import Plan
from involvement.imports.tables import Table


def mend_lines(table: Table, plan: Plan) -> Iterator[bytes]:
    """Yield a CSV file of the refused rows: what is wrong comes first, then the list's own columns.

    Mended and imported again, the same headings mean the same; the column that says what is wrong is left out.
    """
    wrong: dict[int, list[str]] = defaultdict(list)
    for problem in plan.problems:
        wrong[problem.row].append(f"{problem.column}: {problem.said}" if problem.column else problem.said)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([_("What is wrong"), *(guarded(heading) for heading in table.headings)])
    for number, cells in table.rows:
        if number in wrong:
            row = [*cells[: len(table.headings)], *[""] * (len(table.headings) - len(cells))]
            writer.writerow([guarded(". ".join(wrong[number])), *(guarded(cell) for cell in row)])
    yield b"\xef\xbb\xbf" + text.getvalue().encode("utf-8", "replace")
