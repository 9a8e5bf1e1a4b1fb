"""One activity with all that is known of it, for its page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from django.db.models import Prefetch, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from framework.catalogue import ContestedKind, Mechanism, catalogue
from framework.classify import suggest
from framework.coverage import COUNTS, LIVE_MONTHS, months_before
from framework.questions import in_words
from involvement.access import Viewer
from involvement.actions.activities import DATE_WORDS, read_dates
from involvement.actions.base import today
from involvement.imports.columns import is_own
from involvement.models import (
    Activity,
    AskedAgain,
    Change,
    Classification,
    ConfirmedBatch,
    Organisation,
    Placement,
    Ruling,
    RunningConfirmation,
    Service,
)
from involvement.needs import open_of, still_needed, unsaid, unsaid_words
from involvement.registers import PART_ASKED, day, place_title
from involvement.states import STATE_CLASSES, STATE_MEANINGS, STATE_TITLES, State, in_force, with_state


@dataclass(frozen=True)
class GroupRow:
    """A group that an activity meant to include, as it may be shown: how many, never a number under five."""

    title: str
    reach: str
    support: str


@dataclass(frozen=True)
class WayRow:
    """One placement: the way, the part that people had, what is known of it, and what it still needs to count."""

    placement: Placement
    way: str
    place: str
    place_title: str
    part: str  # "" where no part is asked
    known: tuple[str, ...]
    needs: tuple[str, ...]


@dataclass(frozen=True)
class Reading:
    """A classification as the page tells it: claim, suggestion and agreed place are three facts."""

    classification: Classification
    claim: str
    suggested: str
    agreed: str
    agreed_place: str
    power: str
    contested: tuple[ContestedKind, ...]
    ways: tuple[WayRow, ...]
    answers: tuple[tuple[str, str], ...]  # question and answer, as they were given
    reasons: tuple[str, ...]  # why the answers point where they do
    answered_later: bool = False  # it gave way to one that says more, since somebody answered what was missing

    @property
    def from_words(self) -> bool:
        """Whether the suggestion came from its own words: nobody answered questions, and no list said its place."""
        return self.classification.batch_id is not None and not self.classification.answers

    @property
    def unsaid(self) -> str:
        """What nobody has said of it, in a few words: "who decides; when those who decide received it"."""
        placements = [way.placement for way in self.ways]
        own = open_of(placements, self.agreed_place)
        return unsaid_words(own or [slug for row in placements for slug in unsaid(row)])

    @property
    def differs(self) -> bool:
        """Whether it was placed elsewhere than the answers pointed."""
        return bool(self.classification.suggested_place) and (
            self.classification.suggested_place != self.classification.primary_place
        )


@dataclass(frozen=True)
class CountedHere:
    """How this organisation counts a contested kind, in words: "A patient group: as users"."""

    ruling: Ruling
    words: str


@dataclass(frozen=True)
class ActivityDetail:
    """All that one activity's page shows, as at today."""

    activity: Activity
    state: State
    state_title: str
    state_class: str
    state_sign: str
    state_meaning: str
    unread_words: list[str]
    reach: str
    named_services: list[Service]
    groups: list[GroupRow]
    mechanisms: list[Mechanism]
    supports: list[str]
    confirmations: list[tuple[RunningConfirmation, SaidBy]]
    reading: Reading | None
    earlier: list[Reading]
    rulings: list[CountedHere]
    changes: list[Change]
    asked_again: list[AskedAgain]
    hidden: bool  # the viewer is to review it blind: no reading, and of changes not which ways they speak for

    @property
    def is_choice(self) -> bool:
        """Whether it is placed where people choose for themselves: then somebody else may lose by it."""
        return self.reading is not None and any(
            COUNTS[way.place].options for way in self.reading.ways if way.place == self.reading.agreed_place
        )

    @property
    def unsaid(self) -> str:
        """What nobody has said of how people took part, "" when all is said or it has no place."""
        return self.reading.unsaid if self.reading else ""

    @property
    def place_words(self) -> str:
        """Return "As users", "Not involvement", or "" when it is not classified."""
        if self.reading is None:
            return ""
        place = catalogue().places.get(self.reading.agreed_place)
        return place.as_title if place else self.reading.agreed

    @property
    def asks_running(self) -> bool:
        """Whether "is it running today?" can be asked: not of what has ended, is still to start or was withdrawn."""
        activity = self.activity
        return (
            activity.withdrawn_on is None
            and activity.stated_status != Activity.StatedStatus.ENDED
            and not (activity.ended_on and activity.ended_on <= today())
            and not (activity.started_on and activity.started_on > today())
        )


class SaidBy(StrEnum):
    """Who stands behind an answer to "is it running today?"."""

    PERSON = "person"  # somebody who was asked
    LIST = "list"  # the list that the activity came in with: nobody was asked
    ROWS = "rows"  # somebody who was asked once, for all rows of a list without a date


def said_by(
    organisation: Organisation, activity: Activity, answers: Iterable[RunningConfirmation]
) -> dict[int, SaidBy]:
    """Return who stands behind each answer (its id). Two queries at most."""
    answers = list(answers)
    found = dict.fromkeys((each.pk for each in answers), SaidBy.PERSON)
    imported = organisation.imports.filter(pk=activity.imported_from_id).first() if activity.imported_from_id else None
    came = [each.pk for each in answers if imported and each.recorded_at <= imported.settled_at]
    if came:
        versions = Activity.history.model.objects.filter(organisation=organisation, id=activity.pk)
        stated = versions.order_by("history_id").values_list("stated_status", flat=True).first()
        asked = not stated and not is_own(imported.columns)
        found |= dict.fromkeys(came, SaidBy.ROWS if asked else SaidBy.LIST)
    return found


def fewer_than_five(count: int | None) -> str:
    """Return a count of people as it may be shown: a number under five could point to somebody."""
    if count is None:
        return ""
    return _("fewer than 5") if count < 5 else f"{count:,}"


def people_written(words: str) -> str:
    """Return the free text "how many people" as it may be shown: a bare number under five is not."""
    bare = words.strip()
    return fewer_than_five(int(bare)) if bare.isascii() and bare.isdigit() and len(bare) < 10 else words


def activity_detail(viewer: Viewer, activity: Activity) -> ActivityDetail:
    """Return everything for the page of ``activity``, which is the viewer's organisation's. At most 14 queries."""
    organisation, known = viewer.organisation, catalogue()
    mine = {"organisation": organisation, "activity": activity}
    hidden = activity.pk in viewer.hidden
    placements = Prefetch("placements", organisation.placements.all())
    classifications = (
        organisation.classifications.filter(**mine, kind=Classification.Kind.LEADER)
        .select_related("recorded_by", "voided_by", "batch")
        .prefetch_related(placements)
        .order_by("-id")
    )
    readings = [] if hidden else [reading_of(classification) for classification in classifications]
    answered = {
        each.classification.batch.recorded_at
        for each in readings
        if each.classification.batch and each.classification.batch.kind == ConfirmedBatch.Kind.ANSWERED
    }
    readings = [replace(each, answered_later=each.classification.void_at in answered) for each in readings]
    current = next((each for each in readings if in_force(each.classification, today())), None)
    confirmations = list(
        organisation.confirmations.standing().filter(**mine).select_related("recorded_by").order_by("-on", "-id")
    )
    behind = said_by(organisation, activity, confirmations)
    changes = list(
        organisation.changes.filter(**mine).prefetch_related(
            Prefetch("facets", organisation.change_facets.none() if hidden else organisation.change_facets.all()),
            Prefetch("evidence", organisation.evidence.select_related("file", "corroborator", "recorded_by")),
        )
    )
    named = organisation.services.filter(
        pk__in=organisation.activity_services.filter(activity=activity).values("service")
    )
    here = organisation.activities.filter(pk=activity.pk)
    state = State(with_state(here, organisation, today()).values_list("state", flat=True).get())
    return ActivityDetail(
        activity=activity,
        state=state,
        state_title=_("Still counted as live") if _is_over(activity, state) else str(STATE_TITLES[state]),
        state_class=STATE_CLASSES[state][0],
        state_sign=STATE_CLASSES[state][1],
        state_meaning=_state_meaning(state, activity, changes),
        unread_words=unread_dates(activity),
        reach=people_written(activity.reach),
        named_services=list(named) if activity.service_id is None else [],
        groups=_group_rows(organisation, activity),
        mechanisms=[known.mechanisms[slug] for slug in activity.mechanisms if slug in known.mechanisms],
        supports=[known.supports[slug] for slug in activity.support if slug in known.supports],
        confirmations=[(each, behind[each.pk]) for each in confirmations],
        reading=current,
        earlier=[each for each in readings if each is not current],
        rulings=_rulings(organisation, current),
        changes=changes,
        hidden=hidden,
        asked_again=list(organisation.asked_again.filter(activity=activity).select_related("recorded_by").order_by("on")),
    )


def _is_over(activity: Activity, state: State) -> bool:
    """Return whether an activity is live although it has ended: what ended lately counts for a while."""
    return state is State.LIVE and activity.ended_on is not None and activity.ended_on <= today()


def _state_meaning(state: State, activity: Activity, changes: list[Change]) -> str:
    """Return why the activity is in ``state``: one without an end has lapsed for want of anybody's word, one that
    ended lately is counted until the year after its end, or after the first answer to it, is over."""
    if state is State.LAPSED and activity.ended_on is None:
        return _("nobody has said in the last 12 months that it is running")
    if not _is_over(activity, state):
        return str(STATE_MEANINGS[state])
    answered = min((each.decided_on for each in changes if each.decided_on <= today()), default=activity.ended_on)
    seen = max(activity.ended_on, answered)
    said = (
        _("it ended by %(end)s, was first answered on %(seen)s, and is counted for 12 months more, until %(until)s")
        if seen > activity.ended_on
        else _("it ended by %(end)s, and is counted for 12 months after its end, until %(until)s")
    )
    return said % {"end": day(activity.ended_on), "seen": day(seen), "until": day(months_before(seen, -LIVE_MONTHS))}


def unread_dates(activity: Activity) -> list[str]:
    """Return the dates of an activity, as written, that could not be read."""
    dates = read_dates(**{name: getattr(activity, name) for name in DATE_WORDS})
    return [getattr(activity, name) for name in dates.unread]





def reading_of(classification: Classification) -> Reading:
    """Return a classification with its titles, its ways in framework order, and what each needs to count."""
    known = catalogue()
    rows = sorted(
        (row for row in classification.placements.all() if row.facet in known.facets),
        key=lambda row: known.facets[row.facet].order,
    )
    return Reading(
        classification=classification,
        claim=place_title(classification.claim),
        suggested=place_title(classification.suggested_place),
        agreed=place_title(classification.primary_place),
        agreed_place=classification.primary_place,
        power=known.powers.get(classification.power, ""),
        contested=tuple(
            known.contested_kinds[slug] for slug in classification.contested_kinds if slug in known.contested_kinds
        ),
        ways=tuple(_way(row) for row in rows),
        answers=in_words(classification.answers),
        reasons=suggest(classification.answers, placed=classification.primary_place).reasons
        if classification.answers and classification.suggested_place
        else (),
    )


def _way(row: Placement) -> WayRow:
    facet = catalogue().facets[row.facet]
    known = []
    if row.question:
        known.append(_("The question: %(question)s") % {"question": row.question})
    if row.decider:
        known.append(_("Who decides: %(body)s") % {"body": row.decider})
    if row.received_on:
        known.append(_("They received it on %(day)s") % {"day": day(row.received_on)})
    if row.heard is not None:
        known.append(_("The team responsible heard it") if row.heard else _("The team responsible did not hear it"))
    if row.options is not None:
        known.append(ngettext("%(count)d real option", "%(count)d real options", row.options) % {"count": row.options})
    if row.free_to_refuse is not None:
        known.append(_("People were free to say no") if row.free_to_refuse else _("People were not free to say no"))
    if row.as_group is not None:
        known.append(
            _("People acted as a group on a shared problem")
            if row.as_group
            else _("It was about one person’s own care")
        )
    return WayRow(
        placement=row,
        way=facet.title,
        place=facet.place,
        place_title=catalogue().places[facet.place].as_title,
        part=catalogue().parts[row.part] if row.facet in PART_ASKED else "",
        known=tuple(known),
        needs=still_needed(row),
    )


def _group_rows(organisation: Organisation, activity: Activity) -> list[GroupRow]:
    known = catalogue().groups
    rows = {row.group: row for row in organisation.activity_groups.filter(activity=activity)}
    return [GroupRow(title, fewer_than_five(rows[s].reach), rows[s].support) for s, title in known.items() if s in rows]


def _rulings(organisation: Organisation, reading: Reading | None) -> list[CountedHere]:
    """Return how this organisation counts the contested kinds of a reading today."""
    if reading is None or not reading.contested:
        return []
    rulings = organisation.rulings.filter(
        Q(until=None) | Q(until__gt=today()),
        contested_kind__in=[kind.slug for kind in reading.contested],
        from_on__lte=today(),
    )
    kinds = {kind.slug: kind.title for kind in reading.contested}
    return [CountedHere(each, f"{kinds[each.contested_kind]}: {place_title(each.place)}") for each in rulings]
