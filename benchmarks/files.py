"""What files cost, in and out, and whom they slow down: python benchmarks/files.py [--rounds 3] [--out FILE]

Goals 6, 7 and 8, on DATABASE_URL's server, else in a SQLite file: a register of 1,000 activities, a neighbour's of 300,
gunicorn as benchmarks/goals.py starts it. The median of the rounds counts, with the least and the most beside it.

6: a list of --rows (10,000) rows is brought in (benchmarks/bring_in.py: read, columns guessed, every row checked,
errors named row by row, written with histories); its rows a second against those of raw COPY (SQLite: executemany) of
the same activities into one table. The goal is for a table of the same columns and nothing else. Beside it, without a
goal: against COPY into a table with the indexes and checks that ours has.

7: the board's PDF of 300 activities from the frozen audit (benchmarks/board_pdf.py), CPU seconds, against reportlab on
the same blocks (benchmarks/by_reportlab.py, in an environment that is thrown away; needs the network once).

8: four people ask for the list of 50 of the large register, each again 0.1 s after it came: p95 while a neighbour
works, over p95 straight before while nobody does. The neighbour brings a list of --rows rows in (uploads, looks,
imports), or signs audits one after another (each makes PDF, Word and Excel). "Kept": the same address again and again;
"drawn anew": another each time, as if somebody had just written.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Coroutine
from pathlib import Path
from uuid import uuid4

from crowd import Browser
from goals import PASSWORD, PORT, Ask, Bench, anew, page, row, tell
from place import ROOT

LIST, PEOPLE, PAUSE, QUIET, SIGNED = "/o/large/activities/", 4, 0.1, 6.0, 3
STEPS = {"read": "reading the file", "plan": "planning it once, every row checked"}
Work = Callable[[], Coroutine]


def importing(bench: Bench, rows: int, rounds: int, rival: str, goal: float) -> list[dict]:
    """Return the rows of goal 6."""
    found = json.loads(bench.place.python("benchmarks/bring_in.py", str(rows), str(rounds)))
    what = f"{rows:,} rows, {found[0]['refused']} of them refused with {found[0]['problems']} errors"
    rates = [rows / each["import"] for each in found]

    def against(name: str) -> list[float]:
        return [each["added"] / each[name] / rate for each, rate in zip(found, rates, strict=True)]

    return [
        row("6", f"{rival}, the same columns alone, against the import of {what}", against("raw"), goal, "times"),
        row("6", f"{rival} with our indexes and checks against it", against("raw, indexes"), None, "times"),
        row("", "the import", rates, None, "rows/s"),
        row("", rival, [each["added"] / each["raw"] for each in found], None, "rows/s"),
        *(row("", f"of the import: {said}", [each[name] for each in found], None, "s") for name, said in STEPS.items()),
    ]


def printing(bench: Bench, rounds: int, folder: Path) -> list[dict]:
    """Return the rows of goal 7."""
    ours = json.loads(bench.place.python("benchmarks/board_pdf.py", "bench-001", str(rounds), str(folder)))
    venv.create(folder / "venv", with_pip=True)
    python = str(folder / "venv" / "bin" / "python")
    subprocess.run([python, "-m", "pip", "install", "--quiet", "reportlab"], check=True, capture_output=True)
    papers = [str(folder / f"{run}.json") for run in range(rounds)]
    command = [python, "benchmarks/by_reportlab.py", str(ROOT / "assets" / "fonts"), *papers]
    theirs = json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)
    both = list(zip(ours, theirs, strict=True))
    what = f"the board's PDF, map and {ours[0]['rows']} rows, against reportlab"
    return [
        row("7", what, [a["whole"] / b["seconds"] for a, b in both], 6.0, "times"),
        row("7", "the same, reportlab's cells unbroken", [a["whole"] / b["bare"] for a, b in both], 6.0, "times"),
        *(row("", f"CPU of {said}", [each[name] for each in of], None, "s") for said, of, name in (
            ("the PDF", ours, "whole"), ("typst alone", ours, "typst"), ("reportlab", theirs, "seconds"),
            ("reportlab, unbroken", theirs, "bare"),
        )),
    ]  # fmt: skip


class Neighbour:
    """Somebody of another organisation, who brings lists in and signs audits."""

    def __init__(self, bench: Bench, folder: Path, rows: int, times: int):
        listed = folder / "list.csv"
        made = bench.place.python("benchmarks/bring_in.py", str(rows), "--prepare", str(listed), str(times))
        self.columns, self.content, self.lists = json.loads(made), listed.read_bytes(), iter(range(times))
        made = bench.place.python("benchmarks/board_pdf.py", "bench-001", "--prepare", str(times * SIGNED))
        self.audits = iter(json.loads(made))
        self.browser = Browser(PORT)

    async def come_in(self) -> None:
        """Sign in, anew each time: what was signed in long ago may sign nothing."""
        self.browser = Browser(PORT)
        await self.browser.ask("GET", "/accounts/login/")
        await self._post("/accounts/login/", {"login": "lead@bench-001.example", "password": PASSWORD})
        await self.browser.ask("GET", "/o/bench-001/activities/new/")  # a new token, since signing in took the old one
        await self._post("/accounts/reauthenticate/", {"password": PASSWORD})

    async def bring_in(self) -> None:
        """Bring the list into an organisation that has nothing: choose it, look at what would happen, do it."""
        path = f"/o/list-{next(self.lists)}/activities/import/"
        status, headers, _body = await self.browser.ask("POST", path, file=self.content)
        if status != 302:
            raise SystemExit(f"the list was not taken: {status}")
        draft = headers["location"].partition("draft=")[2]
        await self.browser.ask("GET", headers["location"])
        columns = {f"column_{at}": ours for at, ours in enumerate(self.columns)}
        await self._post(path, {"draft": draft, "request_key": uuid4(), "running": "later", "import": "1",
                                "shown": ",".join(self.columns), **columns})  # fmt: skip

    async def sign(self) -> None:
        """Sign audits one after another."""
        for _each in range(SIGNED):
            audit, version = next(self.audits)
            words = {"version": version, "statement": "We have read it.", "request_key": uuid4()}
            await self._post(f"/o/bench-001/audits/{audit}/sign/", words)

    async def _post(self, path: str, form: dict) -> None:
        status, headers, _body = await self.browser.ask("POST", path, form)
        if status != 302 or "?next=" in headers["location"]:
            raise SystemExit(f"{path} was not done: {status} {headers.get('location')}")


async def late(bench: Bench, ask: Ask, work: Work | None) -> tuple[float, float]:
    """Return p95 of what people wait for while ``work`` is done (None: while nothing is), and how long that took."""
    took: list[float] = []
    done, began = asyncio.Event(), time.perf_counter()

    async def one(number: int) -> None:
        browser = Browser(PORT)
        browser.cookies = dict(bench.browser.cookies)
        await asyncio.sleep(number * PAUSE / PEOPLE)
        while not done.is_set():
            asked = time.perf_counter()
            if await ask(browser) != 200:
                raise SystemExit("the list was not answered as it should be")
            took.append(time.perf_counter() - asked)
            await asyncio.sleep(PAUSE)

    people = [asyncio.create_task(one(number)) for number in range(PEOPLE)]
    await (work() if work else asyncio.sleep(QUIET))
    done.set()
    await asyncio.gather(*people)
    return statistics.quantiles(took, n=20)[-1], time.perf_counter() - began


def beside(bench: Bench, rows: int, rounds: int, folder: Path) -> list[dict]:
    """Return the rows of goal 8."""
    neighbour = Neighbour(bench, folder, rows, 2 * rounds)
    works = {f"an import of {rows:,} rows": neighbour.bring_in, f"{SIGNED} audits signed": neighbour.sign}
    told = []
    for kind, ask in (("kept", page(LIST)), ("drawn anew", anew(LIST))):
        asyncio.run(late(bench, ask, None))
        for said, work in works.items():
            pairs, times = [], []
            for _round in range(rounds):
                asyncio.run(neighbour.come_in())
                alone, _seconds = asyncio.run(late(bench, ask, None))
                busy, seconds = asyncio.run(late(bench, ask, work))
                pairs.append((1000 * alone, 1000 * busy))
                times.append(seconds)
            ratios = [busy / alone for alone, busy in pairs]
            told += [
                row("8", f"list, {kind}: p95 beside {said}, against alone", ratios, 1.5, "times"),
                row("", "p95 alone", [alone for alone, _busy in pairs], None, "ms"),
                row("", "p95 beside it", [busy for _alone, busy in pairs], None, "ms"),
                row("", f"{said} with it", times, None, "s"),
            ]
    return told


def main() -> None:
    """Run it, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="678", help="some of the goals, such as 67")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    url = os.environ.get("DATABASE_URL", "")
    rival, goal = ("COPY", 5.0) if url.startswith("postgres") else ("executemany", 9.0)
    with tempfile.TemporaryDirectory(prefix="involvement-files-") as name:
        folder = Path(name)
        bench, rows = Bench(folder / "place", url, 1000, 300, among=1), []
        try:
            if "8" in asked.only:  # first, while the neighbours' registers are as they were made
                rows += beside(bench, asked.rows, asked.rounds, folder)
            if "7" in asked.only:
                rows += printing(bench, asked.rounds, folder)
            if "6" in asked.only:
                rows += importing(bench, asked.rows, asked.rounds, rival, goal)
        finally:
            bench.close()
    tell(rows, url, asked.out)


if __name__ == "__main__":
    sys.exit(main())
