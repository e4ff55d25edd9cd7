"""A backup that is put back is the same, row by row and file by file, on both databases."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, text

from kitto.base.settings import Settings
from tests.operations.conftest import Installation

Install = Callable[[str], Installation]
PASSWORD = "quiet-harbour-lantern-42"


def contents(installation: Installation) -> dict[str, str]:
    """A digest of every table, the engine's and ours."""
    url = Settings(data=installation.data, database_url=installation.database_url).url()
    engine = create_engine(url)
    found = {}
    with engine.connect() as connection:
        for schema in ("public", "dbos") if engine.dialect.name == "postgresql" else (None,):
            for table in inspect(connection).get_table_names(schema=schema):
                name = f'"{schema}"."{table}"' if schema else f'"{table}"'
                rows = sorted(repr(tuple(row)) for row in connection.execute(text(f"SELECT * FROM {name}")))
                found[name] = f"{len(rows)} {hashlib.sha256(chr(10).join(rows).encode()).hexdigest()}"
    engine.dispose()
    return found


@pytest.fixture
def filled(install: Install) -> Installation:
    made = install("first")
    made.told("db", "upgrade")
    made.told("seed", "--password-stdin", said=PASSWORD + "\n")
    (made.data / "documents").mkdir(exist_ok=True)
    (made.data / "documents" / "受領書.pdf").write_bytes(b"%PDF- a paper")
    return made


@pytest.fixture
def small(install: Install) -> Installation:
    """One account and nothing else: enough where the amount does not matter."""
    made = install("first")
    made.told("db", "upgrade")
    made.told("admin", "create", "admin")
    return made


def test_a_seeded_office_is_not_seeded_again_and_comes_back_as_it_was(
    filled: Installation, install: Install, tmp_path: Path
) -> None:
    archive = tmp_path / "kitto.tar.gz"
    twice = filled.run("seed", "--json")
    assert (twice.returncode, "seed.ledger_not_empty" in twice.stderr) == (1, True)
    told = filled.told("db", "backup", str(archive))
    assert archive.stat().st_mode & 0o777 == 0o600
    assert told["bytes"] == archive.stat().st_size
    before = contents(filled)
    second = install("second")
    back = second.told("db", "restore", str(archive))
    assert contents(second) == before
    assert back["facts"] > 200
    assert (second.data / "documents" / "受領書.pdf").read_bytes() == b"%PDF- a paper"
    assert second.told("audit", "verify")["head"] == back["head"]
    # The key is not in the archive: whoever has only the archive has no secrets.
    assert (second.data / "sealing.key").read_bytes() != (filled.data / "sealing.key").read_bytes()


def test_a_backup_never_overwrites_and_a_restore_never_mixes(
    small: Installation, install: Install, tmp_path: Path
) -> None:
    archive = tmp_path / "kitto.tar.gz"
    small.told("db", "backup", str(archive))
    again = small.run("db", "backup", str(archive), "--json")
    assert (again.returncode, "backup.target_there" in again.stderr) == (1, True)
    over = small.run("db", "restore", str(archive), "--json")
    assert (over.returncode, "backup.not_empty" in over.stderr) == (1, True)
    archive.write_bytes(archive.read_bytes()[:-2000])
    third = install("third")
    broken = third.run("db", "restore", str(archive), "--json")
    assert (broken.returncode, "backup.unreadable" in broken.stderr) == (1, True)
    assert contents(third) == {}


def test_a_weak_password_seeds_nothing(install: Install) -> None:
    empty = install("empty")
    empty.told("db", "upgrade")
    before = contents(empty)
    refused = empty.run("seed", "--password-stdin", said="password1234\n")
    assert refused.returncode == 1
    assert contents(empty) == before


def test_without_a_password_each_account_gets_a_link(install: Install) -> None:
    empty = install("empty")
    empty.told("db", "upgrade")
    told = empty.told("seed")
    links = [told[f"{name}_sets_password_at"] for name in ("sato", "suzuki", "tanaka")]
    assert len(set(links)) == 3
    assert all("/set-password/" in link for link in links)
