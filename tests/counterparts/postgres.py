"""Starts a private PostgreSQL, clones databases in it, breaks it on request, and leaves nothing behind."""

import os
import pwd
import secrets
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import psycopg
from psycopg import sql

from tests.counterparts import claims
from tests.counterparts.tied import TiedProcess

SUPERUSER = "kitto"
ROOM = 2 << 30  # bytes; containers often have 64 MB there
PATIENCE = 60.0  # seconds; a start takes 0.2, a recovery after a crash a little more
# A commit still reaches the kernel before it is answered: a killed server loses nothing, a power cut would.
FAST = ("fsync=off", "full_page_writes=off", "autovacuum=off")
ALWAYS = ("jit=off", "timezone=UTC", "log_timezone=UTC", "max_connections=200", "shared_buffers=64MB")

Mode = Literal["fast", "immediate"]


class PostgresError(Exception):
    """PostgreSQL is missing here or did not start; the text says what would help."""


def binaries() -> Path:
    """The folder with initdb and postgres: Debian's newest, else what is on PATH."""
    # Debian keeps the server's programs outside PATH, one folder per version.
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    if on_path := shutil.which("initdb"):
        return Path(on_path).resolve().parent
    raise PostgresError("PostgreSQL's server is missing. On Debian: apt-get install postgresql.")


class PostgresServer:
    """One running server. Applications come in over loopback TCP with a password, as in production."""

    def __init__(self, folder: Path, *, durable: bool) -> None:
        self.host = "127.0.0.1"
        self.port = 0
        self._password = secrets.token_urlsafe(12)
        self._folder = folder
        self._durable = durable
        self._user = _unprivileged()
        self._server: TiedProcess | None = None
        self._clones = 0

    def url(self, database: str = "postgres") -> str:
        """The URL of one of its databases, for KITTO_DATABASE_URL, SQLAlchemy 2.1 or psycopg."""
        return f"postgresql://{SUPERUSER}:{self._password}@{self.host}:{self.port}/{database}"

    def create_database(self, name: str = "", *, template: str = "template0") -> str:
        """Make a database and return its name. With a migrated `template` this takes milliseconds.

        Nobody may be connected to the template meanwhile: dispose of the engine that filled it.
        """
        if not name:
            self._clones += 1
            name = f"test_{os.getpid()}_{self._clones}"
        # FILE_COPY beats WAL_LOG here because without fsync its checkpoints cost nothing.
        strategy = sql.SQL("WAL_LOG" if self._durable else "FILE_COPY")
        self._execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY {}").format(
                sql.Identifier(name), sql.Identifier(template), strategy
            )
        )
        return name

    def drop_database(self, name: str) -> None:
        """Remove a database, whoever is still connected to it."""
        self._execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(statement)

    def initialise(self) -> None:
        """Make the empty cluster."""
        password_file = self._folder / "password"
        password_file.write_text(self._password)
        self._folder.chmod(0o700)
        if self._user:
            for path in (self._folder, password_file):
                os.chown(path, self._user.pw_uid, self._user.pw_gid)
        command = [str(binaries() / "initdb"), f"--pgdata={self._data}", f"--username={SUPERUSER}"]
        command += ["--locale=C.UTF-8", "--encoding=UTF8", "--no-sync", "--no-instructions"]
        command += ["--auth=scram-sha-256", f"--pwfile={password_file}"]
        if self._spawn(command).wait():
            raise PostgresError(f"initdb failed: {self.log()[-2000:]}")
        password_file.unlink()

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def _spawn(self, command: list[str]) -> TiedProcess:
        """Start one of PostgreSQL's programs. It refuses to be root, so it becomes somebody harmless."""
        return TiedProcess(
            command,
            log=self._folder / "server.log",
            environment={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
            user=self._user,
            on_our_death=signal.SIGINT,
        )

    def start(self) -> None:
        """Start; the port stays the same over restarts, so that clients can find it again."""
        attempts = 1 if self.port else 5
        for _ in range(attempts):
            port = self.port or claims.free_port()
            if self._started(port):
                self.port = port
                return
        raise PostgresError(f"PostgreSQL did not start:\n{self.log()[-2000:]}")

    def _started(self, port: int) -> bool:
        options = [f"listen_addresses={self.host}", f"port={port}", f"unix_socket_directories={self._folder}"]
        options += [*ALWAYS, *(() if self._durable else FAST)]
        command = [str(binaries() / "postgres"), "-D", str(self._data)]
        command += [part for option in options for part in ("-c", option)]
        server = self._server = self._spawn(command)
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and not server.has_ended:
            if self._status() == "ready":
                return True
            time.sleep(0.01)
        self.stop("immediate")
        return False

    def _status(self) -> str:
        """The eighth line of postmaster.pid: starting, ready, stopping (see miscadmin.h in PostgreSQL)."""
        try:
            lines = (self._data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return ""
        # After a crash the file of the former server still lies there.
        is_ours = self._server is not None and lines[:1] == [str(self._server.pid)]
        return lines[7].strip() if is_ours and len(lines) > 7 else ""

    def stop(self, mode: Mode = "fast") -> None:
        """Stop. "immediate" is a crash: connections break, the next start recovers from the log."""
        if self._server:
            self._server.end(signal.SIGQUIT if mode == "immediate" else signal.SIGINT)
        self._server = None

    def restart(self, mode: Mode = "fast") -> None:
        self.stop(mode)
        self.start()

    def log(self) -> str:
        path = self._folder / "server.log"
        return path.read_text(errors="replace") if path.exists() else ""

    @property
    def version(self) -> int:
        """The major version."""
        return int((self._data / "PG_VERSION").read_text())


@contextmanager
def postgres_server(*, durable: bool = False) -> Iterator[PostgresServer]:
    """A server of our own until the block ends. `durable` keeps fsync on, as the demo wants."""
    with claims.claim("postgres", base=None if durable else _memory()) as claimed:
        server = PostgresServer(claimed.folder, durable=durable)
        server.initialise()
        try:
            server.start()
            yield server
        finally:
            server.stop()


def _memory() -> Path | None:
    """A folder in memory with room to spare: cloning a database there takes 20 ms instead of 300."""
    memory = Path("/dev/shm")
    return memory if memory.is_dir() and shutil.disk_usage(memory).free > ROOM else None


def _unprivileged() -> pwd.struct_passwd | None:
    """Whom the server runs as when we are root."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")
