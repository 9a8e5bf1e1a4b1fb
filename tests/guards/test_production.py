"""Production refuses to start unfit, says why in plain words, and passes Django's own deployment check."""

import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
import tomllib
from contextlib import suppress
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

from involvement import checks
from tests.post_office import free_port

pytestmark = pytest.mark.deploy
FIT = {
    "DEBUG": "0",
    "SECRET_KEY": secrets.token_urlsafe(64),
    "ALLOWED_HOSTS": "map.example.org",
    "TRUSTED_PROXIES": "1",
    "DATABASE_URL": "sqlite://:memory:",
    "MAIL_HOST": "mail.example.org",
    "MAIL_FROM": "Involvement Map <map@example.org>",
}


def production(**changes: str | None) -> dict[str, str]:
    """Return a production environment, changed so (None takes a variable away)."""
    keep = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR")}
    return {name: value for name, value in (keep | FIT | changes).items() if value is not None}


def run(*command: str, **changes: str | None) -> tuple[int, str]:
    """Run Python with ``production(**changes)``; return (exit code, stderr)."""
    ran = subprocess.run(
        [sys.executable, *command], cwd=settings.BASE_DIR, env=production(**changes), capture_output=True, text=True,
        timeout=120,
    )  # fmt: skip
    return ran.returncode, ran.stderr


CHECK = ("manage.py", "check", "--deploy", "--fail-level", "WARNING")
START = ("-c", "import involvement.wsgi")


def test_fit():
    assert run(*CHECK) == (0, "")
    assert run(*START)[0] == 0


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"SECRET_KEY": None}, "SECRET_KEY is missing or weak"),
        ({"SECRET_KEY": "x" * 60}, "SECRET_KEY is missing or weak"),
        (
            {"SECRET_KEY": "for development on this machine only, where nothing is secret"},
            "SECRET_KEY is missing or weak",
        ),
        ({"ALLOWED_HOSTS": None}, "ALLOWED_HOSTS is missing"),
        ({"ALLOWED_HOSTS": "map.example.org, *"}, "ALLOWED_HOSTS is missing or open"),
        ({"TRUSTED_PROXIES": None}, "TRUSTED_PROXIES is missing"),
        ({"DEBUG": "yes"}, "DEBUG is 'yes'"),
        ({"DATABASE_URL": ""}, "DATABASE_URL is empty"),
        ({"DEBUG": "1"}, "started with DEBUG=0"),
        ({"CACHE_IN_PROCESS": "1", "WEB_CONCURRENCY": "3"}, "involvement.E010"),
        ({"CACHE_IN_PROCESS": "1"}, "involvement.E010"),
        ({"MEDIA_ROOT": str(settings.BASE_DIR / "static" / "uploads")}, "involvement.E011"),
        ({"MAIL_HOST": None}, "production-ready email backend"),
        ({"KEEP_SIGN_INS_DAYS": "for ever"}, "give a number of days"),
        ({"OIDC_PROVIDERS": "nhsmail"}, "OIDC_NHSMAIL_ISSUER is missing"),
        ({"OIDC_PROVIDERS": "nhsmail", "OIDC_NHSMAIL_ISSUER": "http://login.example.org"}, "must be an https address"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else None,
)
def test_unfit(changes, word):
    code, said = run(*START, **changes)
    assert code != 0
    assert word in said


def test_two_databases_can_be_named():
    """The one that can be written to is found by PostgreSQL's own library (deploy/README.md, "A second database")."""
    more = "target_session_attrs=read-write&connect_timeout=2"
    wanted = {"target_session_attrs": "read-write", "connect_timeout": 2}
    look = "from django.db import connection; found = connection.get_connection_params(); "
    for url, parts in {
        f"postgres://app@one,two/map?{more}": {"host": "one,two"},
        f"postgres://app@/map?host=one,two&port=5432,5433&{more}": {"host": "one,two", "port": "5432,5433"},
    }.items():
        script = f"{look}assert found.items() >= {wanted | parts}.items(), found"
        assert run("-c", script, DATABASE_URL=url, DJANGO_SETTINGS_MODULE="involvement.settings") == (0, "")


def test_a_server_that_stops_answers_whoever_has_knocked(tmp_path):
    """Connections that wait when the word to stop comes: gunicorn's own worker takes one and resets the others."""
    port = free_port()
    environment = production(WEB_CONCURRENCY="1", BIND=f"127.0.0.1:{port}")
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "involvement.wsgi"], cwd=settings.BASE_DIR, env=environment, stderr=log
        )
    worker = 0
    try:
        while answer(knock(server, port)) != b"HTTP/1.1 200":
            pass
        [worker] = map(int, Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split())
        os.kill(worker, signal.SIGSTOP)
        wait_until(lambda: told_of(worker, "State").startswith("T"))  # else it may take the word before it stands still
        waiting = [knock(server, port) for _each in range(8)]
        server.terminate()
        wait_until(lambda: int(told_of(worker, "ShdPnd"), 16) >> signal.SIGTERM - 1 & 1)
        os.kill(worker, signal.SIGCONT)
        assert [answer(each) for each in waiting] == [b"HTTP/1.1 200"] * len(waiting)
        assert server.wait() == 0
    finally:
        with suppress(ProcessLookupError):
            os.kill(worker or server.pid, signal.SIGKILL)
        server.kill()
        server.wait()


def told_of(pid: int, what: str) -> str:
    """Return what the system says of a process."""
    return re.search(rf"^{what}:\s*(\S.*)$", Path(f"/proc/{pid}/status").read_text(), re.M)[1]


def wait_until(holds) -> None:
    while not holds():
        time.sleep(0.01)


def knock(server: subprocess.Popen, port: int) -> socket.socket:
    """Ask a server of this machine whether it is up, once it listens; return the connection, the answer unread."""
    while server.poll() is None:
        with suppress(ConnectionRefusedError):
            connection = socket.create_connection(("127.0.0.1", port))
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: map.example.org\r\nConnection: close\r\n\r\n")
            return connection
    raise AssertionError("the server has stopped by itself")


def answer(connection: socket.socket) -> bytes:
    """Return the beginning of what a connection is answered; nothing where it was dropped."""
    with connection, suppress(ConnectionResetError):
        return connection.recv(12)
    return b""


def test_one_process_may_keep_its_own_cache():
    assert run(*START, CACHE_IN_PROCESS="1", WEB_CONCURRENCY="1")[0] == 0


def test_the_example_is_not_loaded_in_production():
    code, said = run("manage.py", "demo")
    assert code != 0
    assert "not made in production" in said


def test_uploads_lie_outside_what_is_served():
    assert checks.uploads_are_private() == []


def test_static_files_can_be_collected(tmp_path):
    """Every file that a stylesheet names is there, or production's storage would refuse."""
    script = (
        "import sys, django; from django.conf import settings; settings.STATIC_ROOT = sys.argv[1]; django.setup(); "
        "from django.core.management import call_command; call_command('collectstatic', interactive=False, verbosity=0)"
    )
    assert run("-c", script, str(tmp_path), DJANGO_SETTINGS_MODULE="involvement.settings") == (0, "")
    names = {path.name.partition(".")[0] for path in tmp_path.rglob("*.css")}
    assert {"nhsuk-frontend", "app"} <= names


def test_the_database_keeps_its_word(db):
    """On SQLite: writes wait instead of failing, and what was acknowledged is on the disk."""
    from django.db import connection

    if connection.vendor != "sqlite":
        pytest.skip("SQLite's own options")
    assert connection.settings_dict["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    with connection.cursor() as cursor:
        answers = {
            name: cursor.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("synchronous", "foreign_keys", "busy_timeout")
        }
    assert answers == {"synchronous": 2, "foreign_keys": 1, "busy_timeout": 20_000}


def test_checks_pass_in_development(db):
    call_command("check", fail_level="WARNING")


def test_the_image_installs_all_that_the_project_asks_for():
    """A lock of its own once lacked what sets the reports: the image takes the project's, and one for the extra."""
    root = settings.BASE_DIR
    asked = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    wanted = [*asked["dependencies"], *asked["optional-dependencies"]["redis"]]
    locks = re.findall(r"-r (\S+)", (root / "deploy" / "Dockerfile").read_text())
    found = [path for lock in locks for path in (root / lock, root / "deploy" / lock) if path.exists()]
    held = {name for path in found for name in re.findall(r"^([a-z0-9.-]+)(?:\[.*?\])?==", path.read_text(), re.M)}
    missing = {re.match(r"[\w.-]+", each)[0] for each in wanted} - held
    assert len(found) == len(locks) == 2 and not missing
