"""What the watch does when something happens to a device."""

from kitto.assets.facts import AssetStepTaken
from kitto.assets.rules import Step
from kitto.base.facts import reacts_to
from kitto.base.work import Work
from kitto.health import actions

ENDS_WATCH = frozenset({Step.RETIRE, Step.DISPOSE, Step.RETURN_LEASE, Step.VOID})
"""Steps after which a device is no longer there to answer."""


@reacts_to(AssetStepTaken)
def stop_watching(work: Work, fact: AssetStepTaken) -> None:
    """A device that is gone is not asked any more, and its problems are over."""
    if Step(fact.step) in ENDS_WATCH:
        actions.pause_probes_of(work, fact.asset_id)
