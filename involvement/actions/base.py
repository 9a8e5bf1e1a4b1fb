"""What every write has in common: one transaction, one lock order, one answer to a repeat, one answer to a race."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from involvement.models import Organisation, RequestKey, User


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


@contextmanager
def writing(organisation: Organisation):
    """Open the transaction of one write and raise the organisation's version, which keys every cached fragment.

    The organisation's row is locked first, always: writes of one organisation go one after another, so a check over
    many rows (is anything unclassified?) still holds when its own row is written.
    """
    with transaction.atomic():
        Organisation.objects.select_for_update().get(pk=organisation.pk)
        yield
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


def once(*, organisation: Organisation, by: User, key: UUID | None, write: Callable[[], dict]) -> dict:
    """Run ``write`` once for a form's ``key``; a repeat answers with the first result (a JSON object).

    ``key`` is the hidden UUID of the form (forms.RequestKeyField). Without a key the write simply runs.
    """
    if key is None:
        return write()
    with transaction.atomic():
        Organisation.objects.select_for_update().get(pk=organisation.pk)
        known = RequestKey.objects.filter(actor=by, key=key).first()
        if known is not None:
            return known.result
        result = write()
        RequestKey.objects.create(organisation=organisation, actor=by, key=key, result=result)
        return result
