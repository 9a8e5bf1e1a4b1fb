"""A backup: one folder with the database, the evidence files, and a manifest by which both can be checked.

The database is copied as at one moment while others write: by ``VACUUM INTO`` on SQLite (copying the file would lose
what lies in its log), by ``pg_dump`` on PostgreSQL. The files follow, so every file that a row names is there: a file
is written before its row, and nothing but retention removes one. What is only kept for a while (the cache) stays out.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.recorder import MigrationRecorder
from django.utils.crypto import salted_hmac

DATABASE = {"sqlite": "database.sqlite3", "postgresql": "database.dump"}
MANIFEST = "manifest.json"
FORMAT = 1
STAMP = "%Y-%m-%dT%H%M%S"
ROWS_AT_ONCE = 2_000


class BackupError(Exception):
    """A backup that cannot be made or used; the message is a sentence for whoever runs the command."""


@dataclass(frozen=True)
class Place:
    """Where a restored copy goes, or where what is backed up lies: a database and a folder of files."""

    database: BaseDatabaseWrapper
    files: Path

    @classmethod
    def ours(cls) -> Place:
        """Return the database and the folder of the settings."""
        return cls(connection, Path(settings.MEDIA_ROOT))


# -- Making one -----------------------------------------------------------------------------------------------------


def make(folder: Path, *, of: Place | None = None, digests: bool = False) -> Path:
    """Write a backup into a new folder within ``folder``, named by the time in UTC; return its path.

    Under another name until it is whole, so that a folder with such a name always holds all of it. ``digests``: put
    the digest of every table into the manifest, on PostgreSQL as at the very moment of the dump.
    Raises BackupError.
    """
    of = of or Place.ours()
    insist_on_owner(of.database)
    whole = folder / datetime.now(UTC).strftime(STAMP)
    if whole.exists():
        raise BackupError(f"{whole} is there already: wait a second and try again.")
    partial = whole.with_name(whole.name + ".partial")
    try:
        partial.mkdir(parents=True, mode=0o700)
        dump = partial / DATABASE[of.database.vendor]
        tables = _DUMPS[of.database.vendor](of.database, dump, digests)
        _keep(dump)
        files = {name: _copied(of.files / name, partial / "files" / name) for name in _files_in(of.files)}
        manifest = {
            "format": FORMAT,
            "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "vendor": of.database.vendor,
            "migrations": _migrations(of.database),
            "secret_key": _fingerprint(),
            "database": _facts(dump),
            "files": files,
            "tables": tables,
        }
        _written(partial / MANIFEST, json.dumps(manifest, indent=1, sort_keys=True))
        partial.rename(whole)
    except OSError as error:
        raise BackupError(f"The backup was not made: {error}") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)  # of a backup that was not made; else it has its name by now
    return whole


def _dump_sqlite(database, target: Path, digests: bool) -> dict:
    if database.in_atomic_block:
        raise BackupError("SQLite makes no backup within a transaction.")
    with database.cursor() as cursor:
        cursor.execute("VACUUM INTO %s", [str(target)])
    with closing(sqlite3.connect(target)) as copy:
        for table in _passing(database):
            copy.execute(f'DELETE FROM "{table}"')  # noqa: S608  a name from our own settings
        copy.commit()
        copy.execute("VACUUM")
        if (said := copy.execute("PRAGMA integrity_check").fetchone()[0]) != "ok":
            raise BackupError(f"The copy of the database is damaged: {said}")
    if not digests:
        return {}
    with closing(opened(database, target)) as copy:
        return tables_of(copy)


def _dump_postgresql(database, target: Path, digests: bool) -> dict:
    leave_out = [f"--exclude-table-data={table}" for table in _passing(database)]
    with transaction.atomic(using=database.alias):
        with database.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute("SELECT pg_export_snapshot()")
            [snapshot] = cursor.fetchone()
        _program(
            database, "pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}",
            f"--file={target}", *leave_out,
        )  # fmt: skip
        return tables_of(database) if digests else {}


_DUMPS: dict[str, Callable] = {"sqlite": _dump_sqlite, "postgresql": _dump_postgresql}


def old(folder: Path, days: int, now: datetime | None = None) -> list[Path]:
    """Return the backups in ``folder`` that are older than ``days``, the newest of all never among them."""
    found = []
    for path in folder.iterdir():
        try:
            found.append((datetime.strptime(path.name, STAMP).replace(tzinfo=UTC), path))
        except ValueError:
            continue
    before = (now or datetime.now(UTC)) - timedelta(days=days)
    return [path for made, path in sorted(found)[:-1] if made < before and (path / MANIFEST).exists()]


def remove(backup: Path) -> None:
    """Delete a whole backup."""
    shutil.rmtree(backup)


# -- Using one ------------------------------------------------------------------------------------------------------


def read(backup: Path) -> dict:
    """Return the manifest of ``backup`` after checking every file against it. Raises BackupError for any difference."""
    try:
        manifest = json.loads((backup / MANIFEST).read_text())
    except (OSError, ValueError) as error:
        raise BackupError(f"{backup} is no backup: it has no readable {MANIFEST}.") from error
    if manifest.get("format") != FORMAT:
        raise BackupError(f"{backup} was made by another version of this program (format {manifest.get('format')}).")
    wanted = {f"files/{name}": facts for name, facts in manifest["files"].items()}
    wanted[DATABASE[manifest["vendor"]]] = manifest["database"]
    for name, facts in wanted.items():
        if not (backup / name).is_file():
            raise BackupError(f"The backup is not whole: {name} is missing.")
        if _facts(backup / name) != facts:
            raise BackupError(f"The backup is damaged: {name} is not what it was.")
    return manifest


def restore(backup: Path, *, into: Place | None = None, replace: bool = False) -> list[str]:
    """Put ``backup`` back; return what whoever did it should know, as sentences.

    Without ``replace`` the database and the folder have to be empty. With it the database becomes what the backup says,
    and files of the same name are overwritten; other files stay, named by no row, until retention removes them.
    Raises BackupError, before anything was touched: for a backup that is damaged or of another kind of database, for a
    target that is not empty, and while others are connected to it.
    """
    into = into or Place.ours()
    manifest = read(backup)
    vendor = into.database.vendor
    if manifest["vendor"] != vendor:
        raise BackupError(f"This backup is of {manifest['vendor']}, and DATABASE_URL names {vendor}.")
    if not replace and _is_used(into.database):
        raise BackupError("The database is not empty. Restore into an empty one, or say --replace.")
    if not replace and _files_in(into.files):
        raise BackupError(f"{into.files} is not empty. Empty it, or say --replace.")
    _RESTORES[vendor](into.database, backup / DATABASE[vendor])
    for name in manifest["files"]:
        _copied(backup / "files" / name, into.files / name)
    return _worth_knowing(manifest, into)


def _restore_sqlite(database, dump: Path) -> None:
    target = Path(database.settings_dict["NAME"])
    database.close()
    beside = target.with_name(target.name + ".restoring")
    shutil.copyfile(dump, beside)
    _keep(beside)
    for ending in ("-wal", "-shm"):  # of the database before: they must never be read into this one
        target.with_name(target.name + ending).unlink(missing_ok=True)
    beside.replace(target)
    _keep(target.parent)


def _restore_postgresql(database, dump: Path) -> None:
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        if others := cursor.fetchone()[0]:
            raise BackupError(f"Somebody is connected to the database ({others}). Stop the web processes first.")
        if database.introspection.table_names(cursor):
            cursor.execute("DROP SCHEMA public CASCADE")
            cursor.execute("CREATE SCHEMA public")
    database.close()
    _program(database, "pg_restore", "--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction",
             "--schema=public", before_last=["--dbname"], after=[str(dump)])  # fmt: skip


_RESTORES: dict[str, Callable] = {"sqlite": _restore_sqlite, "postgresql": _restore_postgresql}


def _worth_knowing(manifest: dict, into: Place) -> list[str]:
    said = [f"Restored what was there at {manifest['made_at']}: {len(manifest['files'])} files."]
    strays = set(_files_in(into.files)) - set(manifest["files"])
    if strays:
        said.append(f"{len(strays)} newer files stay in {into.files}; no record names them (manage.py retention).")
    if manifest["secret_key"] != _fingerprint():
        said.append(
            "SECRET_KEY is not the one of the backup: everybody has to sign in again, and codes of a second step "
            "do not work until the old key stands in SECRET_KEY_FALLBACKS."
        )
    if into.database.vendor == "postgresql":
        said.append("Give the rights of the web's role again (deploy/roles.sh).")
    said.append("Erase anew whoever was erased since (manage.py erase_person), then run manage.py migrate.")
    return said


# -- What a database holds --------------------------------------------------------------------------------------------


def tables_of(database: BaseDatabaseWrapper) -> dict[str, dict]:
    """Return {table: {"rows": number, "digest": SHA-256 of every row in order}}, without what passes (the cache)."""
    quote = database.ops.quote_name
    with database.cursor() as cursor:
        names = sorted(set(database.introspection.table_names(cursor)) - set(_passing(database)))
    found = {}
    for name in names:
        digest, count = hashlib.sha256(), 0
        with database.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {quote(name)} WHERE 1 = 0")  # noqa: S608  names of the schema
            columns = sorted(column[0] for column in cursor.description)
            key = database.introspection.get_primary_key_columns(cursor, name) or columns
        wanted, order = ", ".join(map(quote, columns)), ", ".join(map(quote, key))
        with database.chunked_cursor() as cursor:
            cursor.execute(f"SELECT {wanted} FROM {quote(name)} ORDER BY {order}")  # noqa: S608  names of the schema
            while rows := cursor.fetchmany(ROWS_AT_ONCE):
                count += len(rows)
                for row in rows:
                    plain = [bytes(each) if isinstance(each, memoryview) else each for each in row]
                    digest.update(repr(plain).encode())
        found[name] = {"rows": count, "digest": digest.hexdigest()}
    return found


def opened(database: BaseDatabaseWrapper, name: Path | str) -> BaseDatabaseWrapper:
    """Return a connection of its own to another database (a file, or a name on the same server)."""
    other = database.copy(alias="other")
    other.settings_dict = {**other.settings_dict, "NAME": str(name), "CONN_MAX_AGE": 0}
    if other.vendor == "sqlite":  # looked at as it is, without starting a log of its own beside it
        other.settings_dict["OPTIONS"] = {}
    return other


def insist_on_owner(database: BaseDatabaseWrapper) -> None:
    """Raise BackupError for a role of PostgreSQL that would not see every organisation's rows."""
    if database.vendor != "postgresql":
        return
    with database.cursor() as cursor:
        cursor.execute("SELECT to_regclass('involvement_activity')")
        if cursor.fetchone()[0] is None:
            return
        cursor.execute("SELECT row_security_active('involvement_activity')")
        if cursor.fetchone()[0]:
            raise BackupError("This role of the database sees one organisation at a time. Use the role that owns it.")


def _is_used(database: BaseDatabaseWrapper) -> bool:
    with database.cursor() as cursor:
        return bool(database.introspection.table_names(cursor))


def _migrations(database) -> list[str]:
    return sorted(f"{app}.{name}" for app, name in MigrationRecorder(database).applied_migrations())


def _passing(database) -> list[str]:
    """Return the tables whose rows are kept for a while only, where they are there."""
    tables = [each["LOCATION"] for each in settings.CACHES.values() if each["BACKEND"].endswith("DatabaseCache")]
    with database.cursor() as cursor:
        present = database.introspection.table_names(cursor)
    return [table for table in tables if table in present]


# -- Small parts ------------------------------------------------------------------------------------------------------


def _program(database, program: str, *arguments: str, before_last=(), after=()) -> None:
    """Run one of PostgreSQL's own programs against ``database``; its password goes by the environment only."""
    command, environment = database.client.settings_to_cmd_args_env(_server(database.settings_dict), [])
    *options, name = command[1:]
    line = [program, *options, *arguments, *before_last, name, *after]
    try:
        which = {"PGTARGETSESSIONATTRS": database.settings_dict["OPTIONS"].get("target_session_attrs", "any")}
        ran = subprocess.run(  # noqa: S603  no shell, arguments of our own
            line, env={**os.environ, **which, **(environment or {})}, capture_output=True, text=True
        )
    except FileNotFoundError as error:
        raise BackupError(f"{program} is not installed: it comes with PostgreSQL’s client programs.") from error
    if ran.returncode != 0:
        raise BackupError(f"{program} failed: {ran.stderr.strip()[-1500:]}")


def _server(settings: dict) -> dict:
    """Return a database's settings with its server in the usual places, also where DATABASE_URL says ``?host=``."""
    options = settings["OPTIONS"]
    return {**settings, "HOST": options.get("host", settings["HOST"]), "PORT": options.get("port", settings["PORT"])}


def _files_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def _facts(path: Path) -> dict:
    with path.open("rb") as file:
        return {"size": path.stat().st_size, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}


def _copied(source: Path, target: Path) -> dict:
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    shutil.copyfile(source, target)
    target.chmod(0o600)
    _keep(target)
    return _facts(target)


def _written(path: Path, text: str) -> None:
    path.write_text(text)
    _keep(path)


def _keep(path: Path) -> None:
    """See to it that ``path`` (a file or a folder) is on the disk, not on its way there."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _fingerprint() -> str:
    """Return what tells one SECRET_KEY from another, and nothing about it."""
    return salted_hmac("involvement.backups", "which key", algorithm="sha256").hexdigest()[:16]
