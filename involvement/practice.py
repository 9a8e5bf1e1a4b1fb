"""The read side of practising: one's own exercises, and how one's answers compare with others'."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from framework.catalogue import Case, ContestedKind, catalogue
from involvement.access import Permission, Viewer
from involvement.models import PractiseRun
from involvement.registers import place_title

A_GROUP = 5  # people: under it a spread could show what one of them answered


@dataclass(frozen=True)
class Compared:
    """One case: what I answered, what the framework says, the dispute if there is one, how the group answered."""

    case: Case
    mine: str
    mine_title: str
    ours: str
    kind: ContestedKind | None
    sides: tuple[tuple[str, str], ...]  # both arguments, place title and words
    argued: bool  # whether people who know the field argue for my answer too
    group: tuple[tuple[str, int], ...]  # place title and how many, the most first; () under A_GROUP people

    @property
    def same(self) -> bool:
        return self.mine == self.case.place


@dataclass(frozen=True)
class Exercise:
    """A finished exercise."""

    cases: tuple[Compared, ...]
    people: int  # who finished the same cases, oneself included

    @property
    def same(self) -> int:
        return sum(each.same for each in self.cases)

    @property
    def argued(self) -> int:
        return sum(each.argued for each in self.cases)

    @property
    def shows_group(self) -> bool:
        return self.people >= A_GROUP


def runs_of(viewer: Viewer) -> list[PractiseRun]:
    """Return the viewer's own exercises, the newest first. One query."""
    return list(viewer.organisation.practise_runs.filter(person=viewer.user))


def waits_for(viewer: Viewer) -> bool:
    """Return whether reviews wait that open only after an exercise. At most two queries."""
    if not viewer.may(Permission.REVIEW):
        return False
    tasks = viewer.organisation.review_tasks.filter(
        reviewer__person=viewer.user, reviewer__removed_on=None, round__closed_on=None, answered_at=None
    )
    if not viewer.organisation.practise_first:
        tasks = tasks.filter(round__practise_first=True)
    done = viewer.organisation.practise_runs.filter(person=viewer.user).exclude(finished_at=None)
    return tasks.exists() and not done.exists()


def compared(viewer: Viewer, run: PractiseRun) -> Exercise:
    """Return a finished exercise of the viewer's beside the framework's answers and the group's. One query."""
    known = {case.slug: case for case in catalogue().cases}
    first: dict[int, dict] = {}  # each person's first answers to these cases
    for other in viewer.organisation.practise_runs.exclude(finished_at=None).order_by("pk"):
        if set(other.cases) == set(run.cases):
            first.setdefault(other.person_id, other.answers)
    cases = [_compared(known[slug], run.answers[slug], first) for slug in run.cases if slug in known]
    return Exercise(tuple(cases), len(first))


def _compared(case: Case, mine: str, first: dict[int, dict]) -> Compared:
    kind = catalogue().contested_kinds.get(case.contested_kind)
    group = Counter(answers[case.slug] for answers in first.values()) if len(first) >= A_GROUP else Counter()
    return Compared(
        case=case,
        mine=mine,
        mine_title=place_title(mine),
        ours=place_title(case.place),
        kind=kind,
        sides=tuple((place_title(place), said) for place, said in kind.case_for) if kind else (),
        argued=mine != case.place and mine in case.contested,
        group=tuple((place_title(place), number) for place, number in group.most_common()),
    )
