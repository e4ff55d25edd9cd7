"""What kitting does when a device reports, moves on in the ledger, or changes hands."""

from kitto.assets import queries as asset_queries
from kitto.assets.facts import (
    AssetFact,
    AssetHandedOver,
    AssetObserved,
    AssetReceived,
    AssetStepTaken,
    EndpointSet,
)
from kitto.base.facts import reacts_to
from kitto.base.work import Work
from kitto.bootstrap.facts import MachineCalled
from kitto.kitting import queries
from kitto.kitting.actions import machine
from kitto.kitting.actions.chain import move_kit, prove, step_done
from kitto.kitting.actions.codes import SHOWN
from kitto.kitting.actions.files import CALLED, MADE
from kitto.kitting.actions.orders import close_order_when_done, follow_ledger
from kitto.kitting.facts import KitHandedOver
from kitto.kitting.rules.states import DONE, KitState, StepKind, StepState, WaitFor
from kitto.kitting.signals import go_on
from kitto.phones.facts import ProfileFetched


@reacts_to(AssetObserved)
def wake_kit(work: Work, fact: AssetObserved) -> None:
    """A device that a kit waits for has reported: let the kit look."""
    kit = queries.open_kit_of(work, fact.asset_id)
    if kit is None:
        return
    waiting = {step.waits_for for step in kit.steps if step.state is StepState.WAITING}
    if WaitFor.DEVICE in waiting:
        go_on(work, kit)


@reacts_to(EndpointSet)
def try_the_way(work: Work, fact: EndpointSet) -> None:
    """Somebody said how a device is reached: what waited for that is tried again."""
    kit = queries.open_kit_of(work, fact.asset_id)
    if kit is not None and machine.try_again(work, kit):
        go_on(work, kit)


@reacts_to(MachineCalled)
def note_call(work: Work, fact: MachineCalled) -> None:
    """A fresh machine called with the file of a step: the kit looks at it."""
    kit = queries.open_kit_of(work, fact.asset_id)
    if kit is None:
        return
    for step in kit.steps:
        tokens = [item.data.get("token") for item in step.evidence if item.kind == MADE]
        if step.state is StepState.WAITING and fact.token_id in tokens:
            prove(work, kit, step, CALLED, {"token": fact.token_id, "key": fact.fingerprint})
            go_on(work, kit)


@reacts_to(ProfileFetched)
def note_fetch(work: Work, fact: ProfileFetched) -> None:
    """A phone fetched the profile of a step: a person still accepts it there, and confirms."""
    kit = queries.open_kit_of(work, fact.asset_id) if isinstance(fact.asset_id, int) else None
    for step in kit.steps if kit is not None else ():
        links = [item.data.get("link") for item in step.evidence if item.kind == SHOWN]
        if kit is not None and step.state is StepState.WAITING and fact.link_id in links:
            prove(work, kit, step, "profile_fetched", {"link": fact.link_id})


@reacts_to(AssetReceived, AssetStepTaken)
def follow_device(work: Work, fact: AssetFact) -> None:
    """A device that an order waits for arrived, was accepted, or was sent back."""
    kit = queries.open_kit_of(work, fact.asset_id)
    if kit is not None:
        follow_ledger(work, kit, asset_queries.by_id(work, fact.asset_id))


@reacts_to(AssetHandedOver)
def finish_handover(work: Work, fact: AssetHandedOver) -> None:
    """A kitted device reached its person: the last part of its kit is done."""
    kit = queries.ready_kit_of(work, fact.asset_id)
    if kit is None:
        return
    for step in kit.steps:
        if step.kind is StepKind.HANDOVER and step.state not in DONE:
            evidence = prove(work, kit, step, "handed_over", {"to": fact.holder_name})
            step_done(work, kit, step, evidence)
    move_kit(work, kit, KitState.HANDED_OVER)
    work.record(KitHandedOver(kit_id=kit.id, asset_id=fact.asset_id, tag=kit.tag))
    close_order_when_done(work, kit)
