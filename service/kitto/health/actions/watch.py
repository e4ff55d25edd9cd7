"""What the clock does: claim what is due, and take in what the polls brought."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Final

from sqlalchemy import delete, update

from kitto.base.work import Work
from kitto.health import queries
from kitto.health.actions.problems import Open, end_problem, raise_problem
from kitto.health.adapters.pins import fingerprint
from kitto.health.facts import (
    AssetCameBack,
    AssetRestarted,
    AssetWentDown,
    DeviceIdentityDiffers,
    HostKeyDiffers,
)
from kitto.health.models import Health, Probe, ReadingKept, ReadingLast, problem_key
from kitto.health.rules.history import KEPT_FOR, worth_keeping
from kitto.health.rules.identity import same_serial
from kitto.health.rules.probes import ProbeKind
from kitto.health.rules.states import HealthState, Reason, Sign, judge
from kitto.health.rules.timing import Round, blind_after, must_hold
from kitto.health.rules.uptime import rebooted
from kitto.health.rules.values import Answer, Exactness, Identity, Measured, Opinion
from kitto.health.rules.watches import Check, verdicts
from kitto.identity.rules import Permission

# A claim outlives every poll's own deadline; what a dead worker claimed is free again after it.
CLAIM_LASTS: Final = timedelta(minutes=3)
KEY_REASONS: Final = frozenset({Reason.HOST_KEY_CHANGED, Reason.HOST_KEY_UNKNOWN})


def claim_due(work: Work, kind: ProbeKind, limit: int) -> list[int]:
    """Take the longest due probes of a kind, so that no other worker asks them meanwhile."""
    work.allow(Permission.WATCH)
    ids = queries.due_ids(work, kind, limit)
    if ids:
        work.session.execute(
            update(Health).where(Health.probe_id.in_(ids)).values(claimed_until=work.now + CLAIM_LASTS)
        )
        work.unrecorded("a claim is no part of the history")
    return ids


def record_answers(work: Work, answers: Mapping[int, Answer]) -> None:
    """Take in one round. Facts only where a state changed; safe to repeat.

    When too many fell silent at once the round is held: their silence counts as ours.
    """
    work.allow(Permission.WATCH)
    work.unrecorded("where a probe stands is kept without a history")
    probes = [probe for probe in queries.some(work, list(answers)) if probe.id in answers]
    known = queries.open_problems(work, [probe.id for probe in probes])
    held = _hold(work, known, probes, answers)
    for probe in probes:
        answer = answers[probe.id]
        if (
            held
            and answer.sign is Sign.SILENT
            and probe.health.state in (HealthState.OK, HealthState.UNKNOWN)
        ):
            answer = Answer(Sign.OURS, Reason.MANY_AT_ONCE)
        _judge(work, known, probe, answer)
    _keep_readings(work, known, probes, answers)


def keep_opinion(work: Work, probe_id: int, opinion: Opinion) -> None:
    """Keep what the other SNMP stack heard, for the person who asked."""
    work.allow(Permission.WATCH)
    work.unrecorded("an opinion changes nothing")
    for probe in queries.some(work, [probe_id]):
        probe.health.opinion, probe.health.opinion_at = asdict(opinion), work.now


def forget_old_readings(work: Work) -> None:
    """Drop history past its time."""
    work.allow(Permission.WATCH)
    work.unrecorded("readings are kept for days, not for ever")
    work.session.execute(delete(ReadingKept).where(ReadingKept.at < work.now - KEPT_FOR))


def _hold(work: Work, known: Open, probes: Sequence[Probe], answers: Mapping[int, Answer]) -> bool:
    seen = Round.of((probe.health.state, answers[probe.id].sign) for probe in probes)
    open_ = known.get(problem_key(None, Check.MANY_SILENT))
    held = must_hold(seen, work.now - open_.opened_at if open_ else None)
    if held:
        detail = f"{seen.newly_silent}/{seen.asked}"
        raise_problem(work, known, None, Check.MANY_SILENT, detail=detail, value=float(seen.newly_silent))
    elif seen.newly_silent == 0 and seen.answered > 0:
        end_problem(work, known, None, Check.MANY_SILENT)
    return held


def _judge(work: Work, known: Open, probe: Probe, answer: Answer) -> None:
    health = probe.health
    standing = judge(
        health.standing, answer.sign, answer.reason, work.now, blind_after=blind_after(probe.interval)
    )
    health.stand(standing, probe, work.now)
    health.detail = answer.detail if answer.sign is not Sign.ANSWERED or answer.detail else ""
    if answer.sign is Sign.ANSWERED:
        _heard(work, probe, answer)
    if answer.detected_key:
        health.shown_key = answer.detected_key
    _problems_of_state(work, known, probe, answer)


def _heard(work: Work, probe: Probe, answer: Answer) -> None:
    health = probe.health
    if answer.latency is not None:
        health.latency_ms = round(answer.latency.total_seconds() * 1000, 2)
    if answer.uptime is None:
        return
    if health.uptime_seconds is not None and health.uptime_at is not None:
        before = timedelta(seconds=health.uptime_seconds)
        boots = (health.engine_boots, answer.engine_boots)
        if rebooted(before, health.uptime_at, answer.uptime, work.now, boots=boots):
            work.record(AssetRestarted(asset_id=probe.asset_id, tag=probe.asset.name))
            health.identity_at = None  # after a restart it may be another machine
    health.uptime_seconds, health.uptime_at = answer.uptime.total_seconds(), work.now
    health.engine_boots = answer.engine_boots


def _problems_of_state(work: Work, known: Open, probe: Probe, answer: Answer) -> None:
    health = probe.health
    asset_id, tag, kind = probe.asset_id, probe.asset.name, probe.kind.value
    if health.state is HealthState.DOWN and raise_problem(work, known, probe, Check.REACH):
        work.record(AssetWentDown(asset_id=asset_id, tag=tag, probe=kind))
    if health.state is HealthState.OK:
        if end_problem(work, known, probe, Check.REACH):
            work.record(AssetCameBack(asset_id=asset_id, tag=tag, probe=kind))
        end_problem(work, known, probe, Check.CREDENTIALS)
        end_problem(work, known, probe, Check.HOST_KEY)
        end_problem(work, known, probe, Check.CERTIFICATE)
    if health.state is HealthState.AUTH_FAILED and answer.sign is Sign.DENIED:
        if answer.reason is Reason.HOST_KEY_CHANGED:
            shown = fingerprint(answer.detected_key)
            if raise_problem(work, known, probe, Check.HOST_KEY, detail=shown):
                work.record(HostKeyDiffers(asset_id=asset_id, tag=tag, fingerprint=shown))
        elif answer.reason is Reason.CERTIFICATE_UNFIT:
            raise_problem(work, known, probe, Check.CERTIFICATE, detail=answer.detail)
        elif answer.reason not in KEY_REASONS:
            raise_problem(work, known, probe, Check.CREDENTIALS, detail=answer.detail)


def _keep_readings(work: Work, known: Open, probes: Sequence[Probe], answers: Mapping[int, Answer]) -> None:
    heard = [probe for probe in probes if answers[probe.id].sign is Sign.ANSWERED]
    last = queries.last_readings(work, [probe.id for probe in heard if answers[probe.id].readings])
    for probe in heard:
        answer = answers[probe.id]
        if answer.identity is not None:
            probe.health.learn(answer.identity, work.now)
        if probe.health.known is not None:
            _compare(work, known, probe, probe.health.known)
        if answer.readings:
            probe.health.readings_at = work.now
            for row in answer.readings:
                _keep(work, last, probe.id, row)
            _weigh(work, known, probe, answer.readings)


def _compare(work: Work, known: Open, probe: Probe, identity: Identity) -> None:
    """Observed is not declared: a difference is a finding, the ledger stays as it is."""
    declared, observed = probe.asset.serial or "", identity.serial
    if not declared or not observed or identity.serial_from == "MAC":
        return
    if same_serial(declared, observed):
        end_problem(work, known, probe, Check.IDENTITY)
        return
    if raise_problem(work, known, probe, Check.IDENTITY, label=observed, detail=declared):
        work.record(
            DeviceIdentityDiffers(
                asset_id=probe.asset_id, tag=probe.asset.name, declared=declared, observed=observed
            )
        )


def _keep(
    work: Work, last: dict[tuple[int, str, str], ReadingLast], probe_id: int, measured: Measured
) -> None:
    key = (probe_id, measured.name, measured.instance[:190])
    row = last.get(key)
    if row is None:
        row = ReadingLast(probe_id=probe_id, name=measured.name, instance=key[2], kept=None, kept_at=None)
        work.session.add(row)
        last[key] = row
    row.label, row.value, row.unit = measured.label, measured.value, measured.unit
    row.exactness, row.at = measured.exactness, work.now
    value = measured.value
    if value is None or measured.exactness is not Exactness.EXACT:
        return
    if worth_keeping(measured.unit, row.kept, row.kept_at, value, work.now):
        row.kept, row.kept_at = value, work.now
        work.session.add(
            ReadingKept(probe_id=probe_id, name=measured.name, instance=key[2], value=value, at=work.now)
        )


def _weigh(work: Work, known: Open, probe: Probe, readings: tuple[Measured, ...]) -> None:
    is_open = frozenset(
        (problem.check, problem.instance) for problem in known.values() if problem.probe_id == probe.id
    )
    for verdict in verdicts(readings, is_open):
        if verdict.is_bad:
            raise_problem(
                work,
                known,
                probe,
                verdict.check,
                instance=verdict.instance,
                label=verdict.label,
                value=verdict.value,
            )
        else:
            end_problem(work, known, probe, verdict.check, verdict.instance)
