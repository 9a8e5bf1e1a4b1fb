"""A backup holds everything, is checked before it is used, and never overwrites what nobody said to overwrite."""

import json
import os
import shutil
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime

import dj_database_url
import pytest
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.backends.postgresql.base import DatabaseWrapper
from django.utils import timezone

from involvement import backups, drills
from involvement.actions import pieces
from involvement.backups import BackupError, Place
from involvement.models import PieceOfWork, StoredFile
from tests.world import build

pytestmark = pytest.mark.django_db(transaction=True)  # a database makes no backup from within a transaction


@pytest.fixture
def kept(media, tmp_path):
    """A world with one stored file, and a backup of it."""
    world = build()
    StoredFile.objects.create(
        organisation=world.ashdown.organisation, recorded_by=world.people["ed"], size=7, content_type="image/png",
        name="minutes.png", file=ContentFile(b"minutes", "minutes.png"),
    )  # fmt: skip
    world.backup = backups.make(tmp_path / "backups", digests=True)
    return world


@pytest.fixture
def elsewhere(tmp_path):
    """An empty database and an empty folder of their own."""
    (tmp_path / "elsewhere").mkdir()
    with drills._throw_away(tmp_path / "elsewhere") as place:
        yield place


def titles(place: Place) -> set[str]:
    with closing(place.database.cursor()) as cursor:
        cursor.execute("SELECT title FROM involvement_pieceofwork")
        return {title for (title,) in cursor.fetchall()}


def test_what_is_restored_is_what_was_there(kept, elsewhere):
    backups.restore(kept.backup, into=elsewhere)
    ours, theirs = backups.tables_of(connection), backups.tables_of(elsewhere.database)
    assert theirs == ours
    assert len(ours) > 40
    assert ours["involvement_historicalactivity"]["rows"] >= 3
    [name] = backups.read(kept.backup)["files"]
    assert (elsewhere.files / name).read_bytes() == b"minutes"


def test_a_place_in_use_is_refused_unless_one_says_so(kept, elsewhere, tmp_path):
    pieces.add_piece(organisation=kept.ashdown.organisation, by=kept.people["ed"], title="Later")
    backups.restore(kept.backup, into=elsewhere)
    assert "Later" in set(PieceOfWork.objects.values_list("title", flat=True))
    assert "Ashdown foot clinic" in titles(elsewhere)
    assert "Later" not in titles(elsewhere)
    with pytest.raises(BackupError, match="database is not empty"):
        backups.restore(kept.backup, into=elsewhere)
    later = backups.make(tmp_path / "later")
    backups.restore(later, into=elsewhere, replace=True)
    assert "Later" in titles(elsewhere)


def test_a_folder_in_use_is_refused_too(kept, elsewhere):
    elsewhere.files.mkdir()
    (elsewhere.files / "mine").write_text("precious")
    with pytest.raises(BackupError, match="is not empty"):
        backups.restore(kept.backup, into=elsewhere)
    assert not backups._is_used(elsewhere.database)


def test_a_harmed_backup_is_refused_before_anything_is_touched(kept, elsewhere, tmp_path):
    for harm in (_changed, _missing, _of_another_database, _without_manifest):
        harmed = tmp_path / harm.__name__
        shutil.copytree(kept.backup, harmed)
        harm(harmed)
        with pytest.raises(BackupError):
            backups.restore(harmed, into=elsewhere)
    assert not backups._is_used(elsewhere.database)
    assert not elsewhere.files.exists()


def _changed(backup):
    [name] = backups.read(backup)["files"]
    (backup / "files" / name).write_bytes(b"minutez")


def _missing(backup):
    (backup / backups.DATABASE[connection.vendor]).unlink()


def _of_another_database(backup):
    other = next(vendor for vendor in backups.DATABASE if vendor != connection.vendor)
    (backup / backups.DATABASE[connection.vendor]).rename(backup / backups.DATABASE[other])
    manifest = backup / backups.MANIFEST
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"vendor": other}))


def _without_manifest(backup):
    (backup / backups.MANIFEST).unlink()


def test_a_backup_that_fails_leaves_nothing_that_looks_like_one(kept, tmp_path, monkeypatch):
    folder = tmp_path / "fails"
    (folder).mkdir()
    monkeypatch.setenv("PATH", "")
    if connection.vendor == "sqlite":
        folder = tmp_path / "a file"
        folder.write_text("in the way")
        with pytest.raises(BackupError):
            backups.make(folder / "backups")
        return
    with pytest.raises(BackupError, match="not installed"):
        backups.make(folder)
    assert list(folder.iterdir()) == []


def test_the_drill_passes_and_says_so(kept, tmp_path, capsys):
    """And the commands speak in sentences."""
    call_command("backup", tmp_path / "new")
    made = capsys.readouterr().out.strip()
    assert (tmp_path / "new").joinpath(made.rpartition("/")[2], "manifest.json").exists()
    with pytest.raises(CommandError, match="not empty"):
        call_command("restore", made)
    call_command("drill", tmp_path / "reports")
    [written] = (tmp_path / "reports").iterdir()
    words = written.read_text()
    assert "**Passed.**" in words
    assert "- files: 1, of which 0 differ" in words
    assert "| Register |" in words
    assert str(written) in capsys.readouterr().out


def test_the_drill_fails_where_a_row_or_a_file_differs():
    rows = {"involvement_activity": {"rows": 1, "digest": "one"}}
    same = drills.Drill(timezone.now(), "sqlite", tables=rows, restored=rows)
    assert same.passed
    assert "**Passed.**" in drills.report(same)
    for harm in (
        {"restored": {"involvement_activity": {"rows": 1, "digest": "other"}}},
        {"restored": {}},
        {"files_differing": ["evidence/a.png"]},
    ):
        drill = replace(same, **harm)
        assert not drill.passed
        assert "**FAILED.**" in drills.report(drill)


def test_old_backups_go_and_the_newest_stays(tmp_path):
    for name in ("2026-01-01T000000", "2026-02-01T000000", "2026-03-01T000000", "something else"):
        (tmp_path / name).mkdir()
        (tmp_path / name / backups.MANIFEST).write_text("{}")
    far = datetime(2027, 1, 1, tzinfo=UTC)
    near = datetime(2026, 2, 20, tzinfo=UTC)
    assert [path.name for path in backups.old(tmp_path, 30, far)] == ["2026-01-01T000000", "2026-02-01T000000"]
    assert [path.name for path in backups.old(tmp_path, 30, near)] == ["2026-01-01T000000"]


@pytest.mark.parametrize("url", ["postgres://u@one,two:5433/db", "postgres://u@/db?host=one,two&port=5433"])
def test_postgresqls_own_programs_are_sent_to_the_server_that_the_address_names(url, tmp_path, monkeypatch):
    program = tmp_path / "pg_dump"
    program.write_text('#!/bin/sh\necho "$PGTARGETSESSIONATTRS $@" > "$0.asked"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    url += ("&" if "?" in url else "?") + "target_session_attrs=primary"
    database = DatabaseWrapper({**dj_database_url.parse(url)})
    backups._program(database, "pg_dump", "--format=custom")
    asked = (tmp_path / "pg_dump.asked").read_text().split()
    assert asked[0] == "primary" and asked[asked.index("-h") + 1] == "one,two"
    assert asked[asked.index("-p") + 1] == "5433" and asked[-1] == "db"
