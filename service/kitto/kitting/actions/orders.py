"""Orders: N devices of a profile for a project by a date, approved by somebody else if wanted."""

from datetime import date
from typing import Any

from kitto.assets import queries as asset_queries
from kitto.assets.models import Asset
from kitto.assets.rules import State
from kitto.base.errors import NotFound
from kitto.base.i18n import N_, Told, Words
from kitto.base.work import Work
from kitto.identity.rules import Permission
from kitto.kitting import queries
from kitto.kitting.actions.chain import move_kit
from kitto.kitting.actions.manage import cancel, give_back
from kitto.kitting.actions.profiles import fitting, published, spec_of_version
from kitto.kitting.actions.seats import reserve_seats
from kitto.kitting.actions.start import bind, make_kit, start_bound
from kitto.kitting.facts import (
    KitBound,
    KitRejected,
    KitsOrdered,
    OrderApproved,
    OrderCancelled,
    OrderDone,
    OrderRejected,
)
from kitto.kitting.models import Kit, KitOrder, KitProfileVersion
from kitto.kitting.rules.orders import MOST_DEVICES, ORDER_WORDS, OrderState
from kitto.kitting.rules.refusals import (
    KitRunning,
    OrderFull,
    OrderUndecided,
    QuantityWrong,
    ReasonNeeded,
    SamePerson,
)
from kitto.kitting.rules.states import BEFORE_WORK, OPEN, KitState
from kitto.people import queries as people

SHORTEST_REASON = 5
EARLY = {
    State.ORDERED: KitState.EXPECTED,
    State.RECEIVED: KitState.RECEIVED,
    State.IN_STOCK: KitState.REGISTERED,
    State.INSPECTING: KitState.REGISTERED,
    State.READY: KitState.REGISTERED,
}
"""What the ledger says of a device, as its kit says it before the work begins."""


def ask_order(
    work: Work,
    *,
    profile: str,
    quantity: int,
    project_id: int | None = None,
    parameters: dict[str, Any] | None = None,
    needed_on: date | None = None,
    needs_approval: bool = False,
    note: str = "",
) -> KitOrder:
    """Order kits. The profile is published now; each device gets a kit of its own.

    Host names and licence seats are reserved now. With `needs_approval` nothing can be started until somebody
    else approves. Refuses quantity_wrong, seats_short.
    """
    work.allow(Permission.KIT)
    if not 1 <= quantity <= MOST_DEVICES:
        raise QuantityWrong(quantity=quantity, most=MOST_DEVICES)
    if project_id is not None:
        people.project(work, project_id)
    version = published(work, profile)
    given = fitting(spec_of_version(version), parameters or {})
    asked = _asked(work, version, given)
    asked.quantity, asked.project_id, asked.needed_on = quantity, project_id, needed_on
    asked.needs_approval, asked.note = needs_approval, note[:1000]
    work.add(asked)
    reserve_seats(work, asked, [make_kit(work, version, given, asked=asked) for _ in range(quantity)])
    work.record(
        KitsOrdered(order_id=asked.id, quantity=quantity, profile=f"{version.name} v{version.number}")
    )
    if not needs_approval:
        asked.become(OrderState.APPROVED)
    return asked


def _asked(work: Work, version: KitProfileVersion, given: dict[str, Any]) -> KitOrder:
    return KitOrder(
        profile=version,
        parameters=given,
        state=OrderState.ASKED,
        asked_by=work.actor.name,
        asked_as=f"{work.actor.kind}:{work.actor.id}",
        asked_at=work.now,
        decided_by="",
        decided_at=None,
        reason="",
    )


def approve_order(work: Work, *, order_id: int, version: int | None = None) -> KitOrder:
    """Approve an order. Refuses whoever asked for it."""
    work.allow(Permission.APPROVE)
    asked = _undecided(work, order_id, version)
    if asked.asked_as == f"{work.actor.kind}:{work.actor.id}":
        raise SamePerson(what=asked.named)
    asked.become(OrderState.APPROVED)
    asked.decided_by, asked.decided_at = work.actor.name, work.now
    work.record(OrderApproved(order_id=asked.id))
    return asked


def reject_order(work: Work, *, order_id: int, reason: str, version: int | None = None) -> KitOrder:
    """Do not approve an order; its kits are cancelled."""
    work.allow(Permission.APPROVE)
    asked = _undecided(work, order_id, version)
    asked.reason = _reason(reason)
    asked.become(OrderState.REJECTED)
    asked.decided_by, asked.decided_at = work.actor.name, work.now
    for kit in queries.kits_of_order(work, asked.id):
        cancel(work, kit_id=kit.id, reason=asked.reason)
    work.record(OrderRejected(order_id=asked.id, reason=asked.reason))
    return asked


def cancel_order(work: Work, *, order_id: int, reason: str, version: int | None = None) -> KitOrder:
    """Cancel an order: kits that are not ready yet are cancelled, those that are stay."""
    work.allow(Permission.KIT)
    asked = queries.order_locked(work, order_id)
    work.expect(asked, version)
    if asked.state not in (OrderState.ASKED, OrderState.APPROVED):
        raise OrderUndecided(number=asked.id, state=Words(ORDER_WORDS[asked.state]))
    asked.reason = _reason(reason)
    asked.become(OrderState.CANCELLED)
    for kit in queries.kits_of_order(work, asked.id):
        if kit.state in OPEN and kit.cancel_asked_at is None:
            cancel(work, kit_id=kit.id, reason=asked.reason)
    work.record(OrderCancelled(order_id=asked.id, reason=asked.reason))
    return asked


def bind_device(work: Work, *, order_id: int, tag: str, start: bool = True) -> Kit:
    """Take a device for the next free place of an order, and start its kit if the ledger has accepted it.

    Idempotent for a device that is in the order already. Refuses order_full, and devices in other kits.
    """
    work.allow(Permission.KIT)
    asked = queries.order_locked(work, order_id)
    if asked.state is not OrderState.APPROVED:
        raise OrderUndecided(number=asked.id, state=Words(ORDER_WORDS[asked.state]))
    asset = asset_queries.locked(work, tag)
    work.allow(Permission.KIT, asset.scopes)
    running = queries.open_kit_of(work, asset.id)
    if running is not None and running.order_id == asked.id:
        work.unrecorded("this device is in the order already")
        return running
    if running is not None:
        raise KitRunning(tag=asset.name, number=running.id)
    if asset.state not in EARLY:
        raise NotFound(thing=Words(N_("device that can be kitted")), key=asset.name)
    free = [
        kit for kit in queries.kits_of_order(work, asked.id) if kit.asset_id is None and kit.state in OPEN
    ]
    if not free:
        raise OrderFull(tag=asset.name, number=asked.id, quantity=asked.quantity)
    kit = queries.locked(work, free[0].id)
    bind(work, kit, asset)
    work.record(KitBound(kit_id=kit.id, asset_id=asset.id, tag=asset.name, order_id=asked.id))
    if follow_ledger(work, kit, asset) and start:
        start_bound(work, kit_id=kit.id)
    return kit


def follow_ledger(work: Work, kit: Kit, asset: Asset) -> bool:
    """Bring a kit before its work in line with what the ledger says; True when it can be started.

    A part of binding, receiving and accepting, which have asked.
    """
    if kit.state not in BEFORE_WORK:
        return False
    wanted = EARLY.get(asset.state)
    if asset.state is State.VOIDED:
        _send_back(work, kit)
        return False
    if wanted is not None and wanted is not kit.state:
        move_kit(work, kit, wanted)
    return kit.state is KitState.REGISTERED


def inspect(work: Work, *, kit_id: int) -> Kit:
    """Begin to inspect a device that has arrived. Accepting or rejecting it in the ledger ends that."""
    work.allow(Permission.KIT)
    kit = queries.locked(work, kit_id)
    if kit.state is KitState.RECEIVED:
        move_kit(work, kit, KitState.INSPECTING)
        work.unrecorded("the ledger records how the inspection ends")
    return kit


def _send_back(work: Work, kit: Kit) -> None:
    kit.reason = Told(N_("It was rejected in the ledger."), code="rejected_in_ledger")
    move_kit(work, kit, KitState.REJECTED, reason=kit.reason)
    give_back(work, kit)
    work.record(KitRejected(kit_id=kit.id, asset_id=kit.device, tag=kit.tag, reason=kit.reason))


def close_order_when_done(work: Work, kit: Kit) -> None:
    """An order is done when none of its kits is open. A part of what ended the last kit, which has asked."""
    if kit.order_id is None:
        return
    asked = queries.order_locked(work, kit.order_id)
    if asked.state is not OrderState.APPROVED:
        return
    if all(one.state not in OPEN for one in queries.kits_of_order(work, asked.id)):
        asked.become(OrderState.DONE)
        work.record(OrderDone(order_id=asked.id))


def _undecided(work: Work, order_id: int, version: int | None) -> KitOrder:
    asked = queries.order_locked(work, order_id)
    work.expect(asked, version)
    if asked.state is not OrderState.ASKED:
        raise OrderUndecided(number=asked.id, state=Words(ORDER_WORDS[asked.state]))
    return asked


def _reason(text: str) -> str:
    told = text.strip()[:500]
    if len(told) < SHORTEST_REASON:
        raise ReasonNeeded
    return told
