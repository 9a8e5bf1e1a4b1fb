"""`manage.py restore BACKUP`: put a backup back."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from involvement import backups


class Command(BaseCommand):
    help = (
        "Check a backup against its manifest and put it back: the database that DATABASE_URL names, and the files. "
        "Refuses a place that is not empty. Stop the web processes first."
    )
    requires_system_checks = []  # the database may be empty, or the very thing that is broken

    def add_arguments(self, parser):
        parser.add_argument("backup", metavar="BACKUP", type=Path, help="the dated folder that manage.py backup made")
        parser.add_argument(
            "--replace", action="store_true", help="throw away what the database holds now, and overwrite files"
        )

    def handle(self, *, backup, replace, **_options):
        """Do it and say what to know; CommandError in a sentence, before anything was touched where it can be."""
        try:
            for sentence in backups.restore(backup, replace=replace):
                self.stdout.write(sentence)
        except backups.BackupError as error:
            raise CommandError(str(error)) from error
