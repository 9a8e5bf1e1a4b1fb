"""Our list of activities beside Django's admin on the same rows: python benchmarks/peer.py [--rounds 3] [--out FILE]

A register of 1,000 activities on DATABASE_URL's server, else in a SQLite file, and the same person signed in. Ours and
an installation of the admin (benchmarks/peer_urls.py: 100 rows on a page, a search, no filters, the middleware of a new
project) are served alike, two workers of four threads in production settings, and measured as benchmarks/goals.py
measures pages, in turns in one run: H is the smallest Django page. Ours shows 50 rows on a page with its filters; once
as it is kept until somebody writes, once drawn anew. The admin keeps nothing. How many rows a page has is counted.
"""

import argparse
import asyncio
import copy
import os
import sys
import tempfile
from pathlib import Path

from crowd import Browser
from goals import PORT, Bench, anew, page, row, tell
from place import ROOT

OURS, THEIRS, SEARCH = "/o/large/activities/", "/admin/involvement/activity/", "?q=carers"
PEER = PORT + 4


def rows_of(bench: Bench, path: str) -> int:
    """Return how many rows the first table of a page has, its headings left out."""

    async def ask() -> bytes:
        browser = Browser(bench.port)
        browser.cookies = dict(bench.browser.cookies)
        return (await browser.ask("GET", path))[2]

    return asyncio.run(ask()).partition(b"<tbody")[2].partition(b"</tbody>")[0].count(b"<tr")


def compare(ours: Bench, peer: Bench, rounds: int, seconds: float) -> list[dict]:
    """Return the rows of the table: each page's x H, and the admin's over ours."""
    pages = {
        "our list": (ours, page(OURS), OURS),
        "our list, drawn anew": (ours, anew(OURS), OURS),
        "the admin's list": (peer, page(THEIRS), THEIRS),
        "our search": (ours, page(OURS + SEARCH), OURS + SEARCH),
        "our search, drawn anew": (ours, anew(OURS + SEARCH), OURS + SEARCH),
        "the admin's search": (peer, page(THEIRS + SEARCH), THEIRS + SEARCH),
    }
    found: dict[str, list[float]] = {name: [] for name in pages}
    for bench, ask, _path in pages.values():
        bench.ratio(ask, 1, 0.5)  # to warm up
    for _round in range(rounds):
        for name, (bench, ask, _path) in pages.items():
            found[name] += bench.ratio(ask, 1, seconds)
    told = [row("", f"{name}, {rows_of(b, path)} rows", found[name], None) for name, (b, _ask, path) in pages.items()]
    for what in ("list", "search"):
        for how in ("", ", drawn anew"):
            both = zip(found[f"the admin's {what}"], found[f"our {what}{how}"], strict=True)
            told.append(row("", f"the admin's {what} over ours{how}", [a / b for a, b in both], None, "times"))
    return told


def main() -> None:
    """Run it, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    url = os.environ.get("DATABASE_URL", "")
    with tempfile.TemporaryDirectory(prefix="involvement-peer-") as folder:
        ours = Bench(Path(folder) / "place", url, 1000)
        peer = copy.copy(ours)
        try:
            peer.port = PEER
            peer.server = ours.place.serve(
                PEER, app="django.core.wsgi:get_wsgi_application()", DJANGO_SETTINGS_MODULE="peer_settings",
                PYTHONPATH=f"{ROOT}{os.pathsep}{ROOT / 'benchmarks'}",
            )  # fmt: skip
            try:
                rows = compare(ours, peer, asked.rounds, asked.seconds)
            finally:
                peer.server.terminate()
                peer.server.wait()
        finally:
            ours.close()
    tell(rows, url, asked.out)


if __name__ == "__main__":
    sys.exit(main())
