"""What waits for the person who looks, and what happened lately: a fixed number of queries, whatever the register."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.core.cache import cache
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from involvement import drawing
from involvement.access import Permission, Viewer
from involvement.board_actions import action_rows
from involvement.challenges import ChallengeRow
from involvement.completeness import PlaceSaid
from involvement.duplicates import number_alike
from involvement.later import asked_again
from involvement.models import Classification, ConfirmedBatch, Response
from involvement.registers import day, lacking
from involvement.reviews import left_for, to_close
from involvement.workshops import cards_waiting

LATELY = 30  # days


@dataclass(frozen=True)
class Waiting:
    """One thing to do: a sentence and where to do it."""

    words: str
    href: str


def waiting_for(
    viewer: Viewer, organisation_map, said: tuple[PlaceSaid, ...], challenges: list[ChallengeRow], *, on: date
) -> tuple[Waiting, ...]:
    """Return what the viewer's roles let them do now, the most urgent first. At most eight queries."""
    org = viewer.organisation
    found: list[Waiting] = []

    def add(number: int, one: str, many: str, href: str) -> None:
        if number:
            found.append(Waiting(ngettext(one, many, number) % {"n": number}, href))

    mine = viewer.may(Permission.CHALLENGE)
    counts = organisation_map.activities
    gaps = drawing.gaps_address(org)
    complete = reverse("complete", args=[org.slug])
    if viewer.may(Permission.REVIEW):
        number, until = left_for(viewer)
        if number:
            words = ngettext("%(n)d review until %(day)s", "%(n)d reviews until %(day)s", number)
            found.append(Waiting(words % {"n": number, "day": day(until)}, reverse("review-list", args=[org.slug])))
    if viewer.may(Permission.ROUND_OPEN):
        for each in to_close(viewer, on):
            words = _("The review round “%(title)s” is past its day: close it") % {"title": each.title}
            found.append(Waiting(words, reverse("review-close", args=[org.slug, each.pk])))
    if viewer.may(Permission.ACTIVITY_CLASSIFY):
        add(
            counts.unclassified, "%(n)d activity to place", "%(n)d activities to place",
            reverse("activity-confirm", args=[org.slug]) + "#rows",
        )  # fmt: skip
        add(
            _number_lacking(viewer, on), "%(n)d activity has a place and fills no tile: answer what is missing",
            "%(n)d activities have a place and fill no tile: answer what is missing",
            drawing.list_address(org, status="lacking"),
        )  # fmt: skip
    if viewer.may(Permission.WORKSHOP_TAKE):
        add(
            sum(cards_waiting(org).values()), "%(n)d card from a workshop waits for a decision",
            "%(n)d cards from workshops wait for a decision", reverse("workshop-list", args=[org.slug]),
        )  # fmt: skip
    if viewer.may(Permission.ACTIVITY_EDIT):
        add(
            counts.not_dated, "%(n)d activity without a date: is it running?",
            "%(n)d activities without a date: are they running?", drawing.list_address(org, status="not-dated"),
        )  # fmt: skip
        add(
            number_alike(viewer), "%(n)d activity looks like another: is it in the list twice?",
            "%(n)d activities look alike: are they in the list twice?", reverse("activity-duplicates", args=[org.slug]),
        )  # fmt: skip
    if viewer.may(Permission.INFLUENCE_EDIT):
        add(
            len(asked_again(viewer, on=on)), "%(n)d activity ended years ago: did anything change later?",
            "%(n)d activities ended years ago: did anything change later?", reverse("ask-again", args=[org.slug]),
        )  # fmt: skip
    if viewer.may(Permission.ACTION_SET):
        overdue = sum(row.overdue for row in action_rows(viewer, on=on, organisation_map=organisation_map))
        add(
            overdue, "%(n)d action is overdue", "%(n)d actions are overdue",
            reverse("action-list", args=[org.slug]) + "?show=overdue",
        )  # fmt: skip
    address = reverse("challenge-list", args=[org.slug])
    if viewer.may(Permission.CHALLENGE_REPLY):
        add(
            sum(row.owed for row in challenges), "%(n)d challenge waits for your reply",
            "%(n)d challenges wait for your reply", address + "?show=owed",
        )  # fmt: skip
    if mine:
        answered = [row for row in challenges if row.challenge.recorded_by_id == viewer.user.pk and row.is_open]
        add(
            sum(not row.owed for row in answered), "%(n)d challenge of yours was answered",
            "%(n)d challenges of yours were answered", address,
        )  # fmt: skip
    if viewer.may(Permission.GAP_RESPOND):
        add(
            _open_responses(viewer, on).exclude(kind=Response.Kind.NOT_NEEDED).filter(due_on__lt=on).count(),
            "%(n)d answer to a gap is overdue", "%(n)d answers to gaps are overdue", gaps,
        )  # fmt: skip
    if viewer.may(Permission.GAP_NOT_NEEDED):
        judged = _open_responses(viewer, on).filter(kind=Response.Kind.NOT_NEEDED)
        add(
            judged.filter(review_on__lte=on + timedelta(days=LATELY)).count(),
            "%(n)d “not needed” to look at again", "%(n)d “not needed” to look at again", gaps,
        )  # fmt: skip
    if viewer.may(Permission.COMPLETE_STATE):
        add(
            sum(len(each.ended) for each in said), "%(n)d “this list is complete” has lapsed",
            "%(n)d “this list is complete” have lapsed", complete,
        )  # fmt: skip
        add(
            sum(len(each.soon) for each in said), "%(n)d “this list is complete” ends soon",
            "%(n)d “this list is complete” end soon", complete,
        )  # fmt: skip
    if viewer.may(Permission.AIM_ADOPT):
        missing = len(said) - len(organisation_map.aims)
        add(missing, "%(n)d place without an aim", "%(n)d places without an aim", reverse("aims", args=[org.slug]))
    return tuple(found)


def lately(viewer: Viewer, *, on: date) -> tuple[tuple[int, str], ...]:
    """Return what was recorded in the last 30 days: number and words, of what did happen. Seven queries."""
    org = viewer.organisation
    since = timezone.make_aware(datetime.combine(on - timedelta(days=LATELY), time.min))
    new = Q(recorded_at__gte=since)
    readings = org.classifications.filter(kind=Classification.Kind.LEADER).exclude(activity__in=viewer.hidden)
    answered = org.confirmed_batches.filter(new, kind=ConfirmedBatch.Kind.ANSWERED, undone_at=None)
    counted = (
        (org.activities.listed().filter(new).count(), "activity added", "activities added"),
        (
            readings.filter(new, void_at=None).exclude(batch__kind=ConfirmedBatch.Kind.ANSWERED).count(),
            "activity placed", "activities placed",
        ),
        (
            readings.filter(void_at__gte=since)
            .exclude(batch__undone_at=F("void_at"))
            .exclude(void_at__in=answered.values("recorded_at"))
            .count(),
            "correction", "corrections",
        ),
        (sum(answered.values_list("number", flat=True)), "missing answer given", "missing answers given"),
        (
            org.changes.filter(new).exclude(activity__in=viewer.hidden).count(),
            "record of what came of it", "records of what came of it",
        ),
        (org.responses.filter(new).count(), "answer to a gap", "answers to gaps"),
        (org.complete_statements.filter(new).count(), "list said to be complete", "lists said to be complete"),
    )
    return tuple((number, ngettext(one, many, number)) for number, one, many in counted if number)


def _number_lacking(viewer: Viewer, on: date) -> int:
    """Return how many have a place and fill no tile, kept until the organisation is written to."""
    key = f"lacking:{viewer.organisation.pk}:{viewer.organisation.version}:{on.isoformat()}"
    kept = cache.get(key) if settings.KEEP_MAP_SECONDS else None
    if kept is None:
        kept = lacking(viewer, on).count()
        cache.set(key, kept, settings.KEEP_MAP_SECONDS or 1)
    return kept


def _open_responses(viewer: Viewer, on: date):
    return viewer.organisation.responses.filter(made_on__lte=on).filter(Q(ended_on__isnull=True) | Q(ended_on__gt=on))
