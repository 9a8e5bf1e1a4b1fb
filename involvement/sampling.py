"""A fair sample of a register, and who looks at what: drawn from a seed, so that anybody can draw it again.

Plain Python that knows no rows. Proportional stratified sampling with at least one from each stratum (Cochran, Sampling
Techniques, 3rd ed. 1977, chapter 5). Only ``Random.random`` is used: it alone is promised to give the same numbers for
the same seed in every version of Python.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from random import Random

METHOD = 1  # goes up with any change below: it is kept with each sample


def draw(frame: Iterable[tuple[int, str]], size: int, seed: str) -> list[int]:
    """Return the ids of ``size`` activities (all, if there are fewer) out of ``frame``, (id, stratum) each, rising.

    The order of ``frame`` is of no matter.
    """
    ordered = sorted(frame)
    chance = Random(f"{seed}/draw")  # noqa: S311  a sample that can be drawn again, not a secret
    shares = share(Counter(stratum for _id, stratum in ordered), size, chance)
    drawn: list[int] = []
    for stratum in sorted(shares):
        members = _shuffled([each for each, its in ordered if its == stratum], chance)
        drawn += members[: shares[stratum]]
    return sorted(drawn)


def share(strata: Mapping[str, int], size: int, chance: Random) -> dict[str, int]:
    """Return how many of ``size`` each stratum (name -> number of members) gives; they add up to ``size``.

    In proportion, and where ``size`` allows at least one each: a stratum whose share is under one gives one, and the
    others share what is left. Parts of one go to the largest remainders; ties are broken by ``chance``.
    """
    size = min(size, sum(strata.values()))
    given, left = {}, dict(sorted(strata.items()))
    while size >= len(strata):
        rest, members = size - len(given), sum(left.values())
        small = [name for name, number in left.items() if rest * number < members]
        if not small:
            break
        for name in small:
            given[name] = 1
            del left[name]
    rest, members = size - len(given), sum(left.values())
    for name, number in left.items():
        given[name] = rest * number // members
    lots = {name: chance.random() for name in left}
    remainders = sorted(left, key=lambda name: (-(rest * left[name] % members), lots[name]))
    for name in remainders[: size - sum(given.values())]:
        given[name] += 1
    return given


def assign[Reviewer: Hashable](
    activities: Iterable[int], reviewers: Iterable[Reviewer], each: int, seed: str
) -> dict[Reviewer, list[int]]:
    """Return which activities each reviewer looks at, in the order in which they see them.

    Every activity goes to ``each`` different reviewers (all, if there are fewer); nobody has more than one more than
    anybody else. Each reviewer's order is a shuffle of its own, so it tells nothing.
    """
    people = sorted(reviewers)
    chance = Random(f"{seed}/assign")  # noqa: S311  as above
    given: dict[Reviewer, list[int]] = {person: [] for person in people}
    for activity in _shuffled(sorted(activities), chance):
        lots = {person: chance.random() for person in people}
        for person in sorted(people, key=lambda each: (len(given[each]), lots[each]))[:each]:
            given[person].append(activity)
    return {
        person: _shuffled(sorted(mine), Random(f"{seed}/order/{number}"))  # noqa: S311  as above
        for number, (person, mine) in enumerate(given.items())
    }


def _shuffled[Thing](things: Sequence[Thing], chance: Random) -> list[Thing]:
    lots = [chance.random() for _each in things]
    return [thing for _lot, _number, thing in sorted(zip(lots, range(len(things)), things, strict=True))]
