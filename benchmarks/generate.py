"""Fill an empty database with the registers of many organisations, as they would lie there after ten years.

    DATABASE_URL=postgres://user@host/name .venv/bin/python benchmarks/generate.py \
        --organisations 500 --activities 1000000 --years 10 --seed 1 --large 10000

The database is migrated and empty, and DATABASE_URL names the owner of its tables. One of the organisations has the
slug ``large`` when ``--large`` says how many activities it has; the others are ``bench-001`` … and share the rest.
``lead@SLUG.example`` leads each; the password is printed. Everything is invented; words come from the example
organisation.

The same seed and day (``--day``, today unless given) make the same registers: what an organisation holds follows from
its slug, its number of activities, the seed and the day, whatever others lie beside it. So ``large`` can be measured
alone and among a million. Rows lie in the order of the months in which they were recorded, organisation by organisation
within a month: no register lies in one piece, and none is scattered more than it would be.

What there is: services, pieces of work, activities with groups and named services, answers to "is it running?",
readings (some placed anew, some corrected) with about eight placements each, changes with evidence, answers years
later, and the histories that the actions would have kept. No imports, presses, workshops, reviews, audits, challenges.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import sys
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "involvement.settings")

import django  # noqa: E402

django.setup()

from allauth.account.models import EmailAddress  # noqa: E402
from django.contrib.auth.hashers import make_password  # noqa: E402
from django.db import connection  # noqa: E402
from django.utils.text import slugify  # noqa: E402

from benchmarks.bulk import Edit, Sheets, filling, measure_sizes  # noqa: E402
from framework.catalogue import NOT_INVOLVEMENT, catalogue  # noqa: E402
from framework.coverage import COUNTS, months_before  # noqa: E402
from framework.questions import STAGES  # noqa: E402
from involvement import demo  # noqa: E402
from involvement.access import Role  # noqa: E402
from involvement.actions.activities import read_dates  # noqa: E402
from involvement.actions.base import today  # noqa: E402
from involvement.actions.classification import Reading, read_answers  # noqa: E402
from involvement.models import (  # noqa: E402
    Activity,
    ActivityGroup,
    ActivityService,
    AskedAgain,
    Change,
    ChangeFacet,
    Classification,
    Evidence,
    Membership,
    Organisation,
    PieceOfWork,
    Placement,
    RunningConfirmation,
    SecurityEvent,
    Service,
    User,
)
from involvement.tenancy import holds  # noqa: E402

PASSWORD = "a-thousand-registers"  # noqa: S105  everything is invented, and never in production
AT_ONCE = 100_000  # rows that wait before they are sent
PROFILES = 300  # ways in which people answered the guided questions
RECEIVED = date(2001, 1, 1)  # stands in a profile for the day on which a body received it
TOWNS = (
    "Alder, Barrow, Beckford, Calder, Carlow, Denholm, Eastleigh, Elmbridge, Fenwick, Garston, Hadley, Hexley, Irwell,"
    " Kelham, Kirkby, Langdale, Lydford, Marlow, Melton, Newbold, Norwood, Oakham, Penrith, Quorn, Redmoor, Ripley,"
    " Selby, Stanmore, Tarn, Thornley, Ulverby, Verwood, Wexcombe, Whitby, Yarrow, Yeadon"
).split(", ")
SERVICES = (
    "Maternity, Emergency care, Children’s services, Cancer care, Kidney care, Diabetes care, Older people’s wards,"
    " Stroke, Heart and lungs, Physiotherapy, Eye clinic, Hearing clinic, Skin clinic, Community nursing, Dental care,"
    " Crisis team, Talking therapies, Learning disability team, Memory clinic, Pharmacy, Outpatients, Surgery,"
    " Intensive care, Pain clinic, Podiatry, Sexual health, School nursing, Health visiting, End of life care, X-ray"
).split(", ")
SUBJECTS = (
    "waiting times, letters that people understand, parking, food on the wards, leaving hospital, night noise,"
    " interpreters, the appointments line, visiting hours, online booking, infant feeding, falls, medicines at home,"
    " the waiting room, carers’ breaks, self-referral, follow-up calls, transport, complaints, privacy on the ward,"
    " the strategy for the next five years, next year’s priorities, the new building, closing a site, winter plans,"
    " the annual report, staff training, crisis support, pain relief, wheelchairs, hearing loops, easy-read leaflets,"
    " test results, second opinions, birth plans, care plans, digital access, dignity, dementia, young people’s care"
).split(", ")
REASONS = ("It grew into something else", "People were given another part", "The group changed what it does")
WRONG = ("It was placed by its name", "Nobody had asked the people who were there", "Two activities were mixed up")


def _pool(key: str, rows: list[dict]) -> list[str]:
    return list(dict.fromkeys(row[key] for row in rows if row.get(key)))


class Words:
    """What the example organisation wrote, to draw from."""

    def __init__(self) -> None:
        listed = tomllib.loads(demo.CONTENT.read_text(encoding="utf-8"))["activities"]
        changes = [change for each in listed for change in each.get("changes", ())]
        answers = [each.get("answers", {}) for each in listed]
        self.sentences = [said for text in _pool("description", listed) for said in re.split(r"(?<=[.?!]) ", text)]
        self.methods = catalogue().methods
        self.promised, self.missing = _pool("promised", listed), _pool("missing", listed)
        self.participants, self.leads = _pool("participants", listed), _pool("lead", listed)
        self.questions, self.deciders = _pool("question", answers), _pool("decider", answers)
        self.asked, self.what, self.why = (_pool(key, changes) for key in ("asked", "what", "why"))
        self.points, self.tellers = _pool("decision_point", changes), _pool("told_by", changes)


# --- how people answered ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Profile:
    """One reading of an activity that passed the checks of the app, to be given to many."""

    place: str
    answers: str  # as JSON; RECEIVED stands for the day
    fields: dict[str, Any]
    placements: list[dict[str, Any]]

    @classmethod
    def of(cls, reading: Reading, reason: str) -> Profile:
        """Take over a reading; of its fields ``answers`` and ``contested_kinds`` become JSON."""
        fields = dict(reading.fields)
        answers, _claim = json.dumps(fields.pop("answers")), fields.pop("claim")
        fields |= {"contested_kinds": json.dumps(fields["contested_kinds"]), "reason": reason}
        return cls(reading.place, answers, fields, reading.placements)


def _some(rng: random.Random, things, least: int, most: int) -> list:
    things = list(things)
    return rng.sample(things, min(len(things), rng.randint(least, most)))


def _answers(rng: random.Random, words: Words, place: str) -> dict[str, Any]:
    """Return answers to the guided questions that point to ``place``, some of them left open."""
    ways = {slug: [each.key for each in catalogue().facets_of(slug)] for slug in COUNTS}
    said: dict[str, Any] = {"decided": rng.choice(["staff", "staff-heard"]), "power": rng.choice(["", "nowhere"])}
    if place == NOT_INVOLVEMENT:
        return said | {"purpose": rng.choice(["told", "staff"])}
    if place == "owners":
        said |= {"purpose": "steer", "about": "direction", "part": rng.choice(["asked", "asked", "equal", "lead"])}
        said |= {"reached": "yes", "ways-owners": _some(rng, ways["owners"], 1, 3)}
        if rng.random() < 0.7:
            said |= {"question": rng.choice(words.questions), "decider": rng.choice(words.deciders)}
            said |= {"received": RECEIVED.isoformat()}
    elif place == "users":
        said |= {"purpose": "say", "about": "service", "part": rng.choice(["asked", "asked", "asked", ""])}
    elif place == "choosers":
        said |= {"purpose": "choose", "about": "own", "decided": "person", "options": rng.choice(["two", "more", ""])}
        said |= {"free": rng.choice(["yes", "yes", "yes", ""]), "ways-choosers": _some(rng, ways["choosers"], 1, 5)}
    else:
        said |= {"purpose": "work", "about": "shared-problem", "decided": "together", "power": "to-people"}
        said["stages"] = {stage: rng.choice(["told", "asked", "equal", "equal", "lead"]) for stage in STAGES}
        said["stages"][rng.choice(STAGES)] = "equal"
    return said | {"ways-users": _some(rng, ways["users"], 2, 6), "heard": rng.choice(["yes", "yes", "yes", "no", ""])}


def _way(rng: random.Random, words: Words, facet: str) -> dict[str, Any]:
    """Return one way that somebody added to what the answers point to, with most of what it needs."""
    need, knows = COUNTS[facet.partition("/")[0]], rng.random() < 0.7
    return {
        "facet": facet,
        "part": rng.choice([*need.parts, "told", "not-recorded"]) if need.parts else Placement.Part.NOT_RECORDED,
        "question": rng.choice(words.questions) if need.route and knows else "",
        "decider": rng.choice(words.deciders) if need.route and knows else "",
        "received_on": RECEIVED if need.route and knows else None,
        "heard": knows or None if need.heard else None,
        "options": rng.randint(2, 4) if need.options and knows else None,
        "free_to_refuse": knows or None if need.options else None,
        "as_group": knows or None if need.group else None,
    }


def profiles(seed: int, words: Words) -> list[Profile]:
    """Return readings in the proportions in which places are taken; one in ten stands elsewhere than suggested."""
    rng = random.Random(f"{seed} profiles")
    made = []
    for _each in range(PROFILES):
        meant = rng.choices([*COUNTS, NOT_INVOLVEMENT], [15, 50, 13, 15, 7])[0]
        answers = _answers(rng, words, meant)
        place, reason = None, ""
        if rng.random() < 0.1:
            place, reason = rng.choice(list(COUNTS)), "Those who were there say so"
        contested = [rng.choice(list(catalogue().contested_kinds))] if rng.random() < 0.1 else []
        reading = read_answers(answers, "", place, None, reason, contested)
        if reading.place != NOT_INVOLVEMENT:
            known = {row["facet"] for row in reading.placements}
            more = [facet for facet in catalogue().facets if facet not in known]
            added = _some(rng, more, *[max(0, rng.randint(5, 13) - len(known))] * 2)
            ways = [*reading.placements, *(_way(rng, words, facet) for facet in added)]
            reading = read_answers(answers, "", place, ways, reason, contested)
        elsewhere = reading.suggestion.place not in ("", reading.place)
        made.append(Profile.of(reading, reason if elsewhere else ""))
    return made


# --- one organisation ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Frame:
    """What all registers have in common."""

    seed: int
    years: int
    day: date
    words: Words
    profiles: list[Profile]
    password: str  # as it is kept

    @property
    def yesterday(self) -> date:
        """The last day on which anything was recorded."""
        return self.day - timedelta(1)

    @property
    def begun(self) -> date:
        return months_before(self.yesterday, 12 * self.years)


class Register:
    """One organisation's rows, month after month. ``pk`` is its id and that of its lead, who recorded everything."""

    def __init__(self, pk: int, slug: str, activities: int, frame: Frame, sheets: Sheets):
        self.pk, self.slug, self.activities, self.frame, self.sheets = pk, slug, activities, frame, sheets
        self.rng = random.Random(f"{frame.seed} {slug}")
        self.number = 0
        self.version = 1
        self.services: list[tuple[int, date]] = []  # with the day on which each closed, the last of days if it did not
        self.pieces: list[int] = []

    def months(self) -> Iterator[None]:
        """Add what there is from the beginning, then what was recorded in each month, pausing after each."""
        self._people()
        self._services()
        self._pieces()
        months = 12 * self.frame.years
        for month in range(months):
            first = months_before(self.frame.yesterday, months - month)
            for _each in range(self.activities * month // months, self.activities * (month + 1) // months):
                self._activity(first + timedelta(self.rng.randint(1, 28)))
            yield

    # What everything below uses.

    def _likely(self, share: float) -> bool:
        return self.rng.random() < share

    def _one(self, things: list) -> Any:
        return things[int(self.rng.random() * len(things))]

    def _after(self, day: date, least: int, most: int) -> date | None:
        """Return a day so many days after ``day``, None where it has not come yet."""
        later = day + timedelta(self.rng.randint(least, most))
        return later if later <= self.frame.yesterday else None

    def _at(self, day: date) -> datetime:
        minute = int(self.rng.random() * 480)
        return datetime(day.year, day.month, day.day, 8 + minute // 60, minute % 60)

    def _own(self, day: date) -> dict[str, Any]:
        """Return what every row holds that was recorded on a day, and count the write."""
        self.version += 1
        return {"organisation_id": self.pk, "recorded_at": self._at(day), "recorded_by_id": self.pk}

    # What there is from the beginning.

    def _people(self) -> None:
        begun = self.frame.begun
        at, name, email = self._at(begun), f"{self.slug.title()} Trust", f"lead@{self.slug}.example"
        self.sheets.add(
            User, email=email, name=f"Lead of {name}", password=self.frame.password, joined_at=at, is_active=True
        )
        self.sheets.add(EmailAddress, user_id=self.pk, email=email, verified=True, primary=True)
        self.sheets.add(Organisation, slug=self.slug, name=name, fictional=True, recorded_at=at)
        self.sheets.add(Membership, **self._own(begun), user_id=self.pk, role=Role.LEAD.value, from_on=begun)
        for kind, detail in (
            ("organisation-created", {"slug": self.slug}),
            ("role-given", {"user": self.pk, "role": Role.LEAD.value}),
        ):
            self.sheets.add(SecurityEvent, organisation_id=self.pk, kind=kind, detail=json.dumps(detail), at=at)

    def _services(self) -> None:
        begun = self.frame.begun
        for name in self.rng.sample(SERVICES, min(len(SERVICES), 6 + self.activities // 100)):
            closed = self._after(begun, 900, 3000) if self.services and self._likely(0.08) else None
            edits = [(self._at(closed), {"retired_on": closed})] if closed else []
            row = self.sheets.keep(
                Service, *edits, **self._own(begun), name=name, slug=slugify(name), retired_on=None
            )
            self.services.append((row["id"], closed or date.max))

    def _pieces(self) -> None:
        begun = self.frame.begun
        for number in range(1, self.activities // 25 + 1):
            subject, town = self._one(SUBJECTS), self._one(TOWNS)
            problem = f"We agreed on what is wrong with {subject} in {town}." if self._likely(0.6) else ""
            edits = []
            if problem and self._likely(0.2) and (on := self._after(begun, 100, 3000)):
                edits = [(self._at(on), {"whole_confirmed_by_id": self.pk, "whole_confirmed_on": on})]
            title = f"Work {number} on {subject} in {town}"
            row = self.sheets.keep(PieceOfWork, *edits, **self._own(begun), title=title, problem_statement=problem)
            self.pieces.append(row["id"])

    # An activity with all that hangs from it.

    def _activity(self, day: date) -> None:
        """Add an activity that was recorded on a day."""
        self.number += 1
        own = self._own(day)
        facts, edits = self._when(day)
        if self._likely(0.02) and (on := self._after(edits[-1][0].date() if edits else day, 1, 200)):
            edits.append((self._at(on), {"withdrawn_on": on, "withdrawn_reason": "It was entered twice"}))
        self.version += len(edits)
        services = [service for service, closed in self.services if closed > day]
        service = self._one(services) if self._likely(0.75) else None
        row = self.sheets.keep(
            Activity,
            *edits,
            **own,
            **facts,
            **self._facts(day),
            service_id=service,
            piece_id=self._one(self.pieces) if self.pieces and self._likely(0.3) else None,
        )
        if service is None and self._likely(0.2):
            for each in _some(self.rng, services, 1, 3):
                self.sheets.keep(ActivityService, **own, activity_id=row["id"], service_id=each)
        if self._likely(0.4):
            for each in _some(self.rng, catalogue().groups, 1, 3):
                reach = self.rng.randint(1, 90) if self._likely(0.7) else None
                support = "Travel was paid" if self._likely(0.3) else ""
                self.sheets.keep(
                    ActivityGroup, **own, activity_id=row["id"], group=each, reach=reach, support=support
                )
        self._still_running(row, own, facts["stated_status"])
        standing = self._readings(row["id"], day)
        if standing and row["withdrawn_on"] is None:
            self._came_of_it(row, day, standing)

    def _facts(self, day: date) -> dict[str, Any]:
        """Return what else is known of an activity, most of it only of some."""
        words, subject, town = self.frame.words, self._one(SUBJECTS), self._one(TOWNS)
        method = self._one(words.methods)
        known = catalogue()
        return {
            "title": f"{method} on {subject}, {town}" + (f" {day.year}" if self._likely(0.5) else ""),
            "description": " ".join(self._one(words.sentences) for _each in range(self.rng.randint(1, 6))),
            "reference": f"{day.year}-{self.number:05}" if self._likely(0.6) else None,
            "method": method if self._likely(0.8) else "",
            "participants": self._one(words.participants) if self._likely(0.7) else "",
            "missing": self._one(words.missing) if self._likely(0.2) else "",
            "open_to_all": self._likely(0.1),
            "reach": str(self.rng.randint(4, 900)) if self._likely(0.5) else "",
            "promised": self._one(words.promised) if self._likely(0.2) else "",
            "named_lead": self._one(words.leads) if self._likely(0.6) else "",
            "cost": str(self.rng.randint(1, 400) * 100) if self._likely(0.1) else None,
            "citizen_hours": self.rng.randint(5, 900) if self._likely(0.2) else None,
            "support": json.dumps(sorted(_some(self.rng, known.supports, 0, 3))) if self._likely(0.4) else "[]",
            "mechanisms": json.dumps([self._one(list(known.mechanisms))]) if self._likely(0.2) else "[]",
        }

    def _when(self, day: date) -> tuple[dict[str, Any], list[Edit]]:
        """Return what was known of an activity's dates when it was recorded, and the edit that told its end, if any."""
        kind = self.rng.random()
        if kind < 0.04:
            return _dated(period=self._one(["", "to be confirmed", "every winter"])), []
        planned = kind < 0.1
        start = day + timedelta(self.rng.randint(20, 300)) if planned else day - timedelta(self.rng.randint(0, 200))
        if kind > 0.92:
            year = start.year - (start < date(start.year, 4, 1))
            return _dated(period=f"{year}/{(year + 1) % 100:02}"), []
        lasts = None if self._likely(0.3) else self._one([0, 1, 30, 90, 200, 500]) + self.rng.randint(0, 60)
        end = start + timedelta(lasts) if lasts is not None else None
        written = {"start_written": self._written(start)}
        if planned:
            return _dated(**written, stated_status="planned" if self._likely(0.7) else ""), []
        if end is None or end > self.frame.yesterday:
            return _dated(**written, stated_status="running" if self._likely(0.6) else ""), []
        over = written | {"end_written": self._written(end), "stated_status": "ended" if self._likely(0.7) else ""}
        result = self._one(self.frame.words.what) if self._likely(0.3) else ""
        told = day if end <= day else self._after(end, 0, 60) or self.frame.yesterday
        if told <= day:
            return _dated(**over) | {"result": result}, []
        running = _dated(**written, stated_status="running" if self._likely(0.6) else "") | {"result": ""}
        return running, [(self._at(told), _dated(**over) | {"result": result})]

    def _written(self, day: date) -> str:
        return f"{day.day} {day:%B %Y}" if self._likely(0.5) else f"{day:%B %Y}"

    def _still_running(self, row: dict[str, Any], own: dict[str, Any], stated: str) -> None:
        """Add the answers to "is it running?": what was stated, and once a year while it stayed open."""
        day = own["recorded_at"].date()
        if stated == Activity.StatedStatus.RUNNING:
            self.sheets.add(RunningConfirmation, **own, activity_id=row["id"], on=day, running=True)
        if row["started_on"] is None or row["ended_on"] or row["withdrawn_on"]:
            return
        on: date | None = max(day, row["started_on"])
        while self._likely(0.85) and (on := self._after(on, 330, 400)):
            running, back = self._likely(0.88), self._likely(0.01)
            taken = {"taken_back_at": self._at(on), "taken_back_by_id": self.pk} if back else {}
            again = self._own(on)
            self.sheets.add(RunningConfirmation, **again, activity_id=row["id"], on=on, running=running, **taken)
            if not running:
                return

    def _readings(self, activity: int, day: date) -> Profile | None:
        """Place most activities, some of them again; return the reading that stands."""
        kind = self.rng.random()
        if kind < 0.12:
            return None
        on = self._after(day, 0, 60) or self.frame.yesterday
        first = self._one(self.frame.profiles)
        if kind < 0.17 and (again := self._after(on, 1, 400)):
            why = self._one(WRONG)
            void = {"void_at": self._at(again), "void_reason": why, "voided_by_id": self.pk}
            self._reading(activity, on, first, **void)
            return self._reading(activity, again, self._one(self.frame.profiles), why)
        if kind < 0.25 and (again := self._after(on, 60, 900)):
            self._reading(activity, on, first, until=again)
            return self._reading(activity, again, self._one(self.frame.profiles), self._one(REASONS), from_on=again)
        return self._reading(activity, on, first)

    def _reading(self, activity: int, day: date, profile: Profile, because: str = "", **more: Any) -> Profile:
        """Add a reading made on a day, with its placements."""
        own, received = self._own(day), day - timedelta(int(self.rng.random() * 200))
        fields = profile.fields | {"reason": "\n\n".join(filter(None, (because, profile.fields["reason"])))}
        row = self.sheets.add(
            Classification,
            **own,
            **fields,
            activity_id=activity,
            answers=profile.answers.replace(RECEIVED.isoformat(), received.isoformat()),
            claim=self.rng.choices(["", profile.place, "coproducers", "users"], [40, 35, 20, 5])[0],
            **more,
        )
        for each in profile.placements:
            if each["received_on"]:
                each = each | {"received_on": received}
            self.sheets.add(Placement, **own, **each, classification_id=row["id"])
        return profile

    def _came_of_it(self, row: dict[str, Any], day: date, standing: Profile) -> None:
        """Add what changed for some activities, and for some of those over for years that nothing can be told."""
        if standing.placements and self._likely(0.35) and (decided := self._after(day, 10, 400)):
            self._a_change(row, decided, standing)
        ended = row["ended_on"]
        if ended and self._likely(0.08) and (on := self._after(ended, 370, 700)):
            self.sheets.add(AskedAgain, **self._own(on), activity_id=row["id"], years=1, on=on)

    def _a_change(self, row: dict[str, Any], decided: date, standing: Profile) -> None:
        """Add one answer to what people said, which speaks for one or two ways of one place."""
        words = self.frame.words
        place = self._one(standing.placements)["facet"].partition("/")[0]
        facets = [each["facet"] for each in standing.placements if each["facet"].startswith(f"{place}/")]
        need = COUNTS[place]
        outcome = "refused" if need.refusal and self._likely(0.3) else self._one(need.outcomes)
        share = outcome == "share-offered"
        told = self._after(decided, 0, 60) if self._likely(0.7) else None
        telling = {"told_on": told, "told_by": self._one(words.tellers)} if told else {}
        own = self._own(decided)
        edits = [(self._at(told), telling)] if told and told > decided else []
        self.version += len(edits)
        change = self.sheets.keep(
            Change,
            *edits,
            **own,
            **({} if edits else telling),
            activity_id=row["id"],
            service_id=self._one(self.services)[0] if row["service_id"] is None and self._likely(0.6) else None,
            asked=self._one(words.asked),
            decision_point=self._one(words.points),
            outcome=outcome,
            what="" if outcome == "refused" else self._one(words.what),
            why=self._one(words.why) if outcome == "refused" else "",
            decided_on=decided,
            offered_percent=self.rng.randint(40, 100) if share else None,
            taken_up_percent=self.rng.randint(0, 40) if share else None,
        )
        for facet in _some(self.rng, facets, 1, 2):
            self.sheets.keep(ChangeFacet, **own, change_id=change["id"], facet=facet)
        for _each in range(self.rng.choices([0, 1, 2], [30, 55, 15])[0]):
            kind = self.rng.choices(Evidence.Kind.values, [30, 50, 20])[0]
            withdrawn = self._after(decided, 30, 900) if self._likely(0.03) else None
            self.sheets.add(
                Evidence,
                **self._own(decided),
                change_id=change["id"],
                kind=kind,
                reference=f"Minutes, {decided.day} {decided:%B %Y}, item {self.rng.randint(1, 20)}",
                dated_on=decided,
                corroborated_by="Two people who were there" if kind == Evidence.Kind.CORROBORATION else "",
                withdrawn_on=withdrawn,
            )


def _dated(start_written: str = "", end_written: str = "", period: str = "", stated_status: str = "") -> dict[str, Any]:
    """Return an activity's date columns, read as the app reads them."""
    written = {"start_written": start_written, "end_written": end_written, "period": period}
    read = read_dates(**written, stated_status=stated_status)
    return written | {"stated_status": stated_status, "started_on": read.started_on, "ended_on": read.ended_on}


# --- all of them -----------------------------------------------------------------------------------------------------

KINDS = (
    User, EmailAddress, Organisation, Membership, SecurityEvent, Service, PieceOfWork, Activity, ActivityService,
    ActivityGroup, RunningConfirmation, Classification, Placement, Change, ChangeFacet, Evidence, AskedAgain,
)  # fmt: skip


def sizes(organisations: int, activities: int, large: int, seed: int) -> dict[str, int]:
    """Return slug -> number of activities: ``large`` where it is asked for, the rest shared as unevenly as in life."""
    slugs = [f"bench-{number:03}" for number in range(1, organisations + (0 if large else 1))]
    rng = random.Random(f"{seed} sizes")
    ends = list(accumulate(rng.lognormvariate(0, 0.5) for _slug in slugs))
    edges = [0, *(round((activities - large) * end / ends[-1]) for end in ends)]
    shared = {slug: end - start for slug, start, end in zip(slugs, edges, edges[1:], strict=False)}
    return shared | ({"large": large} if large else {})


def fill(*, organisations: int, activities: int, years: int, seed: int, large: int = 0, day: date, say=print) -> Sheets:
    """Write the registers into an empty database; ``say`` is told how far it is. Returns the sheets, all sent."""
    words, sheets = Words(), Sheets(*KINDS)
    password = make_password(PASSWORD, salt="benchmarks" * 3)
    frame = Frame(seed, years, day, words, profiles(seed, words), password)
    wanted = sizes(organisations, activities, large, seed)
    registers = [Register(pk, slug, size, frame, sheets) for pk, (slug, size) in enumerate(wanted.items(), start=1)]
    began = time.monotonic()
    with filling(sheets):
        streams = [each.months() for each in registers]
        for month in range(1, 12 * years + 1):
            for stream in streams:
                next(stream)
                if sheets.waiting > AT_ONCE:
                    sheets.send()
            if month % 12 == 0:
                done = f"year {month // 12} of {years}: {sheets.of[Activity].last:,} activities"
                say(f"{done}, {sheets.written:,} rows, {time.monotonic() - began:.0f} s", flush=True)
        sheets.send()
        for each in registers:
            Organisation.objects.filter(pk=each.pk).update(version=each.version)
        say("Indexes and keys …", flush=True)
    return sheets


def main() -> None:
    """Read the command line, refuse what is not empty, fill it, and say what there is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--organisations", type=int, default=500)
    parser.add_argument("--activities", type=int, default=1_000_000)
    parser.add_argument("--years", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--large", type=int, default=0, metavar="ACTIVITIES")
    parser.add_argument("--day", type=date.fromisoformat, default=today(), help="what counts as today; never to come")
    asked = parser.parse_args()
    if asked.day > today() or asked.organisations < 1 or not 0 <= asked.large <= asked.activities:
        parser.error("a day to come, no organisation, or more activities in the large one than there are")
    if holds():
        raise SystemExit("Connect as the owner of the tables: bulk loading passes by the walls between organisations.")
    if User.objects.exists() or Organisation.objects.exists():
        raise SystemExit("The database is not empty. Make a new one and migrate it.")
    began = time.monotonic()
    sheets = fill(**vars(asked))
    measure_sizes()
    for sheet in sheets:
        print(f"{sheet.last:12,} {sheet.table}")
    print(f"{sheets.written:12,} rows on {connection.vendor} in {time.monotonic() - began:.0f} s")
    print(f"Sign in as lead@bench-001.example (lead@SLUG.example) with {PASSWORD}")


if __name__ == "__main__":
    main()
