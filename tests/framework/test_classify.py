"""framework.classify: answers to a suggestion. No database."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framework.catalogue import NOT_INVOLVEMENT, catalogue
from framework.classify import suggest
from framework.questions import STAGES, asked, check, effective, guide

VOICE = {"purpose": "say", "about": "service", "part": "asked", "decided": "staff"}
DIRECTION = {"purpose": "steer", "about": "direction", "part": "asked", "decided": "staff-heard"}
ROUTE = {"reached": "yes", "question": "Which ward?", "decider": "The board", "received": "2026-02-01"}
CHOICE = {"purpose": "choose", "about": "own", "decided": "person"}
SHARED = {"purpose": "work", "about": "shared-problem", "decided": "staff-heard"}


def stages(**parts):
    return {"stages": {stage.replace("_", "-"): part for stage, part in parts.items()}}


def answer_for(question):
    slugs = [option.slug for option in question.options]
    if question.kind == "one":
        return st.sampled_from(slugs)
    if question.kind == "stages":
        return st.dictionaries(st.sampled_from(STAGES), st.sampled_from(slugs))
    if question.kind in ("kinds", "ways"):
        return st.lists(st.sampled_from(slugs), unique=True)
    if question.kind == "date":
        return st.dates().map(str)
    return st.text(max_size=20)


ANY_ANSWERS = st.fixed_dictionaries(
    {}, optional={slug: answer_for(question) for slug, question in guide().questions.items()}
)
PLACED = st.sampled_from(["", *catalogue().places, NOT_INVOLVEMENT])
RUBBISH = st.dictionaries(
    st.one_of(st.sampled_from(list(guide().questions)), st.text(max_size=5)),
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.text(max_size=5),
        st.lists(st.text(max_size=3)),
        st.dictionaries(st.text(max_size=3), st.none()),
    ),
)


@settings(deadline=None, max_examples=120)
@given(ANY_ANSWERS, PLACED)
def test_any_answers_give_the_same_suggestion_every_time(answers, placed):
    first = suggest(answers, placed=placed)
    assert first == suggest(dict(reversed(answers.items())), placed=placed)
    assert first.place in {"", *catalogue().places, NOT_INVOLVEMENT}
    assert len(first.reasons) == 1
    assert not any(sign in first.reasons[0] for sign in ("{", "said ,", "said ."))
    assert {placement.facet for placement in first.placements} <= set(catalogue().facets)
    assert check(effective(answers, placed=placed)) == {}


@settings(deadline=None, max_examples=120)
@given(RUBBISH)
def test_what_nobody_offered_is_no_answer_and_no_exception(answers):
    known = set(guide().questions)
    assert set(effective(answers)) <= known
    suggest(answers)
    check(answers)


@settings(deadline=None, max_examples=150)
@given(ANY_ANSWERS)
def test_the_rules_of_the_theory_hold_for_any_answers(answers):
    said, suggestion = effective(answers), suggest(answers)
    if suggestion.place == "owners":
        assert said["about"] == "direction"
        assert said.get("reached") == "yes" or said["decided"] == "citizens"
    if suggestion.place == "choosers":
        # a choice is placed before its options are known, and fills nothing until they are
        assert said.get("options", "two") in ("two", "more") and said.get("free", "yes") == "yes"
    filled = [p for p in suggestion.placements if p.place == "coproducers" and p.part in ("equal", "lead")]
    if suggestion.place == "coproducers" or filled:
        assert said["about"] != "own" and said.get("group") != "one"
        assert all(placement.as_group for placement in filled)
        assert filled
    if said.get("purpose") == "told":
        assert suggestion.place in ("", NOT_INVOLVEMENT)
    if suggestion.place == NOT_INVOLVEMENT:
        assert suggestion.placements == ()
    assert all(p.part == "not-recorded" for p in suggestion.placements if p.place == "choosers")


@pytest.mark.parametrize("purpose", [option.slug for option in guide().questions["purpose"].options])
def test_the_first_question_alone_never_gives_owners_or_coproducers(purpose):
    suggestion = suggest({"purpose": purpose})
    assert suggestion.place == (NOT_INVOLVEMENT if purpose in ("told", "staff") else "")
    assert suggestion.leaning == ""


def test_four_questions_come_first():
    assert [question.slug for question in asked({}) if not question.records] == ["purpose", "about", "part", "decided"]


def _tries(question, known):
    if question.kind == "one":
        return [option.slug for option in question.options]
    if question.kind in ("kinds", "ways"):
        return [[option.slug] for option in question.options]
    if question.kind == "stages":
        return [{stage: part} for stage in STAGES for part in ("asked", "equal")]
    return ["2026-02-01"]


@pytest.mark.parametrize(
    "answers",
    [
        {"purpose": purpose, "about": about, "decided": decided}
        for purpose, about, decided in itertools.product(
            ("say", "steer", "choose", "work", "told"),
            ("direction", "service", "own", "shared-problem"),
            ("staff", "together", "person"),
        )
    ],
)
def test_a_further_question_is_asked_only_where_it_can_change_something(answers):
    """An answer changes the place, what is placed, what it needs, or which questions follow."""
    now, ask = suggest(answers), asked(answers)
    for question in ask:
        if question.slug in answers or question.records or question.slug == "part":
            continue
        seen = [({**answers, question.slug: answer}) for answer in _tries(question, answers)]
        assert any(
            (suggest(each).place, suggest(each).reasons, suggest(each).placements, suggest(each).contested_kinds)
            != (now.place, now.reasons, now.placements, now.contested_kinds)
            or {q.slug for q in asked(each)} != {q.slug for q in ask}
            or question.slug == "heard"  # tells whether the ways chosen next will count
            for each in seen
        ), question.slug


def test_the_reason_quotes_the_answers():
    suggestion = suggest({"purpose": "work", "about": "service", "named": "staff", "decided": "staff"})
    assert suggestion.place == "users"
    assert "staff set the question and staff alone decided, so this is users’ voice" in suggestion.reasons[0]


def test_owners_need_a_route_and_count_only_with_the_whole_of_it():
    """That it reached the body that decides settles the place; what was asked, who decides and when let it count."""
    assert suggest(DIRECTION).place == ""
    assert suggest(DIRECTION).leaning == "owners"
    assert suggest(DIRECTION | {"reached": "no"}).place == "users"
    for left_out in set(ROUTE) - {"reached"}:
        route = {slug: answer for slug, answer in ROUTE.items() if slug != left_out}
        suggestion = suggest(DIRECTION | route | {"ways-owners": ["owners/priorities"]})
        assert suggestion.place == "owners" and suggestion.counts_note, left_out
    assert not suggest(DIRECTION | ROUTE | {"ways-owners": ["owners/priorities"]}).counts_note


def test_citizens_who_decide_need_no_route_to_somebody_else():
    decided = {**DIRECTION, "part": "lead", "decided": "citizens"}
    assert suggest(decided).place == "owners"
    slugs = {question.slug for question in asked(decided)}
    assert "reached" not in slugs and {"question", "decider", "received", "ways-owners"} <= slugs


def test_the_whole_route_is_kept_with_the_placement():
    suggestion = suggest(DIRECTION | ROUTE | {"ways-owners": ["owners/priorities"]})
    assert suggestion.place == "owners"
    (placement,) = suggestion.placements
    assert (placement.part, placement.question, placement.decider, str(placement.received_on)) == (
        "asked",
        "Which ward?",
        "The board",
        "2026-02-01",
    )


def test_direction_that_reached_nobody_is_users():
    assert suggest(DIRECTION | {"reached": "no"}).place == "users"


def test_judging_a_service_one_used_is_users_whatever_one_came_for():
    suggestion = suggest(
        {"purpose": "steer", "about": "service", "part": "asked", "ways-users": ["users/reviewing-impact"]}
    )
    assert suggestion.place == "users"
    assert [placement.facet for placement in suggestion.placements] == ["users/reviewing-impact"]


def test_who_came_because_of_their_care_are_users_even_on_direction():
    answers = DIRECTION | ROUTE | {"purpose": "say"}
    assert suggest(answers).place == ""
    assert suggest(answers | {"stake": "yes"}).place == "owners"
    assert suggest(answers | {"stake": "no"}).place == "users"


def test_one_stage_of_four():
    suggestion = suggest(SHARED | stages(co_decide="asked", co_design="equal", co_deliver="none", co_evaluate="none"))
    assert suggestion.place == "coproducers"
    assert suggestion.stages_note == "One stage of four."
    assert [stage.counts for stage in suggestion.stages] == [False, True, False, False]
    assert [touch.place for touch in suggestion.also_touches] == ["users"]
    assert {(p.facet, p.part) for p in suggestion.placements} == {
        ("coproducers/co-decide", "asked"),
        ("coproducers/co-design", "equal"),
    }


def test_whole_is_said_of_all_four_stages_only():
    counts = {}
    for number in range(1, 5):
        parts = dict.fromkeys(STAGES[:number], "equal")
        counts[number] = suggest(SHARED | {"stages": parts}).stages_note
    assert (
        counts[1].startswith("One stage of four")
        and counts[2].startswith("Two stages")
        and counts[3].startswith("Three stages")
    )
    assert "not the whole" in counts[2] and "not the whole" in counts[3]
    assert counts[4].startswith("All four stages")


def test_being_asked_at_every_stage_is_voice():
    suggestion = suggest(SHARED | {"stages": dict.fromkeys(STAGES, "asked")})
    assert suggestion.place == "users"
    assert suggestion.stages_note == ""


def test_hands_without_a_say_are_not_coproduction():
    answers = (
        SHARED
        | stages(co_decide="none", co_design="none", co_deliver="equal", co_evaluate="none")
        | {"decided": "staff"}
    )
    assert suggest(answers).place == ""
    assert suggest(answers | {"joint": "no"}).place == NOT_INVOLVEMENT
    assert suggest(answers | {"joint": "yes"}).place == "coproducers"


def test_one_person_s_own_care_fills_no_stage():
    for answers in ({"about": "own"}, {"about": "service", "group": "one"}):
        suggestion = suggest(
            {"purpose": "work", "decided": "together", **stages(co_decide="equal", co_design="equal")} | answers
        )
        assert suggestion.place == "users"
        assert [placement.facet for placement in suggestion.placements] == ["users/own-care"]


def test_whose_work_it_was_has_to_be_known():
    answers = {
        "purpose": "work",
        "about": "service",
        "decided": "together",
        **stages(co_decide="equal", co_design="equal"),
    }
    assert suggest(answers).place == ""
    assert suggest(answers | {"group": "group"}).place == "coproducers"


def test_naming_the_problem_together_is_a_stage():
    suggestion = suggest(SHARED | {"named": "together"})
    assert suggestion.place == "coproducers"
    assert suggestion.stages[0].counts


def test_a_choice_needs_two_options_and_freedom():
    """Without them on record the place stands, as users' voice does that nobody knows to have been heard, and fills
    nothing; denied, there was none."""
    for open_answers in (CHOICE, CHOICE | {"options": "two"}):
        suggestion = suggest(open_answers | {"ways-choosers": ["choosers/treatment"]}, placed="choosers")
        assert suggestion.place == "choosers" and all(each.missing for each in suggestion.placements)
        assert suggestion.placements
    assert suggest(CHOICE | {"options": "two", "free": "yes"}).place == "choosers"
    assert suggest(CHOICE | {"options": "two", "free": "no"}).place == "users"
    assert suggest(CHOICE | {"options": "one"}).place == "users"


def test_shared_decisions_are_choice_and_disputed():
    answers = CHOICE | {
        "decided": "together",
        "contested": ["shared-decision-making"],
        "options": "two",
        "free": "yes",
        "ways-choosers": ["choosers/treatment"],
    }
    suggestion = suggest(answers)
    assert suggestion.place == "choosers"
    assert suggestion.contested_kinds == ("shared-decision-making",)
    assert {placement.facet for placement in suggestion.placements} == {"choosers/treatment", "users/own-care"}
    assert "some call this coproduction" in suggestion.reasons[0]
    assert suggestion.stages_note == ""


def test_a_group_that_decided_and_judged_lifts_shared_decisions():
    answers = SHARED | {"contested": ["shared-decision-making"]}
    assert suggest(answers | stages(co_decide="equal")).place != "coproducers"
    assert suggest(answers | stages(co_decide="equal", co_evaluate="equal")).place == "coproducers"


def test_told_that_says_it_decided_is_not_settled():
    assert suggest({"purpose": "told"}).place == NOT_INVOLVEMENT
    assert suggest({"purpose": "told", "decided": "citizens"}).place == ""
    assert suggest({**VOICE, "part": "told"}).place == NOT_INVOLVEMENT


def test_unanswered_is_never_no():
    suggestion = suggest({"purpose": "say", "about": "service", "ways-users": ["users/access"]})
    (placement,) = suggestion.placements
    assert (placement.part, placement.heard) == ("not-recorded", None)


def test_what_is_open_says_where_it_could_lead():
    could = {
        each.question.slug: each.could
        for each in suggest({"purpose": "steer", "about": "direction", "part": "asked"}).next_questions
    }
    assert could["reached"] == ("owners", "users")
    shared = {
        each.question.slug: each.could
        for each in suggest({"purpose": "work", "about": "shared-problem"}).next_questions
    }
    assert "coproducers" in shared["stages"]


def test_another_place_brings_up_what_it_needs():
    slugs = {question.slug for question in asked(VOICE, placed="owners")}
    assert {"reached", "ways-owners"} <= slugs
    assert "stages" in {question.slug for question in asked(VOICE, placed="coproducers")}


def test_answers_to_questions_not_asked_do_not_count():
    assert "group" not in effective(VOICE | {"group": "group"})


def test_check_names_what_nobody_offered():
    assert check(
        {"purpose": "rule", "nonsense": "x", "question": "x" * 301, "stages": {"co-pilot": "equal"}, "received": "soon"}
    ) == {
        "purpose": "unknown",
        "nonsense": "unknown",
        "question": "long",
        "stages": "unknown",
        "received": "unknown",
    }


def test_every_word_is_there():
    for question in guide().questions.values():
        assert question.title
        assert question.options or question.kind in ("text", "date")
        for option in question.options:
            assert option.title
            if question.kind == "one" and not question.records:
                assert option.said, (question.slug, option.slug)
    for rule in guide().rules.values():
        assert rule.so and set(rule.cites) <= set(guide().questions)
        assert rule.place in {*catalogue().places, NOT_INVOLVEMENT}


@pytest.mark.parametrize(
    ("answers", "lacks"),
    [
        (VOICE | {"ways-users": ["users/access"], "heard": "yes"}, ()),
        (VOICE | {"ways-users": ["users/access"]}, ("team responsible",)),
        (VOICE | {"ways-users": ["users/access"], "heard": "no", "part": ""}, ("part people had", "team responsible")),
        (DIRECTION | ROUTE | {"ways-owners": ["owners/strategy"]}, ()),
        (DIRECTION | ROUTE | {"ways-owners": ["owners/strategy"], "part": ""}, ("part people had",)),
        (CHOICE | {"options": "two", "free": "yes", "ways-choosers": ["choosers/provider"]}, ()),
        (SHARED | stages(co_design="lead"), ()),
        (SHARED | stages(co_design="lead", co_decide="asked"), ()),  # a stage that was voice lacks nothing
        (VOICE, ("No way",)),
    ],
)
def test_what_a_placement_lacks_to_count(answers, lacks):
    """The page says what the map will ask for, by the same minima (framework.coverage.COUNTS)."""
    needs = [need for _, each in suggest(answers).counts_note for need in each]
    assert len(needs) == len(lacks)
    assert all(word in need for word, need in zip(lacks, needs, strict=True))


def test_own_care_placed_as_coproduction_by_hand_still_fills_no_stage():
    answers = {"purpose": "work", "about": "own", "decided": "together", **stages(co_design="equal")}
    placements = {each.facet: each for each in suggest(answers, placed="coproducers").placements}
    stage = placements["coproducers/co-design"]
    assert stage.as_group is False
    assert stage.missing


def test_what_only_staff_did_is_not_involvement():
    assert suggest({"purpose": "staff"}).place == NOT_INVOLVEMENT
    assert suggest({"purpose": "staff", "about": "service", "decided": "staff"}).place == NOT_INVOLVEMENT
    assert suggest({"purpose": "staff", "decided": "citizens"}).place == ""
