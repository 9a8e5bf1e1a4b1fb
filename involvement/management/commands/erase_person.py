"""`manage.py erase_person EMAIL --because …`: take a person out of everything; what they wrote stays."""

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from involvement.actions.base import Refused
from involvement.actions.erasure import erase
from involvement.backups import BackupError, insist_on_owner
from involvement.models import User


class Command(BaseCommand):
    help = (
        "Erase a person: their roles end, their account, sessions and invitations go, and wherever their name or "
        "address stands, histories too, it becomes “a former member”. It cannot be undone; backups still hold it until "
        "they are deleted. Make sure first who asks. The only lead of an organisation is refused."
    )

    def add_arguments(self, parser):
        parser.add_argument("email", help="the address that they sign in with, or the number of an erased account")
        parser.add_argument("--because", required=True, help="why, without naming them: “asked on 3 May 2026”")
        parser.add_argument(
            "--also", nargs="+", default=[], metavar="NAME", help="other spellings of the name: a maiden name, initials"
        )

    def handle(self, *, email, because, also, **_options):
        """Do it, and say where what was found; CommandError in a sentence."""
        email = email.strip().lower()
        which = {"pk": int(email)} if email.isdecimal() else {"email": email}
        user = User.objects.filter(**which).first()
        if user is None:
            raise CommandError("There is no account with this address.")
        try:
            insist_on_owner(connection)
            replaced = erase(user=user, because=because, also=tuple(also))
        except BackupError as error:
            raise CommandError(str(error)) from error
        except Refused as refused:
            raise CommandError(" ".join(refused.messages.values())) from refused
        for table, number in sorted(replaced.items()):
            self.stdout.write(f"{number:>7}  {table}")
        self.stdout.write(f"Erased. After a restore of an older backup, erase account {user.pk} again.")
