"""`manage.py export_person EMAIL`: everything that is held about one person, as JSON."""

import json

from django.core.management.base import BaseCommand, CommandError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection

from involvement.backups import BackupError, insist_on_owner
from involvement.models import User
from involvement.personal import held_about


class Command(BaseCommand):
    help = (
        "Print all that is held about a person as JSON, with the words of others in which they are named. Look through "
        "these before you hand them out: they may say something about somebody else."
    )

    def add_arguments(self, parser):
        parser.add_argument("email", help="the address that the person signs in with")

    def handle(self, *, email, **_options):
        """Print it; CommandError for an address that nobody has."""
        user = User.objects.filter(email=email.strip().lower()).first()
        if user is None:
            raise CommandError("There is no account with this address.")
        try:
            insist_on_owner(connection)
        except BackupError as error:
            raise CommandError(str(error)) from error
        held = held_about(user, mentioned=True)
        self.stdout.write(json.dumps(held, indent=1, ensure_ascii=False, cls=DjangoJSONEncoder))
