"""What an import would do: row by row what is new, what is here already, and what cannot come in and why."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation

from django.utils.translation import gettext as _

from framework.catalogue import catalogue
from involvement.actions.activities import DATE_WORDS, ActivityFacts, check_activity, read_dates
from involvement.actions.base import Refused, today
from involvement.actions.imports import (
    Brought,
    BroughtReading,
    check_brought_change,
    check_readings,
)
from involvement.cells import read_list
from involvement.dates import spreadsheet_day
from involvement.imports import records
from involvement.imports.columns import COLUMN_OF_FACT, COLUMNS, UNKNOWN_WORDS
from involvement.imports.tables import Table
from involvement.imports.words import LEAVE_OUT, SAME, TRUST_WIDE, Asked, Words
from involvement.models import Activity, Organisation, PieceOfWork, Service
from involvement.telltale import telltales

MAX_CELL = 50_000  # characters of a long text
_FIGURES_ONLY = re.compile(r"[0-9]{1,4}\s?[-/.]\s?[0-9]{1,2}\s?[-/.]\s?[0-9]{1,4}(?:[ t][0-9:]+)?", re.IGNORECASE)
_SHORT_YEAR = re.compile(  # "Mar-21", as a spreadsheet saves a month in CSV
    r"(?:[0-9]{1,2}[- ])?(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*\.?[- ]?[0-9]{2}", re.IGNORECASE
)
_FIGURE = re.compile(
    r"£?\s*([0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(\.[0-9]{1,2})?\s*(?:hours?|hrs?|pounds?|gbp)?", re.IGNORECASE
)
_READ_APART = {"status", "service", "groups", "piece", "cost", "citizen_hours", "support", "mechanisms"}
_MOST_POUNDS, _MOST_HOURS = Decimal("9999999999.99"), 2_147_483_647


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
class Cause:
    """One cause that several rows share: their numbers, the column, and what is wrong there."""

    rows: tuple[int, ...]
    column: str
    said: str

    SHOWN = 12

    @property
    def where(self) -> str:
        """Return "Row 4", "Rows 4, 7 and 9", or the first dozen and how many more."""
        numbers = [str(row) for row in self.rows]
        if len(numbers) == 1:
            return _("Row %(row)s") % {"row": numbers[0]}
        if len(numbers) > self.SHOWN:
            shown = {"rows": ", ".join(numbers[: self.SHOWN]), "more": len(numbers) - self.SHOWN}
            return _("Rows %(rows)s and %(more)d more") % shown
        return _("Rows %(rows)s and %(last)s") % {"rows": ", ".join(numbers[:-1]), "last": numbers[-1]}


@dataclass(frozen=True)
class PlannedRow:
    """A row that can come in, with what it brings."""

    row: int
    brought: Brought

    @property
    def activity(self) -> Activity:
        """The activity that it would make, not saved."""
        return self.brought.activity

    @property
    def facts(self) -> ActivityFacts:
        return self.brought.facts


@dataclass(frozen=True)
class AlreadyHere:
    """A row that looks like something else: ``repeats`` when that is another row of the same list."""

    row: int
    title: str
    said: str
    repeats: bool = False


@dataclass
class Plan:
    """What an import would do. ``problems`` refuse their row, ``notes`` do not.

    ``alike``: rows that would come in and look like something that is here. ``undated``: rows of which nobody can tell
    from the list whether they are running. ``asked``: our column -> the words that the list has in it and we do not.
    """

    new: list[PlannedRow] = field(default_factory=list)
    here: list[AlreadyHere] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)
    alike: list[AlreadyHere] = field(default_factory=list)
    personal: list[Problem] = field(default_factory=list)  # cells of rows that would come in that look personal
    undated: list[int] = field(default_factory=list)
    asked: dict[str, list[Asked]] = field(default_factory=dict)
    services: dict[str, Service] = field(default_factory=dict)  # to be created; name as known -> unsaved
    pieces: dict[str, PieceOfWork] = field(default_factory=dict)  # likewise; title -> unsaved

    @property
    def refused(self) -> int:
        """How many rows cannot come in."""
        return len({problem.row for problem in self.problems})

    @property
    def repeats(self) -> int:
        """How many rows say again what another row of the list says."""
        return sum(1 for each in self.here if each.repeats)

    @property
    def known(self) -> int:
        """How many rows are in the register already."""
        return len(self.here) - self.repeats

    @property
    def rows(self) -> int:
        return len(self.new) + len(self.here) + self.refused

    @property
    def placed(self) -> int:
        """How many rows bring their place with them."""
        return sum(1 for row in self.new if row.brought.readings)

    @property
    def causes(self) -> list[Cause]:
        """Return the problems, those of one cause together, by the first row that each hits."""
        return causes(self.problems)


def causes(problems: list[Problem]) -> list[Cause]:
    """Return ``problems`` with one cause in one column together, by the first row that each hits."""
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    for problem in problems:
        found[problem.column, problem.said].append(problem.row)
    return [Cause(tuple(rows), column, said) for (column, said), rows in found.items()]


def plan_import(
    *,
    organisation: Organisation,
    table: Table,
    columns: Mapping[str, str],
    words: Mapping[str, Mapping[str, str]] | None = None,
    new_services: bool = True,
    running: bool | None = None,
) -> Plan:
    """Work out what importing would do: what is new, what is already here, what cannot come in and why.

    ``columns``: their heading -> our column, as map_columns returns it. ``words``: our column -> {their word folded:
    what it means} as a person answered (imports.words). ``new_services`` False refuses rows whose service is unknown.
    ``running``: the one answer to "are these running today?" for all undated rows, None when nobody gave one. Writes
    nothing. Raises Refused when no column is the title.
    """
    if "title" not in columns.values():
        raise Refused({"title": _("Choose the column that holds the title of each activity")})
    plan = Plan()
    reader = _RowReader(organisation, columns, Words(organisation, words or {}, new_services), plan)
    at = {columns[heading]: index for index, heading in enumerate(table.headings) if columns.get(heading)}
    known = _Known(organisation)
    if "service" in at:
        reader.words.look_over(cells[at["service"]] for _number, cells in table.rows if at["service"] < len(cells))
    for number, cells in table.rows:
        values = {slug: cells[index].strip() if index < len(cells) else "" for slug, index in at.items()}
        row = _Row(number, values, reader)
        if any(cell.strip() for cell in cells[len(table.headings) :]):
            row.wrong("", _("The row has more cells than there are headings"))
        facts = reader.facts(row)
        here = known.find(row, facts)
        if isinstance(here, Problem):
            row.problems.append(here)
        elif here is not None:
            plan.here.append(here)
            continue
        brought = reader.brought(row, facts)
        if row.problems:
            plan.problems.extend(row.problems)
            continue
        plan.notes.extend(row.notes)
        plan.personal.extend(_personal(row))
        if _is_undated(brought):
            plan.undated.append(number)
            if running is not None:
                brought.answers = [(today(), running)]
        plan.new.append(PlannedRow(number, brought))
        if alike := known.alike(row, facts):
            plan.alike.append(alike)
        known.add(row, facts)
    plan.asked = reader.words.asked
    _only_what_is_used(plan)
    return plan


def _personal(row: _Row) -> Iterator[Problem]:
    """Yield the cells of a row that look as if they were about one person."""
    for slug, cell in row.values.items():
        if slug != "source_url":
            kinds = dict.fromkeys(each.kind for each in telltales(cell))
            if kinds:
                said = _("looks like %(kinds)s") % {"kinds": ", ".join(kinds)}
                yield Problem(row.number, row.reader.heading(slug), said)


def _is_undated(brought: Brought) -> bool:
    """Return whether nobody can tell from the row when it ran: then it is asked whether it is running today."""
    activity = brought.activity
    return (
        brought.answers is None
        and not activity.stated_status
        and activity.started_on is None
        and activity.ended_on is None
        and activity.withdrawn_on is None
    )


def _only_what_is_used(plan: Plan) -> None:
    """Keep the new services and pieces of work that a row which comes in names."""
    services = {id(service) for row in plan.new for service in _services_of(row.facts)}
    named = {change.service for row in plan.new for change in row.brought.changes}
    plan.services = {
        name: each for name, each in plan.services.items() if id(each) in services or each.name in named
    }
    pieces = {id(row.activity.piece) for row in plan.new}
    plan.pieces = {title: each for title, each in plan.pieces.items() if id(each) in pieces}


def _services_of(facts: ActivityFacts) -> list[Service]:
    return [*([facts["service"]] if facts.get("service") else []), *facts.get("named_services", [])]


class _Row:
    """One row while it is read: its number, its words by our column, and what is wrong or odd about them."""

    def __init__(self, number: int, values: dict[str, str], reader: _RowReader):
        self.number = number
        self.values = values
        self.reader = reader
        self.problems: list[Problem] = []
        self.notes: list[Problem] = []

    def wrong(self, slug: str, said: str) -> None:
        self.problems.append(Problem(self.number, self.reader.heading(slug), said))

    def note(self, slug: str, said: str) -> None:
        self.notes.append(Problem(self.number, self.reader.heading(slug), said))


class _RowReader:
    """Turns the words of one row into what it brings, collecting what is wrong with them."""

    def __init__(self, organisation: Organisation, columns: Mapping[str, str], words: Words, plan: Plan):
        self.organisation = organisation
        self.heading_of = {ours: theirs for theirs, ours in columns.items() if ours}
        self.own = {"place", "facets"} <= set(self.heading_of)  # a register that came from here
        self.words = words
        self.plan = plan
        self.pieces = {piece.title: piece for piece in organisation.pieces.all()}
        self.longest = {
            slug: getattr(Activity._meta.get_field(column.fact), "max_length", None)
            for slug, column in COLUMNS.items()
            if column.fact and slug not in _READ_APART
        }

    def heading(self, slug: str) -> str:
        return self.heading_of.get(slug) or (COLUMNS[slug].title if slug else "")

    def facts(self, row: _Row) -> ActivityFacts:
        """Return what a row's words amount to, as facts of an activity."""
        facts: ActivityFacts = {}
        for slug, words in row.values.items():
            longest = self.longest.get(slug) or MAX_CELL
            if len(words) > longest and not COLUMNS[slug].own:
                row.wrong(slug, _too_long(longest))
            elif slug in self.longest:
                facts[COLUMNS[slug].fact] = words
        if not row.values["title"]:
            row.wrong("title", _("There is no title. Every activity needs one"))
        self._status(row, facts)
        self._dates(row, facts)
        self._service(row, facts)
        self._groups(row, facts)
        self._piece(row, facts)
        self._figures(row, facts)
        if facts.get("method"):
            facts["method"] = self.words.method(facts["method"])
        for slug in ("support", "mechanisms"):
            if row.values.get(slug):
                facts[slug] = [words for words, _quoted in read_list(row.values[slug])]
        address = facts.get("source_url", "")
        if address and not self.own and not re.match(r"https?://", address, re.IGNORECASE):
            row.wrong(
                "source_url",
                _("“%(words)s” is not a web address. It should start with https://") % {"words": _short(address)},
            )
        return facts

    def brought(self, row: _Row, facts: ActivityFacts) -> Brought | None:
        """Return all that the row brings, its activity checked; None when something is wrong with it."""
        if row.problems:
            return None
        try:
            activity = check_activity(
                organisation=self.organisation, facts=facts, free_reference=True, retired=self.own  # _Known looked
            )
        except Refused as refused:
            for fact, said in refused.messages.items():
                column = COLUMN_OF_FACT.get(fact)
                row.wrong(column.slug if column else "", said)
            return None
        brought = Brought(activity, facts)
        if self.own:
            self._in_full(row, brought)
        return brought

    def _status(self, row: _Row, facts: ActivityFacts) -> None:
        status = self.words.status(row.values.get("status", ""))
        if status is None:
            said = _("“%(words)s” is not a status. Use planned, running or ended, or leave it empty")
            row.wrong("status", said % {"words": _short(row.values["status"])})
        else:
            facts["stated_status"] = status

    def _dates(self, row: _Row, facts: ActivityFacts) -> None:
        if not self.own:
            for name in ("start_written", "end_written", "period"):
                if (words := facts.get(name, "")) and (day := spreadsheet_day(words)):
                    facts[name] = day.isoformat()
                    said = _("“%(words)s” is how a spreadsheet counts days. It is read as %(day)s")
                    row.note(COLUMN_OF_FACT[name].slug, said % {"words": words, "day": day.isoformat()})
        words = {name: facts.get(name, "") for name in ("start_written", "end_written", "period")}
        dates = read_dates(**words, stated_status=facts.get("stated_status", ""))
        for name in dates.unread:
            slug = COLUMN_OF_FACT[name].slug
            if _FIGURES_ONLY.fullmatch(words[name]) and not self.own:
                row.wrong(
                    slug,
                    _(
                        "“%(words)s” is not a date that can be read. Write day, month and a year of four figures,"
                        " like 31/01/2026"
                    )
                    % {"words": words[name]},
                )
            elif _SHORT_YEAR.fullmatch(words[name]):
                said = _("“%(words)s” may be a month and a year, or a day. It is kept as it is and counts as no date.")
                said += " " + _("Write the year in four figures, like March 2021")
                row.note(slug, said % {"words": words[name]})
            elif words[name].casefold() not in UNKNOWN_WORDS:
                said = _("“%(words)s” is kept as it is, but names no date that can be read")
                row.note(slug, said % {"words": _short(words[name])})

    def _service(self, row: _Row, facts: ActivityFacts) -> None:
        names = []
        for slug in ("service", "services_named"):
            for words, quoted in self.words.services_in(row.values.get(slug, "")):
                if len(words) > Service._meta.get_field("name").max_length:
                    row.wrong("service", _too_long(Service._meta.get_field("name").max_length))
                elif (service := self._service_called(row, words, quoted)) is not None:
                    names.append((slug, service))
        named = list({id(service): service for _slug, service in names}.values())
        if len(named) == 1 and names[0][0] == "service":
            facts["service"] = named[0]
        elif named:
            facts["named_services"] = named

    def _service_called(self, row: _Row, name: str, quoted: bool) -> Service | None:
        """Return the service of that name, one that is not saved yet, or None where it means the whole trust."""
        found = self.words.service(name, to_the_letter=quoted or self.own)
        if found == TRUST_WIDE:
            return None
        if isinstance(found, str):
            if not self.words.new_services:
                said = _("We do not know the service “%(words)s”, and no new ones are to be made")
                row.wrong("service", said % {"words": _short(name)})
                return None
            name = " ".join(name.split())
            known_as = name if self.own else self.words.known_as(name)
            if found.startswith(SAME):
                known_as = found.removeprefix(SAME)
                name = next(words[known_as] for words in self.words.listed.values() if known_as in words)
            if known_as not in self.plan.services:
                self.plan.services[known_as] = Service(organisation=self.organisation, name=name)
            return self.plan.services[known_as]
        return found

    def _groups(self, row: _Row, facts: ActivityFacts) -> None:
        groups: list[str] = []
        for name, group in self.words.groups_in(row.values.get("groups", "")):
            if group == "everyone":
                facts["open_to_all"] = True
            elif group is None:
                said = _("“%(words)s” is not one of the groups. They are: %(groups)s")
                row.wrong("groups", said % {"words": _short(name), "groups": ", ".join(catalogue().groups)})
            elif group != LEAVE_OUT:
                groups.append(group)
        details = {}
        if self.own and row.values.get("groups_in_full"):
            try:
                details = records.read_groups(row.values["groups_in_full"])
            except ValueError:
                row.wrong("groups_in_full", _as_it_came())
        if groups:
            facts["groups"] = [{"group": group, **details.get(group, {})} for group in dict.fromkeys(groups)]

    def _piece(self, row: _Row, facts: ActivityFacts) -> None:
        title = " ".join(row.values.get("piece", "").split())
        if not title or (title.casefold() in UNKNOWN_WORDS and not self.own):
            return
        longest = PieceOfWork._meta.get_field("title").max_length
        if len(title) > longest:
            row.wrong("piece", _too_long(longest))
            return
        facts["piece"] = self.pieces.get(title) or self.plan.pieces.setdefault(
            title,
            PieceOfWork(
                organisation=self.organisation, title=title, problem_statement=row.values.get("piece_problem", "")
            ),
        )

    def _figures(self, row: _Row, facts: ActivityFacts) -> None:
        """Read money and hours. Words that are no figure come in as nothing, and that is said."""
        for slug, most in (("cost", _MOST_POUNDS), ("citizen_hours", _MOST_HOURS)):
            words = row.values.get(slug, "")
            if words.casefold() in UNKNOWN_WORDS:
                continue
            figure = _figure(words)
            whole = slug == "citizen_hours"
            if figure is None or not 0 <= figure <= most or (whole and figure != figure.to_integral_value()):
                said = _("“%(words)s” is not a figure that can be read, so it is left out")
                row.note(slug, said % {"words": _short(words)})
            else:
                facts[slug] = int(figure) if whole else figure.quantize(Decimal("0.01"))

    def _in_full(self, row: _Row, brought: Brought) -> None:
        """Read what only our own export writes: places, what came of it, answers, and that it was withdrawn."""
        values = row.values
        brought.readings = self._readings(row)
        for slug, cell in self._filled(row, "change"):
            try:
                change = records.read_change(cell)
            except ValueError:
                row.wrong(slug, _as_it_came())
                continue
            if said := check_brought_change(change):
                row.wrong(slug, said)
            if change.service:
                self._service_called(row, change.service, True)
            brought.changes.append(change)
        if "running_answers" in values:
            try:
                brought.answers = records.read_answers(values["running_answers"])
                if any(on > today() for on, _running in brought.answers):
                    row.wrong("running_answers", _("The day must be today or earlier"))
            except ValueError:
                row.wrong("running_answers", _as_it_came())
        self._withdrawn(row, brought)

    def _withdrawn(self, row: _Row, brought: Brought) -> None:
        on, why = row.values.get("withdrawn_on", ""), row.values.get("withdrawn_reason", "")
        if not on:
            return
        try:
            brought.activity.withdrawn_on = date.fromisoformat(on)
        except ValueError:
            row.wrong("withdrawn_on", _as_it_came())
            return
        if brought.activity.withdrawn_on > today():
            row.wrong("withdrawn_on", _("The day must be today or earlier"))
        if not why or len(why) > 500:
            row.wrong("withdrawn_reason", _("Say why, in 500 characters or fewer"))
        brought.activity.withdrawn_reason = why

    def _filled(self, row: _Row, kind: str) -> Iterator[tuple[str, str]]:
        """Yield the columns placed_1, placed_2 … (or change_1 …) that hold something, with their cells."""
        number = 1
        while f"{kind}_{number}" in COLUMNS:
            if cell := row.values.get(f"{kind}_{number}", ""):
                yield f"{kind}_{number}", cell
            number += 1

    def _readings(self, row: _Row) -> list[BroughtReading]:
        """Return the readings of a row's place.

        The columns for people (place, facets, part, contested) win over the record in full where somebody has changed
        them: the place of today is then what they say, and earlier places stay.
        """
        readings: list[BroughtReading] = []
        slug = "place"
        try:
            for slug, cell in self._filled(row, "placed"):  # noqa: B007  what could not be read is named below
                readings.append(records.read_placed(cell))
            slug = "place"
            now = next((each for each in reversed(readings) if _holds(each, today())), None)
            if not _says_the_same(now, row.values):
                written = records.read_place(row.values)
                at = readings.index(now) if now else len(readings)
                if now and written:
                    written.fields |= {name: now.fields[name] for name in ("from_on",) if name in now.fields}
                readings[at : at + (now is not None)] = [written] if written else []
        except ValueError:
            row.wrong(slug, _as_it_came())
            return []
        if said := check_readings(readings):
            row.wrong("place", said)
        return readings


def _holds(reading: BroughtReading, day: date) -> bool:
    start, end = reading.fields.get("from_on") or date.min, reading.fields.get("until") or date.max
    return start <= day < end


def _says_the_same(reading: BroughtReading | None, values: Mapping[str, str]) -> bool:
    """Return whether the cells for people still say what the record in full says."""
    cells = dict.fromkeys(("place", "facets", "part"), "")
    contested = ""
    if reading is not None:
        cells = records.place_cells(
            reading.fields["primary_place"], [(each.get("facet", ""), each.get("part", "")) for each in reading.ways]
        )
        kinds = reading.fields.get("contested_kinds", [])
        contested = "; ".join(kinds) or ("yes" if reading.fields.get("contested") else "no")
    cells["contested"] = contested
    return all(values.get(name, said).strip() == said for name, said in cells.items())


def _figure(words: str) -> Decimal | None:
    """Return the number in "£1,200.50" or "12 hours", None for anything else."""
    found = _FIGURE.fullmatch(words)
    try:
        return Decimal(found[1].replace(",", "") + (found[2] or "")) if found else None
    except InvalidOperation:
        return None


def _as_it_came() -> str:
    return _("This cannot be read. Leave this column as it came out of the register, or empty it")


def _short(words: str) -> str:
    return words if len(words) <= 60 else words[:59] + "…"


def _too_long(longest: int) -> str:
    return _("This is too long. Use %(most)d characters or fewer") % {"most": longest}


class _Known:
    """What the register holds already, found by reference, or by title and start where there is no reference."""

    def __init__(self, organisation: Organisation):
        self.references: dict[str, str] = {}
        self.titles: dict[tuple, str] = {}
        self.many: Counter[tuple] = Counter()
        self.rows: dict[str, tuple[int, dict]] = {}
        self.title_rows: dict[tuple, int] = {}
        self.like: dict[str, str] = {}  # a title without its signs -> where it stands
        rows = organisation.activities.values_list("reference", "title", "started_on", "withdrawn_on")
        for reference, title, started_on, withdrawn_on in rows:
            said = _("already here, withdrawn") if withdrawn_on else _("already here")
            if reference:
                self.references[reference] = said
            self.titles[title.casefold(), started_on] = said
            self.many[title.casefold(), started_on] += 1
            self.like[_bare(title)] = ""

    @staticmethod
    def _key(facts: ActivityFacts) -> tuple:
        dates = read_dates(**{name: facts.get(name, "") for name in DATE_WORDS})
        return " ".join(facts.get("title", "").split()).casefold(), dates.started_on

    def find(self, row: _Row, facts: ActivityFacts) -> AlreadyHere | Problem | None:
        """Return why a row is not new: it is here already, or (a Problem) another row has its reference."""
        reference = _reference(row)
        number, title = row.number, row.values["title"]
        if reference:
            if reference in self.references:
                return AlreadyHere(number, title, self.references[reference])
            if reference in self.rows:
                other_row, other = self.rows[reference]
                if other == row.values:
                    return AlreadyHere(number, title, _("the same as row %(row)d") % {"row": other_row}, repeats=True)
                said = _("Reference “%(reference)s” is used by row %(row)d too")
                return Problem(number, "", said % {"reference": _short(reference), "row": other_row})
            return None
        key = self._key(facts)
        if not key[0]:
            return None
        which = _which(row)
        if self.many[key] >= which:
            return AlreadyHere(number, title, self.titles[key])
        if (*key, which) in self.title_rows:
            said = _("the same title and start as row %(row)d")
            return AlreadyHere(number, title, said % {"row": self.title_rows[*key, which]}, repeats=True)
        return None

    def alike(self, row: _Row, facts: ActivityFacts) -> AlreadyHere | None:
        """Return what a new row looks like: the same title but for signs, with another start or reference."""
        where = self.like.get(_bare(facts["title"]))
        if where is None or row.reader.own:
            return None
        said = where or _("an activity that is here, with another start or reference")
        return AlreadyHere(row.number, row.values["title"], said)

    def add(self, row: _Row, facts: ActivityFacts) -> None:
        reference = _reference(row)
        if reference:
            self.rows[reference] = (row.number, row.values)
        else:
            self.title_rows[*self._key(facts), _which(row)] = row.number
        self.like.setdefault(
            _bare(facts["title"]), _("row %(row)d, with another start or reference") % {"row": row.number}
        )


def _reference(row: _Row) -> str:
    return " ".join(row.values.get("reference", "").split())


def _which(row: _Row) -> int:
    """Return which of several with one title and start a row is, as our own export numbers them; else 1."""
    words = row.values.get("same_title_number", "")
    return int(words) if row.reader.own and words.isascii() and words.isdigit() and len(words) < 7 else 1


def _bare(title: str) -> str:
    return re.sub(r"[\W_]+", " ", title.casefold()).strip() or title.casefold()
