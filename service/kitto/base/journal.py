"""The journal: every fact, in order, each chained to the one before it by its hash."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import DDL, Index, Text, event, insert, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from kitto.base.db import Base, Id
from kitto.base.facts import Fact

START = "0" * 64


class FactRow(Base):
    """One fact. Rows are only ever added; the database refuses to change or delete them."""

    __tablename__ = "fact"

    seq: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    actor_kind: Mapped[str]
    actor_id: Mapped[str]
    actor_name: Mapped[str]
    request_id: Mapped[str]
    kind: Mapped[str]
    subject_kind: Mapped[str]
    subject_id: Mapped[str]
    also_kind: Mapped[str | None]
    also_id: Mapped[str | None]
    flagged: Mapped[bool]
    body: Mapped[str] = mapped_column(Text)
    prev_hash: Mapped[str]
    hash: Mapped[str]

    __table_args__ = (
        Index("ix_fact_subject", "subject_kind", "subject_id", "seq"),
        Index("ix_fact_also", "also_kind", "also_id", "seq"),
        Index("ix_fact_kind", "kind", "seq"),
        Index("ix_fact_actor", "actor_id", "seq"),
        Index("ix_fact_at", "at"),
    )

    @property
    def data(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


class JournalHead(Base):
    """Where the chain ends; its one row is locked while facts are added, so there are no gaps."""

    __tablename__ = "journal_head"

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    seq: Mapped[int]
    hash: Mapped[str]


GUARDS = {
    "sqlite": (
        (
            "CREATE TRIGGER IF NOT EXISTS fact_no_update BEFORE UPDATE ON fact "
            "BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END"
        ),
        (
            "CREATE TRIGGER IF NOT EXISTS fact_no_delete BEFORE DELETE ON fact "
            "BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END"
        ),
    ),
    "postgresql": (
        (
            "CREATE OR REPLACE FUNCTION fact_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'the journal is append-only'; END $$"
        ),
        (
            "CREATE OR REPLACE TRIGGER fact_no_change BEFORE UPDATE OR DELETE ON fact "
            "FOR EACH ROW EXECUTE FUNCTION fact_is_append_only()"
        ),
        (
            "CREATE OR REPLACE TRIGGER fact_no_truncate BEFORE TRUNCATE ON fact "
            "FOR EACH STATEMENT EXECUTE FUNCTION fact_is_append_only()"
        ),
    ),
}
FIRST_HEAD = f"INSERT INTO journal_head (id, seq, hash) VALUES (1, 0, '{START}')"  # noqa: S608 -- constant

for _dialect, _statements in GUARDS.items():
    for _statement in _statements:
        event.listen(
            FactRow.__table__,
            "after_create",
            DDL(_statement).execute_if(dialect=_dialect),  # type: ignore[no-untyped-call]  # SQLAlchemy left it untyped
        )
event.listen(JournalHead.__table__, "after_create", DDL(FIRST_HEAD))  # type: ignore[no-untyped-call]  # SQLAlchemy left it untyped


@dataclass(frozen=True)
class Signature:
    """Who acts, as it is copied into each fact: a name outlives the account."""

    kind: str
    id: str
    name: str
    request_id: str


def append(session: Session, facts: list[Fact], who: Signature, at: datetime) -> None:
    """Add facts to the chain. The lock on the head is held until the transaction ends."""
    taken = session.execute(
        update(JournalHead)
        .where(JournalHead.id == 1)
        .values(seq=JournalHead.seq + len(facts))
        .returning(JournalHead.seq, JournalHead.hash)
    ).one()
    seq, prev = taken.seq - len(facts), taken.hash
    rows = []
    for fact in facts:
        seq += 1
        row = _row(fact, who, at, seq, prev)
        prev = row["hash"]
        rows.append(row)
    session.execute(insert(FactRow), rows)
    session.execute(update(JournalHead).where(JournalHead.id == 1).values(hash=prev))


def _row(fact: Fact, who: Signature, at: datetime, seq: int, prev: str) -> dict[str, Any]:
    also = fact.second_subject() or (None, None)
    row: dict[str, Any] = {
        "seq": seq,
        "at": at,
        "actor_kind": who.kind,
        "actor_id": who.id,
        "actor_name": who.name,
        "request_id": who.request_id,
        "kind": fact.kind,
        "subject_kind": fact.subject()[0],
        "subject_id": fact.subject()[1],
        "also_kind": also[0],
        "also_id": also[1],
        "flagged": fact.flagged,
        "body": json.dumps(fact.data(), ensure_ascii=False, sort_keys=True, separators=(",", ":")),
        "prev_hash": prev,
    }
    return row | {"hash": chain_hash(row)}


def chain_hash(row: dict[str, Any]) -> str:
    """SHA-256 over the row's own columns, instants in UTC with microseconds, in this order."""
    parts = [
        str(row["seq"]),
        row["at"].strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        *(
            str(row[name] or "")
            for name in (
                "actor_kind",
                "actor_id",
                "actor_name",
                "request_id",
                "kind",
                "subject_kind",
                "subject_id",
                "also_kind",
                "also_id",
            )
        ),
        "!" if row["flagged"] else "",
        row["body"],
        row["prev_hash"],
    ]
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


@dataclass(frozen=True)
class Verdict:
    """What walking the chain found. `broken_at` is the first seq that does not fit, or None."""

    facts: int
    broken_at: int | None
    head: str

    @property
    def verified(self) -> bool:
        return self.broken_at is None


def verify(session: Session) -> Verdict:
    """Walk the whole chain from its start. Reads in batches; memory stays flat."""
    head = session.execute(select(JournalHead.seq, JournalHead.hash)).one()
    prev, expected = START, 0
    for row in _walk(session):
        expected += 1
        if row["seq"] != expected or row["prev_hash"] != prev or chain_hash(row) != row["hash"]:
            return Verdict(facts=expected - 1, broken_at=expected, head=prev)
        prev = row["hash"]
    if (expected, prev) != (head.seq, head.hash):
        return Verdict(facts=expected, broken_at=expected + 1, head=prev)
    return Verdict(facts=expected, broken_at=None, head=prev)


def _walk(session: Session) -> Iterator[dict[str, Any]]:
    statement = select(*FactRow.__table__.columns).order_by(FactRow.seq)
    for row in session.execute(statement.execution_options(yield_per=5000)).mappings():
        yield dict(row)
