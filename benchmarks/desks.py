"""Editors and readers at their desks, signed in over HTTP, phase after phase, and a ledger of what was acknowledged."""

import asyncio
import json
import random
import ssl
import string
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import uuid4

from crowd import Browser

HOME, PASSWORD = "/o/northfield/", "northfield-example"  # noqa: S105  the example's, printed for everybody
READ = ("", "map/", "activities/", "gaps/")
AGAIN = 0.5  # seconds until somebody sends again what was not answered
PREPARE = """
import django; django.setup()
from involvement.access import Role
from involvement.actions import organisations
from involvement.models import Organisation, User
home = Organisation.objects.get(slug="northfield")
for number in range({people}):
    address = f"desk{{number}}@northfield.example"
    person = User.objects.create_user(address, password="{password}", name=address)
    organisations.give_role(organisation=home, user=person, role=Role.EDITOR, by=None)
"""
LOOK = """
import django, json; django.setup()
from involvement.models import Activity
print(json.dumps(list(Activity.objects.values_list("id", "title"))))
"""
SAYS_SO = (b"may not be saved", b"If you were saving something")  # what a page says that stands for a saved one


@dataclass
class Phase:
    """What was asked and answered in one phase; ``ledger`` maps each acknowledged title to its activity's id.

    ``answered`` holds the moments of good answers, ``saved`` those of them that saved; ``failures`` counts what came
    instead, ``silent`` the pages among these that did not say that it may not be saved.
    """

    name: str
    began: float = field(default_factory=time.perf_counter)
    ended: float = 0.0
    asked: Counter = field(default_factory=Counter)
    failed: Counter = field(default_factory=Counter)
    failures: Counter = field(default_factory=Counter)
    answered: list[float] = field(default_factory=list)
    saved: list[float] = field(default_factory=list)
    ledger: dict[str, int] = field(default_factory=dict)
    unseen: int = 0
    signed_out: int = 0
    silent: int = 0
    said: list[str] = field(default_factory=list)

    def gap(self, moments: list[float]) -> float:
        """Return the longest time in seconds without one of these moments."""
        edges = [self.began, *sorted(moments), self.ended]
        return max(after - before for before, after in zip(edges, edges[1:], strict=False))


class Desks:
    """``people`` who are editors of the example organisation: each writes, reads what they wrote, and reads on.

    Every third only reads. What gets no good answer is sent again with the same key, as by somebody who goes back and
    presses once more.
    """

    def __init__(self, port: int, people: int, tls: ssl.SSLContext | None = None, pause: float = 0.3):
        self.browsers = [Browser(port, tls=tls) for _each in range(people)]
        self.pause, self.going, self.phases = pause, True, []

    @staticmethod
    def prepare(people: int) -> str:
        """Return the script that makes their accounts."""
        return PREPARE.format(people=people, password=PASSWORD)

    async def sign_in(self) -> None:
        """Sign everybody in; SystemExit where somebody does not come in."""
        for number, browser in enumerate(self.browsers):
            await browser.ask("GET", "/accounts/login/")
            who = {"login": f"desk{number}@northfield.example", "password": PASSWORD}
            status, headers, _body = await browser.ask("POST", "/accounts/login/", who)
            if status != 302 or "/login/" in headers["location"]:
                raise SystemExit(f"nobody came in: {status} {headers.get('location')}")
            await browser.ask("GET", f"{HOME}activities/new/")  # a new token, since signing in took the old one

    async def work(self, phases: list[tuple[str, float, Callable | None]]) -> None:
        """Let all work through ``phases``: a name, seconds, and what happens after a third of them (async)."""
        self.begin(phases[0][0])
        desks = [
            asyncio.create_task(self.write(each) if number % 3 < 2 else self.read(each))
            for number, each in enumerate(self.browsers)
        ]
        try:
            for number, (name, seconds, happens) in enumerate(phases):
                if number:
                    self.begin(name)
                began = time.perf_counter()
                await asyncio.sleep(seconds / 3)
                if happens is not None:
                    await happens()
                await asyncio.sleep(max(seconds / 3, seconds - (time.perf_counter() - began)))
        finally:
            self.going = False
            await asyncio.gather(*desks)
            self.phases[-1].ended = time.perf_counter()

    def begin(self, name: str) -> None:
        if self.phases:
            self.phases[-1].ended = time.perf_counter()
        self.phases.append(Phase(name))

    async def write(self, browser: Browser) -> None:
        while self.going:
            title = "Tea and talk " + "".join(random.choices(string.ascii_lowercase, k=12))
            form = {"title": title, "request_key": uuid4()}
            phase, where = await self.insist(browser, "POST", "activities/new/", 302, form)
            if where is None:
                return
            number = int(where.rstrip("/").rpartition("/")[2])
            phase.ledger[title] = number
            phase, page = await self.insist(browser, "GET", f"activities/{number}/", 200)
            phase.unseen += page is not None and title not in page
            await self.look(browser)

    async def read(self, browser: Browser) -> None:
        while self.going:
            await self.look(browser)

    async def look(self, browser: Browser) -> None:
        for path in random.sample(READ, 2):
            await asyncio.sleep(random.uniform(0, self.pause))
            await self.insist(browser, "GET", path, 200)

    async def insist(self, browser: Browser, method: str, path: str, wanted: int, form: dict | None = None):
        """Ask until the answer is the ``wanted`` one; return (the phase, where it leads to or the page).

        None in place of the page where the end came first.
        """
        while True:
            phase = self.phases[-1]
            status, headers, body = await self._ask(browser, phase, method, path, form)
            if status == wanted and "/accounts/login/" not in headers.get("location", ""):
                phase.answered.append(time.perf_counter())
                if method == "POST":
                    phase.saved.append(time.perf_counter())
                return phase, headers.get("location") or body.decode()
            phase.failed[method] += 1
            phase.failures[f"{method} {status or headers['error']}"] += 1
            phase.signed_out += "/accounts/login/" in headers.get("location", "")
            phase.unseen += status == 404
            phase.silent += method == "POST" and status != 0 and not any(words in body for words in SAYS_SO)
            if not self.going:
                return phase, None
            await asyncio.sleep(AGAIN)

    async def _ask(self, browser: Browser, phase: Phase, method: str, path: str, form: dict | None):
        phase.asked[method] += 1
        try:
            async with asyncio.timeout(30):
                return await browser.ask(method, HOME + path, form)
        except (OSError, asyncio.IncompleteReadError) as error:  # TimeoutError is an OSError
            return 0, {"error": type(error).__name__}, b""


@dataclass(frozen=True)
class Limits:
    """What a phase may cost: failed reads, failed writes, seconds without any answer. None: any number."""

    reads: int | None = None
    writes: int | None = None
    gap: float | None = None

    def hold(self, phase: Phase) -> bool:
        found = (phase.failed["GET"], phase.failed["POST"], phase.gap(phase.answered))
        allowed = (self.reads, self.writes, self.gap)
        return all(limit is None or value <= limit for value, limit in zip(found, allowed, strict=True))


def report(phases: list[Phase], rows: str, limits: dict[str, Limits]) -> bool:
    """Print a row for each phase, judged by what the database holds: ``rows`` is what LOOK printed.

    Return whether nothing was lost, doubled, unseen or signed out, no page silent, and
    no phase cost more than its limits.
    """
    rows = [tuple(row) for row in json.loads(rows)]
    kept, times = set(rows), Counter(title for _number, title in rows)
    head = ("phase", "reads", "failed", "writes", "failed", "no answer s", "no save s", "acknowl.", "lost", "doubled",
            "unseen", "signed out", "silent", "")  # fmt: skip
    table, sound = [head], True
    for phase in phases:
        lost = sum((number, title) not in kept for title, number in phase.ledger.items())
        doubled = sum(times[title] > 1 for title in phase.ledger)
        met = limits.get(phase.name, Limits()).hold(phase)
        wrong = lost + doubled + phase.unseen + phase.signed_out + phase.silent
        sound = sound and met and not wrong and bool(phase.ledger)
        table.append(
            (phase.name, phase.asked["GET"], phase.failed["GET"], phase.asked["POST"], phase.failed["POST"],
             f"{phase.gap(phase.answered):.1f}", f"{phase.gap(phase.saved):.1f}", len(phase.ledger), lost, doubled,
             phase.unseen, phase.signed_out, phase.silent, "" if met else "MISSED")
        )  # fmt: skip
    widths = [max(len(str(row[column])) for row in table) for column in range(len(head))]
    for row in table:
        cells = [f"{cell!s:<{width}}" if not n else f"{cell!s:>{width}}" for n, (cell, width) in
                 enumerate(zip(row, widths, strict=True))]  # fmt: skip
        print("  ".join(cells).rstrip())
    for phase in phases:
        told = [*phase.said, *(f"{count} × {what}" for what, count in sorted(phase.failures.items()))]
        if told:
            print(f"  {phase.name}: {'; '.join(told)}")
    acknowledged, unasked = sum(len(phase.ledger) for phase in phases), sum(count > 1 for count in times.values())
    print(f"  {acknowledged} acknowledged in all, {unasked} titles twice in the database")
    return sound
