"""Fields that the NHS patterns know and Django does not: a day in three boxes, and a table of radios."""

from __future__ import annotations

from calendar import month_abbr, month_name
from collections.abc import Iterable
from datetime import date

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

PARTS_OF_A_DAY = {"day": _("Day"), "month": _("Month"), "year": _("Year")}
MONTHS = {name.lower(): number for names in (month_name, month_abbr) for number, name in enumerate(names) if name}


class BadDay(ValidationError):
    """Three boxes that are no day. ``parts`` names the boxes to put right."""

    def __init__(self, message, parts: Iterable[str]):
        super().__init__(message, code="invalid")
        self.parts = tuple(parts)


def read_day(said: dict[str, str]) -> date | None:
    """Return the date in ``said`` ("day", "month", "year" -> what was typed); None when all are empty.

    A month may be a number, a name or its first three letters; a year has four digits. Raises BadDay otherwise.
    """
    said = {part: (said.get(part) or "").strip() for part in PARTS_OF_A_DAY}
    missing = [part for part, typed in said.items() if not typed]
    if len(missing) == 3:
        return None
    if missing:
        raise BadDay(_("Enter the day, the month and the year"), missing)
    month = said["month"].lower().rstrip(".")
    numbers = {"day": said["day"], "month": str(MONTHS.get(month, month)), "year": said["year"]}
    wrong = [part for part, typed in numbers.items() if not (typed.isascii() and typed.isdigit() and len(typed) <= 4)]
    if wrong:
        raise BadDay(_("Enter the date in numbers, such as 27 3 2026"), wrong)
    if len(numbers["year"]) != 4:
        raise BadDay(_("Enter the year with 4 numbers, such as 2026"), ["year"])
    try:
        return date(int(numbers["year"]), int(numbers["month"]), int(numbers["day"]))
    except ValueError:
        wrong = ["month"] if not 1 <= int(numbers["month"]) <= 12 else ["day"]
        raise BadDay(_("Enter a date that exists in the calendar"), wrong) from None


class DayInput(forms.Widget):
    """Three boxes, ``name_day``, ``name_month`` and ``name_year``. Drawn by templates/nhsuk/day.html."""

    input_type = "text"

    def value_from_datadict(self, data, files, name) -> dict[str, str]:
        return {part: data.get(f"{name}_{part}", "") for part in PARTS_OF_A_DAY}

    def value_omitted_from_data(self, data, files, name) -> bool:
        return all(f"{name}_{part}" not in data for part in PARTS_OF_A_DAY)

    def id_for_label(self, id_):
        return f"{id_}_day" if id_ else id_

    def format_value(self, value) -> dict[str, str]:
        """Return the three boxes of ``value``, a date or what was typed."""
        if isinstance(value, date):
            return {"day": str(value.day), "month": str(value.month), "year": str(value.year)}
        return {part: (value or {}).get(part, "") for part in PARTS_OF_A_DAY}

    def boxes(self, field) -> list[dict]:
        """Return the boxes of a bound ``field``: part, label, name, id, value, and whether it is one to put right."""
        said = self.format_value(field.value())
        wrong = ()
        if field.errors:
            try:
                read_day(said)
                wrong = tuple(PARTS_OF_A_DAY)
            except BadDay as bad:
                wrong = bad.parts
        return [
            {
                "part": part,
                "label": label,
                "name": f"{field.html_name}_{part}",
                "id": f"{field.auto_id}_{part}",
                "value": said[part],
                "wrong": part in wrong,
            }
            for part, label in PARTS_OF_A_DAY.items()
        ]

    def first_id(self, field) -> str:
        """Return the id of the first box to put right, else of the first."""
        boxes = self.boxes(field)
        return next((box["id"] for box in boxes if box["wrong"]), boxes[0]["id"])


class DayField(forms.Field):
    """One day, typed into three boxes; ``clean`` returns a date, or None when it is empty and may be.

    ``earliest`` and ``latest`` (dates, or functions that return one) bound it.
    """

    widget = DayInput
    default_error_messages = {
        "required": _("Enter a date"),
        "too_early": _("The date must be %(bound)s or later"),
        "too_late": _("The date must be %(bound)s or earlier"),
    }

    def __init__(self, *, earliest=None, latest=None, **kwargs):
        super().__init__(**kwargs)
        self.earliest, self.latest = earliest, latest

    def to_python(self, value) -> date | None:
        return value if isinstance(value, date) else read_day(value or {})

    def validate(self, value):
        super().validate(value)
        if value is None:
            return
        earliest, latest = (bound() if callable(bound) else bound for bound in (self.earliest, self.latest))
        for code, bound, outside in (
            ("too_early", earliest, earliest and value < earliest),
            ("too_late", latest, latest and value > latest),
        ):
            if outside:
                words = f"{bound.day} {month_name[bound.month]} {bound.year}"
                raise ValidationError(self.error_messages[code], code=code, params={"bound": words})

    def has_changed(self, initial, data) -> bool:
        return self.widget.format_value(initial) != self.widget.format_value(data)


class RadioTable(forms.Widget):
    """A table with a question a row and a radio a cell, ``name_row``. Drawn by templates/nhsuk/radio_table.html."""

    input_type = "radio"
    rows: list[tuple] = []
    columns: list[tuple] = []

    def value_from_datadict(self, data, files, name) -> dict[str, str]:
        said = {row[0]: data.get(f"{name}_{row[0]}", "") for row in self.rows}
        return {row: value for row, value in said.items() if value}

    def value_omitted_from_data(self, data, files, name) -> bool:
        return all(f"{name}_{row[0]}" not in data for row in self.rows)

    def id_for_label(self, id_):
        return f"{id_}_{self.rows[0][0]}_0" if id_ and self.rows else id_

    def table(self, field) -> list[dict]:
        """Return the rows of a bound ``field``: slug, title, hint, name, error, and a cell for every column."""
        said = field.value() or {}
        errors = getattr(field.field, "row_errors", dict)(said) if field.errors else {}
        return [
            {
                "slug": slug,
                "title": title,
                "hint": hint[0] if hint else "",
                "name": f"{field.html_name}_{slug}",
                "id": f"{field.auto_id}_{slug}",
                "error": errors.get(slug, ""),
                "cells": [
                    {
                        "value": value,
                        "title": words,
                        "id": f"{field.auto_id}_{slug}_{number}",
                        "checked": said.get(slug, "") == value,
                    }
                    for number, (value, words) in enumerate(self.columns)
                ],
            }
            for slug, title, *hint in self.rows
        ]

    def first_id(self, field) -> str:
        """Return the id of the first radio of the first row to put right, else of the first row."""
        table = self.table(field)
        row = next((row for row in table if row["error"]), table[0])
        return row["cells"][0]["id"]


class RadioTableField(forms.Field):
    """One answer a row. ``rows``: (slug, title[, hint]) each; ``columns``: (value, title) each.

    ``clean`` returns {row slug: value} of the rows that were answered; when required, every row has to be.
    """

    widget = RadioTable
    default_error_messages = {
        "required": _("Choose an answer in every row"),
        "row": _("Choose an answer for “%(row)s”"),
        "invalid_choice": _("Choose one of the answers in the table"),
    }

    def __init__(self, *, rows: Iterable[tuple], columns: Iterable[tuple], row_heading="", **kwargs):
        super().__init__(**kwargs)
        self.rows, self.columns, self.row_heading = list(rows), list(columns), row_heading
        self.widget.rows, self.widget.columns = self.rows, self.columns

    def __deepcopy__(self, memo):
        copied = super().__deepcopy__(memo)
        copied.widget.rows, copied.widget.columns = copied.rows, copied.columns
        return copied

    def to_python(self, value) -> dict[str, str]:
        value = value or {}
        if set(value.values()) - {column[0] for column in self.columns}:
            raise ValidationError(self.error_messages["invalid_choice"], code="invalid_choice")
        return value

    def validate(self, value):
        if not self.required:
            return
        missing = [str(row[1]) for row in self.rows if row[0] not in value]
        if len(missing) == 1:
            raise ValidationError(self.error_messages["row"], code="required", params={"row": missing[0]})
        if missing:
            raise ValidationError(self.error_messages["required"], code="required")

    def row_errors(self, said: dict[str, str]) -> dict[str, str]:
        """Return {row slug: message} of the rows without a good answer."""
        values = {column[0] for column in self.columns}
        return {
            row[0]: str(self.error_messages["row"]) % {"row": row[1]}
            for row in self.rows
            if (self.required and row[0] not in said) or (row[0] in said and said[row[0]] not in values)
        }


class RowsField(forms.ModelMultipleChoiceField):
    """Several rows of the organisation. A key of more digits than any database counts to is no row, and no failure."""

    LONGEST_KEY = 18  # digits

    def _check_values(self, value):
        for key in value:
            if len(str(key)) > self.LONGEST_KEY:
                code = "invalid_pk_value"
                raise ValidationError(self.error_messages[code], code=code, params={"pk": key})
        return super()._check_values(value)
