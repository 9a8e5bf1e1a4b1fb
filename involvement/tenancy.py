"""Which organisation's rows the database hands out at all: on PostgreSQL, the wall behind the ones of access.py.

Every table with ``organisation_id`` has policies (walls.py) that compare it with the setting ``app.org`` of the
transaction. Where nobody has said whose rows are meant, there are none. ``access.organisation_view`` says it for a
request; a command says it itself. The policies hold for a role that does not own the tables (README, "In production").
SQLite has no such wall: there, both functions do nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager

from django.db import connection, transaction

_SET = "SELECT set_config('app.org', %s, true), set_config('app.wide', %s, true)"
_NOBODY = ("", "")
_EVERYBODY = ("", "on")


@contextmanager
def inside(organisation) -> Iterator[None]:
    """Open a transaction that sees and writes the rows of ``organisation`` (a saved Organisation), and no other's.

    Raises RuntimeError inside another organisation's: one request is one organisation's.
    """
    wanted, now = (str(organisation.pk), ""), _whose()
    if now not in (_NOBODY, _EVERYBODY, wanted):
        raise RuntimeError(f"inside organisation {now[0]} nobody steps into {wanted[0]}")
    with _as(wanted):
        yield


@contextmanager
def everywhere() -> Iterator[None]:
    """Open a transaction that sees every organisation's rows: for the few places that tests/guards/test_walls names."""
    with _as(_EVERYBODY):
        yield


def streamed(wall: AbstractContextManager[None], parts: Iterable[bytes]) -> Iterator[bytes]:
    """Yield ``parts`` within ``inside(…)`` or ``everywhere()``: they are made after the view's transaction is over."""
    with wall:
        yield from parts


def holds() -> bool:
    """Return whether the database keeps organisations apart for the role that we connect as. One query."""
    if connection.vendor != "postgresql":
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_security_active('involvement_activity')")
        return cursor.fetchone()[0]


def _whose() -> tuple[str, str]:
    return getattr(connection, "tenant", _NOBODY)


@contextmanager
def _as(wanted: tuple[str, str]) -> Iterator[None]:
    before = _whose()
    if connection.vendor != "postgresql" or before == wanted:
        yield
        return
    nested = connection.in_atomic_block  # the end of a transaction forgets what was set in it, that of a savepoint not
    with transaction.atomic():
        _say(wanted)
        connection.tenant = wanted
        try:
            yield
        finally:
            connection.tenant = before
        if nested:
            _say(before)


def _say(whose: tuple[str, str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_SET, whose)
