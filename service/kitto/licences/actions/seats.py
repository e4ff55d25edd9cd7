"""What can be done with licences. Every door grants and frees seats here and nowhere else."""

from typing import Any

from sqlalchemy import update
from sqlalchemy.orm.attributes import set_committed_value

from kitto.assets import queries as assets
from kitto.assets.queries import Holder
from kitto.assets.rules import HolderKind
from kitto.base.facts import Changes, plain
from kitto.base.i18n import Words
from kitto.base.work import Work
from kitto.identity.rules import Permission
from kitto.licences import queries
from kitto.licences.facts import (
    PoolChanged,
    PoolOpened,
    SeatFreed,
    SeatGranted,
    SeatsOverCap,
    SeatsReservedOverCap,
    TitleAdded,
)
from kitto.licences.models import Pool, Seat, SoftwareTitle
from kitto.licences.rules import (
    HOLDS,
    METRICS,
    CapTooLow,
    FreedWhy,
    HolderDoesNotFit,
    MetricFixed,
    Policy,
    PoolDetails,
    PoolNotValid,
    SeatFreedAlready,
    SeatHeldAlready,
    SeatHolderNotActive,
    SeatsUsedUp,
    TitleDetails,
    TitleTaken,
)
from kitto.people import queries as people

MOST_USED = 2_000_000_000
"""What the column can count to; no pool gets near it."""
POOL_FIELDS = ("title_id", "name", "metric", "cap", "policy", "starts_on", "ends_on", "reference")


def add_title(work: Work, details: TitleDetails) -> SoftwareTitle:
    """Add a software title. Refuses a name that is there already."""
    work.allow(Permission.MANAGE_LICENCES)
    if queries.title_by_name(work, details.name) is not None:
        raise TitleTaken(name=details.name)
    title = SoftwareTitle()
    title.note(details)
    work.add(title)
    work.record(TitleAdded(title_id=title.id, name=title.name))
    return title


def open_pool(work: Work, details: PoolDetails) -> Pool:
    """Open a pool of seats."""
    work.allow(Permission.MANAGE_LICENCES)
    pool = Pool(used=0)
    pool.note(details, queries.title(work, details.title_id))
    work.add(pool)
    work.record(PoolOpened(pool_id=pool.id, pool=pool.label, cap=pool.cap, policy=pool.policy))
    return pool


def change_pool(work: Work, pool_id: int, details: PoolDetails, *, version: int | None = None) -> Pool:
    """Change a pool. Refuses a hard limit below what is given, and another metric while seats are out."""
    work.allow(Permission.MANAGE_LICENCES)
    pool = queries.pool(work, pool_id)
    # Grants wait here, so that what is compared with the new limit is what is really given.
    work.session.refresh(pool, attribute_names=["used", "reserved", "version"], with_for_update={"of": Pool})
    work.expect(pool, version)
    if details == pool.details():
        return pool
    if details.policy is Policy.HARD and pool.claimed > details.cap:
        raise CapTooLow(used=pool.claimed, pool=pool.label)
    if details.metric is not pool.metric and pool.claimed:
        raise MetricFixed(pool=pool.label)
    before = {name: getattr(pool, name) for name in POOL_FIELDS}
    pool.note(details, queries.title(work, details.title_id))
    now = {name: getattr(pool, name) for name in POOL_FIELDS}
    changes: Changes = {
        name: (plain(before[name]), plain(now[name])) for name in POOL_FIELDS if before[name] != now[name]
    }
    work.session.flush()  # the answer carries the new version
    work.record(PoolChanged(pool_id=pool.id, pool=pool.label, changes=changes))
    return pool


def grant_seat(work: Work, pool_id: int, holder: Holder, *, quantity: int = 1) -> Seat:
    """Give seats to a person or a device.

    Refuses SeatsUsedUp under the policy `hard`, SeatHeldAlready, PoolNotValid, HolderDoesNotFit,
    SeatHolderNotActive.
    """
    work.allow(Permission.GRANT_SEATS)
    pool = queries.pool(work, pool_id)
    _allow_holder(work, holder)
    fit(work, pool, holder)
    if any(seat.pool_id == pool.id for seat in queries.seats_of(work, holder.kind, [holder.id])):
        raise SeatHeldAlready(holder=holder.name, pool=pool.label)
    _take(work, pool, quantity)
    return give(work, pool, holder, quantity)


def give(work: Work, pool: Pool, holder: Holder, quantity: int) -> Seat:
    """The seat of a holder for whom the pool has counted already. A part of granting, which has asked."""
    seat = Seat(
        pool_id=pool.id,
        holder_kind=holder.kind,
        holder_id=holder.id,
        holder_name=holder.name[:200],
        quantity=quantity,
        granted_at=work.now,
        granted_by=work.actor.name[:200],
    )
    set_committed_value(seat, "pool", pool)
    work.add(seat)
    work.record(SeatGranted(**_of(seat)))
    return seat


def free_seat(work: Work, seat_id: int, *, why: FreedWhy = FreedWhy.BY_HAND) -> Seat:
    """Take seats back. Refuses SeatFreedAlready."""
    work.allow(Permission.GRANT_SEATS)
    seat = queries.seat(work, seat_id)
    take_back(work, seat, why)
    return seat


def free_seats_of(work: Work, kind: HolderKind, holder_id: int, *, why: FreedWhy) -> list[Seat]:
    """Take back all that a holder has, as part of what happened to the holder. Idempotent.

    Whoever was allowed to do that may do this; it asks for no right of its own.
    """
    seats = list(queries.seats_of(work, kind, [holder_id]))
    for seat in seats:
        take_back(work, seat, why)
    return seats


def _take(work: Work, pool: Pool, quantity: int) -> None:
    # One statement decides: whatever was read before may be old by now.
    taken = work.session.execute(
        update(Pool)
        .where(
            Pool.id == pool.id,
            (Pool.policy != Policy.HARD) | (Pool.used + Pool.reserved + quantity <= Pool.cap),
            Pool.used <= MOST_USED - quantity,
        )
        .values(used=Pool.used + quantity)
        .returning(Pool.used, Pool.reserved, Pool.cap, Pool.policy)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if taken is None:
        raise SeatsUsedUp(pool=pool.label, cap=pool.cap)
    for name in ("used", "reserved", "cap", "policy"):
        set_committed_value(pool, name, getattr(taken, name))
    tell_over(work, pool)


def tell_over(work: Work, pool: Pool) -> None:
    """Record that a pool that only warns is over its limit. A part of what made it so, which has asked."""
    if pool.policy is not Policy.WARN or not pool.is_over:
        return
    if pool.used > pool.cap and not pool.reserved:
        work.record(SeatsOverCap(pool_id=pool.id, pool=pool.label, used=pool.used, cap=pool.cap))
    else:
        used, reserved, cap = pool.used, pool.reserved, pool.cap
        work.record(
            SeatsReservedOverCap(pool_id=pool.id, pool=pool.label, used=used, reserved=reserved, cap=cap)
        )


def take_back(work: Work, seat: Seat, why: FreedWhy) -> None:
    """The seat is its holder's no longer. A part of freeing, which has asked. Refuses SeatFreedAlready."""
    freed = work.session.execute(
        update(Seat)
        .where(Seat.id == seat.id, Seat.freed_at.is_(None))
        .values(freed_at=work.now, freed_by=work.actor.name[:200], freed_why=why)
        .returning(Seat.id)
        .execution_options(synchronize_session="evaluate")
    ).one_or_none()
    if freed is None:
        raise SeatFreedAlready
    used = work.session.execute(
        update(Pool)
        .where(Pool.id == seat.pool_id)
        .values(used=Pool.used - seat.quantity)
        .returning(Pool.used)
        .execution_options(synchronize_session=False)
    ).scalar_one()
    set_committed_value(seat.pool, "used", used)
    work.record(SeatFreed(**_of(seat), why=why))


def _allow_holder(work: Work, holder: Holder) -> None:
    found = (
        people.person(work, holder.id) if holder.kind is HolderKind.PERSON else assets.by_id(work, holder.id)
    )
    work.allow(Permission.GRANT_SEATS, found.scopes)


def fit(work: Work, pool: Pool, holder: Holder) -> None:
    """Refuse a holder to whom the pool has nothing to give now. Asks for no right."""
    if HOLDS[pool.metric] is not holder.kind:
        raise HolderDoesNotFit(pool=pool.label, metric=Words(METRICS[pool.metric]))
    day = people.today(work)
    if not pool.is_valid_on(day):
        raise PoolNotValid(pool=pool.label, day=day)
    if not holder.active_on(day):
        raise SeatHolderNotActive(name=holder.name, day=day)


def _of(seat: Seat) -> dict[str, Any]:
    return {
        "pool_id": seat.pool_id,
        "pool": seat.pool.label,
        "seat_id": seat.id,
        "holder_kind": seat.holder_kind,
        "holder_id": seat.holder_id,
        "holder": seat.holder_name,
        "quantity": seat.quantity,
    }
