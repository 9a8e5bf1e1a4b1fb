"""Challenges as they stand: who owes whom an answer, in which order they want one, and which cells they touch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from django.db.models import Prefetch, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from framework.catalogue import catalogue
from involvement.access import Viewer
from involvement.actions.base import today
from involvement.actions.challenging import cell_words
from involvement.models import Challenge, ChallengeStep

Step = ChallengeStep.Kind


class ChallengeState(StrEnum):
    OVERDUE = "overdue"
    WAITING = "waiting"
    ASKED = "asked"
    STANDING = "standing"
    ANSWERED = "answered"
    ACCEPTED = "accepted"
    CLOSED = "closed"


STATE_TITLES = {
    ChallengeState.OVERDUE: gettext_lazy("Reply overdue"),
    ChallengeState.WAITING: gettext_lazy("Waits for a reply"),
    ChallengeState.ASKED: gettext_lazy("The organisation asked something back"),
    ChallengeState.STANDING: gettext_lazy("Stands: they still disagree"),
    ChallengeState.ANSWERED: gettext_lazy("Answered, and not closed"),
    ChallengeState.ACCEPTED: gettext_lazy("Accepted"),
    ChallengeState.CLOSED: gettext_lazy("Closed by who made it"),
}
_ORDER = list(ChallengeState)


@dataclass(frozen=True)
class ChallengeRow:
    """One challenge as at a day. ``steps`` are those up to that day, the first first; ``due_on`` while one is owed."""

    challenge: Challenge
    state: ChallengeState
    steps: tuple[ChallengeStep, ...]
    due_on: date | None

    @property
    def state_title(self) -> str:
        return str(STATE_TITLES[self.state])

    @property
    def is_open(self) -> bool:
        return self.state not in (ChallengeState.ACCEPTED, ChallengeState.CLOSED)

    @property
    def overdue(self) -> bool:
        return self.state is ChallengeState.OVERDUE

    @property
    def owed(self) -> bool:
        """Whether the organisation owes a reply."""
        return self.state in (ChallengeState.OVERDUE, ChallengeState.WAITING)

    @property
    def about(self) -> str:
        """Return what it is about: an activity's title, or a cell with its service."""
        row = self.challenge
        if row.activity:
            return row.activity.title
        where = cell_words(row.place, row.facet)
        return f"{where}, {row.service.name}" if row.service else where

    @property
    def who(self) -> str:
        by = self.challenge.recorded_by
        return by.get_full_name() if by else str(_("a former member"))

    @property
    def reply(self) -> ChallengeStep | None:
        """Return the organisation's newest reply."""
        return next((step for step in reversed(self.steps) if step.kind in ChallengeStep.REPLIES), None)


def challenge_rows(
    viewer: Viewer, *, on: date | None = None, pk=None, activity: int | None = None
) -> list[ChallengeRow]:
    """Return the challenges that were made by ``on`` (today), what wants an answer first. Three queries.

    Those about an activity that the viewer is still to review blind are left out.
    """
    organisation, on = viewer.organisation, on or today()
    found = organisation.challenges.filter(made_on__lte=on).exclude(activity__in=viewer.hidden)
    if pk is not None:
        found = found.filter(pk=pk)
    if activity is not None:
        found = found.filter(activity=activity)
    steps = organisation.challenge_steps.filter(on__lte=on).select_related("recorded_by", "activity").order_by("id")
    dues = organisation.replies_due.filter(from_on__lte=on).order_by("id")
    found = found.select_related("activity", "service", "change", "response", "recorded_by").prefetch_related(
        Prefetch("steps", steps, to_attr="taken"), Prefetch("dues", dues, to_attr="owed")
    )
    rows = [_row(each, on) for each in found]
    return sorted(rows, key=lambda row: (_ORDER.index(row.state), row.due_on or date.max, row.challenge.made_on))


def _row(challenge: Challenge, on: date) -> ChallengeRow:
    steps = tuple(challenge.taken)
    due = next((each.due_on for each in challenge.owed if each.met_on is None or each.met_on > on), None)
    last = steps[-1].kind if steps else ""
    if challenge.closed_on is not None and challenge.closed_on <= on:
        accepted = any(step.kind == Step.ACCEPT for step in steps)
        state, due = (ChallengeState.ACCEPTED if accepted else ChallengeState.CLOSED), None
    elif due is not None:
        state = ChallengeState.OVERDUE if due < on else ChallengeState.WAITING
    elif last == Step.ASK:
        state = ChallengeState.ASKED
    else:
        state = ChallengeState.STANDING if last == Step.STAND else ChallengeState.ANSWERED
    return ChallengeRow(challenge, state, steps, due)


@dataclass(frozen=True)
class Marks:
    """How many open challenges touch each cell, and how many of these have a reply overdue: key -> (open, overdue).

    A key is a way ("owners/strategy") or a place as a whole ("owners").
    """

    cells: dict[str, tuple[int, int]]

    def words(self, place: str, facet: str) -> str:
        """Return "2 challenges, 1 reply overdue" for a tile, "" where nobody disagrees."""
        held = [self.cells.get(key, (0, 0)) for key in (place, facet)]
        number, overdue = (sum(each[n] for each in held) for n in (0, 1))
        if not number:
            return ""
        words = ngettext("%(n)d challenge", "%(n)d challenges", number) % {"n": number}
        if overdue:
            words += ", " + ngettext("%(n)d reply overdue", "%(n)d replies overdue", overdue) % {"n": overdue}
        return words


def marks(viewer: Viewer, *, on: date, rows: Iterable[ChallengeRow] | None = None) -> Marks:
    """Return which cells the challenges touch that are open on a day. Four queries, two with ``rows`` at hand."""
    rows = [row for row in (challenge_rows(viewer, on=on) if rows is None else rows) if row.is_open]
    organisation, known = viewer.organisation, catalogue()
    touched: dict[str, list[ChallengeRow]] = defaultdict(list)
    by_activity = defaultdict(list)
    for row in rows:
        if row.challenge.activity_id:
            by_activity[row.challenge.activity_id].append(row)
        else:
            touched[row.challenge.facet or row.challenge.place].append(row)
    readings = organisation.classifications.filter(
        Q(from_on=None) | Q(from_on__lte=on), Q(until=None) | Q(until__gt=on), kind="leader", void_at=None,
        activity__in=list(by_activity),
    )  # fmt: skip
    placed = organisation.placements.filter(classification__in=readings, classification__organisation=organisation)
    for facet, activity in placed.values_list("facet", "classification__activity"):
        if facet in known.facets:
            touched[facet] += by_activity[activity]
    return Marks({key: (len(found), sum(row.overdue for row in found)) for key, found in touched.items()})
