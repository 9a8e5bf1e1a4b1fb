"""Limits on guessing: for one account tight, for one address loose, shared by all workers; and equal times."""

import os
import re
import secrets
import statistics
import subprocess
import sys
import time

import pytest
import requests
from django.conf import settings as project
from django.core.cache import cache
from django.test import Client

from tests.involvement.test_signin import LOGIN, signed_in
from tests.post_office import free_port
from tests.world import PASSWORD


def attempt(login: str, password: str) -> Client:
    client = Client()
    client.post(LOGIN, {"login": login, "password": password})
    return client


def test_a_whole_trust_behind_one_address_is_not_locked_out(world):
    """200 people mistype once on a Monday morning; then everybody comes in, the ones who never mistyped too."""
    for number in range(200):
        attempt(f"person{number}@example.org", "mistyped")
    for name in ("ed", "vi", "bob"):
        attempt(f"{name}@example.org", "mistyped")
        assert signed_in(attempt(f"{name}@example.org", PASSWORD))


def test_successes_are_no_failures(world):
    for _time in range(40):
        assert signed_in(attempt("ed@example.org", PASSWORD))


def test_trying_one_password_on_everybody_is_stopped_for_the_address(world):
    for number in range(300):
        attempt(f"person{number}@example.org", "Password2026")
    assert not signed_in(attempt("ed@example.org", PASSWORD))


def test_a_success_of_ones_own_does_not_buy_more_guesses(world):
    for _time in range(5):
        attempt("ed@example.org", "wrong")
        attempt("vi@example.org", PASSWORD)
    assert not signed_in(attempt("ed@example.org", PASSWORD))


@pytest.mark.parametrize("case", [str.upper, str.title, "  {}  ".format])
def test_writing_the_address_otherwise_is_the_same_account(world, case):
    for _time in range(5):
        attempt(case("ed@example.org"), "wrong")
    assert not signed_in(attempt("ed@example.org", PASSWORD))


def test_a_flood_of_counts_does_not_push_one_out(settings, db):
    """The cache in the database throws entries away when it is full: it takes more than a day's guessing to fill it."""
    from involvement import settings as real

    cached = real.CACHES["default"]
    if not cached["BACKEND"].endswith("DatabaseCache"):
        pytest.skip("the cache of this run is another")
    assert cached["OPTIONS"]["MAX_ENTRIES"] >= 10_000


@pytest.mark.parametrize("page", ["sign in", "reset"])
def test_an_unknown_address_takes_as_long_as_a_known_one(settings, world, page):
    """Time on the processor, with the hasher of production: between 0.7 and 1.4 of each other."""
    settings.LETTERS_WAIT = False
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    known = world.people["ed"]
    known.set_password(PASSWORD)
    known.save()
    rounds = 5 if page == "sign in" else 25
    where, data = (LOGIN, {"password": "wrong"}) if page == "sign in" else ("/accounts/password/reset/", {})
    field = "login" if page == "sign in" else "email"
    taken = {"ed@example.org": [], "nobody@example.org": []}
    for turn in range(rounds + 2):
        for address, times in taken.items():
            cache.clear()
            client = Client()
            started = time.thread_time()
            client.post(where, {**data, field: address})
            if turn > 1:
                times.append(time.thread_time() - started)
    known_time, unknown_time = (statistics.median(times) for times in taken.values())
    print(f"{page}: {known_time * 1000:.1f} ms known, {unknown_time * 1000:.1f} ms unknown")
    assert 0.7 < known_time / unknown_time < 1.4


# -- Two servers, one database ---------------------------------------------------------------------------------------


@pytest.fixture
def two_servers(tmp_path):
    """Two production servers of one process each over one SQLite file; gives their addresses."""
    keep = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR")}
    environment = keep | {
        "DEBUG": "0",
        "SECRET_KEY": secrets.token_urlsafe(64),
        "ALLOWED_HOSTS": "127.0.0.1",
        "TRUSTED_PROXIES": "1",
        "DATABASE_URL": f"sqlite:///{tmp_path}/db.sqlite3",
        "MAIL_HOST": "mail.example.org",
        "MEDIA_ROOT": str(tmp_path / "media"),
        "WEB_CONCURRENCY": "1",
    }
    make = (
        "import django; django.setup(); from django.core.management import call_command; "
        "call_command('migrate', verbosity=0); "
        "from involvement.models import User; "
        "[User.objects.create_user(f'{n}@example.org', 'correct-horse-battery') for n in ('ed', 'vi')]"
    )
    settings_module = {"DJANGO_SETTINGS_MODULE": "involvement.settings"}
    start = [sys.executable, "-c", make]
    subprocess.run(start, cwd=project.BASE_DIR, env=environment | settings_module, check=True, timeout=120)
    # The pages name static files by their content; tests have collected none.
    plain = (
        "from involvement import settings as s; s.STORAGES['staticfiles']['BACKEND'] = "
        "'django.contrib.staticfiles.storage.StaticFilesStorage'; from involvement.wsgi import application"
    )
    (tmp_path / "served.py").write_text(plain)
    ports, servers = [free_port(), free_port()], []
    for port in ports:
        found_in = f"{tmp_path},{project.BASE_DIR}"
        program = [sys.executable, "-m", "gunicorn", "served:application", "--pythonpath", found_in]
        own = environment | {"PORT": str(port)}
        servers.append(subprocess.Popen(program, cwd=project.BASE_DIR, env=own, stderr=subprocess.PIPE))
    try:
        for port in ports:
            for _wait in range(200):
                try:
                    requests.get(f"http://127.0.0.1:{port}/healthz", timeout=5)
                    break
                except requests.RequestException:
                    time.sleep(0.1)
        yield [f"http://127.0.0.1:{port}" for port in ports]
    finally:
        for server in servers:
            server.terminate()
            server.communicate(timeout=30)


def knock(server: str, login: str, password: str) -> requests.Response:
    """Sign in at one of the servers as a browser behind its proxy does."""
    proxied = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.7", "Referer": "https://127.0.0.1/"}
    with requests.Session() as browser:
        page = browser.get(server + LOGIN, headers=proxied, timeout=30)
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)[1]
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in page.cookies)
        data = {"csrfmiddlewaretoken": token, "login": login, "password": password}
        proxied |= {"Cookie": cookies, "Host": "127.0.0.1"}
        return browser.post(server + LOGIN, data=data, headers=proxied, allow_redirects=False, timeout=30)


@pytest.mark.deploy
def test_the_limits_hold_across_workers(two_servers):
    first, second = two_servers
    for server in (first, second, first, second, first):
        assert "is not right" in knock(server, "ed@example.org", "wrong").text
    for server in two_servers:
        refused = knock(server, "ed@example.org", PASSWORD)
        assert refused.status_code == 200 and "Too many wrong tries" in refused.text
        assert knock(server, "vi@example.org", PASSWORD).status_code == 302
