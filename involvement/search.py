"""The words of activities, for ``Activity.objects.matching``: what PostgreSQL and SQLite each have for full text.

PostgreSQL keeps a column ``search`` beside each activity, which it makes itself, under a GIN index; SQLite keeps an
index of its own (FTS5), which triggers follow. Both take the same words: runs of letters and figures, whatever stands
between them, in small letters. A word that is asked for stands for all that begin with it, without its last "s":
"carers" finds "carer". The organisation is in the index too, so that no search reads another's rows.

SQLite throws triggers away when a table is made anew, which Django does for some changes of a model: the migration that
does so ends with ``search()`` too (tests/involvement/test_search.py would tell).
"""

from __future__ import annotations

import re

from django.db import connection, migrations
from django.db.models.expressions import RawSQL

WORD = re.compile(r"[^\W_]+")
MOST_WORDS, LONGEST = 10, 100  # words of a question; signs of a word that count
COLUMNS = ("title", "description", "reference", "method")
ACTIVITIES, INDEX = "involvement_activity", "involvement_activity_words"


def words(q: str) -> list[str]:
    """Return the beginnings of words that ``q`` asks for, at most ten."""
    found = [word[:LONGEST] for word in WORD.findall(q.lower())[:MOST_WORDS]]
    return [word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word for word in found]


def found(q: str, organisation: int) -> RawSQL:
    """Return the ids of the activities of ``organisation`` (its id) in which every word of ``q`` stands, as a query.

    ``q`` has a word (``words``) in it.
    """
    asked = words(q)
    if connection.vendor == "postgresql":
        terms = " & ".join([f"'#{organisation:d}'", *(f"'{word}':*" for word in asked)])
        return RawSQL(f"SELECT id FROM {ACTIVITIES} WHERE search @@ %s::tsquery", [terms])  # noqa: S608, S611  our own
    terms = " AND ".join(f'"{word}"*' for word in asked)
    terms = f'organisation_id : "{organisation:d}" AND {{{" ".join(COLUMNS)}}} : ({terms})'
    return RawSQL(f"SELECT rowid FROM {INDEX} WHERE {INDEX} MATCH %s", [terms])  # noqa: S608, S611  names of our own


def forget() -> None:
    """Write the index anew, so that no word of a text that was taken out is left in it. Only SQLite leaves any."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO {INDEX}({INDEX}) VALUES('rebuild')")


def search() -> migrations.RunPython:
    """Return the operation that builds the index, anew where there is one."""
    return migrations.RunPython(_build, _tear_down)


def _build(apps, schema_editor) -> None:
    _tear_down(apps, schema_editor)
    for statement in _POSTGRESQL if schema_editor.connection.vendor == "postgresql" else _SQLITE:
        schema_editor.execute(statement, params=None)


def _tear_down(apps, schema_editor) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"ALTER TABLE {ACTIVITIES} DROP COLUMN IF EXISTS search", params=None)
        return
    for when in ("added", "removed", "changed"):
        schema_editor.execute(f"DROP TRIGGER IF EXISTS {INDEX}_{when}", params=None)
    schema_editor.execute(f"DROP TABLE IF EXISTS {INDEX}", params=None)


_TEXT = " || ' ' || ".join(f"coalesce({each}, '')" for each in COLUMNS)
# Cut up here and not by PostgreSQL's own parser, which reads "0b0e0" as a number and a word. It takes no longer words.
_PLAIN = f"btrim(regexp_replace(lower({_TEXT}), '[^[:alnum:]]+', ' ', 'g'))"
_CUT = f"regexp_replace({_PLAIN}, '([[:alnum:]]{{{LONGEST}}})[[:alnum:]]+', '\\1', 'g')"
_POSTGRESQL = (
    f"ALTER TABLE {ACTIVITIES} ADD COLUMN search tsvector GENERATED ALWAYS AS ("
    f"array_to_tsvector(string_to_array({_CUT}, ' ') || ARRAY['#' || organisation_id::text])) STORED",
    f"CREATE INDEX {INDEX} ON {ACTIVITIES} USING gin (search)",
)
_ALL = ("organisation_id", *COLUMNS)
_INTO = f"INSERT INTO {INDEX}("
_NEW = f"{_INTO}rowid, {', '.join(_ALL)}) VALUES (new.id, {', '.join(f'new.{each}' for each in _ALL)});"
_OLD = f"{_INTO}{INDEX}, rowid, {', '.join(_ALL)}) VALUES ('delete', old.id, {', '.join(f'old.{x}' for x in _ALL)});"
_SQLITE = (
    f"CREATE VIRTUAL TABLE {INDEX} USING fts5({', '.join(_ALL)}, content='{ACTIVITIES}', content_rowid='id',"
    " tokenize='unicode61 remove_diacritics 0', prefix='2 3 4')",
    f"CREATE TRIGGER {INDEX}_added AFTER INSERT ON {ACTIVITIES} BEGIN {_NEW} END",
    f"CREATE TRIGGER {INDEX}_removed AFTER DELETE ON {ACTIVITIES} BEGIN {_OLD} END",
    f"CREATE TRIGGER {INDEX}_changed AFTER UPDATE OF {', '.join(_ALL)} ON {ACTIVITIES} BEGIN {_OLD} {_NEW} END",
    f"INSERT INTO {INDEX}({INDEX}) VALUES('rebuild')",
)
