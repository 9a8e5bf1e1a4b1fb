"""``manage.py import_activities ORG FILE``: put a list of activities into an organisation's register."""

from __future__ import annotations

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from involvement.actions.base import Refused
from involvement.imports import (
    LIST_COLUMNS,
    MAX_BYTES,
    Problem,
    Table,
    Unreadable,
    as_result,
    map_columns,
    plan_import,
    read_table,
    remembered_columns,
    remembered_words,
    run_import,
)
from involvement.models import Organisation, User
from involvement.tenancy import inside

SOME_REFUSED = 3


class Command(BaseCommand):
    help = (
        "Import activities from a spreadsheet or a CSV file. Columns: "
        + ", ".join(LIST_COLUMNS)
        + ". Only title is needed; other headings are guessed, or as they were answered for an earlier list, or "
        "mapped with --map. A register that was exported comes in with its places and what came of it. Importing the "
        "same file again changes nothing. Exit code 0: every row is in; 3: some rows were refused, the others are in; "
        "1: nothing was done."
    )

    def add_arguments(self, parser):
        parser.add_argument("organisation", metavar="ORG", help="the organisation's slug")
        parser.add_argument("file", metavar="FILE", help="a spreadsheet (XLSX, XLS, ODS) or a CSV file")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen and write nothing")
        parser.add_argument(
            "--map",
            dest="maps",
            nargs="+",
            action="extend",
            default=[],
            metavar="THEIRS=OURS",
            help="a heading of the file and the column it fills; nothing after the = leaves the heading out",
        )
        parser.add_argument(
            "--no-new-services",
            action="store_true",
            help="refuse the rows of services that are not there, instead of making them",
        )
        parser.add_argument("--by", metavar="EMAIL", help="the person who is recorded as importing")

    def handle(self, *, organisation, **options):
        """Read, plan, write and say what came of it. Raises CommandError with a plain sentence for anything wrong."""
        found = _organisation(organisation)
        with inside(found):
            result = self._run(found, **options)
        self._say_result(result, options["dry_run"])

    def _run(self, organisation, *, file, dry_run, maps, no_new_services, by, **_options) -> dict:
        try:
            table = read_table(content_of(file))
            columns = _columns(organisation, table, dict(mapping_of(each) for each in maps))
            self._say_columns(table, columns)
            how = {
                "organisation": organisation,
                "table": table,
                "columns": columns,
                "words": remembered_words(organisation),
                "new_services": not no_new_services,
            }
            if dry_run:
                return as_result(plan_import(**how))
            return run_import(**how, by=_person(by), file_name=Path(file).name)
        except Unreadable as error:
            raise CommandError(str(error)) from error
        except Refused as refused:
            raise CommandError(" ".join(refused.messages.values())) from refused

    def _say_columns(self, table: Table, columns: dict[str, str]) -> None:
        for heading, ours in columns.items():
            self.stdout.write(f"  {heading} → {ours}")
        left_out = [heading for heading in table.headings if heading not in columns]
        if left_out:
            self.stdout.write(f"Not imported (no column for them): {', '.join(left_out)}")

    def _say_result(self, result: dict, dry_run: bool) -> None:
        for row, column, said in result["notes"]:
            self.stdout.write(f"Note. {Problem(row, column, said)}")
        for row, column, said in result["problems"]:
            self.stderr.write(str(Problem(row, column, said)))
        if result["placed"]:
            rows = "1 row brings its" if result["placed"] == 1 else f"{result['placed']} rows bring their"
            self.stdout.write(f"{rows} place in the framework with them")
        if result["pieces"]:
            self.stdout.write(f"New pieces of work: {', '.join(result['pieces'])}")
        if result["services"]:
            made = "Services that would be made" if dry_run else "Services made"
            self.stdout.write(f"{made}: {', '.join(result['services'])}")
        added = "would be added" if dry_run else "added"
        self.stdout.write(f"{result['added']} {added}, {result['here']} already here, {result['refused']} refused")
        if dry_run:
            self.stdout.write("Nothing was written")
        elif not result["added"]:
            self.stdout.write("Nothing was changed")
        if result["refused"]:
            rows = "1 row was" if result["refused"] == 1 else f"{result['refused']} rows were"
            raise CommandError(f"{rows} refused", returncode=SOME_REFUSED)


def _columns(organisation: Organisation, table: Table, maps: dict[str, str]) -> dict[str, str]:
    """Return which column is which: what --map says, then what was answered before, then the guesses."""
    said = map_columns(table.headings, maps)  # refuses what cannot be
    before = remembered_columns(organisation, table.headings)
    named = {ours for heading, ours in said.items() if ours and heading in maps}
    kept = {heading: ours for heading, ours in before.items() if heading not in maps and ours not in named}
    return map_columns(table.headings, kept | maps)


def _organisation(slug: str) -> Organisation:
    try:
        return Organisation.objects.get(slug=slug)
    except Organisation.DoesNotExist as error:
        raise CommandError(f"There is no organisation “{slug}”") from error


def _person(email: str | None) -> User | None:
    if not email:
        return None
    try:
        return User.objects.get_by_natural_key(email)
    except User.DoesNotExist as error:
        raise CommandError(f"Nobody has an account with the address “{email}”") from error


def content_of(file: str) -> bytes:
    """Return the bytes of a file, at most one more than may be read. Raises CommandError when it cannot be opened."""
    try:
        with Path(file).open("rb") as opened:
            return opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror}") from error


def mapping_of(words: str) -> tuple[str, str]:
    """Return (their heading, our column) of "theirs=ours". Raises CommandError when it is written otherwise."""
    theirs, sign, ours = words.rpartition("=")
    if not sign or not theirs:
        raise CommandError(f"“{words}” is not a mapping. Write it as theirs=ours, like what_happened=description")
    return theirs, ours
