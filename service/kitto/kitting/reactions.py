"""What kitting does when a device reports."""

from kitto.assets.facts import AssetObserved
from kitto.base.facts import reacts_to
from kitto.base.work import Work
from kitto.kitting import queries
from kitto.kitting.rules.states import WaitFor
from kitto.kitting.signals import go_on


@reacts_to(AssetObserved)
def wake_kit(work: Work, fact: AssetObserved) -> None:
    """A device that a kit waits for has reported: let the kit look."""
    kit = queries.open_kit_of(work, fact.asset_id)
    if kit is not None and kit.waits_for is WaitFor.DEVICE:
        go_on(work, kit)
