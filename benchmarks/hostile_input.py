"""Every hostile string through every form of every page: python benchmarks/hostile_input.py [--every N] [--from K]

Makes a test database on DATABASE_URL's server (SQLite: in memory), the world of the tests in it, and walks as
tests/guards/test_hostile_input.py does, which takes only a few strings. Prints what came back; exit code 1 where
anything was alive, altered or answered with 500. ``--every 4 --from 1`` takes each fourth string from the second on.
"""

import argparse
import logging
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"


def main() -> int:
    """Run it; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--from", dest="start", type=int, default=0)
    asked = parser.parse_args()
    import django

    django.setup()
    from django.db import connection
    from django.template.base import Template
    from django.test.utils import setup_test_environment

    plain = Template._render
    setup_test_environment(debug=False)
    Template._render = plain  # without the signals that tests listen to
    logging.disable(logging.CRITICAL)
    before = connection.settings_dict["NAME"]
    if connection.vendor == "postgresql":
        connection.settings_dict["TEST"]["NAME"] = f"test_hostile_{os.getpid()}"
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        from tests import application_role
        from tests.guards.test_access_walk import furnished
        from tests.guards.test_hostile_input import run
        from tests.hostile import STRINGS
        from tests.world import build

        application_role.make()
        world, started = furnished(build()), time.perf_counter()
        strings = STRINGS[asked.start :: asked.every]

        def tell(where, tally):
            print(f"{time.perf_counter() - started:.0f} s, {where}: {tally}", flush=True)

        tally = run(world, strings, told=tell)
        for said in (*tally.failed, *tally.alive, *tally.altered):
            print("  ", said)
        seconds = time.perf_counter() - started
        print(f"{connection.vendor}, {len(strings)} of {len(STRINGS)} strings, {seconds:.0f} s: {tally}")
        return 1 if tally.failed or tally.alive or tally.altered or not tally.stored else 0
    finally:
        connection.creation.destroy_test_db(before, verbosity=0)


if __name__ == "__main__":
    sys.exit(main())
