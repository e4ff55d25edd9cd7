"""By the clock: who is waited for is looked for, long waits are told of, the forgotten are taken up."""

from datetime import datetime, timedelta

from kitto.assets import queries as asset_queries
from kitto.assets.rules import normalised
from kitto.base import clock
from kitto.base.jobs import POLL, JobRun, is_stale, schedule
from kitto.base.work import Work
from kitto.identity.rules import Permission
from kitto.kitting import queries
from kitto.kitting.actions import machine
from kitto.kitting.adapters import cable
from kitto.kitting.adapters.ports import answers
from kitto.kitting.jobs.plays import kitto
from kitto.kitting.models import Kit
from kitto.kitting.rules.states import StepKind, StepState
from kitto.kitting.signals import go_on


@schedule("* * * * *", POLL)
def look_for_devices(run: JobRun, due: datetime) -> None:
    """Devices that kits wait for: let those go on whose port answers again, or that hang on the cable."""
    if is_stale(due, clock.now(), timedelta(minutes=1)):
        return
    with run.ledger.read(kitto()) as work:
        work.allow(Permission.KIT)
        found = queries.waiting_for_devices(work.session)
        waiting = [(kit.id, _ways(work, kit), _on_cable(work, kit)) for kit in found]
    hanging = cable.ready() if any(serial for _, _, serial in waiting) else frozenset[str]()
    for kit_id, ways, serial in waiting:
        if serial in hanging or any(answers(address, port) for address, port in ways):
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


def _ways(work: Work, kit: Kit) -> list[tuple[str, int]]:
    work.allow(Permission.KIT)
    found = [asset_queries.endpoint(work, kit.device, kind) for kind in ("ssh", "winrm")]
    return [(one.address, one.port) for one in found if one is not None]


def _on_cable(work: Work, kit: Kit) -> str:
    """The serial number of the phone that a step of this kit waits for, normalised; empty if none does."""
    work.allow(Permission.KIT)
    waits = (step for step in kit.steps if step.state is StepState.WAITING)
    if not any(step.kind is StepKind.PROBE and step.with_.get("transport") == "adb" for step in waits):
        return ""
    return normalised(asset_queries.by_id(work, kit.device).serial or "")
