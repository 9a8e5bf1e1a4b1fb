"""Which worked cases people practise on: sets of twelve, the same for everybody, so that a group can be compared."""

from __future__ import annotations

from random import Random

from framework.catalogue import NOT_INVOLVEMENT, Case, catalogue

SEED = "practise/1"
SET = {"owners": 3, "users": 3, "choosers": 2, "coproducers": 3, NOT_INVOLVEMENT: 1}  # cases of each place
NUMBER = sum(SET.values())
MINUTES = 20


def cases_of_set(number: int) -> list[Case]:
    """Return the ``number``-th set of cases (from 0; after the last comes the first), in the framework's order.

    Of every place disputed and undisputed cases take turns, as long as there are both.
    """
    chosen = []
    for place, many in SET.items():
        known = _mixed(place)
        chosen += [known[(number * many + at) % len(known)] for at in range(many)]
    return sorted(chosen, key=catalogue().cases.index)


def _mixed(place: str) -> list[Case]:
    chance = Random(f"{SEED}/{place}")  # noqa: S311  a set that stays the same, not a secret
    known = {case.slug: case for case in catalogue().cases_of(place)}
    ordered = [known[slug] for _lot, slug in sorted((chance.random(), slug) for slug in sorted(known))]
    sides = [[case for case in ordered if case.is_contested is disputed] for disputed in (True, False)]
    longest = max(map(len, sides))
    return [side[at] for at in range(longest) for side in sides if at < len(side)]


def order(slugs: list[str], seed: str) -> list[str]:
    """Return ``slugs`` in an order of the seed's own: nobody can count on the places taking turns."""
    chance = Random(f"{seed}/order")  # noqa: S311  as above
    return [slug for _lot, slug in sorted((chance.random(), slug) for slug in slugs)]
