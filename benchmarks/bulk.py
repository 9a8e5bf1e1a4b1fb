"""Rows by the hundred thousand into a database that may be filled: COPY on PostgreSQL, executemany on SQLite.

Nothing here goes through an action, a model's ``save`` or a signal: whoever adds rows answers for what they say. That
they keep every constraint, the database checks when ``filling`` ends.
"""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

from django.core.management.color import no_style
from django.db import connection, models, transaction

# Rows hold plain dates, and times in UTC without a zone: both databases read these texts as Django writes them.
sqlite3.register_adapter(date, date.isoformat)
sqlite3.register_adapter(datetime, lambda at: at.isoformat(" "))


Edit = tuple[datetime, dict[str, Any]]  # when, and what then changed


class Sheet:
    """The new rows of one empty table, numbered from 1, until they are sent to the database."""

    def __init__(self, model: type[models.Model]):
        self.model, self.table, self.rows, self.last = model, model._meta.db_table, [], 0
        self.key = model._meta.pk.column
        fields = [field for field in model._meta.concrete_fields if not field.generated]
        self.blank = {field.column: _plain(field) for field in fields}

    def add(self, **values: Any) -> dict[str, Any]:
        """Add a row of these columns, the others as the model leaves them; return the row."""
        self.last += 1
        row = {**self.blank, self.key: self.last, **values}
        self.rows.append(tuple(row.values()))
        return row

    def send(self) -> None:
        """Write the rows into the database, and forget them."""
        if not self.rows:
            return
        quote = connection.ops.quote_name
        table, columns = quote(self.table), ", ".join(map(quote, self.blank))
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                lines = io.StringIO()
                csv.writer(lines, quoting=csv.QUOTE_NOTNULL, lineterminator="\n").writerows(self.rows)
                lines.seek(0)  # an empty text stands in quotes there, and what is null without
                cursor.copy_expert(f"COPY {table} ({columns}) FROM STDIN WITH (FORMAT csv)", lines, 1 << 20)
            else:
                marks = ", ".join(["%s"] * len(self.blank))
                cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", self.rows)  # noqa: S608
        self.rows.clear()


def _plain(field: models.Field) -> Any:
    """Return a field's default as a row holds it: None where there is none, or where it is a moment of its own."""
    default = field.get_default() if field.has_default() or not field.has_db_default() else field.db_default
    if isinstance(field, models.JSONField):
        return json.dumps(default)
    return None if isinstance(default, datetime) else default


class Sheets:
    """The sheets of several models and of their histories, those first that others point to."""

    def __init__(self, *kinds: type[models.Model]):
        self.of = {kind: Sheet(kind) for kind in kinds}
        self.histories = {kind: Sheet(kind.history.model) for kind in kinds if hasattr(kind, "history")}

    def __iter__(self) -> Iterator[Sheet]:
        yield from (*self.of.values(), *self.histories.values())

    @property
    def waiting(self) -> int:
        """How many rows are still to be sent."""
        return sum(len(sheet.rows) for sheet in self)

    @property
    def written(self) -> int:
        """How many rows there are, sent or not."""
        return sum(sheet.last for sheet in self)

    def add(self, kind: type[models.Model], /, **values: Any) -> dict[str, Any]:
        """Add a row of a kind without a history; return it."""
        return self.of[kind].add(**values)

    def keep(self, kind: type[models.Model], /, *edits: Edit, **values: Any) -> dict[str, Any]:
        """Add a row as it is after its ``edits`` and its history; return it.

        Whoever recorded the row made the edits. Each raises the version of what has one.
        """
        said = [values]
        for _at, changed in edits:
            said.append({**said[-1], **changed})
            if "version" in self.of[kind].blank:
                said[-1]["version"] = len(said)
        row = self.of[kind].add(**said[-1])
        times = [values["recorded_at"], *(at for at, _changed in edits)]
        for at, words in zip(times, said, strict=True):
            mark = "+" if words is values else "~"
            self.histories[kind].add(
                id=row["id"], **words, history_date=at, history_type=mark, history_user_id=values["recorded_by_id"]
            )
        return row

    def send(self) -> None:
        """Write all that waits into the database."""
        for sheet in self:
            sheet.send()


@contextmanager
def filling(sheets: Sheets) -> Iterator[None]:
    """Fill the tables of ``sheets`` wholly or not at all: without their indexes, which are built afterwards.

    So are the foreign keys on PostgreSQL. Building them checks over all rows at once what is unique and what points to
    nothing. Call it as the owner of the tables, in a transaction that has written nothing yet or in none.
    """
    tables = [sheet.table for sheet in sheets]
    with transaction.atomic(), connection.cursor() as cursor:
        again = _stripped(cursor, tables)
        yield
        sheets.send()
        for statement in again:
            cursor.execute(statement)
        reset = connection.ops.sequence_reset_sql(no_style(), [sheet.model for sheet in sheets])
        for statement in reset:
            cursor.execute(statement)


def _stripped(cursor, tables: list[str]) -> list[str]:
    """Take indexes and foreign keys off the tables, and return the statements that put them back."""
    if connection.vendor != "postgresql":
        marks = ", ".join(["%s"] * len(tables))
        cursor.execute(
            f"SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql <> '' AND tbl_name IN ({marks})",  # noqa: S608
            tables,
        )
        found = cursor.fetchall()
        for name, _sql in found:
            cursor.execute(f'DROP INDEX "{name}"')
        return [sql for _name, sql in found]
    cursor.execute("SET LOCAL maintenance_work_mem TO '512MB'; SET LOCAL synchronous_commit TO off")
    cursor.execute(
        "SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname),"
        " format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', conrelid::regclass, conname, pg_get_constraintdef(oid))"
        " FROM pg_constraint WHERE contype IN ('f', 'u') AND conrelid = ANY(%s::regclass[]) ORDER BY contype DESC, oid",
        [tables],
    )
    constraints = cursor.fetchall()
    for drop, _add in constraints:
        cursor.execute(drop)
    cursor.execute(
        "SELECT format('DROP INDEX %%s', indexrelid::regclass), pg_get_indexdef(indexrelid) FROM pg_index"
        " WHERE indrelid = ANY(%s::regclass[]) AND NOT indisprimary ORDER BY indexrelid",
        [tables],
    )
    indexes = cursor.fetchall()
    for drop, _add in indexes:
        cursor.execute(drop)
    return [add for _drop, add in (*indexes, *constraints)]


def measure_sizes() -> None:
    """Let the database learn how large its tables are, and PostgreSQL which pages hold nothing but seen rows."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)" if connection.vendor == "postgresql" else "ANALYZE")
