"""`manage.py remind [--dry-run]`: letters to those who have something to do soon, or overdue. For cron, once a day."""

from contextlib import nullcontext
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import mailers
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from involvement.actions import board, reminding
from involvement.actions.base import today
from involvement.reminders import due_today, lapsed_again, letter, open_organisations
from involvement.tenancy import everywhere


class Command(BaseCommand):
    help = "Send letters about actions, reviews and statements that are due. Twice on one day sends once."

    def add_arguments(self, parser):
        parser.add_argument("--dry-run", action="store_true", help="say what would be sent, and send and write nothing")

    def handle(self, *, dry_run, **_options):
        """Reopen what lapsed again, then send each person at most one letter; say how many, never to whom.

        CommandError (exit code 1) when a letter could not be sent: what it told of waits for the next run.
        """
        with transaction.atomic() if dry_run else nullcontext():
            # a dry run reopens too, to see what it would tell of, and takes it back
            with everywhere():
                organisations = open_organisations()
                lapsed = [action for one in organisations for action in lapsed_again(one, on=today())]
                reopened = sum(board.reopen_lapsed(action=action) for action in lapsed)
                found = due_today(organisations)
            if dry_run:
                transaction.set_rollback(True)
        if dry_run:
            for told in found.values():
                self.stdout.write(f"One letter of {len(told)}:")
                for each in told:
                    self.stdout.write(f"  {each.organisation.slug}: {each.words}")
            self.stdout.write(f"Would reopen {reopened} and send {len(found)}. Nothing was written.")
            return
        sent, failed = self.send(found)
        self.stdout.write(f"Reopened {reopened}, sent {sent}.")
        if failed:
            raise CommandError(f"{failed} could not be sent. The next run tries again.")

    def send(self, found) -> tuple[int, int]:
        """Send the letters, noting each before it leaves; return how many left and how many did not."""
        sent = failed = 0
        for recipient, told in found.items():
            things = [(each.organisation, each.what, each.thing, each.due) for each in told]
            with everywhere():  # committed before the letter leaves
                notes = reminding.note(recipient=recipient, things=things, on=today())
            if not notes:
                continue
            try:
                sent += mailers.default.send_messages([letter(recipient, told, settings.SITE_ADDRESS)]) or 0
            except (SMTPException, OSError):
                with everywhere():
                    reminding.take_back(notes=notes)
                failed += 1
        return sent, failed
