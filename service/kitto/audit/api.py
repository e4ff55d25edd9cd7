"""JSON doors of the journal."""

from datetime import date, datetime
from typing import Annotated, Any, Self

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from kitto.audit import queries
from kitto.audit.adapters.files import json_lines
from kitto.audit.rules import Entry, JournalFilter
from kitto.base.errors import NotFound
from kitto.base.i18n import N_, Words
from kitto.identity.rules import Permission
from kitto.web.bodies import RESPONSES, Number
from kitto.web.doors import Door, Doorkeeper, ReadDep

router = APIRouter(prefix="/api/v1", route_class=Door, tags=["journal"], responses=RESPONSES)
Word = Annotated[str, Query(max_length=200, pattern=r"^[^\x00]*$")]
Day = Annotated[date | None, Query(ge=date(1970, 1, 1), lt=date(3000, 1, 1))]


class FactOut(BaseModel):
    """One fact: who did what to what, when, and its place in the chain."""

    seq: int
    at: datetime
    kind: str = Field(examples=["assets.handed_over"])
    says: str = Field(description="The sentence in the reader's language.")
    actor_kind: str
    actor_id: str
    actor_name: str
    request_id: str
    subject_kind: str = Field(examples=["asset"])
    subject_id: str
    flagged: bool
    data: dict[str, Any]
    prev_hash: str
    hash: str

    @classmethod
    def of(cls, entry: Entry, locale: str) -> Self:
        return cls(
            seq=entry.seq,
            at=entry.at,
            kind=entry.kind,
            says=entry.sentence(locale),
            actor_kind=entry.actor_kind,
            actor_id=entry.actor_id,
            actor_name=entry.actor_name,
            request_id=entry.request_id,
            subject_kind=entry.subject_kind,
            subject_id=entry.subject_id,
            flagged=entry.flagged,
            data=dict(entry.data),
            prev_hash=entry.prev_hash,
            hash=entry.hash,
        )


class FactsOut(BaseModel):
    items: list[FactOut]
    next: str | None = Field(description="Give it as `cursor` to get the next page.")


class VerdictOut(BaseModel):
    """What walking the chain found."""

    verified: bool
    facts: int
    broken_at: int | None = Field(description="The first fact that does not fit, or null.")
    head: str


@router.get("/facts")
def list_facts(
    work: ReadDep,
    subject_kind: Word = "",
    subject_id: Word = "",
    actor: Word = "",
    room: Word = "",
    kind: Word = "",
    q: Word = "",
    first_day: Day = None,
    last_day: Day = None,
    flagged: bool = False,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
) -> FactsOut:
    """Facts, newest first, by keyset pages."""
    wanted = JournalFilter(subject_kind, subject_id, actor, room, kind, q, first_day, last_day, flagged)
    found = queries.facts(work, wanted, cursor=cursor, limit=limit)
    return FactsOut(items=[FactOut.of(entry, work.locale) for entry in found.items], next=found.next)


@router.get("/facts/{seq}")
def show_fact(seq: Number, work: ReadDep) -> FactOut:
    """One fact."""
    found = queries.fact(work, seq)
    if found is None:
        raise NotFound(thing=Words(N_("fact")), key=seq)
    return FactOut.of(found, work.locale)


@router.get("/journal/verify")
def verify(work: ReadDep) -> VerdictOut:
    """Walk the whole chain and say whether it holds."""
    found = queries.verify(work)
    return VerdictOut(verified=found.verified, facts=found.facts, broken_at=found.broken_at, head=found.head)


@router.get("/journal.jsonl", responses={200: {"content": {"application/jsonl": {}}}})
def export(request: Request, work: ReadDep) -> StreamingResponse:
    """The whole journal, one fact a line, with all that its hashes are made of."""
    work.allow(Permission.READ_JOURNAL, queries.EVERYWHERE)
    keeper: Doorkeeper = request.app.state.doorkeeper
    batches = queries.every(keeper.ledger, work.actor, JournalFilter())
    return StreamingResponse(json_lines(batches), media_type="application/jsonl")
