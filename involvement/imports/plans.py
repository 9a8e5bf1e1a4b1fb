"""What an import would do: row by row what is new, what is here already, and what cannot come in and why."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from framework.catalogue import catalogue
from involvement.actions.activities import ActivityFacts, check_activity, read_dates
from involvement.actions.base import Refused
from involvement.imports.columns import (
    COLUMN_OF_FACT,
    COLUMNS,
    EVERYONE_WORDS,
    STATUSES,
    TRUST_WIDE_WORDS,
    UNKNOWN_WORDS,
    folded,
)
from involvement.imports.tables import Table
from involvement.models import Activity, Organisation, Service

MAX_CELL = 50_000  # characters of a long text
_FIGURES_ONLY = re.compile(r"[0-9]{1,4}\s?[-/.]\s?[0-9]{1,2}\s?[-/.]\s?[0-9]{1,4}(?:[ t][0-9:]+)?", re.IGNORECASE)
_READ_APART = {"status", "service", "groups"}


@dataclass(frozen=True)
class Problem:
    """Something to know about one cell: ``row`` as a spreadsheet counts, ``column`` as the file's heading calls it."""

    row: int
    column: str
    said: str

    def __str__(self) -> str:
        where = _("Row %(row)d, %(column)s") if self.column else _("Row %(row)d")
        return f"{where % {'row': self.row, 'column': self.column}}: {self.said}"


@dataclass(frozen=True)
class PlannedRow:
    row: int
    facts: ActivityFacts
    activity: Activity  # not saved: what the facts would make


@dataclass(frozen=True)
class AlreadyHere:
    row: int
    title: str
    said: str


@dataclass
class Plan:
    """What an import would do. ``problems`` refuse their row, ``notes`` do not."""

    new: list[PlannedRow] = field(default_factory=list)
    here: list[AlreadyHere] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)
    services: dict[str, Service] = field(default_factory=dict)  # to be created; folded name -> unsaved

    @property
    def refused(self) -> int:
        """How many rows cannot come in."""
        return len({problem.row for problem in self.problems})

    @property
    def rows(self) -> int:
        return len(self.new) + len(self.here) + self.refused


def plan_import(*, organisation: Organisation, table: Table, columns: Mapping[str, str]) -> Plan:
    """Work out what importing would do: what is new, what is already here, what cannot come in and why.

    ``columns``: their heading -> our column, as map_columns returns it. Writes nothing. Raises Refused when no column
    is the title.
    """
    if "title" not in columns.values():
        raise Refused({"title": _("Choose the column that holds the title of each activity")})
    plan = Plan()
    reader = _RowReader(organisation, {ours: theirs for theirs, ours in columns.items()}, plan.services)
    at = {columns[heading]: index for index, heading in enumerate(table.headings) if heading in columns}
    known = _Known(organisation)
    for number, cells in table.rows:
        values = {slug: cells[index].strip() if index < len(cells) else "" for slug, index in at.items()}
        problems, notes = [], []
        if any(cell.strip() for cell in cells[len(table.headings) :]):
            problems.append(Problem(number, "", _("The row has more cells than there are headings")))
        facts = reader.facts(number, values, problems, notes)
        here = known.find(number, values, facts)
        if isinstance(here, Problem):
            problems.append(here)
        elif here is not None:
            plan.here.append(here)
            continue
        activity = None
        if not problems:
            activity = _checked(organisation, number, facts, reader, problems)
        if problems:
            plan.problems.extend(problems)
        else:
            plan.notes.extend(notes)
            plan.new.append(PlannedRow(number, facts, activity))
            known.add(number, values, facts)
    used = {id(service) for row in plan.new for service in _services_of(row.facts)}
    plan.services = {name: service for name, service in plan.services.items() if id(service) in used}
    return plan


def _checked(
    organisation, number: int, facts: ActivityFacts, reader: _RowReader, problems: list[Problem]
) -> Activity | None:
    """Return the activity unsaved, or add what the register refuses to ``problems``."""
    try:
        return check_activity(organisation=organisation, facts=facts, free_reference=True)  # _Known looked
    except Refused as refused:
        for fact, said in refused.messages.items():
            column = COLUMN_OF_FACT.get(fact)
            problems.append(Problem(number, reader.heading(column.slug) if column else "", said))
    return None


def _services_of(facts: ActivityFacts) -> list[Service]:
    return [*([facts["service"]] if facts.get("service") else []), *facts.get("named_services", [])]


class _RowReader:
    """Turns the words of one row into facts of an activity, collecting what is wrong with them."""

    def __init__(self, organisation: Organisation, heading_of: dict[str, str], new_services: dict[str, Service]):
        self.organisation = organisation
        self.heading_of = heading_of
        self.new_services = new_services
        self.services = {}
        for service in organisation.services.all():
            self.services[folded(service.slug)] = service
        for service in organisation.services.all():
            self.services[folded(service.name)] = service
        groups = catalogue().groups
        self.groups = {folded(slug): slug for slug in groups} | {
            folded(str(name)): slug for slug, name in groups.items()
        }

    def heading(self, slug: str) -> str:
        return self.heading_of.get(slug) or COLUMNS[slug].title

    def facts(
        self, number: int, values: dict[str, str], problems: list[Problem], notes: list[Problem]
    ) -> ActivityFacts:
        """Return what a row's words amount to. What is wrong goes to ``problems``, what is odd to ``notes``."""

        def wrong(slug: str, said: str) -> None:
            problems.append(Problem(number, self.heading(slug), said))

        facts: ActivityFacts = {}
        for slug, words in values.items():
            longest = (
                getattr(Activity._meta.get_field(COLUMNS[slug].fact), "max_length", None)
                if slug not in _READ_APART
                else None
            )
            if len(words) > (longest or MAX_CELL):
                wrong(slug, _too_long(words, longest or MAX_CELL))
            elif slug not in _READ_APART:
                facts[COLUMNS[slug].fact] = words
        if not values["title"]:
            wrong("title", _("There is no title. Every activity needs one"))
        self._status(values, facts, wrong)
        self._dates(number, facts, wrong, notes)
        self._service(values, facts, wrong)
        self._groups(values, facts, wrong)
        address = facts.get("source_url", "")
        if address and not re.match(r"https?://", address, re.IGNORECASE):
            wrong(
                "source_url",
                _("“%(words)s” is not a web address. It should start with https://") % {"words": _short(address)},
            )
        return facts

    def _status(self, values, facts, wrong) -> None:
        words = values.get("status", "")
        if " ".join(words.casefold().split()) in UNKNOWN_WORDS:
            facts["stated_status"] = ""
            return
        status = STATUSES.get(" ".join(words.casefold().split()))
        if status is None:
            wrong(
                "status",
                _("“%(words)s” is not a status. Use planned, running or ended, or leave it empty")
                % {"words": _short(words)},
            )
        else:
            facts["stated_status"] = str(status)

    def _dates(self, number: int, facts, wrong, notes) -> None:
        words = {name: facts.get(name, "") for name in ("start_written", "end_written", "period")}
        dates = read_dates(**words, stated_status=facts.get("stated_status", ""))
        for name in dates.unread:
            slug = COLUMN_OF_FACT[name].slug
            if _FIGURES_ONLY.fullmatch(words[name]):
                wrong(
                    slug,
                    _(
                        "“%(words)s” is not a date that can be read. Write day, month and a year of four figures,"
                        " like 31/01/2026"
                    )
                    % {"words": words[name]},
                )
            else:
                said = _("“%(words)s” is kept as it is, but names no date that can be read") % {
                    "words": _short(words[name])
                }
                notes.append(Problem(number, self.heading(slug), said))

    def _service(self, values, facts, wrong) -> None:
        words = values.get("service", "")
        if words.casefold() in UNKNOWN_WORDS | TRUST_WIDE_WORDS:
            return
        longest = Service._meta.get_field("name").max_length
        services = []
        whole = self.services.get(folded(words))
        for name in [words] if whole else dict.fromkeys(" ".join(part.split()) for part in re.split(r"[;\n|]", words)):
            if name and name.casefold() not in TRUST_WIDE_WORDS:
                if len(name) > longest:
                    wrong("service", _too_long(name, longest))
                    continue
                services.append(self._service_called(name))
        if len(services) == 1:
            facts["service"] = services[0]
        elif services:
            facts["named_services"] = services

    def _service_called(self, name: str) -> Service:
        """Return the organisation's service of that name, or one that is not saved yet."""
        known_as = folded(name) or name
        if known_as in self.services:
            return self.services[known_as]
        return self.new_services.setdefault(
            known_as, Service(organisation=self.organisation, name=" ".join(name.split()))
        )

    def _groups(self, values, facts, wrong) -> None:
        words = values.get("groups", "")
        groups: list[str] = []
        for name in [words] if folded(words) in self.groups else _listed(words, self.groups):
            if name.casefold() in UNKNOWN_WORDS:
                continue
            if name.casefold() in EVERYONE_WORDS:
                facts["open_to_all"] = True
            elif folded(name) not in self.groups:
                wrong(
                    "groups",
                    _("“%(words)s” is not one of the groups. They are: %(groups)s")
                    % {"words": _short(name), "groups": ", ".join(catalogue().groups)},
                )
            else:
                groups.append(self.groups[folded(name)])
        if groups:
            facts["groups"] = [{"group": group} for group in dict.fromkeys(groups)]


def _listed(words: str, known: dict[str, str]) -> list[str]:
    """Cut a list of groups at semicolons, bars and line ends, and at commas where a piece is no group by itself."""
    pieces: list[str] = []
    for piece in re.split(r"[;|\n]", words):
        pieces.extend([piece] if folded(piece) in known else piece.split(","))
    return [piece.strip() for piece in pieces if piece.strip()]


def _short(words: str) -> str:
    return words if len(words) <= 60 else words[:59] + "…"


def _too_long(words: str, longest: int) -> str:
    return _("This is %(length)d characters long. The most is %(most)d") % {"length": len(words), "most": longest}


class _Known:
    """What the register holds already, found by reference, or by title and start where there is no reference."""

    def __init__(self, organisation: Organisation):
        self.references: dict[str, AlreadyHere | tuple] = {}
        self.titles: dict[tuple, str] = {}
        self.rows: dict[str, tuple[int, dict]] = {}
        self.title_rows: dict[tuple, int] = {}
        rows = organisation.activities.values_list("reference", "title", "started_on", "withdrawn_on")
        for reference, title, started_on, withdrawn_on in rows:
            said = _("already here, withdrawn") if withdrawn_on else _("already here")
            if reference:
                self.references[reference] = said
            self.titles[title.casefold(), started_on] = said

    @staticmethod
    def _key(facts: ActivityFacts) -> tuple:
        dates = read_dates(
            **{name: facts.get(name, "") for name in ("start_written", "end_written", "period", "stated_status")}
        )
        return " ".join(facts.get("title", "").split()).casefold(), dates.started_on

    def find(self, number: int, values: dict, facts: ActivityFacts) -> AlreadyHere | Problem | None:
        """Return why a row is not new: it is here already, or (a Problem) another row has its reference."""
        reference = " ".join(values.get("reference", "").split())
        title = values["title"]
        if reference:
            if reference in self.references:
                return AlreadyHere(number, title, self.references[reference])
            if reference in self.rows:
                row, other = self.rows[reference]
                if other == values:
                    return AlreadyHere(number, title, _("the same as row %(row)d") % {"row": row})
                return Problem(
                    number,
                    "",
                    _("Reference “%(reference)s” is used by row %(row)d too")
                    % {"reference": _short(reference), "row": row},
                )
            return None
        key = self._key(facts)
        if not key[0]:
            return None
        if key in self.titles:
            return AlreadyHere(number, title, self.titles[key])
        if key in self.title_rows:
            return AlreadyHere(
                number, title, _("the same title and start as row %(row)d") % {"row": self.title_rows[key]}
            )
        return None

    def add(self, number: int, values: dict, facts: ActivityFacts) -> None:
        reference = " ".join(values.get("reference", "").split())
        if reference:
            self.rows[reference] = (number, values)
        else:
            self.title_rows[self._key(facts)] = number
