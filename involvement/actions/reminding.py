"""Noting who was reminded of what, before the letter leaves, so that two runs at once send one letter."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db import IntegrityError, transaction

from involvement.models import Organisation, ReminderSent, User


def note(*, recipient: User, things: Iterable[tuple[Organisation, str, int, date]], on: date) -> list[ReminderSent]:
    """Note that ``recipient`` is told today of ``things``: (organisation, what, its id, the day it is for) each.

    Returns the notes; none when somebody else has just noted one of them, and sends the letter.
    """
    rows = [
        ReminderSent(organisation=organisation, recipient=recipient, what=what, thing=thing, due=due, on=on)
        for organisation, what, thing, due in things
    ]
    try:
        with transaction.atomic():
            return ReminderSent.objects.bulk_create(rows)
    except IntegrityError:
        return []


def take_back(*, notes: Iterable[ReminderSent]) -> None:
    """Forget ``notes`` whose letter did not leave: the next run tries again."""
    ReminderSent.objects.filter(pk__in=[row.pk for row in notes]).delete()
