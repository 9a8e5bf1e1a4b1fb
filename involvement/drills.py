"""The rehearsal of a restore: make a backup, put it into a throw-away database, and compare row by row.

Nothing of what is in use is touched. On PostgreSQL the tables are compared as at the moment of the dump, also while
others write. On SQLite they are compared with what is in use now where nothing was written meanwhile, and with the
copy itself for the tables that moved on (the report names them).
"""

from __future__ import annotations

import tempfile
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from django.db import connection
from django.utils import timezone

from involvement import backups
from involvement.backups import Place

# What a board would ask after, in the order of the report: tables whose name holds one of these words.
PARTS = (
    ("History", ("historical", "securityevent")),
    ("Classifications", ("classification", "placement", "confirmedbatch")),
    ("What came of it, and evidence", ("_change", "_evidence", "storedfile")),
    ("Register", ("_activity", "pieceofwork", "_service", "_import", "manyedit", "merge", "notthesame", "runningconf")),
    ("People and signing in", ("user", "account_", "mfa_", "session", "membership", "invitation", "auth_")),
    ("All the rest", ("",)),
)


@dataclass
class Drill:
    """What one rehearsal found."""

    at: datetime
    vendor: str
    seconds: dict[str, float] = field(default_factory=dict)
    tables: dict[str, dict] = field(default_factory=dict)  # as they were
    restored: dict[str, dict] = field(default_factory=dict)
    moved_on: list[str] = field(default_factory=list)  # tables that were written to during the drill
    files: int = 0
    files_differing: list[str] = field(default_factory=list)

    @property
    def differing(self) -> list[str]:
        """Return the tables whose rows are not what they were."""
        names = self.tables.keys() | self.restored.keys()
        return sorted(name for name in names if self.tables.get(name) != self.restored.get(name))

    @property
    def passed(self) -> bool:
        return bool(self.restored) and not self.differing and not self.files_differing


def rehearse() -> Drill:
    """Back up, restore beside it, compare, and clear all of that away again. Raises BackupError."""
    drill = Drill(timezone.now(), connection.vendor)
    with tempfile.TemporaryDirectory(prefix="involvement-drill-") as folder:
        with _timed(drill, "backup"):
            backup = backups.make(Path(folder), digests=True)
        drill.tables = backups.read(backup)["tables"]
        if connection.vendor == "sqlite":
            now = backups.tables_of(connection)
            drill.moved_on = sorted(name for name, facts in now.items() if drill.tables.get(name) != facts)
        with _throw_away(Path(folder)) as place:
            with _timed(drill, "restore"):
                backups.restore(backup, into=place)
            with _timed(drill, "comparison"):
                drill.restored = backups.tables_of(place.database)
                _compare_files(drill, Place.ours().files, place.files, backup)
    return drill


@contextmanager
def _throw_away(folder: Path):
    """Give an empty place of the same kind of database, and take it away again."""
    files = folder / "restored-files"
    if connection.vendor == "sqlite":
        with closing(backups.opened(connection, folder / "restored.sqlite3")) as database:
            yield Place(database, files)
        return
    name = f"{connection.settings_dict['NAME']}_drill_{timezone.now():%Y%m%d%H%M%S}"[:63]
    quoted = connection.ops.quote_name(name)
    with connection._nodb_cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {quoted} TEMPLATE template0")
    try:
        with closing(backups.opened(connection, name)) as database:
            yield Place(database, files)
    finally:
        with connection._nodb_cursor() as cursor:
            cursor.execute(f"DROP DATABASE {quoted}")


def _compare_files(drill: Drill, ours: Path, theirs: Path, backup: Path) -> None:
    kept = backups.read(backup)["files"]
    drill.files = len(kept)
    for name in kept:
        used, restored = ours / name, theirs / name
        if not restored.is_file() or (used.is_file() and used.read_bytes() != restored.read_bytes()):
            drill.files_differing.append(name)


@contextmanager
def _timed(drill: Drill, what: str):
    started = time.perf_counter()
    yield
    drill.seconds[what] = round(time.perf_counter() - started, 2)


def report(drill: Drill) -> str:
    """Return the report of a drill: dated, in plain words, the counts of every table at its end."""
    day = timezone.localtime(drill.at)
    words = [
        f"# Rehearsal of a restore, {day.day} {day:%B %Y}, {day:%H:%M}",
        "",
        f"**{'Passed' if drill.passed else 'FAILED'}.** A backup of the {drill.vendor} database and its files was "
        "restored into a throw-away database and compared with what it was made of, row by row.",
        "",
        *(f"- {what}: {seconds} seconds" for what, seconds in drill.seconds.items()),
        f"- files: {drill.files}, of which {len(drill.files_differing)} differ",
        f"- tables: {len(drill.restored)}, of which {len(drill.differing)} differ",
    ]
    if drill.moved_on:
        words.append(f"- written to meanwhile, so compared with the copy: {', '.join(drill.moved_on)}")
    words += [f"- DIFFERS: {name}" for name in (*drill.differing, *drill.files_differing)]
    words += ["", "| What | Rows before | Rows restored | Equal |", "|---|---|---|---|"]
    for title, names in parts_of(drill):
        before, after = (sum(each.get(name, {"rows": 0})["rows"] for name in names)
                         for each in (drill.tables, drill.restored))  # fmt: skip
        equal = not set(names) & set(drill.differing)
        words.append(f"| {title} | {before} | {after} | {'yes' if equal else 'NO'} |")
    words += ["", "| Table | Rows | SHA-256 of its rows |", "|---|---|---|"]
    words += [f"| {name} | {facts['rows']} | {facts['digest'][:16]} |" for name, facts in drill.restored.items()]
    return "\n".join(words) + "\n"


def parts_of(drill: Drill) -> list[tuple[str, list[str]]]:
    """Return the parts of the report with their tables; each table is in the first part that it fits."""
    left, found = sorted(drill.tables.keys() | drill.restored.keys()), []
    for title, signs in PARTS:
        names = [name for name in left if any(sign in name for sign in signs)]
        left = [name for name in left if name not in names]
        found.append((title, names))
    return found


def write_report(drill: Drill, folder: Path) -> Path:
    """Write the report of ``drill`` into ``folder`` under its date; return the path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"drill-{timezone.localtime(drill.at):%Y-%m-%d-%H%M%S}.md"
    path.write_text(report(drill))
    return path
