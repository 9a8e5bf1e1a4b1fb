"""What a list is first taken to mean, before anybody has said a word about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from involvement.imports.columns import COLUMNS, is_own, map_columns
from involvement.imports.memory import remembered_columns, remembered_words
from involvement.imports.plans import Plan, plan_import
from involvement.imports.tables import Table
from involvement.models import Organisation

MANY = 60  # different words for groups that we do not know: then the column tells of people in words of its own
MANY_SERVICES = 60  # new ones, from which on the page asks whether they are services; a trust has up to 200
TOO_MANY_SERVICES = 300  # more than a trust has wards and departments
NAME = 6  # words: what is longer on average is a sentence and no name of a service
INSTEAD = {"service": "", "status": "", "groups": "participants"}  # what such a column may be instead


@dataclass(frozen=True)
class Doubtful:
    """A column that was guessed, and why the guess is doubtful: what it was read as now, and what it could be read as.

    ``at`` counts the list's columns from 0; ``now`` and ``other`` are our columns, "" for left out.
    """

    heading: str
    at: int
    why: str
    now: str
    other: str

    @property
    def other_title(self) -> str:
        return COLUMNS[self.other].title if self.other else ""


def first_columns(organisation: Organisation, table: Table) -> dict[str, str]:
    """Return their heading -> our column ("" left out): as answered before, else as guessed.

    A register that came from here needs no memory.
    """
    before = {} if is_own(table.headings) else remembered_columns(organisation, table.headings)
    return map_columns(table.headings, before)


def first_plan(
    organisation: Organisation, table: Table, columns: dict[str, str]
) -> tuple[Plan, dict[str, str], list[Doubtful]]:
    """Return a plan for ``columns``, the columns it was made with, and those about which the page asks.

    A column that was only guessed, and whose words would make more services than a trust has, or keep most of the rows
    back, is read as something else; one that would make many services is read as it was guessed. The page says why,
    and offers the other. Where somebody chose a column before, it stays. Raises Refused without a title.
    """
    words, before = remembered_words(organisation), remembered_columns(organisation, table.headings)
    plan = plan_import(organisation=organisation, table=table, columns=columns, words=words)
    if is_own(table.headings):
        return plan, columns, []
    read, asked = dict(columns), []
    for heading, ours in columns.items():
        if ours not in INSTEAD or heading in before:
            continue
        why, keep = _doubt(plan, ours, len(table.rows))
        if not why:
            continue
        instead = INSTEAD[ours] if INSTEAD[ours] not in read.values() else ""
        now, other = (ours, "") if keep else (instead, ours)
        asked.append(Doubtful(heading, table.headings.index(heading), why, now, other))
        read[heading] = now
    if read == columns:
        return plan, columns, asked
    read = {heading: ours for heading, ours in read.items() if ours}
    return plan_import(organisation=organisation, table=table, columns=read, words=words), read, asked


def _doubt(plan: Plan, column: str, rows: int) -> tuple[str, bool]:
    """Return why a guessed column may be something else, "" when it is hardly, and whether it is kept all the same."""
    asked = plan.asked.get(column, [])
    if column == "service":
        said: Mapping = {"n": len(asked)}
        if len(asked) <= MANY_SERVICES:
            return "", True
        if len(asked) > TOO_MANY_SERVICES:
            return _("it holds %(n)d different values, and few organisations have so many services") % said, False
        if sum(len(each.word.split()) for each in asked) > NAME * len(asked):
            return _("it holds %(n)d different values that read like sentences, not like names") % said, False
        return _("it holds %(n)d names that we do not know, of services, wards or departments as it seems") % said, True
    kept_back = sum(each.rows for each in asked if not each.answer)
    if len(asked) <= MANY and kept_back * 2 <= rows:
        return "", True
    said = {"n": len(asked), "rows": kept_back}
    if column == "status":
        return _("%(n)d of its words are no status that we know, so %(rows)d rows would have to wait") % said, False
    return _("%(n)d of its words are no group that we know, so %(rows)d rows would have to wait") % said, False
