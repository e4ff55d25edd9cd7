"""JSON doors of SIMs."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from kitto.base.work import Work
from kitto.licences import actions, queries
from kitto.licences.models import Sim
from kitto.licences.rules import SimKind, SimState
from kitto.web.bodies import RESPONSES, Number, Short, Strict
from kitto.web.doors import Door, ReadDep, WorkDep, etag

router = APIRouter(prefix="/api/v1/sims", route_class=Door, tags=["sims"], responses=RESPONSES)
Iccid = Annotated[str, Field(max_length=40, examples=["8981100000000000009"])]


class SimIn(Strict):
    iccid: Iccid
    kind: SimKind = SimKind.PHYSICAL
    line_id: Number | None = None


class LineOfSimIn(Strict):
    line_id: Number | None = Field(description="Null: it carries no line any more.")


class PutInIn(Strict):
    tag: Short = Field(examples=["PH-000007-3"])


class SwapIn(Strict):
    iccid: Iccid
    kind: SimKind | None = Field(default=None, description="Left out: the kind of the old one.")


class SimOut(BaseModel):
    """A SIM, the line it carries, and the device it is in."""

    id: int
    version: int
    iccid: str
    kind: SimKind
    state: SimState
    line_id: int | None
    number: str | None
    tag: str | None
    added_at: datetime
    retired_at: datetime | None


class SimsOut(BaseModel):
    items: list[SimOut]
    next: str | None = Field(description="Give it as `cursor` to get the next page.")


class PlacementOut(BaseModel):
    """In which device a SIM was, from when to when."""

    tag: str | None
    started_at: datetime
    started_by: str
    ended_at: datetime | None
    ended_by: str | None


def _shown(sim: Sim, tag: str | None) -> SimOut:
    return SimOut(
        id=sim.id,
        version=sim.version,
        iccid=sim.iccid,
        kind=sim.kind,
        state=sim.state,
        line_id=sim.line_id,
        number=sim.line.number if sim.line else None,
        tag=tag,
        added_at=sim.added_at,
        retired_at=sim.retired_at,
    )


def _answer(work: Work, response: Response, sim: Sim) -> SimOut:
    work.session.flush()  # the answer carries the new version
    etag(response, sim.version)
    now = queries.placement_of(work, sim.id)
    return _shown(sim, now.asset.tag if now else None)


@router.get("")
def list_sims(
    work: ReadDep,
    q: Annotated[str, Query(max_length=200, description="Part of ICCID, number or tag.")] = "",
    state: SimState | None = None,
    *,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
) -> SimsOut:
    """SIMs by ICCID, by keyset pages."""
    found = queries.sims(work, queries.SimFilter(q=q, state=state), cursor=cursor, limit=limit)
    items = [_shown(row.sim, row.asset.tag if row.asset else None) for row in found.items if row.sim]
    return SimsOut(items=items, next=found.next)


@router.post("", status_code=201)
def add_sim(work: WorkDep, response: Response, body: SimIn) -> SimOut:
    """Enter a SIM."""
    sim = actions.add_sim(work, iccid=body.iccid, kind=body.kind, line_id=body.line_id)
    response.headers["Location"] = f"{router.prefix}/{sim.id}"
    return _answer(work, response, sim)


@router.get("/{sim_id}")
def read_sim(work: ReadDep, response: Response, sim_id: Number) -> SimOut:
    """One SIM."""
    return _answer(work, response, queries.sim(work, sim_id))


@router.get("/{sim_id}/placements")
def list_placements(work: ReadDep, sim_id: Number) -> list[PlacementOut]:
    """Where it has been, the newest first."""
    found = queries.placements(work, queries.sim(work, sim_id).id)
    return [
        PlacementOut(
            tag=one.asset.tag,
            started_at=one.started_at,
            started_by=one.started_by,
            ended_at=one.ended_at,
            ended_by=one.ended_by,
        )
        for one in found
    ]


@router.put("/{sim_id}/line")
def connect_sim(work: WorkDep, response: Response, sim_id: Number, body: LineOfSimIn) -> SimOut:
    """Let it carry a line, or none."""
    return _answer(work, response, actions.connect_sim(work, sim_id, line_id=body.line_id))


@router.post("/{sim_id}/put-in")
def put_in(work: WorkDep, response: Response, sim_id: Number, body: PutInIn) -> SimOut:
    """Put it into a device."""
    return _answer(work, response, actions.put_in(work, sim_id, tag=body.tag).sim)


@router.post("/{sim_id}/take-out")
def take_out(work: WorkDep, response: Response, sim_id: Number) -> SimOut:
    """Take it out of its device."""
    return _answer(work, response, actions.take_out(work, sim_id))


@router.post("/{sim_id}/swap")
def swap_sim(work: WorkDep, response: Response, sim_id: Number, body: SwapIn) -> SimOut:
    """Let another SIM take its place; answers with the new one."""
    return _answer(work, response, actions.swap_sim(work, sim_id, new_iccid=body.iccid, kind=body.kind))


@router.post("/{sim_id}/retire")
def retire_sim(work: WorkDep, response: Response, sim_id: Number) -> SimOut:
    """It is used no more."""
    return _answer(work, response, actions.retire_sim(work, sim_id))
