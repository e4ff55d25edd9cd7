"""The seats that an order holds: reserved for its kits, given to their devices, or still lacking."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import func, select

from kitto.assets.rules import HolderKind
from kitto.base.work import Work
from kitto.identity.rules import Permission
from kitto.kitting.models import Kit, KitOrder
from kitto.kitting.queries.kits import kits_of_order
from kitto.kitting.rules.states import OPEN, KitState, StepKind
from kitto.licences import queries as positions
from kitto.licences.models import Pool
from kitto.licences.rules import name_key

KEPT_FOR: Final = "kit"
"""What the seats are reserved for, as the licences know it."""


NAUGHT: Final = (KitState.CANCELLED, KitState.REJECTED)


@dataclass(frozen=True)
class HeldSeats:
    """The seats of one title for an order: `over` names a pool that is over its limit."""

    title: str
    reserved: int
    given: int
    lacking: int
    over: str


def titles_of(definition: Mapping[str, Any]) -> list[str]:
    """The licences that a kit of this profile will want: its own, and those of its steps, each once."""
    wanted = list(definition.get("licences", ()))
    for step in (*definition.get("steps", ()), *definition.get("acceptance", ())):
        if step["kind"] == StepKind.LICENCE:
            wanted += step.get("with", {}).get("titles", ())
    return list({name_key(title): title for title in reversed(wanted)}.values())[::-1]


def seats_of_order(work: Work, asked: KitOrder) -> list[HeldSeats]:
    """What the kits of an order hold, by title; only kits that are open can lack one."""
    work.allow(Permission.SEE)
    kits = kits_of_order(work, asked.id)
    # A kit that had begun when the order was lifted wants what its own version says.
    versions = {one.id: titles_of(one.definition) for one in (asked.profile, *(kit.profile for kit in kits))}
    titles = list({name_key(title): title for wanted in versions.values() for title in wanted}.values())
    if not titles:
        return []
    kept = positions.reservations(work, KEPT_FOR, [kit.id for kit in kits])
    devices = [kit.asset_id for kit in kits if kit.asset_id is not None and kit.state not in NAUGHT]
    seats = positions.seats_of(work, HolderKind.ASSET, devices)
    pooled = [one.pool for one in kept] + [seat.pool for seat in seats]
    found = []
    for title in titles:
        waiting = {one.for_id for one in kept if _is(one.pool, title)}
        holding = {seat.holder_id for seat in seats if _is(seat.pool, title)}
        pools = [pool for pool in pooled if _is(pool, title)]
        wanting = {one for one, wanted in versions.items() if name_key(title) in map(name_key, wanted)}
        lacking = [kit for kit in kits if kit.state in OPEN and kit.profile_id in wanting]
        lacking = [kit for kit in lacking if kit.id not in waiting]
        lacking = [kit for kit in lacking if kit.asset_id not in holding]
        found.append(HeldSeats(title, len(waiting), len(holding), len(lacking), _over(pools)))
    return found


def orders_reserving(work: Work, pool_id: int) -> list[tuple[KitOrder, int]]:
    """The orders whose kits have seats of this pool reserved, with how many; the first one first."""
    work.allow(Permission.SEE)
    kits = positions.reserved_in(work, pool_id, KEPT_FOR)
    rows = work.session.execute(
        select(Kit.order_id, func.count()).where(Kit.id.in_(kits)).group_by(Kit.order_id)
    )
    counts = {order_id: count for order_id, count in rows.all() if order_id is not None}
    orders = work.session.scalars(select(KitOrder).where(KitOrder.id.in_(counts)).order_by(KitOrder.id))
    return [(one, counts[one.id]) for one in orders]


def _is(pool: Pool, title: str) -> bool:
    return name_key(pool.title.name) == name_key(title)


def _over(pools: Sequence[Pool]) -> str:
    return next((pool.label for pool in pools if pool.is_over), "")
