"""What people decide about agents, and what a machine says when it is uninstalled."""

from sqlalchemy import select

from kitto.assets import queries as assets
from kitto.base.work import Work
from kitto.checkins.actions.findings import compare
from kitto.checkins.facts import AgentCheckedIn, AgentConfirmed, AgentRevoked
from kitto.checkins.models import Agent
from kitto.checkins.queries import agents
from kitto.checkins.rules.identity import By, Verdict
from kitto.checkins.rules.refusals import DeviceHasAgent
from kitto.checkins.rules.states import AgentState, AgentStep
from kitto.identity.rules import Permission


def confirm_agent(work: Work, *, agent_id: int, tag: str, version: int | None = None) -> Agent:
    """Say which device a machine is. Raises DeviceHasAgent, AgentStepRefused."""
    work.allow(Permission.MANAGE_AGENTS)
    agent = agents.by_id(work, agent_id)
    work.expect(agent, version)
    asset = assets.by_tag(work, tag)
    work.allow(Permission.MANAGE_AGENTS, asset.scopes)
    other = work.session.scalar(
        select(Agent.id).where(Agent.asset_id == asset.id, Agent.state == AgentState.ACTIVE)
    )
    if other is not None and other != agent.id:
        raise DeviceHasAgent(tag=asset.name)
    agent.take(AgentStep.CONFIRM, work.now)
    agent.asset_id, agent.verdict, agent.matched_by = asset.id, Verdict.MATCHED, By.PERSON
    agent.suggested = []
    # Whoever waits for this device hears of it when it reports, so it is asked for everything again.
    agent.sighting.reported = ""
    work.record(AgentConfirmed(agent_id=agent.id, asset_id=asset.id, hostname=agent.hostname, tag=asset.name))
    if agent.first_report_at is not None:
        compare(work, agent)
        work.record(AgentCheckedIn(asset_id=asset.id, tag=asset.name, agent_id=agent.id, serial=agent.serial))
    return agent


def revoke_agent(work: Work, *, agent_id: int, reason: str = "", version: int | None = None) -> Agent:
    """Stop believing an agent; it removes itself at its next check-in. Raises AgentStepRefused."""
    work.allow(Permission.MANAGE_AGENTS)
    agent = agents.by_id(work, agent_id)
    work.expect(agent, version)
    return _revoked(work, agent, reason or "removed")


def take_leave(work: Work, *, agent_id: int) -> None:
    """The agent was uninstalled on its machine. Saying so twice changes nothing."""
    work.allow_everyone("the message is signed with the credential of its agent")
    agent = work.session.get(Agent, agent_id)
    if agent is not None and agent.state is not AgentState.REVOKED:
        _revoked(work, agent, "uninstalled")


def _revoked(work: Work, agent: Agent, reason: str) -> Agent:
    agent.take(AgentStep.REVOKE, work.now)
    work.record(
        AgentRevoked(agent_id=agent.id, asset_id=agent.asset_id, hostname=agent.hostname, reason=reason)
    )
    return agent
