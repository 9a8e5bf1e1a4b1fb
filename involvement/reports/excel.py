"""The facts behind every figure of the report, as a workbook: one sheet a kind of fact, one row a fact.

Every text is typed as text, so no spreadsheet runs it; numbers are numbers and days are days, to be counted again.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

import xlsxwriter
from django.utils.translation import gettext as _

from involvement.reports.facts import Facts, assurance, closed_with, grade_in_words
from involvement.reports.signs import plain

MOST = 32_767  # signs that one cell takes
WIDEST, NARROWEST = 70, 9  # columns, in characters
LINE, TALLEST = 15, 400  # rows, in points


class Day(str):
    """An ISO day, to be written as a day."""

    __slots__ = ()


@dataclass(frozen=True)
class Sheet:
    """A sheet: its name (at most 31 signs), the header row, and the rows."""

    name: str
    header: tuple[str, ...]
    rows: list[tuple]


def workbook(snapshot: dict, conclusions: list[dict], signed: dict | None) -> bytes:
    """Return the workbook. The same facts give the same bytes."""
    facts = Facts(snapshot, conclusions, signed)
    kept = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(kept, options) as book:
        day = datetime.fromisoformat(facts.dated)
        book.set_properties(
            {"title": plain(snapshot["title"])[:255], "author": facts.subject[:255], "created": day}
        )
        words = {"text_wrap": True, "valign": "top", "align": "left", "indent": 1}
        formats = {
            "head": book.add_format(words | {"bold": True, "bottom": 1}),
            "text": book.add_format(words | {"num_format": "@"}),
            "day": book.add_format({"num_format": "d mmm yyyy", "valign": "top", "align": "left", "indent": 1}),
            "number": book.add_format({"valign": "top"}),
        }
        for sheet in sheets(facts):
            _write(book.add_worksheet(sheet.name), sheet, formats)
    return kept.getvalue()


def _write(page, sheet: Sheet, formats: dict) -> None:
    for column, title in enumerate(sheet.header):
        page.write_string(0, column, plain(title), formats["head"])
    for number, row in enumerate(sheet.rows, 1):
        for column, value in enumerate(row):
            if value is None or value == "":
                continue
            if isinstance(value, bool):
                page.write_string(number, column, _("yes") if value else _("no"), formats["text"])
            elif isinstance(value, int):
                page.write_number(number, column, value, formats["number"])
            elif isinstance(value, Day):
                page.write_datetime(number, column, date.fromisoformat(value[:10]), formats["day"])
            else:
                page.write_string(number, column, plain(str(value))[:MOST], formats["text"])
    page.freeze_panes(1, 0)
    page.autofilter(0, 0, max(len(sheet.rows), 1), len(sheet.header) - 1)
    page.set_landscape()
    page.set_paper(9)
    page.fit_to_pages(1, 0)
    page.repeat_rows(0)
    widths = [_width(title, [row[column] for row in sheet.rows]) for column, title in enumerate(sheet.header)]
    for column, width in enumerate(widths):
        page.set_column(column, column, width)
    for number, row in enumerate(sheet.rows, 1):
        lines = max(map(_lines, row, widths))
        if lines > 1:
            page.set_row(number, min(LINE * lines, TALLEST))


def _width(title: str, values: list) -> int:
    longest = max([len(title) + 2, *(13 if isinstance(value, Day) else len(str(value or "")) for value in values)])
    return min(max(longest + 2, NARROWEST), WIDEST)


def _lines(value, width: int) -> int:
    """Return how many lines a cell takes, about: not every program makes rows as tall as their words by itself."""
    return sum(1 + len(line) // (width - 4) for line in str(value or "").split("\n"))


def _day(value: str | None) -> Day | None:
    return Day(value) if value else None


def _joined(words: Iterable[str]) -> str:
    return "; ".join(words)


def sheets(facts: Facts) -> list[Sheet]:
    """Return every sheet, also the empty ones: that nothing is on record is a fact too."""
    s = facts.snapshot
    places = {place["slug"]: place["title"] for place in s["places"]}
    return [
        Sheet(_("About"), (_("What"), _("Value")), _about(facts)),
        Sheet(_("Figures"), (_("Figure"), _("Number"), _("Sheet to count it in")), _figures(facts)),
        Sheet(
            _("Assurance"),
            (_("Place"), _("The board says"), _("The board’s reason"), _("Aim"), _("Adopted on"), _("Adopted by"),
             _("Live activities"), _("List said to be complete")),
            [
                (place["title"], assurance(facts, place), facts.judged.get(place["slug"], {}).get("reason"),
                 *((place["aim"]["sentence"], _day(place["aim"]["adopted_on"]), place["aim"]["adopted_by"])
                   if place["aim"] else ("", None, "")),
                 place["live"], place["complete"])
                for place in s["places"]
            ],
        ),
        Sheet(
            _("Map"),
            (_("Place"), _("Way to take part"), _("How it stands"), _("Live activities"), _("Proven"),
             _("Confirmed by people"), _("Changed"), _("Refused"), _("Strongest part"), _("Services"), _("Why"),
             _("Also known")),
            [
                (place["title"], cell["title"], cell["status_title"], cell["activities"], cell["proven"],
                 cell["confirmed"], cell["changed"], cell["refused"], cell["strongest_part"], cell["services"],
                 cell["why"], _joined(cell["facts"]))
                for place in s["places"] for cell in place["cells"]
            ],
        ),
        Sheet(
            _("Gaps"),
            (_("Rank"), _("Gap"), _("Scope"), _("Kind"), _("Seen since"), _("Answers"), _("Answer overdue")),
            [
                (gap["rank"], gap["sentence"], gap["identity"], gap["kind"], _day(gap["first_seen"]),
                 len(gap["responses"]), any(row["overdue"] for row in gap["responses"]))
                for gap in [*facts.gaps, *facts.gaps_of_services]
            ],
        ),
        Sheet(
            _("Answers"),
            (_("Gap"), _("Kind"), _("Reason"), _("Owner"), _("Due"), _("Overdue"), _("Made on"), _("Ended on"),
             _("Actions")),
            [
                (gap["sentence"], row["kind_title"], row["reason"], row["owner"], _day(row["due_on"]), row["overdue"],
                 _day(row["made_on"]), _day(row["ended_on"]), _joined(map(str, row["actions"])))
                for gap in [*facts.gaps, *facts.gaps_of_services] for row in gap["responses"]
            ],
        ),
        Sheet(
            _("Changes"),
            (_("Outcome"), _("Activity number"), _("Activity"), _("Speaks for"), _("People asked"), _("Decided by"),
             _("What changed"), _("Why"), _("Decided on"), _("People told on"), _("What shows it"), _("Evidence")),
            [
                (title, row["activity_id"], row["activity"], _joined(row["facets"]), row["asked"],
                 row["decision_point"], row["what"], row["why"], _day(row["decided_on"]), _day(row["told_on"]),
                 row["grade_title"],
                 _joined(" ".join(filter(None, [f"{each['kind_title']}:", each["words"], each["dated_on"]]))
                         for each in row["evidence"]))
                for heap, title in (("changed", _("Changed")), ("only_said", _("Changed, by our word only")),
                                    ("refused", _("Refused")))
                for row in s["changes"][heap]
            ],
        ),
        Sheet(
            _("Decisions"),
            (_("Decision"), _("Decided on"), _("Decided by"), _("Why it is major or hard"), _("Who took part")),
            [
                (row["title"], _day(row["decided_on"]), row["body"], row["why"],
                 _joined(f"{each['title']} ({each['place_title']})" for each in row["took_part"])
                 or _("Nobody from outside the staff, as far as the list shows."))
                for row in s["decisions"]
            ],
        ),
        *_heard(facts),
        Sheet(
            _("Disagreement"),
            (_("Activity"), _("By"), _("Words"), _("Made on"), _("Answer"), _("Answered on"), _("State")),
            [
                (row["activity"], row["by"], row["words"], _day(row["made_on"]), row["reply"],
                 _day(row["replied_on"]), row["state"])
                for row in facts.dissent
            ],
        ),
        Sheet(
            _("Actions"),
            (_("Number"), _("Action"), _("For"), _("Owner"), _("Due"), _("Overdue"), _("State"), _("Set on"),
             _("Closed on"), _("Closed with")),
            [
                (row["id"], row["what"], row["cell_title"], row["owner"], _day(row["due_on"]), row["overdue"],
                 row["state"], _day(row["set_on"]), _day(row["closed_on"]), closed_with(row))
                for row in s["actions"]
            ],
        ),
        Sheet(
            _("Activities"),
            (_("Number"), _("Reference"), _("Activity"), _("Service"), _("State"), _("Place"), _("Ways"), _("Part"),
             _("Said to be"), _("Contested"), _("Began"), _("Ended"), _("Groups"), _("What shows it"), _("Grade"),
             _("Why it is placed there")),
            [
                (row["id"], row["reference"], row["title"], row["service"], row["status_title"], row["place_title"],
                 _joined(row["facets"]), row["part"], row["claim"], row["contested"], _day(row["started"]),
                 _day(row["ended"]), _joined(row["groups"]), grade_in_words(row["grade"]), row["grade"], row["why"])
                for row in s["activities"]
            ],
        ),
        Sheet(
            _("Services"),
            (_("Service"), *places.values()),
            [
                (row["name"], *(next((each["label"] for each in row["places"] if each["place"] == slug), "")
                                for slug in places))
                for row in s["services"]
            ],
        ),
        Sheet(
            _("Groups"),
            (_("Group"), *places.values()),
            [(row["title"], *(row["by_place"].get(slug, 0) for slug in places)) for row in s["groups"]],
        ),
        Sheet(
            _("Mechanisms"),
            (_("Mechanism"), _("Live activities"), _("No longer in place without it")),
            [(row["title"], row["activities"], _joined(row["cells_lost"])) for row in s["mechanisms"]],
        ),
        Sheet(
            _("Duties"),
            (_("Duty"), _("Citation"), _("As at"), _("Look again by"), _("Check this"), _("What bears on it")),
            [
                (row["title"], row["citation"], _day(row["as_at"]), _day(row["review_by"]), row["check"],
                 _joined(row["bears"]))
                for row in s["duties"]
            ],
        ),
        Sheet(
            _("Rulings"),
            (_("Kind"), _("Counted as"), _("Why"), _("Who said so"), _("From")),
            [
                (row["kind_title"], row["place_title"], row["reason"], row["author"], _day(row["from"]))
                for row in s["rulings"]
            ],
        ),
        Sheet(
            _("Taken off"),
            (_("Activity"), _("When"), _("By whom"), _("Why")),
            [(row["title"], _day(row["on"]), str(row["by"] or ""), row["reason"]) for row in s["withdrawn"]],
        ),
        Sheet(
            _("Method and limits"),
            (_("What it is"), _("Words")),
            [
                *((_("Limit"), sentence) for sentence in s["words"]["limits"]),
                *((_("Method"), sentence) for sentence in s["words"]["method"]),
                *((_("Check"), row["sentence"]) for row in s["checklist"]),
            ],
        ),
    ]  # fmt: skip


def _about(facts: Facts) -> list[tuple]:
    s, signed = facts.snapshot, facts.signed or {}
    return [
        (_("Title"), s["title"]),
        (_("Organisation"), s["organisation"]["name"]),
        (_("Scope"), s["scope"]["service"]["name"] if s["scope"]["service"] else _("The whole organisation")),
        (_("State"), facts.state),
        (_("As at"), _day(s["as_at"])),
        (_("Changes from"), _day(s["period"]["from"])),
        (_("Changes to"), _day(s["period"]["to"])),
        (_("Facts frozen"), s["taken_at"]),
        (_("Version of the framework"), s["framework_version"]),
        (_("Headline"), s["headline"]),
        (_("Signed by"), signed.get("name", "")),
        (_("Statement"), signed.get("statement", "")),
        (_("Digest of the frozen facts (SHA-256)"), signed.get("digest", "")),
    ]


def _heard(facts: Facts) -> list[Sheet]:
    """Return what patient leaders and people who took part say; nothing for an audit from before they could."""
    if facts.reviews is None or facts.took_part is None:
        return []
    return [
        Sheet(
            _("Reviews"),
            (_("Round"), _("Opened"), _("Closed"), _("Activity number"), _("Activity"), _("The organisation says"),
             _("Patient leaders see"), _("Their answers")),
            [
                (each["title"], _day(each["opened_on"]), _day(each["closed_on"]), row["id"], row["activity"],
                 row["said"], row["seen"], _joined(f"{title}: {number}" for title, number in row["answers"]))
                for each in facts.reviews for row in each["differences"]
            ],
        ),
        Sheet(
            _("Took part"),
            (_("Activity number"), _("Activity"), _("Answers"), _("Question"), "1", "2", "3", "4", "5",
             _("Cannot say")),
            [
                (each["id"], each["activity"], each["people"], scale["question"], *scale["counts"], scale["unsure"])
                for each in facts.took_part for scale in each["scales"]
            ],
        ),
    ]  # fmt: skip


def _figures(facts: Facts) -> list[tuple]:
    # Pieces of work and corrections are counted when the facts are frozen; no sheet holds them one by one.
    s, silent = facts.snapshot, _("could not be recorded")
    said = s["dissent"] is not None
    activities, coproduction = s["map"]["activities"], s["map"]["coproduction"]
    places = {place["slug"]: place["title"] for place in s["places"]}
    return [
        (_("Activities on the list"), activities["listed"], _("Activities")),
        (_("Live"), activities["live"], _("Activities")),
        (_("Not dated"), activities["not_dated"], _("Activities")),
        (_("Planned"), activities["planned"], _("Activities")),
        (_("Lapsed"), activities["lapsed"], _("Activities")),
        (_("With a place"), activities["classified"], _("Activities")),
        (_("Without a place"), activities["unclassified"], _("Activities")),
        (_("Not involvement"), activities["not_involvement"], _("Activities")),
        (_("Contested"), activities["contested"], _("Activities")),
        (_("Part not recorded"), activities["part_not_recorded"], _("Activities")),
        *((_("Live: %(place)s") % {"place": places.get(slug, slug)}, number, _("Activities"))
          for slug, number in activities["by_place"].items()),
        (_("Share of owners and coproducers, per cent of live activities with a place"), s["share"], _("Activities")),
        (_("Ways to take part"), len(facts.cells), _("Map")),
        (_("Ways in place"), len(facts.in_place), _("Map")),
        (_("Pieces of work called coproduction"), coproduction["called"], ""),
        (_("With at least one stage of coproduction"), coproduction["any_stage"], ""),
        (_("Whole coproduction"), coproduction["whole"], ""),
        (_("Gaps of this scope"), len(facts.gaps), _("Gaps")),
        (_("Of these without an answer"), len(facts.unanswered), _("Gaps")),
        (_("Gaps in single services"), len(facts.gaps_of_services), _("Gaps")),
        (_("Answers overdue"), len(facts.overdue_answers), _("Answers")),
        (_("Actions overdue"), len(facts.overdue_actions), _("Actions")),
        (_("Changed, shown by a document or by people"), len(s["changes"]["changed"]), _("Changes")),
        (_("Changed, by our word only"), len(s["changes"]["only_said"]), _("Changes")),
        (_("Refused"), len(s["changes"]["refused"]), _("Changes")),
        (_("Decisions that the board listed"), len(s["decisions"]), _("Decisions")),
        (_("Of these with nobody from outside the staff"), len(facts.without_citizens), _("Decisions")),
        (_("Disagreements of patient leaders"), len(facts.dissent) if said else silent, _("Disagreement")),
        (_("Of these without an answer"), len(facts.dissent_open) if said else silent, _("Disagreement")),
        (_("Corrections made after the day"), s["corrections"], ""),
    ]  # fmt: skip
