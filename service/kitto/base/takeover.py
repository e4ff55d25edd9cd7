"""Taking over the jobs of a worker that died: each worker holds a lock on its own name."""

import threading
import time
from collections.abc import Callable
from typing import Any

import structlog
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from kitto.base.db import Database
from kitto.base.errors import Fault

log = structlog.get_logger()

EVERY = 1.0
LOOK = 0.2
# After PostgreSQL itself restarted all locks are gone: live workers get this long to lock again.
GRACE = 15.0
SPACE = 0x6B69747400000000  # "kitt", so that our locks do not meet those of other programs


class Takeover:
    """The worker's own lock, and the watch over the others'. Does nothing on SQLite (one process)."""

    def __init__(self, database: Database, worker_name: str) -> None:
        self._database = database
        self._name = worker_name
        self._own: Connection | None = None
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def claim(self) -> None:
        """Lock our own name. Raises Fault if a worker of this name lives.

        One that was killed may hold it for a moment yet, until PostgreSQL has seen its line break.
        """
        if self._database.is_sqlite:
            return
        self._own = self._database.engine_of_jobs.connect().execution_options(isolation_level="AUTOCOMMIT")
        until = time.monotonic() + GRACE
        while not _lock(self._own, self._name):
            if time.monotonic() < until and not self._stopping.wait(LOOK):
                continue
            message = f"a worker named {self._name!r} is running already; set KITTO_WORKER_NAME"
            raise Fault(message)

    def watch(self, recover: Callable[[list[str]], Any]) -> None:
        if self._own is None:
            return
        self._thread = threading.Thread(target=self._loop, args=(recover,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(timeout=10)
        if self._own is not None:
            self._own.close()

    def _loop(self, recover: Callable[[list[str]], Any]) -> None:
        wait = EVERY
        while not self._stopping.wait(wait):
            wait = EVERY
            try:
                self._reap(recover)
            except DBAPIError as trouble:
                log.warning("takeover.lost_connection", reason=str(trouble.orig))
                wait = GRACE
                self._reconnect()

    def _reap(self, recover: Callable[[list[str]], Any]) -> None:
        own = self._own
        if own is None:
            return
        pending = own.execute(
            text("SELECT DISTINCT executor_id FROM dbos.workflow_status WHERE status = 'PENDING'")
        )
        for name in [row[0] for row in pending]:
            if name == self._name or not _lock(own, name):
                continue
            try:
                log.warning("takeover.worker_is_gone", worker=name)
                recover([name])
            finally:
                own.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _key(name)})

    def _reconnect(self) -> None:
        try:
            if self._own is not None:
                self._own.invalidate()
                self._own.close()
            self.claim()
        except (DBAPIError, Fault) as trouble:
            log.warning("takeover.cannot_lock_yet", reason=str(trouble))


def _key(name: str) -> int:
    value = SPACE
    for byte in name.encode():
        value = (value * 1099511628211 ^ byte) & 0xFFFFFFFFFFFFFFFF
    return value - (1 << 64) if value >= 1 << 63 else value


def _lock(connection: Connection, name: str) -> bool:
    got = connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": _key(name)})
    return bool(got.scalar())
