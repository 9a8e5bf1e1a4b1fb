"""Where an activity is placed: first, anew from a date, or corrected. Readings are added, never overwritten."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from framework.catalogue import NOT_INVOLVEMENT, catalogue
from framework.classify import Suggestion, suggest
from framework.questions import check, effective, guide
from involvement.actions.base import Refused, once, today, writing
from involvement.models import Activity, Classification, Placement, RequestKey, User


@dataclass(frozen=True)
class Reading:
    """A reading that passed every check, ready to be written."""

    suggestion: Suggestion
    place: str
    fields: dict[str, Any]
    placements: list[dict[str, Any]]


def current_classification(activity: Activity) -> Classification | None:
    """Return the leader's reading of ``activity`` that stands today, or None. One query."""
    return activity.classifications.filter(kind="leader", until=None, void_at=None).first()


def was_written(*, activity: Activity, by: User, key: UUID | None) -> bool:
    """Return whether ``by`` has already written a reading of ``activity`` with the form's ``key``. One query."""
    known = (
        RequestKey.objects.filter(organisation_id=activity.organisation_id, actor=by, key=key).first() if key else None
    )
    return known is not None and activity.classifications.filter(pk=known.result.get("classification")).exists()


def classify(
    *,
    activity: Activity,
    by: User,
    answers: Mapping[str, Any] | None = None,
    claim: str = "",
    place: str | None = None,
    placements: Iterable[Mapping[str, Any]] | None = None,
    reason: str = "",
    contested_kinds: Iterable[str] = (),
    key: UUID | None = None,
    source: str = "",
    from_on: date | None = None,
) -> Classification:
    """Write the first reading of an activity.

    ``answers`` is question slug -> answer, as framework.classify.suggest takes them (with "power"). ``place`` None
    takes the suggestion; another place than a suggested one needs a ``reason``. ``placements`` None takes the
    suggested ones; else mappings of Placement fields. ``from_on`` None means from the beginning. Raises Refused, with a
    message by field, when something is missing or unknown, or when the activity is already placed.
    """

    made: list[Classification] = []

    def write() -> dict:
        with writing(activity.organisation):
            _refuse_withdrawn(activity)
            if current_classification(activity) is not None:
                raise Refused(_("Somebody has placed this activity already. Say whether it changed or was wrong"))
            row = write_reading(activity, by, reading, reason=reason, source=source, from_on=from_on)
        made.append(row)
        return {"classification": row.pk}

    reading = read_answers(answers, claim, place, placements, reason, contested_kinds)
    if from_on is not None and from_on > today():
        raise Refused({"from_on": _("The day must be today or earlier")})
    result = once(organisation=activity.organisation, by=by, key=key, write=write, about=activity)
    return made[0] if made else activity.classifications.get(pk=result["classification"])


def replace(
    *,
    activity: Activity,
    by: User,
    from_on: date | None,
    reason: str = "",
    placed_because: str = "",
    answers: Mapping[str, Any] | None = None,
    claim: str = "",
    place: str | None = None,
    placements: Iterable[Mapping[str, Any]] | None = None,
    contested_kinds: Iterable[str] = (),
    key: UUID | None = None,
    source: str = "",
) -> Classification:
    """Place an activity anew from ``from_on``, since it changed. What held before that day stays as it was.

    ``reason`` says what changed, ``placed_because`` why elsewhere than suggested. Raises Refused as ``classify`` does,
    and when ``from_on`` is missing, to come, or not after the day from which the present reading holds.
    """

    made: list[Classification] = []

    def write() -> dict:
        with writing(activity.organisation):
            _refuse_withdrawn(activity)
            old = _current(activity)
            if old.from_on is not None and from_on <= old.from_on:
                raise Refused({"from_on": _("The day must be after the one from which the present place holds")})
            old.until = from_on
            old.save(update_fields=["until"])
            row = write_reading(
                activity, by, reading, reason=_both(reason, placed_because), source=source, from_on=from_on
            )
        made.append(row)
        return {"classification": row.pk}

    reading = read_answers(answers, claim, place, placements, placed_because or reason, contested_kinds)
    if from_on is None:
        raise Refused({"from_on": _("Enter the day from which it changed")})
    if from_on > today():
        raise Refused({"from_on": _("The day must be today or earlier")})
    result = once(organisation=activity.organisation, by=by, key=key, write=write, about=activity)
    return made[0] if made else activity.classifications.get(pk=result["classification"])


def correct(
    *,
    activity: Activity,
    by: User,
    reason: str,
    placed_because: str = "",
    answers: Mapping[str, Any] | None = None,
    claim: str = "",
    place: str | None = None,
    placements: Iterable[Mapping[str, Any]] | None = None,
    contested_kinds: Iterable[str] = (),
    key: UUID | None = None,
    source: str = "",
) -> Classification:
    """Replace a wrong reading: the present one is void at every date, the new one has the same interval.

    ``reason`` says what was wrong. Raises Refused as ``classify`` does, and without a reason or a present reading.
    """

    made: list[Classification] = []

    def write() -> dict:
        with writing(activity.organisation):
            _refuse_withdrawn(activity)
            old = _current(activity)
            old.void_at, old.void_reason, old.voided_by = timezone.now(), reason.strip(), by
            old.save(update_fields=["void_at", "void_reason", "voided_by"])
            row = write_reading(
                activity, by, reading, reason=_both(reason, placed_because), source=source, from_on=old.from_on
            )
        made.append(row)
        return {"classification": row.pk}

    if not reason.strip():
        raise Refused({"why_wrong": _("Say what was wrong")})
    if len(reason.strip()) > Classification._meta.get_field("void_reason").max_length:
        raise Refused({"why_wrong": _("Say what was wrong in 500 characters or fewer")})
    reading = read_answers(answers, claim, place, placements, placed_because or reason, contested_kinds)
    result = once(organisation=activity.organisation, by=by, key=key, write=write, about=activity)
    return made[0] if made else activity.classifications.get(pk=result["classification"])


def _both(*texts: str) -> str:
    return "\n\n".join(dict.fromkeys(text.strip() for text in texts if text.strip()))


def _refuse_withdrawn(activity: Activity) -> None:
    if Activity.objects.filter(pk=activity.pk, withdrawn_on__isnull=False).exists():
        raise Refused(_("This activity was withdrawn, so it cannot be placed"))


def _current(activity: Activity) -> Classification:
    current = current_classification(activity)
    if current is None:
        raise Refused(_("This activity has no place yet"))
    return current


def read_answers(
    answers: Mapping[str, Any] | None,
    claim: str,
    place: str | None,
    placements: Iterable[Mapping[str, Any]] | None,
    reason: str,
    contested_kinds: Iterable[str] = (),
) -> Reading:
    """Check everything that was said and return it ready to be written. Raises Refused with a message by field."""
    answers = {slug: answer for slug, answer in (answers or {}).items() if answer not in (None, "", [], (), {})}
    wrong = unknown_answers(answers)
    chosen = place or ""
    wrong |= unknown_places(claim, chosen)
    contested = list(dict.fromkeys(contested_kinds))
    if set(contested) - set(catalogue().contested_kinds):
        wrong["contested"] = _("Choose from the list")
    suggestion = suggest(answers, placed=chosen)
    if not chosen:
        chosen = suggestion.place
        if not chosen and "place" not in wrong:
            wrong["place"] = _("Your answers do not point to one place yet. Answer more, or choose the place yourself")
    elif suggestion.place not in ("", chosen) and not reason.strip():
        wrong["reason"] = _("Say why it belongs somewhere else than your answers point to")
    rows = (
        [each.fields() for each in suggestion.placements] if placements is None else [dict(each) for each in placements]
    )
    wrong |= wrong_placements(rows, chosen)
    known = effective(answers, placed=place or "")
    if known.get("received", "") > today().isoformat():
        wrong["received"] = _("The day must be today or earlier")
    if wrong:
        raise Refused(wrong)
    contested = list(dict.fromkeys([*suggestion.contested_kinds, *contested]))
    fields = {
        "answers": known,
        "claim": claim,
        "suggested_place": suggestion.place,
        "primary_place": chosen,
        "contested": bool(contested),
        "contested_kinds": contested,
        "power": known.get("power", ""),
        "framework_version": catalogue().version,
    }
    return Reading(suggestion, chosen, fields, rows)


def unknown_answers(answers: Mapping[str, Any]) -> dict[str, str]:
    """Return a message for each answer that nobody offered or that is too long."""
    wrong = {}
    for slug, what in check(answers).items():
        if slug not in guide().questions:
            wrong[""] = _("There is an answer to a question that we did not ask")
        elif what == "long":
            wrong[slug] = _("Use %(number)s characters or fewer") % {"number": guide().questions[slug].max}
        else:
            wrong[slug] = _("Choose one of the answers in the list")
    return wrong


def unknown_places(claim: str, place: str) -> dict[str, str]:
    known = {*catalogue().places, NOT_INVOLVEMENT, ""}
    return {
        name: _("Choose one of the places in the list")
        for name, slug in (("claim", claim), ("place", place))
        if slug not in known
    }


FIELDS = ("facet", "part", "question", "decider", "received_on", "heard", "options", "free_to_refuse", "as_group")


def wrong_placements(rows: list[dict[str, Any]], place: str) -> dict[str, str]:
    """Return what is wrong with ``rows``, the Placement fields of each way; choosers' part is set to not recorded."""
    facets = [row.get("facet") for row in rows]
    if set().union(*rows) - set(FIELDS) if rows else False:
        raise TypeError(f"not fields of a placement: {sorted(set().union(*rows) - set(FIELDS))}")
    if place == NOT_INVOLVEMENT and rows:
        return {"placements": _("What is not involvement has no ways to take part")}
    if set(facets) - set(catalogue().facets) or len(set(facets)) < len(facets):
        return {"placements": _("Choose from the ways in the list, each once")}
    for row in rows:
        if row["facet"].startswith("choosers/"):
            row["part"] = Placement.Part.NOT_RECORDED
        if row.get("part", "none") not in Placement.Part.values:
            return {"placements": _("Choose the part that people had from the list")}
        if row.get("received_on") and row["received_on"] > today():
            return {"received": _("The day must be today or earlier")}
        for name in ("question", "decider"):
            if len(row.get(name) or "") > Placement._meta.get_field(name).max_length:
                return {name: _("Use fewer characters")}
    return {}


def write_reading(
    activity: Activity,
    by: User,
    reading: Reading,
    *,
    reason: str,
    kind: str = Classification.Kind.LEADER,
    source: str = "",
    from_on: date | None = None,
) -> Classification:
    """Add one reading of a ``kind`` and its placements. Call it inside ``writing``."""
    row = Classification.objects.create(
        organisation=activity.organisation,
        activity=activity,
        recorded_by=by,
        kind=kind,
        reason=reason.strip(),
        source=source,
        from_on=from_on,
        **reading.fields,
    )
    Placement.objects.bulk_create(
        Placement(organisation=activity.organisation, classification=row, recorded_by=by, **placement)
        for placement in reading.placements
    )
    return row
