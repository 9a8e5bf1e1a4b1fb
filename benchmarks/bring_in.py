"""A list brought in as people bring it in, against the database's own way in: what benchmarks/files.py runs in a place.

``python benchmarks/bring_in.py ROWS ROUNDS`` in a database that benchmarks/generate.py filled prints JSON, a round of
each: the seconds of an import of so many rows into a new organisation, those of its steps, and the seconds in which the
very rows of activities that it wrote are put raw into a table. ``--prepare FILE NUMBER`` in place of ROUNDS writes the
list into the file, makes so many organisations (list-0, …) that lead@bench-001.example leads, and prints which of our
columns the list's are.

The list is what an organisation would have of its register in a spreadsheet, as CSV under headings of its own; the
register ``large`` is gone through again and again until there are as many. Every hundredth row is wrong (no title, or a
start that is no day), is refused and named. What is timed is what the command
``import_activities`` does: read the file, guess the columns, plan (check every row), write activities, services and
groups with their histories, and the record of the import. The words of errors are made into sentences, and not printed.

Raw is COPY on PostgreSQL and executemany on SQLite, from rows that are ready, committed: once into a table with the
same columns alone, once into one with the indexes and checks of ours, which costs more.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "involvement.settings")

import django  # noqa: E402

django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection, transaction  # noqa: E402

from benchmarks.bulk import measure_sizes  # noqa: E402  it also teaches SQLite dates
from involvement.access import Role  # noqa: E402
from involvement.actions.organisations import create_organisation, give_role  # noqa: E402
from involvement.imports import first_columns, plan_import, read_table, run_import  # noqa: E402
from involvement.models import Activity, Organisation, User  # noqa: E402
from involvement.tenancy import inside  # noqa: E402

WRONG_EVERY = 100
HEADINGS = {  # theirs, and which of our columns it is
    "Ref": "reference", "Title": "title", "What happened": "description", "Method": "method",
    "Who took part": "participants", "Who was missing": "who_was_missing", "Number of people": "reach",
    "Start date": "start_date", "End date": "end_date", "Period": "period", "Status": "status", "Service": "service",
    "Groups": "groups", "Lead": "named_lead", "Cost": "cost",
}  # fmt: skip


def lines(rows: int) -> Iterator[tuple]:
    """Yield the rows of a list, of the register ``large`` over and over; every hundredth is wrong."""
    found = Activity.objects.filter(organisation__slug="large").select_related("service")
    found = cycle(found.prefetch_related("groups").order_by("pk"))
    for number, each in enumerate(islice(found, rows), 1):
        wrong = number % WRONG_EVERY == 0
        yield (
            f"L-{number:05}",
            "" if wrong and number % (2 * WRONG_EVERY) else f"{each.title}, {number}",
            each.description, each.method, each.participants, each.missing, each.reach,
            "32/13/2024" if wrong else each.start_written,
            each.end_written, each.period, each.stated_status, each.service.name if each.service else "",
            "; ".join(group.group for group in each.groups.all()), each.named_lead, each.cost or "",
        )  # fmt: skip


def listed(rows: int) -> bytes:
    """Return the list as a file."""
    out = io.StringIO()
    csv.writer(out).writerows([HEADINGS, *lines(rows)])
    return out.getvalue().encode("utf-8-sig")


@contextmanager
def timed(times: dict[str, float], name: str) -> Iterator[None]:
    """Add the seconds that the block takes to ``times``."""
    began = time.perf_counter()
    yield
    times[name] = times.get(name, 0) + time.perf_counter() - began


def brought(organisation: Organisation, content: bytes) -> dict:
    """Import the list; return the seconds of it all and of its steps, and what came of it."""
    times: dict[str, float] = {}
    with inside(organisation):
        with timed(times, "read"):
            table = read_table(content)
        columns = {heading: ours for heading, ours in first_columns(organisation, table).items() if ours}
        with timed(times, "plan"):  # by itself, as the preview does; the import makes its own under the lock
            plan_import(organisation=organisation, table=table, columns=columns)
    with timed(times, "import"), inside(organisation):
        result = run_import(organisation=organisation, by=None, table=table, columns=columns)
    times["import"] += times["read"]
    assert columns == HEADINGS, columns
    return times | {name: result[name] for name in ("added", "refused")} | {"problems": len(result["problems"])}


def raw(organisation: Organisation, whole: bool) -> float:
    """Put the organisation's activities into a table as they are; return the seconds. ``whole``: with its indexes."""
    fields = [each.column for each in Activity._meta.concrete_fields if not each.generated]
    source, quote = Activity._meta.db_table, connection.ops.quote_name
    columns = ", ".join(map(quote, fields))
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS raw")
        for statement in _table(cursor, source, whole):
            cursor.execute(statement)
        cursor.execute(f"SELECT {columns} FROM {source} WHERE organisation_id = %s ORDER BY id", [organisation.pk])  # noqa: S608
        rows = cursor.fetchall()
        if connection.vendor == "postgresql":
            at = [number for number, field in enumerate(fields) if field in ("support", "mechanisms")]
            rows = [[json.dumps(x) if n in at and not isinstance(x, str) else x for n, x in enumerate(r)] for r in rows]
            text = io.StringIO()
            csv.writer(text, quoting=csv.QUOTE_NOTNULL, lineterminator="\n").writerows(rows)
            text.seek(0)
        marks = ", ".join("?" * len(fields))
        began = time.perf_counter()
        with transaction.atomic():
            if connection.vendor == "postgresql":
                cursor.copy_expert(f"COPY raw ({columns}) FROM STDIN WITH (FORMAT csv)", text, 1 << 20)
            else:  # the driver's own, without what Django does to a statement
                connection.connection.executemany(f"INSERT INTO raw ({columns}) VALUES ({marks})", rows)  # noqa: S608
        took = time.perf_counter() - began
        cursor.execute("SELECT count(*) FROM raw")
        assert cursor.fetchone()[0] == len(rows) > 0
        cursor.execute("DROP TABLE raw")
    return took


def _table(cursor, source: str, whole: bool) -> Iterator[str]:
    """Yield the statements that make the table ``raw``, like ``source``."""
    if connection.vendor == "postgresql":
        yield f"CREATE TABLE raw (LIKE {source} {'INCLUDING ALL' if whole else ''})"
        return
    if not whole:
        yield f"CREATE TABLE raw AS SELECT * FROM {source} WHERE 0"  # noqa: S608
        return
    cursor.execute("SELECT sql FROM sqlite_master WHERE tbl_name = %s AND type IN ('table', 'index') AND sql <> ''"
                   " ORDER BY type DESC", [source])  # fmt: skip
    for (sql,) in cursor.fetchall():
        yield re.sub(rf'(INDEX ")([^"]+)(?=" ON)|"{source}"', lambda m: f"{m[1]}raw_{m[2]}" if m[1] else '"raw"', sql)


def main() -> None:
    """Measure, and print what was found as JSON."""
    settings.DEBUG = False  # no question is kept to be looked at
    rows = int(sys.argv[1])
    content = listed(rows)
    if sys.argv[2] == "--prepare":
        Path(sys.argv[3]).write_bytes(content)
        by = User.objects.get(email="lead@bench-001.example")
        for number in range(int(sys.argv[4])):
            give_role(organisation=_fresh(f"list-{number}"), user=by, role=Role.LEAD, by=None)
        print(json.dumps(list(HEADINGS.values())))
        return
    found = []
    brought(_fresh("warm"), listed(200))
    for number in range(int(sys.argv[2])):
        organisation = _fresh(f"fresh-{number}")
        measure_sizes()
        times = brought(organisation, content)
        assert times["added"] + times["refused"] == rows, times
        found.append(times | {"raw": raw(organisation, False), "raw, indexes": raw(organisation, True)})
    print(json.dumps(found))


def _fresh(slug: str) -> Organisation:
    return create_organisation(slug=slug, name=slug.title(), kind=Organisation.Kind.TRUST, nation="england")


if __name__ == "__main__":
    main()
