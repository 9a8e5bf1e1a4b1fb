"""`manage.py map ORG [--as-at D] [--service S]`: print the same JSON as map.json."""

import json
from datetime import date

from django.contrib.auth.models import AnonymousUser
from django.core.management.base import BaseCommand, CommandError

from involvement.access import Role, Viewer
from involvement.actions.base import today
from involvement.maps import build_map
from involvement.models import Organisation
from involvement.tenancy import inside


class Command(BaseCommand):
    help = "Print the map of an organisation as JSON, the same as /o/ORG/map.json."

    def add_arguments(self, parser):
        parser.add_argument("organisation", metavar="ORG", help="the organisation's short name, as in its address")
        parser.add_argument("--as-at", metavar="YYYY-MM-DD", help="the day to draw the map for; today when left out")
        parser.add_argument("--service", metavar="S", help="the short name of one service")

    def handle(self, *, organisation, as_at, service, **_options):
        """Print the JSON on standard output; CommandError (exit code 1) for an unknown name or a day to come."""
        found = Organisation.objects.filter(slug=organisation).first()
        if found is None:
            raise CommandError(f"There is no organisation called “{organisation}”.")
        with inside(found):
            self._print(found, as_at, service)

    def _print(self, found: Organisation, as_at: str | None, service: str | None) -> None:
        one = None
        if service:
            one = found.services.filter(slug=service).first()
            if one is None:
                raise CommandError(f"{found.name} has no service called “{service}”.")
        viewer = Viewer(AnonymousUser(), found, frozenset({Role.VIEWER}))
        shown = build_map(viewer, as_at=_day(as_at), service=one)
        self.stdout.write(json.dumps(shown.as_json(), indent=2, ensure_ascii=False))


def _day(text: str | None) -> date:
    if not text:
        return today()
    try:
        day = date.fromisoformat(text)
    except ValueError as wrong:
        raise CommandError(f"“{text}” is not a day. Write it as 2026-11-22.") from wrong
    if day > today():
        raise CommandError(f"{day.isoformat()} has not come yet. The map can show today or an earlier day.")
    return day
