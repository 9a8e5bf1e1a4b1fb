"""The register as a spreadsheet, to take away and to bring in again: CSV and XLSX, row by row.

What goes out holds what the organisation said of each activity: its reference, words, dates as written, status,
service, services that it names, groups with reach and support, piece of work with its problem, lead, promise, cost,
hours, support, what it rests on; every reading of its place that is not void, with its ways, the part people had, the
route to those who decide and the real options; what came of it with the evidence; the dated answers to "is it
running?"; and that it was withdrawn, and why. Bringing it in again makes the same register
(tests/involvement/test_round_trip.py).

What stays behind: ids, who recorded what and when, earlier wordings (the history), files of evidence (their names go),
and a person's confirmation that a piece of work was coproduced as a whole: a cell of a spreadsheet confirms nothing.

The columns after "evidence" are named plainly. ``placed_1`` … and ``change_1`` … hold a record in full, as JSON; the
columns before them say the same for people to read, as far as one cell can.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import batched, chain
from typing import IO

from django.db.models import Count

from framework.catalogue import catalogue
from involvement.access import Permission, Viewer
from involvement.actions.base import today
from involvement.cells import csv_lines, written_list, written_record
from involvement.imports.columns import COLUMNS, IN_FULL, MOST_IN_FULL, TRUST_WIDE_WORDS, UNKNOWN_WORDS
from involvement.imports.records import change_record, evidence_named, place_cells, placed_record
from involvement.models import Activity, Change, Classification, Placement
from involvement.particulars import fewer_than_five, people_written
from involvement.registers import activities_in_list, in_order, read_filters
from involvement.states import in_force

ROWS_AT_ONCE = 500  # read from the database together
PLAIN = (
    "reference", "title", "description", "service", "status", "start_date", "end_date", "period", "method",
    "participants", "groups", "reach", "result", "source_url", "piece", "place", "facets", "part", "contested",
    "outcome", "evidence", "named_lead", "promised", "cost", "citizen_hours", "support", "mechanisms", "services_named",
    "groups_in_full", "running_answers", "same_title_number", "withdrawn_on", "withdrawn_reason", "piece_problem",
    "who_was_missing", "could_lose",
)  # fmt: skip
LITERAL = TRUST_WIDE_WORDS | UNKNOWN_WORDS  # a service that is called so is written in quotation marks
NO_SIGNS = {0xFFFE: "\ufffd", 0xFFFF: "\ufffd"}  # no XML can hold these two, which are no signs of any script
WIDE = {"title": 44, "description": 60, "result": 44, "participants": 30, "service": 24, "method": 24}  # in characters


@dataclass(frozen=True)
class Register:
    """A part of the register that goes out: which activities, in order, and the columns that they need."""

    viewer: Viewer
    keys: tuple[int, ...]
    columns: tuple[str, ...]

    def rows(self) -> Iterator[dict[str, str]]:
        """Yield one row an activity: the text for each column that has any. Ten queries for every ROWS_AT_ONCE."""
        numbers = _title_numbers(self.viewer)
        for keys in batched(self.keys, ROWS_AT_ONCE):
            yield from _rows(self.viewer, keys, numbers)


def register(viewer: Viewer, data) -> tuple[Register, list[str]]:
    """Return what ``data`` (a QueryDict, as the list takes it) asks for, and a sentence for each part not understood.

    The activities are those of the list, all its pages; oldest entry first unless another order is asked. With
    ``withdrawn=with`` those that were withdrawn are among them, which the list never mixes.
    """
    organisation = viewer.organisation
    services = {service.slug: service for service in organisation.services.all()}
    data = data.copy()
    data.pop("page", None)
    filters, wrong = read_filters(data, services)
    found = activities_in_list(viewer, filters, services)
    if data.get("withdrawn") == "with" and not filters.narrowing:
        found = organisation.activities.all()
    ordered = in_order(found, filters, viewer) if filters.sort else found.order_by("pk")
    keys = tuple(ordered.values_list("pk", flat=True))
    return Register(viewer, keys, _columns(viewer)), wrong


def whole_register(viewer: Viewer) -> Register:
    """Return the whole register, withdrawn activities among it."""
    keys = viewer.organisation.activities.order_by("pk").values_list("pk", flat=True)
    return Register(viewer, tuple(keys), _columns(viewer))


def _columns(viewer: Viewer) -> tuple[str, ...]:
    """Return the columns: the plain ones, and one for each record in full that some activity has."""
    organisation, hidden = viewer.organisation, viewer.hidden
    readings = organisation.classifications.filter(kind=Classification.Kind.LEADER, void_at=None)
    most = {
        "placed": _most(readings.filter(activity__organisation=organisation).exclude(activity__in=hidden)),
        "change": _most(organisation.changes.filter(activity__organisation=organisation).exclude(activity__in=hidden)),
    }
    return (*PLAIN, *(f"{kind}_{number}" for kind in IN_FULL for number in range(1, most[kind] + 1)))


def _most(rows) -> int:
    """Return the most rows that one activity has, as far as there are columns for them."""
    counted = rows.order_by().values("activity").annotate(n=Count("pk")).order_by("-n").values_list("n", flat=True)
    return min(counted.first() or 0, MOST_IN_FULL)


def _title_numbers(viewer: Viewer) -> dict[int, int]:
    """Return, for what shares title and start with earlier entries, the number among them: 2 for the second.

    Rows without a reference are known by title and start, so without this the second would pass for the first.
    """
    seen: dict[tuple, int] = defaultdict(int)
    numbers = {}
    for pk, title, started_on in viewer.organisation.activities.order_by("pk").values_list("pk", "title", "started_on"):
        key = (title.casefold(), started_on)
        seen[key] += 1
        if seen[key] > 1:
            numbers[pk] = seen[key]
    return numbers


def _rows(viewer: Viewer, keys: Iterable[int], numbers: dict[int, int]) -> Iterator[dict[str, str]]:
    organisation = viewer.organisation
    services = dict(organisation.services.values_list("pk", "name"))
    activities = {
        activity.pk: activity for activity in organisation.activities.select_related("piece").filter(pk__in=keys)
    }

    def by_activity(rows):
        found = defaultdict(list)
        for row in rows.filter(activity__in=keys).order_by("pk"):
            found[row.activity_id].append(row)
        return found

    named = by_activity(organisation.activity_services)
    groups = by_activity(organisation.activity_groups)
    answers = by_activity(organisation.confirmations.standing())
    readings = by_activity(organisation.classifications.filter(kind=Classification.Kind.LEADER, void_at=None))
    changes = by_activity(organisation.changes)
    ways = _of(organisation.placements, "classification", readings)
    speaks_for = _of(organisation.change_facets, "change", changes)
    evidence = _of(organisation.evidence.select_related("file", "corroborator"), "change", changes)
    exact = viewer.may(Permission.ACTIVITY_EDIT)  # who may edit the numbers of people may have them as they are
    for key in keys:
        activity = activities.get(key)
        if activity is None:  # removed since the keys were read
            continue
        row = _own_words(activity, services, exact)
        row["services_named"] = written_list(
            sorted(services[each.service_id] for each in named[key]), literal=LITERAL
        )
        row |= _groups(activity, groups[key], exact)
        row["running_answers"] = "; ".join(f"{each.on.isoformat()} {_yes(each.running)}" for each in answers[key])
        row["same_title_number"] = str(numbers.get(key, ""))
        if key in viewer.hidden:
            row["could_lose"] = ""  # said of choosers alone
        else:
            row |= _places(readings[key], ways)
            row |= _changes(changes[key], speaks_for, evidence, services)
        yield {column: text for column, text in row.items() if text}


def _of(rows, parent: str, by_activity) -> dict[int, list]:
    """Return the rows that hang from the given parents, by parent."""
    parents = [each.pk for each_activity in by_activity.values() for each in each_activity]
    found = defaultdict(list)
    for row in rows.filter(**{f"{parent}__in": parents}).order_by("pk"):
        found[getattr(row, f"{parent}_id")].append(row)
    return found


def _own_words(activity: Activity, services: dict[int, str], exact: bool) -> dict[str, str]:
    few = fewer_than_five(0)
    plain = {
        column.slug: getattr(activity, column.fact)
        for slug, column in COLUMNS.items()
        if column.fact and slug not in ("service", "piece", "groups", "support", "mechanisms", "cost", "citizen_hours")
    }
    return {
        **{slug: value or "" for slug, value in plain.items()},
        "reach": activity.reach if exact or people_written(activity.reach) != few else few,
        "service": written_list([services[activity.service_id]], literal=LITERAL) if activity.service_id else "",
        "piece": activity.piece.title if activity.piece else "",
        "piece_problem": activity.piece.problem_statement if activity.piece else "",
        "cost": "" if activity.cost is None else str(activity.cost),
        "citizen_hours": "" if activity.citizen_hours is None else str(activity.citizen_hours),
        "support": "; ".join(activity.support),
        "mechanisms": "; ".join(activity.mechanisms),
        "withdrawn_on": activity.withdrawn_on.isoformat() if activity.withdrawn_on else "",
        "withdrawn_reason": activity.withdrawn_reason or "",
    }


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _groups(activity: Activity, rows: list, exact: bool) -> dict[str, str]:
    order = list(catalogue().groups)
    rows = sorted(rows, key=lambda row: order.index(row.group) if row.group in order else len(order))
    everyone = ["everyone"] if activity.open_to_all else []
    in_full = [
        {"group": row.group, "reach": row.reach if exact or (row.reach or 5) >= 5 else fewer_than_five(row.reach),
         "support": row.support}
        for row in rows
        if row.reach is not None or row.support
    ]  # fmt: skip
    return {"groups": "; ".join([*everyone, *(row.group for row in rows)]), "groups_in_full": written_record(in_full)}


def _places(readings: list[Classification], ways: dict[int, list[Placement]]) -> dict[str, str]:
    row = {f"placed_{n}": written_record(placed_record(each, ways[each.pk]))
        for n, each in enumerate(readings[-MOST_IN_FULL:], start=1)}
    current = next((each for each in reversed(readings) if in_force(each, today())), None)
    if current is not None:
        row |= place_cells(current.primary_place, [(way.facet, way.part) for way in ways[current.pk]])
        row["contested"] = "; ".join(current.contested_kinds) or ("yes" if current.contested else "no")
    return row


def _changes(changes: list[Change], speaks_for, evidence, services: dict[int, str]) -> dict[str, str]:
    row = {
        f"change_{n}": written_record(change_record(each, speaks_for[each.pk], evidence[each.pk], services))
        for n, each in enumerate(changes[:MOST_IN_FULL], start=1)
    }
    row["outcome"] = "; ".join(each.outcome for each in changes)
    standing = [proof for each in changes for proof in evidence[each.pk] if proof.withdrawn_on is None]
    row["evidence"] = "; ".join(f"{proof.kind}: {evidence_named(proof)}".removesuffix(": ") for proof in standing)
    return row


def csv_file(asked: Register) -> Iterator[bytes]:
    """Yield the file as CSV piece by piece, cells that a spreadsheet would run guarded."""
    rows = ([row.get(column, "") for column in asked.columns] for row in asked.rows())
    return csv_lines(chain([asked.columns], rows))


def xlsx_file(asked: Register) -> IO[bytes]:
    """Return an open file with the spreadsheet, to be read from its start; closing it removes it.

    Every cell is text as it stands, so that no program runs it, reads it as a date or cuts noughts off. Rows are
    written as they come, in constant memory. Raises ValueError for text longer than a cell holds.
    """
    import xlsxwriter  # here, since most processes never write a workbook

    file = tempfile.TemporaryFile(suffix=".xlsx")
    book = xlsxwriter.Workbook(file, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    try:
        sheet = book.add_worksheet("Activities")
        heading = book.add_format({"bold": True, "num_format": "@"})
        text = book.add_format({"num_format": "@", "valign": "top"})
        sheet.freeze_panes(1, 0)
        for at, column in enumerate(asked.columns):
            sheet.set_column(at, at, WIDE.get(column, 14), text)
            sheet.write_string(0, at, column, heading)
        for number, row in enumerate(asked.rows(), start=1):
            for at, column in enumerate(asked.columns):
                words = row.get(column, "").translate(NO_SIGNS)
                if words and sheet.write_string(number, at, words, text):
                    raise ValueError(f"row {number + 1}, {column}: longer than a cell of a spreadsheet holds")
    finally:
        book.close()
    file.seek(0)
    return file
