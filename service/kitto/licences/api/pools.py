"""JSON doors of licences."""

from dataclasses import replace
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from kitto.assets import queries as assets
from kitto.assets.rules import HolderKind
from kitto.identity.rules import Permission
from kitto.licences import actions, queries
from kitto.licences.models import Pool, Seat
from kitto.licences.rules import MOST_SEATS, FreedWhy, Metric, Policy, PoolDetails, TitleDetails
from kitto.web.bodies import RESPONSES, Number, Short, Strict
from kitto.web.doors import Door, ReadDep, VersionDep, WorkDep, etag

router = APIRouter(prefix="/api/v1", route_class=Door, tags=["licences"], responses=RESPONSES)
Cap = Annotated[int, Field(ge=0, le=MOST_SEATS)]


class TitleIn(Strict):
    name: Short = Field(examples=["Microsoft 365 E3"])
    publisher: Short = ""


class TitleOut(BaseModel):
    id: int
    name: str
    publisher: str


class PoolIn(Strict):
    title_id: Number
    name: Short = Field(examples=["2026年度"])
    metric: Metric
    cap: Cap = Field(examples=[50])
    policy: Policy = Policy.HARD
    starts_on: date | None = None
    ends_on: date | None = None
    reference: Short = Field(default="", examples=["PO-2026-118"])


class PoolChange(Strict):
    """Fields that are left out stay as they are."""

    title_id: Number = 1
    name: Short = ""
    metric: Metric = Metric.USER
    cap: Cap = Field(default=0, examples=[60])
    policy: Policy = Policy.HARD
    starts_on: date | None = None
    ends_on: date | None = None
    reference: Short = ""


class PoolOut(BaseModel):
    """Seats bought together: `cap` owned, `used` given, `reserved` kept for what has no holder yet."""

    id: int
    version: int
    title_id: int
    title: str
    name: str
    metric: Metric
    cap: int
    used: int
    reserved: int
    policy: Policy
    starts_on: date | None
    ends_on: date | None
    reference: str


class PoolsOut(BaseModel):
    items: list[PoolOut]
    next: str | None = Field(description="Give it as `cursor` to get the next page.")


class GrantIn(Strict):
    holder_kind: HolderKind
    holder_id: Number
    quantity: int = Field(default=1, ge=1, le=MOST_SEATS)


class SeatOut(BaseModel):
    id: int
    pool_id: int
    holder_kind: HolderKind
    holder_id: int
    holder_name: str
    quantity: int
    granted_at: datetime
    granted_by: str
    freed_at: datetime | None
    freed_why: FreedWhy | None


class SeatsOut(BaseModel):
    items: list[SeatOut]
    next: str | None = Field(description="Give it as `cursor` to get the next page.")


def _pool(pool: Pool) -> PoolOut:
    return PoolOut(
        id=pool.id,
        version=pool.version,
        title_id=pool.title_id,
        title=pool.title.name,
        name=pool.name,
        metric=pool.metric,
        cap=pool.cap,
        used=pool.used,
        reserved=pool.reserved,
        policy=pool.policy,
        starts_on=pool.starts_on,
        ends_on=pool.ends_on,
        reference=pool.reference,
    )


def _seat(seat: Seat) -> SeatOut:
    return SeatOut.model_validate(seat, from_attributes=True)


@router.get("/software-titles")
def list_titles(work: ReadDep) -> list[TitleOut]:
    """All titles by name."""
    return [TitleOut.model_validate(title, from_attributes=True) for title in queries.titles(work)]


@router.post("/software-titles", status_code=201)
def add_title(work: WorkDep, body: TitleIn) -> TitleOut:
    """Add a software title."""
    title = actions.add_title(work, TitleDetails(name=body.name, publisher=body.publisher))
    return TitleOut.model_validate(title, from_attributes=True)


@router.get("/licence-pools")
def list_pools(
    work: ReadDep,
    q: Annotated[str, Query(max_length=200)] = "",
    metric: Metric | None = None,
    *,
    short: Annotated[bool, Query(description="Only pools without a free seat.")] = False,
    valid: Annotated[bool, Query(description="Only pools that are valid today.")] = False,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
) -> PoolsOut:
    """Pools by title, by keyset pages."""
    wanted = queries.PoolFilter(q=q, metric=metric, short=short, valid=valid)
    found = queries.pools(work, wanted, cursor=cursor, limit=limit)
    return PoolsOut(items=[_pool(pool) for pool in found.items], next=found.next)


@router.post("/licence-pools", status_code=201)
def open_pool(work: WorkDep, response: Response, body: PoolIn) -> PoolOut:
    """Open a pool of seats."""
    pool = actions.open_pool(work, PoolDetails(**body.model_dump()))
    response.headers["Location"] = f"/api/v1/licence-pools/{pool.id}"
    etag(response, pool.version)
    return _pool(pool)


@router.get("/licence-pools/{pool_id}")
def read_pool(work: ReadDep, response: Response, pool_id: Number) -> PoolOut:
    """One pool."""
    pool = queries.pool(work, pool_id)
    etag(response, pool.version)
    return _pool(pool)


@router.patch("/licence-pools/{pool_id}")
def change_pool(
    work: WorkDep, response: Response, pool_id: Number, version: VersionDep, body: PoolChange
) -> PoolOut:
    """Change fields; those left out stay."""
    given: dict[str, Any] = {name: getattr(body, name) for name in body.model_fields_set}
    details = replace(queries.pool(work, pool_id).details(), **given)
    pool = actions.change_pool(work, pool_id, details, version=version)
    etag(response, pool.version)
    return _pool(pool)


@router.get("/licence-pools/{pool_id}/seats")
def list_seats(
    work: ReadDep,
    pool_id: Number,
    *,
    freed: Annotated[bool, Query(description="Also the seats that came back.")] = False,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
) -> SeatsOut:
    """Seats of a pool, the newest first."""
    pool = queries.pool(work, pool_id)
    found = queries.seats(work, pool.id, freed=freed, cursor=cursor, limit=limit)
    return SeatsOut(items=[_seat(seat) for seat in found.items], next=found.next)


@router.post("/licence-pools/{pool_id}/seats", status_code=201)
def grant_seat(work: WorkDep, pool_id: Number, body: GrantIn) -> SeatOut:
    """Give seats to a person or a device."""
    work.allow(Permission.GRANT_SEATS)
    holder = assets.find_holder(work, body.holder_kind, body.holder_id)
    return _seat(actions.grant_seat(work, pool_id, holder, quantity=body.quantity))


@router.post("/licence-seats/{seat_id}/free")
def free_seat(work: WorkDep, seat_id: Number) -> SeatOut:
    """Take seats back."""
    return _seat(actions.free_seat(work, seat_id))
