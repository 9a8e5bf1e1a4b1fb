"""Many rows at once from a list: brought in as one act that is recorded, and undone as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import batched
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, Model, OuterRef, ProtectedError, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from framework.catalogue import catalogue
from involvement.actions.activities import ActivityFacts, confirm_many, insert_activities
from involvement.actions.base import AT_ONCE, Refused, insert_with_history, today, writing
from involvement.actions.classification import unknown_answers, unknown_places, wrong_placements
from involvement.actions.influence import check_change, evidence_wrong
from involvement.actions.organisations import add_service
from involvement.actions.pieces import add_piece
from involvement.models import (
    Activity,
    ActivityGroup,
    ActivityService,
    Change,
    ChangeFacet,
    Classification,
    Evidence,
    Import,
    Organisation,
    PieceOfWork,
    Placement,
    RunningConfirmation,
    SecurityEvent,
    Service,
    User,
)


@dataclass
class BroughtReading:
    """A leader's reading of a place that a register brings with it: fields of Classification, and of its Placements."""

    fields: dict[str, Any]
    ways: list[dict[str, Any]]


@dataclass
class BroughtChange:
    """What came of it, as a register brings it: fields of Change, its ways, the service by name, its evidence."""

    fields: dict[str, Any]
    facets: list[str]
    service: str
    evidence: list[dict[str, Any]]


@dataclass
class Brought:
    """One row that can come in: the activity as check_activity let it through, its facts, and what else it brings.

    ``answers`` to "is it running?" None: the row says nothing of them, so a stated "running" is today's yes.
    """

    activity: Activity
    facts: ActivityFacts
    answers: list[tuple[date, bool]] | None = None
    readings: list[BroughtReading] = field(default_factory=list)
    changes: list[BroughtChange] = field(default_factory=list)


def check_readings(readings: Iterable[BroughtReading]) -> str:
    """Return what is wrong with an activity's readings in a sentence, "" for nothing. They are put in order of time."""
    readings = list(readings)
    for reading in readings:
        fields = reading.fields
        wrong = unknown_places(fields.get("claim", ""), fields.get("primary_place", ""))
        wrong |= unknown_places(fields.get("suggested_place", ""), "")
        wrong |= unknown_answers(fields.get("answers", {}))
        try:
            wrong |= wrong_placements(reading.ways, fields.get("primary_place", ""))
            _check_words(Classification(**fields), "claim", "suggested_place", "primary_place", "reason", "power")
            for way in reading.ways:
                _check_words(Placement(**way), "facet", "part", "question", "decider")
        except (ValidationError, KeyError) as error:
            wrong[""] = " ".join(getattr(error, "messages", [])) or _("A way to take part has no name")
        if set(fields.get("contested_kinds", ())) - set(catalogue().contested_kinds):
            wrong["contested"] = _("It names a kind of disagreement that we do not know")
        if fields.get("power", "") not in ("", *catalogue().powers):
            wrong["power"] = _("It says something of power that we do not know")
        if (fields.get("from_on") or today()) > today():
            wrong["from_on"] = _("The day must be today or earlier")
        if wrong:
            return " ".join(dict.fromkeys(wrong.values()))
    spans = sorted((r.fields.get("from_on") or date.min, r.fields.get("until") or date.max) for r in readings)
    if any(start >= end for start, end in spans) or any(a[1] > b[0] for a, b in zip(spans, spans[1:], strict=False)):
        return _("Two places hold on the same day")
    return ""


def _check_words(row: Model, *fields: str) -> None:
    """Raise ValidationError when one of these fields holds what it cannot."""
    row.clean_fields(exclude=[each.name for each in row._meta.fields if each.name not in fields])


def check_brought_change(brought: BroughtChange) -> str:
    """Return what is wrong with a change and its evidence in a sentence, "" for nothing."""
    try:
        check_change(Change(**brought.fields), brought.facets)
    except Refused as refused:
        return " ".join(refused.messages.values())
    if len(set(brought.facets)) < len(brought.facets):
        return _("It names a way twice")
    for proof in brought.evidence:
        wrong = evidence_wrong(
            kind=proof.get("kind", ""),
            found=bool(proof.get("link") or proof.get("reference", "").strip()),
            confirmed=bool(proof.get("corroborated_by", "").strip()),
            dated_on=proof.get("dated_on"),
        )
        try:
            Evidence(**proof).clean_fields(exclude=["organisation", "change", "recorded_by"])
        except ValidationError as error:
            wrong[""] = " ".join(error.messages)
        if wrong:
            return " ".join(dict.fromkeys(wrong.values()))
    return ""


def bring_in(
    *,
    organisation: Organisation,
    by: User | None,
    rows: list[Brought],
    new_services: Iterable[Service],
    new_pieces: Iterable[PieceOfWork],
    record: Mapping[str, Any],
) -> Import:
    """Add the rows, with the services and pieces of work (not saved yet) that they name, and record the import.

    The rows were checked in this same transaction, under the organisation's lock. ``record``: fields of Import. What a
    row brings of places is a leader's reading that names the import as its source. All of it or nothing.
    """
    with writing(organisation):
        services = {id(each): add_service(organisation=organisation, by=by, name=each.name) for each in new_services}
        pieces = {
            id(each): add_piece(
                organisation=organisation, by=by, title=each.title, problem_statement=each.problem_statement
            )
            for each in new_pieces
        }
        imported = Import.objects.create(
            organisation=organisation,
            recorded_by=by,
            services_made=[service.pk for service in services.values()],
            pieces_made=[piece.pk for piece in pieces.values()],
            settled_at=timezone.now(),
            **record,
        )
        for row in rows:
            _put_in_what_was_made(row, services, pieces)
            row.activity.imported_from = imported
        activities = insert_activities(
            organisation=organisation, by=by, checked=[(row.activity, row.facts) for row in rows]
        )
        for row, activity in zip(rows, activities, strict=True):
            row.activity = activity
        confirm_many(organisation=organisation, by=by, answers=_answers(rows))
        _place(imported, by, rows)
        _record_changes(imported, by, rows)
        imported.settled_at = timezone.now()
        imported.save(update_fields=["settled_at"])
        figures = {"import": imported.pk, "added": imported.added, "here": imported.here, "refused": imported.refused}
        SecurityEvent.objects.create(organisation=organisation, actor=by, kind="import", detail=figures)
    return imported


def _put_in_what_was_made(row: Brought, services: dict[int, Service], pieces: dict[int, PieceOfWork]) -> None:
    """Put the saved services and pieces of work in the place of those that were only planned."""
    activity = row.activity
    if activity.service is not None:
        activity.service = services.get(id(activity.service), activity.service)
    if activity.piece is not None:
        activity.piece = pieces.get(id(activity.piece), activity.piece)
    if row.facts.get("named_services"):
        row.facts["named_services"] = [services.get(id(each), each) for each in row.facts["named_services"]]


def _answers(rows: list[Brought]) -> Iterable[tuple[Activity, date, bool]]:
    for row in rows:
        if row.answers is not None:
            yield from ((row.activity, on, running) for on, running in row.answers)
        elif row.activity.is_said_to_run:
            yield row.activity, today(), True


def _place(imported: Import, by: User | None, rows: list[Brought]) -> None:
    mine = {"organisation": imported.organisation, "recorded_by": by}
    source = _("Import %(number)d: %(file)s") % {"number": imported.pk, "file": imported}
    version = {"framework_version": catalogue().version, "source": source[:200]}
    made, ways = [], []
    for row in rows:
        for reading in row.readings:
            made.append(Classification(activity=row.activity, **mine, **(version | reading.fields)))
            ways.append(reading.ways)
    Classification.objects.bulk_create(made, batch_size=AT_ONCE)
    Placement.objects.bulk_create(
        (Placement(classification=each, **mine, **way) for each, of in zip(made, ways, strict=True) for way in of),
        batch_size=AT_ONCE,
    )


def _record_changes(imported: Import, by: User | None, rows: list[Brought]) -> None:
    mine = {"organisation": imported.organisation, "recorded_by": by}
    services = {service.name: service for service in imported.organisation.services.all()}
    both = [
        (Change(activity=row.activity, service=services.get(change.service), **mine, **change.fields), change)
        for row in rows
        for change in row.changes
    ]
    if not both:
        return
    made = insert_with_history([row for row, _brought in both], by=by)
    pairs = [(row, brought) for row, (_same, brought) in zip(made, both, strict=True)]
    facets = [ChangeFacet(change=row, facet=facet, **mine) for row, brought in pairs for facet in brought.facets]
    insert_with_history(facets, by=by)
    Evidence.objects.bulk_create(
        (Evidence(change=row, **mine, **proof) for row, brought in pairs for proof in brought.evidence),
        batch_size=AT_ONCE,
    )


def record_export(*, organisation: Organisation, by: User, kind: str, activities: int) -> SecurityEvent:
    """Keep that somebody took the register away: as what ("csv", "xlsx") and how many activities.

    It changes nothing of the organisation's, so its version stays as it is.
    """
    return SecurityEvent.objects.create(
        organisation=organisation, actor=by, kind="export", detail={"kind": kind, "activities": activities}
    )


# Undoing ------------------------------------------------------------------------------------------------------------

# What hangs from an activity, and how it is reached: removed in this order. Whatever else may come to hang from one
# makes it touched, so that nothing is removed by being forgotten here.
REMOVED = (
    (Evidence, "change__activity"),
    (ChangeFacet, "change__activity"),
    (Change, "activity"),
    (Placement, "classification__activity"),
    (Classification, "activity"),
    (RunningConfirmation, "activity"),
    (ActivityService, "activity"),
    (ActivityGroup, "activity"),
    (Activity, "pk"),
)


def touched_since(imported: Import) -> QuerySet[Activity]:
    """Return the activities of an import on which somebody has worked since: edited, placed, answered, told of.

    An activity is untouched while it is as it came in, and nothing hangs from it that is newer than the import.
    """
    newer = {"recorded_at__gt": imported.settled_at}
    organisation = imported.organisation
    touched = Q(version__gt=1)
    for relation in Activity._meta.related_objects:
        model, name = relation.related_model, relation.field.name
        if model is Activity.history.model:
            continue
        rows = model._default_manager.filter(organisation=organisation, **{name: OuterRef("pk")})
        touched |= Exists(rows.filter(**newer) if any(model is removed for removed, _by in REMOVED) else rows)
    changes = organisation.changes.filter(activity=OuterRef("pk"))
    evidence = organisation.evidence.filter(change__activity=OuterRef("pk"))
    facets = organisation.change_facets.filter(change__activity=OuterRef("pk"))
    touched |= Exists(changes.filter(version__gt=1)) | Exists(evidence.filter(**newer)) | Exists(facets.filter(**newer))
    touched |= Exists(evidence.filter(withdrawn_on__gte=timezone.localdate(imported.settled_at)))
    return imported.activities.filter(organisation=organisation).filter(touched)


def undo_import(*, imported: Import, by: User, keep_touched: bool = False) -> Import:
    """Take out again what an import brought, and what it made for it, as if it had not been brought.

    An activity on which somebody has worked since is never taken out: with ``keep_touched`` it stays and the others
    go, without it Refused is raised and all stay. What goes leaves its last words in the histories, with who removed
    it; the import itself stays as a record. Services and pieces of work that the import made go when nothing else
    names them. Raises Refused when it was undone before.
    """
    organisation = imported.organisation
    with writing(organisation):
        current = organisation.imports.select_for_update().get(pk=imported.pk)
        if current.undone_at is not None:
            raise Refused(_("This import was undone already"))
        kept = set(touched_since(current).values_list("pk", flat=True))
        if kept and not keep_touched:
            raise Refused(_("Somebody has worked on some of these activities since, so they are not all as they came"))
        keys = [key for key in current.activities.values_list("pk", flat=True) if key not in kept]
        now = timezone.now()
        for some in batched(keys, AT_ONCE):
            for model, path in REMOVED:
                _remove(model.objects.filter(organisation=organisation, **{f"{path}__in": some}), by, now)
        _remove_made(organisation.pieces.filter(pk__in=current.pieces_made, version=1), by)
        _remove_made(organisation.services.filter(pk__in=current.services_made), by)
        current.undone_at, current.undone_by, current.removed = now, by, len(keys)
        current.save(update_fields=["undone_at", "undone_by", "removed"])
        detail = {"import": current.pk, "removed": len(keys), "kept": len(kept)}
        SecurityEvent.objects.create(organisation=organisation, actor=by, kind="import-undone", detail=detail)
    return current


def _remove(rows: QuerySet, by: User, at: datetime) -> None:
    """Remove rows in one statement; where a history is kept, its last entry says who removed them."""
    history = getattr(rows.model, "history", None)
    if history is not None:
        names = [each.attname for each in history.model.tracked_fields]
        history.model.objects.bulk_create(
            history.model(history_date=at, history_type="-", history_user=by, **{n: getattr(row, n) for n in names})
            for row in rows
        )
    rows._raw_delete(rows.db)  # what hangs from a row was removed before it, so nothing has to be looked for


def _remove_made(rows: QuerySet, by: User) -> None:
    """Remove the services or pieces of work of ``rows`` that nothing names and nobody changed."""
    for row in rows:
        if row.history.count() > 1:
            continue
        row._history_user = by
        try:
            with transaction.atomic():
                row.delete()
        except ProtectedError:
            continue
