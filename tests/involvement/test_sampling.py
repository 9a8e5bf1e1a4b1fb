"""A fair sample: the same from the same seed, every stratum in it, and nobody asked to do more than the others."""

from collections import Counter
from random import Random

import pytest

from involvement.sampling import assign, draw, share

FRAME = [(number, "1|users" if number % 10 < 6 else f"{number % 4}|owners") for number in range(200)]


def test_the_same_seed_draws_the_same_whatever_the_order():
    drawn = draw(FRAME, 30, "a seed")
    assert drawn == draw(FRAME[::-1], 30, "a seed") == sorted(set(drawn))
    assert len(drawn) == 30
    assert drawn != draw(FRAME, 30, "another seed")
    given = assign(drawn, ["pat", "mo", "ann"], 2, "a seed")
    assert given == assign(drawn[::-1], ["ann", "mo", "pat"], 2, "a seed")
    assert given != assign(drawn, ["pat", "mo", "ann"], 2, "another seed")


def test_what_this_method_draws_stays_what_it_draws():
    """A sample that was drawn years ago can be drawn again: another result here needs another METHOD."""
    assert draw([(number, "a" if number < 7 else "b") for number in range(10)], 4, "northfield") == [1, 5, 6, 7]
    assert assign([1, 2, 3], [10, 11], 1, "northfield") == {10: [2], 11: [3, 1]}


def test_strata_are_right_on_a_thousand_draws():
    """Each gives its share rounded down or up, at least one; and all that can be drawn is drawn in the end."""
    chance, drawn_once = Random(1), set()  # noqa: S311  invented registers
    for number in range(1_000):
        frame = [(pk, f"s{int(chance.random() * chance.random() * 9)}") for pk in range(int(40 + 60 * chance.random()))]
        strata = Counter(stratum for _pk, stratum in frame)
        size = len(strata) + int(chance.random() * (len(frame) - len(strata)))
        drawn = draw(frame, size, str(number))
        given = Counter(dict(frame)[pk] for pk in drawn)
        assert len(set(drawn)) == size and set(given) == set(strata)
        small = {name for name in strata if given[name] == 1}
        rest, members = size - len(small), sum(strata[name] for name in strata if name not in small)
        for name in set(strata) - small:
            assert abs(given[name] - rest * strata[name] / members) < 1.5
        proportional = {name: size * held / len(frame) for name, held in strata.items()}
        assert all(given[name] <= max(1, proportional[name] + 1) for name in strata)
        drawn_once |= {pk for pk in drawn if pk < 40}
    assert drawn_once == set(range(40))


def test_all_of_a_stratum_have_the_same_chance():
    drawn = Counter(pk for number in range(1_000) for pk in draw(FRAME, 40, str(number)))
    users = [drawn[pk] for pk, stratum in FRAME if stratum == "1|users"]
    assert len(users) == 120 and sum(users) == 24_000
    assert 140 < min(users) and max(users) < 260  # 200 on average, 12.6 the standard deviation


@pytest.mark.parametrize(
    ("strata", "size", "given"),
    [
        ({"a": 90, "b": 9, "c": 1}, 10, {"a": 8, "b": 1, "c": 1}),
        ({"a": 50, "b": 50}, 10, {"a": 5, "b": 5}),
        ({"a": 3, "b": 2}, 99, {"a": 3, "b": 2}),
        ({"a": 97, "b": 1, "c": 1, "d": 1}, 4, {"a": 1, "b": 1, "c": 1, "d": 1}),
        ({"a": 60, "b": 40}, 1, {"a": 1, "b": 0}),
        ({}, 5, {}),
    ],
)
def test_shares(strata, size, given):
    assert share(strata, size, Random(1)) == given  # noqa: S311


def test_ties_are_broken_by_the_seed():
    chances = [Random(seed) for seed in range(40)]  # noqa: S311
    seen = {tuple(sorted(share({"a": 5, "b": 5}, 5, chance).items())) for chance in chances}
    assert seen == {(("a", 2), ("b", 3)), (("a", 3), ("b", 2))}


def test_each_activity_goes_to_so_many_people_and_the_load_is_even():
    for seed in range(100):
        given = assign(range(17), ["ann", "bo", "cy", "di"], 3, str(seed))
        asked = Counter(pk for mine in given.values() for pk in mine)
        assert set(asked.values()) == {3} and len(asked) == 17
        assert all(len(set(mine)) == len(mine) for mine in given.values())
        loads = [len(mine) for mine in given.values()]
        assert max(loads) - min(loads) <= 1
    assert assign([1, 2], ["ann"], 5, "x").keys() == {"ann"}


def test_the_order_that_a_reviewer_sees_is_their_own():
    given = assign(range(12), ["ann", "bo"], 2, "seed")
    assert sorted(given["ann"]) == sorted(given["bo"]) == list(range(12))
    assert given["ann"] != given["bo"] and sorted(given["ann"]) != given["ann"]
