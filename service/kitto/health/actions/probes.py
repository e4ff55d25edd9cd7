"""Adding, changing and removing probes, and asking them out of turn."""

from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import delete

from kitto.assets import queries as assets
from kitto.assets.models import Asset
from kitto.base.facts import Changes
from kitto.base.i18n import Words
from kitto.base.jobs import known_jobs
from kitto.base.net import allowed_address
from kitto.base.work import Work
from kitto.health import queries
from kitto.health.actions.problems import end_all
from kitto.health.adapters.network_cli import BY_NAME
from kitto.health.adapters.pins import fingerprint, is_shown, read_pin
from kitto.health.facts import HostKeyPinned, ProbeAdded, ProbeChanged, ProbeRemoved
from kitto.health.models import Health, Probe, ReadingKept, ReadingLast
from kitto.health.rules.probes import (
    FITS,
    LONGEST_INTERVAL,
    SHORTEST_INTERVAL,
    USUAL_INTERVAL,
    USUAL_PORT,
    CredentialUnfit,
    HostKeyNotShown,
    NothingToAsk,
    PlatformUnknown,
    PortMissing,
    ProbeExists,
    ProbeKind,
)
from kitto.health.rules.wording import PROBE_SAYS
from kitto.identity.rules import Permission


@dataclass(frozen=True, kw_only=True)
class ProbeChanges:
    """The fields that people may change; None stays."""

    address: str | None = None
    port: int | None = None
    credential_id: int | None = None
    interval_seconds: int | None = None
    enabled: bool | None = None
    host_key: str | None = None
    platform: str | None = None


def add_probe(
    work: Work,
    *,
    tag: str,
    kind: ProbeKind,
    address: str,
    port: int | None = None,
    credential_id: int | None = None,
    interval_seconds: int | None = None,
    host_key: str = "",
    platform: str = "",
) -> Probe:
    """Watch a device. It is asked within a minute; then every `interval_seconds`.

    A host key or certificate that the ledger already knows for this address is taken over. Refuses an
    address that is no device's, a credential that does not fit, a second probe of the same kind.
    """
    work.allow(Permission.MANAGE_PROBES)
    asset = assets.by_tag(work, tag)
    work.allow(Permission.MANAGE_PROBES, asset.scopes)
    place = allowed_address(address)
    door = _free_port(work, asset, kind, port)
    probe = Probe(
        asset=asset,
        kind=kind,
        address=place,
        port=door,
        platform=_platform(kind, platform),
        interval_seconds=_interval(interval_seconds or USUAL_INTERVAL[kind]),
        enabled=True,
        credential_id=_fitting(work, kind, credential_id),
        host_key=read_pin(kind, host_key or _known_pin(work, asset.id, kind, place, door), place, work.now),
        made_at=work.now,
        health=Health.fresh(work.now),
    )
    work.add(probe)
    work.record(
        ProbeAdded(asset_id=asset.id, tag=asset.name, probe=kind.value, address=f"{place}:{probe.port}")
    )
    return probe


def change_probe(work: Work, *, probe_id: int, changes: ProbeChanges, version: int | None) -> Probe:
    """Change fields of a probe; it is asked anew at once. Nothing is recorded if nothing differs."""
    work.allow(Permission.MANAGE_PROBES)
    probe = _reached(work, probe_id)
    work.expect(probe, version)
    wanted = {f.name: v for f in fields(changes) if (v := getattr(changes, f.name)) is not None}
    made: Changes = {}
    for name, value in _checked(work, probe, wanted).items():
        before = getattr(probe, name)
        if before != value:
            shown = (fingerprint(before), fingerprint(value)) if name == "host_key" else (before, value)
            made[name] = shown
            setattr(probe, name, value)
    if made:
        probe.health.due_at = work.now
        work.record(
            ProbeChanged(asset_id=probe.asset_id, tag=probe.asset.name, probe=probe.kind.value, changes=made)
        )
    return probe


def remove_probe(work: Work, *, probe_id: int, version: int | None) -> None:
    """Stop watching; readings go, problems end."""
    work.allow(Permission.MANAGE_PROBES)
    probe = _reached(work, probe_id)
    work.expect(probe, version)
    end_all(work, probe_id)
    for table in (ReadingKept, ReadingLast):
        work.session.execute(delete(table).where(table.probe_id == probe_id))
    work.record(ProbeRemoved(asset_id=probe.asset_id, tag=probe.asset.name, probe=probe.kind.value))
    work.session.delete(probe)


def pause_probes_of(work: Work, asset_id: int) -> None:
    """Ask a device no more and end its problems. Part of a larger action, which asked for the right."""
    for probe in queries.probes_of(work, asset_id):
        if probe.enabled:
            probe.enabled = False
            end_all(work, probe.id)


def pin_host_key(work: Work, *, probe_id: int, shown: str) -> Probe:
    """Trust the host key or certificate that was shown last, if its fingerprint is the one given.

    `shown` is what the person compared on the device: SHA256:…, or of a certificate its SHA-256. Refuses a
    certificate that is not for this address or not valid today.
    """
    work.allow(Permission.MANAGE_PROBES)
    probe = _reached(work, probe_id)
    detected = probe.health.shown_key
    if not detected or not is_shown(detected, shown):
        raise HostKeyNotShown
    before = fingerprint(probe.host_key)
    probe.host_key = read_pin(probe.kind, detected, probe.address, work.now)
    probe.health.shown_key = ""
    probe.health.due_at = work.now
    work.record(
        HostKeyPinned(
            asset_id=probe.asset_id,
            tag=probe.asset.name,
            fingerprint=fingerprint(detected),
            changes={"host_key": (before, fingerprint(detected))},
        )
    )
    return probe


def poll_now(work: Work, *, probe_id: int) -> Probe:
    """Ask a probe out of turn; the answer is there in a few seconds."""
    work.allow(Permission.WATCH)
    probe = _reached(work, probe_id, Permission.WATCH)
    work.unrecorded("asking is no change of the ledger")
    work.enqueue(known_jobs()["health.poll"], [probe.id])
    return probe


def ask_second_opinion(work: Work, *, probe_id: int) -> Probe:
    """Have another SNMP stack ask the device once; the opinion is there in a few seconds."""
    work.allow(Permission.WATCH)
    probe = _reached(work, probe_id, Permission.WATCH)
    if probe.kind is not ProbeKind.SNMP or probe.credential is None:
        raise NothingToAsk
    work.unrecorded("asking is no change of the ledger")
    work.enqueue(known_jobs()["health.second_opinion"], probe.id)
    return probe


def _reached(work: Work, probe_id: int, permission: Permission = Permission.MANAGE_PROBES) -> Probe:
    probe = queries.probe(work, probe_id)
    work.allow(permission, probe.asset.scopes)
    return probe


def _checked(work: Work, probe: Probe, wanted: dict[str, Any]) -> dict[str, Any]:
    checked = dict(wanted)
    if "address" in wanted:
        checked["address"] = allowed_address(wanted["address"])
    if "credential_id" in wanted:
        checked["credential_id"] = _fitting(work, probe.kind, wanted["credential_id"])
    if "interval_seconds" in wanted:
        checked["interval_seconds"] = _interval(wanted["interval_seconds"])
    if "host_key" in wanted:
        place = checked.get("address", probe.address)
        checked["host_key"] = read_pin(probe.kind, wanted["host_key"], place, work.now)
    if "platform" in wanted:
        checked["platform"] = _platform(probe.kind, wanted["platform"])
    return checked


def _free_port(work: Work, asset: Asset, kind: ProbeKind, port: int | None) -> int:
    door = port or USUAL_PORT[kind]
    if not door:
        raise PortMissing
    if any(other.kind is kind and other.port == door for other in queries.probes_of(work, asset.id)):
        raise ProbeExists(tag=asset.name, kind=Words(PROBE_SAYS[kind]))
    return door


def _known_pin(work: Work, asset_id: int, kind: ProbeKind, place: str, door: int) -> str:
    known = assets.endpoint(work, asset_id, "winrm" if kind is ProbeKind.WINRM else "ssh")
    return known.host_key if known is not None and (known.address, known.port) == (place, door) else ""


def _interval(seconds: int) -> int:
    return min(max(seconds, SHORTEST_INTERVAL), LONGEST_INTERVAL)


def _platform(kind: ProbeKind, platform: str) -> str:
    if kind is not ProbeKind.CLI:
        return ""
    if platform not in BY_NAME:
        raise PlatformUnknown(platform=platform[:40], known=", ".join(sorted(BY_NAME)))
    return platform


def _fitting(work: Work, kind: ProbeKind, credential_id: int | None) -> int | None:
    if credential_id is None:
        if FITS[kind]:
            raise CredentialUnfit(kind=Words(PROBE_SAYS[kind]))
        return None
    if queries.credential(work, credential_id).kind not in FITS[kind]:
        raise CredentialUnfit(kind=Words(PROBE_SAYS[kind]))
    return credential_id
