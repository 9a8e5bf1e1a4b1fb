"""What every test stands on."""

import pytest
from django.core.cache import cache
from django.template import engines

from tests.undefined import FailOnUndefined


@pytest.fixture(autouse=True)
def _undefined_variables_fail():
    # For every test anew: one that sets DEBUG makes Django build the template engines again.
    engines["django"].engine.string_if_invalid = FailOnUndefined()


@pytest.fixture(autouse=True)
def _empty_cache():
    cache.clear()


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    """A folder of the test's own for whatever it uploads."""
    settings.MEDIA_ROOT = tmp_path / "media"
    return settings.MEDIA_ROOT


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
