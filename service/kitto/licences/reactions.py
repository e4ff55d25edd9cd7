"""What licences do when something happens to a device."""

from kitto.assets.facts import AssetStepTaken, AssetTakenBack
from kitto.assets.rules import HolderKind, Step
from kitto.base.facts import reacts_to
from kitto.base.work import Work
from kitto.licences import actions
from kitto.licences.rules import FreedWhy

ENDS_USE = {
    Step.RETIRE: FreedWhy.RETIRED,
    Step.DISPOSE: FreedWhy.DISPOSED,
    Step.RETURN_LEASE: FreedWhy.LEASE_RETURNED,
    Step.VOID: FreedWhy.VOIDED,
    Step.FOUND: FreedWhy.FOUND,
}
"""Steps after which a device uses no licence, and why its seats come back."""

LEAVES_FOR_GOOD = frozenset({Step.DISPOSE, Step.RETURN_LEASE})
"""Steps after which nobody can take a SIM out any more."""


@reacts_to(AssetTakenBack)
def free_returned(work: Work, fact: AssetTakenBack) -> None:
    """A device that came back needs no seats; the next holder's are granted anew."""
    actions.free_seats_of(work, HolderKind.ASSET, fact.asset_id, why=FreedWhy.TAKEN_BACK)


@reacts_to(AssetStepTaken)
def free_ended(work: Work, fact: AssetStepTaken) -> None:
    """A device that is retired, disposed of or void gives its seats back; no SIM leaves with it."""
    if Step(fact.step) in LEAVES_FOR_GOOD:
        actions.refuse_sims_inside(work, fact.asset_id)
    why = ENDS_USE.get(Step(fact.step))
    if why is not None:
        actions.free_seats_of(work, HolderKind.ASSET, fact.asset_id, why=why)
