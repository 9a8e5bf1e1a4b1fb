"""A backup under writes, a wipe, a restore: python benchmarks/restore_under_writes.py [--writers 4] [--seconds 20]

Works on a database of its own (SQLite: a temporary file; with DATABASE_URL of a PostgreSQL, a new database there): the
example organisation, and writers in processes of their own that note each activity once it is acknowledged (the
ledger). Backs up in the middle, waits, lets the writers go on, then wipes database and files, restores, starts the
server and signs in. Prints how many of the activities that were acknowledged before the backup began are lost, how many
are there twice, and the seconds from the start of the restore until somebody is signed in. Exit code 1 where one is
lost or doubled, or signing in took more than 60 seconds.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import requests
from place import Place

WRITER = """
import sys, time, uuid
import django; django.setup()
from django.core.files.base import ContentFile
from involvement.actions.activities import add_activity
from involvement.models import Organisation, StoredFile, User
home, by = Organisation.objects.get(slug="northfield"), User.objects.get(email="editor@northfield.example")
while True:
    title = str(uuid.uuid4())
    add_activity(organisation=home, by=by, facts={"title": title})
    stored = StoredFile.objects.create(organisation=home, recorded_by=by, size=36, content_type="image/png",
                                       name=title, file=ContentFile(title.encode(), "x"))
    print(time.time(), title, stored.file.name, flush=True)
"""
LOOK = """
import django; django.setup()
from django.core.files.storage import default_storage
from involvement.models import Activity, StoredFile
for title in Activity.objects.values_list("title", flat=True): print("activity", title)
for name, path in StoredFile.objects.values_list("name", "file"):
    print("file", name if default_storage.open(path).read().decode() == name else "altered " + name)
"""


def main() -> int:
    """Run it; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--writers", type=int, default=4)
    parser.add_argument("--seconds", type=int, default=20)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="involvement-restore-") as folder:
        place = Place(Path(folder), os.environ.get("DATABASE_URL", ""), "restore_under_writes")
        place.create()
        try:
            return _run(place, asked)
        finally:
            place.drop()


def _run(place: Place, asked) -> int:
    place.python("manage.py", "migrate", "--verbosity", "0")
    place.python("manage.py", "demo")
    (place.folder / "media").mkdir(exist_ok=True)
    ledgers = [place.folder / f"ledger-{number}" for number in range(asked.writers)]
    writers = [place.start("-c", WRITER, out=each.open("w")) for each in ledgers]
    time.sleep(asked.seconds)
    began = time.time()
    backup = place.python("manage.py", "backup", str(place.folder / "backups")).strip()
    ended = time.time()
    time.sleep(asked.seconds / 4)
    for each in writers:
        each.kill()
        each.wait()
    ledger = [line.split(" ") for each in ledgers for line in each.read_text().splitlines() if line.count(" ") == 2]
    before = {title for at, title, _path in ledger if float(at) < began}
    meanwhile = sum(began <= float(at) < ended for at, *_rest in ledger)
    place.wipe()
    started = time.time()
    place.python("manage.py", "restore", backup)
    signed_in = _signed_in(place) - started
    found = [line.partition(" ") for line in place.python("-c", LOOK).splitlines()]
    activities = [what for kind, _space, what in found if kind == "activity"]
    files = {what for kind, _space, what in found if kind == "file"}
    lost, doubled = before - set(activities), [each for each in before if activities.count(each) > 1]
    kind = "PostgreSQL" if place.is_postgresql else "SQLite"
    print(
        f"{kind}: {len(before)} acknowledged before the backup, {meanwhile} during "
        f"its {ended - began:.1f} s, {len(ledger)} in all; lost {len(lost)}, lost files {len(before - files)}, "
        f"doubled {len(doubled)}; signed in again after {signed_in:.1f} s"
    )
    return 1 if lost or before - files or doubled or signed_in > 60 or not before else 0


def _signed_in(place: Place) -> float:
    """Start the server, sign in, stop it; return when somebody was in."""
    port = "8313"
    server = place.start("manage.py", "runserver", "--noreload", port, out=subprocess.DEVNULL)
    try:
        base, session = f"http://127.0.0.1:{port}", requests.Session()
        session.trust_env = False
        for _try in range(240):
            try:
                page = session.get(f"{base}/accounts/login/").text
                break
            except requests.ConnectionError:
                time.sleep(0.25)
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[1]
        who = {"login": "editor@northfield.example", "password": "northfield-example", "csrfmiddlewaretoken": token}
        answer = session.post(f"{base}/accounts/login/", who)
        if "/o/northfield/" not in answer.url:
            raise SystemExit(f"nobody came in: {answer.status_code} {answer.url}")
        return time.time()
    finally:
        server.kill()
        server.wait()


if __name__ == "__main__":
    sys.exit(main())
