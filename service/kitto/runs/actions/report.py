"""Reporting a run that goes on elsewhere: open, add events, end."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Table, bindparam, inspect, select, update

from kitto.assets.models import Asset
from kitto.base.bulk import insert_many
from kitto.base.work import Work
from kitto.identity.rules import Permission
from kitto.kitting.rules.refusals import DeviceBusy
from kitto.runs import queries
from kitto.runs.actions import locks
from kitto.runs.facts import (
    DeviceNotReached,
    DevicePlayed,
    DevicePlayFailed,
    PlayedWithoutLock,
    PlayFact,
    RunEnded,
    RunOpened,
)
from kitto.runs.models import OutsideDevice, OutsideEvent, OutsideRun
from kitto.runs.queries.matching import assets_of
from kitto.runs.rules.refusals import EventsMissing, RunForeign, RunOver, TooManyHosts
from kitto.runs.rules.states import Locks, Outcome, RunState, state_of
from kitto.runs.rules.wire import HOSTS_MOST, Ending, Event, Host, Opening

COUNTED = ("ok", "changed", "failed", "unreachable", "skipped")
# Tables themselves, because a batch is many rows and none of them is looked at again.
_EVENT: Table = inspect(OutsideEvent).local_table  # type: ignore[assignment]  # a mapped class has a table
_DEVICE: Table = inspect(OutsideDevice).local_table  # type: ignore[assignment]  # likewise
_COUNTS = {name: _DEVICE.c[name] for name in COUNTED}


def open_run(work: Work, opening: Opening, mode: Locks, *, imported: bool = False) -> OutsideRun:
    """Begin a run, or add hosts to one that was begun; takes the lock of each known device as `mode` says.

    Idempotent. Raises DeviceBusy (mode need), RunOver, RunForeign, TooManyHosts.
    """
    work.allow(Permission.KIT)
    run = queries.run_by(work, opening.id)
    if run is None:
        run = _begin(work, opening, imported=imported)
        added = _add_hosts(work, run, opening.hosts, mode)
        work.record(
            RunOpened(
                run=run.ulid,
                play=run.play,
                system=opening.source.system or "Ansible",
                devices=added,
                imported=imported,
            )
        )
        return run
    _refuse_stranger(work, run)
    if run.is_over:
        raise RunOver
    run.become(RunState.RUNNING)
    run.heard_at = work.now
    _add_hosts(work, run, opening.hosts, mode)
    work.unrecorded("more hosts of a run that the journal has")
    return run


def add_events(work: Work, ulid: str, events: Sequence[Event]) -> OutsideRun:
    """Take in events in order; those that are there already are passed over, so sending twice is harmless.

    Renews the locks. Raises EventsMissing for a gap, FenceStale when a device was taken over, RunOver.
    """
    work.allow(Permission.KIT)
    run = _mine(work, ulid)
    if run.is_over:
        if events and events[-1].seq > run.last_seq:
            raise RunOver
        work.unrecorded("nothing new")
        return run
    run.become(RunState.RUNNING)
    run.heard_at = work.now
    locks.keep(work, run)
    write(work, run, events)
    work.unrecorded("progress of a play; its end is recorded")
    return run


def write(work: Work, run: OutsideRun, events: Sequence[Event]) -> None:
    """Insert what is new of the events, in bulk, and count it."""
    fresh = [event for event in events if event.seq > run.last_seq]
    for expected, event in enumerate(fresh, start=run.last_seq + 1):
        if event.seq != expected:
            raise EventsMissing(expected=expected, got=event.seq)
    if not fresh:
        return
    insert_many(work.session.connection(), _EVENT, [event.row(run.id) for event in fresh])
    run.last_seq = fresh[-1].seq
    _count(work, run, fresh)


def end_run(work: Work, ulid: str, ending: Ending) -> OutsideRun:
    """End a run: note how each host came out of it and give its devices back. Idempotent."""
    work.allow(Permission.KIT)
    run = _mine(work, ulid)
    if run.is_over:
        work.unrecorded("it has ended already")
        return run
    close(work, run, ending)
    return run


def close(work: Work, run: OutsideRun, ending: Ending) -> None:
    """Write down the end of a run."""
    rows = work.session.execute(
        select(OutsideDevice, Asset)
        .outerjoin(Asset, Asset.id == OutsideDevice.asset_id)
        .where(OutsideDevice.run_id == run.id)
        .order_by(OutsideDevice.id)
    ).all()
    for device, asset in rows:
        device.outcome = ending.hosts.get(device.host) or _outcome(device)
        if asset is not None:
            work.record(_fact(run, device, asset))
    locks.release(work, run)
    outcomes = [device.outcome for device, _ in rows]
    run.become(RunState.FAILED if ending.cut_off else state_of({*outcomes, *ending.hosts.values()}))
    run.ended_at = min(ending.at, work.now)
    run.heard_at = work.now
    failed, unreachable = outcomes.count(Outcome.FAILED), outcomes.count(Outcome.UNREACHABLE)
    work.record(
        RunEnded(
            run=run.ulid,
            play=run.play,
            well=len(outcomes) - failed - unreachable,
            failed=failed,
            unreachable=unreachable,
            events=run.last_seq,
        )
    )


def _fact(run: OutsideRun, device: OutsideDevice, asset: Asset) -> PlayFact:
    about: dict[str, Any] = {"asset_id": asset.id, "tag": asset.name, "run": run.ulid, "play": run.play}
    if device.outcome is Outcome.FAILED:
        return DevicePlayFailed(**about)
    if device.outcome is Outcome.UNREACHABLE:
        return DeviceNotReached(**about)
    return DevicePlayed(**about, changed=device.changed)


def go_on_unlocked(work: Work, ulid: str) -> OutsideRun:
    """Go on without the locks that the run has lost; each such device gets a flagged fact."""
    work.allow(Permission.KIT)
    run = _mine(work, ulid)
    for device, asset, lock in queries.lost_by(work, run):
        _without(work, run, device, asset, locks.holder_in_words(lock))
    work.unrecorded("what was lost is recorded; there may be nothing")
    return run


def _begin(work: Work, opening: Opening, *, imported: bool) -> OutsideRun:
    return work.add(
        OutsideRun(
            ulid=opening.id,
            play=opening.play.replace("\x00", ""),
            check_mode=opening.check,
            source=_plain(opening),
            state=RunState.RUNNING,
            imported=imported,
            owner=queries.owner_of(work.actor),
            owner_name=work.actor.name,
            started_at=_not_later(opening.started_at, work.now),
            heard_at=work.now,
            renewed_at=work.now,
            ended_at=None,
            last_seq=0,
        )
    )


def _plain(opening: Opening) -> dict[str, str]:
    said: dict[str, str] = msgspec.to_builtins(opening.source)
    return {name: value.replace("\x00", "") for name, value in said.items() if value}


def _not_later(at: datetime, now: datetime) -> datetime:
    return min(at, now)


def _add_hosts(work: Work, run: OutsideRun, hosts: Sequence[Host], mode: Locks) -> int:
    known = set(work.session.scalars(select(OutsideDevice.host).where(OutsideDevice.run_id == run.id)))
    fresh = list({host.name: host for host in hosts if host.name not in known}.values())
    if len(known) + len(fresh) > HOSTS_MOST:
        raise TooManyHosts(most=HOSTS_MOST)
    assets = assets_of(work, fresh)
    for asset in assets.values():
        work.allow(Permission.KIT, asset.scopes)
    devices = {host.name: _device(run, host.name, assets.get(host.name)) for host in fresh}
    work.session.add_all(devices.values())
    for name, asset in sorted(assets.items(), key=lambda pair: pair[1].id):
        _take(work, run, devices[name], asset, mode)
    return len(fresh)


def _take(work: Work, run: OutsideRun, device: OutsideDevice, asset: Asset, mode: Locks) -> None:
    if mode is Locks.NONE:
        return
    try:
        locks.take(work, run, device, asset)
    except DeviceBusy as busy:
        if mode is Locks.NEED:
            raise
        _without(work, run, device, asset, busy.names["holder"])


def _without(work: Work, run: OutsideRun, device: OutsideDevice, asset: Asset, holder: str) -> None:
    device.fence, device.without_lock = None, True
    work.record(
        PlayedWithoutLock(asset_id=asset.id, tag=asset.name, run=run.ulid, play=run.play, holder=holder)
    )


def _device(run: OutsideRun, host: str, asset: Asset | None) -> OutsideDevice:
    return OutsideDevice(
        run_id=run.id,
        host=host.replace("\x00", ""),
        asset_id=asset.id if asset else None,
        fence=None,
        without_lock=False,
        outcome=Outcome.RUNNING,
        **dict.fromkeys(COUNTED, 0),
    )


def _mine(work: Work, ulid: str) -> OutsideRun:
    queries.run(work, ulid)
    run = queries.run_by(work, ulid)
    assert run is not None  # noqa: S101 -- it was found a line ago
    _refuse_stranger(work, run)
    return run


def _refuse_stranger(work: Work, run: OutsideRun) -> None:
    if run.owner != queries.owner_of(work.actor):
        raise RunForeign


def _count(work: Work, run: OutsideRun, events: Sequence[Event]) -> None:
    totals: dict[str, dict[str, int]] = {}
    for event in events:
        if event.kind == "result" and event.host and event.status in COUNTED:
            status = "ok" if event.ignored else event.status
            counts = totals.setdefault(event.host.replace("\x00", ""), dict.fromkeys(COUNTED, 0))
            counts[status] += 1
    if not totals:
        return
    known = set(
        work.session.scalars(
            select(OutsideDevice.host).where(OutsideDevice.run_id == run.id, OutsideDevice.host.in_(totals))
        )
    )
    # A task may be delegated to a host that the play did not name.
    work.session.add_all(_device(run, host, None) for host in totals if host not in known)
    work.session.flush()  # the counts below are added in the database
    adds = {name: column + bindparam(f"plus_{name}") for name, column in _COUNTS.items()}
    work.session.connection().execute(
        update(_DEVICE)
        .where(_DEVICE.c.run_id == run.id, _DEVICE.c.host == bindparam("of_host"))
        .values(adds),
        [
            {"of_host": host} | {f"plus_{name}": number for name, number in counts.items()}
            for host, counts in totals.items()
        ],
    )


def _outcome(device: OutsideDevice) -> Outcome:
    if device.failed:
        return Outcome.FAILED
    if device.unreachable:
        return Outcome.UNREACHABLE
    return Outcome.CHANGED if device.changed else Outcome.OK
