"""`kitto audit`, `doctor`, `seed`: is everything as it should be?"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import text

from kitto import __version__
from kitto.base import journal
from kitto.base.db import Database
from kitto.base.schema import newest_revision, present_revision
from kitto.base.seal import KEY_FILE
from kitto.base.settings import Settings, settings
from kitto.cli.house import looking, opened
from kitto.cli.say import REFUSED, JsonFlag, out, speak
from kitto.identity.rules import Permission

audit = typer.Typer(help="The journal.", no_args_is_help=True)


@audit.command()
def verify(json: JsonFlag = False) -> None:
    """Walk the whole journal and check its chain. Exit 1 if it is broken."""
    speak(as_json=json)
    with looking() as work:
        work.allow(Permission.READ_JOURNAL)
        found = journal.verify(work.session)
    out.record(
        {"verified": found.verified, "facts": found.facts, "broken_at": found.broken_at, "head": found.head}
    )
    if not found.verified:
        raise typer.Exit(REFUSED)


def doctor(json: JsonFlag = False) -> None:
    """Look at settings, data folder, database and tools; exit 1 if something is wrong."""
    speak(as_json=json)
    rows = [{"check": name, "ok": ok, "says": says} for name, ok, says in _checks(settings())]
    out.rows(["check", "ok", "says"], rows)
    if not all(row["ok"] for row in rows):
        raise typer.Exit(REFUSED)


def seed(
    json: JsonFlag = False,
    password_stdin: Annotated[bool, typer.Option(help="Password for the seeded accounts.")] = False,
) -> None:
    """Fill an empty installation with a believable office."""
    import sys

    from kitto.cli.office import fill

    speak(as_json=json)
    password = sys.stdin.readline().rstrip("\n") if password_stdin else ""
    with opened() as house:
        out.record(fill(house, password))


def _checks(own: Settings) -> Iterator[tuple[str, bool, str]]:
    yield "version", True, __version__
    for name, value in sorted(own.model_dump().items()):
        default = type(own).model_fields[name].default
        origin = "set" if value != default else "default"
        yield f"setting {name}", True, f"{'***' if name == 'database_url' else value} ({origin})"
    yield from _folder(own.data)
    with opened(fresh=False) as house:
        yield from _database(house.database)
    found = [f"{one.parent.name}.{one.name}" for place in own.collections() for one in _collections(place)]
    yield "collections", True, ", ".join(found) or "none: plays for Windows do not run (docs/plays.md)"
    for tool, why in (
        ("ssh", "kitting"),
        ("ssh-agent", "kitting"),
        ("bwrap", "ends plays for sure; without it plays are found by a mark"),
    ):
        path = shutil.which(tool)
        yield f"tool {tool}", bool(path) or tool == "bwrap", path or f"missing: {why}"


def _collections(place: Path) -> list[Path]:
    return sorted(path.parent for path in place.glob("ansible_collections/*/*/MANIFEST.json"))


def _folder(data: Path) -> Iterator[tuple[str, bool, str]]:
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    mode = data.stat().st_mode & 0o777
    yield "data folder", not mode & 0o077, f"{data} mode {mode:o}"
    key = data / KEY_FILE
    if key.exists():
        bits = key.stat().st_mode & 0o777
        yield "sealing key", not bits & 0o077, f"mode {bits:o}"
    free = shutil.disk_usage(data).free
    yield "disk", free > 512 * 1024**2, f"{free // 1024**2} MiB free"


def _database(database: Database) -> Iterator[tuple[str, bool, str]]:
    present, newest = present_revision(database), newest_revision()
    yield "schema", present == newest, f"{present or 'none'} (program: {newest})"
    with database.read.connect() as connection:
        if database.is_sqlite:
            mode = connection.execute(text("PRAGMA journal_mode")).scalar()
            yield "write-ahead log", mode == "wal", str(mode)
            trouble = connection.execute(text("PRAGMA quick_check")).scalar()
            yield "integrity", trouble == "ok", str(trouble)
            return
        version = connection.execute(text("SHOW server_version")).scalar()
        yield "server", True, str(version)
        ctype = str(
            connection.execute(
                text("SELECT datctype FROM pg_database WHERE datname = current_database()")
            ).scalar()
        )
        good = ctype.upper() not in ("C", "POSIX")
        yield "character type", good, f"{ctype}{'' if good else ': Japanese searches would miss'}"
        keepalive = connection.execute(text("SHOW tcp_keepalives_idle")).scalar()
        yield "keepalive", True, f"tcp_keepalives_idle={keepalive} (60 or less frees a lost worker's jobs)"
