"""Two audits a year apart, against an expectation written by hand; and each rule of comparing by itself."""

import json
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from involvement import demo
from involvement.actions import activities, influence
from involvement.audits import reading
from involvement.audits.comparison import Fate, Move, compare, move_of, still_open, trend
from involvement.models import User
from tests.audits import frozen_audit, signed_audit, viewer_of
from tests.world import classify_as


@pytest.fixture
def clock(monkeypatch):
    """Return a function that sets the clock to noon of a day."""

    def set_to(year: int, month: int, day: int) -> None:
        then = datetime(year, month, day, 12, tzinfo=ZoneInfo("Europe/London"))
        monkeypatch.setattr(timezone, "now", lambda: then)

    return set_to


def person(name: str) -> User:
    return User.objects.get(email=f"{name}@northfield.example")


@pytest.fixture
def a_year(db, clock):
    """Northfield on 20 November 2025, audited and signed; then a year in which little was done; audited again.

    In that year: two activities were said to be still running, the Friends and Family Test and the patient director;
    somebody went back to users and showed what came of it, as planned; the comment book was withdrawn. Nothing else
    was touched: the answer on priorities fell due on 30 March, "not needed" on 18 July, and the statements that the
    list is complete ran out.
    """
    clock(2025, 11, 20)
    home = demo.make().organisation
    board, editor = person("board"), person("editor")
    first = signed_audit(home, board, title="Audit 2025")
    clock(2026, 11, 20)
    for reference in ("NF-010", "NF-003"):
        activities.confirm_running(activity=home.activities.get(reference=reference), by=editor, running=True)
    asked = activities.add_activity(
        organisation=home, by=editor,
        facts={"title": "Did it help? Calls a month later", "service": home.services.get(name="Maternity"),
               "start_written": "2 June 2026", "stated_status": "running"},
    )  # fmt: skip
    classify_as(asked, editor, "users", {"facet": "users/reviewing-impact", "part": "asked", "heard": True})
    change = influence.record_change(
        activity=asked, by=editor, facets=["users/reviewing-impact"], outcome="changed", what="The line stays open",
        decided_on=date(2026, 9, 1),
    )  # fmt: skip
    influence.add_evidence(change=change, by=editor, kind="document", reference="Minutes of 1 September")
    book = home.activities.get(reference="NF-027")
    activities.withdraw_activity(activity=book, by=editor, reason="It never was more than a box", version=book.version)
    second = frozen_audit(home, board, title="Audit 2026", period_from=date(2025, 11, 21))
    return home, first, second


BY_HAND = {
    "owners/strategy": ("in-place", "unproven", Move.OPENED),  # the patient director runs, with our word only
    "owners/priorities": ("missing", "none-recorded", Move.MOVED),  # nobody says any more that the list is complete
    "owners/reviewing-impact": ("lapsed", "lapsed", Move.SAME),
    "users/whole-journey": ("unproven", "lapsed", Move.LAPSED),
    "users/quality": ("in-place", "lapsed", Move.LAPSED),
    "users/access": ("in-place", "lapsed", Move.LAPSED),
    "users/experience": ("in-place", "in-place", Move.SAME),  # the Friends and Family Test
    "users/own-care": ("unproven", "lapsed", Move.LAPSED),
    "users/reviewing-impact": ("missing", "in-place", Move.CLOSED),  # the calls a month later
    "choosers/provider": ("not-needed", "none-recorded", Move.OPENED),  # the judgement ran out
    "choosers/treatment": ("in-place", "lapsed", Move.LAPSED),
    "choosers/information": ("unproven", "lapsed", Move.LAPSED),
    "choosers/help-to-choose": ("planned", "unproven", Move.OPENED),  # it began, and nobody shows what came of it
    "choosers/respect": ("none-recorded", "none-recorded", Move.SAME),
    "coproducers/co-decide": ("in-place", "lapsed", Move.LAPSED),
    "coproducers/co-design": ("in-place", "lapsed", Move.LAPSED),
    "coproducers/co-deliver": ("in-place", "lapsed", Move.LAPSED),
    "coproducers/co-evaluate": ("unproven", "lapsed", Move.LAPSED),
}
FATES_BY_HAND = [
    (Fate.UNKEPT, "*|owners|owners/priorities"),
    (Fate.UNANSWERED, "*|choosers|choosers/respect"),
    (Fate.UNANSWERED, "*|coproducers|coproducers/co-evaluate"),
    (Fate.UNANSWERED, "*|users|users/whole-journey"),
    (Fate.UNANSWERED, "*|users|users/own-care"),
    (Fate.UNANSWERED, "*|choosers|choosers/information"),
    (Fate.UNANSWERED, "*|owners|owners/reviewing-impact"),
    (Fate.KEPT, "*|users|users/reviewing-impact"),
]


def test_two_audits_a_year_apart_agree_with_what_was_written_by_hand(a_year, client):
    home, first, second = a_year
    viewer = viewer_of(home, person("board"))
    compared = reading.compare_audits(viewer, second, first)  # in whichever order they are named
    found = compared.comparison
    assert (found.before_on, found.after_on) == (date(2025, 11, 20), date(2026, 11, 20))
    assert {f"{each.place}/{each.facet}": (each.before, each.after, each.move) for each in found.cells} == BY_HAND
    assert [(each.fate, each.identity) for each in found.fates if not each.of_a_service] == FATES_BY_HAND
    [unkept] = [each for each in found.fates if each.fate is Fate.UNKEPT]
    assert (unkept.owner, unkept.due_on) == ("Director of finance", date(2026, 3, 30))
    assert [(each.title, each.on, each.reason, each.by) for each in found.gone] == [
        ("Chemotherapy suite comment book", date(2026, 11, 20), "It never was more than a box", "Tom Hartley")
    ]
    assert compared.days == (date(2025, 11, 20), date(2026, 11, 20))
    assert {one.place: one.numbers for one in compared.trend} == {
        "owners": (6, 1), "users": (20, 2), "choosers": (5, 1), "coproducers": (7, 0)
    }  # fmt: skip
    assert (found.before["share"], found.after["share"]) == (34, 25)
    assert found.same_scope and found.same_rules

    client.force_login(person("viewer"))
    page = client.get(f"/o/northfield/audits/{second.pk}/compare/?with={first.pk}").content.decode()
    order = [page.index(words) for words in ("Not kept: the day has passed", "Nobody answered", "The gap closed")]
    assert order == sorted(order), "unkept ones first"
    assert "1 answer to a gap was not kept." in page and "Tom Hartley" in page
    assert "34% then, 25% now" in page


def test_a_gap_is_known_since_the_audit_that_first_held_it(a_year):
    _home, _first, second = a_year
    gaps = {gap["identity"]: gap["first_seen"] for gap in json.loads(second.snapshot.content)["gaps"]}
    assert gaps["*|owners|owners/priorities"] == "2025-11-20"
    assert gaps["*|users|users/access"] is None, "it was in place then"


def test_any_two_days_compare_as_audits_of_these_days_would(a_year):
    """The same register at the same two days: all but what only the signed audit knows, that is, the list of then."""
    home, _first, _second = a_year
    viewer = viewer_of(home, person("board"))
    found = reading.compare_days(viewer, date(2025, 11, 20), date(2026, 11, 20)).comparison
    assert {f"{each.place}/{each.facet}": each.after for each in found.cells} == {
        key: after for key, (_before, after, _move) in BY_HAND.items()
    }
    assert [each.title for each in found.gone] == ["Chemotherapy suite comment book"]


def test_the_trend_takes_in_the_signed_audits_between(a_year, clock):
    home, first, second = a_year
    clock(2026, 5, 20)
    signed_audit(home, person("board"), title="Half a year", as_at=date(2026, 5, 20))
    frozen_audit(home, person("board"), title="Never signed", as_at=date(2026, 6, 20).replace(month=5, day=19))
    compared = reading.compare_audits(viewer_of(home, person("board")), first, second)
    assert [day.isoformat() for day in compared.days] == ["2025-11-20", "2026-05-20", "2026-11-20"]
    assert all(len(one.numbers) == 3 for one in compared.trend)


# Each rule by itself, on plain dicts --------------------------------------------------------------------------------


def plain(day: str, statuses: dict[str, str] | None = None, gaps=(), activities=(), withdrawn=()) -> dict:
    """Return as much of a snapshot as comparing reads."""
    cells = [
        {"facet": facet, "title": facet, "status": status, "status_title": status, "sign": "?"}
        for facet, status in (statuses or {}).items()
    ]
    return {
        "as_at": day,
        "organisation": {"slug": "x"},
        "scope": {"service": None},
        "framework_version": "1",
        "places": [{"slug": "users", "title": "Users", "live": 0, "cells": cells}],
        "gaps": [
            {"identity": name, "sentence": name, "first_seen": None, "responses": rows} for name, rows in gaps
        ],
        "activities": [{"id": pk, "title": title} for pk, title in activities],
        "withdrawn": [{"id": pk, "title": t, "on": on, "reason": "Twice", "by": "Ed"} for pk, t, on in withdrawn],
    }  # fmt: skip


def answer(**more) -> dict:
    row = {"id": 1, "kind": "plan", "kind_title": "Plan", "reason": "We will", "owner": "Ed", "due_on": "2026-03-01"}
    return row | {"made_on": "2025-01-01", "ended_on": None, "overdue": False, "actions": []} | more


@pytest.mark.parametrize(
    ("before", "after", "move"),
    [
        ("in-place", "in-place", Move.SAME),
        ("in-place", "unproven", Move.OPENED),
        ("in-place", "missing", Move.OPENED),
        ("not-needed", "none-recorded", Move.OPENED),
        ("in-place", "lapsed", Move.LAPSED),
        ("unproven", "lapsed", Move.LAPSED),
        ("missing", "in-place", Move.CLOSED),
        ("lapsed", "in-place", Move.CLOSED),
        ("missing", "not-needed", Move.PUT_OFF),
        ("missing", "planned", Move.PUT_OFF),
        ("planned", "in-place", Move.MOVED),
        ("missing", "unproven", Move.MOVED),
        ("none-recorded", "missing", Move.MOVED),
    ],
)
def test_what_became_of_a_way(before, after, move):
    assert move_of(before, after) is move


GAP, PLACE = "*|users|users/access", "*|users|"


@pytest.mark.parametrize(
    ("then", "now", "fate"),
    [
        ([answer()], [(GAP, [answer(overdue=True)])], Fate.UNKEPT),
        ([answer()], [(PLACE, [answer(overdue=True)])], Fate.UNKEPT),
        ([answer()], [(GAP, [answer(ended_on="2026-02-01")])], Fate.ENDED),
        ([answer(due_on="2027-01-01")], [(GAP, [answer(due_on="2027-01-01")])], Fate.RUNNING),
        ([answer(kind="not-needed", due_on=None)], [(GAP, [answer(due_on=None)])], Fate.UNKEPT),
        ([], [(GAP, [])], Fate.UNANSWERED),
        ([answer()], [], Fate.KEPT),
        ([answer()], [("*|users|users/quality", [])], Fate.KEPT),
        ([answer()], [("maternity|users|users/access", [])], Fate.KEPT),
    ],
)
def test_what_became_of_an_answer(then, now, fate):
    found = compare(plain("2025-11-20", gaps=[(GAP, then)]), plain("2026-11-20", gaps=now))
    assert [each.fate for each in found.fates] == [fate]


def test_what_is_only_judged_not_needed_is_not_called_closed():
    before = plain("2025-11-20", {"access": "missing"}, gaps=[(GAP, [answer()])])
    for status, fate in (("not-needed", Fate.PUT_OFF), ("planned", Fate.PUT_OFF), ("in-place", Fate.KEPT)):
        found = compare(before, plain("2026-11-20", {"access": status}))
        assert [each.fate for each in found.fates] == [fate]


def test_a_gap_that_was_answered_since_or_closed_unanswered_is_not_held_against_anybody():
    before = plain("2025-11-20", gaps=[(GAP, [])])
    (since,) = compare(before, plain("2026-11-20", gaps=[(GAP, [answer()])])).fates
    assert since.fate is Fate.ANSWERED and (since.owner, since.reason) == ("Ed", "We will")
    assert compare(before, plain("2026-11-20")).fates == ()


def test_a_gap_of_a_whole_place_is_open_while_any_way_of_it_is():
    gaps = [{"identity": GAP}]
    assert still_open(PLACE, gaps) and still_open(GAP, gaps) and still_open(GAP, [{"identity": PLACE}])
    assert not still_open("*|owners|", gaps) and not still_open("*|users|users/quality", gaps)


def test_what_left_the_list_without_a_word_comes_first():
    before = plain("2025-11-20", activities=[(1, "Kept"), (2, "Gone"), (3, "Withdrawn")])
    after = plain(
        "2026-11-20", activities=[(1, "Kept")], withdrawn=[(3, "Withdrawn", "2026-02-01"), (4, "New", "2026-01-01"),
        (5, "Long ago", "2025-01-01")],
    )  # fmt: skip
    found = compare(before, after)
    assert [(each.title, each.on) for each in found.gone] == [
        ("Gone", None), ("New", date(2026, 1, 1)), ("Withdrawn", date(2026, 2, 1))
    ]  # fmt: skip


def test_ways_that_the_earlier_framework_did_not_have_are_left_out():
    after = plain("2026-11-20", {"access": "missing", "new": "lapsed"})
    found = compare(plain("2025-11-20", {"access": "missing"}), after)
    assert [each.facet for each in found.cells] == ["access"]


def test_other_rules_and_other_scopes_are_said_to_be():
    one, other = plain("2025-11-20"), plain("2026-11-20") | {"framework_version": "2"}
    assert not compare(one, other).same_rules and compare(one, other).same_scope
    assert not compare(one, other | {"scope": {"service": {"slug": "maternity"}}}).same_scope


def test_the_trend_of_one_day_is_that_day():
    days, places = trend([plain("2026-11-20")])
    assert days == (date(2026, 11, 20),) and [one.numbers for one in places] == [(0,)]


@pytest.mark.parametrize("asked", ["?from=nonsense", "?from=2030-01-01", "?from=2026-01-01&to=2025-01-01", "?from="])
def test_days_that_cannot_be_compared_are_told(client, world, asked):
    client.force_login(world.people["vi"])
    response = client.get("/o/ashdown/compare/" + asked)
    assert response.status_code == 200
    assert "What opened, lapsed and closed" not in response.content.decode()


def test_two_of_different_scopes_are_not_offered(client, world):
    home, bob = world.ashdown.organisation, world.people["bob"]
    whole = frozen_audit(home, bob, title="Whole")
    part = frozen_audit(home, bob, title="Part", service=world.ashdown.services[0])
    client.force_login(bob)
    assert client.get(f"/o/ashdown/audits/{whole.pk}/compare/?with={part.pk}").status_code == 404
    assert "no other audit" in client.get(f"/o/ashdown/audits/{whole.pk}/compare/").content.decode()
