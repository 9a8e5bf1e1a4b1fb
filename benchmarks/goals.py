"""What pages cost, against the smallest Django page: python benchmarks/goals.py [--rounds 5] [--out FILE] [--phones]

Registers by benchmarks/generate.py, of ``--activities`` (1,000), of ``--large`` (10,000) and of 20, each in a database
of its own on DATABASE_URL's server, else in a SQLite file. gunicorn, two workers of four threads, in production
settings; beside it the smallest Django page in the same process model. H is the processor's time of one request to
that; x_cpu is that of a page, the workers' and PostgreSQL's together, over H. Both are asked in turns, at eight
connections, for --seconds each; the median of the rounds counts, with the least and the most beside it.

A page is asked for as people do, the same one again and again, so that it is drawn once and then taken from what the
process keeps; and, under "drawn anew", with another address each time, as if somebody had just written something.

A goal is met when the median is at most the goal and the most is at most one and a half times it. With --phones the
rooms of benchmarks/phones.py are measured too; with --million the growth of the same pages of an organisation of 1,000
when the database holds 1,000,000 activities of 500; --against FILE compares with another run’s JSON, of the
other database. Prints a table, and writes it as JSON where --out says so.
"""

import argparse
import asyncio
import json
import math
import os
import platform
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path
from uuid import uuid4

from crowd import Browser
from phones import LOADS, coming_in, measure
from place import Place, children, cpu_seconds

PORT, HELLO, CONNECTIONS = 8331, 8332, 8
PASSWORD = "a-thousand-registers"  # noqa: S105  of benchmarks/generate.py
COUNT = """
import django; django.setup()
from django.conf import settings
settings.ALLOWED_HOSTS = ["*"]
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from involvement.models import User
client = Client()
client.force_login(User.objects.get(email="lead@large.example"))
for path in {paths!r}:
    client.get(path)
    with CaptureQueriesContext(connection) as found:
        answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    print(len([each for each in found if each["sql"].startswith(("SELECT", "WITH"))]), len(answer.content))
"""
ANSWERS = {
    "purpose": "say", "about": "service", "part": "asked", "decided": "staff-heard",
    "ways-users": "users/experience", "heard": "yes",
}  # fmt: skip
FEW, MILLION = 20, 1_000_000
WRITERS = "placing by eight at once, p95"
NOT_HERE = "6 to 8: benchmarks/files.py; 19: benchmarks/lighthouse.py"
Ask = Callable[[Browser], Awaitable[int | None]]  # one request: its status, 0 for a wrong page, None where all is done


class Bench:
    """A place with a register, the app and the small page, and somebody who is signed in."""

    def __init__(self, folder: Path, url: str, activities: int, others: int = 0, among: int = 499):
        """Fill it with an organisation of so many activities; with ``others``, so many more of ``among`` others."""
        folder.mkdir()
        self.place, self.port = Place(folder, url, f"goals{activities}"), PORT
        self.place.create()
        self.place.python("manage.py", "migrate", "--verbosity", "0")
        size, organisations = str(activities), str(1 + among) if others else "1"
        self.place.python("benchmarks/generate.py", "--organisations", organisations,
                          "--activities", str(activities + others), "--large", size)  # fmt: skip
        self.server, self.hello = self.place.serve(PORT), self.place.hello(HELLO)
        self.browser = Browser(PORT)
        asyncio.run(self._sign_in())

    def close(self) -> None:
        for each in (self.server, self.hello):
            each.terminate()
            each.wait()
        self.place.drop()

    async def _sign_in(self) -> None:
        await self.browser.ask("GET", "/accounts/login/")
        said = {"login": "lead@large.example", "password": PASSWORD}
        status, headers, _body = await self.browser.ask("POST", "/accounts/login/", said)
        if status != 302 or "/login/" in headers["location"]:
            raise SystemExit(f"nobody came in: {status} {headers.get('location')}")
        await self.browser.ask("GET", "/o/large/activities/new/")  # a new token, since signing in took the old one

    def spent(self) -> float:
        return cpu_seconds(self.server.pid) + sum(cpu_seconds(each) for each in self.place.backends())

    def ids(self, condition: str, number: int) -> list[int]:
        """Return so many activities' ids by a condition in Django's words."""
        script = (
            "import django; django.setup()\nfrom involvement.models import Activity\n"
            f"print(*Activity.objects.filter({condition}).order_by('-pk').values_list('pk', flat=True)[:{number}])"
        )
        return [int(each) for each in self.place.python("-c", script).split()]

    def ratio(self, ask: Ask, rounds: int, seconds: float) -> list[float]:
        """Return x_cpu of each round of ``ask``, after a short one that does not count."""
        hello, found = Browser(HELLO), []
        if rounds > 1:
            asyncio.run(self._busy(ask, 0.5))

        async def greet(_browser: Browser) -> int:
            return (await hello.ask("GET", "/hello/"))[0]

        for _round in range(rounds):
            used = cpu_seconds(self.hello.pid)
            unit = asyncio.run(self._busy(greet, seconds))
            unit = (cpu_seconds(self.hello.pid) - used) / unit
            used = self.spent()
            asked = asyncio.run(self._busy(ask, seconds))
            found.append((self.spent() - used) / asked / unit)
        return found

    async def _busy(self, ask: Ask, seconds: float) -> int:
        """Keep eight connections busy; return how many requests were answered. SystemExit where one was not."""
        asked, end = 0, time.perf_counter() + seconds

        async def one() -> None:
            nonlocal asked
            browser = Browser(self.port)
            browser.cookies, browser.token = dict(self.browser.cookies), self.browser.token
            while time.perf_counter() < end:
                status = await ask(browser)
                if status is None:
                    return
                if status not in (200, 302):
                    raise SystemExit(f"not answered as it should be: {status}")
                asked += 1

        await asyncio.gather(*(one() for _each in range(CONNECTIONS)))
        return asked


def page(path: str) -> Ask:
    """Return what asks for a page, to be read whole."""

    async def ask(browser: Browser) -> int:
        status, _headers, body = await browser.ask("GET", path)
        return status if b"</html>" in body else 0

    return ask


def anew(path: str) -> Ask:
    """Return what asks for a page that nobody has asked for under this address."""

    async def ask(browser: Browser) -> int:
        return await page(f"{path}{'&' if '?' in path else '?'}anew={uuid4().hex}")(browser)

    return ask


def timed(ask: Ask, times: list[float]) -> Ask:
    """Return ``ask``, which notes how long each took."""

    async def asking(browser: Browser) -> int | None:
        started = time.perf_counter()
        status = await ask(browser)
        if status is not None:
            times.append(time.perf_counter() - started)
        return status

    return asking


def weight(bench: "Bench", path: str) -> tuple[int, int]:
    """Return how many bytes a page takes with all that it names, what its script loads too, and how many again."""

    async def sent(address: str) -> tuple[int, dict, bytes]:
        browser = Browser(PORT)
        browser.cookies = dict(bench.browser.cookies)
        _status, headers, body = await browser.ask("GET", address, **{"Accept-Encoding": "gzip, br"})
        return int(headers["content-length"]), headers, body

    size, _headers, body = asyncio.run(sent(path))
    first = again = size
    for address in dict.fromkeys(re.findall(rb'(?:href|src|data-nhsuk)="(/static/[^"]+)"', body)):
        size, headers, _body = asyncio.run(sent(address.decode()))
        first += size
        again += 0 if "immutable" in headers["cache-control"] else size
    return first, again


def placing(ids: list[int]) -> Ask:
    """Return what places one activity after another that nobody has placed."""
    left = iter(ids)

    async def ask(browser: Browser) -> int | None:
        number = next(left, None)
        if number is None:
            return None
        form = {**ANSWERS, "save": "1", "request_key": uuid4()}
        status, _headers, _body = await browser.ask("POST", f"/o/large/activities/{number}/classify/", form)
        return status if status == 302 else 0

    return ask


def memory(pid: int) -> float:
    """Return the mean proportional memory of a server's workers, in MB."""
    told = [Path(f"/proc/{each}/smaps_rollup").read_text() for each in children(pid)]
    return statistics.mean(int(re.search(r"^Pss:\s+(\d+)", each, re.M)[1]) for each in told) / 1024


def started(start: Callable[[], object]) -> float:
    """Return the seconds until a server answers, the least of three."""
    times = []
    for _try in range(3):
        began = time.perf_counter()
        server = start()
        times.append(time.perf_counter() - began)
        server.terminate()
        server.wait()
    return min(times)


def row(
    number: str, what: str, values: list[float], goal: float | None, unit: str = "x H", digits: int = 2
) -> dict:
    """Return a row of the table; without a goal nothing is met."""
    middle, most = statistics.median(values), max(values)
    return {
        "goal": number, "what": what, "median": round(middle, digits), "least": round(min(values), digits),
        "most": round(most, digits), "at_most": goal, "unit": unit,
        "met": None if goal is None else middle <= goal and most <= 1.5 * goal,
    }  # fmt: skip


def pages(bench: Bench, asked) -> tuple[list[dict], dict[str, list[float]]]:
    """Return the rows of the pages at the smaller size, and their ratios by name."""
    detail = bench.ids("classifications__isnull=False, changes__isnull=False", 1)[0]
    found = {
        name: bench.ratio(page(path), asked.rounds, asked.seconds)
        for name, path in {**PATHS, "detail": f"/o/large/activities/{detail}/"}.items()
    }
    for name, path in {**PATHS, "detail": f"/o/large/activities/{detail}/"}.items():
        found[f"{name}, drawn anew"] = bench.ratio(anew(path), asked.rounds, asked.seconds)
    rows = [
        *(row("", name, values, None) for name, values in found.items() if "anew" in name),
        row("1", "map, narrowed to a group", found["map"], 20),
        row("2", "list of 50, filter and search", found["list"], 28),
        row("3", "detail", found["detail"], 17),
    ]
    return rows, found


PATHS = {
    "map": "/o/large/map/?group=carers",
    "list": "/o/large/activities/?place=users&q=carers",
    "filter": "/o/large/activities/?place=users",
}


def run(asked, folder: Path, url: str) -> list[dict]:
    """Measure everything that is asked for; return the rows."""
    bench = Bench(folder / "small", url, asked.activities)
    try:
        rows, small = pages(bench, asked)
        unplaced = bench.ids("classifications__isnull=True, withdrawn_on=None", 100_000)
        if asked.post:
            took: list[float] = []
            posts = bench.ratio(timed(placing(unplaced), took), 1, min(asked.seconds, 1.0))
            rows.append(row("4", f"placing one, of {len(unplaced)} that are unplaced", posts, 14))
            late = 1000 * statistics.quantiles(took, n=20)[-1]
            rows.append(row("", WRITERS, [late], None, "ms"))
            if asked.against:
                theirs = json.loads(asked.against.read_text())["rows"]
                other = next(each["median"] for each in theirs if each["what"] == WRITERS)
                on = (late, other) if not url.startswith("postgres") else (other, late)
                rows.append(row("5", "the same, SQLite against PostgreSQL", [on[0] / on[1]], 2.0, "times"))
        paths = [*PATHS.values(), f"/o/large/activities/{bench.ids('withdrawn_on=None', 1)[0]}/"]
        counts = [line.split() for line in bench.place.python("-c", COUNT.format(paths=paths)).splitlines()]
        for (number, _size), name, goal in zip(counts, ("map", "list", "list, filter", "detail"), (6, 7, 7, 8),
                                               strict=True):  # fmt: skip
            rows.append(row("11", f"queries: {name}", [float(number)], goal, "queries"))
        first, again = weight(bench, "/o/large/activities/")
        rows.append(row("18", "list, bytes of a first visit", [first / 1000], 50, "KB"))
        rows.append(row("18", "list, bytes of another visit", [again / 1000], 9, "KB"))
        rows.append(row("16", "memory of a worker", [memory(bench.server.pid) / memory(bench.hello.pid)], 2.6, "x H’s"))
        cold, unit = (started(lambda: bench.place.serve(PORT + 2)), started(lambda: bench.place.hello(HELLO + 2)))
        rows.append(row("17", "cold start", [cold / unit], 2.6, "x H’s"))
    finally:
        bench.close()
    rows += growth(folder, url, asked, small)
    if asked.million:
        rows += crowded(folder, url, asked, small)
    if asked.phones:
        rows += rooms(folder, url)
    return rows


def growth(folder: Path, url: str, asked, small: dict[str, list[float]]) -> list[dict]:
    """Return how pages of one organisation grow with its list: the map from 20 activities, a goal, and the rest."""
    found = {}
    for name, size, paths in (("few", FEW, ["map"]), ("large", asked.large, list(PATHS))):
        bench = Bench(folder / name, url, size)
        try:
            found[name] = {each: bench.ratio(page(PATHS[each]), asked.rounds, asked.seconds) for each in paths}
        finally:
            bench.close()
    grown, few = found["large"], statistics.median(found["few"]["map"])
    rows = [row("10", f"map, {FEW} to {asked.large:,} activities", [each / few for each in grown["map"]], 2.0, "times")]
    for name in ("list", "filter"):
        ratios = [each / statistics.median(small[name]) for each in grown[name]]
        what = f"{name}, {asked.activities:,} to {asked.large:,} of one organisation"
        rows.append(row("", what, ratios, None, "times"))
    return rows


def crowded(folder: Path, url: str, asked, small: dict[str, list[float]]) -> list[dict]:
    """Return how pages, drawn anew, of one organisation grow with the database: the exponent from its size to 1 M."""
    bench = Bench(folder / "million", url, asked.activities, MILLION - asked.activities)
    try:
        detail = bench.ids("organisation__slug='large', classifications__isnull=False, changes__isnull=False", 1)[0]
        rows = []
        for name, path in {**PATHS, "detail": f"/o/large/activities/{detail}/"}.items():
            few = statistics.median(small[f"{name}, drawn anew"])
            steps = math.log(MILLION / asked.activities)
            grown = [math.log(each / few) / steps for each in bench.ratio(anew(path), asked.rounds, asked.seconds)]
            goal = 0.2 if name == "list" else 0.1
            what = f"{name}, {asked.activities:,} to {MILLION:,} in the database"
            rows.append(row("9", what, grown, goal, "exponent"))
        return rows
    finally:
        bench.close()


def rooms(folder: Path, url: str) -> list[dict]:
    """Return the rows of a room full of phones."""
    (folder / "phones").mkdir()
    place = Place(folder / "phones", url, "phones")
    place.create()
    try:
        place.python("manage.py", "migrate", "--verbosity", "0")
        place.python("manage.py", "demo")
        slow, quick, many = (measure(place, people, every, 20) for people, every in LOADS)
        come = coming_in(place)
    finally:
        place.drop()
    return [
        row("12", "300 phones every 2 s: p95 age less 0.95 of it", [slow["age_p95"] - 1.9], 0.05, "s"),
        row("12", "a poll", slow["x_cpu_all"], 1.8),
        row("13", "1,000 phones every 2 s: p95", [many["p95_ms"]], 150, "ms"),
        row("13", "their cost", [many["cores"]], 1.1, "cores"),
        row("14", "300 phones as the page does: p95 age", [quick["age_p95"]], 1.0, "s"),
        row("15", "coming in, code to cards", come["x_cpu_all"], 20),
        row("15", "300 within 10 s: p95, code to cards", [come["p95_s"]], 1.0, "s"),
    ]


def main() -> None:
    """Run it, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--activities", type=int, default=1000)
    parser.add_argument("--large", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--phones", action="store_true")
    parser.add_argument("--post", action="store_true")
    parser.add_argument("--million", action="store_true")
    parser.add_argument("--against", type=Path)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    url = os.environ.get("DATABASE_URL", "")
    with tempfile.TemporaryDirectory(prefix="involvement-goals-") as folder:
        rows = run(asked, Path(folder), url)
    tell(rows, url, asked.out, f"Goals {NOT_HERE}.")


def tell(rows: list[dict], url: str, out: Path | None, last: str = "") -> None:
    """Print the rows as a table, and write them as JSON where ``out`` says so."""
    kind = "PostgreSQL" if url.startswith("postgres") else "SQLite"
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    print(f"{kind}, {date.today()}, {machine}; load at the end {os.getloadavg()[0]:.1f}\n")
    print("| # | What | Median (least to most) | Goal | |\n|---|---|---|---|---|")
    for each in rows:
        spread = f"{each['median']:g} ({each['least']:g} to {each['most']:g}) {each['unit']}"
        met = {True: "met", False: "**missed**", None: "no goal"}[each["met"]]
        print(f"| {each['goal']} | {each['what']} | {spread} | {each['at_most'] or ''} | {met} |")
    print(f"\n{last}" if last else "")
    if out:
        out.write_text(json.dumps({"database": kind, "day": f"{date.today()}", "machine": machine, "rows": rows}))


if __name__ == "__main__":
    sys.exit(main())
