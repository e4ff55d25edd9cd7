"""The other steps of a device's life."""

from collections.abc import Callable

from kitto.assets.actions.naming import index_text
from kitto.assets.facts import AssetStepTaken
from kitto.assets.models import Asset
from kitto.assets.queries import custody_of, locked
from kitto.assets.rules import RIGHTS, TERMINAL, State, Step
from kitto.assets.rules.life import MAY_BE_HELD
from kitto.base.errors import Refusal
from kitto.base.i18n import N_
from kitto.base.work import Work

PLAIN = frozenset(
    {
        Step.REJECT,
        Step.START_KITTING,
        Step.FINISH_KITTING,
        Step.FAIL_KITTING,
        Step.RECALL,
        Step.RESTOCK,
        Step.SEND_REPAIR,
        Step.BACK_FROM_REPAIR,
        Step.BACK_TO_HOLDER,
        Step.REPORT_LOST,
        Step.FOUND,
        Step.RETIRE,
        Step.START_WIPE,
        Step.WIPED_FOR_REUSE,
        Step.WIPED_FOR_DISPOSAL,
        Step.DISPOSE,
        Step.RETURN_LEASE,
        Step.VOID,
    }
)
"""Steps that need nothing but a reason; the others have actions of their own."""


class OwnActionNeeded(Refusal):
    code = "assets.own_action_needed"
    status = 422
    says = N_("Nothing was changed: this step needs more than a reason. Use its own page.")


class StillHeld(Refusal):
    code = "assets.still_held"
    says = N_("Nothing was changed: {name} still answers for {tag}. Take it back first.")


class NoHolderKept(Refusal):
    code = "assets.no_holder_kept"
    says = N_("Nothing was changed: nobody answers for {tag}. Book it back from repair instead.")


class SecondPersonNeeded(Refusal):
    code = "assets.second_person_needed"
    status = 403
    says = N_("Not disposed: you retired {tag} yourself. Ask a colleague to dispose of it.")


class NotALease(Refusal):
    code = "assets.not_a_lease"
    says = N_("Nothing was changed: {tag} is not leased or rented. Dispose of it instead.")


def take_step(work: Work, *, tag: str, step: Step, reason: str = "", version: int | None = None) -> Asset:
    """Take one of the plain steps. Refuses what the table or the step's guard does not allow."""
    work.allow(RIGHTS[step])
    asset = locked(work, tag)
    work.allow(RIGHTS[step], asset.scopes)
    work.expect(asset, version)
    if step not in PLAIN:
        raise OwnActionNeeded
    custody = custody_of(work, asset.id)
    before = asset.take(step, work.now, holder=custody.holder_name if custody else "")
    _GUARDS.get(step, _free)(work, asset)
    if asset.state in TERMINAL:
        index_text(work, asset)
    work.record(
        AssetStepTaken(
            asset_id=asset.id,
            tag=asset.name,
            step=step,
            reason=reason,
            changes={"state": (before, asset.state)},
        )
    )
    return asset


def retire(work: Work, *, tag: str, reason: str) -> Asset:
    """Ask for a device to be retired (除却申請); someone else disposes of it."""
    return take_step(work, tag=tag, step=Step.RETIRE, reason=reason)


def dispose(work: Work, *, tag: str, reason: str) -> Asset:
    """Dispose of a retired device; not by the person who retired it."""
    return take_step(work, tag=tag, step=Step.DISPOSE, reason=reason)


def _free(work: Work, asset: Asset) -> None:
    """Nobody may answer for a device that has left the states in which it is held."""
    custody = custody_of(work, asset.id)
    if custody is not None and asset.state not in MAY_BE_HELD:
        if asset.state is State.INSPECTING:
            custody.ended_at, custody.closed_by = work.now, work.actor.name
            work.session.flush()  # the search text below asks who holds it
            index_text(work, asset)
            return
        raise StillHeld(name=custody.holder_name, tag=asset.name)


def _retire(work: Work, asset: Asset) -> None:
    _free(work, asset)
    asset.retired_by = f"{work.actor.kind}:{work.actor.id}"


def _dispose(work: Work, asset: Asset) -> None:
    _free(work, asset)
    if asset.retired_by == f"{work.actor.kind}:{work.actor.id}":
        raise SecondPersonNeeded(tag=asset.name)


def _return_lease(work: Work, asset: Asset) -> None:
    _free(work, asset)
    if asset.ownership not in ("leased", "rented"):
        raise NotALease(tag=asset.name)


def _back_to_holder(work: Work, asset: Asset) -> None:
    if custody_of(work, asset.id) is None:
        raise NoHolderKept(tag=asset.name)


_GUARDS: dict[Step, Callable[[Work, Asset], None]] = {
    Step.RETIRE: _retire,
    Step.DISPOSE: _dispose,
    Step.RETURN_LEASE: _return_lease,
    Step.BACK_TO_HOLDER: _back_to_holder,
}
