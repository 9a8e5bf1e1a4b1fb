"""`manage.py add_organisation SLUG --name NAME --lead EMAIL`: an empty organisation, and somebody who can open it."""

import secrets

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from involvement.access import Role
from involvement.actions.base import Refused
from involvement.actions.organisations import create_organisation, give_role
from involvement.models import Organisation, User
from involvement.tenancy import everywhere


class Command(BaseCommand):
    help = "Make an empty organisation with one lead. A new account gets a password, which is printed once."

    def add_arguments(self, parser):
        parser.add_argument("slug", help="its short name, as it will stand in addresses: ashdown")
        parser.add_argument("--name", required=True, help="its name as people write it")
        parser.add_argument("--lead", required=True, metavar="EMAIL", help="the e-mail address of its first lead")
        parser.add_argument("--lead-name", default="", help="what to print beside what the lead does: Grace Oduya")
        parser.add_argument("--kind", choices=Organisation.Kind.values, default=Organisation.Kind.TRUST.value)
        parser.add_argument("--nation", choices=Organisation.Nation.values, default=Organisation.Nation.ENGLAND.value)

    def handle(self, *, slug, name, lead, lead_name, kind, nation, **_options):
        """Make it all or nothing; CommandError says in a sentence what is wrong."""
        password = ""
        try:
            with transaction.atomic(), everywhere():  # the organisation is still to be made
                organisation = create_organisation(slug=slug, name=name, kind=kind, nation=nation)
                person = User.objects.filter(email=lead.strip().lower()).first()
                if person is None:
                    password = secrets.token_urlsafe(12)
                    called = lead_name.strip() or lead.partition("@")[0].replace(".", " ").title()
                    person = User(email=lead.strip().lower(), name=called)
                    person.set_password(password)
                    person.clean_fields()
                    person.save()
                give_role(organisation=organisation, user=person, role=Role.LEAD, by=None)
        except Refused as refused:
            raise CommandError(" ".join(refused.messages.values())) from refused
        except ValidationError as wrong:
            raise CommandError(" ".join(wrong.messages)) from wrong
        self.stdout.write(f"{organisation.name} is ready at /o/{organisation.slug}/, with {person.email} as its lead.")
        self.stdout.write(f"They invite everybody else, at /o/{organisation.slug}/members/invite/.")
        if password:
            self.stdout.write(f"The password, shown this once: {password}")
