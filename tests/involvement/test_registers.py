"""The read side of the register: where an activity stands in time, what the list finds, what a placement needs."""

from datetime import date, timedelta

import pytest
from django.http import QueryDict

from involvement.actions.activities import add_activity, confirm_running, edit_activity, withdraw_activity
from involvement.actions.base import today
from involvement.actions.influence import record_change
from involvement.maps import build_map
from involvement.models import RunningConfirmation
from involvement.particulars import activity_detail, people_written, still_needed
from involvement.registers import list_page
from involvement.states import State, with_state
from tests.world import classify_as

pytestmark = pytest.mark.django_db

D = date(2026, 6, 30)


@pytest.fixture
def register(world):
    """Add an activity to Ashdown by keyword: ``register(title="…", …)``."""

    def add(**facts):
        by = world.people["lea"]
        return add_activity(organisation=world.ashdown.organisation, by=by, facts={"title": "An activity"} | facts)

    return add


def state_in_database(activity, as_at) -> str:
    return with_state(activity.organisation.activities.filter(pk=activity.pk), activity.organisation, as_at).get().state


def answered(activity, world, on, running=True):
    return RunningConfirmation.objects.create(
        organisation=activity.organisation, activity=activity, recorded_by=world.people["ed"], on=on, running=running
    )


def found(world, query="", name="vi") -> list[str]:
    return [row.title for row in list_page(world.viewer(name), QueryDict(query)).rows]


@pytest.mark.parametrize(
    ("facts", "answers", "state"),
    [
        ({}, [], State.NOT_DATED),
        ({"stated_status": "planned"}, [], State.PLANNED),
        ({"stated_status": "planned", "start_written": "1 January 2020"}, [], State.LAPSED),
        ({"start_written": "1 July 2026"}, [], State.PLANNED),
        ({"start_written": "30 June 2026"}, [], State.LIVE),
        ({"start_written": "1 July 2025"}, [], State.LIVE),  # the window is (D - 12 months, D]
        ({"start_written": "30 June 2025"}, [], State.LAPSED),
        ({"start_written": "30 June 2025"}, [(date(2025, 7, 1), True)], State.LIVE),
        ({"start_written": "30 June 2025"}, [(date(2026, 7, 1), True)], State.LAPSED),  # not known by then
        ({"start_written": "1 May 2026"}, [(date(2026, 6, 1), False)], State.LAPSED),
        ({}, [(date(2026, 6, 1), False)], State.NOT_DATED),
        ({"stated_status": "planned"}, [(date(2026, 6, 1), False)], State.NOT_DATED),
        ({"start_written": "1 May 2026"}, [(date(2026, 6, 1), False), (date(2026, 6, 2), True)], State.LIVE),
        ({}, [(date(2026, 6, 1), True)], State.LIVE),
        ({}, [(date(2025, 6, 1), True)], State.LAPSED),
        ({"end_written": "1 July 2025"}, [], State.LIVE),
        ({"end_written": "30 June 2025"}, [], State.LAPSED),
        ({"start_written": "2020", "end_written": "31 July 2026"}, [], State.LAPSED),  # still open at D, not seen
        ({"end_written": "31 July 2026"}, [], State.NOT_DATED),  # nobody said that it had begun
        ({"start_written": "sometime last spring"}, [], State.NOT_DATED),
    ],
)
def test_where_an_activity_stands_in_time(world, register, facts, answers, state):
    activity = register(**facts)
    for on, running in answers:
        answered(activity, world, on, running)
    assert state_in_database(activity, D) == state


def test_the_first_answer_to_an_ended_activity_keeps_it_live_and_a_later_one_does_not(world, register):
    activity = register(start_written="2024", end_written="1 June 2025")
    assert state_in_database(activity, D) == State.LAPSED
    words = {"facets": ["users/access"], "outcome": "changed", "what": "Later visits"}
    record_change(activity=activity, by=world.people["ed"], decided_on=date(2025, 9, 1), **words)
    assert state_in_database(activity, D) == State.LIVE
    assert state_in_database(activity, date(2025, 8, 31)) == State.LIVE  # its end lies within the year
    record_change(activity=activity, by=world.people["ed"], decided_on=date(2026, 6, 1), **words)
    assert state_in_database(activity, date(2026, 9, 2)) == State.LAPSED


def test_the_page_and_the_list_say_the_same_of_every_kind(world, register):
    written = ["", "2024", "May 2026", (today() - timedelta(days=3)).isoformat(), "2030"]
    for start in written:
        for end in ("", *written[2:]):
            for status in ("", "planned", "running"):
                for answer in (None, True, False):
                    if start == "2030" and end not in ("", "2030") or (end == "May 2026" and start == written[3]):
                        continue
                    activity = register(start_written=start, end_written=end, stated_status=status)
                    if answer is not None:
                        answered(activity, world, today(), answer)
                    shown = activity_detail(world.viewer("vi"), activity).state
                    assert state_in_database(activity, today()) == shown, (start, end, status, answer)


@pytest.mark.parametrize("as_at", [date(2026, 6, 30), date(2026, 11, 1), date(2025, 1, 1)])
def test_the_list_counts_what_the_map_counts(world, register, as_at):
    for start in ("", "2024", "May 2026", "1 October 2026", "2030"):
        for end in ("", "June 2026"):
            for status in ("", "planned"):
                for answer in (None, True, False):
                    if end and start not in ("", "2024", "May 2026"):
                        continue
                    activity = register(start_written=start, end_written=end, stated_status=status)
                    if answer is not None:
                        answered(activity, world, date(2026, 6, 1), answer)
    counts = build_map(world.viewer("vi"), as_at=as_at).activities
    for state in State:
        listed = list_page(world.viewer("vi"), QueryDict(f"status={state}&as_at={as_at}")).total
        assert listed == getattr(counts, state.replace("-", "_")), state


@pytest.mark.parametrize("narrowed", ["", "&service=maternity", "&group=carers"])
def test_what_counts_behind_a_tile_is_the_tiles_number(world, register, narrowed):
    lea, maternity = world.people["lea"], world.ashdown.services[0]
    route = {"question": "What first?", "decider": "The board", "received_on": date(2026, 1, 1)}
    placements = (
        {"facet": "owners/strategy", "part": "asked"},
        {"facet": "owners/strategy", "part": "asked"} | route,
        {"facet": "users/access", "part": "told", "heard": True},
        {"facet": "users/access", "part": "asked", "heard": True},
        {"facet": "choosers/provider", "options": 2, "free_to_refuse": True},
        {"facet": "choosers/provider", "options": 1, "free_to_refuse": True},
        {"facet": "coproducers/co-design", "part": "equal", "as_group": True},
        {"facet": "coproducers/co-design", "part": "asked", "as_group": True},
    )
    for placement in placements:
        for start in ("May 2026", "2023", ""):
            for more in (
                {}, {"service": maternity}, {"piece": world.ashdown.piece},
                {"named_services": [maternity], "groups": [{"group": "carers", "reach": 7}]},
                {"groups": [{"group": "carers"}]},
            ):  # fmt: skip
                activity = register(start_written=start, **more)
                classify_as(activity, lea, placement["facet"].split("/")[0], placement)
    viewer = world.viewer("vi")
    chosen = {"service": maternity} if "service" in narrowed else {"group": "carers"} if narrowed else {}
    cells = {cell.facet: cell.activities for cell in build_map(viewer, as_at=today(), **chosen).cells}
    counted = {facet: list_page(viewer, QueryDict(f"facet={facet}{narrowed}")).counting for facet in cells}
    assert counted == cells
    assert sum(counted.values()) >= 4


def test_the_list_finds_by_every_filter(world, register):
    maternity, cancer = world.ashdown.services
    lea = world.people["lea"]
    jury = register(title="Jury on beds", method="Citizens’ jury", start_written=today().isoformat())
    classify_as(jury, lea, "owners", {"facet": "owners/priorities", "part": "asked"})
    walk = register(title="Walk", service=cancer, description="Fifteen steps", groups=[{"group": "carers"}])
    classify_as(walk, lea, "users", {"facet": "users/quality"}, contested=True)
    named = register(title="Named", named_services=[maternity])
    assert found(world, "q=jury") == ["Jury on beds"]
    assert found(world, "q=JURY+beds") == ["Jury on beds"]
    assert found(world, "q=fifteen") == ["Walk"]
    assert found(world, "q=ashdown-1") == ["Ashdown survey"]
    assert found(world, "place=users") == ["Walk", "Ashdown survey"]
    assert found(world, "place=unclassified") == ["Named", "Citizens’ panel"]
    assert found(world, "place=owners&facet=owners%2Fpriorities") == ["Jury on beds"]
    assert found(world, "place=owners&facet=priorities") == ["Jury on beds"]
    assert found(world, "facet=users%2Fexperience") == ["Ashdown survey"]
    assert found(world, "service=maternity") == ["Named", "Ashdown survey"]
    assert found(world, "service=trust-wide") == ["Named", "Jury on beds", "Citizens’ panel"]
    assert found(world, "group=carers") == ["Walk", "Ashdown survey"]
    assert found(world, "status=live") == ["Jury on beds", "Ashdown survey"]
    assert found(world, "status=not-dated") == ["Named", "Walk"]
    assert found(world, "status=lapsed") == ["Citizens’ panel"]
    withdraw_activity(activity=named, by=lea, reason="Twice", version=1)
    assert found(world, "q=named") == [] and found(world, "status=withdrawn") == ["Named"]


def test_not_involvement_is_a_place_of_the_list(world, register):
    classify_as(register(title="Newsletter"), world.people["lea"], "not-involvement")
    assert found(world, "place=not-involvement") == ["Newsletter"]


def test_the_place_is_the_one_in_force_at_the_day(world, register):
    activity, lea = register(title="Panel"), world.people["lea"]
    classify_as(activity, lea, "users", until=date(2026, 3, 1))
    classify_as(activity, lea, "owners", from_on=date(2026, 3, 1))
    assert found(world, "place=users&q=panel&as_at=2026-02-28") == ["Panel"]
    assert found(world, "place=users&q=panel&as_at=2026-03-01") == []
    assert found(world, "place=owners&q=panel&as_at=1+March+2026") == ["Panel"]


def test_the_list_sorts_and_puts_what_is_not_known_last(world, register):
    register(title="B", start_written="2021")
    register(title="A", start_written="2023")
    edit_activity(activity=world.ashdown.panel, by=world.people["ed"], version=1, facts={"participants": "Anybody"})
    assert found(world, "sort=title") == ["A", "Ashdown survey", "B", "Citizens’ panel"]
    assert found(world, "sort=-title") == ["Citizens’ panel", "B", "Ashdown survey", "A"]
    assert found(world, "sort=start") == ["B", "Citizens’ panel", "A", "Ashdown survey"]
    assert found(world, "sort=-start") == ["A", "Citizens’ panel", "B", "Ashdown survey"]
    assert found(world, "sort=updated")[0] == "Citizens’ panel"
    assert found(world, "sort=place")[0] == "Ashdown survey"


def test_pages_hold_fifty_rows_and_say_so(world, register):
    for number in range(51):
        register(title=f"Row {number}")
    page = list_page(world.viewer("vi"), QueryDict(""))
    assert (len(page.rows), page.showing, page.pages) == (50, "Showing 1 to 50 of 53 activities", 2)
    last = list_page(world.viewer("vi"), QueryDict("page=2"))
    assert (len(last.rows), last.showing) == (3, "Showing 51 to 53 of 53 activities")
    beyond = list_page(world.viewer("vi"), QueryDict("page=99"))
    assert beyond.filters.page == 2 and beyond.corrected == ["There is no page 99, so this is the last one."]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("place=nowhere", "There is no place “nowhere”."),
        ("facet=owners%2Fnothing", "There is no way to take part “owners/nothing”."),
        ("service=podiatry", "There is no service “podiatry” in this organisation."),
        ("service=zebrafinch-podiatry", "There is no service “zebrafinch-podiatry” in this organisation."),
        ("group=martians", "There is no group “martians”."),
        ("status=odd", "There is no status “odd”."),
        ("sort=colour", "The list cannot be sorted by “colour”."),
        ("page=-1", "There is no page “-1”."),
        ("page=9999999999999999999999", "There is no page “9999999999999999999999”."),
        ("page=%D9%A3", "There is no page “٣”."),
        ("as_at=2026-02-30", "We could not read the day “2026-02-30”, so this is the list of today."),
        ("as_at=May+2026", "We could not read the day “May 2026”, so this is the list of today."),
        ("as_at=0001-01-01", "We could not read the day “0001-01-01”, so this is the list of today."),
        ("as_at=2199-01-01", "That day is still to come, so this is the list of today."),
        ("place=users&facet=owners%2Fstrategy",
         "That way to take part belongs to another place, so the place is put right."),
    ],
)  # fmt: skip
def test_a_filter_that_cannot_be_is_put_right_aloud(world, query, said):
    page = list_page(world.viewer("vi"), QueryDict(query))
    assert page.corrected == [said]


def test_nothing_that_is_asked_breaks_the_list(world):
    page = list_page(world.viewer("vi"), QueryDict("q=%00%25_'%22&place=%00&page=1.5&facet=%2F"))
    assert page.rows == []


def test_nothing_of_another_organisation_is_found(world):
    assert found(world, "q=zebrafinch") == []
    assert found(world, "q=zebrafinch", name="bea") == ["Zebrafinch survey"]


ROUTE = {"question": "What first?", "decider": "The board", "received_on": date(2026, 1, 1)}


@pytest.mark.parametrize(
    "ways",
    [
        [],
        [{"facet": "owners/strategy", "part": "asked"}],
        [{"facet": "owners/strategy", "part": "asked"} | ROUTE],
        [{"facet": "owners/strategy", "part": "told"} | ROUTE],
        [{"facet": "owners/strategy", "part": "asked"} | ROUTE | {"received_on": today() + timedelta(days=1)}],
        [{"facet": "users/access", "part": "asked"}],
        [{"facet": "users/access", "part": "asked", "heard": True}],
        [{"facet": "users/access"}, {"facet": "choosers/provider", "options": 2, "free_to_refuse": True}],
        [{"facet": "choosers/provider", "options": 2}],
        [{"facet": "coproducers/co-design", "part": "asked", "as_group": True}],
        [{"facet": "coproducers/co-design", "part": "equal"}],
        [{"facet": "coproducers/co-design", "part": "equal", "as_group": True}],
    ],
)
def test_the_list_finds_what_is_placed_and_fills_no_tile(world, register, ways):
    place = ways[0]["facet"].split("/")[0] if ways else "users"
    placed = classify_as(register(title="Placed"), world.people["lea"], place, *ways)
    classify_as(register(title="Newsletter"), world.people["lea"], "not-involvement")
    lacks = not any(not still_needed(row) for row in placed.placements.all())
    assert ("Placed" in found(world, "status=lacking")) == lacks
    assert not {"Newsletter", "Citizens’ panel"} & set(found(world, "status=lacking"))


@pytest.mark.parametrize(
    ("placement", "needs"),
    [
        ({"facet": "owners/strategy", "part": "asked"}, 3),
        ({"facet": "owners/strategy", "part": "asked", "question": "What first?", "decider": "The board",
          "received_on": date(2026, 1, 1)}, 0),
        ({"facet": "owners/strategy", "part": "told", "question": "What first?", "decider": "The board",
          "received_on": date(2026, 1, 1)}, 1),
        ({"facet": "users/access", "part": "asked"}, 1),
        ({"facet": "users/access", "part": "asked", "heard": True}, 0),
        ({"facet": "users/access"}, 2),
        ({"facet": "choosers/provider", "part": "asked", "options": 1, "free_to_refuse": True}, 1),
        ({"facet": "choosers/provider", "part": "asked", "options": 2, "free_to_refuse": True}, 0),
        ({"facet": "coproducers/co-design", "part": "asked", "as_group": True}, 1),
        ({"facet": "coproducers/co-design", "part": "equal", "as_group": True}, 0),
    ],
)  # fmt: skip
def test_what_a_placement_still_needs_to_count(world, placement, needs):
    place = placement["facet"].split("/")[0]
    row = classify_as(world.ashdown.panel, world.people["lea"], place, placement).placements.get()
    assert len(still_needed(row)) == needs


def test_a_count_of_people_under_five_is_not_shown(world, register):
    activity = register(reach="3", groups=[{"group": "carers", "reach": 4}, {"group": "rural", "reach": 5}])
    detail = activity_detail(world.viewer("vi"), activity)
    assert detail.reach == "fewer than 5"
    assert [(row.title, row.reach) for row in detail.groups] == [
        ("Carers and families", "fewer than 5"),
        ("People in rural places", "5"),
    ]
    assert people_written("about 40 each month") == "about 40 each month"


def test_a_person_can_be_asked_only_what_the_dates_leave_open(world, register):
    viewer = world.viewer("ed")
    assert activity_detail(viewer, register()).asks_running
    assert not activity_detail(viewer, register(end_written="2020")).asks_running
    assert not activity_detail(viewer, register(start_written="2099")).asks_running
    activity = register(title="Open")
    confirm_running(activity=activity, by=world.people["ed"], running=True)
    assert state_in_database(activity, today()) == State.LIVE
