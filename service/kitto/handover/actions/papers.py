"""Writing down what changed hands: the number, what the paper says, and the file once it is made."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import update
from sqlalchemy.dialects import postgresql, sqlite

from kitto.assets.queries import Holder
from kitto.assets.rules import HolderKind
from kitto.base.jobs import SHORT, JobRef
from kitto.base.work import Work
from kitto.handover import queries
from kitto.handover.facts import DevicesHandedOver, DevicesTakenBack, DocumentMade
from kitto.handover.models import (
    DocumentCounter,
    Handover,
    HandoverDocument,
    HandoverLine,
    HandoverSeat,
)
from kitto.handover.rules import Kind, Terms, number
from kitto.identity.rules import Permission
from kitto.licences.models import Seat
from kitto.people import queries as people

MAKE_DOCUMENT: Final = JobRef("handover.make_document", SHORT.name)


def write_down(
    work: Work,
    kind: Kind,
    holder: Holder,
    lines: Sequence[HandoverLine],
    seats: Sequence[Seat],
    terms: Terms,
) -> Handover:
    """Keep what changed hands under the next number, and have its paper made after the commit."""
    day = people.today(work)
    row = Handover(
        kind=kind,
        number=_next_number(work, kind, day.year),
        holder_kind=holder.kind,
        holder_id=holder.id,
        holder_name=holder.name,
        holder_kana="",
        holder_number="",
        holder_department="",
        by_name=work.actor.name[:200],
        language=work.locale,
        due_on=terms.due_on,
        purpose=terms.purpose,
        note=terms.note,
        at=work.now,
        on=day,
        lines=list(lines),
        seats=[_seat(seat) for seat in seats],
        document=None,
    )
    if holder.kind is HolderKind.PERSON:
        person = people.person(work, holder.id)
        row.holder_kana, row.holder_number = person.kana, person.number
        row.holder_department = person.department.name if person.department else ""
        row.language = person.locale
    work.add(row)
    _record(work, row, [line.tag for line in lines])
    work.enqueue(MAKE_DOCUMENT, row.id)
    return row


def _record(work: Work, row: Handover, tags: list[str]) -> None:
    fact = DevicesHandedOver if row.kind is Kind.RECEIPT else DevicesTakenBack
    work.record(
        fact(
            handover_id=row.id,
            number=row.number,
            holder_kind=row.holder_kind.value,
            holder_id=row.holder_id,
            holder=row.holder_name,
            tags=tuple(tags),
            count=len(tags),
        )
    )


def note_document(work: Work, handover_id: int, *, path: str, sha256: str, size: int) -> HandoverDocument:
    """Keep where the file of a paper lies and its hash. Idempotent: the first file stands."""
    work.allow(Permission.HAND_OVER)
    row = queries.handover(work, handover_id)
    if row.document is not None:
        return row.document
    document = work.add(
        HandoverDocument(handover_id=row.id, path=path, sha256=sha256, size=size, made_at=work.now)
    )
    work.record(DocumentMade(handover_id=row.id, number=row.number, sha256=sha256))
    return document


def _seat(seat: Seat) -> HandoverSeat:
    return HandoverSeat(
        seat_id=seat.id, name=seat.pool.label, holder=seat.holder_name, until=seat.pool.ends_on
    )


def _next_number(work: Work, kind: Kind, year: int) -> str:
    is_sqlite = work.session.get_bind().dialect.name == "sqlite"
    insert = sqlite.insert if is_sqlite else postgresql.insert
    work.session.execute(
        insert(DocumentCounter).values(kind=kind, year=year, last=0).on_conflict_do_nothing()
    )
    count = work.session.execute(
        update(DocumentCounter)
        .where(DocumentCounter.kind == kind, DocumentCounter.year == year)
        .values(last=DocumentCounter.last + 1)
        .returning(DocumentCounter.last)
        .execution_options(synchronize_session=False)
    ).scalar_one()
    return number(kind, year, count)
