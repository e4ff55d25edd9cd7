"""Everything that reads the journal."""

from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta

from sqlalchemy import ColumnElement, or_, select, union_all

from kitto.audit.rules import Entry, JournalFilter, changes_of, link_of
from kitto.base.journal import FactRow, JournalHead, Verdict
from kitto.base.journal import verify as walk
from kitto.base.paging import USUAL, Page, page
from kitto.base.work import Actor, Ledger, Work
from kitto.identity.rules import Permission, Scope

# A fact has no scope, so only who may read the journal everywhere reads it as a whole.
EVERYWHERE: Sequence[Scope] = ()
BATCH = 1000
TIMELINE = 50


def facts(work: Work, wanted: JournalFilter, *, cursor: str | None = None, limit: int = USUAL) -> Page[Entry]:
    """Facts of the filter, newest first."""
    work.allow(Permission.READ_JOURNAL, EVERYWHERE)
    found = page(
        work,
        select(FactRow).where(*_conditions(work, wanted)),
        by=(FactRow.seq.expression,),
        key=lambda row: (row.seq,),
        cursor=cursor,
        limit=limit,
        descending=True,
    )
    return Page([entry(work, row) for row in found.items], found.next)


def fact(work: Work, seq: int) -> Entry | None:
    """One fact by its number, or None."""
    work.allow(Permission.READ_JOURNAL, EVERYWHERE)
    row = work.session.get(FactRow, seq)
    return None if row is None else entry(work, row)


def timeline(work: Work, kind: str, subject_id: str, *, limit: int = TIMELINE) -> list[Entry]:
    """What happened to one thing, or through it to another, newest first.

    The page that shows it has asked whether the thing itself may be seen.
    """
    # each half reads its own index from the end; an OR of both would sort all facts of the thing
    halves = [
        select(FactRow.seq)
        .where(column == kind, key == subject_id)
        .order_by(FactRow.seq.desc())
        .limit(limit)
        .subquery()
        for column, key in (
            (FactRow.subject_kind, FactRow.subject_id),
            (FactRow.also_kind, FactRow.also_id),
        )
    ]
    numbers = union_all(*(select(half.c.seq) for half in halves))
    rows = work.session.scalars(
        select(FactRow).where(FactRow.seq.in_(numbers)).order_by(FactRow.seq.desc()).limit(limit)
    )
    return [entry(work, row) for row in rows]


def every(ledger: Ledger, actor: Actor, wanted: JournalFilter) -> Iterator[list[FactRow]]:
    """All facts of the filter, oldest first, in batches; each batch is a short read of its own, so
    that a long download holds nothing. The journal only grows, so no line is missed or doubled.
    """
    last = 0
    while True:
        with ledger.read(actor) as work:
            work.allow(Permission.READ_JOURNAL, EVERYWHERE)
            rows = list(
                work.session.scalars(
                    select(FactRow)
                    .where(FactRow.seq > last, *_conditions(work, wanted))
                    .order_by(FactRow.seq)
                    .limit(BATCH)
                )
            )
        if rows:
            yield rows
        if len(rows) < BATCH:
            return
        last = rows[-1].seq


def head(work: Work) -> tuple[int, str]:
    """How many facts there are, and the hash of the last one."""
    work.allow(Permission.READ_JOURNAL, EVERYWHERE)
    row = work.session.execute(select(JournalHead.seq, JournalHead.hash)).one()
    return row.seq, row.hash


def verify(work: Work) -> Verdict:
    """Walk the whole chain. A million facts take some seconds; memory stays flat."""
    work.allow(Permission.READ_JOURNAL, EVERYWHERE)
    return walk(work.session)


def entry(work: Work, row: FactRow) -> Entry:
    """A row as it is shown to who reads."""
    data = row.data
    return Entry(
        seq=row.seq,
        at=row.at,
        actor_kind=row.actor_kind,
        actor_id=row.actor_id,
        actor_name=row.actor_name,
        request_id=row.request_id,
        kind=row.kind,
        subject_kind=row.subject_kind,
        subject_id=row.subject_id,
        flagged=row.flagged,
        data=data,
        prev_hash=row.prev_hash,
        hash=row.hash,
        link=link_of(row.subject_kind, row.subject_id, data),
        changes=changes_of(data, work.locale),
    )


def _conditions(work: Work, wanted: JournalFilter) -> Iterator[ColumnElement[bool]]:
    if wanted.subject_kind and wanted.subject_id:
        yield or_(
            (FactRow.subject_kind == wanted.subject_kind) & (FactRow.subject_id == wanted.subject_id),
            (FactRow.also_kind == wanted.subject_kind) & (FactRow.also_id == wanted.subject_id),
        )
    elif wanted.subject_kind:
        yield FactRow.subject_kind == wanted.subject_kind
    if wanted.actor:
        yield or_(
            FactRow.actor_id == wanted.actor, FactRow.actor_name.contains(wanted.actor, autoescape=True)
        )
    if wanted.kind:
        yield FactRow.kind == wanted.kind
    if wanted.room:
        yield FactRow.kind.startswith(wanted.room + ".", autoescape=True)
    if wanted.text:
        yield FactRow.body.contains(wanted.text, autoescape=True)
    if wanted.flagged:
        yield FactRow.flagged.expression
    midnight = time(tzinfo=work.actor.zone)
    if wanted.first_day:
        yield FactRow.at >= datetime.combine(wanted.first_day, midnight)
    if wanted.last_day:
        yield FactRow.at < datetime.combine(wanted.last_day + timedelta(days=1), midnight)
