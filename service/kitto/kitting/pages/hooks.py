"""What kitting shows on pages of other rooms: a device's kits, and what waits for a person today."""

import re
from collections.abc import Sequence
from typing import Any, Final

from kitto.base.i18n import N_, translate
from kitto.base.work import Work
from kitto.identity.rules import Permission
from kitto.kitting import queries
from kitto.kitting.actions.compare import REPORT
from kitto.kitting.models import Kit
from kitto.kitting.queries import seats, tickets
from kitto.kitting.queries.tickets import BoardFilter, Ticket
from kitto.kitting.rules.orders import OrderState
from kitto.kitting.rules.states import KitState, WaitFor
from kitto.web.hooks import Waiting, panel, waits

MOST: Final = 50
_CODE: Final = re.compile(r"[a-z][a-z_]+")


@panel("asset", "kits", title=N_("Kitting"), template="kitting/panel.html", order=30)
def fill_panel(work: Work, subject_id: int) -> dict[str, Any] | None:
    """The kits of a device, newest first, and what the last comparison with one that was ready found."""
    found = queries.kits(work, queries.KitFilter(asset_id=subject_id), limit=5).items
    if not found:
        return None
    ready = next((one for one in found if one.ready_at is not None), None)
    return {"kits": found, "ready": ready, **(_compared(work, ready) if ready else {})}


def _compared(work: Work, kit: Kit) -> dict[str, Any]:
    last = queries.newest_drift(work, kit.id)
    titles = {step.key: step.title(work.locale) for step in kit.steps}
    shown = [
        (
            titles.get(one["step"], one["step"]),
            *_where(one["what"]),
            queries.difference_said(one, work.locale),
        )
        for one in (last.differences if last else ())
    ]
    return {"last": last, "differences": shown}


def _where(what: str) -> tuple[str, str]:
    """Where a difference was seen, in words, and its code: what a recipe calls it is for programs."""
    if what == REPORT:
        return N_("as the device reports"), ""
    return ("", what) if _CODE.fullmatch(what) else (what, "")


@panel("pool", "kits", title=N_("Reserved for kits"), template="kitting/pool_panel.html", order=10)
def fill_pool(work: Work, subject_id: int) -> dict[str, Any] | None:
    """The orders whose kits will take seats of a pool, with how many."""
    found = seats.orders_reserving(work, subject_id)
    return {"orders": found} if found else None


@waits("kit_orders", title=N_("Orders to approve"), order=5)
def orders_to_approve(work: Work) -> Sequence[Waiting]:
    """Orders that this person may approve."""
    if not work.actor.may(Permission.APPROVE):
        return []
    me = f"{work.actor.kind}:{work.actor.id}"
    asked = queries.orders(work, states=(OrderState.ASKED,), limit=MOST).items
    return [
        Waiting(
            sentence=translate(
                work.locale,
                N_("Order #{number}: {quantity} × {profile}, asked by {name}"),
                number=one.id,
                quantity=one.quantity,
                profile=one.profile.name,
                name=one.asked_by,
            ),
            link=f"/kitting/orders/{one.id}",
            button=N_("Look and decide"),
            since=one.asked_at,
            tone="warn",
            subject="",
        )
        for one in asked
        if one.asked_as != me
    ]


@waits("kits", title=N_("Kits that need a person"), order=10)
def kits_that_wait(work: Work) -> Sequence[Waiting]:
    """Kits that failed, that are late, or whose step waits for hands; the worst first."""
    found = tickets.tickets(work, BoardFilter())
    late = [one for one in found if one.deadline_at is not None and one.deadline_at <= work.now]
    wanted = {one.id: one for one in (*found, *late) if one.needs_person or one in late}
    ranked = sorted(wanted.values(), key=lambda one: (one.state is not KitState.FAILED, one not in late))
    return [_waiting(work, one, is_late=one in late) for one in ranked[:MOST]]


def _waiting(work: Work, one: Ticket, *, is_late: bool) -> Waiting:
    failed = one.state is KitState.FAILED
    at_bench = one.waits_for is WaitFor.PERSON and not failed and work.actor.may(Permission.KIT)
    title = one.title.get("ja" if work.locale == "ja" else "en", "")
    late = f" – {translate(work.locale, N_('too long'))}" if is_late and not failed else ""
    why = f" – {translate(work.locale, one.reason)}" if failed and one.reason else ""
    return Waiting(
        sentence=f"#{one.id} {one.tag}: {title}{why}{late}",
        link=f"/kitting/bench?kit={one.id}" if at_bench else f"/kitting/{one.id}",
        button=N_("Look at the failure") if failed else N_("Do the step"),
        since=one.since,
        tone="bad" if failed or is_late else "warn",
        subject=one.tag,
    )
