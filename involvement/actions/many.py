"""Change many activities at once, look at what would change first, and undo it while nobody has touched them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from itertools import batched
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from framework.catalogue import catalogue
from involvement.actions.activities import DATE_WORDS, read_dates
from involvement.actions.base import Refused, once, today, writing
from involvement.actions.pieces import add_piece
from involvement.models import (
    Activity,
    ActivityGroup,
    ManyEdit,
    Organisation,
    PieceOfWork,
    RunningConfirmation,
    Service,
    User,
)

AT_ONCE = 500  # ids, or rows, a statement
WITHDRAWN, NAMES_SERVICES, HAS_ENDED, NOT_STARTED = "withdrawn", "names-services", "has-ended", "not-started"
DATES_CONTRADICT = "dates-contradict"
LEFT_OUT = (WITHDRAWN, NAMES_SERVICES, HAS_ENDED, NOT_STARTED, DATES_CONTRADICT)  # why one is left as it is


class Moved(Exception):
    """Somebody saved one of these activities, or the selection became another, after the person looked at it."""


@dataclass(frozen=True)
class Leave:
    """The value of a field that is left as it is: None is a value of its own (trust-wide, no piece of work)."""

    def __bool__(self) -> bool:
        return False


LEAVE = Leave()


@dataclass(frozen=True)
class ManyChanges:
    """What to change; what is LEAVE stays as it is.

    ``service`` None is trust-wide. ``piece`` None takes activities out of their piece of work; a text makes a new piece
    of that title. ``running`` answers "is it running today?". Groups are slugs of the framework's groups.
    """

    service: Service | None | Leave = LEAVE
    piece: PieceOfWork | str | None | Leave = LEAVE
    stated_status: str | Leave = LEAVE
    method: str | Leave = LEAVE
    named_lead: str | Leave = LEAVE
    running: bool | Leave = LEAVE
    groups_added: tuple[str, ...] = ()
    groups_removed: tuple[str, ...] = ()

    @property
    def columns(self) -> dict[str, Any]:
        """Return the chosen values by the name of the activity's column. A piece that is not made yet has no id."""
        chosen = {}
        if self.service is not LEAVE:
            chosen["service_id"] = self.service.pk if self.service else None
        if self.piece is not LEAVE:
            chosen["piece_id"] = self.piece.pk if isinstance(self.piece, PieceOfWork) else None
        for name in ("stated_status", "method", "named_lead"):
            if getattr(self, name) is not LEAVE:
                chosen[name] = getattr(self, name)
        return chosen

    @property
    def nothing(self) -> bool:
        return not self.columns and not self.groups_added and not self.groups_removed and self.running is LEAVE

    def as_json(self) -> dict:
        """Return what was chosen, for the record and the page that tells of it."""
        chosen = self.columns
        if isinstance(self.piece, str):
            chosen["piece"] = self.piece
        if self.running is not LEAVE:
            chosen["running"] = self.running
        return chosen | {"groups_added": list(self.groups_added), "groups_removed": list(self.groups_removed)}


@dataclass
class Planned:
    """What would change on one activity."""

    activity: Activity
    now: dict[str, Any]  # column -> value, of those that differ
    added: list[str]
    removed: list[ActivityGroup]
    answer: bool | None

    @property
    def record_changes(self) -> bool:
        return bool(self.now or self.added or self.removed)


@dataclass
class ManyPlan:
    """What would change for which activities, and for which not and why. ``seen`` stands for what was looked at."""

    changing: list[Planned] = field(default_factory=list)
    already: list[Activity] = field(default_factory=list)
    left_out: dict[str, list[Activity]] = field(default_factory=dict)
    seen: str = ""

    @property
    def total(self) -> int:
        return len(self.changing) + len(self.already) + sum(map(len, self.left_out.values()))

    @property
    def losing(self) -> int:
        """How many lose a number of people, or a kind of support, that was recorded for a group."""
        return sum(any(row.reach is not None or row.support for row in each.removed) for each in self.changing)


def plan_many(*, organisation: Organisation, activities: Iterable[int], changes: ManyChanges) -> ManyPlan:
    """Work out what ``changes`` would do to the activities with these ids. Writes nothing.

    Raises Refused, with a sentence by field, when nothing is chosen or what is chosen is not allowed for any; ids that
    are not the organisation's are refused too. A handful of queries for every 500 activities.
    """
    changes = _checked(organisation, changes)
    return _plan(organisation, _fetched(organisation, activities), changes)


def edit_many(
    *,
    organisation: Organisation,
    by: User,
    activities: Iterable[int],
    changes: ManyChanges,
    key: UUID | None = None,
    seen: str = "",
) -> ManyEdit:
    """Make ``changes`` to the activities with these ids in one transaction, each with its history and new version.

    What is already so, withdrawn, or would break a rule is left as it is, and the result says which and why. ``seen``
    is the plan's that the person looked at: Moved when it is another by now. A repeat of ``key`` changes nothing more.
    Raises Refused as plan_many does, and when nothing would change.
    """

    def write() -> dict:
        with writing(organisation):
            chosen = _checked(organisation, changes)
            plan = _plan(organisation, _fetched(organisation, activities, lock=True), chosen)
            if seen and plan.seen != seen:
                raise Moved
            if not plan.changing:
                raise Refused(_("Nothing would change: they are like that already, or cannot be changed"))
            if isinstance(chosen.piece, str):
                piece = add_piece(organisation=organisation, by=by, title=chosen.piece)
                for each in plan.changing:
                    each.now["piece_id"] = piece.pk
            edit = ManyEdit.objects.create(
                organisation=organisation,
                recorded_by=by,
                changes=chosen.as_json() | ({"piece_id": piece.pk} if isinstance(chosen.piece, str) else {}),
                before=_write(organisation, by, plan.changing),
                left_out={reason: [each.pk for each in left] for reason, left in plan.left_out.items()},
            )
        return {"many": edit.pk}

    result = once(organisation=organisation, by=by, key=key, write=write)
    return organisation.many_edits.get(pk=result["many"])


def undoable(edit: ManyEdit) -> list[int]:
    """Return the ids of the activities that undoing ``edit`` would put back: those nobody has changed since."""
    if edit.undone_at:
        return []
    left_at = {int(pk): each["version"] for pk, each in edit.before.items()}
    now = edit.organisation.activities.listed().values_list("pk", "version")
    rows = [row for pks in batched(left_at, AT_ONCE) for row in now.filter(pk__in=pks)]
    return [pk for pk, version in rows if left_at[pk] == version]


def undo_many(*, edit: ManyEdit, by: User) -> ManyEdit:
    """Put back what ``edit`` changed, for every activity that nobody has changed since; history shows both.

    Answers that it gave are taken back. A piece of work that it made stays. Undoing twice changes nothing more. Raises
    Refused when every activity has been changed since.
    """
    organisation = edit.organisation
    with writing(organisation):
        edit = organisation.many_edits.select_for_update().get(pk=edit.pk)
        if edit.undone_at:
            return edit
        pks = undoable(edit)
        if not pks:
            raise Refused(_("All of them have been changed since, so there is nothing to put back"))
        rows = {row.pk: row for row in _fetched(organisation, pks, lock=True)}
        there = {  # what was taken out of the organisation since (an undone import) is not put back
            "piece_id": set(organisation.pieces.values_list("pk", flat=True)),
            "service_id": set(organisation.services.values_list("pk", flat=True)),
        }
        back, answers = [], []
        for pk in pks:
            was = edit.before[str(pk)]
            now = {name: _from_json(name, value) for name, value in was["was"].items()}
            now |= {name: None for name, known in there.items() if name in now and now[name] not in known}
            removed = [row for row in rows[pk].group_rows if row.group in was["added"]]
            back.append((Planned(rows[pk], now, [], removed, None), was["removed"]))
            answers.append(was["answer"])
        _write(organisation, by, [planned for planned, _removed in back], groups=dict(_again(organisation, by, back)))
        answers = [pk for pk in answers if pk]
        for some in batched(answers, AT_ONCE):
            organisation.confirmations.filter(pk__in=some).update(taken_back_at=timezone.now(), taken_back_by=by)
        edit.undone_at, edit.undone_by, edit.put_back = timezone.now(), by, len(pks)
        edit.save(update_fields=["undone_at", "undone_by", "put_back"])
    return edit


def _again(organisation: Organisation, by: User, back: list[tuple[Planned, list]]):
    """Yield (activity's id, the group rows that had been taken out, unsaved) for each that had some."""
    for planned, removed in back:
        there = {row.group for row in planned.activity.group_rows}
        rows = [
            ActivityGroup(
                organisation=organisation, activity=planned.activity, recorded_by=by, group=group, reach=reach,
                support=support,
            )
            for group, reach, support in removed
            if group not in there
        ]  # fmt: skip
        if rows:
            yield planned.activity.pk, rows


def _from_json(name: str, value):
    return date.fromisoformat(value) if value and name in ("started_on", "ended_on") else value


def _checked(organisation: Organisation, changes: ManyChanges) -> ManyChanges:
    """Return ``changes`` tidied. Raises Refused with a sentence for every field that no activity could take."""
    wrong: dict[str, str] = {}
    if changes.service and changes.service.organisation_id != organisation.pk:
        wrong["service"] = _("Choose one of your services")
    elif changes.service and changes.service.retired_on:
        wrong["service"] = _("“%(service)s” is no longer in use. Choose another service") % {
            "service": changes.service.name
        }
    if isinstance(changes.piece, PieceOfWork) and changes.piece.organisation_id != organisation.pk:
        wrong["piece"] = _("Choose one of your pieces of work")
    if isinstance(changes.piece, str) and not changes.piece.strip():
        wrong["new_piece"] = _("Give the new piece of work a title")
    if changes.stated_status is not LEAVE and changes.stated_status not in ("", *Activity.StatedStatus.values):
        wrong["stated_status"] = _("Choose a status from the list")
    if changes.stated_status == Activity.StatedStatus.RUNNING and changes.running is False:
        wrong["running"] = _("You say that they are running, and that they are not")
    tidy = {}
    for name in ("method", "named_lead"):
        words = getattr(changes, name)
        if words is not LEAVE:
            tidy[name] = " ".join(words.replace("\x00", "").split())
            longest = Activity._meta.get_field(name).max_length
            if len(tidy[name]) > longest:
                wrong[name] = _("Use %(number)s characters or fewer") % {"number": longest}
    added, removed = set(changes.groups_added), set(changes.groups_removed)
    if (added | removed) - set(catalogue().groups):
        wrong["groups_added"] = _("Choose from the groups in the list")
    elif added & removed:
        wrong["groups_removed"] = _("The same group cannot be added and taken out")
    if changes.nothing and not wrong:
        wrong[""] = _("Choose at least one thing to change")
    if wrong:
        raise Refused(wrong)
    return ManyChanges(**{name: getattr(changes, name) for name in changes.__dataclass_fields__} | tidy)


def _fetched(organisation: Organisation, activities: Iterable[int], *, lock: bool = False) -> list[Activity]:
    """Return the organisation's activities with these ids, each with ``group_rows``, ``names`` and ``answered``.

    Raises Refused when an id is not the organisation's.
    """
    pks = sorted(set(activities))
    naming = set(organisation.activity_services.values_list("activity_id", flat=True))
    newest = organisation.confirmations.standing().filter(activity=OuterRef("pk"), on=today()).order_by("-id")
    rows = organisation.activities.order_by("pk")
    found: list[Activity] = []
    for some in batched(pks, AT_ONCE):
        if lock:
            list(rows.select_for_update().filter(pk__in=some).values_list("pk", flat=True))
        found += rows.filter(pk__in=some).annotate(answered=Subquery(newest.values("running")[:1]))
    if len(found) < len(pks):
        raise Refused(_("One of these is not an activity of your organisation. Choose them again"))
    groups: dict[int, list[ActivityGroup]] = {}
    for some in batched(pks, AT_ONCE):
        for row in organisation.activity_groups.filter(activity__in=some):
            groups.setdefault(row.activity_id, []).append(row)
    for activity in found:
        activity.group_rows, activity.names = groups.get(activity.pk, []), activity.pk in naming
    return found


def _plan(organisation: Organisation, activities: list[Activity], changes: ManyChanges) -> ManyPlan:
    plan = ManyPlan(seen=sha256(repr([(each.pk, each.version) for each in activities]).encode()).hexdigest())
    for activity in activities:
        planned = _planned(activity, changes)
        if isinstance(planned, str):
            plan.left_out.setdefault(planned, []).append(activity)
        elif planned.record_changes or planned.answer is not None:
            plan.changing.append(planned)
        else:
            plan.already.append(activity)
    return plan


def _planned(activity: Activity, changes: ManyChanges) -> Planned | str:
    """Return what would change on one activity, or why it is left out (one of LEFT_OUT)."""
    if activity.withdrawn_on:
        return WITHDRAWN
    now = {name: value for name, value in changes.columns.items() if getattr(activity, name) != value}
    if isinstance(changes.piece, str):
        now["piece_id"] = None  # the id comes when the piece is made
    if now.get("service_id") and activity.names:
        return NAMES_SERVICES
    if "stated_status" in now:
        words = {name: getattr(activity, name) for name in DATE_WORDS} | {"stated_status": now["stated_status"]}
        dates = read_dates(**words)
        now |= {
            name: getattr(dates, name)
            for name in ("started_on", "ended_on")
            if getattr(dates, name) != getattr(activity, name)
        }
    starts, ends = (now.get(name, getattr(activity, name)) for name in ("started_on", "ended_on"))
    if starts and ends and ends < starts:
        return DATES_CONTRADICT
    answer = None if changes.running is LEAVE else changes.running
    if now.get("stated_status") == Activity.StatedStatus.RUNNING:
        answer = True
    if answer is True and ends and ends <= today():
        return HAS_ENDED
    if answer is True and starts and starts > today():
        return NOT_STARTED
    over = (ends and ends <= today()) or (starts and starts > today())
    if answer is activity.answered or (answer is False and over):  # its dates say so already
        answer = None
    known = {row.group for row in activity.group_rows}
    return Planned(
        activity=activity,
        now=now,
        added=[group for group in changes.groups_added if group not in known],
        removed=[row for row in activity.group_rows if row.group in changes.groups_removed],
        answer=answer,
    )


def _write(
    organisation: Organisation,
    by: User,
    many: list[Planned],
    groups: dict[int, list[ActivityGroup]] | None = None,
) -> dict[str, dict]:
    """Write what is planned, with history, in a few statements for every 500; return what ManyEdit.before holds.

    ``groups``: further rows of groups to add, by activity. Call it inside ``writing``.
    """
    groups, at = groups or {}, timezone.now()
    before: dict[str, dict] = {}
    saved, added, removed, answers = [], [], [], []
    names: set[str] = set()
    for each in many:
        activity, more = each.activity, groups.get(each.activity.pk, [])
        was = {name: getattr(activity, name) for name in each.now}
        if each.record_changes or more:
            activity.version += 1
            saved.append(activity)
        for name, value in each.now.items():
            setattr(activity, name, value)
        names.update(each.now)
        own = {"organisation": organisation, "activity": activity, "recorded_by": by}
        added += [*(ActivityGroup(group=group, **own) for group in each.added), *more]
        removed += each.removed
        if each.answer is not None:
            answers.append(RunningConfirmation(on=today(), running=each.answer, **own))
        before[str(activity.pk)] = {
            "version": activity.version,
            "was": {name: value.isoformat() if isinstance(value, date) else value for name, value in was.items()},
            "added": each.added,
            "removed": [[row.group, row.reach, row.support] for row in each.removed],
            "answer": None,
        }
    _save(organisation, saved, names)
    _tell(Activity, saved, "~", by, at)
    _tell(ActivityGroup, removed, "-", by, at)
    for some in batched(removed, AT_ONCE):
        rows = organisation.activity_groups.filter(pk__in=[row.pk for row in some])
        rows._raw_delete(rows.db)  # their history is told above; delete() would tell it again, row by row
    _tell(ActivityGroup, ActivityGroup.objects.bulk_create(added, batch_size=AT_ONCE), "+", by, at)
    for answer in RunningConfirmation.objects.bulk_create(answers, batch_size=AT_ONCE):
        before[str(answer.activity_id)]["answer"] = answer.pk
    return before


def _save(organisation: Organisation, activities: list[Activity], names: set[str]) -> None:
    """Write these columns of the activities, and their versions: one statement for every value that many share.

    Values that few share (when a change is undone) go in batches of their own instead.
    """
    for name in sorted(names | {"version"}):
        by_value: dict[Any, list[Activity]] = {}
        for activity in activities:
            by_value.setdefault(getattr(activity, name), []).append(activity)
        few = []
        for value, some in by_value.items():
            if len(some) < 20 and len(by_value) > 10:
                few += some
                continue
            for chunk in batched(some, AT_ONCE):
                organisation.activities.filter(pk__in=[each.pk for each in chunk]).update(**{name: value})
        if few:
            field_name = Activity._meta.get_field(name.removesuffix("_id")).name
            organisation.activities.bulk_update(few, [field_name], batch_size=100)


def _tell(model, rows: list, kind: str, by: User, at) -> None:
    """Write a history row of ``kind`` ("+", "~", "-") for each of ``rows``."""
    told = model.history.model
    told.objects.bulk_create(
        (
            told(
                history_date=at,
                history_user=by,
                history_type=kind,
                **{each.attname: getattr(row, each.attname) for each in told.tracked_fields},
            )
            for row in rows
        ),
        batch_size=200,
    )
