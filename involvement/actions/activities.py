"""The register: add, edit and withdraw activities, and answer "is it running today?"."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypedDict
from uuid import UUID, uuid5

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from framework.catalogue import catalogue
from involvement.actions.base import Conflict, Refused, insert_with_history, once, take, today, writing
from involvement.dates import read_date, read_period
from involvement.models import (
    Activity,
    ActivityGroup,
    ActivityService,
    Organisation,
    PieceOfWork,
    RunningConfirmation,
    Service,
    User,
)


class GroupFacts(TypedDict, total=False):
    """A group that the activity meant to include: ``group`` is a slug of the framework's groups."""

    group: str
    reach: int | None
    support: str


class ActivityFacts(TypedDict, total=False):
    """What is known of an activity, under the model's own names. Left out means: as it is (or empty, when adding)."""

    service: Service | None
    piece: PieceOfWork | None
    reference: str | None
    title: str
    description: str
    method: str
    participants: str
    missing: str
    could_lose: str
    open_to_all: bool
    reach: str
    start_written: str
    end_written: str
    period: str
    stated_status: str
    promised: str
    named_lead: str
    cost: Decimal | None
    citizen_hours: int | None
    support: list[str]
    mechanisms: list[str]
    result: str
    source_url: str
    named_services: list[Service]
    groups: list[GroupFacts]


TEXTS = ("description", "promised", "result")
LONGEST_TEXT = 30_000  # characters; a cell of a spreadsheet holds 32,767
DATE_WORDS = ("start_written", "end_written", "period", "stated_status")
LINES = (
    "title", "method", "participants", "missing", "could_lose", "reach", "named_lead", "source_url", *DATE_WORDS,
)  # fmt: skip
OWN_FIELDS = tuple(name for name in ActivityFacts.__annotations__ if name not in ("named_services", "groups"))


@dataclass(frozen=True)
class DatesRead:
    """What the written dates mean at their widest, and which of them could not be read (field names)."""

    started_on: date | None
    ended_on: date | None
    unread: tuple[str, ...]


def read_dates(
    *, start_written: str = "", end_written: str = "", period: str = "", stated_status: str = ""
) -> DatesRead:
    """Read an activity's three date texts. The start and end that were written count before the period's.

    What is still said to be running has not ended: the last day of a period that is over ("2021/22") is then no end.
    """
    whole = read_period(period)
    start, start_unread = _one_end(start_written, "start")
    end, end_unread = _one_end(end_written, "end")
    started_on = start.earliest if start else whole.start.earliest if whole and whole.start else None
    if end_written and not end_unread:
        ended_on = end.latest if end else None  # "ongoing" can be read and is no end
    else:
        ended_on = whole.end.latest if whole and whole.end else None
        if ended_on and stated_status == Activity.StatedStatus.RUNNING and ended_on <= today():
            ended_on = None
    unread = [("start_written", start_unread), ("end_written", end_unread), ("period", bool(period) and whole is None)]
    return DatesRead(started_on, ended_on, tuple(name for name, not_read in unread if not_read))


def _one_end(words: str, end: str):
    """Return (the reading or None, whether the words could not be read) for a start or an end ("start", "end")."""
    if not words:
        return None, False
    reading = read_date(words)
    if reading:
        return reading, False
    period = read_period(words)  # "since 2018", "ongoing"
    return (getattr(period, end), False) if period else (None, True)


def add_activity(*, organisation: Organisation, by: User, facts: ActivityFacts, key: UUID | None = None) -> Activity:
    """Add an activity to the register; stating that it is running is today's answer to "is it running?".

    Dates are kept as written and read at their widest; one that cannot be read is no error, it counts for nothing.
    A form (``key``) that is sent twice writes once; sent again with other facts, it is another activity. Raises
    Refused with a sentence for each field that is wrong.
    """

    def write() -> dict:
        with writing(organisation):
            activity = Activity(organisation=organisation, recorded_by=by)
            _fill(activity, facts)
            _save(activity, by)
            _name_services(activity, (), facts.get("named_services", ()), by)
            _include_groups(activity, (), facts.get("groups", ()), by)
            if activity.stated_status == Activity.StatedStatus.RUNNING:
                _confirm(activity, by, today(), True)
        return {"activity": activity.pk}

    said = sorted((name, str(value)) for name, value in facts.items())
    key = uuid5(key, f"{organisation.pk} {said}") if key else None
    result = once(organisation=organisation, by=by, key=key, write=write)
    return organisation.activities.get(pk=result["activity"])


def check_activity(
    *, organisation: Organisation, facts: ActivityFacts, free_reference: bool = False, retired: bool = False
) -> Activity:
    """Return the activity that ``facts`` would make, not saved. Raises Refused as add_activity does.

    ``free_reference``: the caller has looked already, for many at once, that nobody has the reference. ``retired``: a
    service that is no longer in use will do, since this tells of a time when it was.
    """
    activity = Activity(organisation=organisation)
    _fill(activity, facts, free_reference=free_reference, retired=retired)
    return activity


def add_activities(*, organisation: Organisation, by: User | None, many: list[ActivityFacts]) -> list[Activity]:
    """Add many activities at once, by the rules of add_activity, in a number of queries that hardly grows with them.

    All of them or none: raises Refused for the first that the rules do not allow. References have to differ.
    """
    with writing(organisation):
        references = {_line(facts.get("reference")) for facts in many} - {""}
        free = not organisation.activities.filter(reference__in=references).exists()
        checked = [check_activity(organisation=organisation, facts=facts, free_reference=free) for facts in many]
        activities = insert_activities(organisation=organisation, by=by, checked=list(zip(checked, many, strict=True)))
        confirm_many(
            organisation=organisation,
            by=by,
            answers=[(each, today(), True) for each in activities if each.is_said_to_run],
        )
    return activities


def insert_activities(
    *, organisation: Organisation, by: User | None, checked: list[tuple[Activity, ActivityFacts]]
) -> list[Activity]:
    """Insert activities that check_activity let through in this same transaction, with the rows that hang from them.

    Call it inside ``writing``. It confirms none of them as running.
    """
    for activity, _facts in checked:
        activity.recorded_by = by
    activities = insert_with_history([each for each, _facts in checked], by=by)
    both = [(activity, facts) for activity, (_same, facts) in zip(activities, checked, strict=True)]
    rows = {"organisation": organisation, "recorded_by": by}
    named = [
        ActivityService(activity=a, service=s, **rows) for a, facts in both for s in facts.get("named_services", ())
    ]
    groups = [
        ActivityGroup(
            activity=activity,
            group=each["group"],
            reach=each.get("reach"),
            support=_line(each.get("support")),
            **rows,
        )
        for activity, facts in both
        for each in facts.get("groups", ())
    ]
    for made in (named, groups):
        insert_with_history(made, by=by)
    return activities


def confirm_many(
    *, organisation: Organisation, by: User | None, answers: Iterable[tuple[Activity, date, bool]]
) -> None:
    """Record dated answers to "is it running?" of activities that were just added. Call it inside ``writing``."""
    RunningConfirmation.objects.bulk_create(
        (
            RunningConfirmation(organisation=organisation, recorded_by=by, activity=activity, on=on, running=running)
            for activity, on, running in answers
        ),
        batch_size=500,
    )


def edit_activity(
    *, activity: Activity, by: User, facts: ActivityFacts, version: int, seen_today: bool = True
) -> Activity:
    """Change what ``facts`` name, and only the rows that differ; nothing differing, nothing is written.

    ``version`` is the one that the person started from: Conflict when somebody saved since, unless ``facts`` are what
    is saved now (the same form sent twice). Stating that it is running is today's answer, unless ``seen_today`` says
    that nobody looked (two records that are merged). Raises Refused as add_activity does, and when it was withdrawn.
    """
    with writing(activity.organisation):
        try:
            current = take(activity, version)
        except Conflict as conflict:
            _not_withdrawn(conflict.current)
            if _says_the_same(conflict.current, facts):
                return activity.organisation.activities.get(pk=activity.pk)
            raise
        _not_withdrawn(current)
        stated, mine = current.stated_status, {"organisation": activity.organisation}
        changed = _fill(current, facts)
        if "named_services" in facts:
            changed |= _name_services(current, current.named_services.filter(**mine), facts["named_services"], by)
        if "groups" in facts:
            changed |= _include_groups(current, current.groups.filter(**mine), facts["groups"], by)
        if changed:
            _save(current, by)
        if seen_today and current.stated_status == Activity.StatedStatus.RUNNING != stated:
            _confirm(current, by, today(), True)
    return activity.organisation.activities.get(pk=activity.pk)


def _says_the_same(current: Activity, facts: ActivityFacts) -> bool:
    """Return whether the record says already what ``facts`` would make it say."""
    mine = {"organisation": current.organisation}
    if any(getattr(current, name) != _tidy(name, facts[name]) for name in OWN_FIELDS if name in facts):
        return False
    named = set(current.named_services.filter(**mine).values_list("service_id", flat=True))
    if "named_services" in facts and named != {service.pk for service in facts["named_services"]}:
        return False
    groups = set(current.groups.filter(**mine).values_list("group", "reach", "support"))
    wanted = {(each["group"], each.get("reach"), _line(each.get("support"))) for each in facts.get("groups", ())}
    return "groups" not in facts or groups == wanted


def withdraw_activity(*, activity: Activity, by: User, reason: str, version: int) -> Activity:
    """Take back an activity that was entered by mistake: it leaves the map at every date, and stays in the record.

    Raises Refused without a reason or when it is withdrawn already, Conflict when somebody saved since ``version``.
    """
    with writing(activity.organisation):
        current = take(activity, version)
        _not_withdrawn(current)
        reason = _line(reason)
        if not reason:
            raise Refused({"reason": _("Say why this activity does not belong in the list")})
        if len(reason) > 500:
            raise Refused({"reason": _("The reason must be 500 characters or fewer")})
        current.withdrawn_on, current.withdrawn_reason = today(), reason
        _save(current, by)
    return current


def confirm_running(*, activity: Activity, by: User, running: bool, on: date | None = None) -> RunningConfirmation:
    """Record a person's answer to "is it running?" on a day (today when none is given).

    The same answer for the same day is recorded once. Raises Refused for a day to come, for a withdrawn activity, and
    for a "yes" on a day that lies before its start or on or after its end: then the dates have to be put right first.
    """
    on = on or today()
    with writing(activity.organisation):
        current = activity.organisation.activities.select_for_update().get(pk=activity.pk)
        _not_withdrawn(current)
        if on > today():
            raise Refused({"on": _("The day must be today or earlier")})
        if running and current.started_on and on < current.started_on:
            raise Refused({"running": _("Its dates say that it had not started by then. Change the dates first")})
        if running and current.ended_on and current.ended_on <= on:
            raise Refused({"running": _("Its dates say that it has ended. Change the dates first")})
        return _confirm(current, by, on, running)


def _not_withdrawn(activity: Activity) -> None:
    if activity.withdrawn_on:
        raise Refused(_("This activity was withdrawn, so it cannot be changed"))


def _save(activity: Activity, by: User) -> None:
    activity._history_user = by
    activity.save()


def _confirm(activity: Activity, by: User, on: date, running: bool) -> RunningConfirmation:
    given = activity.confirmations.standing().filter(organisation=activity.organisation, on=on)
    newest = given.order_by("-id").first()
    if newest is not None and newest.running == running:
        return newest
    return RunningConfirmation.objects.create(
        organisation=activity.organisation, activity=activity, recorded_by=by, on=on, running=running
    )


def _line(words: str | None) -> str:
    """Return one line of text: white space made single, NUL (which PostgreSQL cannot hold) taken out."""
    return " ".join((words or "").replace("\x00", "").split())


def _fill(
    activity: Activity, facts: ActivityFacts, *, free_reference: bool = False, retired: bool = False
) -> bool:
    """Set the activity's own fields; return whether any differs. Raises Refused with all that is wrong."""
    unknown = set(facts) - set(ActivityFacts.__annotations__)
    if unknown:
        raise TypeError(f"not facts of an activity: {sorted(unknown)}")
    before = {name: getattr(activity, name) for name in OWN_FIELDS}
    service_before = activity.service_id
    for name in OWN_FIELDS:
        if name in facts:
            setattr(activity, name, _tidy(name, facts[name]))
    if activity._state.adding or any(getattr(activity, name) != before[name] for name in DATE_WORDS):
        dates = read_dates(**{name: getattr(activity, name) for name in DATE_WORDS})
        activity.started_on, activity.ended_on = dates.started_on, dates.ended_on
    wrong = _wrong(activity, facts, service_before, retired)
    if not free_reference and (said := _reference_taken(activity)):
        wrong["reference"] = said
    if wrong:
        raise Refused(wrong)
    return any(getattr(activity, name) != value for name, value in before.items())


def _tidy(name: str, value):
    if name in LINES:
        return _line(value)
    if name in TEXTS:
        return (value or "").replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n").strip()  # browsers send all
    if name == "reference":
        return _line(value) or None
    if name in ("support", "mechanisms"):
        return sorted(set(value or ()))
    return value


def _wrong(
    activity: Activity, facts: ActivityFacts, service_before: int | None, retired: bool = False
) -> dict[str, str]:
    """Return a sentence for every field that the rules do not allow."""
    wrong: dict[str, str] = {}
    try:
        activity.clean_fields(exclude=["organisation", "service", "piece", "recorded_by"])
    except ValidationError as error:
        wrong = {name: " ".join(said) for name, said in error.message_dict.items()}
    for name in TEXTS:
        if len(getattr(activity, name)) > LONGEST_TEXT:
            wrong[name] = _("Use %(most)s characters or fewer") % {"most": f"{LONGEST_TEXT:,}"}
    if not activity.title:
        wrong["title"] = _("Give the activity a title")
    before = activity.service_id if retired else service_before
    if activity.service is not None and (said := _service_wrong(activity.service, activity, before)):
        wrong["service"] = said
    if activity.piece is not None and activity.piece.organisation_id != activity.organisation_id:
        wrong["piece"] = _("Choose one of your pieces of work")
    if activity.cost is not None and "cost" not in wrong and activity.cost < 0:
        wrong["cost"] = _("The cost must be 0 or more")
    known = catalogue()
    if set(activity.support) - set(known.supports):
        wrong["support"] = _("Choose from the kinds of support in the list")
    if set(activity.mechanisms) - set(known.mechanisms):
        wrong["mechanisms"] = _("Choose from the list of what it rests on")
    if activity.started_on and activity.ended_on and activity.ended_on < activity.started_on:
        wrong["end_written" if activity.end_written else "period" if activity.period else "start_written"] = _(
            "The end is before the start"
        )
    wrong |= _services_wrong(activity, facts.get("named_services"), retired) | _groups_wrong(facts.get("groups", ()))
    return wrong


def _service_wrong(service: Service, activity: Activity, before: int | None) -> str:
    if service.organisation_id != activity.organisation_id:
        return _("Choose one of your services")
    if service.retired_on is not None and service.pk != before:
        return _("“%(service)s” is no longer in use. Choose another service") % {"service": service.name}
    return ""


def _reference_taken(activity: Activity) -> str:
    """Return who has the reference already, if somebody else does."""
    if not activity.reference:
        return ""
    holder = activity.organisation.activities.filter(reference=activity.reference).exclude(pk=activity.pk).first()
    if holder is None:
        return ""
    words = {"reference": activity.reference, "title": holder.title}
    if holder.withdrawn_on:
        return _("Reference “%(reference)s” is already used by “%(title)s”, which was withdrawn") % words
    return _("Reference “%(reference)s” is already used by “%(title)s”") % words


def _services_wrong(activity: Activity, named: Iterable[Service] | None, retired: bool = False) -> dict[str, str]:
    """Check the services that a trust-wide activity names (None: they stay as they are)."""
    if named is None:
        if activity.service is None or activity._state.adding:
            return {}
        if activity.named_services.filter(organisation=activity.organisation).exists():
            return {"service": _("It names services, so it must stay trust-wide")}
        return {}
    named = list(named)
    if named and activity.service is not None:
        return {"named_services": _("Choose one service, or all services and the ones it reaches, not both")}
    before = set()
    if named and not activity._state.adding:
        rows = activity.named_services.filter(organisation=activity.organisation)
        before = set(rows.values_list("service_id", flat=True))
    for service in named:
        if said := _service_wrong(service, activity, service.pk if retired or service.pk in before else None):
            return {"named_services": said}
    return {}


def _groups_wrong(groups: Iterable[GroupFacts]) -> dict[str, str]:
    seen = set()
    for facts in groups:
        group, reach = facts.get("group"), facts.get("reach")
        if group not in catalogue().groups:
            return {"groups": _("Choose from the groups in the list")}
        if group in seen:
            return {"groups": _("Each group can be named once")}
        if reach is not None and not 0 <= reach <= 2_147_483_647:
            return {"groups": _("The number of people must be 0 or more")}
        if len(_line(facts.get("support"))) > 200:
            return {"groups": _("The support given must be 200 characters or fewer")}
        seen.add(group)
    return {}


def _name_services(activity: Activity, rows: Iterable[ActivityService], named: Iterable[Service], by: User) -> bool:
    """Make the activity, which has these ``rows``, name exactly these services; return whether any was touched."""
    wanted = {service.pk: service for service in named}
    known = {row.service_id: row for row in rows}
    for pk in known.keys() - wanted.keys():
        known[pk]._history_user = by
        known[pk].delete()
    for pk in wanted.keys() - known.keys():
        row = ActivityService(organisation=activity.organisation, activity=activity, service=wanted[pk], recorded_by=by)
        row._history_user = by
        row.save()
    return known.keys() != wanted.keys()


def _include_groups(activity: Activity, rows: Iterable[ActivityGroup], groups: Iterable[GroupFacts], by: User) -> bool:
    """Make the activity, which has these ``rows``, name exactly these groups; return whether any was touched."""
    wanted = {facts["group"]: (facts.get("reach"), _line(facts.get("support"))) for facts in groups}
    known = {row.group: row for row in rows}
    touched = False
    for slug in known.keys() - wanted.keys():
        known[slug]._history_user = by
        known[slug].delete()
        touched = True
    for slug, (reach, support) in wanted.items():
        row = known.get(slug)
        if row is not None and (row.reach, row.support) == (reach, support):
            continue
        if row is None:
            row = ActivityGroup(organisation=activity.organisation, activity=activity, group=slug, recorded_by=by)
        row.reach, row.support = reach, support
        row._history_user = by
        row.save()
        touched = True
    return touched
