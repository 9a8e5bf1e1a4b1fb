"""`manage.py backup DIR`: a backup of the database and the evidence files, made while people work."""

from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from involvement import backups


class Command(BaseCommand):
    help = "Write a backup into a new dated folder within DIR, and print its path. Others may write meanwhile."

    def add_arguments(self, parser):
        parser.add_argument("folder", metavar="DIR", type=Path, help="where backups lie; on another disk than the data")
        days = settings.KEEP_DAYS["backups"]
        parser.add_argument(
            "--tidy", action="store_true", help=f"then delete backups in DIR that are older than {days} days"
        )

    def handle(self, *, folder, tidy, **_options):
        """Make it, say where; CommandError in a sentence for what went wrong."""
        try:
            made = backups.make(folder)
            self.stdout.write(str(made))
            for path in backups.old(folder, settings.KEEP_DAYS["backups"]) if tidy else ():
                backups.remove(path)
                self.stdout.write(f"Deleted {path}")
        except backups.BackupError as error:
            raise CommandError(str(error)) from error
