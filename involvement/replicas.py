"""Reading from a copy of the database (REPLICA_URL), where that tells nobody anything old.

A copy follows the database that is written to, mostly within milliseconds. Every action raises its organisation's
version, and whose page it is was read from the first database in the same request: a copy that has that version, or a
later one, has all that was written before this page was asked for, the person's own words among it. One that has not
is passed by, and so is one that does not answer.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import DEFAULT_DB_ALIAS, DatabaseError, InterfaceError, OperationalError, connections

COPY = "replica"
log = logging.getLogger(__name__)


def read[Answer](organisation, draw: Callable[[], Answer]) -> Answer:
    """Return what ``draw`` gives, which reads rows of ``organisation`` and writes none, from the copy if it may be.

    ``organisation`` is a saved Organisation as it was read in this request from the database that is written to.
    """
    if COPY not in connections.databases or not _has(organisation):
        return draw()
    try:
        with _instead():
            return draw()
    except (OperationalError, InterfaceError) as lost:
        log.warning("the copy of the database was lost: %s", type(lost).__name__)
        connections[COPY].close()
        return draw()


def _has(organisation) -> bool:
    """Return whether the copy has what ``organisation`` had. One query to the copy."""
    try:
        with connections[COPY].cursor() as cursor:
            cursor.execute("SELECT version FROM involvement_organisation WHERE id = %s", [organisation.pk])
            row = cursor.fetchone()
    except DatabaseError as lost:
        log.warning("the copy of the database does not answer: %s", type(lost).__name__)
        connections[COPY].close()
        return False
    return row is not None and row[0] >= organisation.version


@contextmanager
def _instead() -> Iterator[None]:
    """Put the copy in the place of the database that is written to, in this thread."""
    first = connections[DEFAULT_DB_ALIAS]
    connections[DEFAULT_DB_ALIAS] = connections[COPY]
    try:
        yield
    finally:
        connections[DEFAULT_DB_ALIAS] = first
