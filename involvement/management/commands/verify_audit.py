"""`manage.py verify_audit ORG ID`: say whether an audit is still as it was frozen and signed."""

from django.core.management.base import BaseCommand, CommandError

from involvement.audits.verify import verify
from involvement.models import Organisation
from involvement.tenancy import inside


class Command(BaseCommand):
    help = "Compute the digests of an audit's snapshot, sign-off and documents anew, and say which of them is wrong."

    def add_arguments(self, parser):
        parser.add_argument("organisation", metavar="ORG", help="the organisation's short name, as in its address")
        parser.add_argument("audit", metavar="ID", type=int, help="the audit's number, as in its address")

    def handle(self, *, organisation, audit, **_options):
        """Print a line for each thing looked at; CommandError (exit code 1) when one is wrong or nothing is there."""
        found = Organisation.objects.filter(slug=organisation).first()
        if found is None:
            raise CommandError(f"There is no organisation called “{organisation}”.")
        with inside(found):
            self._look(found, audit)

    def _look(self, found: Organisation, audit: int) -> None:
        one = found.audits.filter(pk=audit).first()
        if one is None:
            raise CommandError(f"{found.name} has no audit {audit}.")
        findings = verify(one)
        if not findings:
            raise CommandError(f"“{one.title}” is not frozen yet, so there is nothing to verify.")
        for each in findings:
            self.stdout.write(f"{'ok   ' if each.sound else 'WRONG'}  {each.what}  {each.written}")
        wrong = [each.what for each in findings if not each.sound]
        if wrong:
            raise CommandError(f"“{one.title}” is not as it was: {', '.join(wrong)}.")
