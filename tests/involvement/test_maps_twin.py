"""The map equals its slow twin on invented registers, whatever was recorded, re-placed, corrected or withdrawn."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from framework.coverage import CellFacts
from involvement.access import Role, Viewer
from involvement.maps import _Counting, build_map
from involvement.models import (
    Activity,
    ActivityGroup,
    ActivityService,
    Change,
    ChangeFacet,
    Classification,
    Evidence,
    Organisation,
    PieceOfWork,
    Placement,
    RunningConfirmation,
    Service,
    User,
)
from involvement.states import State, with_state
from tests.involvement import map_twin as twin

DAY = date(2026, 11, 22)
FACETS = ["owners/strategy", "users/access", "choosers/provider", "coproducers/co-decide", "coproducers/co-design",
          "coproducers/co-deliver", "coproducers/co-evaluate"]  # fmt: skip
# Days that matter: around 12 and 24 months before DAY and 12 after, and far away.
days = st.sampled_from(
    [DAY + timedelta(days=n) for n in (-2000, -731, -730, -729, -400, -366, -365, -364, -200, -1, 0, 1, 100, 364, 366)]
)
maybe_day = st.none() | days
parts = st.sampled_from(Placement.Part.values)
placements = st.lists(
    st.fixed_dictionaries(
        {
            "facet": st.sampled_from(FACETS),
            "part": st.sampled_from(["equal", "asked", "lead"]) | parts,
            "question": st.sampled_from(["", "What comes first?"]),
            "decider": st.sampled_from(["Board", "Board", ""]),
            "received_on": maybe_day,
            "heard": st.sampled_from([True, True, False, None]),
            "options": st.sampled_from([2, 3, 1, None]),
            "free_to_refuse": st.sampled_from([True, True, False, None]),
            "as_group": st.sampled_from([True, True, False, None]),
        }
    ),
    max_size=4,
    unique_by=lambda placement: placement["facet"],
)
readings = st.fixed_dictionaries(
    {
        "primary_place": st.sampled_from(["owners", "users", "choosers", "coproducers", "not-involvement"]),
        "claim": st.sampled_from(["", "users", "coproducers"]),
        "contested": st.booleans(),
        "void": st.sampled_from([False, False, True]),
        "placements": placements,
    }
)
changes = st.fixed_dictionaries(
    {
        "outcome": st.sampled_from(Change.Outcome.values),
        "decided_on": days,
        "told": st.none() | st.integers(0, 400),
        "service": st.booleans(),
        "taken": st.sampled_from([0, 40]),
        "facets": st.lists(st.sampled_from(FACETS), min_size=1, max_size=3, unique=True),
        "evidence": st.lists(
            st.tuples(st.sampled_from(Evidence.Kind.values), maybe_day, maybe_day), max_size=2
        ),  # kind, dated, withdrawn
    }
)
challenges = st.tuples(days, st.integers(0, 40), st.none() | st.integers(0, 60), st.none() | st.integers(0, 60))
activities = st.fixed_dictionaries(
    {
        "service": st.sampled_from([None, 0, 1]),
        "names": st.booleans(),
        "piece": st.sampled_from([None, 0, 1]),
        "span": st.tuples(maybe_day, maybe_day),
        "status": st.sampled_from(["", "planned", "running", "ended"]),
        "lead": st.sampled_from(["", "Ann"]),
        "answers": st.lists(st.tuples(days, st.booleans(), st.booleans()), max_size=3),
        "groups": st.lists(
            st.tuples(
                st.sampled_from(["carers", "rural"]), st.sampled_from([None, 0, 9]), st.sampled_from(["", "bus"])
            ),
            max_size=2,
            unique_by=lambda group: group[0],
        ),
        "mechanisms": st.lists(st.sampled_from(["members", "governors", "llais"]), max_size=2, unique=True),
        "withdrawn": st.sampled_from([False] * 5 + [True]),
        "cuts": st.lists(days, max_size=2, unique=True),  # days of re-placing
        "readings": st.lists(readings, min_size=3, max_size=3),
        "classified": st.sampled_from([True, True, True, False]),
        "changes": st.lists(changes, max_size=2),
        "challenges": st.lists(challenges, max_size=2),
    }
)
registers = st.fixed_dictionaries(
    {
        "activities": st.lists(activities, max_size=5),
        "confirmed": st.tuples(maybe_day, maybe_day),
        "statements": st.tuples(st.booleans(), st.booleans()),
    }
)


def write(register) -> tuple[Organisation, list[Service]]:
    """Write an invented register, and a second organisation with the same one, whose rows must not be counted."""
    made = []
    person = User.objects.create_user("ann@example.org")
    for slug in ("first", "second"):
        organisation = Organisation.objects.create(slug=slug, name=slug)
        services = [Service.objects.create(organisation=organisation, slug=s, name=s) for s in ("one", "two")]
        pieces = []
        for n, (day, stated) in enumerate(zip(register["confirmed"], register["statements"], strict=True)):
            who = {"whole_confirmed_on": day, "whole_confirmed_by": person} if day else {}
            words = {"title": f"piece {n}", "problem_statement": "A problem" if stated else ""}
            pieces.append(PieceOfWork.objects.create(organisation=organisation, **words, **who))
        for plan in register["activities"]:
            _activity(organisation, services, pieces, person, plan)
        made.append((organisation, services))
    return made[0]


def _activity(organisation, services, pieces, person, plan):
    started, ended = plan["span"]
    if started and ended and ended < started:
        started, ended = ended, started
    activity = Activity.objects.create(
        organisation=organisation,
        title="x",
        service=None if plan["service"] is None else services[plan["service"]],
        piece=None if plan["piece"] is None else pieces[plan["piece"]],
        started_on=started,
        ended_on=ended,
        stated_status=plan["status"],
        named_lead=plan["lead"],
        mechanisms=plan["mechanisms"],
        **({"withdrawn_on": DAY, "withdrawn_reason": "x"} if plan["withdrawn"] else {}),
    )
    own = {"organisation": organisation, "activity": activity}
    if plan["names"]:
        ActivityService.objects.create(**own, service=services[1])
    for on, running, back in plan["answers"]:
        taken = {"taken_back_at": datetime.now(UTC), "taken_back_by": person} if back else {}
        RunningConfirmation.objects.create(**own, on=on, running=running, **taken)
    for group, reach, support in plan["groups"]:
        ActivityGroup.objects.create(**own, group=group, reach=reach, support=support)
    edges = [None, *sorted(plan["cuts"]), None]
    for reading, start, end in zip(plan["readings"], edges, edges[1:], strict=False):
        if not plan["classified"]:
            break
        void = {"void_at": datetime.now(UTC), "void_reason": "x", "voided_by": person} if reading["void"] else {}
        fields = {name: reading[name] for name in ("primary_place", "claim", "contested")}
        row = Classification.objects.create(**own, framework_version="t", from_on=start, until=end, **fields, **void)
        for placement in reading["placements"]:
            Placement.objects.create(organisation=organisation, classification=row, **placement)
    for made_on, allowed, met, closed in plan["challenges"]:
        row = activity.challenges.create(
            organisation=organisation, kind="how-it-happened", words="x", made_on=made_on,
            closed_on=None if closed is None else made_on + timedelta(days=closed),
        )  # fmt: skip
        row.dues.create(
            organisation=organisation, from_on=made_on, due_on=made_on + timedelta(days=allowed),
            met_on=None if met is None else made_on + timedelta(days=met),
        )  # fmt: skip
    for change in plan["changes"]:
        told = change["told"]
        row = Change.objects.create(
            **own,
            outcome=change["outcome"],
            why="because",
            decided_on=change["decided_on"],
            told_on=None if told is None else change["decided_on"] + timedelta(days=told),
            service=services[0] if change["service"] else None,
            offered_percent=50,
            taken_up_percent=change["taken"],
        )
        for facet in change["facets"]:
            ChangeFacet.objects.create(organisation=organisation, change=row, facet=facet)
        for kind, dated, withdrawn in change["evidence"]:
            words = {"reference": "minutes", "corroborated_by": "panel"}
            Evidence.objects.create(
                organisation=organisation, change=row, kind=kind, dated_on=dated, withdrawn_on=withdrawn, **words
            )


def said(facts: dict[str, CellFacts]) -> dict[str, CellFacts]:
    """Return the facets about which anything was counted."""
    return {facet: counted for facet, counted in facts.items() if counted != CellFacts()}


class TwinTests(TestCase):
    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(register=registers, day=days.filter(lambda day: day <= DAY), scope=st.sampled_from([None, 0, 1]),
           group=st.sampled_from(["", "carers"]), without=st.sampled_from(["", "", "members"]))  # fmt: skip
    def test_map_equals_twin(self, register, day, scope, group, without):
        organisation, services = write(register)
        service = None if scope is None else services[scope]
        counting = _Counting(organisation, day, group, service.pk if service else 0, without)
        key = service.pk if service else 0
        assert counting.activities() == twin.activity_counts(organisation, day, service, group, without)
        fast, slow = counting.cells().get(key, {}), twin.cell_facts(organisation, day, service, group, without)
        assert said(fast) == said(slow)
        assert counting.coproduction() == twin.coproduction(organisation, day, service, group, without)
        if not group and not without:
            assert counting.groups() == twin.groups(organisation, day, service)

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(register=registers, day=days.filter(lambda day: day <= DAY))
    def test_counts_add_up_and_the_list_says_the_same(self, register, day):
        organisation, _services = write(register)
        viewer = Viewer(User(), organisation, frozenset({Role.VIEWER}))
        counts = build_map(viewer, as_at=day).activities
        assert counts.listed == counts.live + counts.not_dated + counts.planned + counts.lapsed
        assert counts.listed == counts.classified + counts.unclassified
        listed = with_state(organisation.activities.listed(), organisation, day)
        for state, number in (
            (State.LIVE, counts.live),
            (State.LAPSED, counts.lapsed),
            (State.PLANNED, counts.planned),
            (State.NOT_DATED, counts.not_dated),
        ):
            assert listed.filter(state=state).count() == number
