"""The ledger opens the one transaction; the work is that transaction, with who acts and when."""

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from kitto.base import clock, journal
from kitto.base.db import Base, Database
from kitto.base.errors import (
    AlreadyThere,
    Busy,
    ChangedMeanwhile,
    NotAllowed,
    RefersToNothing,
    Refusal,
    StorageFull,
    UnkeepableText,
    VersionStale,
)
from kitto.base.facts import Fact, reactions_to
from kitto.base.jobs import JobRef, Outbox

log = structlog.get_logger()
Row = TypeVar("Row", bound=Base)


@dataclass(frozen=True)
class Grant:
    """Rights within a scope. An empty scope means everywhere; else ("department", "7") and the like."""

    permissions: frozenset[str]
    scope: tuple[str, str] | None = None

    def covers(self, scopes: Iterable[tuple[str, str]] | None) -> bool:
        return self.scope is None or (scopes is not None and self.scope in set(scopes))


@dataclass(frozen=True)
class Actor:
    """Who acts: a person, a token, an agent, or Kitto itself."""

    kind: str
    id: str
    name: str
    grants: tuple[Grant, ...] = ()
    locale: str = "ja"
    time_zone: str = "Asia/Tokyo"
    request_id: str = ""
    session_id: str = ""
    person_id: int | None = None
    settings: dict[str, Any] = field(default_factory=dict, compare=False)

    def may(self, permission: str) -> bool:
        """Has the right somewhere; `Work.allow` asks whether it is here."""
        return any(permission in grant.permissions for grant in self.grants)

    def scopes_of(self, permission: str) -> frozenset[tuple[str, str]] | None:
        """Where the right holds; None means everywhere."""
        held = [grant.scope for grant in self.grants if permission in grant.permissions]
        if None in held:
            return None
        return frozenset(scope for scope in held if scope is not None)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


class NobodyAsked(Exception):  # noqa: N818 -- a mistake of ours, not an error of the system
    """A work ended in which nobody asked for permission; it is undone."""


class NothingRecorded(Exception):  # noqa: N818 -- likewise
    """A work wrote rows and recorded no fact; it is undone."""


class Work:
    """One transaction. Leaving it commits rows, facts and queued jobs together."""

    def __init__(self, session: Session, actor: Actor, outbox: Outbox, *, writes: bool) -> None:
        self.session = session
        self.actor = actor
        self.now: datetime = clock.now()
        self._outbox = outbox
        self._writes = writes
        self._asked = False
        self._facts: list[Fact] = []
        self._wrote = False
        self._unrecorded: str | None = None
        event.listen(session, "after_flush", self._note_write)

    @property
    def locale(self) -> str:
        return self.actor.locale

    def allow(self, permission: str, *scoped: Iterable[tuple[str, str]]) -> None:
        """Refuse unless the actor has the right, for each of the given things' scopes.

        Call it first without a thing; call it again with `thing.scopes` once the thing is known.
        """
        self._asked = True
        held = [grant for grant in self.actor.grants if permission in grant.permissions]
        if not held:
            raise NotAllowed(permission=str(permission))
        for scopes in scoped:
            wanted = list(scopes)
            if not any(grant.covers(wanted) for grant in held):
                raise NotAllowed(permission=str(permission))

    def allow_everyone(self, why: str) -> None:
        """For doors that anyone may open, such as signing in. Says why."""
        log.debug("work.open_to_everyone", why=why)
        self._asked = True

    def add(self, row: Row) -> Row:
        """Add a row and give it its number."""
        self.session.add(row)
        self.session.flush()  # the caller needs the number now
        return row

    def expect(self, row: Any, version: int | None) -> None:
        """Refuse if the caller saw another version of the row. None: the caller did not say."""
        if version is not None and row.version != version:
            raise VersionStale(version=row.version)

    def record(self, fact: Fact) -> None:
        """Write down what happened; the rooms above react in the same transaction."""
        self._facts.append(fact)
        self.tell(fact)

    def tell(self, fact: Fact) -> None:
        """Let the rooms above react to something that is no news for the journal."""
        for reaction in reactions_to(fact):
            reaction(self, fact)

    def unrecorded(self, why: str) -> None:
        """These rows are no part of the history (last seen, progress of a play). Says why."""
        self._unrecorded = why

    def enqueue(self, job: JobRef, *args: Any, key: str | None = None, delay: float = 0) -> None:
        """Queue a durable job in this transaction. Jobs with the same key never overlap."""
        self._outbox.enqueue(self.session, job, args, key=key, delay=delay)

    def keys_at_work(self, job: JobRef) -> set[str]:
        """The keys for which this job is queued or running."""
        return self._outbox.keys_at_work(self.session, job)

    def _note_write(self, _session: Session, _context: Any) -> None:
        self._wrote = True

    def finish(self, *beside: Base) -> None:
        """Commit, or raise and leave everything as it was. Called by the ledger and the doors.

        `beside`: rows of the doors' own that go along, such as a kept answer; they are no change.
        """
        if not self._asked:
            message = "a work ended in which nobody asked for permission"
            raise NobodyAsked(message)
        if not self._writes:
            return
        self.session.flush()  # so that a stale row shows before the journal's lock is taken
        if self._facts:
            journal.append(self.session, self._facts, self._signature(), self.now)
        elif self._wrote and self._unrecorded is None:
            message = "a work wrote rows and recorded no fact"
            raise NothingRecorded(message)
        self.session.add_all(beside)
        self.session.commit()

    def _signature(self) -> journal.Signature:
        actor = self.actor
        return journal.Signature(actor.kind, actor.id, actor.name, actor.request_id)


class Ledger:
    """Opens works on one database."""

    def __init__(self, database: Database, outbox: Outbox) -> None:
        self.database = database
        self.outbox = outbox

    def open(self, actor: Actor, *, writes: bool) -> Work:
        """A work that the caller must `finish` and close; `begin` and `read` do both."""
        engine = self.database.write if writes else self.database.read
        session = Session(engine, expire_on_commit=False)
        return Work(session, actor, self.outbox, writes=writes)

    @contextmanager
    def begin(self, actor: Actor) -> Generator[Work]:
        """A work that commits when it is left and is undone by an exception."""
        work = self.open(actor, writes=True)
        try:
            with translated():
                yield work
                work.finish()
        finally:
            work.session.close()

    @contextmanager
    def read(self, actor: Actor) -> Generator[Work]:
        """A work that can only read."""
        work = self.open(actor, writes=False)
        try:
            with translated():
                yield work
                work.finish()
        finally:
            work.session.close()


@contextmanager
def translated() -> Generator[None]:
    """Turn what the database says into refusals that people can act on."""
    try:
        yield
    except StaleDataError as stale:
        raise ChangedMeanwhile from stale
    except IntegrityError as clash:
        raise _clash(clash) from clash
    except PoolTimeout as late:
        raise Busy from late
    except OperationalError as trouble:
        raise _trouble(trouble) from trouble
    except DBAPIError as trouble:
        if getattr(trouble.orig, "sqlstate", None) in ("40001", "40P01"):
            raise ChangedMeanwhile from trouble
        if trouble.connection_invalidated:
            raise Busy from trouble
        if "NUL (0x00)" in str(trouble.orig):
            raise UnkeepableText from trouble
        raise


def _clash(clash: IntegrityError) -> Exception:
    text = str(clash.orig).lower()
    state = getattr(clash.orig, "sqlstate", None)
    if state == "23505" or "unique constraint" in text:
        return AlreadyThere()
    if state == "23503" or "foreign key constraint" in text:
        return RefersToNothing()
    return clash


def _trouble(trouble: OperationalError) -> Refusal:
    text = str(trouble.orig).lower()
    state = getattr(trouble.orig, "sqlstate", None)
    if "full" in text or state == "53100":
        return StorageFull()
    if state in ("40001", "40P01"):
        return ChangedMeanwhile()
    log.warning("ledger.database_trouble", reason=str(trouble.orig))
    return Busy()


def system_actor(name: str, *permissions: str, request_id: str = "") -> Actor:
    """Kitto itself, with just the rights that a job needs."""
    return Actor(
        kind="system",
        id=name,
        name=name,
        grants=(Grant(frozenset(permissions)),),
        locale="en",
        request_id=request_id,
    )


def as_request(actor: Actor, request_id: str) -> Actor:
    return replace(actor, request_id=request_id)
