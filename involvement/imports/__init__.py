"""A list of activities from elsewhere, read into the register.

Three steps, each a function, used alike by the web upload and ``manage.py import_activities``:
``read_table`` (tables.py: bytes or pasted text to headings and rows), ``plan_import`` (plans.py: what would happen,
row by row, writing nothing) and ``run_import`` (do it, in one transaction). Importing the same list twice changes
nothing the second time.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from uuid import UUID, uuid4

from django.core.cache import cache
from django.db import transaction

from involvement.actions.activities import add_activities
from involvement.actions.base import once, writing
from involvement.actions.organisations import add_service
from involvement.imports.columns import COLUMNS, guess_columns, map_columns
from involvement.imports.plans import Plan, Problem, plan_import
from involvement.imports.tables import MAX_BYTES, Table, Unreadable, read_table
from involvement.models import Organisation, RequestKey, SecurityEvent, User

__all__ = [
    "COLUMNS",
    "MAX_BYTES",
    "Plan",
    "Problem",
    "Table",
    "Unreadable",
    "as_result",
    "guess_columns",
    "keep_draft",
    "kept_draft",
    "map_columns",
    "past_result",
    "plan_import",
    "read_table",
    "run_import",
]
DRAFT_KEPT = 24 * 60 * 60  # seconds


def run_import(
    *, organisation: Organisation, by: User | None, table: Table, columns: Mapping[str, str], key: UUID | None = None
) -> dict:
    """Add every row that can come in, and the services they name, in one transaction; a repeat of ``key`` adds nothing.

    Returns {"added", "here", "refused": numbers of rows, "services": [names made], "problems": [[row, column, said]],
    "notes": likewise}. Raises Refused when no column is the title.
    """

    def write() -> dict:
        with transaction.atomic():
            Organisation.objects.select_for_update().get(pk=organisation.pk)  # so that the plan still holds below
            plan = plan_import(organisation=organisation, table=table, columns=columns)
            if plan.new:
                carry_out(plan)
        return as_result(plan)

    def carry_out(plan: Plan) -> None:
        with writing(organisation):
            made = {
                id(service): add_service(organisation=organisation, by=by, name=service.name)
                for service in plan.services.values()
            }
            for row in plan.new:
                if row.facts.get("service"):
                    row.facts["service"] = made.get(id(row.facts["service"]), row.facts["service"])
                if row.facts.get("named_services"):
                    row.facts["named_services"] = [made.get(id(each), each) for each in row.facts["named_services"]]
            add_activities(organisation=organisation, by=by, many=[row.facts for row in plan.new])
            figures = {"added": len(plan.new), "here": len(plan.here), "refused": plan.refused}
            SecurityEvent.objects.create(organisation=organisation, actor=by, kind="import", detail=figures)

    return once(organisation=organisation, by=by, key=key, write=write)


def as_result(plan: Plan) -> dict:
    """Return a plan's figures and sentences as JSON."""
    return {
        "added": len(plan.new),
        "here": len(plan.here),
        "refused": plan.refused,
        "services": [service.name for service in plan.services.values()],
        "problems": [[problem.row, problem.column, problem.said] for problem in plan.problems],
        "notes": [[note.row, note.column, note.said] for note in plan.notes],
    }


def past_result(*, organisation: Organisation, by: User, key: UUID) -> dict | None:
    """Return what the import of this form came to, or None when the person sent no such form here."""
    known = RequestKey.objects.filter(organisation=organisation, actor=by, key=key).first()
    return known.result if known and "added" in known.result else None


def keep_draft(*, organisation: Organisation, by: User, content: bytes | str) -> UUID:
    """Keep an upload for a day between its steps, for the person who sent it, in this organisation only.

    In the cache that all workers share, so that nothing has to be cleared away. Returns its id.
    """
    draft = uuid4()
    is_text = isinstance(content, str)
    packed = zlib.compress(content.encode("utf-8", "replace") if is_text else content)
    cache.set(_draft_key(organisation, by, draft), (packed, is_text), DRAFT_KEPT)
    return draft


def kept_draft(*, organisation: Organisation, by: User, draft: UUID) -> Table | None:
    """Return the table of a kept upload; None when it is another's, of another organisation, or no longer kept."""
    kept = cache.get(_draft_key(organisation, by, draft))
    if kept is None:
        return None
    packed, is_text = kept
    content = zlib.decompress(packed)
    return read_table(content.decode("utf-8") if is_text else content)


def _draft_key(organisation: Organisation, by: User, draft: UUID) -> str:
    return f"import-draft-{organisation.pk}-{by.pk}-{draft}"
