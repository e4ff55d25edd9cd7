"""Reports: sections replace what was observed before; the ledger itself is never overwritten."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from kitto.assets.actions import observe
from kitto.base.work import Work
from kitto.checkins.actions.findings import compare
from kitto.checkins.facts import AgentCheckedIn, InventoryReported
from kitto.checkins.models import Agent, Installation, Observation, Sighting, Software
from kitto.checkins.queries import identity_of
from kitto.checkins.rules import sections as known
from kitto.checkins.rules.refusals import AgentGone, AgentQuarantined, NotSigned, ReportUnreadable
from kitto.checkins.rules.sections import SOFTWARE, Title
from kitto.checkins.rules.states import AgentState
from kitto.checkins.rules.wire import Sections

CHUNK = 400


def record_sections(work: Work, *, agent_id: int, counter: int, report: Sections) -> tuple[str, ...]:
    """Take in the sections of a report and compare them with the ledger; gives their names.

    Raises NotSigned for a counter that was used, AgentGone, AgentQuarantined, ReportUnreadable.
    Sections that are missing stay as they were: missing means unknown, not gone.
    """
    work.allow_everyone("the report is signed with the credential of its agent")
    agent = _listening(work, agent_id, counter)
    names = tuple(sorted(name for name in report.sections if name in known.KNOWN))
    if not names:
        raise ReportUnreadable(reason="it holds no section that is known here")
    documents = {name: known.read(name, bytes(report.sections[name].d)) for name in names}
    for name, document in documents.items():
        _keep(work, agent, name, report.sections[name].h, document)
    _note(work, agent, report)
    if agent.asset_id is None:
        work.unrecorded("nobody has said yet which device this machine is")
    else:
        _tell(work, agent, names, documents)
    agent.first_report_at = agent.first_report_at or work.now
    return names


def _listening(work: Work, agent_id: int, counter: int) -> Agent:
    agent = work.session.get(Agent, agent_id)
    if agent is None or agent.state is AgentState.REVOKED:
        raise AgentGone
    if agent.state is AgentState.QUARANTINED:
        raise AgentQuarantined
    counted = work.session.scalar(
        update(Sighting)
        .where(Sighting.agent_id == agent_id, Sighting.counter < counter)
        .values(counter=counter)
        .returning(Sighting.agent_id)
        .execution_options(synchronize_session=False)
    )
    if counted is None:
        raise NotSigned
    return agent


def _keep(work: Work, agent: Agent, name: str, hash_: str, document: Any) -> None:
    stored = known.stored(document)
    if name == SOFTWARE:
        titles = known.titles(document)
        _install(work, agent, titles)
        stored = {"count": len(titles)}
    there = work.session.scalar(
        select(Observation).where(Observation.agent_id == agent.id, Observation.section == name)
    )
    if there is None:
        work.session.add(
            Observation(agent_id=agent.id, section=name, hash=hash_, document=stored, observed_at=work.now)
        )
    else:
        there.hash, there.document, there.observed_at = hash_, stored, work.now


def _note(work: Work, agent: Agent, report: Sections) -> None:
    work.session.execute(
        update(Sighting)
        .where(Sighting.agent_id == agent.id)
        .values(reported=report.h, agent_version=report.v, seen_at=work.now)
        .execution_options(synchronize_session=False)
    )


def _tell(work: Work, agent: Agent, names: tuple[str, ...], documents: Mapping[str, Any]) -> None:
    asset = compare(work, agent)
    identity = identity_of(work, asset.id)
    # What the firmware says now; the machine may have got another board since it enrolled.
    serial = identity.serial if identity is not None else agent.serial
    if agent.first_report_at is None:
        work.record(AgentCheckedIn(asset_id=asset.id, tag=asset.name, agent_id=agent.id, serial=serial))
    observe(work, asset=asset, source="agent", serial=serial, data={"sections": list(names)})
    work.record(
        InventoryReported(
            asset_id=asset.id,
            tag=asset.name,
            agent_id=agent.id,
            serial=serial,
            sections=names,
            software=len(documents.get(SOFTWARE, ())),
        )
    )


def _install(work: Work, agent: Agent, titles: set[Title]) -> None:
    """Make the links of this machine what it reported; programs are named once for all machines."""
    now = _numbers(work, titles)
    before = set(
        work.session.scalars(select(Installation.software_id).where(Installation.agent_id == agent.id))
    )
    gone = sorted(before - now)
    for start in range(0, len(gone), CHUNK):
        work.session.execute(
            delete(Installation).where(
                Installation.agent_id == agent.id,
                Installation.software_id.in_(gone[start : start + CHUNK]),
            )
        )
    new = [{"agent_id": agent.id, "software_id": number} for number in sorted(now - before)]
    if new:
        work.session.execute(insert(Installation), new)


def _numbers(work: Work, titles: set[Title]) -> set[int]:
    make = sqlite.insert if work.session.get_bind().dialect.name == "sqlite" else postgresql.insert
    found = _look_up(work, titles)
    # Sorted, so that two reports at once take their locks in one order.
    new = sorted(titles - found.keys(), key=lambda title: (title.name, title.version, title.kind))
    for start in range(0, len(new), CHUNK):
        rows = [
            {"name": title.name, "release": title.version, "kind": title.kind}
            for title in new[start : start + CHUNK]
        ]
        work.session.execute(make(Software).values(rows).on_conflict_do_nothing())
    if new:
        found |= _look_up(work, set(new))
    return set(found.values())


def _look_up(work: Work, titles: set[Title]) -> dict[Title, int]:
    names = sorted({title.name for title in titles})
    found: dict[Title, int] = {}
    for start in range(0, len(names), CHUNK):
        rows = work.session.execute(
            select(Software.id, Software.name, Software.release, Software.kind).where(
                Software.name.in_(names[start : start + CHUNK])
            )
        )
        for number, name, release, kind in rows:
            title = Title(name, release, kind)
            if title in titles:
                found[title] = number
    return found
