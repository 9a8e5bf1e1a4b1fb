"""The history of one activity's record in plain sentences: who wrote what when, newest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from framework.catalogue import catalogue
from framework.questions import in_words
from involvement.access import Viewer
from involvement.actions.activities import OWN_FIELDS
from involvement.models import Activity, ActivityGroup, ActivityService, Change, Classification, ConfirmedBatch, User
from involvement.particulars import SaidBy, fewer_than_five, people_written, said_by
from involvement.registers import day, place_title

SHORT = 120  # longer words are shown beneath the sentence, before and after
TOGETHER = timedelta(seconds=5)  # what one person wrote within this time was one act


@dataclass(frozen=True)
class Told:
    """One sentence of an act, without its subject: "changed the title from “A” to “B”"; long words stand apart."""

    words: str
    before: str = ""
    after: str = ""
    answers: tuple[tuple[str, str], ...] = ()  # question and answer, where a reading rests on some


@dataclass(frozen=True)
class Event:
    """One act: when, who, and what they did."""

    at: datetime
    who: str
    told: tuple[Told, ...]


def chronicle(viewer: Viewer, activity: Activity) -> list[Event]:
    """Return what happened to an activity's record, newest first. A fixed number of queries."""
    services = {service.pk: service.name for service in viewer.organisation.services.all()}
    entries = [
        *_of_record(viewer, activity, services),
        *_of_groups(viewer, activity),
        *_of_services(viewer, activity, services),
        *_of_answers(viewer, activity),
        *_of_readings(viewer, activity),
        *_of_changes(viewer, activity),
        *_of_merges(viewer, activity),
    ]
    entries.sort(key=lambda entry: entry[0])
    acts: list[tuple[datetime, User | None, list[Told]]] = []
    for at, who, told in entries:
        if acts and acts[-1][1] == who and at - acts[-1][0] <= TOGETHER:
            acts[-1][2].append(told)
        else:
            acts.append((at, who, [told]))
    return [Event(at, who.get_full_name() if who else _("Somebody"), tuple(told)) for at, who, told in reversed(acts)]


def _versions(model, viewer: Viewer, **kept):
    """Return the history rows of the organisation's ``model``, oldest first."""
    rows = model.history.model.objects.filter(organisation=viewer.organisation, **kept)
    return rows.select_related("history_user").order_by("history_id")


def _of_record(viewer: Viewer, activity: Activity, services: dict[int, str]):
    pieces = {piece.pk: piece.title for piece in viewer.organisation.pieces.all()}
    versions = list(_versions(Activity, viewer, id=activity.pk))
    if versions:
        came = activity.imported_from
        words = _("brought it in with a list: %(list)s") % {"list": came} if came else _("added it to the list")
        yield versions[0].history_date, versions[0].history_user, Told(words)
    for old, new in pairwise(versions):
        stamp = new.history_date, new.history_user
        if new.withdrawn_on and not old.withdrawn_on:
            words = _("withdrew it as entered by mistake: “%(reason)s”") % {"reason": new.withdrawn_reason}
            yield *stamp, Told(words)
        elif old.withdrawn_on and not new.withdrawn_on:
            yield *stamp, Told(_("put it back into the list"))
        for name in OWN_FIELDS:
            attribute = f"{name}_id" if name in ("service", "piece") else name
            before, after = getattr(old, attribute), getattr(new, attribute)
            if before != after:
                shown = [_shown(name, value, services, pieces) for value in (before, after)]
                yield *stamp, _changed(_label(name), *shown)


def _label(name: str) -> str:
    """Return what a field is called within a sentence."""
    if name == "service":
        return _("the service")
    if name == "piece":
        return _("the piece of work")
    return f"“{Activity._meta.get_field(name).verbose_name}”"


def _shown(name: str, value, services: dict[int, str], pieces: dict[int, str]) -> str:
    """Return a field's value as it may be shown, "" for nothing."""
    known = catalogue()
    if name == "service":
        return services.get(value, "") if value else _("trust-wide")
    if name == "piece":
        return pieces.get(value, "")
    if name == "stated_status":
        return str(Activity.StatedStatus(value).label) if value else ""
    if name == "open_to_all":
        return _("yes") if value else _("no")
    if name == "support":
        return "; ".join(known.supports.get(slug, slug) for slug in value)
    if name == "mechanisms":
        return "; ".join(known.mechanisms[slug].title if slug in known.mechanisms else slug for slug in value)
    if name == "reach":
        return people_written(value)
    return "" if value is None else str(value)


def _changed(label: str, before: str, after: str) -> Told:
    names = {"field": label, "before": before, "after": after}
    if before == after:  # two counts under five look alike
        return Told(_("changed %(field)s") % names)
    if len(before) > SHORT or len(after) > SHORT:
        return Told(_("changed %(field)s") % names, before or _("Nothing"), after or _("Nothing"))
    if not before:
        return Told(_("filled in %(field)s: “%(after)s”") % names)
    if not after:
        return Told(_("emptied %(field)s, which said “%(before)s”") % names)
    return Told(_("changed %(field)s from “%(before)s” to “%(after)s”") % names)


def _of_groups(viewer: Viewer, activity: Activity):
    last = {}
    for row in _versions(ActivityGroup, viewer, activity_id=activity.pk):
        stamp, title = (row.history_date, row.history_user), catalogue().groups.get(row.group, row.group)
        names = {"group": title}
        if row.history_type == "-":
            yield *stamp, Told(_("said that it was not meant for this group: %(group)s") % names)
        elif row.history_type == "+":
            said = ", ".join(word for word in (fewer_than_five(row.reach), row.support) if word)
            words = _("said that it was meant to include this group: %(group)s") % names
            yield *stamp, Told(f"{words} ({said})" if said else words)
        else:
            old = last[row.id]
            if old.reach != row.reach:
                label = _("how many people it reached in this group: %(group)s") % names
                yield *stamp, _changed(label, fewer_than_five(old.reach), fewer_than_five(row.reach))
            if old.support != row.support:
                yield *stamp, _changed(_("the support for this group: %(group)s") % names, old.support, row.support)
        last[row.id] = row


def _of_services(viewer: Viewer, activity: Activity, services: dict[int, str]):
    for row in _versions(ActivityService, viewer, activity_id=activity.pk):
        names = {"service": services.get(row.service_id, "")}
        if row.history_type == "-":
            words = _("said that it does not cover this service by name: %(service)s")
        else:
            words = _("said that it covers this service by name: %(service)s")
        yield row.history_date, row.history_user, Told(words % names)


def _of_answers(viewer: Viewer, activity: Activity):
    answers = viewer.organisation.confirmations.filter(activity=activity).select_related("recorded_by", "taken_back_by")
    behind = said_by(viewer.organisation, activity, answers)
    for answer in answers:
        words = {
            (SaidBy.PERSON, True): _("said that it was running on %(day)s"),
            (SaidBy.PERSON, False): _("was asked whether it was running on %(day)s, and said “no, or I do not know”"),
            (SaidBy.LIST, True): _("brought in a list, which says that it was running on %(day)s"),
            (SaidBy.LIST, False): _("brought in a list, which does not say that it was running on %(day)s"),
            (SaidBy.ROWS, True): _("said that all rows of the list without a date were running on %(day)s"),
            (SaidBy.ROWS, False): _(
                "was asked whether the rows of the list without a date were running on %(day)s, and said"
                " “no, or we do not know”"
            ),
        }[behind[answer.pk], answer.running]
        yield answer.recorded_at, answer.recorded_by, Told(words % {"day": day(answer.on)})
        if answer.taken_back_at:
            words = _("took back the answer to whether it was running on %(day)s")
            yield answer.taken_back_at, answer.taken_back_by, Told(words % {"day": day(answer.on)})


def _of_readings(viewer: Viewer, activity: Activity):
    readings = viewer.organisation.classifications.filter(activity=activity, kind=Classification.Kind.LEADER)
    readings = list(readings.select_related("recorded_by", "voided_by", "batch").order_by("id"))
    batches = [r.batch for r in readings if r.batch and r.batch.kind == ConfirmedBatch.Kind.ANSWERED]
    answered, taken_back = {each.recorded_at for each in batches}, {each.undone_at for each in batches} - {None}
    for reading in readings:
        names = {"place": place_title(reading.primary_place), "day": day(reading.from_on), "reason": reading.reason}
        words = _("placed it from %(day)s: %(place)s") if reading.from_on else _("placed it: %(place)s")
        answers = in_words(reading.answers)
        if reading.recorded_at in taken_back:
            continue  # what stood before the answers that were taken back; told where they were
        if reading.batch and reading.batch.kind == ConfirmedBatch.Kind.ANSWERED:
            names["with"] = with_others(reading.batch)
            words = _("answered what was missing%(with)s")
            answers = tuple(
                each for given in reading.batch.answers.values() for each in in_words(given)
            )
            yield reading.recorded_at, reading.recorded_by, Told(words % names, answers=answers)
            if reading.void_at and reading.void_at == reading.batch.undone_at:
                yield reading.void_at, reading.voided_by, Told(_("took back those answers%(with)s") % names)
            elif reading.void_at and reading.void_at not in answered:
                names["reason"] = reading.void_reason
                words = _("took back “%(place)s” as wrong from the start, because “%(reason)s”")
                yield reading.void_at, reading.voided_by, Told(words % names)
            continue
        if reading.batch:
            words, names["source"] = _("placed it: %(place)s, %(source)s%(with)s"), reading.source
            names["with"] = with_others(reading.batch)
        if reading.reason:
            words += _(", because “%(reason)s”")
        yield reading.recorded_at, reading.recorded_by, Told(words % names, answers=answers)
        if reading.void_at and reading.void_at not in answered:
            names["reason"] = reading.void_reason
            if reading.batch and reading.void_at == reading.batch.undone_at:
                words = _("undid “%(place)s”%(with)s, so it waits for a place again")
                yield reading.void_at, reading.voided_by, Told(words % names)
                continue
            words = _("took back “%(place)s” as wrong from the start, because “%(reason)s”")
            yield reading.void_at, reading.voided_by, Told(words % names)


def _change_versions(viewer: Viewer, activity: Activity):
    """Return the history rows of what came of an activity, oldest first: of what moved here or away, all of them."""
    told = Change.history.model.objects.filter(organisation=viewer.organisation)
    ever = told.filter(activity_id=activity.pk).values("id")
    return told.filter(id__in=ever).select_related("history_user").order_by("history_id")


def with_others(batch: ConfirmedBatch) -> str:
    """Return ", with 24 others at once", "" for one that was confirmed by itself."""
    if batch.number < 2:
        return ""
    return ngettext(", with %(n)d other at once", ", with %(n)d others at once", batch.number - 1) % {
        "n": batch.number - 1
    }


def _of_changes(viewer: Viewer, activity: Activity):
    rows = list(_change_versions(viewer, activity))
    elsewhere = {row.activity_id for row in rows} - {activity.pk}
    titles = dict(viewer.organisation.activities.filter(pk__in=elsewhere).values_list("pk", "title"))
    last: dict[int, int] = {}
    for row in rows:
        before, last[row.id] = last.get(row.id, row.activity_id), row.activity_id
        names = {"outcome": str(Change.Outcome(row.outcome).label), "day": day(row.decided_on)}
        if before != row.activity_id:
            names["title"] = titles.get(before if row.activity_id == activity.pk else row.activity_id, "")
            words = (
                _("took over what came of it: %(outcome)s (decided %(day)s), from “%(title)s”")
                if row.activity_id == activity.pk
                else _("moved what came of it: %(outcome)s (decided %(day)s), to “%(title)s”")
            )
            yield row.history_date, row.history_user, Told(words % names)
            continue
        words = {
            "+": _("recorded what came of it: %(outcome)s (decided %(day)s)"),
            "~": _("put right what came of it: %(outcome)s (decided %(day)s)"),
            "-": _("took out what came of it: %(outcome)s (decided %(day)s)"),
        }[row.history_type]
        yield row.history_date, row.history_user, Told(words % names)
    evidence = viewer.organisation.evidence.filter(change__organisation=viewer.organisation, change__activity=activity)
    for each in evidence.select_related("recorded_by"):
        words = _("added evidence: %(kind)s") % {"kind": each.get_kind_display()}
        yield each.recorded_at, each.recorded_by, Told(f"{words}, {each.reference}" if each.reference else words)


def _of_merges(viewer: Viewer, activity: Activity):
    merges = viewer.organisation.merges.filter(Q(kept=activity) | Q(gone=activity))
    merges = list(merges.select_related("kept", "gone", "recorded_by", "undone_by"))
    readings = viewer.organisation.classifications.filter(
        kind=Classification.Kind.LEADER, void_at=None, until=None, activity__in=[each.gone_id for each in merges]
    )
    placed = dict(readings.values_list("activity_id", "primary_place"))
    for each in merges:
        if each.kept_id == activity.pk:
            names = {"title": each.gone.title, "number": each.gone_id}
            words = _("merged another record of the same into it: “%(title)s” (%(number)d)")
            if each.gone_id in placed:
                names["place"] = place_title(placed[each.gone_id])
                words = _("merged another record of the same into it: “%(title)s” (%(number)d), placed as: %(place)s")
            undone = _("undid the merge with “%(title)s” (%(number)d)")
        else:
            names = {"title": each.kept.title, "number": each.kept_id}
            words = _("merged it into another record of the same: “%(title)s” (%(number)d)")
            undone = _("undid the merge into “%(title)s” (%(number)d)")
        yield each.recorded_at, each.recorded_by, Told(words % names)
        if each.undone_at:
            yield each.undone_at, each.undone_by, Told(undone % names)
