"""Finding the devices that a machine may be."""

from collections.abc import Sequence

from sqlalchemy import or_, select

from kitto.assets.models import Asset, Identifier
from kitto.assets.rules import IdentifierKind, normalised
from kitto.base.work import Work
from kitto.checkins.models import Agent, AgentMac
from kitto.checkins.rules.identity import (
    Candidate,
    Evidence,
    hostname_key,
    mac_keys,
    maker_key,
    model_key,
    serial_key,
    uuid_key,
)

MOST = 20


def candidates(work: Work, machine: Evidence) -> list[Candidate]:
    """Devices that share a serial, UUID, network address or name with a machine, and what is known
    of each: what the ledger declares, completed by what its last agent said."""
    found = sorted(_by_ledger(work, machine) | _by_agents(work, machine))[:MOST]
    return [Candidate(asset_id, _known(work, asset_id, machine)) for asset_id in found]


def _by_ledger(work: Work, machine: Evidence) -> set[int]:
    wanted = []
    if machine.serial:
        wanted.append((Identifier.kind == IdentifierKind.SERIAL) & (Identifier.norm == machine.serial))
    if machine.hostname:
        name = normalised(machine.hostname)
        wanted.append(
            (Identifier.kind.in_((IdentifierKind.TAG, IdentifierKind.HOSTNAME))) & (Identifier.norm == name)
        )
    if not wanted:
        return set()
    rows = select(Identifier.asset_id).where(or_(*wanted), Identifier.ended_at.is_(None)).limit(MOST)
    return set(work.session.scalars(rows))


def _by_agents(work: Work, machine: Evidence) -> set[int]:
    wanted = []
    if machine.serial:
        wanted.append(Agent.serial_key == machine.serial)
    if machine.uuid:
        wanted.append(Agent.uuid_key == machine.uuid)
    if machine.macs:
        cards = select(AgentMac.agent_id).where(AgentMac.mac.in_(sorted(machine.macs)))
        wanted.append(Agent.id.in_(cards))
    if not wanted:
        return set()
    rows = select(Agent.asset_id).where(or_(*wanted), Agent.asset_id.is_not(None)).limit(MOST)
    return {asset_id for asset_id in work.session.scalars(rows) if asset_id is not None}


def _known(work: Work, asset_id: int, machine: Evidence) -> Evidence:
    asset = work.session.get_one(Asset, asset_id)
    identifiers = work.session.scalars(
        select(Identifier).where(Identifier.asset_id == asset_id, Identifier.ended_at.is_(None))
    ).all()
    last = work.session.scalar(
        select(Agent).where(Agent.asset_id == asset_id).order_by(Agent.id.desc()).limit(1)
    )
    said = last.evidence() if last is not None else Evidence()
    uuid = _raw(identifiers, IdentifierKind.UUID)
    # Kits name a machine after its tag.
    names = {hostname_key(name) for name in (asset.hostname, asset.tag) if name}
    return Evidence(
        serial=serial_key(asset.serial) if asset.serial else said.serial,
        uuid=uuid_key(uuid[0]) if uuid else said.uuid,
        macs=said.macs | mac_keys(_raw(identifiers, IdentifierKind.MAC)),
        board=said.board,
        maker=maker_key(asset.model.maker),
        model=said.model or model_key(asset.model.name),
        hostname=machine.hostname if machine.hostname in names else "",
    )


def _raw(identifiers: Sequence[Identifier], kind: IdentifierKind) -> list[str]:
    return [item.raw for item in identifiers if item.kind is kind]
