"""Placing many activities with one press, from their own words, and taking the whole press back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from framework.catalogue import NOT_INVOLVEMENT, catalogue
from framework.coverage import COUNTS
from framework.hints import Hint, Phrase, hint
from framework.questions import check, guide
from involvement.actions.base import Refused, once, today, writing
from involvement.models import Activity, Classification, ConfirmedBatch, Organisation, Placement, User

AT_ONCE = 200  # activities a press
YES = {"heard": ("heard", "yes"), "free": ("free_to_refuse", "yes"), "group": ("as_group", "group")}
PLACED, CHANGED, WITHDRAWN = "placed", "changed", "withdrawn"  # why one that was chosen is left as it is


@dataclass(frozen=True)
class ConfirmedRow:
    """What a person decided about one activity: the version they looked at, its place, and ways ("place/way")."""

    activity: int
    version: int
    place: str
    ways: tuple[str, ...] = ()


def words_of(activity: Activity, groups: Iterable[str]) -> dict[str, str]:
    """Return what framework.hints reads of ``activity``; ``groups`` are the slugs of those it meant to include.

    Nothing is asked of the database when its service is at hand.
    """
    titles = catalogue().groups
    return {
        "title": activity.title,
        "description": activity.description,
        "method": activity.method,
        "participants": activity.participants,
        "groups": "; ".join(titles[slug] for slug in groups if slug in titles),
        "result": activity.result,
        "service": activity.service.name if activity.service else "",
    }


def groups_of(organisation: Organisation, activities: Iterable[int]) -> dict[int, list[str]]:
    """Return the groups of these activities, activity id -> slugs in a fixed order. One query."""
    found: dict[int, list[str]] = defaultdict(list)
    rows = organisation.activity_groups.filter(activity__in=list(activities)).order_by("activity", "id")
    for activity, group in rows.values_list("activity", "group"):
        found[activity].append(group)
    return found


def telling(found: Hint, place: str) -> list[Phrase]:
    """Return the phrases that speak for ``place``, what says most first; of words that overlap, only the first."""
    own = [each for each in found.phrases if place in {one.partition("/")[0] for one in each.points_to}]
    kept: list[Phrase] = []
    for each in sorted(own, key=lambda one: (one.points_to[0].partition("/")[0] != place, -one.points)):
        if not any(each.field == other.field and each.start < other.end and other.start < each.end for other in kept):
            kept.append(each)
    return kept


def asked_of(place: str) -> tuple[str, ...]:
    """Return the questions of the guide whose answers ``place`` needs before it counts (framework.coverage.COUNTS)."""
    if place == NOT_INVOLVEMENT:
        return ()
    need = COUNTS[place]
    slugs = []
    if need.parts:
        slugs.append("stages" if need.group else "part")
    if need.route:
        slugs += ["question", "decider", "received"]
    if need.heard:
        slugs.append("heard")
    if need.options:
        slugs += ["options", "free"]
    if need.group:
        slugs.append("group")
    return tuple(slugs)


def placement_of(way: str, answers: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the Placement fields of ``way`` that follow from what was answered once for its place.

    ``answers`` maps places to answers, question slug -> answer. What nobody answered is not recorded.
    """
    place, _slash, slug = way.partition("/")
    said = {name: value for name, value in answers.get(place, {}).items() if name in asked_of(place)}
    fields: dict[str, Any] = {"facet": way, "part": said.get("part") or Placement.Part.NOT_RECORDED}
    if (said.get("stages") or {}).get(slug):
        fields["part"] = said["stages"][slug]
    for name in ("question", "decider"):
        if said.get(name):
            fields[name] = said[name].strip()
    if said.get("received"):
        fields["received_on"] = date.fromisoformat(said["received"])
    if said.get("options"):
        fields["options"] = guide().questions["options"].option(said["options"]).count
    for name, (field, yes) in YES.items():
        if said.get(name):
            fields[field] = said[name] == yes
    return fields


def confirm_many(
    *,
    organisation: Organisation,
    by: User,
    rows: Sequence[ConfirmedRow],
    answers: Mapping[str, Mapping[str, Any]] | None = None,
    key: UUID | None = None,
) -> ConfirmedBatch:
    """Write the first reading of many activities, all in one transaction; a repeat of ``key`` writes nothing more.

    ``answers`` maps a place to what was answered once for all ways of that place (``asked_of``); without an answer it
    is not recorded, so that nothing counts on the map that nobody vouched for. An activity that somebody placed,
    changed or withdrew since ``rows`` was read is left as it is, and the batch says which. Raises Refused when
    something is missing or unknown, and when nothing is left to place.
    """

    def write() -> dict:
        with writing(organisation):
            found, left_out = _still_waiting(organisation, rows)
            if not found:
                raise Refused(_("Nothing was placed: somebody has placed or changed these activities meanwhile"))
            batch = ConfirmedBatch.objects.create(
                organisation=organisation, recorded_by=by, number=len(found), answers=said, left_out=left_out
            )
            groups = groups_of(organisation, [activity.pk for activity, _row in found])
            readings = Classification.objects.bulk_create(
                _reading(batch, activity, row, hint(words_of(activity, groups[activity.pk]))) for activity, row in found
            )
            Placement.objects.bulk_create(
                Placement(
                    organisation=organisation, classification=reading, recorded_by=by, **placement_of(way, said)
                )
                for reading, (_activity, row) in zip(readings, found, strict=True)
                for way in row.ways
            )
        return {"batch": batch.pk}

    said = {place: {name: value for name, value in given.items() if value} for place, given in (answers or {}).items()}
    said = {place: given for place, given in said.items() if given}
    _refuse_wrong(rows, said)
    result = once(organisation=organisation, by=by, key=key, write=write)
    return organisation.confirmed_batches.get(pk=result["batch"])


def _refuse_wrong(rows: Sequence[ConfirmedRow], answers: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise Refused, with a plain sentence, when a row or an answer cannot be taken."""
    known = catalogue()
    if not rows:
        raise Refused(_("Tick at least one activity"))
    if len(rows) > AT_ONCE:
        raise Refused(_("Place %(number)d activities or fewer at once") % {"number": AT_ONCE})
    if len({row.activity for row in rows}) < len(rows):
        raise Refused(_("Choose each activity once"))
    for row in rows:
        if row.place not in (*known.places, NOT_INVOLVEMENT):
            raise Refused(_("Choose a place for each activity that you tick"))
        if set(row.ways) - set(known.facets) or len(set(row.ways)) < len(row.ways):
            raise Refused(_("Choose from the ways in the list, each once"))
        if row.ways and row.place == NOT_INVOLVEMENT:
            raise Refused(_("What is not involvement has no ways to take part"))
    if wrong := wrong_answers(answers):
        raise Refused(wrong)


def wrong_answers(answers: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Return a message by field ("place-question") for each answer that cannot be taken; Refused for one not asked."""
    known, wrong = catalogue(), {}
    for place, given in answers.items():
        if place not in known.places or set(given) - set(asked_of(place)):
            raise Refused(_("There is an answer to a question that we did not ask"))
        for slug, what in check(given).items():
            longest = {"number": guide().questions[slug].max}
            wrong[f"{place}-{slug}"] = (
                _("Use %(number)s characters or fewer") % longest if what == "long"
                else _("Choose one of the answers in the list")
            )  # fmt: skip
        if given.get("received", "") > today().isoformat():
            wrong[f"{place}-received"] = _("The day must be today or earlier")
    return wrong


def _still_waiting(
    organisation: Organisation, rows: Sequence[ConfirmedRow]
) -> tuple[list[tuple[Activity, ConfirmedRow]], dict[str, list[int]]]:
    """Return the activities that can be placed as somebody saw them, in the order of ``rows``, and why others cannot.

    Raises Refused when one is not the organisation's.
    """
    asked = [row.activity for row in rows]
    activities = organisation.activities.select_related("service").in_bulk(asked)
    if len(activities) < len(asked):
        raise Refused(_("One of these activities is not in your list"))
    standing = organisation.classifications.filter(kind="leader", until=None, void_at=None, activity__in=asked)
    placed = set(standing.values_list("activity", flat=True))
    found, left_out = [], defaultdict(list)
    for row in rows:
        activity = activities[row.activity]
        if activity.pk in placed:
            left_out[PLACED].append(activity.pk)
        elif activity.withdrawn_on:
            left_out[WITHDRAWN].append(activity.pk)
        elif activity.version != row.version:
            left_out[CHANGED].append(activity.pk)
        else:
            found.append((activity, row))
    return found, dict(left_out)


def _reading(batch: ConfirmedBatch, activity: Activity, row: ConfirmedRow, found: Hint) -> Classification:
    """Return the reading of one activity, not yet written: no claim, and what its words said beside what was agreed."""
    return Classification(
        organisation=batch.organisation,
        activity=activity,
        recorded_by=batch.recorded_by,
        recorded_at=batch.recorded_at,
        batch=batch,
        suggested_place=found.place or "",
        primary_place=row.place,
        framework_version=catalogue().version,
        source=_source(found, row.place),
    )


def _source(found: Hint, place: str) -> str:
    """Return a clause that says how the words of an activity bear on ``place``: "from its words “shared chair”"."""
    longest = Classification._meta.get_field("source").max_length
    if found.place is None:
        return _("by a person’s own reading, since its words did not say enough")
    if found.place != place:
        return _("by a person’s own reading, not where its words pointed")
    quoted: list[str] = []
    for each in telling(found, place)[:3]:
        more = [*quoted, f"“{' '.join(each.text.split())}”"]
        if len(_said_by_words(more)) <= longest:
            quoted = more
    return _said_by_words(quoted)


def _said_by_words(quoted: list[str]) -> str:
    if not quoted:
        return _("from its own words")
    return _("from its words %(phrases)s") % {"phrases": ", ".join(quoted)}


def untouched(batch: ConfirmedBatch) -> list[Classification]:
    """Return the readings of ``batch`` that still stand as they were confirmed. One query."""
    return list(
        batch.organisation.classifications.filter(batch=batch, until=None, void_at=None).select_related("activity")
    )


def take_back(*, batch: ConfirmedBatch, by: User) -> ConfirmedBatch:
    """Void every reading of ``batch`` that still stands: those activities wait for a place again.

    What somebody placed anew or corrected since stays as it is, and history shows both. Taking back twice changes
    nothing more. Raises Refused when nothing of it stands any more.
    """
    organisation = batch.organisation
    with writing(organisation):
        batch = organisation.confirmed_batches.select_for_update().get(pk=batch.pk)
        if batch.undone_at:
            return batch
        readings = untouched(batch)
        if not readings:
            raise Refused(_("Somebody has placed all of these anew since, so there is nothing to undo"))
        now = timezone.now()
        reason = ngettext(
            "Undone: it was confirmed from its words by itself",
            "Undone: it was confirmed from its words, one of %(number)d at once",
            batch.number,
        ) % {"number": batch.number}
        for reading in readings:
            reading.void_at, reading.void_reason, reading.voided_by = now, reason, by
            reading.save(update_fields=["void_at", "void_reason", "voided_by"])
        batch.undone_at, batch.undone_by = now, by
        batch.save(update_fields=["undone_at", "undone_by"])
    return batch
