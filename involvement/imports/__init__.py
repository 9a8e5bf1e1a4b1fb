"""A list of activities from elsewhere, read into the register.

Three steps, each a function, used alike by the web upload and ``manage.py import_activities``:
``read_table`` (tables.py: bytes or pasted text to headings and rows), ``plan_import`` (plans.py: what would happen,
row by row, writing nothing) and ``run_import`` (do it, in one transaction, and record it). Importing the same list
twice changes nothing the second time. What was answered about headings and words is remembered (memory.py), the upload
is kept between the steps (drafts.py), and rows that cannot come in go back as a file to mend (mend.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from django.db import transaction

from involvement.actions.base import once
from involvement.actions.imports import bring_in
from involvement.imports.columns import COLUMNS, LIST_COLUMNS, guess_columns, is_own, map_columns
from involvement.imports.drafts import Draft, keep_draft, kept_draft
from involvement.imports.first import first_columns, first_plan
from involvement.imports.memory import remembered_columns, remembered_words
from involvement.imports.mend import mend_lines
from involvement.imports.plans import Cause, Plan, PlannedRow, Problem, causes, plan_import
from involvement.imports.tables import MAX_BYTES, Table, Unreadable, read_table
from involvement.models import Organisation, RequestKey, User

__all__ = [
    "COLUMNS",
    "LIST_COLUMNS",
    "MAX_BYTES",
    "Cause",
    "Draft",
    "Plan",
    "PlannedRow",
    "Problem",
    "Table",
    "Unreadable",
    "as_result",
    "causes",
    "first_columns",
    "first_plan",
    "guess_columns",
    "is_own",
    "keep_draft",
    "kept_draft",
    "map_columns",
    "mend_lines",
    "past_result",
    "plan_import",
    "read_table",
    "remembered_columns",
    "remembered_words",
    "run_import",
]


def run_import(
    *,
    organisation: Organisation,
    by: User | None,
    table: Table,
    columns: Mapping[str, str],
    words: Mapping[str, Mapping[str, str]] | None = None,
    new_services: bool = True,
    running: bool | None = None,
    file_name: str = "",
    key: UUID | None = None,
) -> dict:
    """Add every row that can come in, and the services they name, in one transaction; a repeat of ``key`` adds nothing.

    ``columns``, ``words``, ``new_services`` and ``running`` as plan_import takes them. Returns {"added", "here",
    "refused", "placed", "undated": numbers of rows, "services", "pieces": [names made], "problems": [[row, column,
    said]], "notes": likewise, "import": the id of what is recorded, None when nothing was added}. Raises Refused when
    no column is the title.
    """

    def write() -> dict:
        with transaction.atomic():
            Organisation.objects.select_for_update().get(pk=organisation.pk)  # so that the plan still holds below
            plan = plan_import(
                organisation=organisation,
                table=table,
                columns=columns,
                words=words,
                new_services=new_services,
                running=running,
            )
            imported = None
            if plan.new:
                imported = bring_in(
                    organisation=organisation,
                    by=by,
                    rows=[row.brought for row in plan.new],
                    new_services=plan.services.values(),
                    new_pieces=plan.pieces.values(),
                    record=_record(plan, table, columns, words or {}, file_name),
                )
        return as_result(plan) | {"import": imported.pk if imported else None}

    return once(organisation=organisation, by=by, key=key, write=write)


def _record(plan: Plan, table: Table, columns: Mapping[str, str], words: Mapping, file_name: str) -> dict:
    """Return what is kept of an import: from which file, how it was read, what was answered, what came of it."""
    return {
        "file_name": " ".join(file_name.split())[-200:],
        "read_as": str(getattr(table, "read_as", "") or "")[:200],
        "columns": {heading: columns.get(heading, "") for heading in table.headings},
        "words": {
            column: {asked.key: words[column][asked.key] for asked in listed if asked.key in words[column]}
            for column, listed in plan.asked.items()
            if words.get(column)
        },
        "added": len(plan.new),
        "here": len(plan.here),
        "refused": plan.refused,
    }


def as_result(plan: Plan) -> dict:
    """Return a plan's figures and sentences as JSON."""
    return {
        "added": len(plan.new),
        "here": len(plan.here),
        "refused": plan.refused,
        "placed": plan.placed,
        "undated": len(plan.undated),
        "services": [service.name for service in plan.services.values()],
        "pieces": list(plan.pieces),
        "problems": [[problem.row, problem.column, problem.said] for problem in plan.problems],
        "notes": [[note.row, note.column, note.said] for note in [*plan.notes, *plan.personal]],
    }


def past_result(*, organisation: Organisation, by: User, key: UUID) -> dict | None:
    """Return what the import of this form came to, or None when the person sent no such form here."""
    known = RequestKey.objects.filter(organisation=organisation, actor=by, key=key).first()
    return known.result if known and "added" in known.result else None
