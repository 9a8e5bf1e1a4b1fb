"""On PostgreSQL every request of the suite is answered as the role that the app should connect as.

Tests themselves go on as the owner, who sees everything: they build the world and look at what became of it.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

ROLE = "involvement_test_app"
# What the README tells an operator to do, less the password. Roles belong to the whole server: two runs may meet.
MAKE = f"""
DO $$ BEGIN CREATE ROLE {ROLE} NOLOGIN NOSUPERUSER NOBYPASSRLS;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
GRANT USAGE ON SCHEMA public TO {ROLE};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {ROLE};
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {ROLE};
"""


def make() -> None:
    """Make the role and let it use the tables of the test database."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(MAKE)


@contextmanager
def as_application() -> Iterator[None]:
    """Ask the database as the app does. Nothing differs on SQLite."""
    if connection.vendor != "postgresql":
        yield
        return
    try:
        cursor = connection.cursor()
    except RuntimeError:  # a test without a database
        yield
        return
    with cursor:
        cursor.execute(f"SET ROLE {ROLE}")
    try:
        yield
    finally:
        if not connection.needs_rollback:  # a transaction that failed takes the role back by itself
            with connection.cursor() as cursor:
                cursor.execute("RESET ROLE")


def middleware(get_response):
    """Answer as the app's role; what is streamed is made as it too."""

    def answer(request):
        with as_application():
            response = get_response(request)
        if response.streaming and not response.is_async:
            response.streaming_content = _streamed(response.streaming_content)
        return response

    return answer


def _streamed(parts):
    with as_application():
        yield from parts


def counted(queries) -> list[str]:
    """Return the statements that ask for something: not those by which PostgreSQL is told whose rows are meant.

    These are as many at every page, and have a count of their own in tests/guards/test_walls.py.
    """
    asked, telling = [], set()
    for sql in (query["sql"] for query in queries):
        savepoint = re.match(r'(?:RELEASE )?SAVEPOINT "(\w+)"', sql)
        if "set_config('app." in sql:
            opened = re.match(r'SAVEPOINT "(\w+)"', asked[-1]) if asked else None
            if opened:
                telling.add(opened[1])
                asked.pop()
        elif sql.startswith("RELEASE") and savepoint and savepoint[1] in telling:
            telling.remove(savepoint[1])
        elif not re.match(r"(SET|RESET) ROLE|SET LOCAL enable_nestloop TO DEFAULT", sql):
            asked.append(sql)
    return asked
