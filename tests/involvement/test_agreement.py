"""Agreement: alpha as in published examples, and honest words where there is none to tell.

The examples are of Krippendorff (2011), Computing Krippendorff's Alpha-Reliability, sections A to C, nominal data.
"""

import pytest

from involvement.agreement import DIFFER, UNANSWERED, UNTOLD, agreement, level, seen_in


def units(*observers: str) -> list[list[str]]:
    """Return the answers on each unit, from a row of signs an observer; a dot is no answer."""
    return [[sign for sign in column if sign != "."] for column in zip(*observers, strict=True)]


TWO_OBSERVERS_BINARY = units("0100000010", "1110010000")
TWO_OBSERVERS = units("aabbdcccedda", "babbbccceddd")
ANY_NUMBER = units("123321412...", "1233224125.3", ".3332342251.", "12332441251.")


@pytest.mark.parametrize(
    ("example", "alpha"), [(TWO_OBSERVERS_BINARY, 0.095), (TWO_OBSERVERS, 0.692), (ANY_NUMBER, 0.743)]
)
def test_alpha_is_as_published(example, alpha):
    found = agreement(example)
    assert round(found.alpha, 3) == alpha
    assert found.low < found.alpha < found.high
    assert agreement(example) == found, "the interval is the same every time"


def test_observed_agreement_counts_pairs_of_answers():
    found = agreement(TWO_OBSERVERS)
    assert (found.activities, found.pairs, found.agreeing) == (12, 12, 9)
    assert (agreement([["a", "a", "b"]]).pairs, agreement([["a", "a", "b"]]).agreeing) == (3, 1)


def test_the_interval_narrows_with_more_activities_and_holds_to_its_bounds():
    few, many = agreement(ANY_NUMBER), agreement(ANY_NUMBER * 20)
    assert many.high - many.low < (few.high - few.low) / 2
    assert -1 <= few.low and few.high <= 1


@pytest.mark.parametrize(
    ("example", "why"),
    [
        ([["a"], ["b"], [], ["a"]] * 10, "one-each"),
        ([], "one-each"),
        ([["a", "b"]] * 9, "few"),
        ([["a", "a"]] * 30, "all-same"),
    ],
)
def test_where_there_is_no_alpha(example, why):
    found = agreement(example)
    assert (found.alpha, found.low, found.high, found.why) == (None, None, None, why)


def test_answers_that_nobody_shares_are_left_out():
    assert agreement([*ANY_NUMBER, ["x"], ["y"], []]) == agreement(ANY_NUMBER)


def test_perfect_and_systematic_disagreement():
    assert agreement([["a", "a"], ["b", "b"]] * 6).alpha == 1
    assert agreement([["a", "b"], ["b", "a"]] * 6).alpha < 0


@pytest.mark.parametrize(
    ("answers", "seen"),
    [
        (["users", "users", "owners"], "users"),
        (["users", "owners"], DIFFER),
        (["users", None, None], UNTOLD), (["users", None], "users"), (["users", "users", None], "users"),
        (["users", "owners", "choosers"], DIFFER),
        ([None, None], UNTOLD),
        ([], UNANSWERED),
    ],
)
def test_in_which_place_an_activity_is_seen(answers, seen):
    assert seen_in(answers) == seen


def test_levels():
    assert [level(value) for value in (0.9, 0.8, 0.7, 0.5, -0.1)] == ["good", "good", "fair", "poor", "poor"]
