"""Backups: database and files in one archive, checked by the journal's head when put back."""

import json
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any, Final

from sqlalchemy import inspect, make_url, text

from kitto.base import clock
from kitto.base.db import Database
from kitto.base.errors import Fault, Refusal
from kitto.base.i18n import N_
from kitto.base.settings import Settings

FOLDERS: Final = ("documents", "labels", "recipes", "evidence")
"""Folders below the data folder that the database refers to."""


class TargetThere(Refusal):
    code = "backup.target_there"
    says = N_("Nothing was written: {path} is there already. Choose another name.")


class NotEmpty(Refusal):
    code = "backup.not_empty"
    says = N_("Nothing was restored: this database holds data. Restore into an empty one.")


class NoBackup(Refusal):
    code = "backup.unreadable"
    status = 422
    says = N_("Nothing was restored: {path} is no backup of Kitto, or it is damaged ({reason}).")


def backup(database: Database, settings: Settings, target: Path) -> dict[str, Any]:
    """Write one archive while everything runs; the copy is one moment's state of the database."""
    if target.exists():
        raise TargetThere(path=target)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        folder = Path(scratch)
        dump = folder / "database"
        (_dump_sqlite if database.is_sqlite else _dump_postgres)(database.url, dump)
        manifest = {
            "format": 1,
            "kind": "sqlite" if database.is_sqlite else "postgresql",
            "made_at": clock.now().isoformat(),
        }
        (folder / "manifest.json").write_text(json.dumps(manifest))
        fresh = folder / "archive"
        with tarfile.open(fresh, "w:gz", compresslevel=3) as archive:
            archive.add(folder / "manifest.json", "manifest.json")
            archive.add(dump, "database")
            for name in FOLDERS:
                if (settings.data / name).is_dir():
                    archive.add(settings.data / name, f"files/{name}")
        fresh.chmod(0o600)
        fresh.rename(target)
    return manifest | {"file": str(target), "bytes": target.stat().st_size}


def restore(database: Database, settings: Settings, source: Path) -> dict[str, Any]:
    """Put a backup into an empty database of the same kind, and its files into the data folder."""
    if inspect(database.write).get_table_names():
        raise NotEmpty
    with tempfile.TemporaryDirectory(dir=settings.data) as scratch:
        folder = Path(scratch)
        manifest = _unpack(source, folder)
        kind = "sqlite" if database.is_sqlite else "postgresql"
        if manifest.get("kind") != kind:
            raise NoBackup(path=source, reason=f"it is of {manifest.get('kind')}, this is {kind}")
        database.close()
        (_load_sqlite if database.is_sqlite else _load_postgres)(database.url, folder / "database")
        for name in FOLDERS:
            if (folder / "files" / name).is_dir():
                shutil.copytree(folder / "files" / name, settings.data / name, dirs_exist_ok=True)
    with database.read.connect() as connection:
        head = connection.execute(text("SELECT seq, hash FROM journal_head")).one()
    return manifest | {"facts": head.seq, "head": head.hash}


def _unpack(source: Path, folder: Path) -> dict[str, Any]:
    try:
        with tarfile.open(source, "r:gz") as archive:
            archive.extractall(folder, filter="data")
        found: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    except (OSError, tarfile.TarError, ValueError, EOFError) as wrong:
        raise NoBackup(path=source, reason=str(wrong)[:200]) from wrong
    return found


def _dump_sqlite(url: str, target: Path) -> None:
    source = sqlite3.connect(str(make_url(url).database))
    copy = sqlite3.connect(target)
    with source, copy:
        source.backup(copy)
    source.close()
    copy.close()


def _load_sqlite(url: str, dump: Path) -> None:
    path = Path(str(make_url(url).database))
    for old in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
        old.unlink(missing_ok=True)
    shutil.copyfile(dump, path)
    path.chmod(0o600)


def _dump_postgres(url: str, target: Path) -> None:
    _run(["pg_dump", "--format=custom", "--no-owner", f"--file={target}"], url)


def _load_postgres(url: str, dump: Path) -> None:
    _run(["pg_restore", "--no-owner", "--exit-on-error", "--single-transaction", "--dbname=", str(dump)], url)


def _run(command: list[str], url: str) -> None:
    # The password goes by the environment of this one program, never by its arguments.
    given = make_url(url)
    known = {
        "PGHOST": str(given.query.get("host") or given.host or ""),
        "PGPORT": str(given.port or given.query.get("port") or ""),
        "PGUSER": given.username or "",
        "PGPASSWORD": str(given.password or ""),
        "PGDATABASE": given.database or "",
        "PATH": "/usr/bin:/bin:/usr/local/bin",
    }
    environment = {name: value for name, value in known.items() if value}
    command = [f"--dbname={given.database}" if part == "--dbname=" else part for part in command]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Fault(f"{command[0]} failed: {done.stderr.strip()[-500:]}")
