"""What a device says about itself, beside what the ledger says."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from kitto.assets.models import Asset
from kitto.base.settings import settings
from kitto.base.work import Work
from kitto.checkins.models import Agent, Finding, Installation, Observation, Software
from kitto.checkins.queries import findings
from kitto.checkins.rules import sections as known
from kitto.checkins.rules.findings import Field, Sides
from kitto.checkins.rules.identity import serial_key
from kitto.checkins.rules.sections import SOFTWARE, Cpu, Disk, Encryption, Hardware, Memory, System
from kitto.checkins.rules.states import AgentState, FindingState, Freshness, freshness


@dataclass(frozen=True)
class Identity:
    """Who a device says it is. `matches`: its serial is the one in the ledger.

    `complete_at` is when the first report arrived; None while only the enrolment is known.
    """

    agent_id: int
    serial: str
    matches: bool
    enrolled_at: datetime
    complete_at: datetime | None
    seen_at: datetime | None


@dataclass(frozen=True)
class Row:
    """One line of the panel: both sides, and the finding if a person has to settle it."""

    sides: Sides
    finding: Finding | None


@dataclass(frozen=True)
class Observed:
    """What the agent of one device last said."""

    agent: Agent
    freshness: Freshness
    rows: Sequence[Row]
    hardware: Hardware | None
    system: System | None
    cpu: Cpu | None
    memory: Memory | None
    disks: Sequence[Disk]
    encryption: Encryption | None
    software: int


def agent_of(work: Work, asset_id: int) -> Agent | None:
    """The agent that speaks for a device now, with its last sighting."""
    return work.session.scalar(
        select(Agent)
        .where(Agent.asset_id == asset_id, Agent.state == AgentState.ACTIVE)
        .options(joinedload(Agent.sighting))
    )


def identity_of(work: Work, asset_id: int) -> Identity | None:
    """Whether a device has reported and is the one in the ledger; None without an active agent."""
    agent = agent_of(work, asset_id)
    if agent is None:
        return None
    asset = work.session.get_one(Asset, asset_id)
    hardware = _document(work, agent.id, "hardware")
    serial = hardware.serial if hardware is not None else agent.serial
    key = serial_key(serial)
    return Identity(
        agent_id=agent.id,
        serial=serial,
        matches=bool(key) and bool(asset.serial) and key == serial_key(asset.serial or ""),
        enrolled_at=agent.enrolled_at,
        complete_at=agent.first_report_at,
        seen_at=agent.sighting.seen_at,
    )


def both_sides(work: Work, asset: Asset, agent: Agent) -> list[Sides]:
    """Each field that ledger and device both know."""
    hardware = _document(work, agent.id, "hardware") or Hardware(
        vendor=agent.vendor, model=agent.model, serial=agent.serial
    )
    system = _document(work, agent.id, "os") or System(hostname=agent.hostname)
    return [
        Sides(Field.SERIAL, asset.serial or "", hardware.serial if serial_key(hardware.serial) else ""),
        Sides(Field.MAKER, asset.model.maker, hardware.vendor),
        Sides(Field.MODEL, asset.model.name, hardware.model),
        Sides(Field.HOSTNAME, asset.hostname or "", system.hostname),
    ]


def of_device(work: Work, asset: Asset) -> Observed | None:
    """Everything for the panel "Device says"; None for a device without an active agent."""
    agent = agent_of(work, asset.id)
    if agent is None:
        return None
    documents = {
        item.section: known.opened(item.section, item.document)
        for item in _observations(work, agent.id)
        if item.section != SOFTWARE
    }
    open_ones = {item.field: item for item in findings.of_device(work, asset.id, FindingState.OPEN)}
    rows = [Row(sides, open_ones.get(sides.field)) for sides in both_sides(work, asset, agent)]
    return Observed(
        agent=agent,
        freshness=freshness_of(work, agent),
        rows=rows,
        hardware=documents.get("hardware"),
        system=documents.get("os"),
        cpu=documents.get("cpu"),
        memory=documents.get("memory"),
        disks=documents.get("disks", []),
        encryption=documents.get("encryption"),
        software=_software_count(work, agent.id),
    )


def freshness_of(work: Work, agent: Agent) -> Freshness:
    """How long an agent has been silent, judged by the usual interval."""
    seen = agent.sighting.seen_at
    interval = timedelta(seconds=settings().checkin_seconds)
    return freshness(work.now - seen if seen else None, interval)


def installed(work: Work, agent_id: int, q: str = "") -> Sequence[Software]:
    """The programs on a machine, by name."""
    statement = (
        select(Software)
        .join(Installation, Installation.software_id == Software.id)
        .where(Installation.agent_id == agent_id)
        .order_by(Software.name, Software.release)
    )
    if q.strip():
        statement = statement.where(Software.name.ilike(f"%{q.strip()}%"))
    return work.session.scalars(statement).all()


def _software_count(work: Work, agent_id: int) -> int:
    counted = select(func.count()).select_from(Installation).where(Installation.agent_id == agent_id)
    return work.session.scalar(counted) or 0


def _observations(work: Work, agent_id: int) -> Sequence[Observation]:
    return work.session.scalars(select(Observation).where(Observation.agent_id == agent_id)).all()


def _document(work: Work, agent_id: int, section: str) -> Any:
    found = work.session.scalar(
        select(Observation).where(Observation.agent_id == agent_id, Observation.section == section)
    )
    return known.opened(section, found.document) if found is not None else None
