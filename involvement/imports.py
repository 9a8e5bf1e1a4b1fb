"""A list of activities from elsewhere, read into the register.

Three steps, each a function, used alike by the web upload and ``manage.py import_activities``:
``read_table`` (bytes or pasted text to headings and rows), ``plan_import`` (what would happen, row by row, writing
nothing) and ``run_import`` (do it, in one transaction). Importing the same list twice changes nothing the second time.
"""

from __future__ import annotations

import csv
import io
import re
import string
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from django.core.cache import cache
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from framework.catalogue import catalogue
from involvement.actions.activities import ActivityFacts, add_activities, check_activity, read_dates
from involvement.actions.base import Refused, once, writing
from involvement.actions.organisations import add_service
from involvement.models import Activity, Organisation, RequestKey, SecurityEvent, Service, User

MAX_BYTES = 5 * 1024 * 1024
MAX_ROWS = 20_000
MAX_COLUMNS = 200
MAX_CELL = 50_000
HEADING_SEARCH = 20  # rows at the top among which the headings are looked for


class Unreadable(Exception):
    """A file that cannot be read as a table, with a sentence that says why and what to do."""


@dataclass(frozen=True)
class Column:
    """One column of ours: its slug (the heading in files), its name on screen, the fact it fills, and other headings
    that people give to it."""

    slug: str
    title: str
    fact: str
    guesses: tuple[str, ...]


def _column(slug: str, title, fact: str, guesses: str) -> Column:
    return Column(slug, title, fact, tuple(guess.strip() for guess in guesses.split(",")))


COLUMNS = {
    column.slug: column
    for column in (
        _column("reference", gettext_lazy("Reference"), "reference", "ref, record id, activity id, id, reference number, ref no, code, number, no"),
        _column(
            "title",
            gettext_lazy("Title"),
            "title",
            "activity, activity title, activity name, name of activity, name, project, project name, project title, initiative, event, event name",
        ),
        _column(
            "description",
            gettext_lazy("What happened"),
            "description",
            "what happened, details, summary, activity description, brief description, what we did, what was done, about, notes",
        ),
        _column("service", gettext_lazy("Service"), "service", "service area, services, department, specialty, care group, division, directorate, clinical area, team, ward"),
        _column("status", gettext_lazy("Status"), "stated_status", "state, current status, activity status, project status"),
        _column("start_date", gettext_lazy("Started"), "start_written", "start, started, started on, date started, date of start, starts, begin, from, date, date of activity, event date"),
        _column("end_date", gettext_lazy("Ended"), "end_written", "end, ended, ended on, date ended, ends, finish, finished, finish date, to, until, completion date"),
        _column("period", gettext_lazy("Period"), "period", "when, dates, date range, timeframe, time frame, timescale, time period, year, financial year"),
        _column(
            "method",
            gettext_lazy("Method"),
            "method",
            "how, how people took part, approach, format, type, activity type, type of activity, engagement method, method of engagement, engagement type, category",
        ),
        _column("participants", gettext_lazy("Who took part"), "participants", "who took part, who was involved, people involved, attendees, who, stakeholders, involved"),
        _column("groups", gettext_lazy("Groups of people"), "groups", "groups of people, group, communities, community, audience, target group, target audience, equality groups, for whom"),
        _column("reach", gettext_lazy("How many people"), "reach", "how many people, number of people, number of participants, people reached, attendance, number reached, how many"),
        _column(
            "result",
            gettext_lazy("What you say came of it"),
            "result",
            "results, what came of it, outcome, outcomes, impact, what changed, findings, you said we did, we did",
        ),
        _column("source_url", gettext_lazy("Web address of the source"), "source_url", "source, url, link, web address, web link, website, web page, source link, hyperlink"),
    )
}
COLUMN_OF_FACT = {column.fact: column for column in COLUMNS.values()} | {"named_services": COLUMNS["service"]}

STATUS_WORDS = {
    Activity.StatedStatus.RUNNING: "running, ongoing, on-going, live, active, current, in progress, underway, under way, open, continuing, started",
    Activity.StatedStatus.PLANNED: "planned, proposed, future, upcoming, not started, not yet started, in planning, planning, scheduled",
    Activity.StatedStatus.ENDED: "ended, complete, completed, finished, closed, done, past, stopped, discontinued, concluded, over",
}
STATUSES = {word.strip(): status for status, words in STATUS_WORDS.items() for word in words.split(",")}
UNKNOWN_WORDS = {"", "-", "n/a", "na", "none", "not known", "unknown", "not recorded", "tbc", "?"}
TRUST_WIDE_WORDS = {"trust-wide", "trust wide", "trustwide", "whole trust", "all services", "all", "organisation-wide", "organisation wide", "whole organisation", "corporate"}
EVERYONE_WORDS = {"everyone", "all", "anyone", "open to all", "open to everyone", "all groups"}
_FIGURES_ONLY = re.compile(r"[0-9]{1,4}\s?[-/.]\s?[0-9]{1,2}\s?[-/.]\s?[0-9]{1,4}(?:[ t][0-9:]+)?", re.IGNORECASE)
_GUARDED = re.compile(r"'[\s\ufeff]*'*[=+\-@\t\r]")


@dataclass(frozen=True)
class Table:
    """A file as read: its headings, each once, and its rows as (row number in the file, cells)."""

    headings: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]


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


# 1. From bytes to a table


def read_table(content: bytes | str) -> Table:
    """Return the table in a CSV file's bytes, or in pasted text (tabs, commas or semicolons).

    UTF-8, UTF-16 and Windows-1252 are told apart by what is there. The headings are the first row that has one we
    know among the first HEADING_SEARCH, else the first row with words. Raises Unreadable with a plain sentence.
    """
    if len(content) > MAX_BYTES:
        raise Unreadable(_("The file is larger than 5 MB. Split it into smaller files"))
    text = content if isinstance(content, str) else _decode(content)
    if not text.strip():
        raise Unreadable(_("The file is empty"))
    records = list(_records(text.removeprefix("\ufeff")))
    filled = [(number, cells) for number, cells in records if any(cell.strip() for cell in cells)]
    if not filled:
        raise Unreadable(_("The file is empty"))
    at = _heading_row([cells for _number, cells in filled])
    headings = _headings(filled[at][1])
    rows = tuple((number, tuple(cells)) for number, cells in filled[at + 1 :])
    if not rows:
        raise Unreadable(_("There are headings but no rows under them"))
    if len(rows) > MAX_ROWS:
        raise Unreadable(_("There are more than %(most)s rows. Split the file") % {"most": f"{MAX_ROWS:,}"})
    return Table(headings, rows)


def _decode(content: bytes) -> str:
    signs = (
        (b"PK\x03\x04", _("This is an Excel or OpenDocument file. Save it as CSV, then choose the CSV file")),
        (b"\xd0\xcf\x11\xe0", _("This is an old Excel or Word file. Save it as CSV, then choose the CSV file")),
        (b"%PDF", _("This is a PDF. Choose a CSV file")),
        (b"{\\rtf", _("This is a text document. Choose a CSV file")),
    )
    for sign, said in signs:
        if content.startswith(sign):
            raise Unreadable(said)
    for encoding in _encodings(content):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if _is_words(text):
            return text
    raise Unreadable(_("This does not look like a CSV file. Save your list as CSV (UTF-8) and choose that file"))


def _encodings(content: bytes) -> tuple[str, ...]:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return ("utf-16",)
    start = content[:200]
    if start.count(0) > len(start) // 4:  # every second byte of western text in UTF-16
        return ("utf-16-le",) if start[1::2].count(0) > start[::2].count(0) else ("utf-16-be",)
    return ("utf-8-sig", "cp1252")


def _is_words(text: str) -> bool:
    """Return whether the text has no control characters but tabs and line ends (a stray one in 200 is let through)."""
    strange = sum(1 for sign in text[:20_000] if (sign < " " and sign not in "\t\r\n\x0b\x0c") or sign == "\ufffd")
    return strange * 200 <= min(len(text), 20_000)


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield (row number from 1, cells) of delimited text, whatever its line ends."""
    dialect = {"delimiter": _delimiter(text), "quotechar": '"', "skipinitialspace": False}
    _refuse_open_quote(text, dialect)
    try:
        for number, cells in enumerate(csv.reader(io.StringIO(text, newline=""), **dialect), start=1):
            if len(cells) > MAX_COLUMNS:
                raise Unreadable(_("Row %(row)d has more than %(most)d columns") % {"row": number, "most": MAX_COLUMNS})
            yield number, [_take_guard(cell.replace("\x00", "")) for cell in cells]
    except csv.Error as error:
        raise Unreadable(_("The file cannot be read as CSV. Save it as CSV again and choose the new file")) from error


def _delimiter(text: str) -> str:
    """Return the sign that cuts the first lines into the most cells, in the most even way."""
    sample = text[:20_000]
    best, best_score = ",", (0, 0)
    for sign in ",;\t|":
        counts = []
        try:
            for cells in csv.reader(io.StringIO(sample, newline=""), delimiter=sign):
                counts.append(len(cells))
                if len(counts) == 30:
                    break
        except csv.Error:
            continue
        widths = [count for count in counts if count > 1]
        commonest = max((widths.count(width), width) for width in widths) if widths else (0, 0)
        if commonest > best_score:
            best, best_score = sign, commonest
    return best


def _refuse_open_quote(text: str, dialect: dict) -> None:
    """Raise Unreadable when a quotation mark is opened and never closed: it would swallow the rest of the list."""
    row = 0
    try:
        for row, _cells in enumerate(csv.reader(io.StringIO(text, newline=""), strict=True, **dialect), start=1):
            pass
    except csv.Error as error:
        if "unexpected end of data" in str(error):
            raise Unreadable(
                _("A quotation mark is opened in row %(row)d and never closed. Close it, or take it out") % {"row": row + 1}
            ) from error


def _take_guard(cell: str) -> str:
    """Take away one apostrophe that kept a spreadsheet from running the cell (the export puts exactly one there)."""
    return cell[1:] if _GUARDED.match(cell) else cell


def _heading_row(rows: list[list[str]]) -> int:
    known = {_folded(name) for column in COLUMNS.values() for name in (column.slug, *column.guesses)}
    titles = {_folded(name) for name in ("title", *COLUMNS["title"].guesses)}
    for at, cells in enumerate(rows[:HEADING_SEARCH]):
        folded = {_folded(cell) for cell in cells}
        if folded & titles and len(folded & known) * 2 >= min(len(folded - {""}), 4):
            return at
    return 0


def _headings(cells: list[str]) -> tuple[str, ...]:
    """Return each heading once: an empty one by its letter, a repeated one with a number."""
    headings: list[str] = []
    for at, cell in enumerate(cells):
        name = " ".join(cell.split())[:80] or _("Column %(letter)s") % {"letter": _letter(at)}
        count = 2
        plain = name
        while name in headings:
            name, count = f"{plain} ({count})", count + 1
        headings.append(name)
    return tuple(headings)


def _letter(at: int) -> str:
    letters = ""
    at += 1
    while at:
        at, rest = divmod(at - 1, 26)
        letters = string.ascii_uppercase[rest] + letters
    return letters


# 2. Which of their columns is which of ours


def _folded(heading: str) -> str:
    return " ".join(re.sub(r"[^\w]+|_", " ", heading.casefold()).split())


def guess_columns(headings: Iterable[str]) -> dict[str, str]:
    """Return their heading -> our column for the headings we know, each of ours once.

    Our own names win over other words for them, and earlier headings over later ones.
    """
    headings = list(headings)
    found: dict[str, str] = {}
    for names in (lambda column: (column.slug, str(column.title)), lambda column: column.guesses):
        for slug, column in COLUMNS.items():
            if slug in found.values():
                continue
            for name in names(column):
                heading = next((each for each in headings if each not in found and _folded(each) == _folded(name)), None)
                if heading is not None:
                    found[heading] = slug
                    break
    return found


def map_columns(headings: Iterable[str], corrections: Mapping[str, str]) -> dict[str, str]:
    """Return the guesses with ``corrections`` (their heading -> our column, or "" to leave it out) put in.

    Raises Refused when a heading is not in the file, a column is not one of ours, or two headings claim one column.
    """
    headings = list(headings)
    by_fold = {_folded(heading): heading for heading in reversed(headings)}
    wanted: dict[str, str] = {}
    for theirs, ours in corrections.items():
        heading = theirs if theirs in headings else by_fold.get(_folded(theirs))
        if heading is None:
            raise Refused(
                _("The file has no column “%(column)s”. Its columns are: %(columns)s")
                % {"column": theirs, "columns": ", ".join(headings)}
            )
        if ours and ours not in COLUMNS:
            raise Refused(
                _("There is no column “%(column)s” to map to. The columns are: %(columns)s")
                % {"column": ours, "columns": ", ".join(COLUMNS)}
            )
        if ours and ours in wanted.values():
            raise Refused(_("Two columns of the file are mapped to “%(column)s”. Choose one") % {"column": ours})
        wanted[heading] = ours
    guessed = guess_columns(heading for heading in headings if heading not in wanted)
    mapped = {heading: ours for heading, ours in guessed.items() if ours not in wanted.values()} | wanted
    return {heading: mapped[heading] for heading in headings if mapped.get(heading)}


# 3. What would happen


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
            problems.append(Problem(number, "", _("has more cells than there are headings")))
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


def _checked(organisation, number: int, facts: ActivityFacts, reader: _RowReader, problems: list[Problem]) -> Activity | None:
    """Return the activity unsaved, or add what the register refuses to ``problems``."""
    try:
        return check_activity(organisation=organisation, facts=facts)
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
            self.services[_folded(service.slug)] = service
        for service in organisation.services.all():
            self.services[_folded(service.name)] = service
        groups = catalogue().groups
        self.groups = {_folded(slug): slug for slug in groups} | {_folded(str(name)): slug for slug, name in groups.items()}

    def heading(self, slug: str) -> str:
        return self.heading_of.get(slug) or str(COLUMNS[slug].title)

    def facts(self, number: int, values: dict[str, str], problems: list[Problem], notes: list[Problem]) -> ActivityFacts:
        """Return the facts that a row's words amount to. What is wrong goes to ``problems``, what is odd to ``notes``."""

        def wrong(slug: str, said: str) -> None:
            problems.append(Problem(number, self.heading(slug), said))

        facts: ActivityFacts = {}
        for slug, words in values.items():
            longest = getattr(Activity._meta.get_field(COLUMNS[slug].fact), "max_length", None) if slug not in _READ_APART else None
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
            wrong("source_url", _("“%(words)s” is not a web address. It should start with https://") % {"words": _short(address)})
        return facts

    def _status(self, values, facts, wrong) -> None:
        words = values.get("status", "")
        if " ".join(words.casefold().split()) in UNKNOWN_WORDS:
            facts["stated_status"] = ""
            return
        status = STATUSES.get(" ".join(words.casefold().split()))
        if status is None:
            wrong("status", _("“%(words)s” is not a status. Use planned, running or ended, or leave it empty") % {"words": _short(words)})
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
                    _("“%(words)s” is not a date that can be read. Write day, month and a year of four figures, like 31/01/2026")
                    % {"words": words[name]},
                )
            else:
                said = _("“%(words)s” is kept as it is, but names no date that can be read") % {"words": _short(words[name])}
                notes.append(Problem(number, self.heading(slug), said))

    def _service(self, values, facts, wrong) -> None:
        words = values.get("service", "")
        if words.casefold() in UNKNOWN_WORDS | TRUST_WIDE_WORDS:
            return
        longest = Service._meta.get_field("name").max_length
        services = []
        whole = self.services.get(_folded(words))
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
        folded = _folded(name) or name
        if folded in self.services:
            return self.services[folded]
        return self.new_services.setdefault(folded, Service(organisation=self.organisation, name=" ".join(name.split())))

    def _groups(self, values, facts, wrong) -> None:
        words = values.get("groups", "")
        groups: list[str] = []
        for name in [words] if _folded(words) in self.groups else _listed(words, self.groups):
            if name.casefold() in UNKNOWN_WORDS:
                continue
            if name.casefold() in EVERYONE_WORDS:
                facts["open_to_all"] = True
            elif _folded(name) not in self.groups:
                wrong(
                    "groups",
                    _("“%(words)s” is not one of the groups. They are: %(groups)s")
                    % {"words": _short(name), "groups": ", ".join(catalogue().groups)},
                )
            else:
                groups.append(self.groups[_folded(name)])
        if groups:
            facts["groups"] = [{"group": group} for group in dict.fromkeys(groups)]


_READ_APART = {"status", "service", "groups"}


def _listed(words: str, known: dict[str, str]) -> list[str]:
    """Cut a list of groups at semicolons, bars and line ends, and at commas only where a piece is no group by itself."""
    pieces: list[str] = []
    for piece in re.split(r"[;|\n]", words):
        pieces.extend([piece] if _folded(piece) in known else piece.split(","))
    return [piece.strip() for piece in pieces if piece.strip()]


def _short(words: str) -> str:
    return words if len(words) <= 60 else words[:59] + "…"


def _too_long(words: str, longest: int) -> str:
    return _("is %(length)d characters long. The most is %(most)d") % {"length": len(words), "most": longest}


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
        dates = read_dates(**{name: facts.get(name, "") for name in ("start_written", "end_written", "period", "stated_status")})
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
                    number, "", _("Reference “%(reference)s” is used by row %(row)d too") % {"reference": _short(reference), "row": row}
                )
            return None
        key = self._key(facts)
        if not key[0]:
            return None
        if key in self.titles:
            return AlreadyHere(number, title, self.titles[key])
        if key in self.title_rows:
            return AlreadyHere(number, title, _("the same title and start as row %(row)d") % {"row": self.title_rows[key]})
        return None

    def add(self, number: int, values: dict, facts: ActivityFacts) -> None:
        reference = " ".join(values.get("reference", "").split())
        if reference:
            self.rows[reference] = (number, values)
        else:
            self.title_rows[self._key(facts)] = number


# 4. Do it


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


# 5. Between the steps of the web upload

DRAFT_KEPT = 24 * 60 * 60  # seconds


def keep_draft(*, organisation: Organisation, by: User, content: bytes | str) -> UUID:
    """Keep an upload for a day between its steps, for the person who sent it, in this organisation only.

    In the cache that all workers share, so that nothing has to be cleared away. Returns its id.
    """
    draft = uuid4()
    text = content if isinstance(content, str) else _decode(content)
    cache.set(_draft_key(organisation, by, draft), zlib.compress(text.encode("utf-8", "replace")), DRAFT_KEPT)
    return draft


def kept_draft(*, organisation: Organisation, by: User, draft: UUID) -> Table | None:
    """Return the table of a kept upload; None when it is another's, of another organisation, or no longer kept."""
    kept = cache.get(_draft_key(organisation, by, draft))
    return read_table(zlib.decompress(kept).decode("utf-8")) if kept else None


def _draft_key(organisation: Organisation, by: User, draft: UUID) -> str:
    return f"import-draft-{organisation.pk}-{by.pk}-{draft}"
