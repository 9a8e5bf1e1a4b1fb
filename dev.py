#!/usr/bin/env python3
"""Involvement Map in one command, from a clean clone.

    python3 dev.py run              set up, load the example, serve it on http://localhost:8000/ (PORT changes that)
    python3 dev.py test             what CI runs; `python3 dev.py test tests/... -k name` runs just those
    python3 dev.py manage ARGS...   manage.py inside the project's environment

Needs Python 3.12 or newer somewhere on this machine; this file itself starts on any Python and goes looking for one.
Everything it makes lies in .venv/, assets/, .dev/ and db.sqlite3, is made once, and again when a lock file changes.
"""
# Plain old Python on purpose (no f-strings, no annotations, no pathlib): it has to start before there is a new one.

from __future__ import print_function

import contextlib
import glob
import hashlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(ROOT, ".venv")
PYTHON = os.path.join(VENV, "bin", "python")
STATE = os.path.join(ROOT, ".dev")
LOCKS = {"run": "requirements.lock", "test": "requirements-dev.lock"}
# What other projects leave in the environment must not reach this one.
for _name in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "DJANGO_SETTINGS_MODULE", "PIP_TARGET", "PIP_USER"):
    os.environ.pop(_name, None)


class Stop(Exception):
    """A sentence for whoever started this; the exit code is 1."""


def say(text):
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def path(*parts):
    return os.path.join(ROOT, *parts)


def read(name):
    with open(name, "rb") as file:
        return file.read()


def call(*command, **options):
    """Run a step of the set-up, its output on stderr; raise Stop where it fails."""
    if subprocess.call(list(command), stdout=sys.stderr, cwd=ROOT, **options) != 0:
        raise Stop("dev.py: this failed: " + " ".join(command))


def answer(*command):
    """Return what a command prints, or "" where it is missing, fails or hangs. Nothing is judged without running it."""
    try:
        running = subprocess.Popen(list(command), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        output = running.communicate()[0]
    except (OSError, ValueError):
        return ""
    return output.decode("utf-8", "replace").strip() if running.returncode == 0 else ""


def which(name):
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        found = os.path.join(folder, name)
        if folder and os.path.isfile(found) and os.access(found, os.X_OK):
            return found
    return None


# -- Set-up -----------------------------------------------------------------------------------------------------------


def candidates():
    yield os.environ.get("PYTHON")
    yield sys.executable
    for name in ("python3.13", "python3.14", "python3.12"):
        yield which(name)
    pyenv = os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")
    for found in sorted(glob.glob(os.path.join(pyenv, "versions", "*", "bin", "python")), reverse=True):
        yield found
    if which("uv"):
        yield answer("uv", "python", "find", ">=3.12")


def find_python():
    """Return (program, version) of the first Python from 3.12 on that runs and can make an environment."""
    probe = (
        "import sys, venv, ensurepip; assert sys.version_info >= (3, 12); "
        "print(getattr(sys, '_base_executable', sys.executable) + ' ' + '.'.join(map(str, sys.version_info[:3])))"
    )
    tried = set()
    for candidate in candidates():
        if not candidate or candidate in tried:
            continue
        tried.add(candidate)
        found = answer(candidate, "-I", "-c", probe)
        if found:
            program, _, version = found.rpartition(" ")
            return program, version
    raise Stop(
        "dev.py: found no Python 3.12 or newer that has venv and ensurepip; install one "
        "(for instance python3.13 with python3.13-venv) or set PYTHON to its path."
    )


def stamp(kind, version):
    return hashlib.sha256(read(path(LOCKS[kind])) + version.encode()).hexdigest()


def is_made(kind):
    """Return whether .venv was made from this lock file (or from test's, which holds all of run's) and still runs."""
    mark = os.path.join(VENV, "stamp")
    if not os.path.isfile(mark):
        return False
    version = answer(PYTHON, "-I", "-c", "import sys; print('.'.join(map(str, sys.version_info[:3])))")
    marked = read(mark).decode()
    return bool(version) and marked in [stamp(each, version) for each in {kind, "test"}]


def make_environment(kind):
    """Make .venv aside from the hashed lock file, and rename it into place when it is whole."""
    program, version = find_python()
    say("dev.py: making the environment with Python %s, from %s ..." % (version, LOCKS[kind]))
    aside = path(".venv.new")
    shutil.rmtree(aside, ignore_errors=True)
    call(program, "-I", "-m", "venv", "--clear", aside)
    call(
        os.path.join(aside, "bin", "python"), "-I", "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
        "--require-hashes", "--only-binary=:all:", "-r", path(LOCKS[kind]),
    )  # fmt: skip
    # The programs in bin/ name the folder that they were made in.
    for name in glob.glob(os.path.join(aside, "bin", "*")) + [os.path.join(aside, "pyvenv.cfg")]:
        if os.path.islink(name) or not os.path.isfile(name) or os.path.getsize(name) > 100000:
            continue
        content = read(name)
        if aside.encode() in content:
            with open(name, "wb") as file:
                file.write(content.replace(aside.encode(), VENV.encode()))
    with open(os.path.join(aside, "stamp"), "w") as file:
        file.write(stamp(kind, version))
    shutil.rmtree(VENV, ignore_errors=True)
    os.rename(aside, VENV)


@contextlib.contextmanager
def alone():
    """Let one set-up run at a time in this checkout; a second one waits, then finds the work done."""
    import fcntl

    if not os.path.isdir(STATE):
        os.makedirs(STATE)
    with open(os.path.join(STATE, "lock"), "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (IOError, OSError):
            say("dev.py: another set-up is running in this checkout; waiting for it ...")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def set_up(kind):
    """Make whatever is missing or out of date: the environment, the assets."""
    with alone():
        if not is_made(kind):
            make_environment(kind)
        call(PYTHON, "-I", path("assets.py"))


# -- Commands ---------------------------------------------------------------------------------------------------------


def manage(arguments):
    """Become manage.py: the caller's folder, its stdout to itself, its exit code."""
    set_up("run")
    os.execv(PYTHON, [PYTHON, path("manage.py")] + arguments)


def run(arguments):
    if arguments:
        raise Stop("dev.py: run takes no arguments; PORT and DATABASE_URL are read from the environment.")
    port = os.environ.get("PORT", "8000")
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise Stop("dev.py: PORT is %r, which is no port." % port)
    with contextlib.closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(port)))
        except (IOError, OSError):
            raise Stop("dev.py: something else is using port %s; choose another: PORT=8001 python3 dev.py run" % port)
    os.environ["DEBUG"] = "1"
    set_up("run")
    with alone():
        call(PYTHON, path("manage.py"), "migrate", "--verbosity", "0")  # makes the cache's table too
        call(PYTHON, path("manage.py"), "demo")
    say("\nInvolvement Map is at http://localhost:%s/ (Ctrl-C stops it).\n" % port)
    os.execv(PYTHON, [PYTHON, path("manage.py"), "runserver", "127.0.0.1:" + port])


def test(arguments):
    """Run everything that CI runs, all of it even where something fails, and say at the end what failed."""
    set_up("test")
    os.environ["DEBUG"] = "1"
    for name in ("DATABASE_URL", "SECRET_KEY", "ALLOWED_HOSTS", "REDIS_URL", "MAIL_HOST", "MEDIA_ROOT"):
        if name != "DATABASE_URL" or not arguments:
            os.environ.pop(name, None)
    python = [PYTHON, "-m"]
    if arguments:
        return subprocess.call(python + ["pytest"] + arguments, cwd=ROOT)
    failed = []

    def leg(name, command, **environment):
        say("\n== %s" % name)
        if subprocess.call(command, cwd=ROOT, env=dict(os.environ, **environment)) != 0:
            failed.append(name)

    def absent(what):
        say("\n== %s" % what)
        if os.environ.get("CI") == "true":
            failed.append(what)

    leg("ruff", python + ["ruff", "check", "."])
    leg("import-linter", [os.path.join(VENV, "bin", "lint-imports")])
    leg("djlint", [os.path.join(VENV, "bin", "djlint"), "templates", "--lint", "--quiet"])
    leg("migrations", [PYTHON, path("manage.py"), "makemigrations", "--check", "--dry-run"])
    pytest = python + ["pytest", "-q"]
    leg("tests on SQLite", pytest + ["-n", "2", "-m", "not browser"])
    with postgresql() as url:
        if url:
            leg("tests on PostgreSQL", pytest + ["-n", "2", "-m", "not browser and not deploy"], DATABASE_URL=url)
        else:
            absent("tests on PostgreSQL: none answers, and there is no initdb to start one (set TEST_DATABASE_URL)")
    if chromium():
        leg("browser tests", pytest + ["-m", "browser"], CHROMIUM=chromium())
    else:
        absent("browser tests: no Chromium runs here (set CHROMIUM)")
    say("\n" + ("FAILED: " + "; ".join(failed) if failed else "All green."))
    return 1 if failed else 0


def chromium():
    """Return the path of a Chromium that runs, or None."""
    names = ("chromium", "chromium-browser", "google-chrome")
    for found in [os.environ.get("CHROMIUM")] + [which(name) for name in names]:
        if found and answer(found, "--version"):
            return found
    return None


@contextlib.contextmanager
def postgresql():
    """Give the address of a PostgreSQL to test on, or None: the given one, this machine's, else one for this run only.

    The database's name is this run's own, so that two runs on one server do not meet.
    """
    given = os.environ.get("TEST_DATABASE_URL")
    local = "postgres://postgres@127.0.0.1:5432/involvement_%d" % os.getpid()
    if given:
        yield given
    elif answers(5432):
        yield local
    else:
        with throwaway_cluster() as port:
            yield local.replace(":5432", ":%d" % port) if port else None


def answers(port):
    address = "host=127.0.0.1 port=%d user=postgres dbname=postgres connect_timeout=3" % port
    return answer(PYTHON, "-c", "import psycopg2; psycopg2.connect(%r); print('yes')" % address) == "yes"


@contextlib.contextmanager
def throwaway_cluster():
    """Start a PostgreSQL of our own on a free port, as user postgres where we are root (initdb refuses root)."""
    places = sorted(glob.glob("/usr/lib/postgresql/*/bin")) + sorted(glob.glob("/opt/homebrew/opt/postgresql*/bin"))
    initdb = which("initdb") or next((os.path.join(each, "initdb") for each in reversed(places)), None)
    if initdb is None:
        yield None
        return
    as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    folder = tempfile.mkdtemp(prefix="involvement-postgresql-")
    data, control = os.path.join(folder, "data"), os.path.join(os.path.dirname(initdb), "pg_ctl")
    with contextlib.closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = "-p %d -k %s -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=50" % (port, folder)
    try:
        if as_user:
            shutil.chown(folder, "postgres")
        steps = (
            [initdb, "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"],
            [control, "-D", data, "-o", options, "-l", os.path.join(folder, "log"), "-w", "start"],
        )
        for step in steps:
            with open(os.devnull, "w") as nowhere:
                if subprocess.call(as_user + step, stdout=nowhere, cwd="/") != 0:
                    raise Stop("dev.py: a throw-away PostgreSQL did not start: " + " ".join(step))
        yield port
    finally:
        with open(os.devnull, "w") as nowhere:
            subprocess.call(
                as_user + [control, "-D", data, "-m", "immediate", "stop"], stdout=nowhere, stderr=nowhere, cwd="/"
            )
        shutil.rmtree(folder, ignore_errors=True)


def main(arguments):
    commands = {"run": run, "test": test, "manage": manage}
    if not arguments or arguments[0] not in commands:
        sys.stderr.write(__doc__)
        return 0 if arguments[:1] in (["help"], ["--help"], ["-h"]) else 2
    try:
        return commands[arguments[0]](arguments[1:]) or 0
    except Stop as stop:
        say(str(stop))
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
