"""Two records of one activity become one, and what looks alike is said to be different.

The one that goes is withdrawn, as entered twice: it leaves the map at every date, also at earlier ones, and the one
that stays stands there with its own dates. So a map as at an earlier day counts the activity once too, and says that
there was a correction since. Nothing is lost: what came of it moves along with its evidence; groups, named services
and answers to "is it running?" come along; the record that went, with its history, stays to be read. Challenges go with
it too, and what people who took part say: nobody gets rid of either by a merge.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from involvement.actions.activities import OWN_FIELDS, ActivityFacts, edit_activity, withdraw_activity
from involvement.actions.base import Refused, once, take, writing
from involvement.models import (
    Activity,
    Classification,
    Merge,
    NotTheSame,
    Organisation,
    Placement,
    RunningConfirmation,
    User,
)

KEPT, GONE, BOTH = "kept", "gone", "both"
JOINED = ("description", "promised", "result")  # two texts can stand one after the other
UNITED = ("support", "mechanisms")  # two lists can be one
CHOSEN = OWN_FIELDS
_COPIED = (
    "answers", "claim", "suggested_place", "primary_place", "reason", "contested", "contested_kinds", "power",
    "framework_version", "source", "batch_id", "from_on", "until", "recorded_by_id", "recorded_at",
)  # fmt: skip
_COPIED_WAYS = tuple(
    each.attname
    for each in Placement._meta.concrete_fields
    if each.name not in ("id", "organisation", "classification", "recorded_by", "recorded_at")
)


def merge(
    *,
    kept: Activity,
    gone: Activity,
    by: User,
    version: int,
    gone_version: int,
    choices: Mapping[str, str] | None = None,
    key: UUID | None = None,
) -> Merge:
    """Make one record of two: ``kept`` stays, ``gone`` is withdrawn with the reason.

    ``choices`` maps a field (CHOSEN) to KEPT, GONE or BOTH (texts, lists, and the services of two services: trust-wide,
    covering both by name); a field left out takes what stays unless that is empty. Where both are placed on the map,
    the reading of the one that stays holds; where only the other is, its readings come along. Raises Conflict when one
    of them was saved since, Refused when they cannot be merged or the chosen values contradict each other.
    """

    def write() -> dict:
        with writing(kept.organisation):
            stays, goes = take(kept, version), take(gone, gone_version)
            if stays.withdrawn_on or goes.withdrawn_on:
                raise Refused(_("One of them was withdrawn, so they cannot be merged"))
            _refuse_in_review(stays, goes)
            stays._history_user = goes._history_user = by
            before = _as_it_was(stays)
            facts = merged_facts(stays, goes, choices)
            references = [stays.reference, goes.reference]
            given_up = next((each for each in references if each and each != facts["reference"]), None)
            if goes.reference and goes.reference == facts["reference"]:
                goes.reference = None  # so that the one that stays can have it
            goes.save()
            stays.save()  # a version of its own, also where no word changes: somebody worked on it
            stays = edit_activity(activity=stays, by=by, facts=facts, version=stays.version, seen_today=False)
            if given_up != goes.reference:
                goes = edit_activity(activity=goes, by=by, facts={"reference": given_up}, version=goes.version)
            reason = _("merged into “%(title)s”") % {"title": stays.title}
            goes = withdraw_activity(activity=goes, by=by, reason=reason, version=goes.version)
            row = Merge.objects.create(
                organisation=kept.organisation,
                recorded_by=by,
                kept=stays,
                gone=goes,
                before={
                    "was": before,
                    "references": references,
                    "version": stays.version,
                    "gone_version": goes.version,
                    "changes": _move_changes(goes, stays, by),
                    "answers": _copy_answers(goes, stays),
                    "readings": _copy_readings(goes, stays),
                    "standing": _standing(stays),
                    **_move_voices(goes, stays),
                },
            )
        return {"merge": row.pk}

    if kept.organisation_id != gone.organisation_id or kept.pk == gone.pk:
        raise Refused(_("Choose another activity of your organisation"))
    choices = choices or {}
    if set(choices) - set(CHOSEN) or set(choices.values()) - {KEPT, GONE, BOTH}:
        raise TypeError(f"not choices of a merge: {choices}")
    result = once(organisation=kept.organisation, by=by, key=key, write=write, about=kept)
    return kept.organisation.merges.get(pk=result["merge"])


def _refuse_in_review(*activities: Activity) -> None:
    """Raise Refused while reviewers look at one of ``activities``: the record before them would lose what it tells.

    Nor could they stay blind: what the organisation says of it would stand on the other record too.
    """
    organisation = activities[0].organisation
    open_ = organisation.review_rounds.filter(closed_on=None, drawn__activity__in=activities)
    if round_ := open_.order_by("due_on").first():
        words = _("Patient leaders look at one of them in the review “%(title)s”. Merge them when it is closed")
        raise Refused(words % {"title": round_.title})


def merged_facts(kept: Activity, gone: Activity, choices: Mapping[str, str]) -> ActivityFacts:
    """Return what the one that stays would say, groups and named services too. Reads, writes nothing."""
    facts: ActivityFacts = {}
    for name in CHOSEN:
        mine, theirs = getattr(kept, name), getattr(gone, name)
        choice = choices.get(name) or default_choice(kept, gone, name)
        if choice == BOTH and name in JOINED:
            facts[name] = "\n\n".join(dict.fromkeys(text for text in (mine, theirs) if text))
        elif choice == BOTH and name in UNITED:
            facts[name] = sorted({*mine, *theirs})
        elif choice == BOTH and name == "service":
            facts[name] = None
        else:
            facts[name] = theirs if choice == GONE else mine
    facts["groups"] = _groups(kept, gone)
    facts["named_services"] = [] if facts["service"] is not None else _named(kept, gone)
    return facts


def default_choice(kept: Activity, gone: Activity, name: str) -> str:
    """Return what is taken of a field unless somebody chooses: what stays, what is not empty, all of two lists.

    Trust-wide is a value, not an empty one.
    """
    if name in UNITED:
        return BOTH
    mine, theirs = getattr(kept, name), getattr(gone, name)
    return GONE if name != "service" and mine in (None, "", False) and theirs not in (None, "", False) else KEPT


def _named(kept: Activity, gone: Activity) -> list:
    """Return the services that a trust-wide record of both names: those of either, and either's own."""
    mine = {"organisation": kept.organisation, "activity__in": [kept, gone]}
    rows = kept.organisation.activity_services.filter(**mine).select_related("service")
    named = {row.service_id: row.service for row in rows}
    named |= {each.service_id: each.service for each in (kept, gone) if each.service_id}
    own = _own_names(kept)
    return [service for service in named.values() if service.retired_on is None or service.pk in own]


def _own_names(kept: Activity) -> set[int]:
    return set(kept.organisation.activity_services.filter(activity=kept).values_list("service_id", flat=True))


def _groups(kept: Activity, gone: Activity) -> list[dict]:
    """Return the groups of either; of a group that both have, what stays says, and the other where it is silent."""
    found: dict[str, dict] = {}
    for activity in (kept, gone):
        for row in kept.organisation.activity_groups.filter(activity=activity).order_by("pk"):
            said = found.setdefault(row.group, {"group": row.group, "reach": None, "support": ""})
            said["reach"] = row.reach if said["reach"] is None else said["reach"]
            said["support"] = said["support"] or row.support
    return list(found.values())


def _as_it_was(activity: Activity) -> dict:
    """Return the facts of an activity as JSON, to be put back by undo_merge."""
    organisation = activity.organisation
    was = {
        name: getattr(activity, name)
        for name in OWN_FIELDS
        if name not in ("service", "piece", "cost", "reference")
    }  # fmt: skip
    return was | {
        "service": activity.service_id,
        "piece": activity.piece_id,
        "cost": None if activity.cost is None else str(activity.cost),
        "groups": list(organisation.activity_groups.filter(activity=activity).values("group", "reach", "support")),
        "named_services": sorted(_own_names(activity)),
    }


def _move_changes(gone: Activity, kept: Activity, by: User) -> dict[str, int]:
    """Let what came of the one that goes belong to the one that stays; return id -> version of each."""
    moved = {}
    for change in gone.organisation.changes.select_for_update().filter(activity=gone):
        change.activity, change._history_user = kept, by
        change.version += 1
        change.save()
        moved[str(change.pk)] = change.version
    return moved


def _move_voices(gone: Activity, kept: Activity) -> dict[str, list]:
    """Let challenges and links for people who took part belong to the one that stays; return the ids of each."""
    moved: dict[str, list] = {}
    for name in ("challenges", "assessment_links"):
        rows = getattr(gone.organisation, name).filter(activity=gone)
        moved[name] = [str(pk) for pk in rows.values_list("pk", flat=True)]
        rows.update(activity=kept)
    return moved


def _copy_answers(gone: Activity, kept: Activity) -> list[int]:
    """Give the one that stays the other's answers, of the days on which it has none; return the ids of the copies."""
    answers = kept.organisation.confirmations.standing()
    known = set(answers.filter(activity=kept).values_list("on", flat=True))
    return [
        RunningConfirmation.objects.create(
            organisation=kept.organisation, activity=kept, on=each.on, running=each.running,
            recorded_by_id=each.recorded_by_id, recorded_at=each.recorded_at,
        ).pk
        for each in answers.filter(activity=gone).order_by("pk")
        if each.on not in known
    ]  # fmt: skip


def _copy_readings(gone: Activity, kept: Activity) -> list[int]:
    """Give the one that stays, if nobody has placed it, the other's readings that hold; return the ids of the copies.

    They keep who placed it, when, and from when until when. Readings that were taken back stay with the other one.
    """
    readings = kept.organisation.classifications.filter(kind=Classification.Kind.LEADER, void_at=None)
    if readings.filter(activity=kept).exists():
        return []
    copied = []
    for each in readings.filter(activity=gone).order_by("pk"):
        own = {"organisation": kept.organisation}
        copy = Classification.objects.create(activity=kept, **own, **{name: getattr(each, name) for name in _COPIED})
        Placement.objects.bulk_create(
            Placement(
                classification=copy, recorded_by_id=way.recorded_by_id, recorded_at=way.recorded_at, **own,
                **{name: getattr(way, name) for name in _COPIED_WAYS},
            )
            for way in kept.organisation.placements.filter(classification=each)
        )  # fmt: skip
        copied.append(copy.pk)
    return copied


def _standing(activity: Activity) -> list:
    """Return the readings that stand, each with its end: what a placing since would have changed."""
    readings = activity.organisation.classifications.filter(
        activity=activity, kind=Classification.Kind.LEADER, void_at=None
    )
    return [[pk, until and until.isoformat()] for pk, until in readings.order_by("pk").values_list("pk", "until")]


def can_undo(merge: Merge) -> bool:
    """Return whether a merge can be undone: nobody has changed or placed either record, or what moved, since."""
    if merge.undone_at:
        return False
    organisation, before = merge.organisation, merge.before
    at = dict(organisation.activities.filter(pk__in=[merge.kept_id, merge.gone_id]).values_list("pk", "version"))
    if at != {merge.kept_id: before["version"], merge.gone_id: before["gone_version"]}:
        return False
    if _standing(organisation.activities.get(pk=merge.kept_id)) != before["standing"]:
        return False
    moved = organisation.changes.filter(pk__in=before["changes"], activity_id=merge.kept_id)
    return {str(pk): version for pk, version in moved.values_list("pk", "version")} == before["changes"]


def undo_merge(*, merge: Merge, by: User) -> Merge:
    """Make two records of one again, as they were; history shows both acts. Undoing twice changes nothing more.

    What was recorded on the one that stays since the merge stays there. Raises Refused when somebody has changed one of
    the records since.
    """
    organisation = merge.organisation
    with writing(organisation):
        merge = organisation.merges.select_for_update().get(pk=merge.pk)
        if merge.undone_at:
            return merge
        if not can_undo(merge):
            raise Refused(_("Somebody has changed one of them since, so the merge cannot be undone any more"))
        before = merge.before
        mine, theirs = before["references"]
        gone = take(merge.gone, before["gone_version"])
        gone._history_user = by
        if gone.reference != theirs:
            gone.reference = None
        gone.save()
        facts = _read_back(organisation, before["was"]) | {"reference": mine}
        edit_activity(activity=merge.kept, by=by, facts=facts, version=before["version"], seen_today=False)
        gone.reference, gone.withdrawn_on, gone.withdrawn_reason = theirs, None, None
        gone.version += 1
        gone.save()
        for change in organisation.changes.select_for_update().filter(pk__in=before["changes"]):
            change.activity, change._history_user = gone, by
            change.version += 1
            change.save()
        for name in ("challenges", "assessment_links"):
            getattr(organisation, name).filter(pk__in=before.get(name, ())).update(activity=gone)
        now = timezone.now()
        organisation.confirmations.filter(pk__in=before["answers"]).update(taken_back_at=now, taken_back_by=by)
        for reading in organisation.classifications.filter(pk__in=before["readings"]):
            reading.void_at, reading.voided_by, reading.void_reason = now, by, _("the merge was undone")
            reading.save(update_fields=["void_at", "voided_by", "void_reason"])
        merge.undone_at, merge.undone_by = now, by
        merge.save(update_fields=["undone_at", "undone_by"])
    return merge


def _read_back(organisation: Organisation, was: dict) -> ActivityFacts:
    """Return the facts that _as_it_was wrote down. A piece of work that is gone is left empty."""
    named = was["named_services"]
    return was | {
        "service": organisation.services.filter(pk=was["service"]).first(),
        "piece": organisation.pieces.filter(pk=was["piece"]).first(),
        "named_services": list(organisation.services.filter(pk__in=named)),
    }


def say_not_the_same(*, organisation: Organisation, by: User, activities: Iterable[int]) -> NotTheSame:
    """Remember that these activities, two or more, are different from each other: they are not offered again.

    The same said twice is remembered once. Raises Refused when one of them is not the organisation's.
    """
    pks = sorted(set(activities))
    if len(pks) < 2 or organisation.activities.filter(pk__in=pks).count() < len(pks):
        raise Refused(_("Choose two or more activities of your organisation"))
    with writing(organisation):
        known = organisation.not_the_same.filter(taken_back_at=None, activities=pks).first()
        return known or NotTheSame.objects.create(organisation=organisation, recorded_by=by, activities=pks)


def take_back_not_the_same(*, saying: NotTheSame, by: User) -> NotTheSame:
    """Offer these activities again. Doing it twice changes nothing more."""
    with writing(saying.organisation):
        current = saying.organisation.not_the_same.select_for_update().get(pk=saying.pk)
        if current.taken_back_at is None:
            current.taken_back_at, current.taken_back_by = timezone.now(), by
            current.save(update_fields=["taken_back_at", "taken_back_by"])
    return current
