"""The watch's clock: a sweep each minute, in shards; no transaction is open while devices are asked."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from kitto.base import clock
from kitto.base.errors import Fault
from kitto.base.jobs import POLL, JobRun, is_stale, job, schedule
from kitto.base.seal import Secret, unseal
from kitto.base.work import Ledger, Work, system_actor
from kitto.health import actions, queries
from kitto.health.adapters import ears  # noqa: F401 -- its import lets other rooms ask over SNMP
from kitto.health.adapters.poll import Opener, Question, snmp_target
from kitto.health.adapters.poll import poll as ask_all
from kitto.health.adapters.snmp import Depth
from kitto.health.models import Health, Probe, ProbeCredential
from kitto.health.rules.probes import ProbeKind
from kitto.health.rules.states import HealthState
from kitto.health.rules.timing import IDENTITY_EVERY, READINGS_EVERY, TICK_PERIOD
from kitto.identity.rules import Permission

log = structlog.get_logger()
WATCH: Final = system_actor("health watch", Permission.WATCH)
# Datagrams are cheap and logins are not: a shard should end well within the tick.
SHARD: Final = {
    ProbeKind.SNMP: 200,
    ProbeKind.TCP: 200,
    ProbeKind.SSH: 50,
    ProbeKind.CLI: 10,
    ProbeKind.WINRM: 30,
}
MOST_SHARDS: Final = 100


@schedule("* * * * *", POLL)
def sweep(run: JobRun, due: datetime) -> None:
    """Queue as many shards as there are due probes for; a late tick is dropped."""
    if is_stale(due, clock.now(), TICK_PERIOD):
        return
    with run.ledger.read(WATCH) as work:
        work.allow(Permission.WATCH)
        counts = queries.due_count(work)
    if not counts:
        return
    with run.ledger.begin(WATCH) as work:
        work.allow(Permission.WATCH)
        work.unrecorded("a queued poll changes nothing")
        for kind, count in counts.items():
            for _ in range(min(-(-count // SHARD[kind]), MOST_SHARDS)):
                work.enqueue(poll_shard, kind.value)


@job(POLL)
def poll_shard(run: JobRun, kind: str) -> None:
    """Claim what is due, ask it, take the answers in.

    The claim is the shard's identity: two shards never ask the same probe, and shards that pile
    up behind a slow one find nothing left to claim.
    """
    ids: list[int] = run.step("claim", _claim, run.ledger, ProbeKind(kind))
    poll_probes(run.ledger, ids)


@job(POLL)
def poll(run: JobRun, probe_ids: list[int]) -> None:
    """Ask some probes now, in full."""
    poll_probes(run.ledger, probe_ids, in_full=True)


@job(POLL)
def second_opinion(run: JobRun, probe_id: int) -> None:
    """Have the other SNMP stack ask one device, and keep what it heard."""
    # large, and asked for by a person now and then: only a process that asks pays for it
    from kitto.health.adapters.second_opinion import second_opinion as ask_second

    with run.ledger.read(WATCH) as work:
        questions = _questions(work, [probe_id], in_full=False)
    for question in questions:
        if question.kind is ProbeKind.SNMP and question.opener is not None:
            opinion = ask_second(replace(snmp_target(question), attempts=2))
            with run.ledger.begin(WATCH) as work:
                actions.keep_opinion(work, probe_id, opinion)


@schedule("17 3 * * *", POLL)
def forget_readings(run: JobRun, due: datetime) -> None:
    """Drop the history that is past its time, once a night."""
    if not is_stale(due, clock.now(), timedelta(hours=1)):
        with run.ledger.begin(WATCH) as work:
            actions.forget_old_readings(work)


def poll_probes(ledger: Ledger, probe_ids: Sequence[int], *, in_full: bool = False) -> None:
    """Ask these probes and take the answers in, here and now. Safe to repeat."""
    if not probe_ids:
        return
    with ledger.read(WATCH) as work:
        questions = _questions(work, probe_ids, in_full=in_full)
    started = clock.now()
    answers = ask_all(questions)
    took = (clock.now() - started).total_seconds()
    with ledger.begin(WATCH) as work:
        actions.record_answers(work, answers)
    log.info("health.polled", probes=len(answers), seconds=round(took, 3))


def _claim(ledger: Ledger, kind: ProbeKind) -> list[int]:
    with ledger.begin(WATCH) as work:
        return actions.claim_due(work, kind, SHARD[kind])


def _questions(work: Work, probe_ids: Sequence[int], *, in_full: bool) -> list[Question]:
    work.allow(Permission.WATCH)
    return [
        Question(
            probe_id=probe.id,
            kind=probe.kind,
            address=probe.address,
            port=probe.port,
            opener=_opener(probe.credential),
            host_key=probe.host_key,
            platform=probe.platform,
            depth=Depth.IDENTITY if in_full else _depth(probe, work.now),
            known=probe.health.known,
        )
        for probe in queries.some(work, probe_ids)
    ]


def _depth(probe: Probe, now: datetime) -> Depth:
    """Liveness always; readings and identity when they are due, and never of what may be down."""
    health: Health = probe.health
    if health.state not in (HealthState.OK, HealthState.UNKNOWN):
        return Depth.LIVENESS
    if health.identity_at is None or now - health.identity_at >= IDENTITY_EVERY:
        return Depth.IDENTITY
    # Half a tick early is right: the next tick would be late.
    if health.readings_at is None or now - health.readings_at >= READINGS_EVERY - TICK_PERIOD / 2:
        return Depth.READINGS
    return Depth.LIVENESS


def _opener(credential: ProbeCredential | None) -> Opener | None:
    if credential is None:
        return None
    try:
        secrets = json.loads(unseal(credential.sealed).reveal())
    except Fault:
        log.exception("health.credential_sealed", credential=credential.name)
        return None
    return Opener(
        kind=credential.kind,
        secret=Secret(secrets["secret"]),
        privacy=Secret(secrets["privacy"]) if secrets.get("privacy") else None,
        account=credential.account,
        snmp_version=credential.snmp_version or "2c",
        hash=credential.hash or "sha1",
        cipher=credential.cipher,
    )
