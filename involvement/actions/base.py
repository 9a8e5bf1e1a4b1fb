"""What every write has in common: one transaction, one lock order, one answer to a repeat, one answer to a race."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import batched
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.db.models import F, Model
from django.utils import timezone
from django.utils.translation import gettext as _

from involvement.access import ROLES, Permission, Role
from involvement.models import Organisation, RequestKey, User

AT_ONCE = 500  # rows in one statement


class Refused(Exception):
    """An action that the rules do not allow. ``messages`` maps a field name ("" for the whole) to a plain sentence."""

    def __init__(self, messages: dict[str, str] | str):
        self.messages = {"": messages} if isinstance(messages, str) else messages
        super().__init__("; ".join(self.messages.values()))


class Conflict(Exception):
    """Somebody saved this record after the page was opened. ``current`` is the record as it is now (shown with 409)."""

    def __init__(self, current):
        self.current = current
        super().__init__(f"{current._meta.model_name} {current.pk} has moved on to version {current.version}")


def today():
    """Return today's date in Europe/London (TIME_ZONE), the only clock that actions and maps use."""
    return timezone.localdate()


def may(organisation: Organisation, by: User, permission: Permission) -> bool:
    """Return whether ``by`` has the right today, read from the rows, whatever page the caller came through."""
    roles = organisation.memberships.filter(user=by, until__isnull=True).values_list("role", flat=True)
    return any(permission in ROLES[Role(role)] for role in roles)


def require(organisation: Organisation, by: User, permission: Permission) -> None:
    """Raise PermissionDenied unless ``by`` has the right today."""
    if not may(organisation, by, permission):
        raise PermissionDenied


@contextmanager
def writing(organisation: Organisation):
    """Open the transaction of one write and raise the organisation's version, which keys every cached fragment.

    The organisation's row is locked first, always: writes of one organisation go one after another, so a check over
    many rows (is anything unclassified?) still holds when its own row is written. Raises Refused where the
    organisation is suspended or was merged into another: what it holds stays as it was.
    """
    with transaction.atomic(), _lock(organisation) as current:
        if not current.is_open:
            raise Refused(_("%(name)s is closed to changes") % {"name": current.name})
        yield
        raise_version(organisation)


_locked: ContextVar[Organisation | None] = ContextVar("locked", default=None)


@contextmanager
def _lock(organisation: Organisation):
    """Lock the organisation's row, once for writes within writes; give the row as it is now."""
    held = _locked.get()
    if held is not None and held.pk == organisation.pk:
        yield held
        return
    token = _locked.set(Organisation.objects.select_for_update().get(pk=organisation.pk))
    try:
        yield _locked.get()
    finally:
        _locked.reset(token)


def raise_version(organisation: Organisation) -> None:
    """Let everything that is kept of ``organisation`` be drawn anew. Call it in the transaction of what changed.

    ``writing`` does; alone it is for what pages show and no action of the organisation writes.
    """
    Organisation.objects.filter(pk=organisation.pk).update(version=F("version") + 1)


def take(record, version: int):
    """Return ``record`` read anew under a lock, its version raised for the save to come.

    Call it inside ``writing``. Raises Conflict when its version is no longer ``version``.
    """
    current = type(record).objects.select_for_update().get(pk=record.pk, organisation_id=record.organisation_id)
    if current.version != version:
        raise Conflict(current)
    current.version += 1
    return current


def insert_with_history[Row: Model](rows: list[Row], *, by: User | None) -> list[Row]:
    """Insert many new rows of one kind and the first entry of each one's history; return them, saved.

    The histories are copied within the database, in one statement for each batch: that they say the same as the rows
    is certain, and it costs a third of sending everything twice. Call it inside ``writing``.
    """
    if not rows:
        return []
    model = type(rows[0])
    history = model.history.model
    saved = model.objects.bulk_create(rows, batch_size=AT_ONCE)
    quote = connection.ops.quote_name
    columns = ", ".join(quote(field.column) for field in history.tracked_fields)
    copy = (
        f"INSERT INTO {quote(history._meta.db_table)} ({columns}, history_date, history_type, history_user_id)"  # noqa: S608
        f" SELECT {columns}, %s, '+', %s FROM {quote(model._meta.db_table)}"
        f" WHERE {quote(model._meta.pk.column)} IN ({{keys}}) ORDER BY {quote(model._meta.pk.column)}"
    )  # names of our own tables and columns only
    user = by.pk if by is not None else None
    with connection.cursor() as cursor:
        for some in batched(saved, AT_ONCE):
            keys = [row.pk for row in some]
            at = connection.ops.adapt_datetimefield_value(timezone.now())
            cursor.execute(copy.format(keys=", ".join(["%s"] * len(keys))), [at, user, *keys])
    return saved


def once(
    *, organisation: Organisation, by: User, key: UUID | None, write: Callable[[], dict], about: Model | None = None
) -> dict:
    """Run ``write`` once for a form's ``key``; a repeat answers with the first result (a JSON object).

    ``key`` is the hidden UUID of the form (forms.RequestKeyField). Without a key the write simply runs. Another
    organisation knows nothing of the key. Raises Refused where it came before with another deed (the function that
    ``write`` stands in), or with one on another record than ``about``: what that came to is no answer to this.
    """
    if key is None:
        return write()
    deed = write.__qualname__.partition(".")[0] + (f" {about.pk}" if about is not None else "")
    with transaction.atomic(), _lock(organisation):
        known = RequestKey.objects.filter(organisation=organisation, actor=by, key=key).first()
        if known is not None:
            if known.deed != deed:
                raise Refused(_("This form was used for something else already. Open the page again"))
            return known.result
        result = write()
        RequestKey.objects.create(organisation=organisation, actor=by, key=key, deed=deed, result=result)
        return result
