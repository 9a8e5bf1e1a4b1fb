"""Reading from a copy of the database (replicas.py), and asking again while it restarts (patience.py)."""

from types import SimpleNamespace

import pytest
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.exceptions import SessionInterrupted
from django.core.signals import got_request_exception
from django.db import DatabaseError, OperationalError, connections
from django.http import HttpResponse
from django.test import Client

from involvement import patience, replicas
from involvement.middleware import Sessions
from involvement.models import Organisation


@pytest.fixture
def copy(transactional_db):
    """A second connection to the same rows, by the name of the copy; it counts what it is asked."""
    if connections["default"].vendor != "postgresql":
        pytest.skip("SQLite has no copy that follows it")
    connections.databases["replica"] = connections.databases["default"]
    connections["replica"] = connections["default"].copy()
    asked: list[str] = []

    def note(execute, sql, params, many, context):
        asked.append(sql)
        return execute(sql, params, many, context)

    with connections["replica"].execute_wrapper(note):
        yield asked
    connections["replica"].close()
    del connections["replica"], connections.databases["replica"]


def is_the_copy() -> bool:
    return connections["default"] is connections["replica"]


@pytest.fixture
def home(transactional_db):
    from tests.world import build

    return build()


def test_a_copy_that_has_what_the_organisation_has_is_read(home, copy):
    ours = Organisation.objects.get(pk=home.ashdown.organisation.pk)
    assert replicas.read(ours, is_the_copy)
    assert not is_the_copy()


def test_a_copy_that_is_behind_is_passed_by(home, copy):
    ours = Organisation.objects.get(pk=home.ashdown.organisation.pk)
    ahead = SimpleNamespace(pk=ours.pk, version=ours.version + 1)
    assert not replicas.read(ahead, is_the_copy)


def test_a_copy_that_is_lost_is_passed_by_before_and_within(home, copy):
    ours = Organisation.objects.get(pk=home.ashdown.organisation.pk)
    seen = []

    def draw() -> str:
        seen.append(is_the_copy())
        if seen[-1]:
            raise OperationalError("terminating connection")
        return "drawn"

    assert replicas.read(ours, draw) == "drawn" and seen == [True, False]
    connections["replica"].close()
    connections["replica"].settings_dict = {**connections["replica"].settings_dict, "NAME": "/nowhere/at/all"}
    assert replicas.read(ours, draw) == "drawn" and seen[2:] == [False]


def test_what_is_wrong_in_the_page_itself_is_not_tried_twice(home, copy):
    ours, times = Organisation.objects.get(pk=home.ashdown.organisation.pk), []

    def draw():
        times.append(1)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        replicas.read(ours, draw)
    assert times == [1] and not is_the_copy()


def test_pages_are_read_from_the_copy_and_who_asks_is_not(home, copy):
    client = Client()
    client.force_login(home.people["vi"])
    addresses = ["/o/ashdown/map/", "/o/ashdown/map.json", "/o/ashdown/activities/?q=survey", "/o/ashdown/gaps/"]
    for address in addresses:
        copy.clear()
        assert client.get(address).status_code == 200
        read = " ".join(copy)
        assert ("involvement_activity" in read) == (address != "/o/ashdown/gaps/"), address
        assert "django_session" not in read and "involvement_membership" not in read


# -- Patience ---------------------------------------------------------------------------------------------------------


class Application:
    """Fails as Django does: it answers 500 and tells that it did, so many times, for the reason that is given."""

    def __init__(self, times: int, reason: Exception):
        self.left, self.reason, self.asked = times, reason, 0

    def __call__(self, environ, start_response):
        self.asked += 1
        broken, self.left = self.left > 0, self.left - 1
        if broken:
            try:
                raise self.reason
            except Exception:
                got_request_exception.send(sender=None, request=None)
        start_response("500 Broken" if broken else "200 OK", [])
        return SimpleNamespace(close=lambda: None, broken=broken)


def answer(application, method: str = "GET") -> list[str]:
    said = []
    patience.Patient(application)({"REQUEST_METHOD": method}, lambda status, headers, *more: said.append(status))
    return said


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(patience, "PAUSE", 0.001)
    monkeypatch.setattr(patience, "LONGEST", 0.5)


def test_a_page_that_lost_the_database_is_made_again():
    application = Application(3, OperationalError("the database system is starting up"))
    assert answer(application) == ["200 OK"] and application.asked == 4


def test_after_a_while_it_is_said():
    assert answer(Application(100_000, OperationalError("gone"))) == ["500 Broken"]


@pytest.mark.parametrize(("method", "reason"), [("POST", OperationalError("gone")), ("GET", ZeroDivisionError())])
def test_a_form_or_another_fault_is_not_tried_again(method, reason):
    application = Application(1, reason)
    assert answer(application, method) == ["500 Broken"] and application.asked == 1


def test_a_fault_of_before_does_not_make_a_later_page_again():
    assert answer(Application(1, OperationalError("gone")), "POST") == ["500 Broken"]
    healthy = Application(0, OperationalError("never"))
    assert answer(healthy) == ["200 OK"] and healthy.asked == 1


@pytest.mark.parametrize("gone", [True, False])
def test_a_session_that_could_not_be_kept_is_told_apart_from_one_that_was_ended(rf, gone):
    def save(**_how):
        try:
            raise OperationalError("gone") if gone else DatabaseError("no such session")
        except DatabaseError:
            raise UpdateError  # as Django's own session does  # noqa: B904

    request = rf.get("/")
    request.session = SimpleNamespace(accessed=True, modified=True, is_empty=lambda: False, save=save,
                                      get_expire_at_browser_close=lambda: True)  # fmt: skip
    with pytest.raises(OperationalError if gone else SessionInterrupted):
        Sessions(lambda _request: None).process_response(request, HttpResponse())


def test_one_thread_stays_free_while_others_wait():
    taken = [patience._chairs.acquire(blocking=False) for _each in range(patience.AT_ONCE)]
    try:
        application = Application(1, OperationalError("gone"))
        assert all(taken) and answer(application) == ["500 Broken"] and application.asked == 1
    finally:
        for _each in taken:
            patience._chairs.release()
    assert answer(Application(1, OperationalError("gone"))) == ["200 OK"]
