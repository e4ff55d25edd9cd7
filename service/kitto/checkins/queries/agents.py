"""Agents and enrolment tokens, as lists and one by one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import joinedload

from kitto.assets.models import Asset
from kitto.assets.queries.find import within_reach
from kitto.base.errors import NotFound
from kitto.base.i18n import N_, Words
from kitto.base.paging import Page, page
from kitto.base.work import Work
from kitto.checkins.models import Agent, EnrolmentToken, Observation
from kitto.checkins.rules.states import AgentState

AGENT = Words(N_("agent"))


@dataclass(frozen=True)
class AgentFilter:
    """What a list shows. Empty means everything but removed agents."""

    states: tuple[AgentState, ...] = ()
    q: str = ""


@dataclass(frozen=True)
class Credential:
    """What the door needs to check a signature; the secrets are still sealed."""

    agent_id: int
    hostname: str
    secret: str
    next_secret: str | None
    made_at: datetime


def credential(work: Work, device: str) -> Credential | None:
    """The credential of an agent by the name it uses on the wire; removed ones too."""
    work.allow_everyone("a signature can only be checked with the credential")
    row = work.session.execute(
        select(Agent.id, Agent.hostname, Agent.secret, Agent.next_secret, Agent.secret_made_at).where(
            Agent.device == device
        )
    ).one_or_none()
    return Credential(*row) if row else None


def listed(work: Work, chosen: AgentFilter, *, cursor: str | None = None, limit: int = 50) -> Page[Agent]:
    """A page of agents, the newest first, with device and last sighting."""
    return page(
        work,
        _visible(work).where(*_conditions(chosen)),
        by=(Agent.id,),  # type: ignore[arg-type]  # an attribute is a column here
        key=lambda agent: (agent.id,),
        cursor=cursor,
        limit=limit,
        descending=True,
    )


def by_id(work: Work, agent_id: int) -> Agent:
    """One agent with device and last sighting. Refuses with not_found."""
    found = work.session.scalar(_visible(work).where(Agent.id == agent_id))
    if found is None:
        raise NotFound(thing=AGENT, key=str(agent_id))
    return found


def waiting(work: Work, most: int = 20) -> Sequence[Agent]:
    """Agents that wait for a person, the oldest first."""
    states = (AgentState.PENDING, AgentState.QUARANTINED)
    statement = _visible(work).where(Agent.state.in_(states)).order_by(Agent.id).limit(most)
    return work.session.scalars(statement).all()


def counts(work: Work) -> dict[AgentState, int]:
    """How many agents there are in each state."""
    rows = work.session.execute(
        select(Agent.state, func.count())
        .outerjoin(Asset, Asset.id == Agent.asset_id)
        .where(_reach(work))
        .group_by(Agent.state)
    )
    return {AgentState(state): number for state, number in rows}


def suggestions(work: Work, agent: Agent) -> Sequence[Asset]:
    """The devices that an agent may be, for a person to choose from."""
    if not agent.suggested:
        return []
    return work.session.scalars(
        select(Asset).where(Asset.id.in_(agent.suggested), within_reach(work)).order_by(Asset.id)
    ).all()


def sections_of(work: Work, agent_id: int) -> Sequence[Observation]:
    """What an agent reported, by name of section."""
    return work.session.scalars(
        select(Observation).where(Observation.agent_id == agent_id).order_by(Observation.section)
    ).all()


def tokens(work: Work, *, cursor: str | None = None, limit: int = 50) -> Page[EnrolmentToken]:
    """Enrolment tokens, the newest first; their text is not known to anyone."""
    return page(
        work,
        select(EnrolmentToken).options(joinedload(EnrolmentToken.asset)),
        by=(EnrolmentToken.id,),  # type: ignore[arg-type]  # an attribute is a column here
        key=lambda token: (token.id,),
        cursor=cursor,
        limit=limit,
        descending=True,
    )


def _visible(work: Work) -> Select[Agent]:
    return (
        select(Agent)
        .outerjoin(Asset, Asset.id == Agent.asset_id)
        .where(_reach(work))
        .options(joinedload(Agent.asset), joinedload(Agent.sighting))
    )


def _reach(work: Work) -> ColumnElement[bool]:
    # A machine that nobody has placed yet belongs to no scope, so whoever may see agents sees it.
    return or_(Agent.asset_id.is_(None), within_reach(work))


def _conditions(chosen: AgentFilter) -> list[ColumnElement[Any]]:
    found: list[ColumnElement[Any]] = [
        Agent.state.in_(chosen.states) if chosen.states else Agent.state != AgentState.REVOKED
    ]
    if chosen.q.strip():
        like = f"%{chosen.q.strip()}%"
        found.append(or_(Agent.hostname.ilike(like), Agent.serial.ilike(like), Asset.tag.ilike(like)))
    return found
