"""Answering what nobody has said yet of activities that have a place: for one or for many, with one press.

It fills only what is not recorded, and changes nothing that somebody said: that is a correction. What is answered holds
for all of a reading's time, so the reading is replaced by one that says more, at every date.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from framework.catalogue import catalogue
from involvement.actions.base import AT_ONCE, Refused, once, writing
from involvement.actions.classification import FIELDS
from involvement.actions.confirming import WITHDRAWN, placement_of, untouched, wrong_answers
from involvement.models import Classification, ConfirmedBatch, Organisation, Placement, User
from involvement.needs import unsaid

NOTHING, UNPLACED = "nothing-missing", "unplaced"  # why one that was chosen is left as it is
SLUG_OF = {  # a placement's field -> the questions that fill it
    "part": ("part", "stages"),
    "question": ("question",),
    "decider": ("decider",),
    "received_on": ("received",),
    "heard": ("heard",),
    "options": ("options",),
    "free_to_refuse": ("free",),
    "as_group": ("group",),
}
COPIED = (
    "kind", "answers", "claim", "suggested_place", "primary_place", "reason", "contested", "contested_kinds", "power",
    "framework_version", "source", "from_on",
)  # fmt: skip


def answer_missing(
    *,
    organisation: Organisation,
    by: User,
    activities: Sequence[int],
    answers: Mapping[str, Mapping[str, Any]] | None = None,
    ways: Mapping[int, Iterable[str]] | None = None,
    key: UUID | None = None,
) -> ConfirmedBatch:
    """Fill in what nobody has said of the present readings of ``activities`` (ids); one transaction, once a ``key``.

    ``answers`` maps a place to answers (question slug -> answer) that hold for every way of that place; ``ways`` maps
    an activity that has no way in its own place to those in which people took part ("place/way"). What is recorded
    stays. The batch says which were left out and why. Raises Refused when an answer cannot be taken, when an activity
    is not the organisation's, and when nothing is left to write.
    """

    def write() -> dict:
        with writing(organisation):
            found, left_out = _open(organisation, activities, said, ways or {})
            if not found:
                raise Refused(_("Nothing was recorded: answer at least one question that is still open"))
            batch = ConfirmedBatch.objects.create(
                organisation=organisation, recorded_by=by, kind=ConfirmedBatch.Kind.ANSWERED, number=len(found),
                answers=said, left_out=left_out,
            )  # fmt: skip
            void(found, batch.recorded_at, by, _("What was missing was answered"))
            _write(organisation, found, batch=batch, recorded_by=by, recorded_at=batch.recorded_at)
        return {"batch": batch.pk}

    said = {place: {name: value for name, value in given.items() if value} for place, given in (answers or {}).items()}
    said = {place: given for place, given in said.items() if given}
    if wrong := wrong_answers(said):
        raise Refused(wrong)
    result = once(organisation=organisation, by=by, key=key, write=write)
    return organisation.confirmed_batches.get(pk=result["batch"])


def _open(organisation, activities, said, ways) -> tuple[dict[Classification, list[dict]], dict[str, list[int]]]:
    """Return the readings that the answers say more of, each with its placements to be, and why others stay."""
    asked = list(dict.fromkeys(activities))
    known = organisation.activities.in_bulk(asked)
    if len(known) < len(asked):
        raise Refused(_("One of these activities is not in your list"))
    readings = {
        row.activity_id: row
        for row in organisation.classifications.filter(kind="leader", until=None, void_at=None, activity__in=asked)
    }
    placed: dict[int, list[Placement]] = defaultdict(list)
    for row in organisation.placements.filter(classification__in=[row.pk for row in readings.values()]):
        placed[row.classification_id].append(row)
    found, left_out = {}, defaultdict(list)
    for pk in asked:
        reading = readings.get(pk)
        if known[pk].withdrawn_on:
            left_out[WITHDRAWN].append(pk)
        elif reading is None:
            left_out[UNPLACED].append(pk)
        elif filled := _filled(reading, placed[reading.pk], said, ways.get(pk, ())):
            found[reading] = filled
        else:
            left_out[NOTHING].append(pk)
    return found, dict(left_out)


def _filled(reading: Classification, rows: list[Placement], said, ways: Iterable[str]) -> list[dict]:
    """Return the placements of ``reading`` with what was open filled in; [] when that says nothing more."""
    facets, more, filled = catalogue().facets, False, []
    for row in rows:
        fields = {name: getattr(row, name) for name in FIELDS}
        answered = placement_of(row.facet, said) if row.facet in facets else {}
        open_ = unsaid(row) if row.facet in facets else ()
        for name, value in answered.items():
            if name != "facet" and value != fields[name] and set(SLUG_OF[name]) & set(open_):
                fields[name], more = value, True
        filled.append(fields)
    own = [way for way in dict.fromkeys(ways) if way in facets and facets[way].place == reading.primary_place]
    if own and not any(facets[row.facet].place == reading.primary_place for row in rows if row.facet in facets):
        filled += [placement_of(way, said) for way in own]
        more = True
    return filled if more else []


def void(readings: Iterable[Classification], at, by: User, reason: str) -> None:
    """Take ``readings`` back at every date. Call it inside ``writing``."""
    for reading in readings:
        reading.void_at, reading.void_reason, reading.voided_by = at, reason, by
        reading.save(update_fields=["void_at", "void_reason", "voided_by"])


def _write(organisation: Organisation, found: Mapping[Classification, list[dict]], **stamp) -> None:
    """Write a reading like each of ``found``, with these placements; ``stamp``: its batch, who recorded it, when."""
    rows = Classification.objects.bulk_create(
        [
            Classification(
                organisation=organisation, activity_id=old.activity_id,
                **{name: getattr(old, name) for name in COPIED}, **stamp,
            )
            for old in found
        ],
        batch_size=AT_ONCE,
    )  # fmt: skip
    Placement.objects.bulk_create(
        [
            Placement(organisation=organisation, classification=row, recorded_by=stamp["recorded_by"], **fields)
            for row, placements in zip(rows, found.values(), strict=True)
            for fields in placements
        ],
        batch_size=AT_ONCE,
    )


def take_back_answers(*, batch: ConfirmedBatch, by: User) -> ConfirmedBatch:
    """Write again what the readings of an "answered" ``batch`` had replaced, for all that still stand.

    What somebody placed anew, corrected or answered since stays as it is, and history shows both. Taking back twice
    changes nothing more. Raises Refused when nothing of it stands any more.
    """
    organisation = batch.organisation
    with writing(organisation):
        batch = organisation.confirmed_batches.select_for_update().get(pk=batch.pk)
        if batch.undone_at:
            return batch
        standing = untouched(batch)
        if not standing:
            raise Refused(_("Somebody has changed all of these since, so there is nothing to undo"))
        at = timezone.now()
        replaced = organisation.classifications.filter(
            activity__in=[row.activity_id for row in standing], kind="leader", void_at=batch.recorded_at
        )
        before = {row: [] for row in replaced}
        by_pk = {row.pk: placements for row, placements in before.items()}
        for placement in organisation.placements.filter(classification__in=list(by_pk)):
            by_pk[placement.classification_id].append({name: getattr(placement, name) for name in FIELDS})
        void(standing, at, by, _("The answers were taken back"))
        for old, placements in before.items():
            _write(organisation, {old: placements}, batch=old.batch, recorded_by=by, recorded_at=at)
        batch.undone_at, batch.undone_by = at, by
        batch.save(update_fields=["undone_at", "undone_by"])
    return batch
