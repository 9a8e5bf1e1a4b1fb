"""Ten worked cases, through the page and the rules, come out as the theory says.

Each is posted to the guided page as an editor would, and read back from what was written. Where the verdict hangs on
what came of it, the map is asked.
"""

import re
from datetime import date

import pytest
from django.urls import reverse

from involvement.actions import activities, influence, pieces
from involvement.actions.base import today
from involvement.actions.classification import current_classification
from involvement.coproduction import stages_of_piece
from involvement.maps import build_map

pytestmark = pytest.mark.django_db

JURY_QUESTION = "What should we stop paying for?"


@pytest.fixture
def ashdown(world):
    return world.ashdown.organisation


@pytest.fixture
def place(client, world, ashdown):
    """Return a function that adds an activity and classifies it through the page; it returns the reading."""
    client.force_login(world.people["ed"])

    def add_and_place(title, answers, **facts):
        activity = activities.add_activity(organisation=ashdown, by=world.people["ed"], facts={"title": title, **facts})
        address = reverse("activity-classify", args=["ashdown", activity.pk])
        look = client.post(address, answers | {"look": "1"})
        assert look.status_code == 200
        saved = client.post(address, answers | {"save": "1"})
        assert saved.status_code == 302, re.findall(r"error-message.*", saved.content.decode())
        reading = current_classification(activity)
        reading.panel = re.sub(r"\s+", " ", look.content.decode())
        return reading

    return add_and_place


@pytest.fixture
def at(world):
    """Return a function from a day to the organisation's map as at that day."""
    return lambda *day: build_map(world.viewer("ed"), as_at=date(*day) if day else today())


def ways(reading):
    return {row.facet: row.part for row in reading.placements.all()}


def cell(picture, facet):
    return next(each for each in picture.cells if each.facet == facet)


def day(name, when):
    return {f"{name}_day": when.day, f"{name}_month": when.month, f"{name}_year": when.year}


def test_a_patient_story_at_the_board_is_users_not_owners(place):
    """The teller sets nothing, wherever the story is told."""
    reading = place(
        "Patient story at the board",
        {
            "purpose": "say",
            "about": "service",
            "part": "asked",
            "decided": "staff",
            "ways-users": ["users/whole-journey", "users/experience"],
            "heard": "yes",
            "claim": "owners",
        },
    )
    assert (reading.claim, reading.suggested_place, reading.primary_place) == ("owners", "users", "users")
    assert set(ways(reading)) == {"users/whole-journey", "users/experience"}


@pytest.fixture
def breast_care(place, world, ashdown):
    """An experience-based co-design over two years: films, workshops, a review. Returns piece and all three."""
    piece = pieces.add_piece(
        organisation=ashdown,
        by=world.people["ed"],
        title="Breast care journey",
        problem_statement="Waiting without news",
    )
    films = place(
        "Films of patients’ journeys",
        {
            "purpose": "say",
            "about": "service",
            "part": "asked",
            "decided": "staff-heard",
            "ways-users": ["users/whole-journey"],
            "heard": "yes",
        },
        piece=piece,
        start_written="3 November 2024",
        end_written="20 December 2024",
    )
    workshops = place(
        "Co-design workshops",
        {
            "purpose": "work",
            "about": "shared-problem",
            "stages_co-decide": "equal",
            "stages_co-design": "equal",
            "stages_co-deliver": "none",
            "stages_co-evaluate": "none",
            "decided": "together",
            "claim": "coproducers",
        },
        piece=piece,
        start_written="1 May 2025",
        end_written="30 September 2025",
    )
    review = place(
        "Review of the new clinic",
        {
            "purpose": "work",
            "about": "shared-problem",
            "stages_co-decide": "none",
            "stages_co-design": "none",
            "stages_co-deliver": "none",
            "stages_co-evaluate": "equal",
            "decided": "staff-heard",
            "joint": "yes",
        },
        piece=piece,
        start_written="1 October 2026",
        end_written="1 November 2026",
    )
    return piece, films, workshops, review


def test_experience_based_co_design_is_voice_first_and_stages_later(breast_care, world):
    """Films are users' voice, workshops and the review are shared stages; three of four are not the whole."""
    piece, films, workshops, review = breast_care
    assert (films.primary_place, ways(films)) == ("users", {"users/whole-journey": "asked"})
    assert (workshops.primary_place, ways(workshops)) == (
        "coproducers",
        {"coproducers/co-decide": "equal", "coproducers/co-design": "equal"},
    )
    assert "Two stages of four" in workshops.panel
    assert (review.primary_place, ways(review)) == ("coproducers", {"coproducers/co-evaluate": "equal"})
    assert "One stage of four." in review.panel
    stages = stages_of_piece(world.viewer("ed"), piece)
    assert [stage.counts for stage in stages] == [True, True, False, True]


def test_experience_based_co_design_counts_once_on_the_map(breast_care, at):
    """Counted over the piece of work: three of four stages, not whole, and live while one of its activities is."""
    picture = at(2026, 11, 22)
    assert (picture.coproduction.called, picture.coproduction.any_stage, picture.coproduction.whole) == (1, 1, 0)
    assert cell(picture, "coproducers/co-design").activities == 1, "live while any activity of its piece of work is"
    assert cell(picture, "coproducers/co-deliver").activities == 0


def test_a_recovery_college_shares_design_and_delivery(place):
    reading = place(
        "Recovery college",
        {
            "purpose": "work",
            "about": "shared-problem",
            "stages_co-decide": "asked",
            "stages_co-design": "equal",
            "stages_co-deliver": "equal",
            "stages_co-evaluate": "asked",
            "decided": "together",
            "claim": "coproducers",
        },
    )
    assert reading.primary_place == "coproducers"
    assert "Two stages of four: part of the work, not the whole." in reading.panel
    counting = {facet for facet, part in ways(reading).items() if part in ("equal", "lead")}
    assert counting == {"coproducers/co-design", "coproducers/co-deliver"}


def test_the_friends_and_family_test_is_users(place):
    reading = place(
        "Friends and Family Test",
        {
            "purpose": "say",
            "about": "service",
            "part": "asked",
            "decided": "staff",
            "ways-users": ["users/experience"],
            "heard": "yes",
        },
    )
    assert (reading.primary_place, ways(reading)) == ("users", {"users/experience": "asked"})
    assert "staff alone decided, so this is users’ voice" in reading.panel


def test_a_decision_aid_is_choice_and_disputed(place):
    reading = place(
        "Decision aid for new knees",
        {
            "purpose": "choose",
            "about": "own",
            "decided": "together",
            "contested": ["shared-decision-making"],
            "options": "more",
            "free": "yes",
            "ways-choosers": ["choosers/treatment", "choosers/information"],
        },
    )
    assert (reading.primary_place, reading.contested, reading.contested_kinds) == (
        "choosers",
        True,
        ["shared-decision-making"],
    )
    assert set(ways(reading)) == {"choosers/treatment", "choosers/information", "users/own-care"}
    assert "some call this coproduction" in reading.panel
    assert not any(facet.startswith("coproducers/") for facet in ways(reading))


def test_a_citizens_jury_refused_with_reasons_a_year_late(place, world, ashdown, at):
    """It lapses while nobody answers; the late answer brings it to life, and a reasoned no is proof."""
    ed = world.people["ed"]
    received = date(2025, 6, 20)
    reading = place(
        "Citizens’ jury",
        {
            "purpose": "steer",
            "about": "direction",
            "part": "asked",
            "decided": "staff-heard",
            "reached": "yes",
            "question": JURY_QUESTION,
            "decider": "The trust board",
            **day("received", received),
            "ways-owners": ["owners/priorities"],
        },
        start_written="2 June 2025",
        end_written="14 June 2025",
    )
    assert reading.primary_place == "owners"
    placement = reading.placements.get()
    assert (placement.question, placement.decider, placement.received_on) == (
        JURY_QUESTION,
        "The trust board",
        received,
    )
    assert cell(at(2025, 9, 1), "owners/priorities").status == "unproven"
    assert cell(at(2026, 6, 30), "owners/priorities").status == "lapsed"

    change = influence.record_change(
        activity=reading.activity,
        by=ed,
        facets=["owners/priorities"],
        asked="Close the old clinic",
        decision_point="The board in public",
        outcome="refused",
        why="It would cut off two villages",
        decided_on=date(2026, 7, 10),
        told_on=date(2026, 7, 20),
        told_by="The chair",
    )
    influence.add_evidence(
        change=change, by=ed, kind="document", reference="Board minutes, 10 July 2026", dated_on=date(2026, 7, 10)
    )

    assert cell(at(2026, 6, 30), "owners/priorities").status == "lapsed", "the answer had not come"
    answered = cell(at(2026, 8, 1), "owners/priorities")
    assert (answered.status, answered.activities, answered.proven, answered.refused) == ("in-place", 1, 1, 1)
    assert answered.refused_only


def test_a_council_of_governors_is_owners(place):
    reading = place(
        "Council of governors",
        {
            "purpose": "steer",
            "about": "direction",
            "part": "asked",
            "decided": "staff-heard",
            "reached": "yes",
            "question": "Did the trust do what it set out to do this year?",
            "decider": "The trust board",
            **day("received", date(2026, 9, 30)),
            "ways-owners": ["owners/strategy", "owners/reviewing-impact"],
        },
    )
    assert reading.primary_place == "owners"
    assert set(ways(reading)) == {"owners/strategy", "owners/reviewing-impact"}
    assert "the owners’ place" in reading.panel


def test_a_practice_s_patient_group_goes_by_what_it_did(place):
    """It spoke about opening hours, so users; its remit does not lift it, and the dispute is on the record."""
    reading = place(
        "Patient group on opening hours",
        {
            "purpose": "steer",
            "about": "service",
            "part": "asked",
            "decided": "staff-heard",
            "contested": ["standing-group"],
            "ways-users": ["users/access"],
            "heard": "yes",
            "claim": "owners",
        },
    )
    assert (reading.claim, reading.primary_place, ways(reading)) == ("owners", "users", {"users/access": "asked"})
    assert reading.contested_kinds == ["standing-group"]
    assert "the work that the group really did over the past year" in reading.panel


def test_a_personal_health_budget_is_choice_and_disputed(place):
    answers = {
        "purpose": "choose",
        "about": "own",
        "decided": "person",
        "contested": ["own-plan"],
        "options": "two",
        "free": "yes",
        "ways-choosers": ["choosers/treatment", "choosers/provider"],
        "power": "to-people",
    }
    reading = place("Personal health budgets", answers)
    assert (reading.primary_place, reading.contested_kinds, reading.power) == ("choosers", ["own-plan"], "to-people")
    assert not any(facet.startswith("coproducers/") for facet in ways(reading))
    assert [(row.options, row.free_to_refuse) for row in reading.placements.filter(facet="choosers/provider")] == [
        (2, True)
    ]

    without_choice = place("A budget with one provider", answers | {"options": "one"})
    assert (without_choice.primary_place, set(ways(without_choice))) == ("users", {"users/own-care"})


def test_a_newsletter_is_not_involvement(place, at):
    before = at().activities.not_involvement
    reading = place(
        "Members’ newsletter",
        {"purpose": "told", "part": "told", "decided": "staff"},
        start_written="1 June 2026",
        stated_status="running",
    )
    assert (reading.suggested_place, reading.primary_place) == ("not-involvement", "not-involvement")
    assert not reading.placements.exists()
    picture = at()
    assert picture.activities.not_involvement == before + 1
    assert sum(each.activities for each in picture.cells) == 1, "only the survey of the small world"
