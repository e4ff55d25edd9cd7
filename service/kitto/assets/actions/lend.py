"""Who answers for a device: hand over, transfer, extend, take back."""

from datetime import date

from kitto.assets.actions.naming import index_text
from kitto.assets.facts import AssetHandedOver, AssetTakenBack, AssetTransferred, CustodyRenewed
from kitto.assets.models import Asset, Custody
from kitto.assets.queries import Holder, custody_of, locked
from kitto.assets.rules import Condition, HolderKind, State, Step
from kitto.assets.rules.life import refused
from kitto.base.errors import Refusal
from kitto.base.i18n import N_
from kitto.base.work import Work
from kitto.identity.rules import Permission


class HolderNotActive(Refusal):
    code = "assets.holder_not_active"
    says = N_("Not handed over: {name} is not with us on {day}. Check the dates, or choose someone else.")


class DueInThePast(Refusal):
    code = "assets.due_in_the_past"
    status = 422
    says = N_("Nothing was changed: the return date {day} has passed. Choose a later one.")


def hand_over(
    work: Work, *, tag: str, holder: Holder, due_on: date | None = None, purpose: str = ""
) -> Custody:
    """Put a ready device into someone's hands. Refuses, naming who has it, if it is not ready.

    Devices of a category that is not kitted may go straight from stock.
    """
    work.allow(Permission.HAND_OVER)
    asset = locked(work, tag)
    work.allow(Permission.HAND_OVER, asset.scopes)
    current = custody_of(work, asset.id)
    if asset.state is State.IN_STOCK and asset.model.category.needs_kitting:
        raise refused(asset.name, asset.state, Step.HAND_OVER)
    before = asset.take(Step.HAND_OVER, work.now, holder=current.holder_name if current else "")
    custody = _open(work, asset, holder, due_on, purpose)
    work.record(
        AssetHandedOver(
            asset_id=asset.id,
            tag=asset.name,
            holder_kind=holder.kind,
            holder_id=holder.id,
            holder_name=holder.name,
            person_id=holder.id if holder.kind is HolderKind.PERSON else None,
            changes={"state": (before, asset.state), "holder": (None, holder.name)},
        )
    )
    return custody


def transfer(
    work: Work, *, tag: str, holder: Holder, due_on: date | None = None, purpose: str = ""
) -> Custody:
    """Pass a device from one holder to the next, in one transaction."""
    work.allow(Permission.HAND_OVER)
    asset = locked(work, tag)
    work.allow(Permission.HAND_OVER, asset.scopes)
    asset.take(Step.TRANSFER, work.now)
    old = _close(work, asset)
    custody = _open(work, asset, holder, due_on, purpose)
    work.record(
        AssetTransferred(
            asset_id=asset.id,
            tag=asset.name,
            holder_kind=holder.kind,
            holder_id=holder.id,
            holder_name=holder.name,
            person_id=holder.id if holder.kind is HolderKind.PERSON else None,
            changes={"holder": (old.holder_name if old else None, holder.name)},
        )
    )
    return custody


def renew(work: Work, *, tag: str, due_on: date | None) -> Custody:
    """Let the holder keep the device until another day (None: without an end)."""
    work.allow(Permission.HAND_OVER)
    asset = locked(work, tag)
    work.allow(Permission.HAND_OVER, asset.scopes)
    asset.take(Step.RENEW, work.now)
    custody = custody_of(work, asset.id)
    if custody is None:
        raise refused(asset.name, asset.state, Step.RENEW)
    _not_past(work, due_on)
    before, custody.due_on = custody.due_on, due_on
    work.record(CustodyRenewed(asset_id=asset.id, tag=asset.name, changes={"due_on": (before, due_on)}))
    return custody


def take_back(
    work: Work, *, tag: str, condition: Condition = Condition.GOOD, missing: list[str] | None = None
) -> Asset:
    """Take a device back from its holder for inspection; `missing` names accessories not returned."""
    work.allow(Permission.TAKE_BACK)
    asset = locked(work, tag)
    work.allow(Permission.TAKE_BACK, asset.scopes)
    before = asset.take(Step.TAKE_BACK, work.now)
    old = _close(work, asset)
    was, asset.condition = asset.condition, condition
    index_text(work, asset)
    work.record(
        AssetTakenBack(
            asset_id=asset.id,
            tag=asset.name,
            holder_name=old.holder_name if old else "",
            condition=condition,
            person_id=old.holder_id if old and old.holder_kind is HolderKind.PERSON else None,
            changes={
                "state": (before, asset.state),
                "holder": (old.holder_name if old else None, None),
                "condition": (was, condition),
                "missing": ([], missing or []),
            },
        )
    )
    return asset


def _open(work: Work, asset: Asset, holder: Holder, due_on: date | None, purpose: str) -> Custody:
    today = work.now.astimezone(work.actor.zone).date()
    if not holder.active_on(today):
        raise HolderNotActive(name=holder.name, day=today)
    _not_past(work, due_on)
    custody = work.add(
        Custody(
            asset_id=asset.id,
            holder_kind=holder.kind,
            holder_id=holder.id,
            holder_name=holder.name,
            purpose=purpose,
            due_on=due_on,
            started_at=work.now,
            ended_at=None,
            opened_by=work.actor.name,
            closed_by=None,
        )
    )
    index_text(work, asset)
    return custody


def _close(work: Work, asset: Asset) -> Custody | None:
    custody = custody_of(work, asset.id)
    if custody is not None:
        custody.ended_at, custody.closed_by = work.now, work.actor.name
        work.session.flush()  # the next custody may open only once this one is closed
    return custody


def _not_past(work: Work, due_on: date | None) -> None:
    if due_on is not None and due_on < work.now.astimezone(work.actor.zone).date():
        raise DueInThePast(day=due_on)
