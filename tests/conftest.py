"""What every test stands on."""

from contextlib import contextmanager
from functools import partial

import pytest
from django.core.cache import caches
from django.db import connection
from django.template import engines
from django.test.utils import CaptureQueriesContext

from tests import application_role
from tests.undefined import FailOnUndefined


@pytest.fixture(autouse=True)
def _undefined_variables_fail():
    # For every test anew: one that sets DEBUG makes Django build the template engines again.
    engines["django"].engine.string_if_invalid = FailOnUndefined()


@pytest.fixture(autouse=True)
def _empty_cache():
    for each in caches.all(initialized_only=True):
        each.clear()


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    """A folder of the test's own for whatever it uploads."""
    settings.MEDIA_ROOT = tmp_path / "media"
    return settings.MEDIA_ROOT


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """The test database, and the role that the app uses it as."""
    with django_db_blocker.unblock():
        application_role.make()


@contextmanager
def _asking(number: int, at_most: bool = False):
    with CaptureQueriesContext(connection) as queries:
        yield queries
    asked = application_role.counted(queries)
    assert len(asked) == number or (at_most and len(asked) < number), "\n".join([f"{len(asked)} asked", *asked])


@pytest.fixture
def django_assert_num_queries():
    """``with django_assert_num_queries(7):`` the same number on both databases (application_role.counted)."""
    return _asking


@pytest.fixture
def django_assert_max_num_queries():
    """``with django_assert_max_num_queries(9):`` no more than these, on both databases."""
    return partial(_asking, at_most=True)


@pytest.fixture
def world(db):
    """The two organisations and the cast of tests/world.py (a ``World``)."""
    from tests.world import build

    return build()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(request, tmp_path_factory, django_db_modify_db_settings_parallel_suffix):
    """Browser tests share their database with a server in another thread, which SQLite in memory cannot do well."""
    from django.conf import settings

    database = settings.DATABASES["default"]
    browser = any(item.get_closest_marker("browser") for item in request.session.items)
    if browser and database["ENGINE"] == "django.db.backends.sqlite3":
        database.setdefault("TEST", {})["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")
