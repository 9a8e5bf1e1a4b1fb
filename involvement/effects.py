"""What people changed lately, what was refused, and what rests on the organisation's word only: for the front page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import Case, IntegerField, Max, Q, Value, When

from framework.coverage import LIVE_MONTHS, months_before
from involvement.access import Viewer
from involvement.models import Change

SHOWN, MORE = 3, 20
DOCUMENT = 2  # from this grade on something beside our word shows it


@dataclass(frozen=True)
class Effects:
    """What was decided in the last 12 months after people had their say. The lists hold the newest, twenty at most.

    ``changed`` have a document or people behind them; ``only_said`` changed by the organisation's word alone.
    """

    changed: tuple[Change, ...]
    changed_more: tuple[Change, ...]
    changed_count: int
    confirmed_count: int  # of the changed, confirmed by people
    only_said: tuple[Change, ...]
    only_said_count: int
    refused: tuple[Change, ...]  # with a reason, and people were told
    refused_count: int
    since: date

    def __bool__(self) -> bool:
        return bool(self.changed_count or self.only_said_count or self.refused_count)


def effects(viewer: Viewer, *, on: date) -> Effects:
    """Return the effects of the 12 months before ``on``, newest first. One query, whatever the register holds."""
    since = months_before(on, LIVE_MONTHS)
    stands = Q(evidence__organisation=viewer.organisation, evidence__withdrawn_on=None)
    grade = Case(
        When(stands & Q(evidence__kind="corroboration"), then=Value(3)),
        When(stands & Q(evidence__kind="document"), then=Value(DOCUMENT)),
        default=Value(0),
        output_field=IntegerField(),
    )
    decided = list(
        viewer.organisation.changes.filter(decided_on__gt=since, decided_on__lte=on)
        .filter(activity__organisation=viewer.organisation, activity__withdrawn_on=None)
        .exclude(activity__in=viewer.hidden)
        .filter(Q(outcome__in=("changed", "partly")) | Q(outcome="refused", told_on__lte=on))
        .annotate(shown_by=Max(grade))
        .select_related("activity")
        .order_by("-decided_on", "-id")
    )
    moved = [each for each in decided if each.outcome != Change.Outcome.REFUSED]
    changed = [each for each in moved if each.shown_by >= DOCUMENT]
    refused = [each for each in decided if each.outcome == Change.Outcome.REFUSED]
    only_said = [each for each in moved if each.shown_by < DOCUMENT]
    return Effects(
        changed=tuple(changed[:SHOWN]),
        changed_more=tuple(changed[SHOWN:SHOWN + MORE]),
        changed_count=len(changed),
        confirmed_count=sum(each.shown_by > DOCUMENT for each in changed),
        only_said=tuple(only_said[:MORE]),
        only_said_count=len(only_said),
        refused=tuple(refused[:MORE]),
        refused_count=len(refused),
        since=since,
    )
