"""The read side of review rounds: my queue, one activity before a reviewer, how far a round is, its results.

Until a round is closed nobody reads an answer in it, and until a reviewer has answered nothing here loads what the
organisation says of an activity: neither its place nor the ways that a change speaks for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, F, Prefetch, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from framework.catalogue import NOT_INVOLVEMENT, catalogue
from involvement.access import Viewer
from involvement.actions.base import today
from involvement.actions.reviewing import must_practise
from involvement.agreement import DIFFER, FEW, UNANSWERED, UNTOLD, Agreement, agreement, seen_in
from involvement.models import Activity, Change, Evidence, ReviewRound, ReviewTask, RoundActivity, RoundReviewer
from involvement.particulars import people_written
from involvement.registers import PART_ASKED, place_title

BEFORE_IT_ENDS = 7  # days: from then on a letter reminds of what is not answered
PLAIN_OUTCOMES = (Change.Outcome.CHANGED, Change.Outcome.PARTLY, Change.Outcome.REFUSED)  # the others name a place
NO_CLAIM = ""
COPRODUCERS = "coproducers"


@dataclass(frozen=True)
class Queue:
    """What one person was asked in one open round."""

    round: ReviewRound
    tasks: tuple[ReviewTask, ...]
    practise: bool  # whether they have to practise before

    @property
    def answered(self) -> int:
        return sum(task.answered_at is not None for task in self.tasks)

    @property
    def left(self) -> int:
        return len(self.tasks) - self.answered

    @property
    def next(self) -> ReviewTask | None:
        """The first that is not answered: one that was begun comes before the others."""
        open_ = [task for task in self.tasks if task.answered_at is None]
        return min(open_, key=lambda task: (not task.draft, task.position), default=None)


@dataclass(frozen=True)
class Progress:
    """How far a round is. Counts only: no answer, and nobody's share of any."""

    round: ReviewRound
    asked: int
    answered: int
    reviewers: tuple[tuple[RoundReviewer, int, int], ...] = ()  # who, asked, answered
    thin: int = 0  # activities at which fewer people look than were to

    @property
    def left(self) -> int:
        return self.asked - self.answered

    @property
    def is_over(self) -> bool:
        """Whether it is open past its day."""
        return self.round.closed_on is None and today() > self.round.due_on

    @property
    def may_close(self) -> bool:
        return self.round.closed_on is None and (self.is_over or not self.left)


def queues(viewer: Viewer) -> list[Queue]:
    """Return what waits for the viewer and what they have answered in open rounds. One query, two more with any."""
    tasks = (
        viewer.organisation.review_tasks.filter(
            reviewer__person=viewer.user, reviewer__removed_on=None, round__closed_on=None
        )
        .select_related("round", "activity")
        .order_by("round__due_on", "round", "position")
    )
    by_round: dict[ReviewRound, list[ReviewTask]] = {}
    for task in tasks:
        by_round.setdefault(task.round, []).append(task)
    return [Queue(each, tuple(mine), _practises(viewer, each)) for each, mine in by_round.items()]


def _practises(viewer: Viewer, round_: ReviewRound) -> bool:
    round_.organisation = viewer.organisation
    return must_practise(round_, viewer.user)


def rounds(viewer: Viewer) -> list[Progress]:
    """Return all rounds with how far they are, the newest first. One query."""
    counted = Q(tasks__organisation=viewer.organisation) & (
        Q(tasks__reviewer__removed_on=None) | Q(tasks__answered_at__isnull=False)
    )
    found = viewer.organisation.review_rounds.select_related("service", "recorded_by").annotate(
        asked=Count("tasks", filter=counted), answered=Count("tasks__answered_at", filter=counted)
    )
    found = found.order_by("-opened_on", "-pk")
    return [Progress(each, each.asked, each.answered) for each in found]


def progress(viewer: Viewer, round_: ReviewRound) -> Progress:
    """Return how far one round is, by reviewer. Two queries."""
    organisation = viewer.organisation
    rows = (
        organisation.round_reviewers.filter(round=round_)
        .select_related("person", "removed_by")
        .annotate(asked=Count("tasks"), answered=Count("tasks__answered_at"))
        .order_by("person__name", "pk")
    )
    people = tuple((row, row.answered if row.removed_on else row.asked, row.answered) for row in rows)
    looking = Count("activity__review_tasks", filter=Q(activity__review_tasks__round=round_) & (
        Q(activity__review_tasks__reviewer__removed_on=None) | Q(activity__review_tasks__answered_at__isnull=False)
    ))  # fmt: skip
    thin = organisation.round_activities.filter(round=round_).annotate(looking=looking).filter(looking__lt=round_.each)
    return Progress(
        round_, sum(asked for _row, asked, _answered in people), sum(answered for *_rest, answered in people), people,
        thin.count(),
    )  # fmt: skip


def waits_blind(viewer: Viewer, round_: ReviewRound) -> bool:
    """Return whether an activity of ``round_`` waits for the viewer in an open round: results would tell. One query."""
    return round_.drawn.filter(organisation=viewer.organisation, activity__in=viewer.hidden).exists()


# -- One activity before a reviewer -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Came:
    """What came of an activity, as a reviewer reads it: without the ways that it speaks for."""

    change: Change
    outcome: str  # "" where the kind of outcome alone would name a place
    evidence: tuple[str, ...]


@dataclass(frozen=True)
class Facts:
    """What is on record of an activity, without what anybody says that it was."""

    activity: Activity
    services: tuple[str, ...]
    reach: str
    supports: tuple[str, ...]
    came: tuple[Came, ...]


def facts(viewer: Viewer, activity: Activity) -> Facts:
    """Return what a reviewer may read of an activity before they answer. Three queries at most."""
    organisation, known = viewer.organisation, catalogue()
    fields = (
        "asked", "decision_point", "outcome", "what", "why", "decided_on", "told_on", "told_by", "activity",
        "organisation",
    )  # fmt: skip
    standing = organisation.evidence.filter(withdrawn_on=None).only("kind", "change", "organisation")
    rows = organisation.changes.filter(activity=activity).only(*fields)
    changes = rows.prefetch_related(Prefetch("evidence", standing, to_attr="standing"))
    named = organisation.services.filter(
        pk__in=organisation.activity_services.filter(activity=activity).values("service")
    )
    services = (activity.service.name,) if activity.service else tuple(each.name for each in named)
    return Facts(
        activity=activity,
        services=services,
        reach=people_written(activity.reach),
        supports=tuple(known.supports[slug] for slug in activity.support if slug in known.supports),
        came=tuple(
            Came(
                each,
                each.get_outcome_display() if each.outcome in PLAIN_OUTCOMES else "",
                tuple(dict.fromkeys(str(Evidence.Kind(row.kind).label) for row in each.standing)),
            )
            for each in changes
        ),
    )


# -- What came out ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Answer:
    """One reviewer's answer, without their name."""

    place: str  # "" for "cannot tell"
    title: str
    reason: str
    missing: str
    ways: tuple[tuple[str, str], ...]  # (facet key, part)


@dataclass(frozen=True)
class Reviewed:
    """One activity of a round: what the organisation said when it was opened, and what patient leaders say."""

    activity: Activity
    service: str
    place: str
    claim: str
    ways: tuple[tuple[str, str], ...]
    answers: tuple[Answer, ...]
    took_part: tuple[Answer, ...]  # of those who were part of it, apart

    @property
    def told(self) -> list[str]:
        """The places that were named by those who could tell."""
        return [answer.place for answer in self.answers if answer.place]

    @property
    def seen(self) -> str:
        return seen_in(answer.place or None for answer in self.answers)

    @property
    def seen_title(self) -> str:
        return seen_title(self.seen)

    @property
    def place_title(self) -> str:
        return place_title(self.place)

    @property
    def claim_title(self) -> str:
        return place_title(self.claim)

    @property
    def elsewhere(self) -> int:
        """How many of those who could tell place it elsewhere than the organisation."""
        return sum(place != self.place for place in self.told)

    @property
    def tally(self) -> list[tuple[str, int]]:
        """Places with how many named them, the most first; then those who could not tell."""
        counted = Counter(self.told).most_common()
        untold = len(self.answers) - len(self.told)
        return [(place_title(place), number) for place, number in counted] + (
            [(_("Cannot tell"), untold)] if untold else []
        )

    @property
    def missing(self) -> list[str]:
        return [answer.missing for answer in (*self.answers, *self.took_part) if answer.missing]

    @property
    def reasons(self) -> list[tuple[str, str]]:
        return [(answer.title, answer.reason) for answer in self.answers if answer.reason]


@dataclass(frozen=True)
class Row:
    """A row of a table: what the organisation says, then in how many activities patient leaders see what."""

    slug: str
    title: str
    total: int
    cells: tuple[int, ...]
    same: int
    compared: int  # activities of which there is an answer to compare

    @property
    def few(self) -> bool:
        return self.compared < FEW

    @property
    def percent(self) -> int:
        return round(100 * self.same / self.compared)

    @property
    def said(self) -> str:
        """Say in how many activities the organisation names this place."""
        if self.slug == NOT_INVOLVEMENT:
            words = ngettext("The organisation says that %(n)d of these is not involvement.",
                             "The organisation says that %(n)d of these are not involvement.", self.total)
        else:
            words = ngettext("The organisation places %(n)d of these as %(place)s.",
                             "The organisation places %(n)d of these as %(place)s.", self.total)
        return words % {"n": self.total, "place": self.title.lower()}

    @property
    def agreed(self) -> str:
        """Say in how many of these patient leaders see the same."""
        return _("Patient leaders see the same in %(n)d.") % {"n": self.same}


@dataclass(frozen=True)
class Way:
    """A way to take part: in how many activities the organisation names it, patient leaders do, and both."""

    title: str
    place: str
    ours: int
    theirs: int
    both: int


@dataclass(frozen=True)
class Results:
    """All that came out of a closed round."""

    activities: tuple[Reviewed, ...]  # the largest differences first
    columns: tuple[str, ...]
    by_place: tuple[Row, ...]
    by_claim: tuple[Row, ...]
    ways: tuple[Way, ...]
    parts: tuple[Row, ...]  # the part that people had, answer by answer
    part_columns: tuple[str, ...]
    among: Agreement  # patient leaders with one another
    with_us: Agreement  # what they see together, with what the organisation says

    @property
    def called(self) -> Row | None:
        """What is called coproduction, if any of it could be compared."""
        return next((row for row in self.by_claim if row.slug == COPRODUCERS and row.compared), None)

    @property
    def sentences(self) -> list[tuple[str, str]]:
        """What the organisation says, and how far patient leaders see the same: coproduction by name first."""
        named, called = [], self.called
        if called:
            words = ngettext("The organisation calls %(n)d of these coproduction.",
                             "The organisation calls %(n)d of these coproduction.", called.total)
            named = [(words % {"n": called.total},
                      _("Patient leaders see coproduction in %(n)d.") % {"n": called.same})]
        return named + [(row.said, row.agreed) for row in self.by_place if row.compared]

    @property
    def untold(self) -> list[Reviewed]:
        return [each for each in self.activities if each.missing]

    @property
    def took_part(self) -> list[Reviewed]:
        return [each for each in self.activities if each.took_part]


def seen_title(seen: str) -> str:
    """Return in words where patient leaders see an activity."""
    words = {DIFFER: _("They differ"), UNTOLD: _("They cannot tell"), UNANSWERED: _("Nobody answered")}
    return words.get(seen) or place_title(seen)


def results(viewer: Viewer, round_: ReviewRound) -> Results:
    """Return what came out of a closed round. Five queries, whatever its size. PermissionError while it is open."""
    if round_.closed_on is None:
        raise PermissionError("nobody reads answers of a round that is open")
    activities = sorted(_reviewed(viewer, round_), key=_difference)
    found = {each.seen for each in activities}
    seen = (*catalogue().places, NOT_INVOLVEMENT, *(each for each in (DIFFER, UNTOLD, UNANSWERED) if each in found))
    places = (*catalogue().places, NOT_INVOLVEMENT)
    return Results(
        activities=tuple(activities),
        columns=tuple(seen_title(each) for each in seen),
        by_place=_table(activities, places, seen, "place"),
        by_claim=_table(activities, (*places, NO_CLAIM), seen, "claim"),
        ways=_ways(activities),
        parts=_parts(activities),
        part_columns=tuple(catalogue().parts.values()),
        among=agreement(each.told for each in activities),
        with_us=agreement([each.place, each.seen] for each in activities if each.seen in places),
    )


@dataclass(frozen=True)
class Seen:
    """A closed round in a line: in how many of the activities that could be compared reviewers see the same place."""

    round: ReviewRound
    same: int
    compared: int


def last_seen(viewer: Viewer) -> Seen | None:
    """Return what came out of the round that was closed last. One query, six where there is one."""
    round_ = viewer.organisation.review_rounds.exclude(closed_on=None).order_by("-closed_on", "-pk").first()
    if round_ is None:
        return None
    rows = results(viewer, round_).by_place
    return Seen(round_, sum(row.same for row in rows), sum(row.compared for row in rows))


def _difference(each: Reviewed) -> tuple:
    told = len(each.told)
    settled = each.seen not in (each.place, DIFFER, UNTOLD, UNANSWERED)
    return not settled, -(each.elsewhere / told if told else 0), -each.elsewhere, each.activity.title, each.activity.pk


def _reviewed(viewer: Viewer, round_: ReviewRound) -> Iterable[Reviewed]:
    organisation = viewer.organisation
    placements = Prefetch("classification__placements", organisation.placements.all())
    drawn: QuerySet[RoundActivity] = (
        organisation.round_activities.filter(round=round_)
        .select_related("activity__service", "classification")
        .prefetch_related(placements)
    )
    tasks = organisation.review_tasks.filter(round=round_, answered_at__isnull=False)
    answers: dict[int, list[ReviewTask]] = {}
    for task in tasks.select_related("classification").prefetch_related(placements).order_by("pk"):
        answers.setdefault(task.activity_id, []).append(task)
    for row in drawn:
        given = answers.get(row.activity_id, [])
        yield Reviewed(
            activity=row.activity,
            service=row.activity.service.name if row.activity.service else _("Trust-wide"),
            place=row.classification.primary_place,
            claim=row.classification.claim,
            ways=_named(row.classification),
            answers=tuple(_answer(task) for task in given if not task.took_part),
            took_part=tuple(_answer(task) for task in given if task.took_part),
        )


def _named(classification) -> tuple[tuple[str, str], ...]:
    return tuple((row.facet, row.part) for row in classification.placements.all()) if classification else ()


def _answer(task: ReviewTask) -> Answer:
    reading = task.classification
    place = reading.primary_place if reading else ""
    return Answer(
        place, place_title(place) or _("Cannot tell"), reading.reason if reading else "", task.missing, _named(reading)
    )


def _table(activities: list[Reviewed], said: Iterable[str], seen: tuple[str, ...], field: str) -> tuple[Row, ...]:
    found = []
    for slug in said:
        mine = [each for each in activities if getattr(each, field) == slug]
        if mine:
            counted = Counter(each.seen for each in mine)
            compared = sum(number for each, number in counted.items() if each not in (UNTOLD, UNANSWERED))
            title = place_title(slug) or _("Nothing is on record")
            found.append(
                Row(
                    slug, title, len(mine), tuple(counted[each] for each in seen), counted[slug] if slug else 0,
                    compared,
                )  # fmt: skip
            )
    return tuple(found)


def _ways(activities: list[Reviewed]) -> tuple[Way, ...]:
    """Return the ways on which they differ: a way is theirs where more than half of those who could tell name it."""
    ours, theirs, both = Counter(), Counter(), Counter()
    for each in activities:
        told = [answer for answer in each.answers if answer.place]
        if not told:
            continue
        named = Counter(facet for answer in told for facet, _part in answer.ways)
        mine, seen = {facet for facet, _part in each.ways}, {f for f, number in named.items() if 2 * number > len(told)}
        ours.update(mine)
        theirs.update(seen)
        both.update(mine & seen)
    facets = catalogue().facets
    return tuple(
        Way(facet.title, facet.place, ours[key], theirs[key], both[key])
        for key, facet in facets.items()
        if ours[key] != both[key] or theirs[key] != both[key]
    )


def _parts(activities: list[Reviewed]) -> tuple[Row, ...]:
    """Return, for ways that both name, the part that the organisation says people had, and what each reviewer says."""
    parts = catalogue().parts
    pairs = Counter(
        (part, dict(answer.ways)[facet])
        for each in activities
        for facet, part in each.ways
        if facet in PART_ASKED
        for answer in each.answers
        if facet in dict(answer.ways)
    )
    found = []
    for part, title in parts.items():
        cells = tuple(pairs[part, other] for other in parts)
        if sum(cells):
            found.append(Row(part, title, sum(cells), cells, pairs[part, part], sum(cells)))
    return tuple(found)


# -- What waits -------------------------------------------------------------------------------------------------------


def left_for(viewer: Viewer) -> tuple[int, date | None]:
    """Return how many reviews wait for the viewer, and the first day by which. One query."""
    mine = viewer.organisation.review_tasks.filter(
        reviewer__person=viewer.user, reviewer__removed_on=None, round__closed_on=None, answered_at=None
    ).values_list(F("round__due_on"), flat=True)
    days = list(mine)
    return len(days), min(days, default=None)


def to_close(viewer: Viewer, on: date) -> list[ReviewRound]:
    """Return the rounds that the viewer opened and that are open past their day. One query."""
    return list(viewer.organisation.review_rounds.filter(recorded_by=viewer.user, closed_on=None, due_on__lt=on))
