"""What is kept for a time only, and deleting what is past it. The periods are settings (KEEP_DAYS)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.files.storage import default_storage
from django.db import connection, models, transaction
from django.db.models import Q
from django.utils import timezone

from involvement.models import Invitation, Participant, RequestKey, SecurityEvent, StoredFile

UNFINISHED = timedelta(days=1)  # how long an upload may lie on the disk before its row is written


@dataclass(frozen=True)
class Rule:
    """One kind of thing that is not kept for ever: what it is in words, and which rows are past their time."""

    slug: str
    words: str
    past: Callable[[datetime], models.QuerySet]


def _days(what: str) -> timedelta:
    return timedelta(days=settings.KEEP_DAYS[what])


def _invitations(now: datetime):
    before = now - _days("invitations")
    over = Q(accepted_at__lt=before) | Q(revoked_at__lt=before)
    return Invitation.objects.filter(over | Q(accepted_at=None, revoked_at=None, expires_at__lt=before))


def _places(now: datetime):
    """Places where somebody was signed in, whose session is over."""
    going_on = Session.objects.filter(expire_date__gt=now)
    return UserSession.objects.exclude(session_key__in=going_on.values("session_key"))


def _participants(now: datetime):
    """People who were in a room, with nicknames, choices and votes: what came out was counted when it was closed."""
    before = now - _days("workshops")
    closed = Q(workshop__room__closed_at__lt=before)
    return Participant.objects.filter(closed | Q(workshop__room__closed_at=None, workshop__room__opened_at__lt=before))


RULES = (
    Rule("invitations", "Invitations that are over: address and name", _invitations),
    Rule("sessions", "Sessions that are over", lambda now: Session.objects.filter(expire_date__lt=now)),
    Rule("places", "Where people were signed in", _places),
    Rule("workshops", "Who was in a workshop’s room, what each chose and voted", _participants),
    Rule(
        "request-keys",
        "Keys of forms that were sent",
        lambda now: RequestKey.objects.filter(recorded_at__lt=now - _days("request_keys")),
    ),
    Rule(
        "sign-ins",
        "Events of accounts: sign-ins, failures, changes of a password",
        lambda now: SecurityEvent.objects.filter(organisation=None, at__lt=now - _days("sign_ins")),
    ),
)


def past(now: datetime | None = None) -> dict[str, int]:
    """Return how many things of each kind are past their time: {words: number}. Changes nothing."""
    now = now or timezone.now()
    found = {rule.words: rule.past(now).count() for rule in RULES}
    return found | {_CACHED: _cached(now, delete=False), _FILES: len(list(_nameless(now)))}


def clear(now: datetime | None = None) -> dict[str, int]:
    """Delete what is past its time; return how many of each kind: {words: number}.

    Events of an organisation are its history and stay; those of accounts are the only ones that ever go, and here only.
    """
    now = now or timezone.now()
    gone = {}
    for rule in RULES:
        with transaction.atomic():
            rows = rule.past(now)
            gone[rule.words] = rows._raw_delete(rows.db) if rows.model is SecurityEvent else _deleted(rows)
    files = list(_nameless(now))
    for path in files:
        default_storage.delete(path)
    return gone | {_CACHED: _cached(now, delete=True), _FILES: len(files)}


_CACHED = "What lists that are being brought in, and limits on guessing, left in the cache"
_FILES = "Files that no record names"


def _deleted(rows: models.QuerySet) -> int:
    number = rows.count()
    rows.delete()
    return number


def _cached(now: datetime, *, delete: bool) -> int:
    """Count, or delete, what has run out in the cache's own table. Redis forgets by itself."""
    cache = settings.CACHES["default"]
    if not cache["BACKEND"].endswith("DatabaseCache"):
        return 0
    table = connection.ops.quote_name(cache["LOCATION"])
    verb = "DELETE" if delete else "SELECT count(*)"
    with connection.cursor() as cursor:
        expired = connection.ops.adapt_datetimefield_value(now.replace(microsecond=0))
        cursor.execute(f"{verb} FROM {table} WHERE expires < %s", [expired])  # noqa: S608  a name from our settings
        return cursor.rowcount if delete else cursor.fetchone()[0]


def _nameless(now: datetime, folder: str = "evidence") -> Iterator[str]:
    """Yield the stored files that no row names, unless they are so new that their row may be on its way."""
    if not default_storage.exists(folder):
        return
    folders, files = default_storage.listdir(folder)
    named = set(StoredFile.objects.filter(file__startswith=f"{folder}/").values_list("file", flat=True))
    for name in sorted(files):
        path = f"{folder}/{name}"
        if path not in named and default_storage.get_modified_time(path) < now - UNFINISHED:
            yield path
    for each in sorted(folders):
        yield from _nameless(now, f"{folder}/{each}")
