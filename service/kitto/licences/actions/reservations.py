"""Seats kept for what has no holder yet: reserved with an order, given to its device, or given back.

A part of ordering, of choosing devices and of cancelling: whoever was allowed to do that may do this, so
nothing here asks for a right of its own.
"""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import delete, insert, update
from sqlalchemy.orm.attributes import set_committed_value

from kitto.assets.queries import Holder
from kitto.base.work import Work
from kitto.licences import queries
from kitto.licences.actions.seats import MOST_USED, fit, give, take_back, tell_over
from kitto.licences.facts import ReservationEnded, SeatsReserved, SeatsWithoutPool
from kitto.licences.models import Pool, Seat, SeatReservation
from kitto.licences.rules import (
    FreedWhy,
    Metric,
    NoPoolValid,
    Policy,
    SeatFreedAlready,
    SeatsShort,
    SeatsUsedUp,
    name_key,
)

LAST: Final = {Policy.HARD: 0, Policy.WARN: 1, Policy.COUNT: 2}
"""Where a title has pools of several policies, what is owned is used first, and what only counts last."""


def reserve_seats(
    work: Work, titles: Sequence[str], *, for_kind: str, for_ids: Sequence[int], cause: tuple[str, int]
) -> None:
    """Reserve a device's seat of each title for each of these, under the policies of the pools; all or none.

    Of a title without a pool that is valid today nothing can be reserved: that is refused, unless one of its
    other pools only warns or counts. `cause`: what the journal shows it with. Refuses SeatsShort and
    NoPoolValid.
    """
    if not titles or not for_ids:
        return
    # Locked first, all of them: what is counted next stays true until the work ends.
    pools = queries.pools_of_titles(work, titles, Metric.DEVICE)
    for title in titles:
        mine = [pool for pool in pools if name_key(pool.title.name) == name_key(title)]
        shares = _shared_out(mine, len(for_ids))
        if not mine:
            _note_without_pool(work, title, len(for_ids), cause)
        elif sum(number for _, number in shares) < len(for_ids):
            free = sum(_room(pool) for pool in mine)
            raise SeatsShort(wanted=len(for_ids), title=mine[0].title.name, free=free)
        left = list(for_ids)
        for pool, number in shares:
            _reserve(work, pool, for_kind, left[:number], cause)
            left = left[number:]


def _note_without_pool(work: Work, title: str, wanted: int, cause: tuple[str, int]) -> None:
    """Nothing is valid today, so the pools whose term is over or has not begun say what is to happen."""
    lenient = [
        pool for pool in queries.pools_of_title(work, title, Metric.DEVICE) if pool.policy is not Policy.HARD
    ]
    if not lenient:
        raise NoPoolValid(wanted=wanted, title=title)
    warns = next((pool for pool in lenient if pool.policy is Policy.WARN), None)
    if warns is not None:
        work.record(
            SeatsWithoutPool(
                pool_id=warns.id, title=title, quantity=wanted, for_kind=cause[0], for_id=cause[1]
            )
        )


def take_up(work: Work, kept: SeatReservation, holder: Holder) -> Seat:
    """The reserved seat becomes the holder's; the pool counts it once.

    Refuses PoolNotValid, HolderDoesNotFit, and SeatFreedAlready where it is reserved no longer.
    """
    fit(work, kept.pool, holder)
    if not _end(work, kept, used=1):
        raise SeatFreedAlready
    return give(work, kept.pool, holder, 1)


def give_reservations_back(work: Work, kept: Sequence[SeatReservation]) -> None:
    """They are needed no longer. Idempotent."""
    for one in kept:
        if _end(work, one, used=0):
            label, about = one.pool.label, (one.for_kind, one.for_id)
            work.record(
                ReservationEnded(
                    pool_id=one.pool_id, pool=label, quantity=1, for_kind=about[0], for_id=about[1]
                )
            )


def give_seats_back(work: Work, seat_ids: Sequence[int]) -> None:
    """Take back those of these seats that are still given. Idempotent."""
    for seat_id in seat_ids:
        seat = queries.seat(work, seat_id)
        if seat.freed_at is None:
            take_back(work, seat, FreedWhy.BY_HAND)


def _room(pool: Pool) -> int:
    return max(pool.cap - pool.claimed, 0) if pool.policy is not Policy.COUNT else 0


def _shared_out(pools: Sequence[Pool], wanted: int) -> list[tuple[Pool, int]]:
    """Free seats first, then what may go over its limit, then what only counts; fewer where it is short."""
    ranked = sorted(pools, key=lambda pool: LAST[pool.policy])
    shares = {}
    for pool in ranked:
        shares[pool.id] = min(_room(pool), wanted)
        wanted -= shares[pool.id]
    # What only counts has room for everything, and a warning is better than a refusal.
    endless = [pool for pool in ranked if pool.policy is not Policy.HARD]
    if wanted and endless:
        shares[endless[-1].id] += wanted
        wanted = 0
    return [(pool, shares[pool.id]) for pool in ranked if shares[pool.id]]


def _reserve(work: Work, pool: Pool, for_kind: str, for_ids: Sequence[int], cause: tuple[str, int]) -> None:
    _count(work, pool, reserved=len(for_ids))
    given = {"pool_id": pool.id, "for_kind": for_kind, "reserved_at": work.now}
    given["reserved_by"] = work.actor.name[:200]
    work.session.execute(insert(SeatReservation), [given | {"for_id": one} for one in for_ids])
    work.record(
        SeatsReserved(
            pool_id=pool.id,
            pool=pool.label,
            quantity=len(for_ids),
            for_kind=cause[0],
            for_id=cause[1],
        )
    )
    tell_over(work, pool)


def _end(work: Work, kept: SeatReservation, *, used: int) -> bool:
    ended = work.session.execute(
        delete(SeatReservation)
        .where(SeatReservation.id == kept.id)
        .returning(SeatReservation.id)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if ended is None:
        return False
    _count(work, kept.pool, reserved=-1, used=used)
    return True


def _count(work: Work, pool: Pool, *, reserved: int, used: int = 0) -> None:
    # The database refuses what passes a hard limit, whatever was read before.
    counted = work.session.execute(
        update(Pool)
        .where(Pool.id == pool.id, Pool.used + Pool.reserved <= MOST_USED - reserved)
        .values(used=Pool.used + used, reserved=Pool.reserved + reserved)
        .returning(Pool.used, Pool.reserved)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if counted is None:
        raise SeatsUsedUp(pool=pool.label, cap=pool.cap)
    set_committed_value(pool, "used", counted.used)
    set_committed_value(pool, "reserved", counted.reserved)
