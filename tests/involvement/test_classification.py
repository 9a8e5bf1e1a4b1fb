"""actions.classification: the first reading, placing anew from a date, correcting; nothing is overwritten."""

import uuid
from datetime import date, timedelta

import pytest

from involvement.actions import classification as actions
from involvement.actions.base import Refused, today
from involvement.models import Classification, Placement

pytestmark = pytest.mark.django_db

VOICE = {
    "purpose": "say",
    "about": "service",
    "part": "asked",
    "decided": "staff-heard",
    "ways-users": ["users/experience"],
    "heard": "yes",
    "power": "nowhere",
}
OWNERS = {
    "purpose": "steer",
    "about": "direction",
    "part": "asked",
    "decided": "staff-heard",
    "reached": "yes",
    "question": "What comes first next year?",
    "decider": "The trust board",
    "received": "2026-03-01",
    "ways-owners": ["owners/priorities"],
}


@pytest.fixture
def panel(world):
    """An activity of Ashdown without a place."""
    return world.ashdown.panel


@pytest.fixture
def ed(world):
    return world.people["ed"]


def test_first_reading_keeps_claim_suggestion_and_place_apart(panel, ed):
    row = actions.classify(activity=panel, by=ed, answers=VOICE, claim="coproducers")

    assert (row.claim, row.suggested_place, row.primary_place) == ("coproducers", "users", "users")
    assert row.answers == VOICE
    assert row.power == "nowhere"
    assert row.recorded_by == ed
    assert row.framework_version
    placement = row.placements.get()
    assert (placement.facet, placement.part, placement.heard) == ("users/experience", "asked", True)
    assert placement.organisation == panel.organisation


def test_owners_route_is_written_with_the_placement(panel, ed):
    placement = actions.classify(activity=panel, by=ed, answers=OWNERS).placements.get()

    assert (placement.question, placement.decider, placement.received_on) == (
        "What comes first next year?",
        "The trust board",
        date(2026, 3, 1),
    )


def test_another_place_than_suggested_needs_a_reason(panel, ed):
    with pytest.raises(Refused) as refused:
        actions.classify(activity=panel, by=ed, answers=VOICE, place="owners")
    assert set(refused.value.messages) == {"reason"}

    row = actions.classify(activity=panel, by=ed, answers=VOICE, place="owners", reason="It set the priorities")
    assert (row.suggested_place, row.primary_place, row.reason) == ("users", "owners", "It set the priorities")


def test_no_answers_and_no_place_is_refused(panel, ed):
    with pytest.raises(Refused) as refused:
        actions.classify(activity=panel, by=ed, answers={})
    assert set(refused.value.messages) == {"place"}
    assert not panel.classifications.exists()


def test_a_place_without_answers_is_kept_as_somebody_s_judgement(panel, ed):
    row = actions.classify(
        activity=panel, by=ed, place="users", placements=[{"facet": "users/access", "part": "asked", "heard": True}]
    )
    assert (row.suggested_place, row.primary_place) == ("", "users")


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({"answers": VOICE | {"about": "everything"}}, "about"),
        ({"answers": VOICE | {"nonsense": "x"}}, ""),
        ({"answers": OWNERS | {"question": "x" * 301}}, "question"),
        ({"answers": OWNERS | {"received": (date.max).isoformat()}}, "received"),
        ({"answers": OWNERS | {"received": "soon"}}, "received"),
        ({"answers": VOICE | {"ways-users": ["users/soul"]}}, "ways-users"),
        ({"answers": VOICE, "place": "kings", "reason": "x"}, "place"),
        ({"answers": VOICE, "claim": "kings"}, "claim"),
        ({"answers": VOICE, "contested_kinds": ["weather"]}, "contested"),
        ({"answers": VOICE, "placements": [{"facet": "users/soul"}]}, "placements"),
        ({"answers": VOICE, "placements": [{"facet": "users/access"}, {"facet": "users/access"}]}, "placements"),
        ({"answers": VOICE, "placements": [{"facet": "users/access", "part": "ruled"}]}, "placements"),
        (
            {"answers": {}, "place": "not-involvement", "placements": [{"facet": "users/access"}]},
            "placements",
        ),
        ({"answers": VOICE, "from_on": date.max}, "from_on"),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field(panel, ed, words, field):
    with pytest.raises(Refused) as refused:
        actions.classify(activity=panel, by=ed, **words)
    assert field in refused.value.messages
    assert not panel.classifications.exists()


def test_a_choosers_part_is_never_recorded(panel, ed):
    row = actions.classify(
        activity=panel,
        by=ed,
        place="choosers",
        placements=[{"facet": "choosers/provider", "part": "asked", "options": 3, "free_to_refuse": True}],
    )
    assert row.placements.get().part == Placement.Part.NOT_RECORDED


def test_a_second_first_reading_is_refused(panel, ed):
    actions.classify(activity=panel, by=ed, answers=VOICE)
    with pytest.raises(Refused):
        actions.classify(activity=panel, by=ed, answers=VOICE)
    assert panel.classifications.count() == 1


def test_the_same_key_writes_once(panel, ed):
    key = uuid.uuid4()
    first = actions.classify(activity=panel, by=ed, answers=VOICE, key=key)
    again = actions.classify(activity=panel, by=ed, answers=VOICE, key=key)
    assert first == again
    assert panel.classifications.count() == 1


def test_a_withdrawn_activity_cannot_be_placed(panel, ed):
    panel.withdrawn_on, panel.withdrawn_reason = today(), "Entered twice"
    panel.save()
    with pytest.raises(Refused):
        actions.classify(activity=panel, by=ed, answers=VOICE)


def test_placing_anew_closes_the_old_reading_on_that_day(panel, ed):
    old = actions.classify(activity=panel, by=ed, answers=VOICE)
    day = today() - timedelta(days=30)

    new = actions.replace(activity=panel, by=ed, answers=OWNERS, from_on=day, reason="It now sets priorities")

    old.refresh_from_db()
    assert (old.until, old.void_at, old.primary_place) == (day, None, "users")
    assert (new.from_on, new.until, new.primary_place, new.reason) == (day, None, "owners", "It now sets priorities")


@pytest.mark.parametrize("days", [0, -1])
def test_placing_anew_needs_a_day_after_the_present_one(panel, ed, days):
    start = today() - timedelta(days=30)
    actions.classify(activity=panel, by=ed, answers=VOICE, from_on=start)
    with pytest.raises(Refused) as refused:
        actions.replace(activity=panel, by=ed, answers=OWNERS, from_on=start + timedelta(days=days))
    assert set(refused.value.messages) == {"from_on"}
    assert panel.classifications.get().until is None


@pytest.mark.parametrize("day", [None, date.max])
def test_placing_anew_needs_a_day_that_has_come(panel, ed, day):
    actions.classify(activity=panel, by=ed, answers=VOICE)
    with pytest.raises(Refused) as refused:
        actions.replace(activity=panel, by=ed, answers=OWNERS, from_on=day)
    assert set(refused.value.messages) == {"from_on"}


def test_correcting_voids_the_old_reading_and_keeps_its_interval(panel, ed, world):
    start = today() - timedelta(days=30)
    old = actions.classify(activity=panel, by=ed, answers=VOICE, from_on=start)

    new = actions.correct(activity=panel, by=world.people["lea"], answers=OWNERS, reason="We misread the minutes")

    old.refresh_from_db()
    assert old.void_at is not None
    assert (old.void_reason, old.voided_by, old.until) == ("We misread the minutes", world.people["lea"], None)
    assert (new.from_on, new.until, new.primary_place) == (start, None, "owners")
    assert actions.current_classification(panel) == new


def test_correcting_needs_a_reason_and_a_present_reading(panel, ed):
    with pytest.raises(Refused):
        actions.correct(activity=panel, by=ed, answers=VOICE, reason="x")
    actions.classify(activity=panel, by=ed, answers=VOICE)
    with pytest.raises(Refused) as refused:
        actions.correct(activity=panel, by=ed, answers=OWNERS, reason=" ")
    assert set(refused.value.messages) == {"why_wrong"}
    assert actions.current_classification(panel).primary_place == "users"


def test_a_refused_correction_leaves_the_old_reading_alone(panel, ed):
    old = actions.classify(activity=panel, by=ed, answers=VOICE)
    with pytest.raises(Refused):
        actions.correct(activity=panel, by=ed, answers={"about": "nonsense"}, reason="Wrong")
    old.refresh_from_db()
    assert old.void_at is None


def test_readings_only_ever_close(panel, ed):
    row = actions.classify(activity=panel, by=ed, answers=VOICE)
    row.primary_place = "owners"
    with pytest.raises(TypeError):
        row.save()
    with pytest.raises(TypeError):
        row.delete()
    row.refresh_from_db()
    row.until = today()
    row.save()
    row.until = today() + timedelta(days=1)
    with pytest.raises(TypeError):
        row.save()
    assert Classification.objects.get(pk=row.pk).until == today()


def test_placements_never_change(panel, ed):
    placement = actions.classify(activity=panel, by=ed, answers=VOICE).placements.get()
    placement.part = "lead"
    with pytest.raises(TypeError):
        placement.save()
    with pytest.raises(TypeError):
        placement.delete()
    with pytest.raises(TypeError):
        Placement.objects.filter(pk=placement.pk).update(part="lead")
    with pytest.raises(TypeError):
        panel.classifications.all().delete()
    assert Placement.objects.get(pk=placement.pk).part == "asked"
