"""``manage.py suggest FILE``: what the words of each row point to, as a JSON line a row."""

from __future__ import annotations

import dataclasses
import json

from django.core.management.base import BaseCommand, CommandError

from framework.hints import hint
from framework.lexicon import FIELDS
from involvement.actions.base import Refused
from involvement.imports import Unreadable, map_columns, read_table
from involvement.management.commands.import_activities import content_of, mapping_of


class Command(BaseCommand):
    help = (
        "Print a suggestion for each row of a list of activities, from its own words: the place, or null when they do "
        "not say enough, other places, ways to take part, the phrases that led there, and how sure it is (0 to 1). "
        "Reads the same files and guesses the same headings as import_activities. Writes nothing."
    )

    def add_arguments(self, parser):
        parser.add_argument("file", metavar="FILE", help="a list of activities, as for import_activities")
        parser.add_argument(
            "--map",
            dest="maps",
            nargs="+",
            action="extend",
            default=[],
            metavar="THEIRS=OURS",
            help="a heading of the file and the column it fills; nothing after the = leaves the heading out",
        )

    def handle(self, *, file, maps, **options):
        """Read and print. Raises CommandError with a plain sentence when the file or a mapping cannot be read."""
        try:
            table = read_table(content_of(file))
            columns = map_columns(table.headings, dict(mapping_of(each) for each in maps))
        except Unreadable as error:
            raise CommandError(str(error)) from error
        except Refused as refused:
            raise CommandError(" ".join(refused.messages.values())) from refused
        at = {columns[heading]: index for index, heading in enumerate(table.headings) if heading in columns}
        for row, (_number, cells) in enumerate(table.rows, start=1):
            given = {field: cells[at[field]] for field in FIELDS if field in at and at[field] < len(cells)}
            found = {"row": row, **dataclasses.asdict(hint(given))}
            self.stdout.write(json.dumps(found, ensure_ascii=False))
