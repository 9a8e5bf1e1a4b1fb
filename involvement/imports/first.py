"""What a list is first taken to mean, before anybody has said a word about it."""

from __future__ import annotations

from involvement.imports.columns import is_own, map_columns
from involvement.imports.memory import remembered_columns, remembered_words
from involvement.imports.plans import Plan, plan_import
from involvement.imports.tables import Table
from involvement.models import Organisation

MANY = 60  # different words that we do not know: then the column is hardly what its heading promised
INSTEAD = {"service": "", "status": "", "groups": "participants"}  # what such a column may be instead


def first_columns(organisation: Organisation, table: Table) -> dict[str, str]:
    """Return their heading -> our column ("" left out): as answered before, else as guessed.

    A register that came from here needs no memory.
    """
    before = {} if is_own(table.headings) else remembered_columns(organisation, table.headings)
    return map_columns(table.headings, before)


def first_plan(organisation: Organisation, table: Table, columns: dict[str, str]) -> tuple[Plan, dict[str, str], list]:
    """Return a plan for ``columns``, the columns it was made with, and the headings that proved to be something else.

    A column that was only guessed, and whose words would make very many services or keep most of the rows back, is
    taken for something else, and the page says so. Where somebody chose it before, it stays. Raises Refused without a
    title.
    """
    words, before = remembered_words(organisation), remembered_columns(organisation, table.headings)
    plan = plan_import(organisation=organisation, table=table, columns=columns, words=words)
    if is_own(table.headings):
        return plan, columns, []
    wrong = [
        heading
        for heading, ours in columns.items()
        if ours in INSTEAD and heading not in before and _is_no_such_column(plan, ours, len(table.rows))
    ]
    if not wrong:
        return plan, columns, []
    columns = dict(columns)
    for heading in wrong:
        instead = INSTEAD[columns[heading]]
        columns[heading] = instead if instead not in columns.values() else ""
    columns = {heading: ours for heading, ours in columns.items() if ours}
    return plan_import(organisation=organisation, table=table, columns=columns, words=words), columns, wrong


def _is_no_such_column(plan: Plan, column: str, rows: int) -> bool:
    asked = plan.asked.get(column, [])
    kept_back = sum(each.rows for each in asked if not each.answer)
    return len(asked) > MANY or kept_back * 2 > rows
