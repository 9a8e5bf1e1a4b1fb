"""What one machine goes through: python benchmarks/one_machine.py kill|disk|clock [--people 6] [--seconds 20]

The production server on a database of its own (a PostgreSQL cluster of its own where DATABASE_URL names a PostgreSQL,
else a SQLite file) and people who go on writing and reading. Prints a row a phase, and exits with 1 where a figure is
missed.

kill    the server is killed (-9) with all its workers, three times; then PostgreSQL. Both are started again at once, as
        a supervisor does. Then the database is checked by its own means
disk    the disk of the database is full for a third of the time: a small one in memory, which only root can make
clock   a second server on the same database, whose clock is wrong, for each of six errors: who signs in there, whether
        the others go on there, rooms, and letters that would leave twice. Needs libfaketime
"""

import argparse
import asyncio
import contextlib
import http.client
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg2
from crowd import Browser
from desks import HOME, LOOK, PASSWORD, Desks, Limits, report
from place import ROOT, Cluster, Place, free_ports, kill
from room import PREPARE

KILLS = 3
MEGABYTES = 320  # of the small disk
FAKETIME = "/usr/lib/{machine}-linux-gnu/faketime/libfaketimeMT.so.1"
CLOCKS = {"+10m": 1 / 6, "-10m": -1 / 6, "+1h": 1, "-1h": -1, "+25h": 25, "-25h": -25}  # hours
CHECK = """
import django; django.setup()
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("PRAGMA integrity_check")
    print(cursor.fetchall())
    cursor.execute("PRAGMA foreign_key_check")
    print(cursor.fetchall())
"""


class Machine:
    """A server, its database, and people at their desks."""

    def __init__(self, folder: Path, data: Path, url: str, people: int):
        folder.chmod(0o755)
        self.folder, self.data = folder, data
        self.port, self.second, database = free_ports(3)
        self.cluster = Cluster(data, database) if url.startswith("postgres") else None
        if self.cluster:
            self.cluster.set("max_wal_size", "64MB")
            self.cluster.set("wal_recycle", "off")  # a log that is kept for later would hide that there is no room
        self.place = Place(folder, self.cluster.url if self.cluster else "", "one_machine")
        if not self.cluster:
            self.place.environment["DATABASE_URL"] = f"sqlite:///{data / 'db.sqlite3'}"
        self.desks, self.server = Desks(self.port, people), None

    def fill(self) -> None:
        """Make the database and the people, and start the server."""
        self.place.create()
        self.place.python("manage.py", "migrate", "--verbosity", "0")
        self.place.python("manage.py", "demo")
        self.place.python("-c", Desks.prepare(len(self.desks.browsers)))
        self.server = self.place.serve(self.port)

    @property
    def kind(self) -> str:
        return "PostgreSQL" if self.cluster else "SQLite"

    def say(self, words: str) -> None:
        self.desks.phases[-1].said.append(words)

    async def work(self, phases, limits: dict[str, Limits]) -> bool:
        await self.desks.sign_in()
        await self.desks.work(phases)
        print(f"{self.kind}, {len(self.desks.browsers)} people")
        return report(self.desks.phases, self.place.python("-c", LOOK), limits)

    def checked(self) -> bool:
        """Return whether the database's own check finds nothing; print what it says."""
        if self.cluster:
            programs = {"host": "127.0.0.1", "port": str(self.cluster.port), "username": "postgres"}
            options = [f"--{name}={value}" for name, value in programs.items()]
            command = [self.cluster.bin / "pg_amcheck", *options, "--all", "--install-missing", "--heapallindexed"]
            ran = subprocess.run(command, capture_output=True, text=True)
            said, sound = (ran.stdout + ran.stderr).strip(), ran.returncode == 0
        else:
            said = self.place.python("-c", CHECK).replace("\n", " ").strip()
            sound = said == "[('ok',)] []"
        print(f"  the database's own check: {'sound' if sound else said}")
        return sound

    def close(self) -> None:
        if self.server is not None:
            kill(self.server.pid)
            self.server.wait()
        if self.cluster:
            self.cluster.stop("immediate")


# -- kill -9 ------------------------------------------------------------------------------------------------------


async def killed(machine: Machine, seconds: float) -> bool:
    async def server() -> None:
        took = []
        for _time in range(KILLS):
            kill(machine.server.pid)
            machine.server.wait()
            began = time.perf_counter()
            machine.server = await asyncio.to_thread(machine.place.serve, machine.port)
            took.append(time.perf_counter() - began)
            await asyncio.sleep(seconds / 6)
        machine.say(f"ready again after {', '.join(f'{each:.1f}' for each in took)} s")

    async def database() -> None:
        took = []
        for _time in range(KILLS):
            machine.cluster.kill()
            began = time.perf_counter()
            await asyncio.to_thread(machine.cluster.start)
            await asyncio.to_thread(machine.place.wait_until_ready, machine.port)
            took.append(time.perf_counter() - began)
            await asyncio.sleep(seconds / 6)
        machine.say(f"ready again after {', '.join(f'{each:.1f}' for each in took)} s")

    phases = [("nothing", seconds, None), ("kill -9 server", seconds, server)]
    phases += [("kill -9 database", seconds, database)] if machine.cluster else []
    limits = {"nothing": Limits(0, 0), "kill -9 server": Limits(gap=15), "kill -9 database": Limits(gap=15)}
    sound = await machine.work(phases, limits)
    return machine.checked() and sound


# -- The disk is full -----------------------------------------------------------------------------------------------


async def full(machine: Machine, seconds: float) -> bool:
    ballast = machine.data / "ballast"

    def fill() -> None:
        """Take every byte that is left, and what becomes free."""
        with ballast.open("ab", buffering=0) as file:
            for size in (1 << 20, 1 << 12, 1):
                try:
                    while True:
                        file.write(bytes(size))
                except OSError:
                    continue

    async def fill_up() -> None:
        until = time.perf_counter() + seconds / 3
        connection = psycopg2.connect(machine.cluster.url) if machine.cluster else None
        while time.perf_counter() < until:
            fill()
            if connection is not None:  # go on in a new file of the log, as after some thousand saves
                with contextlib.suppress(psycopg2.Error), connection, connection.cursor() as cursor:
                    cursor.execute("SELECT pg_switch_wal()")
            await asyncio.sleep(0.1)
        machine.say(f"/readyz says {_status(machine.port, '/readyz')}")
        phase, freed = machine.desks.phases[-1], time.perf_counter()
        ballast.unlink()
        if machine.cluster and not machine.cluster.answers():
            machine.say("PostgreSQL had stopped, and was started")
            await asyncio.to_thread(machine.cluster.start)
        while not any(moment > freed for moment in phase.saved) and time.perf_counter() < freed + 60:
            await asyncio.sleep(0.1)
        machine.say(f"saved again {time.perf_counter() - freed:.1f} s after there was room")

    phases = [("nothing", seconds, None), ("disk full", seconds, fill_up), ("after", seconds / 2, None)]
    limits = {"nothing": Limits(0, 0), "disk full": Limits(0, None, None), "after": Limits(0, 0)}
    sound = await machine.work(phases, limits)
    return machine.checked() and sound


def _status(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path)
    return connection.getresponse().status


# -- The clock is wrong ---------------------------------------------------------------------------------------------


async def clocks(machine: Machine) -> bool:
    """Print for each error of the second server's clock what still goes; return whether what has to does."""
    code = machine.place.python("-c", PREPARE).strip()
    sent = _reminded(machine, "")
    print(f"{machine.kind}; the right clock sent {sent} letters")
    head = ("clock", "signs in", "saves", "goes on at the right one", "from the right one", "room", "letters again")
    print("  ".join(head))
    fine = True
    for number, (clock, hours) in enumerate(CLOCKS.items()):
        server = machine.place.serve(machine.second, **_faked(clock))
        try:
            found = await _under(machine, code, number)
        finally:
            kill(server.pid)
            server.wait()
        again = _reminded(machine, clock)
        cells = [*("yes" if each else "NO" for each in found), str(again)]
        print("  ".join(f"{cell:<{len(name)}}" for cell, name in zip([clock, *cells], head, strict=True)))
        # a session lasts twelve hours, a door a day: they are over by a clock that is off by more
        fine = fine and all(found[:2]) and (abs(hours) > 12 or (all(found) and not again))
    return fine


async def _under(machine: Machine, code: str, number: int) -> list[bool]:
    """Return what goes with the second server: sign-in, saving, both by turns, who signed in at the first, a room."""
    there, here = Browser(machine.second), Browser(machine.port)
    signed_in = await _sign_in(there, number)
    saves = await _save(there)
    there.port = machine.port
    back = await _save(there)
    there.port = machine.second
    by_turns = back and await _save(there)
    await _sign_in(here, number)
    here.port = machine.second
    goes_on = await _save(here)
    phone = Browser(machine.second)
    status, _headers, _body = await phone.ask("GET", f"/w/{code}/")
    joined = {"perspective": "patient", "nickname": f"n{number}"}
    if status == 200:
        status, _headers, _body = await phone.ask("POST", f"/w/{code}/", joined)
    return [signed_in, saves, by_turns, goes_on, status == 302]


async def _sign_in(browser: Browser, number: int) -> bool:
    await browser.ask("GET", "/accounts/login/")
    who = {"login": f"desk{number}@northfield.example", "password": PASSWORD}
    status, headers, _body = await browser.ask("POST", "/accounts/login/", who)
    return status == 302 and "/login/" not in headers["location"]


async def _save(browser: Browser) -> bool:
    status, _headers, _body = await browser.ask("GET", f"{HOME}activities/new/")
    if status != 200:
        return False
    status, headers, _body = await browser.ask("POST", f"{HOME}activities/new/", {"title": "By which clock"})
    return status == 302 and re.search(r"/activities/\d+/$", headers["location"]) is not None


def _reminded(machine: Machine, clock: str) -> int:
    """Send the letters that are due by a clock; return how many left."""
    ran = subprocess.run(
        [sys.executable, "manage.py", "remind"], env=machine.place.environment | _faked(clock), cwd=ROOT,
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return int(re.search(r"sent (\d+)\.", ran.stdout)[1])


def _faked(clock: str) -> dict[str, str]:
    """Return the variables under which a process reads a wrong clock; "" is the right one."""
    if not clock:
        return {}
    library = FAKETIME.format(machine=os.uname().machine)
    if not Path(library).exists():
        raise SystemExit(f"{library} is missing: install libfaketime")
    return {"LD_PRELOAD": library, "FAKETIME": clock}


def main() -> int:
    """Run it; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("kill", "disk", "clock"))
    parser.add_argument("--people", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=20)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="involvement-machine-") as name:
        folder = Path(name)
        data = folder / "data"
        data.mkdir()
        if asked.what == "disk":
            options = f"size={MEGABYTES}m,mode=755"
            subprocess.run(["/bin/mount", "-t", "tmpfs", "-o", options, "tmpfs", data], check=True)
        try:
            return _run(folder, data, asked)
        finally:
            if asked.what == "disk":
                subprocess.run(["/bin/umount", "--lazy", data], check=True)


def _run(folder: Path, data: Path, asked) -> int:
    machine = Machine(folder, data, os.environ.get("DATABASE_URL", ""), asked.people)
    try:
        machine.fill()
        if asked.what == "clock":
            return 0 if asyncio.run(clocks(machine)) else 1
        drill = killed if asked.what == "kill" else full
        return 0 if asyncio.run(drill(machine, asked.seconds)) else 1
    finally:
        machine.close()


if __name__ == "__main__":
    sys.exit(main())
