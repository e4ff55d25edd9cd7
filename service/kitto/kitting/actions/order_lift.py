"""Lifting an order to the newest published version of its profile, with the kits that nobody has begun."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import delete

from kitto.assets import queries as asset_queries
from kitto.base.errors import ChangedMeanwhile
from kitto.base.i18n import Words
from kitto.base.work import Work
from kitto.identity.rules import Permission
from kitto.kitting import queries
from kitto.kitting.actions.chain import prove
from kitto.kitting.actions.kinds.licences import give_titles_back, reserve
from kitto.kitting.actions.lift import differing
from kitto.kitting.actions.names import give_name_back, reserve_name
from kitto.kitting.actions.profiles import fitting, published, spec_of_version
from kitto.kitting.actions.seats import reserve_titles
from kitto.kitting.actions.start import steps_of
from kitto.kitting.facts import OrderLifted
from kitto.kitting.models import Kit, KitOrder, KitProfileVersion, KitStep
from kitto.kitting.queries.seats import titles_of
from kitto.kitting.rules.orders import ORDER_WORDS, OrderState
from kitto.kitting.rules.refusals import NothingToLift, OrderIsNewest, OrderUndecided, SamePerson
from kitto.kitting.rules.states import BEFORE_WORK, OPEN
from kitto.licences.rules import name_key

OPEN_ORDERS = (OrderState.ASKED, OrderState.APPROVED)


@dataclass(frozen=True)
class OrderLift:
    """What lifting would do: `kits` go along, `begun` keep what they froze; keys of steps, and parameters.

    `before` and `after` are the same where no newer version is published.
    """

    before: int
    after: int
    kits: int
    begun: int
    added: Sequence[str] = ()
    changed: Sequence[str] = ()
    left_out: Sequence[str] = ()
    parameters: dict[str, Any] = field(default_factory=dict)
    dropped: Sequence[str] = ()


def plan_order_lift(work: Work, order_id: int) -> OrderLift:
    """What lifting the order to the newest published version would do. Reads only.

    `parameters` are those of the order that the new version knows; `dropped` names the others.
    """
    work.allow(Permission.SEE)
    asked = queries.order(work, order_id)
    old, new = asked.profile, _newest(work, asked)
    kits = queries.kits_of_order(work, asked.id)
    waiting = _not_begun(kits)
    begun = sum(1 for kit in kits if kit.state in OPEN) - len(waiting)
    if new.id == old.id:
        return OrderLift(old.number, old.number, len(waiting), begun)
    before, after = _keys(old), _keys(new)
    differ = differing(old, new)
    kept = _kept(asked, new)
    return OrderLift(
        before=old.number,
        after=new.number,
        kits=len(waiting),
        begun=begun,
        added=[key for key in differ if key not in before],
        changed=[key for key in differ if key in before],
        left_out=[key for key in before if key not in after],
        parameters=kept,
        dropped=[name for name in asked.parameters if name not in kept],
    )


def lift_order(
    work: Work,
    *,
    order_id: int,
    to: int | None = None,
    parameters: dict[str, Any] | None = None,
    version: int | None = None,
) -> KitOrder:
    """Lift an order to the newest published version; kits that have begun keep what they froze.

    `to`: the version that the caller looked at. `parameters`: instead of those of the order. An order that
    somebody else approved is lifted by somebody else too. Refuses order_is_newest, nothing_to_lift,
    same_person, and all that refuses an order.
    """
    work.allow(Permission.KIT)
    asked = queries.order_locked(work, order_id)
    work.expect(asked, version)
    if asked.state not in OPEN_ORDERS:
        raise OrderUndecided(number=asked.id, state=Words(ORDER_WORDS[asked.state]))
    _refuse_the_same(work, asked)
    old, new = asked.profile, _wanted(work, asked, to)
    waiting = _not_begun(queries.kits_of_order(work, asked.id))
    if not waiting:
        raise NothingToLift(number=asked.id)
    given = _kept(asked, new) if parameters is None else parameters
    asked.parameters, asked.profile = fitting(spec_of_version(new), given), new
    for kit in waiting:
        _lift(work, queries.locked(work, kit.id), asked)
    _move_seats(work, asked, waiting, old)
    work.record(
        OrderLifted(
            order_id=asked.id, quantity=len(waiting), before=old.number, profile=f"{new.name} v{new.number}"
        )
    )
    return asked


def _wanted(work: Work, asked: KitOrder, to: int | None) -> KitProfileVersion:
    old, new = asked.profile, _newest(work, asked)
    if new.id == old.id:
        raise OrderIsNewest(number=asked.id, version=old.number, name=old.name)
    if to not in (None, new.number):
        raise ChangedMeanwhile
    return published(work, old.name)


def _refuse_the_same(work: Work, asked: KitOrder) -> None:
    """What a second person has approved is changed by a second person only, who answers for it then."""
    if not (asked.needs_approval and asked.state is OrderState.APPROVED):
        return
    work.allow(Permission.APPROVE)
    if asked.asked_as == f"{work.actor.kind}:{work.actor.id}":
        raise SamePerson(what=asked.named)
    asked.decided_by, asked.decided_at = work.actor.name, work.now


def _lift(work: Work, kit: Kit, asked: KitOrder) -> None:
    """Nothing of it has begun, so its steps are those of the new version, and its chain says since when."""
    if kit.asset_id is not None:
        work.allow(Permission.KIT, asset_queries.by_id(work, kit.asset_id).scopes)
    old, new = kit.profile, asked.profile
    work.session.execute(delete(KitStep).where(KitStep.kit_id == kit.id))
    work.session.expire(kit, ["steps"])
    kit.profile, kit.parameters = new, asked.parameters
    kit.steps = steps_of(spec_of_version(new))
    if old.definition.get("hostname") != new.definition.get("hostname"):
        give_name_back(work, kit)
        reserve_name(work, kit)
    lifted = {"profile": new.name, "from": old.number, "number": new.number, "content": new.content}
    prove(work, kit, None, "lifted", lifted)


def _move_seats(work: Work, asked: KitOrder, kits: Sequence[Kit], old: KitProfileVersion) -> None:
    """Seats that only the old version wanted are free again, those that only the new one wants are taken."""
    before, after = titles_of(old.definition), titles_of(asked.profile.definition)
    for kit in kits:
        give_titles_back(work, kit, _without(before, after))
    reserve_titles(work, asked, kits, _without(after, before))
    for kit in kits:
        if kit.asset_id is not None:
            reserve(work, kit, asked.profile.definition.get("licences", ()))


def _without(titles: Iterable[str], others: Iterable[str]) -> list[str]:
    known = {name_key(title) for title in others}
    return [title for title in titles if name_key(title) not in known]


def _not_begun(kits: Iterable[Kit]) -> list[Kit]:
    return [kit for kit in kits if kit.state in BEFORE_WORK and kit.cancel_asked_at is None]


def _newest(work: Work, asked: KitOrder) -> KitProfileVersion:
    return queries.versions(work, asked.profile.name)[0]


def _keys(version: KitProfileVersion) -> list[str]:
    return [step.key for _, step in spec_of_version(version).all_steps]


def _kept(asked: KitOrder, version: KitProfileVersion) -> dict[str, Any]:
    known = version.definition.get("parameters", {}).get("properties", {})
    return {name: value for name, value in asked.parameters.items() if name in known}
