"""How far people agree where activities belong: counts, Krippendorff's alpha, and an interval around it.

Plain data in, no rows. An answer is the slug of a place. Alpha is 1 where all agree and 0 where they agree as often as
chance would have it (Krippendorff, Content Analysis, 4th ed. 2018, chapter 12; Hayes and Krippendorff 2007). The
library says what it is; the bootstrap over activities says how far it could be another with other activities.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

AGAIN = 2_000  # times that activities are drawn anew for the interval
FEW = 10  # activities: under it figures say more than they know, so pages show the activities themselves

DIFFER, UNTOLD, UNANSWERED = "differ", "untold", "unanswered"


@dataclass(frozen=True)
class Agreement:
    """How far people agree. ``alpha`` None where there is none, and ``why`` says so: "few", "one-each" or "all-same".

    ``pairs`` is the number of pairs of answers on one activity, ``agreeing`` of those that say the same. ``low`` and
    ``high`` bound the middle 95 per cent of what other draws of activities would have given.
    """

    activities: int  # with at least two answers
    pairs: int
    agreeing: int
    alpha: float | None
    low: float | None = None
    high: float | None = None
    why: str = ""


def seen_in(answers: Iterable[str | None]) -> str:
    """Return the place in which more than half of those who could tell see an activity; None is "cannot tell".

    DIFFER where no place has more than half, UNTOLD where most could not tell, UNANSWERED where nobody answered: one
    answer among three is no agreement.
    """
    said = list(answers)
    told = Counter(answer for answer in said if answer is not None)
    if not said:
        return UNANSWERED
    if 2 * told.total() < len(said):
        return UNTOLD
    place, number = told.most_common(1)[0]
    return place if 2 * number > told.total() else DIFFER


def agreement(units: Iterable[Sequence[str]], *, few: int = FEW) -> Agreement:
    """Return how far answers on the same activity agree: ``units`` holds the answers on each.

    An activity with one answer says nothing of agreement and is left out. With under ``few`` activities there is no
    alpha and no interval.
    """
    pairable = [Counter(unit) for unit in units if len(unit) > 1]
    pairs = sum(unit.total() * (unit.total() - 1) // 2 for unit in pairable)
    agreeing = sum(number * (number - 1) // 2 for unit in pairable for number in unit.values())
    found = (len(pairable), pairs, agreeing)
    if not pairable:
        return Agreement(*found, None, why="one-each")
    if len(pairable) < few:
        return Agreement(*found, None, why="few")
    values = sorted(set().union(*pairable))
    if len(values) < 2:
        return Agreement(*found, None, why="all-same")
    from involvement.alpha import alpha, interval, table

    counts = table([[unit[value] for value in values] for unit in pairable])
    return Agreement(*found, alpha(counts), *interval(counts))


def level(value: float) -> str:
    """Return how sure one may be of what is drawn from answers with this alpha: "good", "fair" or "poor".

    Krippendorff (2018, chapter 12): rely on 0.8 and more, draw tentative conclusions from 0.667.
    """
    return "good" if value >= 0.8 else "fair" if value >= 0.667 else "poor"
