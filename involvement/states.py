"""Where an activity stands in time, and which of its classifications holds: as at a day, in the database."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from django.db.models import Case, FilteredRelation, OuterRef, Q, QuerySet, Subquery, Value, When
from django.utils.translation import gettext_lazy

from framework.coverage import LIVE_MONTHS, months_before
from involvement.models import Activity, Classification, Organisation


class State(StrEnum):
    """Where an activity stands in time at a day."""

    LIVE = "live"
    PLANNED = "planned"
    LAPSED = "lapsed"
    NOT_DATED = "not-dated"


STATE_TITLES = {
    State.LIVE: gettext_lazy("Live"),
    State.PLANNED: gettext_lazy("Planned"),
    State.LAPSED: gettext_lazy("Lapsed"),
    State.NOT_DATED: gettext_lazy("Not dated"),
}
STATE_MEANINGS = {
    State.LIVE: gettext_lazy("it ran, or was answered, in the last 12 months"),
    State.PLANNED: gettext_lazy("it has not started yet"),
    State.LAPSED: gettext_lazy("nothing in the last 12 months"),
    State.NOT_DATED: gettext_lazy("nobody has said when it ran, so it fills nothing on the map"),
}
STATE_CLASSES = {  # the sign and colour of the map's status that says the same
    State.LIVE: ("is-in-place", "✓"),
    State.PLANNED: ("is-planned", "+"),
    State.LAPSED: ("is-lapsed", "–"),
    State.NOT_DATED: ("is-none-recorded", "·"),
}


def with_state(activities: QuerySet[Activity], organisation: Organisation, as_at: date) -> QuerySet[Activity]:
    """Add ``state`` (a State) as at a day: the rules "live at D" of /framework/rules/, in the database.

    An open activity is live through its newest sighting (its start, or a person's "yes, it is running") in the last
    12 months, unless the newest answer was "no"; an ended one through its end or the first answer to it. A "no" about
    what was never sighted leaves it not dated. maps.STATE says the same for the map, and a test holds the two together.
    """
    ago = months_before(as_at, LIVE_MONTHS)
    answers = organisation.confirmations.standing().filter(activity=OuterRef("pk"), on__lte=as_at)
    decided = organisation.changes.filter(activity=OuterRef("pk"), decided_on__lte=as_at)
    activities = activities.annotate(
        newest_answer=Subquery(answers.order_by("-on", "-id").values("running")[:1]),
        last_seen=Subquery(answers.filter(running=True).order_by("-on").values("on")[:1]),
        first_decided=Subquery(decided.order_by("decided_on").values("decided_on")[:1]),
    )
    ended, is_open = Q(ended_on__lte=as_at), Q(ended_on=None) | Q(ended_on__gt=as_at)
    not_denied = Q(newest_answer=None) | Q(newest_answer=True)
    seen_lately = Q(started_on__gt=ago, started_on__lte=as_at) | Q(last_seen__gt=ago)
    begun = Q(started_on__lte=as_at) | Q(started_on=None) & (ended | Q(last_seen__isnull=False))
    undated = Q(started_on=None, ended_on=None, newest_answer=None)
    return activities.annotate(
        state=Case(
            When(Q(started_on__gt=as_at), then=Value(State.PLANNED.value)),
            When(
                Q(newest_answer=False, ended_on=None, started_on=None, last_seen=None),
                then=Value(State.NOT_DATED.value),
            ),
            When(ended & (Q(ended_on__gt=ago) | Q(first_decided__gt=ago)), then=Value(State.LIVE.value)),
            When(is_open & not_denied & seen_lately, then=Value(State.LIVE.value)),
            When(begun, then=Value(State.LAPSED.value)),
            When(undated & Q(stated_status=Activity.StatedStatus.PLANNED), then=Value(State.PLANNED.value)),
            default=Value(State.NOT_DATED.value),
        )
    )


def with_reading(activities: QuerySet[Activity], organisation: Organisation, as_at: date) -> QuerySet[Activity]:
    """Join each activity to the leader's classification in force at a day, as ``reading``: never more than one."""
    return activities.annotate(
        reading=FilteredRelation(
            "classifications",
            condition=Q(classifications__organisation=organisation)
            & Q(classifications__kind="leader")
            & Q(classifications__void_at=None)
            & (Q(classifications__from_on=None) | Q(classifications__from_on__lte=as_at))
            & (Q(classifications__until=None) | Q(classifications__until__gt=as_at)),
        )
    )


def in_force(classification: Classification, as_at: date) -> bool:
    """Return whether a classification holds at a day: not void, and the day lies in its interval."""
    return (
        classification.void_at is None
        and (classification.from_on is None or classification.from_on <= as_at)
        and (classification.until is None or classification.until > as_at)
    )
