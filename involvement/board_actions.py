"""What was agreed to be done, as at a day: open, overdue, done, dropped, and what lapsed again since it was done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from django.db.models import Prefetch
from django.utils.translation import gettext_lazy as _

from framework.catalogue import Facet, Place, catalogue
from framework.coverage import LIVE_MONTHS, Cell, Status, months_before
from involvement.access import Viewer
from involvement.maps import WHOLE, OrganisationMap
from involvement.models import Action, ActionStep


class ActionState(StrEnum):
    OPEN = "open"
    REOPENED = "reopened"
    DONE = "done"
    DROPPED = "dropped"


STATE_TITLES = {
    ActionState.OPEN: _("Open"),
    ActionState.REOPENED: _("Reopened"),
    ActionState.DONE: _("Done"),
    ActionState.DROPPED: _("Dropped"),
}
_AFTER = {
    ActionStep.Kind.SET: ActionState.OPEN,
    ActionStep.Kind.REOPENED: ActionState.REOPENED,
    ActionStep.Kind.DONE: ActionState.DONE,
    ActionStep.Kind.DROPPED: ActionState.DROPPED,
}


@dataclass(frozen=True)
class ActionRow:
    """One action as at a day. ``steps`` are those up to that day, the first first."""

    action: Action
    place: Place
    facet: Facet | None
    state: ActionState
    due_on: date
    overdue: bool
    set_on: date
    closed_on: date | None
    steps: tuple[ActionStep, ...]
    lapsed_again: bool  # done, and its cell has lapsed since: shown as reopened though nobody has written it down

    @property
    def is_open(self) -> bool:
        return self.state in (ActionState.OPEN, ActionState.REOPENED)

    @property
    def state_title(self) -> str:
        return str(STATE_TITLES[self.state])

    @property
    def about(self) -> str:
        """Return where it belongs: "Owners: strategy"."""
        return f"{self.place.title}: {self.facet.title.lower()}" if self.facet else self.place.title

    def speaks_to(self, service: int | None, place: str, facet: str) -> bool:
        """Return whether this is about the gap: the same cell, or a way of a place that is empty as a whole."""
        return (self.action.service_id, self.action.place) == (service, place) and facet in ("", self.action.facet)

    @property
    def evidence(self) -> ActionStep | None:
        """Return the step that shows it done, when it is done."""
        return self.steps[-1] if self.steps[-1].kind == ActionStep.Kind.DONE else None


def action_rows(
    viewer: Viewer, *, on: date, organisation_map: OrganisationMap | None = None, pk: int | None = None
) -> tuple[ActionRow, ...]:
    """Return the actions set by the day ``on``, by the day they are due; only the one with ``pk`` when it is given.

    With the ``organisation_map`` of that day (of the whole organisation), what is done and has lapsed since is shown
    as reopened; without it, only what somebody wrote down. Two queries, whatever there is.
    """
    organisation = viewer.organisation
    steps = Prefetch(
        "steps",
        organisation.action_steps.filter(on__lte=on).select_related("recorded_by", "file").order_by("id"),
        to_attr="taken",
    )
    actions = organisation.actions.select_related("service", "owner_user", "recorded_by", "response")
    if pk is not None:
        actions = actions.filter(pk=pk)
    rows = [action_row(action, action.taken, on, organisation_map) for action in actions.prefetch_related(steps)]
    return tuple(sorted((row for row in rows if row is not None), key=lambda row: (row.due_on, row.action.pk)))


def action_row(
    action: Action, steps: Iterable[ActionStep], on: date, organisation_map: OrganisationMap | None = None
) -> ActionRow | None:
    """Return an action as at ``on`` from its ``steps`` up to that day, in their order; None before it was set."""
    steps = tuple(steps)
    if not steps:
        return None
    states = [_AFTER[step.kind] for step in steps if step.kind in _AFTER]
    state, last = states[-1], [step for step in steps if step.kind in _AFTER][-1]
    lapsed = (
        state is ActionState.DONE
        and organisation_map is not None
        and lapsed_since(organisation_map, action, done_on=last.on)
    )
    due_on = [step.due_on for step in steps if step.due_on][-1]
    state = ActionState.REOPENED if lapsed else state
    is_open = state in (ActionState.OPEN, ActionState.REOPENED)
    return ActionRow(
        action=action,
        place=catalogue().places[action.place],
        facet=catalogue().facets.get(action.facet),
        state=state,
        due_on=due_on,
        overdue=is_open and due_on < on,
        set_on=steps[0].on,
        closed_on=None if is_open else last.on,
        steps=steps,
        lapsed_again=lapsed,
    )


def lapsed_since(organisation_map: OrganisationMap, action: Action, *, done_on: date) -> bool:
    """Return whether the cell of ``action`` was still live when it was done, or later, and has lapsed at the map's day.

    A place as a whole has lapsed when none of its ways holds anything live and one of them has lapsed.
    """
    cells = [
        cell
        for cell in organisation_map.by_scope.get(action.service_id or WHOLE, ())
        if cell.place == action.place and action.facet in ("", cell.facet)
    ]
    if not cells or any(cell.activities for cell in cells):
        return False
    return any(_lapsed(cell, done_on) for cell in cells)


def _lapsed(cell: Cell, done_on: date) -> bool:
    """Return whether a cell that is empty now was live on ``done_on`` or after: last seen less than a year before."""
    live_then = cell.last_live is not None and cell.last_live > months_before(done_on, LIVE_MONTHS)
    return cell.status is Status.LAPSED and live_then
