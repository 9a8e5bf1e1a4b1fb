"""The register goes out as a spreadsheet and comes in again: nothing is lost, nothing altered, no cell runs."""

import csv
import io
import os
import re
import zipfile
from datetime import date, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from framework.catalogue import NOT_INVOLVEMENT, catalogue
from involvement import exports
from involvement.actions.activities import add_activity, confirm_running, withdraw_activity
from involvement.actions.base import Refused
from involvement.actions.classification import classify, correct, replace
from involvement.actions.imports import REMOVED
from involvement.actions.influence import add_evidence, record_change, withdraw_evidence
from involvement.actions.organisations import add_service, retire_service
from involvement.actions.pieces import add_piece
from involvement.cells import guarded, read_list, unguarded, written_list
from involvement.imports import map_columns, read_table, run_import

RUNS = re.compile(r"^[\s\u00a0\ufeff]*'*[=+\-@\t\r]")  # what a spreadsheet would run, as the rules put it
NAUGHTY = [
    "=1+1", "=cmd|' /C calc'!A0", "+44 20", "-3 beds", "@SUM(1)", "' =1", "'=1", "''=x", "'", "''", "\u00a0=1",
    "\ufeff=1", "  =1", "\t=1", "\r=1", "'\u00a0'=1", "- item one", "tis the season", "'tis", "\"", "\"\"",
    "a;b", "a|b", "a,b", ";", "|", "line\nline", "line\r\nline\r", "\n=1", "\u2028=1",
    "<script>alert(1)</script>", "&amp;", "${7*7}", "{{7*7}}", "{% x %}", "%s%n", "0", "00012", "1e5", "1/2",
    "TRUE", "NULL", "None", "nan", "#REF!", "2026-01-01", "44197", "MARCH1", "SEPT2", "Ω≈ç√∫˜µ≤≥÷", "田中さん",
    "مرحبا", "שלום", "🇬🇧👩‍⚕️", "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤a̸l͔g", "\u202etxt\u202c", "\u200b=1", "é e\u0301", "ﬁ", "ß SS",
    "İi", "_x0041_", "_x005F_", "\x01\x02\x1b", "all", "Trust-wide", "-", "n/a", "tbc",
    "everyone", "carers", "new", "yes; no", '"quoted"', '"a"; "b"', "[]", "{}", '{"primary_place": "users"}',
    "not recorded", "https://example.org/?a=1&b=2#c", "DROP TABLE activities;", "x" * 119,
]  # fmt: skip
words = st.one_of(
    st.sampled_from(NAUGHTY),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\ufffe\uffff"), max_size=30),
    st.lists(st.sampled_from(NAUGHTY), max_size=3).map(" ".join),
)
lines = words.map(lambda text: text[:80])
days = st.dates(date(2019, 1, 1), date(2026, 10, 1))
EXAMPLES = int(os.environ.get("ROUND_TRIPS", "12"))  # more of them where there is time
FACETS = list(catalogue().facets)


@st.composite
def an_activity(draw):
    """What somebody might tell of an activity, in any words: facts, places, changes, answers, and that it was wrong."""
    maybe = st.booleans()
    return {
        "facts": {
            "title": draw(lines.filter(lambda text: text.replace("\x00", "").split())),
            "reference": draw(st.one_of(st.none(), lines.map(lambda text: text[:60]))),
            "description": draw(words),
            "method": draw(lines),
            "participants": draw(lines),
            "missing": draw(lines),
            "could_lose": draw(lines),
            "open_to_all": draw(maybe),
            "reach": draw(lines),
            "start_written": draw(st.one_of(lines, st.sampled_from(["", "2021/22", "spring 2020", "03/03/19"]))),
            "end_written": draw(st.sampled_from(["", "ongoing", "tbc", "2199", "someday", "-"])),
            "period": draw(st.one_of(lines, st.sampled_from(["", "2021/22", "since 2019"]))),
            "stated_status": draw(st.sampled_from(["", "planned", "running", "ended"])),
            "promised": draw(words),
            "named_lead": draw(lines),
            "cost": draw(st.one_of(st.none(), st.decimals(0, 10**9, places=2))),
            "citizen_hours": draw(st.one_of(st.none(), st.integers(0, 10**6))),
            "support": draw(st.lists(st.sampled_from(list(catalogue().supports)), unique=True)),
            "mechanisms": draw(st.lists(st.sampled_from(list(catalogue().mechanisms)), unique=True, max_size=3)),
            "result": draw(words),
            "source_url": draw(st.sampled_from(["", "https://example.org/a?b=c&d='e'", "ftp://example.org/x"])),
            "groups": [
                {"group": group, "reach": draw(st.one_of(st.none(), st.integers(0, 999))), "support": draw(lines)}
                for group in draw(st.lists(st.sampled_from(list(catalogue().groups)), unique=True, max_size=3))
            ],
        },
        "services": draw(st.lists(st.integers(0, 5), max_size=3, unique=True)),
        "named": draw(maybe),
        "piece": draw(st.one_of(st.none(), st.integers(0, 2))),
        "answers": draw(st.lists(st.tuples(days, maybe), max_size=2)),
        "place": draw(st.one_of(st.none(), st.sampled_from([*catalogue().places, NOT_INVOLVEMENT]))),
        "ways": draw(st.lists(a_way(), max_size=3, unique_by=lambda way: way["facet"])),
        "contested": draw(st.lists(st.sampled_from(list(catalogue().contested_kinds)), unique=True, max_size=2)),
        "again": draw(st.sampled_from(["", "replace", "correct"])),
        "changes": draw(st.lists(a_change(), max_size=2)),
        "withdrawn": draw(st.one_of(st.just(""), st.just(""), lines)),
        "reason": draw(words),
    }  # fmt: skip


@st.composite
def a_way(draw):
    facet = draw(st.sampled_from(FACETS))
    yes = st.one_of(st.none(), st.booleans())
    return {
        "facet": facet,
        "part": draw(st.sampled_from(["none", "told", "asked", "equal", "lead", "not-recorded"])),
        "question": draw(lines),
        "decider": draw(lines),
        "received_on": draw(st.one_of(st.none(), days)),
        "heard": draw(yes),
        "options": draw(st.one_of(st.none(), st.integers(0, 9))),
        "free_to_refuse": draw(yes),
        "as_group": draw(yes),
    }


@st.composite
def a_change(draw):
    decided = draw(days)
    return {
        "facets": draw(st.lists(st.sampled_from(FACETS), min_size=1, max_size=3, unique=True)),
        "outcome": draw(st.sampled_from(["changed", "partly", "refused", "joint-record", "share-offered"])),
        "asked": draw(words),
        "decision_point": draw(lines),
        "what": draw(words),
        "why": draw(words),
        "decided_on": decided,
        "told_on": draw(st.one_of(st.none(), st.just(decided + timedelta(days=3)))),
        "told_by": draw(lines),
        "offered_percent": draw(st.one_of(st.none(), st.decimals(0, 100, places=2))),
        "taken_up_percent": draw(st.one_of(st.none(), st.decimals(0, 100, places=2))),
        "service": draw(st.one_of(st.none(), st.integers(0, 5))),
        "evidence": draw(
            st.lists(
                st.fixed_dictionaries(
                    {
                        "kind": st.sampled_from(["statement", "document", "corroboration"]),
                        "reference": lines,
                        "link": st.sampled_from(["", "https://example.org/minutes"]),
                        "corroborated_by": lines,
                        "dated_on": st.one_of(st.none(), days),
                    }
                ),
                max_size=2,
            )
        ),
    }


class Wiped(Exception):
    """Takes back all that an example wrote."""


@pytest.fixture
def organisation(world):
    organisation = world.ashdown.organisation
    _wipe(organisation)
    return organisation


def _wipe(organisation):
    """Take every activity out, with all that hangs from it, and services and pieces of work too."""
    for rows in (
        organisation.action_steps.all(), organisation.actions.all(),
        organisation.decision_activities.all(), organisation.decisions.all(),
        organisation.replies_due.all(), organisation.challenge_steps.all(), organisation.challenges.all(),
    ):  # fmt: skip
        rows._raw_delete(rows.db)
    for model, _path in REMOVED:
        rows = model.objects.filter(organisation=organisation)
        rows._raw_delete(rows.db)
    organisation.complete_statements.all().delete()
    organisation.responses.all().delete()
    for rows in (organisation.pieces.all(), organisation.services.all()):
        rows._raw_delete(rows.db)


def _tell(organisation, by, told, services, pieces):
    """Put what was told into the register through the actions; what they refuse is left out."""
    facts = dict(told["facts"])
    chosen = [services[n] for n in told["services"] if n < len(services)]
    if chosen and told["named"]:
        facts["named_services"] = chosen
    elif chosen:
        facts["service"] = chosen[0]
    if told["piece"] is not None and told["piece"] < len(pieces):
        facts["piece"] = pieces[told["piece"]]
    try:
        activity = add_activity(organisation=organisation, by=by, facts=facts)
    except Refused:
        return
    for on, running in told["answers"]:
        _try(confirm_running, activity=activity, by=by, running=running, on=on)
    ways = [dict(way) for way in told["ways"]] if told["place"] != NOT_INVOLVEMENT else []
    how = {"by": by, "placements": ways, "contested_kinds": told["contested"], "claim": "users"}
    if told["place"]:
        first = date(2020, 1, 1) if told["again"] == "replace" else None
        _try(classify, activity=activity, place=told["place"], reason=told["reason"], from_on=first, **how)
        if told["again"] == "replace":
            _try(replace, activity=activity, from_on=date(2022, 5, 1), reason="it grew", place="users", **how)
        elif told["again"] == "correct":
            _try(correct, activity=activity, reason="it was wrong", place="owners", **how)
    for change in told["changes"]:
        change = dict(change)
        evidence, service = change.pop("evidence"), change.pop("service")
        change["service"] = services[service] if service is not None and service < len(services) else None
        recorded = _try(record_change, activity=activity, by=by, **change)
        for proof in evidence if recorded else ():
            added = _try(add_evidence, change=recorded, by=by, **proof)
            if added and proof["reference"].startswith("="):
                withdraw_evidence(evidence=added, by=by)
    if told["withdrawn"]:
        _try(withdraw_activity, activity=activity, by=by, reason=told["withdrawn"], version=activity.version)


def _try(action, **arguments):
    try:
        with transaction.atomic():
            return action(**arguments)
    except (Refused, ValueError):
        return None


def _read(viewer):
    """Return the register as plain values, by the order of entry: what has to be the same again."""
    taken = exports.whole_register(viewer)
    rows = list(taken.rows())
    facts = viewer.organisation.activities.order_by("pk").values_list("started_on", "ended_on", "withdrawn_on")
    return rows, list(facts)


def _differences(before, after):
    """Return what differs, cell by cell."""
    assert len(before[0]) == len(after[0])
    cells = [
        (at, column, old.get(column), new.get(column))
        for at, (old, new) in enumerate(zip(before[0], after[0], strict=True))
        for column in old.keys() | new.keys()
        if old.get(column) != new.get(column)
    ]
    return cells or [pair for pair in zip(before[1], after[1], strict=True) if pair[0] != pair[1]]


def _content(viewer, kind):
    taken = exports.whole_register(viewer)
    if kind == "csv":
        return b"".join(exports.csv_file(taken))
    with exports.xlsx_file(taken) as file:
        return file.read()


def _bring_in(organisation, by, content):
    table = read_table(content)
    return run_import(organisation=organisation, by=by, table=table, columns=map_columns(table.headings, {}))


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],  # making a register smaller takes minutes
)
@given(
    told=st.lists(an_activity(), min_size=1, max_size=4),
    services=st.lists(lines.filter(lambda name: name.split()), max_size=6),
    pieces=st.lists(st.tuples(lines.filter(lambda name: name.split()), words), max_size=3),
)
def test_what_goes_out_comes_in_again(world, organisation, kind, told, services, pieces):
    by, viewer = world.people["lea"], world.viewer("lea")
    try:
        with transaction.atomic():
            clean = [name.replace("\x00", "x") for name in services]
            made = [each for name in clean if (each := _try(add_service, organisation=organisation, by=by, name=name))]
            if len(made) > 3:
                retire_service(service=made[3], by=by)
            work = [
                each
                for title, problem in pieces
                if (each := _try(
                    add_piece, organisation=organisation, by=by, title=title.replace("\x00", "x"),
                    problem_statement=problem.replace("\x00", ""),
                ))
            ]  # fmt: skip
            for each in told:
                _tell(organisation, by, each, made, work)
            before = _read(viewer)
            if not before[0]:
                raise Wiped
            content = _content(viewer, kind)
            _runs_nothing(content, kind)
            again = _bring_in(organisation, by, content)
            assert (again["added"], again["refused"], again["problems"]) == (0, 0, [])
            _wipe(organisation)
            result = _bring_in(organisation, by, content)
            assert (result["refused"], result["problems"]) == (0, [])
            assert result["added"] == len(before[0])
            assert _differences(before, _read(viewer)) == []
            assert kind == "xlsx" or _content(viewer, kind) == content
            raise Wiped
    except Wiped:
        pass


def _runs_nothing(content, kind):
    if kind == "xlsx":
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            sheet = packed.read("xl/worksheets/sheet1.xml").decode()
        assert set(re.findall(r"<c [^>]*?(?: t=\"(\w+)\")?/?>", sheet)) <= {"inlineStr"} and "<f" not in sheet
    else:
        for row in csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")):
            for cell in row:
                assert not RUNS.match(cell) or cell.startswith("'")


@given(words)
def test_a_guard_is_put_and_taken_exactly_once(text):
    cell = guarded(text)
    assert unguarded(cell) == text
    assert cell in (text, "'" + text)
    if RUNS.match(text):
        assert cell == "'" + text
    assert not re.match(r"[\s\ufeff]*[=+\-@\t\r]", cell)


@given(st.lists(words.map(lambda text: " ".join(text.split())).filter(bool), max_size=4))
def test_a_list_in_a_cell_is_read_as_it_was_written(entries):
    assert [entry for entry, _quoted in read_list(written_list(entries, literal=["all"]))] == entries
