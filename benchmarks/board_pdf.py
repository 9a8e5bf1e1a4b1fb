"""The board's report of a generated register, as PDF: what benchmarks/files.py runs in a place.

``python benchmarks/board_pdf.py SLUG RUNS FOLDER`` in a database that benchmarks/generate.py filled freezes an audit
of the organisation and prints JSON, of each run the CPU seconds of the whole PDF from the frozen snapshot (tagged,
PDF/UA, the map with its 18 ways and a row for every activity) and of typst alone on ready data. What reportlab then
sets lies in FOLDER, one file a run: the same blocks, ready. ``--prepare NUMBER`` in place of RUNS and FOLDER makes so
many audits, frozen and judged, and prints the id and the version of each.

Every run has other words in every row, since typst remembers what it has set before.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "involvement.settings")

import django  # noqa: E402

django.setup()

from django.conf import settings  # noqa: E402

from involvement.access import Role, Viewer  # noqa: E402
from involvement.actions import audits  # noqa: E402
from involvement.actions.base import today  # noqa: E402
from involvement.actions.organisations import give_role  # noqa: E402
from involvement.audits import snapshot  # noqa: E402
from involvement.models import Audit, Organisation, User  # noqa: E402
from involvement.reports import render  # noqa: E402
from involvement.reports.document import build  # noqa: E402
from involvement.reports.pdf import compiled, paper  # noqa: E402
from involvement.tenancy import inside  # noqa: E402

WORDS = {"title", "sentence", "reason", "asked", "what", "why", "activity", "service", "name", "reference", "facts"}
SIGNED = {"name": "Bob Board", "by": 1, "on": "2026-11-05", "statement": "I have read it", "digest": "ab" * 32,
          "seal": "6e" * 32}  # fmt: skip


def frozen(organisation: Organisation, by: User, number: int) -> Audit:
    """Return an audit of the whole organisation, frozen and judged, as it stands before it is signed."""
    day = today()
    audit = audits.start_audit(
        organisation=organisation, by=by, title=f"Audit {number}", as_at=day,
        period_from=snapshot.year_before(day), period_to=day,
    )  # fmt: skip
    viewer = Viewer(by, organisation, frozenset({Role.BOARD_MEMBER}))
    audits.freeze_audit(
        audit=audit, by=by, version=audit.version, although="There was no time to do it before.",
        draw_up=lambda one, why: snapshot.take(viewer, one, although=why),
    )  # fmt: skip
    audit = Audit.objects.get(pk=audit.pk)
    places = json.loads(audit.snapshot.content)["places"]
    judged = {place["slug"]: ("partly", f"Half of it as {place['title']}") for place in places}
    return audits.conclude(audit=audit, by=by, version=audit.version, judged=judged)


def salted(data, salt: str, said: bool = False):
    """Return plain data with ``salt`` after everything that people wrote in it."""
    if isinstance(data, str):
        return f"{data} {salt}" if said and data else data
    if isinstance(data, dict):
        return {name: salted(each, salt, name in WORDS) for name, each in data.items()}
    return [salted(each, salt, said) for each in data] if isinstance(data, list) else data


def spent(job: Callable[[], object]) -> float:
    """Return the CPU seconds of a job, those of typst's threads among them."""
    began = time.process_time()
    job()
    return time.process_time() - began


def main() -> None:
    """Prepare or measure, and print what there is as JSON."""
    settings.DEBUG = False  # no question is kept to be looked at
    organisation = Organisation.objects.get(slug=sys.argv[1])
    by = User.objects.get(email=f"lead@{organisation.slug}.example")
    with inside(organisation):
        give_role(organisation=organisation, user=by, role=Role.BOARD_MEMBER, by=None)
        if sys.argv[2] == "--prepare":
            made = [frozen(organisation, by, number) for number in range(int(sys.argv[3]))]
            print(json.dumps([(each.pk, each.version) for each in made]))
            return
        audit = frozen(organisation, by, 0)
        facts = snapshot.named(json.loads(audit.snapshot.content), organisation)
        conclusions = audits.conclusions_of(audit)
    runs, folder, found = int(sys.argv[2]), Path(sys.argv[3]), []
    render("pdf", salted(facts, "warm"), conclusions, SIGNED)
    for run in range(runs):
        mine, theirs = salted(facts, f"m{run}"), paper(build(salted(facts, f"t{run}"), conclusions, SIGNED))
        (folder / f"{run}.json").write_text(paper(build(salted(facts, f"r{run}"), conclusions, SIGNED)))
        whole = spent(lambda mine=mine: render("pdf", mine, conclusions, SIGNED))
        found.append({"whole": whole, "typst": spent(lambda theirs=theirs: compiled(theirs)),
                      "rows": len(facts["activities"])})  # fmt: skip
    print(json.dumps(found))


if __name__ == "__main__":
    main()
