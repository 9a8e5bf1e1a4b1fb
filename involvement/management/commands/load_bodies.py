"""`manage.py load_bodies FILE`: the health service's bodies with their codes, openings, closures and mergers."""

import csv
from datetime import date
from pathlib import Path

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from involvement.actions.operators import load_bodies
from involvement.models import HealthBody, Organisation

# Column of the list -> field of HealthBody.
COLUMNS = {
    "ods_code": "code",
    "name": "name",
    "type": "kind",
    "region": "region",
    "icb_name": "board",
    "town": "town",
    "open_date": "opened_on",
    "close_date": "closed_on",
    "status": "status",
    "source": "source",
    "vintage": "vintage",
}
DAYS = ("opened_on", "closed_on")


class Command(BaseCommand):
    help = "Take in a list of health bodies (CSV, UTF-8). A second time changes nothing; closures and mergers are told."

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path, help="a CSV file with the columns " + ", ".join(COLUMNS))

    def handle(self, *, file, **_options):
        """Load it whole or not at all, and name our own organisations whose body is gone."""
        try:
            with file.open(encoding="utf-8-sig", newline="") as opened:
                reader = csv.DictReader(opened)
                missing = [column for column in COLUMNS if column not in (reader.fieldnames or [])]
                if missing:
                    raise CommandError("The list has no column " + ", ".join(missing) + ".")
                loaded = load_bodies(rows=[_fields(row) for row in reader])
        except OSError as wrong:
            raise CommandError(f"The file cannot be read: {wrong.strerror}.") from wrong
        except (ValidationError, ValueError) as wrong:
            said = wrong.messages if isinstance(wrong, ValidationError) else [str(wrong)]
            raise CommandError("Nothing was loaded. " + " ".join(said)) from wrong
        self.stdout.write(
            f"Added {loaded.added}, changed {loaded.changed}, already so {loaded.same}, "
            f"from an earlier list {loaded.left_out}."
        )
        bodies = HealthBody.objects.in_bulk()
        for organisation in Organisation.objects.filter(merged_into=None).exclude(ods_code="").order_by("name"):
            body = bodies.get(organisation.ods_code)
            if body is not None and body.is_gone:
                day = f" on {body.closed_on}" if body.closed_on else ""
                self.stdout.write(f"{organisation.name} ({organisation.slug}): its body is {body.status}{day}.")


def _fields(row: dict) -> dict:
    fields = {field: (row[column] or "").strip() for column, field in COLUMNS.items()}
    return fields | {name: date.fromisoformat(fields[name]) if fields[name] else None for name in DAYS}
