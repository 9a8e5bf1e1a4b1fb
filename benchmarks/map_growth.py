"""CPU of the map of one organisation as its register grows.

    .venv/bin/python benchmarks/map_growth.py [20 1000 10000] [--analyze]

Run it with DATABASE_URL set to an *empty* database that may be filled (it migrates it, writes one
organisation a size by bulk, and leaves them there). For each size it prints the CPU seconds of this process and of the
database's own process (PostgreSQL, where readable), medians of seven maps, and the ratio to the smallest size: first
counted anew each time, then with the counts kept as the pages keep them (settings.KEEP_MAP_SECONDS).
Ratios, not seconds, are what to compare: machines are noisy.
"""

import os
import statistics
import sys
import time
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "involvement.settings")

import django  # noqa: E402

django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth.models import AnonymousUser  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from framework.catalogue import catalogue  # noqa: E402
from involvement.access import Role, Viewer  # noqa: E402
from involvement.actions.base import today  # noqa: E402
from involvement.maps import build_map  # noqa: E402
from involvement.models import (  # noqa: E402
    Activity,
    Change,
    ChangeFacet,
    Classification,
    Evidence,
    Organisation,
    Placement,
    Service,
)

FACETS = list(catalogue().facets)
ROUNDS = 7


def fill(number: int) -> Organisation:
    """Write one organisation with ``number`` classified activities, eight placements and a proven change each fifth."""
    organisation = Organisation.objects.create(slug=f"size-{number}", name=f"Size {number}")
    services = [Service.objects.create(organisation=organisation, slug=f"s{n}", name=f"Service {n}") for n in range(20)]
    rows = Activity.objects.bulk_create(
        [
            Activity(
                organisation=organisation,
                title=f"Activity {n}",
                service=services[n % 20],
                started_on=today() - timedelta(days=n % 1500),
                ended_on=today() - timedelta(days=n % 700) if n % 3 == 0 and n % 700 < n % 1500 else None,
            )
            for n in range(number)
        ],
        batch_size=2000,
    )
    readings = Classification.objects.bulk_create(
        [
            Classification(
                organisation=organisation,
                activity=row,
                primary_place=FACETS[n % 18].split("/")[0],
                framework_version="b",
            )
            for n, row in enumerate(rows)
        ],
        batch_size=2000,
    )
    Placement.objects.bulk_create(
        [
            Placement(
                organisation=organisation,
                classification=reading,
                facet=FACETS[(n + k) % 18],
                part="equal",
                heard=True,
                question="q",
                decider="d",
                received_on=today() - timedelta(days=900),
                options=2,
                free_to_refuse=True,
                as_group=True,
            )
            for n, reading in enumerate(readings)
            for k in range(8)
        ],
        batch_size=2000,
    )
    changes = Change.objects.bulk_create(
        [
            Change(
                organisation=organisation,
                activity=row,
                outcome="changed",
                what="w",
                decided_on=today() - timedelta(days=n % 900),
            )
            for n, row in enumerate(rows[::5])
        ],
        batch_size=2000,
    )
    ChangeFacet.objects.bulk_create(
        [
            ChangeFacet(organisation=organisation, change=change, facet=FACETS[n % 18])
            for n, change in enumerate(changes)
        ],
        batch_size=2000,
    )
    Evidence.objects.bulk_create(
        [Evidence(organisation=organisation, change=change, kind="document", reference="r") for change in changes],
        batch_size=2000,
    )
    return organisation


def backend_cpu() -> float:
    """Return the CPU seconds that PostgreSQL's process for this connection has used, 0 where that cannot be read."""
    if connection.vendor != "postgresql":
        return 0.0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        stat = Path(f"/proc/{cursor.fetchone()[0]}/stat")
    if not stat.exists():
        return 0.0
    words = stat.read_text().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def main(sizes: list[int]) -> None:
    """Print a line a size: own and database CPU in milliseconds, and the ratio to the first size."""
    call_command("migrate", verbosity=0)
    viewers = {}
    for number in sizes:
        viewers[number] = Viewer(AnonymousUser(), fill(number), frozenset({Role.VIEWER}))
    if connection.vendor == "postgresql" and "--analyze" in sys.argv:
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    for kept in (0, 3600):
        settings.KEEP_MAP_SECONDS = kept
        first = None
        for number, viewer in viewers.items():
            build_map(viewer, as_at=today())
            spent = []
            for _round in range(ROUNDS):
                own, theirs = time.process_time(), backend_cpu()
                build_map(viewer, as_at=today())
                spent.append((time.process_time() - own) + (backend_cpu() - theirs))
            median = statistics.median(spent)
            first = first or median
            how = "kept" if kept else "counted anew"
            spent_and_times = f"{1000 * median:8.1f} ms CPU, {median / first:5.2f} times the first"
            print(f"{connection.vendor} {number:6d} activities, {how}: {spent_and_times}", flush=True)


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:] if word.isdigit()] or [20, 1000, 10_000])
