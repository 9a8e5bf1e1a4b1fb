"""`manage.py retention [--dry-run]`: delete what is past its time; before that, close rooms that were left open."""

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils import timezone

from involvement.actions import hosting, retention
from involvement.backups import BackupError, insist_on_owner
from involvement.results import results_of


class Command(BaseCommand):
    help = "Delete what is past its time (KEEP_…_DAYS), and print how many of each kind. Run it every night."

    def add_arguments(self, parser):
        parser.add_argument("--dry-run", action="store_true", help="only count")

    def handle(self, *, dry_run, **_options):
        """Do it and print the counts; CommandError for a role of the database that sees too little."""
        try:
            insist_on_owner(connection)
        except BackupError as error:
            raise CommandError(str(error)) from error
        now = timezone.now()
        if not dry_run:
            for workshop in hosting.left_open(now):
                hosting.shut(workshop=workshop, results=results_of(workshop), now=now)
        counts = retention.past() if dry_run else retention.clear()
        for words, number in counts.items():
            self.stdout.write(f"{number:>7}  {words}")
        self.stdout.write("Nothing was deleted." if dry_run else f"Deleted: {sum(counts.values())}")
