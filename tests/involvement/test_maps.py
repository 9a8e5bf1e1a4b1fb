"""The map's rules, one by one, as at any day; its queries, counted; its plans, read."""

import json
import re
from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from framework.catalogue import catalogue
from framework.coverage import Status, months_before
from involvement import maps
from involvement.actions import activities, influence, organisations, pieces, responses
from involvement.actions.base import Refused, today
from involvement.maps import build_map
from involvement.models import Activity, Classification, Complete, Placement
from tests.application_role import counted
from tests.world import classify_as, rewrite

pytestmark = pytest.mark.django_db
USERS = {"facet": "users/experience", "part": "asked", "heard": True}
OWNERS = {"facet": "owners/strategy", "part": "asked", "question": "What first?", "decider": "The board"}


def ago(days: int) -> date:
    return today() - timedelta(days=days)


def draw(world, day=None, **narrowed):
    return build_map(world.viewer("vi"), as_at=day or today(), **narrowed)


def cell(shown, facet):
    return next(each for each in shown.cells if each.facet == facet)


def add(world, **facts) -> Activity:
    facts = {"title": f"Activity {Activity.objects.count()}", **facts}
    return activities.add_activity(organisation=world.ashdown.organisation, by=world.people["ed"], facts=facts)


def written(day: date) -> str:
    return day.isoformat()


def test_the_cells_are_the_eighteen_in_the_framework_s_order(world):
    assert [each.facet for each in draw(world).cells] == list(catalogue().facets)


def test_map_json_holds_the_contract(client, world):
    client.force_login(world.people["vi"])
    shown = client.get("/o/ashdown/map.json").json()
    assert list(shown) == [
        "organisation", "as_at", "framework_version", "activities", "cells", "coproduction", "complete", "headline",
    ]  # fmt: skip
    assert list(shown["activities"]) == [
        "listed", "live", "not_dated", "planned", "lapsed", "classified", "unclassified", "not_involvement",
        "contested", "part_not_recorded", "by_place",
    ]  # fmt: skip
    assert len(shown["cells"]) == 18
    assert list(shown["cells"][0]) == ["place", "facet", "status", "activities", "proven"]
    assert list(shown["coproduction"]) == ["called", "any_stage", "whole"]
    assert shown["activities"]["listed"] == 2 and shown["activities"]["unclassified"] == 1
    out = StringIO()
    call_command("map", "ashdown", stdout=out)
    assert json.loads(out.getvalue()) == shown


@pytest.mark.parametrize(
    "arguments",
    [
        ["nowhere"],
        ["ashdown", "--as-at", "soon"],
        ["ashdown", "--as-at", "2999-01-01"],
        ["ashdown", "--service", "podiatry"],
    ],
)
def test_the_command_refuses_in_a_sentence(world, arguments):
    with pytest.raises(CommandError, match=r"[A-Z“].*\."):
        call_command("map", *arguments)


# -- What counts ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facet", "needed", "lacking"),
    [
        ("users/access", {"part": "asked", "heard": True}, [{"heard": None}, {"heard": False}, {"part": "told"}]),
        (
            "owners/priorities",
            {"part": "asked", "question": "What first?", "decider": "The board", "received_on": date(2020, 1, 1)},
            [{"question": ""}, {"decider": ""}, {"received_on": None}, {"part": "none"}],
        ),
        (
            "choosers/provider",
            {"options": 2, "free_to_refuse": True},
            [{"options": 1}, {"options": None}, {"free_to_refuse": None}],
        ),
        ("choosers/information", {"options": 3, "free_to_refuse": True}, [{"free_to_refuse": False}]),
        (
            "coproducers/co-design",
            {"part": "equal", "as_group": True},
            [{"part": "asked"}, {"as_group": None}, {"as_group": False}],
        ),
    ],
)
def test_a_placement_counts_with_all_that_its_place_needs_and_not_without(world, facet, needed, lacking):
    activity = add(world, stated_status="running")
    reading = classify_as(activity, world.people["ed"], facet.split("/")[0], {"facet": facet, **needed})
    assert cell(draw(world), facet).activities == 1
    for one in lacking:
        rewrite(Placement.objects.filter(classification=reading), **{**needed, **one})
        assert cell(draw(world), facet).activities == 0, one
    rewrite(Placement.objects.filter(classification=reading), 
        part="not-recorded", **{k: v for k, v in needed.items() if k != "part"}
    )
    if not facet.startswith("choosers"):
        shown = cell(draw(world), facet)
        assert (shown.activities, shown.not_recorded) == (0, 1)


def test_a_board_that_receives_it_later_had_not_received_it_before(world):
    activity = add(world, start_written=written(ago(200)))
    classify_as(activity, world.people["ed"], "owners", {**OWNERS, "received_on": ago(10)})
    assert cell(draw(world, ago(11)), "owners/strategy").activities == 0
    assert cell(draw(world, ago(10)), "owners/strategy").activities == 1


# -- Live -------------------------------------------------------------------------------------------------------------


def state(world, activity, day=None):
    shown = draw(world, day, service=activity.service).activities
    return next(name for name in ("live", "planned", "lapsed", "not_dated") if getattr(shown, name))


def test_twelve_months_to_the_day(world):
    service = organisations.add_service(organisation=world.ashdown.organisation, by=world.people["lea"], name="Alone")
    ended = add(world, service=service, start_written="2019", end_written=written(ago(400)))
    last = months_before(ended.ended_on, -12)
    assert state(world, ended, last - timedelta(days=1)) == "live"
    assert state(world, ended, last) == "lapsed"
    assert state(world, ended, date(2018, 12, 31)) == "planned"


def test_an_open_activity_is_kept_by_its_start_and_every_yes(world):
    service = organisations.add_service(organisation=world.ashdown.organisation, by=world.people["lea"], name="Alone")
    activity = add(world, service=service, start_written=written(ago(800)))
    assert state(world, activity, ago(600)) == "live" and state(world, activity) == "lapsed"
    activities.confirm_running(activity=activity, by=world.people["ed"], running=True)
    assert state(world, activity) == "live"
    assert state(world, activity, ago(1)) == "lapsed", "an answer given today changes no earlier map"
    activities.confirm_running(activity=activity, by=world.people["ed"], running=False)
    assert state(world, activity) == "lapsed"


def test_without_any_date_it_waits_for_an_answer(world):
    service = organisations.add_service(organisation=world.ashdown.organisation, by=world.people["lea"], name="Alone")
    activity = add(world, service=service, period="a while back")
    assert state(world, activity) == "not_dated"
    activities.confirm_running(activity=activity, by=world.people["ed"], running=False)
    assert state(world, activity) == "not_dated"


def test_a_late_answer_brings_ended_work_back_and_a_refusal_told_of_proves_it(world):
    ed = world.people["ed"]
    jury = add(world, start_written=written(ago(800)), end_written=written(ago(700)))
    classify_as(jury, ed, "owners", {**OWNERS, "received_on": ago(690)})
    assert cell(draw(world), "owners/strategy").status is Status.LAPSED
    change = influence.record_change(
        activity=jury, by=ed, facets=["owners/strategy"], outcome="refused", why="No money", decided_on=ago(100),
        told_on=ago(90), decision_point="Trust board",
    )  # fmt: skip
    assert cell(draw(world), "owners/strategy").status is Status.UNPROVEN
    influence.add_evidence(change=change, by=ed, kind="document", reference="Board minutes")
    now = cell(draw(world), "owners/strategy")
    assert now.status is Status.IN_PLACE and now.refused_only and now.refused == 1
    assert "nothing changed" in now.reason
    assert cell(draw(world, ago(95)), "owners/strategy").status is Status.UNPROVEN, "not told yet"
    assert cell(draw(world, ago(101)), "owners/strategy").status is Status.LAPSED, "not answered yet"


# -- Statuses ---------------------------------------------------------------------------------------------------------


def test_proof_is_for_the_facet_it_speaks_for_and_within_24_months(world):
    ed, survey = world.people["ed"], world.ashdown.survey
    assert cell(draw(world), "users/experience").status is Status.IN_PLACE
    influence.withdraw_evidence(evidence=world.ashdown.evidence, by=ed)
    assert cell(draw(world), "users/experience").status is Status.UNPROVEN
    assert cell(draw(world, ago(0)), "users/experience").proven == 0
    old = influence.record_change(
        activity=survey, by=ed, facets=["users/access"], outcome="changed", what="x", decided_on=ago(5)
    )
    influence.add_evidence(change=old, by=ed, kind="document", reference="minutes")
    assert cell(draw(world), "users/experience").status is Status.UNPROVEN, "it speaks for access"
    influence.edit_change(
        change=old, by=ed, version=1, facets=["users/experience"], outcome="changed", what="x",
        decided_on=months_before(today(), 24),
    )  # fmt: skip
    assert cell(draw(world), "users/experience").status is Status.UNPROVEN, "24 months ago to the day"
    influence.edit_change(
        change=old, by=ed, version=2, facets=["users/experience"], outcome="changed", what="x",
        decided_on=months_before(today(), 24) + timedelta(days=1),
    )  # fmt: skip
    assert cell(draw(world), "users/experience").status is Status.IN_PLACE


def test_our_own_word_is_not_proof(world):
    forum = add(world, stated_status="running")
    change = influence.record_change(
        activity=forum, by=world.people["ed"], facets=["users/quality"], outcome="changed", what="x",
        decided_on=today(),
    )  # fmt: skip
    classify_as(forum, world.people["ed"], "users", {**USERS, "facet": "users/quality"})
    influence.add_evidence(change=change, by=world.people["ed"], kind="statement")
    assert cell(draw(world), "users/quality").status is Status.UNPROVEN
    influence.add_evidence(change=change, by=world.people["ed"], kind="document", reference="minutes")
    assert cell(draw(world), "users/quality").status is Status.UNPROVEN, "users need a named service"
    influence.edit_change(
        change=change, by=world.people["ed"], version=1, facets=["users/quality"], outcome="changed", what="x",
        decided_on=today(), service=world.ashdown.services[0],
    )  # fmt: skip
    assert cell(draw(world), "users/quality").status is Status.IN_PLACE


def test_planned_needs_a_lead_and_a_start_within_a_year(world):
    soon = today() + timedelta(days=60)
    activity = add(world, start_written=written(soon), named_lead="Ann")
    classify_as(activity, world.people["ed"], "users", {**USERS, "facet": "users/own-care"})
    shown = cell(draw(world), "users/own-care")
    assert shown.status is Status.PLANNED and shown.planned_start == soon and shown.activities == 0
    Activity.objects.filter(pk=activity.pk).update(named_lead="")
    assert cell(draw(world), "users/own-care").status is Status.NONE_RECORDED
    Activity.objects.filter(pk=activity.pk).update(
        named_lead="Ann", started_on=months_before(today(), -12) + timedelta(days=1)
    )
    assert cell(draw(world), "users/own-care").status is Status.NONE_RECORDED


def test_not_needed_holds_until_its_review_and_no_longer_than_a_year(world):
    responses.respond(
        organisation=world.ashdown.organisation, by=world.people["bob"], place="choosers", facet="choosers/provider",
        kind="not-needed", reason="There is one provider", review_on=today() + timedelta(days=30),
    )  # fmt: skip
    shown = draw(world)
    assert cell(shown, "choosers/provider").status is Status.NOT_NEEDED
    assert cell(shown, "choosers/provider").not_needed_reason == "There is one provider"
    assert "choosers/provider" not in {gap.facet for gap in shown.gaps}
    assert cell(draw(world, ago(1)), "choosers/provider").status is Status.NONE_RECORDED


def test_missing_only_where_somebody_said_the_list_is_complete(world):
    organisation = world.ashdown.organisation
    assert cell(draw(world), "choosers/provider").status is Status.NONE_RECORDED
    assert "Nobody has said that the list is complete" in draw(world).headline
    said = Complete.objects.create(organisation=organisation, scope="whole", place="choosers", as_at=ago(30))
    shown = draw(world)
    assert cell(shown, "choosers/provider").status is Status.MISSING and shown.complete == ("choosers",)
    assert cell(draw(world, ago(31)), "choosers/provider").status is Status.NONE_RECORDED
    Complete.objects.filter(pk=said.pk).update(as_at=months_before(today(), 12))
    assert cell(draw(world), "choosers/provider").status is Status.NONE_RECORDED, "it lapsed after 12 months"
    Complete.objects.filter(pk=said.pk).update(as_at=ago(30), revoked_on=ago(5), revoked_by=world.people["ed"])
    assert cell(draw(world), "choosers/provider").status is Status.NONE_RECORDED
    assert cell(draw(world, ago(6)), "choosers/provider").status is Status.MISSING


def test_the_organisation_is_complete_when_every_service_and_trust_wide_are(world):
    organisation = world.ashdown.organisation
    for service in world.ashdown.services:
        Complete.objects.create(
            organisation=organisation, scope="service", service=service, place="users", as_at=today()
        )
    assert draw(world).complete == ()
    Complete.objects.create(organisation=organisation, scope="trust-wide", place="users", as_at=today())
    assert draw(world).complete == ("users",)
    organisations.add_service(organisation=organisation, by=world.people["lea"], name="New")
    assert draw(world).complete == ()


def test_complete_is_refused_while_something_is_unclassified(world):
    checklist = [item.slug for item in catalogue().places["users"].checklist]
    said = {
        "organisation": world.ashdown.organisation,
        "by": world.people["ed"],
        "place": "users",
        "checklist": checklist,
    }
    with pytest.raises(Refused):
        responses.state_complete(scope="whole", **said)
    responses.state_complete(scope="service", service=world.ashdown.services[1], **said)
    classify_as(world.ashdown.panel, world.people["ed"], "not-involvement")
    responses.state_complete(scope="whole", **said)
    with pytest.raises(Refused):
        responses.state_complete(scope="whole", **{**said, "checklist": checklist[:-1]})


# -- As at ------------------------------------------------------------------------------------------------------------


def test_what_happens_later_leaves_the_map_of_a_day_as_it_was(world):
    survey, ed, day = world.ashdown.survey, world.people["ed"], ago(100)
    Activity.objects.filter(pk=survey.pk).update(started_on=ago(300))
    before = draw(world, day)
    Activity.objects.filter(pk=survey.pk).update(ended_on=ago(50))  # it ends
    current = survey.classifications.get()
    rewrite(Classification.objects.filter(pk=current.pk), until=ago(40))  # it is placed anew from a date
    classify_as(
        survey,
        ed,
        "coproducers",
        {"facet": "coproducers/co-design", "part": "equal", "as_group": True},
        from_on=ago(40),
    )
    responses.respond(
        organisation=world.ashdown.organisation, by=world.people["bob"], place="choosers", facet="choosers/provider",
        kind="not-needed", reason="One provider", review_on=today() + timedelta(days=30),
    )  # fmt: skip
    assert draw(world, day).as_json() == before.as_json() and draw(world, day).corrections == 0
    now = draw(world)
    assert cell(now, "coproducers/co-design").activities == 1
    assert cell(now, "users/experience").status is Status.LAPSED, "a counting placement was once live there"


def test_a_correction_changes_the_map_of_every_day_and_is_counted(world):
    survey, ed, day = world.ashdown.survey, world.people["ed"], ago(100)
    Activity.objects.filter(pk=survey.pk).update(started_on=ago(300), recorded_at=timezone.now() - timedelta(days=200))
    rewrite(Classification.objects.all(), recorded_at=timezone.now() - timedelta(days=200))
    assert cell(draw(world, day), "users/experience").activities == 1
    rewrite(survey.classifications.all(), void_at=timezone.now(), void_reason="It was misread", voided_by=ed)
    classify_as(survey, ed, "users", {**USERS, "facet": "users/access"})
    shown = draw(world, day)
    assert cell(shown, "users/experience").activities == 0 and cell(shown, "users/access").activities == 1
    assert shown.corrections == 1


def test_a_late_entry_counts_for_the_days_it_ran(world):
    late = add(world, start_written=written(ago(300)), end_written=written(ago(200)))
    classify_as(late, world.people["ed"], "users", {**USERS, "facet": "users/whole-journey"})
    assert cell(draw(world, ago(250)), "users/whole-journey").activities == 1
    assert cell(draw(world, ago(301)), "users/whole-journey").activities == 0


def test_a_withdrawn_activity_leaves_every_map(world):
    survey = world.ashdown.survey
    activities.withdraw_activity(activity=survey, by=world.people["ed"], reason="Entered twice", version=survey.version)
    for day in (today(), ago(0)):
        assert cell(draw(world, day), "users/experience").status is Status.NONE_RECORDED
    assert draw(world).activities.listed == 1


def test_a_correction_counts_whenever_the_register_was_entered(world):
    survey, ed, day = world.ashdown.survey, world.people["ed"], ago(100)
    assert draw(world, day).corrections == 0
    rewrite(survey.classifications.all(), void_at=timezone.now(), void_reason="It was misread", voided_by=ed)
    classify_as(survey, ed, "users", {**USERS, "facet": "users/access"})
    assert draw(world, day).corrections == 1 and draw(world).corrections == 0
    survey.refresh_from_db()
    activities.withdraw_activity(activity=survey, by=ed, reason="Entered twice", version=survey.version)
    assert draw(world, day).corrections == 2


def test_an_end_recorded_later_leaves_still_having_effect_as_it_was(world):
    facet, day = "users/experience", ago(100)
    Activity.objects.filter(pk=world.ashdown.survey.pk).update(started_on=ago(600), ended_on=None)
    world.ashdown.survey.confirmations.all().delete()
    world.ashdown.survey.changes.update(decided_on=ago(150), told_on=None)
    assert world.ashdown.survey.changes.get().facets.filter(facet=facet).exists()
    before = cell(draw(world, day), facet)
    assert before.status is Status.LAPSED and before.still_effect
    Activity.objects.filter(pk=world.ashdown.survey.pk).update(ended_on=ago(50))
    assert cell(draw(world, day), facet) == before


# -- Scope and groups -------------------------------------------------------------------------------------------------


def test_a_trust_wide_activity_counts_for_a_service_only_if_it_names_it(world):
    maternity, cancer = world.ashdown.services
    activity = add(world, stated_status="running", named_services=[cancer])
    classify_as(activity, world.people["ed"], "users", {**USERS, "facet": "users/access"})
    assert cell(draw(world), "users/access").activities == 1
    assert cell(draw(world, service=cancer), "users/access").activities == 1
    assert cell(draw(world, service=maternity), "users/access").activities == 0


def test_a_trust_wide_activity_counts_in_the_services_it_names(world):
    activity = add(world, stated_status="running", named_services=list(world.ashdown.services))
    classify_as(activity, world.people["ed"], "users", {**USERS, "facet": "users/access"})
    assert cell(draw(world), "users/access").services == 2


def test_what_the_organisation_does_not_need_a_service_may_lack(world):
    """A gap is one scope's: judging it for the whole wipes no red from a service."""
    responses.respond(
        organisation=world.ashdown.organisation, by=world.people["bob"], place="choosers", facet="choosers/provider",
        kind="not-needed", reason="One provider", review_on=today() + timedelta(days=30),
    )  # fmt: skip
    cancer = world.ashdown.services[1]
    assert cell(draw(world), "choosers/provider").status is Status.NOT_NEEDED
    assert cell(draw(world, service=cancer), "choosers/provider").status is Status.NONE_RECORDED
    responses.respond(
        organisation=world.ashdown.organisation, by=world.people["bob"], place="choosers", facet="choosers/provider",
        kind="not-needed", reason="One ward", review_on=today() + timedelta(days=30), service=cancer,
    )  # fmt: skip
    assert cell(draw(world, service=cancer), "choosers/provider").status is Status.NOT_NEEDED


def test_what_is_placed_and_does_not_count_is_never_called_absent(world):
    """The cell stays missing or without record, and says that something is on the list which lacks what it needs."""
    jury = add(world, stated_status="running")
    classify_as(jury, world.people["ed"], "owners", {"facet": "owners/strategy", "part": "asked"})
    shown = draw(world)
    held = cell(shown, "owners/strategy")
    assert held.status is Status.NONE_RECORDED and held.placed == 1
    assert held.reason == "1 on the list is placed here, but it does not count yet"
    assert "Nothing that is placed under owners counts yet." in shown.headline
    assert "taking part as owners" not in shown.headline
    (gap,) = [gap for gap in shown.gaps if gap.place == "owners" and gap.service is None]
    assert gap.title == "Owners: nothing on the list counts yet"


def test_of_work_that_is_over_nobody_says_yet(world):
    jury = add(world, start_written="2019", end_written="2020")
    classify_as(jury, world.people["ed"], "owners", {"facet": "owners/strategy", "part": "asked"})
    shown = draw(world)
    assert cell(shown, "owners/strategy").reason == "1 on the list is placed here, but it is over, and did not count"
    assert "All that is placed under owners is over, and none of it counted." in shown.headline
    (gap,) = [gap for gap in shown.gaps if gap.place == "owners" and gap.service is None]
    assert " yet" not in gap.title + gap.detail


def test_silence_accuses_nobody(world):
    """Without a statement that the list is complete, a gap says that nothing is on record, not that nobody does it."""
    (gap,) = [gap for gap in draw(world).gaps if gap.facet == "users/whole-journey" and gap.service is None]
    assert gap.status is Status.NONE_RECORDED and gap.title == "Users, whole journey: nothing on record"


def test_owners_are_never_missing_in_a_service(world):
    Complete.objects.create(organisation=world.ashdown.organisation, scope="whole", place="owners", as_at=today())
    cancer = world.ashdown.services[1]
    assert cell(draw(world), "owners/strategy").status is Status.MISSING
    assert cell(draw(world, service=cancer), "owners/strategy").status is Status.NONE_RECORDED
    classify_as(add(world, stated_status="running"), world.people["ed"], "owners", {**OWNERS, "received_on": today()})
    row = next(each for each in draw(world).services if each.service == cancer)
    assert next(each for each in row.places if each.place == "owners").label == "held trust-wide"


def test_ticking_every_group_changes_no_cell(world):
    before = draw(world)
    survey = world.ashdown.survey
    for group in catalogue().groups:
        survey.groups.get_or_create(group=group, defaults={"organisation": world.ashdown.organisation})
    after = draw(world)
    assert after.groups == before.groups and after.as_json() == before.as_json()
    survey.groups.filter(group="rural").update(support="a bus")
    rural = next(row for row in draw(world).groups if row.slug == "rural")
    assert rural.by_place["users"] == 1
    assert cell(draw(world, group="rural"), "users/experience").activities == 1
    assert cell(draw(world, group="lgbt"), "users/experience").activities == 0


def test_the_map_refuses_another_organisations_service_and_days_to_come(world):
    with pytest.raises(ValueError, match="another organisation"):
        draw(world, service=world.birchwood.services[0])
    with pytest.raises(ValueError, match="not come"):
        draw(world, today() + timedelta(days=1))


def test_whole_coproduction_needs_four_stages_a_problem_and_a_person(world):
    stages = [f"coproducers/{slug}" for slug in ("co-decide", "co-design", "co-deliver", "co-evaluate")]
    old = add(world, piece=world.ashdown.piece, start_written="2019", end_written="2020")
    classify_as(old, world.people["ed"], "coproducers", {"facet": stages[0], "part": "lead", "as_group": True})
    assert draw(world).coproduction.any_stage == 1, "a stage is live while its piece of work is"
    new = add(world, piece=world.ashdown.piece, stated_status="running")
    classify_as(
        new, world.people["ed"], "coproducers", *({"facet": s, "part": "equal", "as_group": True} for s in stages[1:])
    )
    assert draw(world).coproduction.whole == 0
    pieces.confirm_whole(piece=world.ashdown.piece, by=world.people["lea"], version=world.ashdown.piece.version)
    shown = draw(world).coproduction
    assert (shown.called, shown.any_stage, shown.whole) == (1, 1, 1)
    assert draw(world, ago(1)).coproduction.whole == 0


# -- Gaps -------------------------------------------------------------------------------------------------------------


def test_gaps_rank_by_kind_and_then_by_power(world):
    shown = draw(world)
    own = [gap for gap in shown.gaps if gap.service is None]
    assert [(gap.kind, gap.place) for gap in own[:3]] == [
        ("place-empty", "owners"),
        ("place-empty", "coproducers"),
        ("place-empty", "choosers"),
    ]
    assert {gap.kind for gap in own[3:]} == {"facet-empty"} and {gap.place for gap in own[3:]} == {"users"}
    assert all(gap.elsewhere and gap.title for gap in own)
    services = [gap for gap in shown.gaps if gap.service is not None]
    assert shown.gaps == tuple(own + services)
    assert services and "owners" not in {gap.place for gap in services}


# -- What is kept -----------------------------------------------------------------------------------------------------


@pytest.fixture
def keeping(settings):
    settings.KEEP_MAP_SECONDS = 60


def drawn(client, address="/o/ashdown/map.json"):
    return client.get(address).json()


def test_what_is_kept_equals_what_is_counted_until_somebody_writes(client, world, keeping, settings):
    client.force_login(world.people["vi"])
    first = drawn(client)
    with CaptureQueriesContext(connection) as again:
        assert drawn(client) == first
    assert not any("involvement_placement" in query["sql"] for query in again)
    add(world, stated_status="running")
    after = drawn(client)
    assert after["activities"]["live"] == first["activities"]["live"] + 1
    settings.KEEP_MAP_SECONDS = 0
    assert drawn(client) == after


def test_what_is_kept_is_kept_apart(client, world, keeping):
    client.force_login(world.people["vi"])
    whole = drawn(client)
    one = drawn(client, f"/o/ashdown/map.json?service={world.ashdown.services[0].slug}")
    earlier = drawn(client, f"/o/ashdown/map.json?as_at={ago(500).isoformat()}")
    reached = drawn(client, "/o/ashdown/map.json?group=rural")
    assert len({json.dumps(each["activities"]) for each in (whole, one, reached)}) == 3 and earlier != whole
    client.force_login(world.people["bo"])
    assert client.get("/o/ashdown/map.json").status_code == 404
    theirs = drawn(client, "/o/birchwood/map.json")
    assert theirs["organisation"] == "birchwood" and theirs["activities"] != whole["activities"]


# -- Queries ----------------------------------------------------------------------------------------------------------


def fill(world, number: int) -> None:
    """Write ``number`` classified activities by bulk."""
    organisation = world.ashdown.organisation
    rows = Activity.objects.bulk_create(
        Activity(
            organisation=organisation, title=f"n{n}", started_on=ago(n % 900), service=world.ashdown.services[n % 2]
        )
        for n in range(number)
    )
    readings = Classification.objects.bulk_create(
        Classification(organisation=organisation, activity=row, primary_place="users", framework_version="t")
        for row in rows
    )
    Placement.objects.bulk_create(
        Placement(organisation=organisation, classification=reading, facet="users/access", part="asked", heard=True)
        for reading in readings
    )


@pytest.mark.parametrize("number", [1, 3, 1000])
def test_the_map_is_built_with_as_many_queries_whatever_the_size(world, number, django_assert_num_queries):
    fill(world, number)
    viewer = world.viewer("vi")
    with django_assert_num_queries(6):
        build_map(viewer, as_at=today())


@pytest.mark.parametrize("number", [1, 3, 1000])
@pytest.mark.parametrize("address", ["map/", "gaps/", "activities/", "", "map.json"])
def test_pages_answer_with_as_many_queries_whatever_the_size(client, world, number, address):
    client.force_login(world.people["vi"])
    fill(world, 1)
    client.get(f"/o/ashdown/{address}")
    with CaptureQueriesContext(connection) as first:
        client.get(f"/o/ashdown/{address}")
    fill(world, number)
    with CaptureQueriesContext(connection) as then:
        client.get(f"/o/ashdown/{address}")
    assert len(counted(then)) == len(counted(first)) <= 25


def test_every_table_of_the_counting_queries_carries_the_organisation():
    """Each table that the counting reads is limited to the organisation where it is named."""
    text = maps.STATE + maps.COUNTED + maps.BY_GROUP + maps.INSIDE
    named = list(re.finditer(r"\b(?:FROM|JOIN) (involvement_\w+)(?: (\w+))?", text))
    assert len(named) >= 12
    for found in named:
        alias = found[2] if found[2] and found[2] not in ("WHERE", "ON") else found[1]
        after = text[found.end() : found.end() + 800]
        own = f"{alias}." if alias != found[1] else ""
        assert f"{own}organisation_id = %(org)s" in after, found[0]


def test_the_plan_searches_by_organisation_and_scans_no_other_table(world):
    fill(world, 300)
    organisation = world.ashdown.organisation
    counting = maps._Counting(organisation, today(), "carers", world.ashdown.services[0].pk)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
            cursor.execute("SET LOCAL enable_seqscan = off")
    with connection.cursor() as cursor:
        explain = "EXPLAIN QUERY PLAN " if connection.vendor == "sqlite" else "EXPLAIN "
        cursor.execute(counting.query.replace("WITH need", f"{explain}WITH need"), counting.values)
        plan = [" ".join(map(str, row)) for row in cursor.fetchall()]
    if connection.vendor == "sqlite":
        scans = [line for line in plan if re.search(r"SCAN (involvement_|([vwrqlkpfysibgdz]|ch)\b)", line)]
        assert not scans, scans
        assert any("organisation_id=?" in line for line in plan)
    else:
        scans = [line for line in plan if "Seq Scan on involvement_" in line]
        assert not scans, scans
        assert any("organisation_id = " in line for line in plan)
