"""`manage.py drill DIR`: rehearse backup and restore, and write a dated report of it."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from involvement import backups, drills


class Command(BaseCommand):
    help = (
        "Make a backup, restore it into a throw-away database, compare every table and every file, and write a dated "
        "report into DIR. Touches nothing that is in use; on PostgreSQL the role has to be allowed to make databases."
    )

    def add_arguments(self, parser):
        parser.add_argument("folder", metavar="DIR", type=Path, help="where the reports lie")

    def handle(self, *, folder, **_options):
        """Rehearse, print the head of the report and its path; CommandError when anything differs."""
        try:
            drill = drills.rehearse()
        except backups.BackupError as error:
            raise CommandError(str(error)) from error
        path = drills.write_report(drill, folder)
        self.stdout.write(drills.report(drill).partition("| Table")[0])
        self.stdout.write(f"The whole report: {path}")
        if not drill.passed:
            raise CommandError("What was restored is not what was backed up.")
