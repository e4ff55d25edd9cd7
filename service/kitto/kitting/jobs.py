"""Kits go on by themselves: plays are run and followed, waiting devices are looked for."""

import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from kitto.assets import queries as asset_queries
from kitto.base import clock
from kitto.base.errors import Fault, Refusal
from kitto.base.jobs import KIT, POLL, JobRun, is_stale, job, schedule
from kitto.base.seal import unseal
from kitto.base.settings import settings
from kitto.base.work import Actor, Ledger, system_actor
from kitto.identity.rules import Permission
from kitto.kitting import queries
from kitto.kitting.actions import machine
from kitto.kitting.actions.secrets import device_secret
from kitto.kitting.actions.start import make_key
from kitto.kitting.adapters import recipes
from kitto.kitting.adapters.agent_file import agent_file
from kitto.kitting.adapters.ansible import Ansible
from kitto.kitting.adapters.plays import Host, Outcome, PlayEvent, PlayFault, PlayOutcome, PlaySpec, State
from kitto.kitting.adapters.ports import answers
from kitto.kitting.models import Kit
from kitto.kitting.rules.states import StepKind
from kitto.kitting.signals import go_on

FOLLOW_SECONDS: Final = 0.25
BATCH: Final = 1000
Doer = Callable[[Ledger, int, str, str], str]
"""Does a claimed step: ledger, kit, step, run. May be called again for the same run."""


def kitto() -> Actor:
    """Kitto itself at the bench."""
    return system_actor(
        "kitting",
        Permission.SEE,
        Permission.KIT,
        Permission.MANAGE_AGENTS,
        Permission.OBSERVE,
    )


def ansible() -> Ansible:
    """The plays of this installation."""
    own = settings()
    return Ansible(
        home=own.data / "runs",
        plugins=own.shipped("inventories") / "plugins",
        collections=own.data / "collections",
    )


@job(KIT)
def carry_on(run: JobRun, kit_id: int) -> None:
    """Do what a kit can do now, play by play, until it ends or waits."""
    while True:
        todo = run.step("choose", _choose, run.ledger, kit_id)
        if todo is None:
            return
        run.step(todo["kind"], DOERS[todo["kind"]], run.ledger, kit_id, todo["step"], todo["run"])


def _choose(ledger: Ledger, kit_id: int) -> dict[str, str] | None:
    with ledger.begin(kitto()) as work:
        todo = machine.next_todo(work, kit_id)
    return {"step": todo.step, "run": todo.run, "kind": todo.kind} if todo else None


def _play(ledger: Ledger, kit_id: int, step: str, run: str) -> str:
    """Run or take up one play and follow it to its end. May be run again: nothing is launched twice."""
    plays = ansible()
    try:
        _launch(ledger, plays, kit_id, step, run)
        outcome = _follow(ledger, plays, kit_id, step, run)
    except PlayFault as fault:
        outcome = PlayOutcome(outcome=Outcome.FAILED, cause="fault", reason=str(fault))
    except (Refusal, Fault) as refusal:
        outcome = PlayOutcome(outcome=Outcome.FAILED, cause="refused", reason=str(refusal))
    with ledger.begin(kitto()) as work:
        machine.note_outcome(work, kit_id, step, run, outcome)
    plays.forget(run)
    return str(outcome.outcome)


def _launch(ledger: Ledger, plays: Ansible, kit_id: int, step: str, run: str) -> None:
    if plays.find(run) is not None:
        return
    with ledger.begin(kitto()) as work:
        first = machine.note_launch(work, kit_id, run)
    if not first:
        # It was launched, and nothing of it is here: the machine went down with it, or another
        # machine had it. `_follow` will find it lost.
        return
    with ledger.begin(kitto()) as work:
        work.unrecorded("reads what the play needs; tokens made for it are recorded by their room")
        spec, secrets, private_key = _ready(work, queries.kit(work, kit_id), step, run)
    plays.start(spec, secrets, private_key)


def _ready(work: Any, kit: Kit, step_key: str, run: str) -> tuple[PlaySpec, dict[str, str], str]:
    work.allow(Permission.KIT)
    step = queries.step_of(kit, step_key)
    asset = asset_queries.by_id(work, kit.device)
    reached = asset_queries.endpoint(work, asset.id, "ssh")
    if reached is None:
        raise PlayFault(f"nobody said how {asset.name} is reached")
    names = tuple(step.spec.get("secrets", ()))
    secrets = {name: device_secret(work, asset.id, name).reveal() for name in names}
    content = kit.profile.recipes[step.spec["recipe"]]
    mode = queries.attempt(work, run).mode
    files = {"kitto_agent_pyz": str(agent_file())} if "kitto_agent_pyz" in step.spec.get("files", ()) else {}
    own = settings()
    spec = PlaySpec(
        run_id=run,
        folder=str(recipes.kept(content)),
        playbook=step.spec["verify"] if mode == "verify" else step.spec["playbook"],
        content=content,
        host=Host(
            address=reached.address,
            port=reached.port,
            user=reached.account or "kitto",
            keys=(reached.host_key,),
        ),
        variables={
            **kit.parameters,
            "kitto_tag": asset.name,
            "kitto_serial": asset.serial or "",
            "kitto_server": own.public_url(),
        },
        files=files,
        secret_names=names,
        total_seconds=60.0 * step.spec.get("minutes", own.step_minutes),
        silent_seconds=60.0 * own.idle_output_minutes,
        forks=own.forks,
    )
    return spec, secrets, unseal(make_key(work).private_sealed).reveal()


def _follow(ledger: Ledger, plays: Ansible, kit_id: int, step: str, run: str) -> PlayOutcome:
    """Store the play's events as they come, pass a cancellation on, return how it ended."""
    seq = _seq(ledger, run)
    asked = False
    while True:
        handle = plays.find(run)
        seq = _drain(ledger, plays, kit_id, step, run, seq)
        if handle is None:
            return PlayOutcome(
                outcome=Outcome.LOST,
                cause="no_trace",
                reason="The play was launched, and nothing of it is left on this machine.",
                left_there=True,
            )
        outcome = None if handle.state is State.RUNNING else plays.outcome(run)
        if outcome is not None:
            _drain(ledger, plays, kit_id, step, run, seq)
            return outcome
        if not asked and _is_cancelled(ledger, kit_id):
            plays.cancel(run)
            asked = True
        time.sleep(FOLLOW_SECONDS)


def _drain(ledger: Ledger, plays: Ansible, kit_id: int, step: str, run: str, seq: int) -> int:
    for batch in _batches(plays.events(run, seq)):
        with ledger.begin(kitto()) as work:
            seq = machine.keep_lines(work, kit_id, step, run, batch)
    return seq


def _batches(events: Iterator[PlayEvent]) -> Iterator[list[PlayEvent]]:
    batch: list[PlayEvent] = []
    for event in events:
        batch.append(event)
        if len(batch) >= BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _seq(ledger: Ledger, run: str) -> int:
    with ledger.read(kitto()) as work:
        work.allow(Permission.KIT)
        return queries.attempt(work, run).last_seq


def _is_cancelled(ledger: Ledger, kit_id: int) -> bool:
    with ledger.read(kitto()) as work:
        work.allow(Permission.KIT)
        return queries.kit(work, kit_id).cancel_asked_at is not None


DOERS: Final[dict[StepKind, Doer]] = {StepKind.PLAYBOOK: _play}
"""What does each kind of step that needs something from outside."""


@schedule("* * * * *", POLL)
def look_for_devices(run: JobRun, due: datetime) -> None:
    """Devices that kits wait for: let those go on whose port answers again."""
    if is_stale(due, clock.now(), timedelta(minutes=1)):
        return
    with run.ledger.read(kitto()) as work:
        work.allow(Permission.KIT)
        waiting = [
            (kit.id, reached.address, reached.port)
            for kit in queries.waiting_for_devices(work.session)
            if (reached := asset_queries.endpoint(work, kit.device, "ssh")) is not None
        ]
    for kit_id, address, port in waiting:
        if answers(address, port):
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
