"""``manage.py demo``: make the example organisation, Northfield Hospitals NHS Trust."""

from __future__ import annotations

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from involvement import demo


class Command(BaseCommand):
    help = (
        "Make Northfield Hospitals NHS Trust, an invented trust with a filled map, and people who may sign in. A "
        "second time it changes nothing. It is refused in production (DEBUG off): its password is known to everybody."
    )

    def handle(self, **options):
        """Build the example and print how to sign in. Raises CommandError when DEBUG is off."""
        if not settings.DEBUG:
            raise CommandError("The example has a password that everybody knows, so it is not made in production")
        made = demo.make()
        name, slug = made.organisation.name, made.organisation.slug
        if made.new:
            count = made.organisation.activities.count()
            self.stdout.write(f"{name} is ready: an invented trust with {count} activities, at /o/{slug}/")
        else:
            self.stdout.write(f"{name} is here already, at /o/{slug}/. Nothing was changed")
        self.stdout.write(f"Sign in at /accounts/login/ with the password {demo.PASSWORD} as one of these people:")
        for email, roles in made.people.items():
            self.stdout.write(f"  {email:<38} {roles}")
