"""`manage.py forget_second_step EMAIL`: for somebody who has lost phone, passkeys and backup codes."""

from django.core.management.base import BaseCommand, CommandError

from involvement.actions.accounts import forget_second_step
from involvement.models import User


class Command(BaseCommand):
    help = "Take the second step of signing in from an account. Make sure first, not by e-mail, who is asking."

    def add_arguments(self, parser):
        parser.add_argument("email", help="the address that the person signs in with")

    def handle(self, *, email, **_options):
        """Do it, and say what there was; CommandError for an address that nobody has."""
        user = User.objects.filter(email=email.strip().lower()).first()
        if user is None:
            raise CommandError("There is no account with this address.")
        count = forget_second_step(user=user)
        self.stdout.write(f"Taken away: {count}. Their password lets them in now; they can set up a new second step.")
