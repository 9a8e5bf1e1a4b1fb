"""On PostgreSQL every request of the suite is answered as the role that the app should connect as.

Tests themselves go on as the owner, who sees everything: they build the world and look at what became of it.
"""

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
    with connection.cursor() as cursor:
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
