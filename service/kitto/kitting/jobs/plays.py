"""Plays: launched once, followed to their end, their events stored as they come."""

import base64
import hashlib
import time
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from kitto.assets import queries as asset_queries
from kitto.assets.models import Asset
from kitto.base.boxes import lid
from kitto.base.errors import PASSING, Fault, Refusal
from kitto.base.i18n import N_
from kitto.base.seal import unseal
from kitto.base.settings import settings
from kitto.base.work import Actor, Ledger, Work, system_actor
from kitto.bootstrap import actions as bootstrap
from kitto.bootstrap import queries as bootstrap_queries
from kitto.bootstrap.adapters import certificates
from kitto.bootstrap.adapters.agent_file import agent_file, windows_agent_file
from kitto.bootstrap.rules.authorities import AuthorityKind
from kitto.identity.rules import Permission
from kitto.kitting import queries
from kitto.kitting.actions import machine
from kitto.kitting.actions.reach import reach
from kitto.kitting.actions.secrets import device_secret, take_handed_in
from kitto.kitting.actions.start import make_key
from kitto.kitting.adapters import recipes
from kitto.kitting.adapters.ansible import Ansible
from kitto.kitting.adapters.plays import (
    NOT_STARTED,
    Outcome,
    PlayEvent,
    PlayFault,
    PlayOutcome,
    PlaySpec,
    State,
    Strategy,
    ended,
)
from kitto.kitting.models import Kit, KitAttempt
from kitto.kitting.rules.refusals import NoWay

FOLLOW_SECONDS: Final = 0.25
BATCH: Final = 1000
NO_TRACE: Final = N_("The play was launched, and nothing of it is left on this machine.")
AGENTS: Final = {"kitto_agent_pyz": agent_file, "kitto_agent_ps1": windows_agent_file}
"""Files that Kitto makes for the steps that name them."""
DRY: Final = frozenset({"check", "drift"})
"""Modes in which a play only says what it would change."""


def kitto() -> Actor:
    """Kitto itself at the bench."""
    return system_actor(
        "kitting",
        Permission.SEE,
        Permission.KIT,
        Permission.GRANT_SEATS,
        Permission.MANAGE_AGENTS,
        Permission.OBSERVE,
    )


def ansible() -> Ansible:
    """The plays of this installation."""
    own = settings()
    return Ansible(
        home=own.data / "runs",
        plugins=own.shipped("inventories") / "plugins",
        collections=own.collections(),
        warm_seconds=60.0 * own.ansible_warm_minutes,
        strategy=Strategy(own.ansible_strategy),
    )


def play(ledger: Ledger, kit_id: int, step: str, run: str) -> str:
    """Run or take up one play and follow it to its end. May be run again: nothing is launched twice."""
    plays = ansible()
    if (before := _ended(ledger, run)) is not None:
        # The job died after the end was noted and before it was told so.
        plays.forget(run)
        return before
    try:
        _launch(ledger, plays, kit_id, step, run)
        outcome = _follow(ledger, plays, kit_id, step, run)
    except PASSING:
        # The play goes on meanwhile; whoever calls us again takes it up.
        raise
    except PlayFault as fault:
        outcome = _stopped(plays, run, ended(Outcome.FAILED, "fault", NOT_STARTED, {"text": fault}))
    except NoWay as nowhere:
        outcome = PlayOutcome(outcome=Outcome.UNREACHABLE, cause="no_way", reason=nowhere.told())
    except Refusal as refusal:
        refused = PlayOutcome(outcome=Outcome.FAILED, cause="refused", reason=refusal.told())
        outcome = _stopped(plays, run, refused)
    except Fault as fault:
        outcome = _stopped(plays, run, ended(Outcome.FAILED, "refused", NOT_STARTED, {"text": fault}))
    if outcome.outcome is Outcome.LOST:
        outcome = _swept(ledger, plays, kit_id, step, run, outcome)
    with ledger.begin(kitto()) as work:
        machine.note_outcome(work, kit_id, step, run, outcome)
    plays.forget(run)
    return str(outcome.outcome)


def _stopped(plays: Ansible, run: str, outcome: PlayOutcome) -> PlayOutcome:
    """What we cannot follow must not go on without us."""
    while not plays.give_up(run) and plays.outcome(run) is None:
        plays.cancel(run)
        time.sleep(FOLLOW_SECONDS)
    return outcome


def _swept(
    ledger: Ledger, plays: Ansible, kit_id: int, step: str, run: str, lost: PlayOutcome
) -> PlayOutcome:
    """End on the device what a lost play left there, before anything of the step is run again."""
    try:
        with ledger.begin(kitto()) as work:
            work.unrecorded("reads how the device is reached")
            spec, secrets, private_key = _ready(work, queries.kit(work, kit_id), step, run)
        swept = plays.sweep(spec, secrets, private_key)
    except (Refusal, Fault):
        return lost
    return msgspec.structs.replace(lost, left_there=not swept.sure)


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
        authority = bootstrap_queries.authority(work, AuthorityKind.USER)
        numbers = bootstrap_queries.revoked_serials(work, authority.id) if authority else ()
    if authority is not None and spec.host.transport.is_ssh:
        spec = _knows_revoked(spec, certificates.revocation_list(authority.public, numbers))
    try:
        plays.start(spec, secrets, private_key)
    except PlayFault:
        if plays.give_up(run):
            raise


def _knows_revoked(spec: PlaySpec, listed: bytes) -> PlaySpec:
    """The play also knows the certificates that were taken back, as sshd reads them."""
    given = {
        "kitto_revoked": base64.b64encode(listed).decode(),
        "kitto_revoked_sha256": hashlib.sha256(listed).hexdigest(),
    }
    return msgspec.structs.replace(spec, variables={**spec.variables, **given})


def _ready(work: Any, kit: Kit, step_key: str, run: str) -> tuple[PlaySpec, dict[str, str], str]:
    work.allow(Permission.KIT)
    step = queries.step_of(kit, step_key)
    asset = asset_queries.by_id(work, kit.device)
    host, opening = reach(work, kit)
    named = step.spec.get("secrets", ())
    secrets = {name: device_secret(work, asset.id, name).reveal() for name in named} | opening
    content = kit.profile.recipes[step.spec["recipe"]]
    attempt = queries.attempt(work, run)
    mode = attempt.mode
    files = {name: str(AGENTS[name]()) for name in step.spec.get("files", ()) if name in AGENTS}
    own = settings()
    minutes = step.spec.get("minutes", own.step_minutes)
    private_key, certificate = ("", "")
    if host.transport.is_ssh:
        private_key, certificate = _keys(work, asset, attempt, minutes)
    spec = PlaySpec(
        run_id=run,
        folder=str(recipes.kept(content)),
        playbook=step.spec["verify"] if mode == "verify" else step.spec["playbook"],
        content=content,
        host=host,
        variables=_variables(kit, asset),
        files=files,
        secret_names=tuple(secrets),
        hand_in_names=tuple(step.with_.get("hands_in", ())),
        box_lid=lid(),
        certificate=certificate,
        check=mode in DRY,
        diff=mode in DRY,
        total_seconds=60.0 * minutes,
        silent_seconds=60.0 * own.idle_output_minutes,
        forks=own.forks,
    )
    return spec, secrets, private_key


def _variables(kit: Kit, asset: Asset) -> dict[str, Any]:
    own = settings()
    known = {
        "kitto_tag": asset.name,
        "kitto_hostname": kit.called,
        "kitto_serial": asset.serial or "",
        "kitto_server": own.public_url(),
        "kitto_ca": certificates.trusted(own),
    }
    return {**kit.parameters, **known}


def _keys(work: Work, asset: Asset, attempt: KitAttempt, minutes: float) -> tuple[str, str]:
    """Kitto's private key, and a certificate for this run that lives as long as the step may take.

    A run signs in anew when its connection breaks, so a shorter one would end it half way.
    """
    key = make_key(work)
    certificate = bootstrap.sign_user_key(
        work, asset=asset, run=attempt.run, number=attempt.id, public_key=key.public, minutes=minutes
    )
    return unseal(key.private_sealed).reveal(), certificate


def _follow(ledger: Ledger, plays: Ansible, kit_id: int, step: str, run: str) -> PlayOutcome:
    """Store the play's events as they come, pass a cancellation on, return how it ended."""
    seq = _seq(ledger, run)
    asked = False
    while True:
        handle = plays.find(run)
        seq = _drain(ledger, plays, kit_id, step, run, seq)
        if handle is None and plays.give_up(run):
            return msgspec.structs.replace(ended(Outcome.LOST, "no_trace", NO_TRACE), left_there=True)
        running = handle is None or handle.state is State.RUNNING
        outcome = None if running else plays.outcome(run)
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
            told = take_handed_in(work, kit_id=kit_id, run=run, events=batch)
            seq = machine.keep_lines(work, kit_id, step, run, told)
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


def _ended(ledger: Ledger, run: str) -> str | None:
    with ledger.read(kitto()) as work:
        work.allow(Permission.KIT)
        attempt = queries.attempt(work, run)
        return attempt.outcome if attempt.ended_at is not None else None


def _seq(ledger: Ledger, run: str) -> int:
    with ledger.read(kitto()) as work:
        work.allow(Permission.KIT)
        return queries.attempt(work, run).last_seq


def _is_cancelled(ledger: Ledger, kit_id: int) -> bool:
    with ledger.read(kitto()) as work:
        work.allow(Permission.KIT)
        return queries.kit(work, kit_id).cancel_asked_at is not None
