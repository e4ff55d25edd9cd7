"""JSON doors for people and programs: agents, enrolment tokens, findings, what devices say."""

from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, Field

from kitto.assets import queries as assets
from kitto.base.work import Work
from kitto.checkins import actions, queries
from kitto.checkins.models import Agent, EnrolmentToken, Finding
from kitto.checkins.queries import agents, findings, observed
from kitto.checkins.rules.findings import Field as FieldName
from kitto.checkins.rules.identity import By, Verdict
from kitto.checkins.rules.states import AgentState, FindingState, Freshness
from kitto.identity.rules import Permission
from kitto.web.bodies import RESPONSES, Short, Strict
from kitto.web.doors import Door, ReadDep, VersionDep, WorkDep, etag
from kitto.web.replays import once

router = APIRouter(prefix="/api/v1/checkins", route_class=Door, tags=["checkins"], responses=RESPONSES)

Id = Annotated[int, Path(ge=1, le=2**53)]
Cursor = Annotated[str | None, Query(max_length=500)]
Limit = Annotated[int, Query(ge=1, le=1000)]
Search = Annotated[str, Query(max_length=200)]


class AgentOut(BaseModel):
    """An agent: who it says it is, and the device it speaks for."""

    id: int
    version: int
    state: AgentState
    state_since: datetime
    verdict: Verdict
    matched_by: By
    tag: str | None = Field(examples=["PC-000042-C"])
    suggested: list[int] = Field(description="Numbers of devices that it may be.")
    hostname: str
    vendor: str
    model: str
    serial: str
    enrolled_at: datetime
    seen_at: datetime | None
    freshness: Freshness
    address: str
    agent_version: str
    unreachable_since: datetime | None = Field(description="Since when it could not reach Kitto, at last.")


class AgentsOut(BaseModel):
    items: list[AgentOut]
    next: str | None = Field(description="Give it as `cursor` to get the next page.")


class SectionOut(BaseModel):
    """One section as the machine reported it."""

    name: str = Field(examples=["os"])
    observed_at: datetime
    document: Any = Field(examples=[{"name": "Debian GNU/Linux", "version": "12"}])


class ProgramOut(BaseModel):
    name: str
    version: str
    kind: str = Field(examples=["deb"])


class ConfirmIn(Strict):
    tag: Short = Field(examples=["PC-000042-C"])


class RevokeIn(Strict):
    reason: Short = Field(default="", examples=["The device was wiped."])


class TokenIn(Strict):
    """For one device (`tag`), or for any `uses` machines."""

    tag: Short | None = Field(default=None, examples=["PC-000042-C"])
    uses: int = Field(default=1, ge=1, le=1000)
    hours: int = Field(default=72, ge=1, le=720)
    note: Short = ""


class TokenOut(BaseModel):
    id: int
    asset_id: int | None
    note: str
    max_uses: int
    uses: int
    made_by: str
    made_at: datetime
    expires_at: datetime
    ended_at: datetime | None


class NewTokenOut(BaseModel):
    id: int
    token: str = Field(description="Shown once; Kitto keeps only its digest.")
    asset_id: int | None
    max_uses: int
    expires_at: datetime


class TokensOut(BaseModel):
    items: list[TokenOut]
    next: str | None


class FindingOut(BaseModel):
    """A difference between ledger and device."""

    id: int
    version: int
    tag: str | None
    field: FieldName
    declared: str
    observed: str
    state: FindingState
    raised_at: datetime
    closed_at: datetime | None
    closed_by: str


class FindingsOut(BaseModel):
    items: list[FindingOut]
    next: str | None


class SidesOut(BaseModel):
    field: FieldName
    declared: str
    observed: str
    is_different: bool
    is_acceptable: bool


class ObservedOut(BaseModel):
    """What a device says about itself; `agent` is null for a device that has no active agent."""

    tag: str
    agent: AgentOut | None
    sides: list[SidesOut]
    sections: list[SectionOut]


def _agent(work: Work, agent: Agent, tag: str | None) -> AgentOut:
    seen = agent.sighting
    return AgentOut(
        id=agent.id,
        version=agent.version,
        state=agent.state,
        state_since=agent.state_since,
        verdict=agent.verdict,
        matched_by=agent.matched_by,
        tag=tag,
        suggested=agent.suggested,
        hostname=agent.hostname,
        vendor=agent.vendor,
        model=agent.model,
        serial=agent.serial,
        enrolled_at=agent.enrolled_at,
        seen_at=seen.seen_at,
        freshness=observed.freshness_of(work, agent),
        address=seen.address,
        agent_version=seen.agent_version,
        unreachable_since=seen.unreachable_since,
    )


def _changed(work: Work, response: Response, agent: Agent) -> AgentOut:
    work.session.flush()  # the answer carries the new version
    etag(response, agent.version)
    # A device confirmed in this very work is not on the row that was loaded before.
    tag = assets.by_id(work, agent.asset_id).tag if agent.asset_id is not None else None
    return _agent(work, agent, tag)


def _finding(work: Work, response: Response, finding: Finding) -> FindingOut:
    work.session.flush()  # the answer carries the new version
    etag(response, finding.version)
    return _shown(finding)


def _shown(finding: Finding) -> FindingOut:
    return FindingOut(
        id=finding.id,
        version=finding.version,
        tag=finding.asset.tag,
        field=finding.field,
        declared=finding.declared,
        observed=finding.observed,
        state=finding.state,
        raised_at=finding.raised_at,
        closed_at=finding.closed_at,
        closed_by=finding.closed_by,
    )


def _sections(work: Work, agent: Agent) -> list[SectionOut]:
    return [
        SectionOut(name=item.section, observed_at=item.observed_at, document=item.document)
        for item in agents.sections_of(work, agent.id)
    ]


@router.get("/agents")
def list_agents(
    work: ReadDep,
    state: Annotated[list[AgentState] | None, Query()] = None,
    q: Search = "",
    cursor: Cursor = None,
    limit: Limit = 50,
) -> AgentsOut:
    """Agents, the newest first; removed ones only when asked for."""
    work.allow(Permission.SEE)
    chosen = agents.AgentFilter(states=tuple(state or ()), q=q)
    found = agents.listed(work, chosen, cursor=cursor, limit=limit)
    items = [_agent(work, item, item.asset.tag if item.asset else None) for item in found.items]
    return AgentsOut(items=items, next=found.next)


@router.get("/agents/{agent_id}")
def read_agent(work: ReadDep, response: Response, agent_id: Id) -> AgentOut:
    """One agent."""
    work.allow(Permission.SEE)
    return _changed(work, response, agents.by_id(work, agent_id))


@router.get("/agents/{agent_id}/sections")
def read_sections(work: ReadDep, agent_id: Id) -> list[SectionOut]:
    """Everything an agent reported; software is only counted here."""
    work.allow(Permission.SEE)
    return _sections(work, agents.by_id(work, agent_id))


@router.get("/agents/{agent_id}/software")
def read_software(work: ReadDep, agent_id: Id, q: Search = "") -> list[ProgramOut]:
    """The programs on a machine."""
    work.allow(Permission.SEE)
    agent = agents.by_id(work, agent_id)
    rows = queries.installed(work, agent.id, q)
    return [ProgramOut(name=item.name, version=item.release, kind=item.kind) for item in rows]


@router.post("/agents/{agent_id}/confirm")
def confirm(
    work: WorkDep, response: Response, agent_id: Id, version: VersionDep, body: ConfirmIn
) -> AgentOut:
    """Say which device a machine is."""
    agent = actions.confirm_agent(work, agent_id=agent_id, tag=body.tag, version=version)
    return _changed(work, response, agent)


@router.post("/agents/{agent_id}/revoke")
def revoke(work: WorkDep, response: Response, agent_id: Id, version: VersionDep, body: RevokeIn) -> AgentOut:
    """Stop believing an agent; it removes itself when it checks in next."""
    agent = actions.revoke_agent(work, agent_id=agent_id, reason=body.reason, version=version)
    return _changed(work, response, agent)


@router.get("/tokens")
def list_tokens(work: ReadDep, cursor: Cursor = None, limit: Limit = 50) -> TokensOut:
    """Enrolment tokens, the newest first."""
    work.allow(Permission.MANAGE_AGENTS)
    found = agents.tokens(work, cursor=cursor, limit=limit)
    return TokensOut(items=[_token(item) for item in found.items], next=found.next)


@router.post("/tokens", status_code=201)
def issue_token(work: WorkDep, response: Response, body: TokenIn) -> NewTokenOut:
    """Let machines enrol. The token is in this answer and nowhere else."""
    made = actions.issue_enrolment_token(
        work, tag=body.tag, max_uses=body.uses, lifetime=timedelta(hours=body.hours), note=body.note
    )
    once(response)
    return NewTokenOut(
        id=made.token_id,
        token=made.text.reveal(),
        asset_id=made.asset_id,
        max_uses=made.max_uses,
        expires_at=made.expires_at,
    )


@router.post("/tokens/{token_id}/end")
def end_token(work: WorkDep, token_id: Id) -> TokenOut:
    """Let nobody enrol with this token any more."""
    return _token(actions.end_enrolment_token(work, token_id=token_id))


def _token(token: EnrolmentToken) -> TokenOut:
    return TokenOut.model_validate(token, from_attributes=True)


@router.get("/findings")
def list_findings(
    work: ReadDep,
    state: FindingState = FindingState.OPEN,
    tag: Search = "",
    cursor: Cursor = None,
    limit: Limit = 50,
) -> FindingsOut:
    """Differences between ledger and devices."""
    work.allow(Permission.SEE)
    found = findings.listed(work, state=state, tag=tag, cursor=cursor, limit=limit)
    return FindingsOut(items=[_shown(item) for item in found.items], next=found.next)


@router.post("/findings/{finding_id}/accept")
def accept(work: WorkDep, response: Response, finding_id: Id, version: VersionDep) -> FindingOut:
    """Take over into the ledger what the device says."""
    return _finding(work, response, actions.accept_finding(work, finding_id=finding_id, version=version))


@router.post("/findings/{finding_id}/dismiss")
def dismiss(work: WorkDep, response: Response, finding_id: Id, version: VersionDep) -> FindingOut:
    """Keep the ledger as it is; the same difference is not raised again."""
    return _finding(work, response, actions.dismiss_finding(work, finding_id=finding_id, version=version))


@router.get("/devices/{tag}")
def read_device(work: ReadDep, tag: str) -> ObservedOut:
    """What a device says about itself, beside what the ledger says."""
    work.allow(Permission.SEE)
    return _observed(work, tag)


@router.post("/devices/{tag}/accept/{field}")
def accept_field(work: WorkDep, tag: str, field: FieldName) -> ObservedOut:
    """Take over one field, whether or not a finding was raised."""
    actions.accept_observed(work, tag=tag, field=field)
    return _observed(work, tag)


def _observed(work: Work, tag: str) -> ObservedOut:
    asset = assets.by_tag(work, tag)
    agent = queries.agent_of(work, asset.id)
    if agent is None:
        return ObservedOut(tag=asset.name, agent=None, sides=[], sections=[])
    both = observed.both_sides(work, asset, agent)
    return ObservedOut(
        tag=asset.name,
        agent=_agent(work, agent, asset.tag),
        sides=[SidesOut.model_validate(sides, from_attributes=True) for sides in both],
        sections=_sections(work, agent),
    )
