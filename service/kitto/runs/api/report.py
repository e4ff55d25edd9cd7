"""JSON doors where plays report, and where their runs are read."""

from datetime import datetime
from typing import Annotated, Any, Self

import msgspec
from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel, Field

from kitto.identity.rules import Permission
from kitto.runs import actions, queries
from kitto.runs.models import OutsideDevice, OutsideEvent, OutsideRun
from kitto.runs.rules import wire
from kitto.runs.rules.states import Locks, Outcome, RunState
from kitto.web.bodies import RESPONSES
from kitto.web.doors import Door, ReadDep, WorkDep

router = APIRouter(prefix="/api/v1/runs", route_class=Door, tags=["runs"], responses=RESPONSES)
Ulid = Annotated[str, Path(pattern=wire.ULID, examples=["01KAYQ3W5X8ZJ6N0V4T2M9B7RC"])]
JSON = "application/json"
LINES = "application/x-ndjson"


def takes(media_type: str, example: str) -> dict[str, Any]:
    """How the description of the API says what a body holds that is read line by line."""
    schema = {"type": "string", "examples": [example]}
    return {"requestBody": {"required": True, "content": {media_type: {"schema": schema}}}}


async def body(request: Request) -> bytes:
    return await request.body()


BodyDep = Annotated[bytes, Depends(body)]
OPENING = (
    '{"id": "01KAYQ3W5X8ZJ6N0V4T2M9B7RC", "started_at": "2026-11-25T09:00:00+09:00", "play": "site.yml", '
    '"hosts": [{"name": "pc1", "tag": "PC-000042-C"}]}'
)
EVENT = '{"seq": 1, "at": "2026-11-25T09:00:01+09:00", "kind": "task", "task": "Set the time zone"}'
ENDING = '{"at": "2026-11-25T09:01:00+09:00", "hosts": {"pc1": "changed"}}'


class RunOut(BaseModel):
    """One run; `last_seq` is the number of the last event that is safely kept."""

    id: str = Field(examples=["01KAYQ3W5X8ZJ6N0V4T2M9B7RC"])
    play: str
    check: bool
    state: RunState
    source: dict[str, str]
    imported: bool
    reported_by: str
    started_at: datetime
    heard_at: datetime
    ended_at: datetime | None
    last_seq: int

    @classmethod
    def of(cls, run: OutsideRun) -> Self:
        return cls(
            id=run.ulid,
            play=run.play,
            check=run.check_mode,
            state=run.state,
            source=run.source,
            imported=run.imported,
            reported_by=run.owner_name,
            started_at=run.started_at,
            heard_at=run.heard_at,
            ended_at=run.ended_at,
            last_seq=run.last_seq,
        )


class DeviceOut(BaseModel):
    """One host of a run. `fence`: the lock it holds the device by; null when it holds none."""

    host: str
    tag: str | None = Field(description="Null: no device of the ledger, or none within reach.")
    outcome: Outcome
    fence: int | None
    without_lock: bool
    ok: int
    changed: int
    failed: int
    unreachable: int
    skipped: int

    @classmethod
    def of(cls, device: OutsideDevice, tag: str | None) -> Self:
        names = (
            "host",
            "outcome",
            "fence",
            "without_lock",
            "ok",
            "changed",
            "failed",
            "unreachable",
            "skipped",
        )
        return cls(tag=tag, **{name: getattr(device, name) for name in names})


class EventOut(BaseModel):
    seq: int
    at: datetime
    kind: str
    host: str
    status: str
    task: str
    text: str
    detail: Any

    @classmethod
    def of(cls, event: OutsideEvent) -> Self:
        names = ("seq", "at", "kind", "host", "status", "task", "text")
        return cls(detail=_detail(event.detail), **{name: getattr(event, name) for name in names})


class OneRunOut(RunOut):
    devices: list[DeviceOut]


class RunsOut(BaseModel):
    items: list[RunOut]
    next: str | None = Field(description="Give it as `cursor` to get the next page.")


@router.get("")
def list_runs(
    work: ReadDep,
    state: Annotated[list[RunState] | None, Query()] = None,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> RunsOut:
    """Runs that were reported from elsewhere, newest first."""
    work.allow(Permission.SEE)
    found = queries.runs(work, queries.RunFilter(states=tuple(state or ())), cursor=cursor, limit=limit)
    return RunsOut(items=[RunOut.of(run) for run in found.items], next=found.next)


@router.post("/import", status_code=201, openapi_extra=takes(LINES, '{"run": ' + OPENING + "}"))
def bring_in(work: WorkDep, given: BodyDep) -> RunOut:
    """Bring in the spool of a run that could not be reported: all of it or nothing, once."""
    return RunOut.of(actions.bring_in(work, wire.spool(wire.unpacked(given))))


@router.put("/{ulid}", openapi_extra=takes(JSON, OPENING))
def open_run(
    work: WorkDep, ulid: Ulid, given: BodyDep, locks: Annotated[Locks, Query()] = Locks.NEED
) -> RunOut:
    """Begin a run, or add hosts to it. Takes the lock of every host that is a device of the ledger."""
    opening = wire.opening(wire.unpacked(given))
    return RunOut.of(actions.open_run(work, msgspec.structs.replace(opening, id=ulid), locks))


@router.get("/{ulid}")
def read_run(work: ReadDep, ulid: Ulid) -> OneRunOut:
    """One run with up to 1,000 of its devices."""
    work.allow(Permission.SEE)
    run = queries.run(work, ulid)
    devices = [DeviceOut.of(device, tag) for device, tag in queries.devices(work, run)]
    return OneRunOut(**RunOut.of(run).model_dump(), devices=devices)


@router.get("/{ulid}/events")
def read_events(
    work: ReadDep,
    ulid: Ulid,
    after: Annotated[int, Query(ge=0, le=2**53)] = 0,
    limit: Annotated[int, Query(ge=1, le=5000)] = queries.WINDOW,
    trouble: bool = False,
) -> list[EventOut]:
    """Events after a number, in order; `trouble`: only what failed or was not reached."""
    work.allow(Permission.SEE)
    run = queries.run(work, ulid)
    return [
        EventOut.of(event) for event in queries.events(work, run, after=after, limit=limit, trouble=trouble)
    ]


@router.post("/{ulid}/events", openapi_extra=takes(LINES, EVENT))
def add_events(work: WorkDep, ulid: Ulid, given: BodyDep) -> RunOut:
    """Add events, one JSON object a line, with gzip or without; an empty body says that the play lives.

    Events that were sent before are passed over. Renews the locks.
    """
    return RunOut.of(actions.add_events(work, ulid, wire.events(wire.unpacked(given))))


@router.post("/{ulid}/end", openapi_extra=takes(JSON, ENDING))
def end_run(work: WorkDep, ulid: Ulid, given: BodyDep) -> RunOut:
    """End a run and give its devices back."""
    return RunOut.of(actions.end_run(work, ulid, wire.ending(wire.unpacked(given))))


@router.post("/{ulid}/without-lock")
def go_on_unlocked(work: WorkDep, ulid: Ulid) -> RunOut:
    """Go on reporting after a lock was lost; the journal says so for each such device."""
    return RunOut.of(actions.go_on_unlocked(work, ulid))


def _detail(text: str) -> Any:
    if not text:
        return None
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text  # it was cut
