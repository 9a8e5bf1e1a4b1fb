"""Two hundred people answer the four questions within a minute: python benchmarks/assessments.py [--people 200]

The example organisation in a database of its own (DATABASE_URL's server, else a SQLite file), gunicorn with two
workers, and a browser for each person, which opens the link and sends its answers twice, as a double press does. Then
twenty more come to a link that is for so many only. Prints what was acknowledged against what is in the database, and
what is shown while there are four answers. Exit code 1 where one is lost or doubled, or one too many was taken.
"""

import argparse
import asyncio
import os
import random
import sys
import tempfile
import time
from pathlib import Path

from crowd import Browser
from place import Place, cpu_seconds

PORT = 8314
LINK = """
import django; django.setup()
from datetime import timedelta
from involvement.actions import assessing
from involvement.actions.base import today
from involvement.models import Activity, User
lead = User.objects.get(email="lead@northfield.example")
activity = Activity.objects.get(reference="NF-001")
print(assessing.open_link(activity=activity, by=lead, closes_on=today() + timedelta(days=1), most={most}).token)
"""
LOOK = """
import django; django.setup()
from involvement.models import Assessment, AssessmentLink
link = AssessmentLink.objects.get(token="{token}")
print(link.answers.count(), link.answers.values("browser").distinct().count())
"""
SCALES = ("voice", "ways", "concerns", "change")


async def one(path: str, ledger: list, slow: list) -> None:
    """Open the link, answer, press again; note what was acknowledged."""
    browser = Browser(PORT)
    started = time.perf_counter()
    await browser.ask("GET", path)
    said = {name: random.choice("12345") for name in SCALES}
    status, headers, _body = await browser.ask("POST", path, said)
    await browser.ask("POST", path, said)
    slow.append(time.perf_counter() - started)
    ledger.append(status == 302)


async def crowd(path: str, people: int, seconds: float):
    ledger, slow = [], []

    async def late(wait):
        await asyncio.sleep(wait)
        await one(path, ledger, slow)

    failed = await asyncio.gather(
        *(late(random.uniform(0, seconds)) for _each in range(people)), return_exceptions=True
    )
    return ledger, slow, [each for each in failed if each is not None]


def main() -> int:
    """Run it; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=50)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="involvement-assessments-") as folder:
        place = Place(Path(folder), os.environ.get("DATABASE_URL", ""), "assessments")
        place.create()
        try:
            return _run(place, asked)
        finally:
            place.drop()


def _run(place: Place, asked) -> int:
    place.python("manage.py", "migrate", "--verbosity", "0")
    place.python("manage.py", "demo")
    token = place.python("-c", LINK.format(most=asked.people)).strip()
    path, server = f"/say/{token}/", place.serve(PORT)
    try:
        asyncio.run(crowd(path, 4, 1))
        four = asyncio.run(_shown(path))
        used, began = cpu_seconds(server.pid), time.perf_counter()
        ledger, slow, failed = asyncio.run(crowd(path, asked.people - 4, asked.seconds))
        took, used = time.perf_counter() - began, cpu_seconds(server.pid) - used
        late, _slow, _failed = asyncio.run(crowd(path, 20, 2))
    finally:
        server.terminate()
        server.wait()
    kept, browsers = map(int, place.python("-c", LOOK.format(token=token)).split())
    acknowledged, slow = sum(ledger) + 4, sorted(slow)
    kind = "PostgreSQL" if place.is_postgresql else "SQLite"
    print(
        f"{kind}: {acknowledged} acknowledged in {took:.0f} s, {kept} kept, from {browsers} browsers; "
        f"lost {max(0, acknowledged - kept)}, doubled {kept - browsers}, errors {len(failed)}; beyond the limit "
        f"{sum(late)} of {len(late)} taken; three requests p50 {slow[len(slow) // 2]:.2f} s, "
        f"p95 {slow[int(len(slow) * 0.95)]:.2f} s; server {used:.1f} CPU s; shown at four answers: {four}"
    )
    good = acknowledged == kept == browsers == asked.people and not failed and not sum(late) and not four
    return 0 if good and took <= 60 else 1


async def _shown(path: str) -> bool:
    """Return whether the page tells anything at four answers to whoever has not answered."""
    browser = Browser(PORT)
    _status, _headers, page = await browser.ask("GET", path)
    return b"What people who took part say" in page


if __name__ == "__main__":
    sys.exit(main())
