"""How a room chose, by perspective, so that nobody's choice can be told: counts in, groups that may be shown out.

Nothing here knows of a database. No group of under five people stands alone, and none can be found by subtracting
what is shown from the total.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

LEAST = 5  # people in a group that is shown apart
CITIZENS, STAFF, OTHERS = "citizens", "staff", "others"
SIDES = {
    "patient": CITIZENS, "carer": CITIZENS, "public": CITIZENS, "staff": STAFF, "board": STAFF, "other": OTHERS,
}  # fmt: skip


@dataclass(frozen=True)
class Group:
    """People who may be shown together: their perspectives (or sides), and place -> how many of them chose it."""

    of: tuple[str, ...]
    chose: Mapping[str, int]

    @property
    def people(self) -> int:
        return sum(self.chose.values())

    @property
    def most(self) -> tuple[str, int] | None:
        """The place that more chose than any other, and how many; None where two are level or nobody chose."""
        ranked = sorted(self.chose.items(), key=lambda each: -each[1])
        if not ranked or ranked[0][1] == 0 or (len(ranked) > 1 and ranked[0][1] == ranked[1][1]):
            return None
        return ranked[0]


@dataclass(frozen=True)
class Spread:
    """One card: everybody together, the groups that may be shown apart, and whether the room splits on it.

    ``whole`` is None where fewer than five people chose at all. The room splits where two sides that may be shown
    put most weight on different places, or where no place has more than half of everybody.
    """

    people: int
    whole: Group | None
    groups: tuple[Group, ...] = field(default=())
    sides: tuple[Group, ...] = field(default=())

    @property
    def splits(self) -> bool:
        if self.whole is None:
            return False
        heads = {group.most[0] if group.most else "" for group in self.sides}
        return len(heads) > 1 or self.whole.most is None or self.whole.most[1] * 2 <= self.people


def together(counts: Mapping[str, Mapping[str, int]]) -> tuple[Group, ...]:
    """Merge groups of under LEAST people, smallest first, until none is left; () where all together are fewer.

    ``counts`` is perspective -> place -> how many. The smallest group is merged with the next smallest: then neither a
    group shown nor the rest after subtracting those shown is of under five. Largest first.
    """
    groups = [((name,), _added([chose])) for name, chose in counts.items() if sum(chose.values())]
    groups.sort(key=lambda each: (sum(each[1].values()), each[0]))
    while len(groups) > 1 and sum(groups[0][1].values()) < LEAST:
        (first, one), (second, other), *rest = groups
        groups = [((*first, *second), _added([one, other])), *rest]
        groups.sort(key=lambda each: (sum(each[1].values()), each[0]))
    if groups and sum(groups[0][1].values()) < LEAST:
        return ()
    return tuple(Group(of, chose) for of, chose in reversed(groups))


def spread(counts: Mapping[str, Mapping[str, int]]) -> Spread:
    """Return what may be shown of one card: ``counts`` is perspective -> place -> how many.

    Groups lie within sides, since two ways to divide the same people would tell more than each alone.
    """
    whole = _added(counts.values())
    people = sum(whole.values())
    if people < LEAST:
        return Spread(people, None)
    by_side: dict[str, dict] = {}
    for perspective, chose in counts.items():
        by_side.setdefault(SIDES[perspective], {})[perspective] = chose
    sides = together({side: _added(each.values()) for side, each in by_side.items()})
    within = [{name: chose for each in side.of for name, chose in by_side[each].items()} for side in sides]
    groups = [group for each in within for group in together(each)]
    return Spread(people, Group(tuple(sorted(counts)), whole), tuple(groups), sides)


def _added(many: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for chose in many:
        for place, number in chose.items():
            total[place] = total.get(place, 0) + number
    return total
