"""By the clock: who is waited for is looked for, long waits are told of, the forgotten are taken up."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Final

from kitto.assets import queries as asset_queries
from kitto.assets.rules import normalised
from kitto.base import clock, ears
from kitto.base.errors import Fault, Refusal
from kitto.base.jobs import POLL, JobRun, is_stale, schedule
from kitto.base.work import Work
from kitto.identity.rules import Permission
from kitto.kitting import queries
from kitto.kitting.actions import machine
from kitto.kitting.actions.start import REACHED_BY
from kitto.kitting.adapters import cable
from kitto.kitting.adapters.outside import Target
from kitto.kitting.adapters.ports import answers
from kitto.kitting.jobs.once import target_of
from kitto.kitting.jobs.plays import kitto
from kitto.kitting.models import Kit, KitStep
from kitto.kitting.rules.states import MACHINE, StepKind, StepState, WaitFor
from kitto.kitting.signals import go_on

AT_ONCE: Final = 32
"""How many are asked at a time: each that is silent takes seconds, and the next look is a minute away."""


@schedule("* * * * *", POLL)
def look_for_devices(run: JobRun, due: datetime) -> None:
    """Devices that kits wait for: those go on that answer again as their step asks, or hang on the cable."""
    if is_stale(due, clock.now(), timedelta(minutes=1)):
        return
    with run.ledger.read(kitto()) as work:
        work.allow(Permission.KIT)
        found = queries.waiting_for_devices(work.session)
        waiting = [(kit.id, way) for kit in found for way in _ways(work, kit)]
    for kit_id in dict.fromkeys(_answering(waiting)):
        with run.ledger.begin(kitto()) as work:
            if machine.device_is_back(work, kit_id):
                go_on(work, queries.kit(work, kit_id))


@schedule("* * * * *", POLL)
def look_at_the_late(run: JobRun, due: datetime) -> None:
    """Kits that wait too long are told of; those whose pause is over go on."""
    if is_stale(due, clock.now(), timedelta(minutes=1)):
        return
    with run.ledger.read(kitto()) as work:
        work.allow(Permission.KIT)
        late = [kit.id for kit in queries.late_kits(work.session, work.now)]
    for kit_id in late:
        with run.ledger.begin(kitto()) as work:
            machine.note_late(work, kit_id)


@schedule("* * * * *", POLL)
def look_for_the_forgotten(run: JobRun, due: datetime) -> None:
    """Kits that could go on and have no job any more: one that failed, or was taken up too often."""
    if is_stale(due, clock.now(), timedelta(minutes=1)):
        return
    with run.ledger.begin(kitto()) as work:
        machine.take_up_forgotten(work)


def _answering(waiting: list[tuple[int, Target]]) -> Iterable[int]:
    """Numbers of the kits one of whose ways answers. Each way is asked once, many beside each other."""
    if not waiting:
        return ()
    hanging = cable.ready() if any(_is_phone(way) for _, way in waiting) else frozenset[str]()

    def is_back(way: Target) -> bool:
        if _is_phone(way):
            return normalised(way.serial) in hanging
        if way.ear is not None:
            heard = ears.ask(way.ear)
            return heard.answered or heard.denied
        return answers(way.address, way.port)

    with ThreadPoolExecutor(min(AT_ONCE, len(waiting)), thread_name_prefix="kit-look") as pool:
        back = list(pool.map(is_back, [way for _, way in waiting]))
    return (kit_id for (kit_id, _), answered in zip(waiting, back, strict=True) if answered)


def _is_phone(way: Target) -> bool:
    return not way.address


def _ways(work: Work, kit: Kit) -> list[Target]:
    """What is asked whether the device is back: of a probe what it asks itself, else where plays go."""
    work.allow(Permission.KIT)
    found: list[Target] = []
    for step in kit.steps:
        if step.kind not in MACHINE or step.state is not StepState.WAITING:
            continue
        if step.waits_for is not WaitFor.DEVICE:
            continue
        if step.kind is StepKind.PROBE:
            found += _own_way(work, kit, step)
        else:
            reached = (asset_queries.endpoint(work, kit.device, kind) for kind in REACHED_BY)
            found += [Target(one.address, one.port) for one in reached if one is not None]
    return found


def _own_way(work: Work, kit: Kit, step: KitStep) -> list[Target]:
    work.allow(Permission.KIT)
    try:
        target = target_of(work, kit, step.with_)
    except (Refusal, Fault):  # what it lacks was taken away meanwhile; giving it another way wakes it
        return []
    return [] if target is None else [target]
