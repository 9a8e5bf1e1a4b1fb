"""What is to be done about a cell of the map: set an action, give it another day, close it with evidence, reopen it."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from involvement.access import Permission
from involvement.actions.base import Refused, may, once, require, take, today, writing
from involvement.actions.responses import LONGEST_WORDS, wrong_cell
from involvement.models import Action, ActionStep, Organisation, Response, Service, StoredFile, User

OPEN_KINDS = (ActionStep.Kind.SET, ActionStep.Kind.MOVED, ActionStep.Kind.REOPENED)  # after these there is work to do


def set_action(
    *,
    organisation: Organisation,
    by: User,
    place: str,
    what: str,
    owner: str,
    due_on: date,
    service: Service | None = None,
    facet: str = "",
    owner_user: User | None = None,
    response: Response | None = None,
    note: str = "",
    key: UUID | None = None,
    on: date | None = None,
) -> Action:
    """Set an action on a cell (``facet`` "": the place as a whole), optionally in answer to a ``response`` there.

    ``owner`` says in words who will do it; ``owner_user`` is the member who is reminded of it. ``on`` is the day it was
    agreed, today unless told otherwise, never later. A second call with the same ``key`` returns the first action.
    Raises PermissionDenied (board members and editors set), or Refused with a sentence per field.
    """
    require(organisation, by, Permission.ACTION_SET)
    on = on or today()
    wrong = wrong_cell(organisation, service, place, facet)
    wrong = wrong or _wrong_action(organisation, what, owner, owner_user, note)
    if on > today():
        wrong["on"] = _("This day has not come yet.")
    if due_on is None:
        wrong["due_on"] = _("Say by when.")
    elif due_on < on:
        wrong["due_on"] = _("This day has passed. Give a day from today on.")
    if response is not None and (response.organisation_id, response.place) != (organisation.pk, place):
        wrong["response"] = _("There is no such answer here.")
    if wrong:
        raise Refused(wrong)

    def write() -> dict:
        with writing(organisation):
            action = Action(
                organisation=organisation, recorded_by=by, service=service, place=place, facet=facet,
                response=response, what=_line(what), owner=_line(owner), owner_user=owner_user, due_on=due_on,
            )  # fmt: skip
            action._history_user = by
            action.save()
            _step(action, by, ActionStep.Kind.SET, on=on, note=note.strip(), due_on=due_on)
        return {"action": action.pk}

    return organisation.actions.get(pk=once(organisation=organisation, by=by, key=key, write=write)["action"])


def move_action(
    *, action: Action, by: User, version: int, note: str, due_on: date, owner: str, owner_user: User | None = None
) -> Action:
    """Give an open action another day or another owner, and keep why. The day before stays readable in its steps.

    Raises PermissionDenied, Conflict on an old ``version``, or Refused with a sentence per field.
    """
    require(action.organisation, by, Permission.ACTION_SET)
    wrong = _wrong_action(action.organisation, action.what, owner, owner_user, note)
    if not note.strip():
        wrong["note"] = _("Say why.")
    if due_on is None:
        wrong["due_on"] = _("Say by when.")
    elif due_on < today():
        wrong["due_on"] = _("This day has passed. Give a day from today on.")
    if wrong:
        raise Refused(wrong)
    with writing(action.organisation):
        current = take(action, version)
        _refuse_unless_open(current)
        current.due_on, current.owner, current.owner_user = due_on, _line(owner), owner_user
        _save(current, by, note)
        _step(current, by, ActionStep.Kind.MOVED, note=note.strip(), due_on=due_on)
    return current


def close_action(
    *,
    action: Action,
    by: User,
    version: int,
    note: str,
    link: str = "",
    reference: str = "",
    upload=None,
    content_type: str = "",
    on: date | None = None,
) -> Action:
    """Say that an action is done: in words, with a link, a file or a reference that shows it.

    ``upload`` is a Django file already checked by the form, ``content_type`` what its content was found to be.
    Raises PermissionDenied (editors close), Conflict on an old ``version``, or Refused with a sentence per field.
    """
    require(action.organisation, by, Permission.ACTION_CLOSE)
    wrong = _wrong_words(note)
    if not note.strip():
        wrong["note"] = _("Say what was done.")
    if not (link or reference.strip() or upload):
        wrong["reference"] = _("Give a web address, a file or a reference, so that others can see it.")
    if (on or today()) > today():
        wrong["on"] = _("This day has not come yet.")
    if wrong:
        raise Refused(wrong)
    with writing(action.organisation):
        current = take(action, version)
        _refuse_unless_open(current)
        stored = None
        if upload is not None:
            stored = StoredFile.objects.create(
                organisation=current.organisation, recorded_by=by, name=upload.name[:200], content_type=content_type,
                size=upload.size, file=upload,
            )  # fmt: skip
        _save(current, by, note)
        _step(
            current, by, ActionStep.Kind.DONE, on=on, note=note.strip(), link=link, reference=reference.strip(),
            file=stored,
        )  # fmt: skip
    return current


def reopen_action(*, action: Action, by: User, version: int, note: str) -> Action:
    """Reopen what was said to be done, or dropped, with a reason.

    Raises PermissionDenied (board members reopen), Conflict on an old ``version``, or Refused without a reason.
    """
    require(action.organisation, by, Permission.ACTION_REOPEN)
    _refuse_without(note)
    with writing(action.organisation):
        current = take(action, version)
        if last_step(current).kind in OPEN_KINDS:
            raise Refused(_("This action is open already."))
        _save(current, by, note)
        _step(current, by, ActionStep.Kind.REOPENED, note=note.strip())
    return current


def drop_action(*, action: Action, by: User, version: int, note: str) -> Action:
    """Say that an open action will not be done, and why. The board drops any; whoever set one may drop that one.

    Raises PermissionDenied, Conflict on an old ``version``, or Refused without a reason.
    """
    if not may_drop(action, by):
        raise PermissionDenied
    _refuse_without(note)
    with writing(action.organisation):
        current = take(action, version)
        _refuse_unless_open(current)
        _save(current, by, note)
        _step(current, by, ActionStep.Kind.DROPPED, note=note.strip())
    return current


def may_drop(action: Action, by: User) -> bool:
    """Return whether ``by`` may say that ``action`` will not be done."""
    if may(action.organisation, by, Permission.ACTION_REOPEN):
        return True
    return action.recorded_by_id == by.pk and may(action.organisation, by, Permission.ACTION_SET)


def reopen_lapsed(*, action: Action) -> bool:
    """Write down that a done action is open again because its cell has lapsed since; return whether that was new.

    For the reminder command only, which has looked at the map: nobody did it, so nobody's name stands there.
    """
    with writing(action.organisation):
        current = take(action, action.organisation.actions.get(pk=action.pk).version)
        if last_step(current).kind != ActionStep.Kind.DONE:
            return False
        note = _("What this action was about has lapsed again since it was done.")
        _save(current, None, note)
        _step(current, None, ActionStep.Kind.REOPENED, note=note)
    return True


def last_step(action: Action) -> ActionStep:
    """Return the newest step of ``action``, which says what it is now. One query."""
    return action.organisation.action_steps.filter(action=action).order_by("-id")[0]


def _step(action: Action, by: User | None, kind: str, *, on: date | None = None, **words) -> ActionStep:
    return ActionStep.objects.create(
        organisation=action.organisation, action=action, recorded_by=by, kind=kind, on=on or today(), **words
    )


def _save(action: Action, by: User | None, note: str) -> None:
    action._history_user = by
    action._change_reason = note.strip()[:100]
    action.save()


def _line(words: str) -> str:
    return " ".join(words.split())


def _refuse_unless_open(action: Action) -> None:
    if last_step(action).kind not in OPEN_KINDS:
        raise Refused(_("This action is closed. Only an open one can be changed."))


def _refuse_without(note: str) -> None:
    wrong = _wrong_words(note)
    if not note.strip():
        wrong = {"note": _("Say why.")}
    if wrong:
        raise Refused(wrong)


def _wrong_words(note: str) -> dict[str, str]:
    if len(note.strip()) > LONGEST_WORDS:
        return {"note": _("Use %(longest)d characters or fewer.") % {"longest": LONGEST_WORDS}}
    return {}


def _wrong_action(
    organisation: Organisation, what: str, owner: str, owner_user: User | None, note: str
) -> dict[str, str]:
    wrong = _wrong_words(note)
    for name, words, longest, missing in (
        ("what", what, 300, _("Say what will be done.")),
        ("owner", owner, 150, _("Say who will do it.")),
    ):
        if not words.strip():
            wrong[name] = missing
        elif len(words.strip()) > longest:
            wrong[name] = _("Use %(longest)d characters or fewer.") % {"longest": longest}
    if owner_user is not None and not organisation.memberships.filter(user=owner_user, until__isnull=True).exists():
        wrong["owner_user"] = _("Choose a member of your organisation.")
    return wrong
