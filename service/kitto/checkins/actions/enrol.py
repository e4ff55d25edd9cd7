"""A machine becomes known: the token is spent, the device found, the credential made."""

from dataclasses import dataclass

from sqlalchemy import select

from kitto.assets.models import Asset
from kitto.assets.rules import TERMINAL
from kitto.base.ids import new_token
from kitto.base.seal import Secret, seal
from kitto.base.work import Work
from kitto.checkins.actions.tokens import spend
from kitto.checkins.facts import AgentEnrolled, AgentRevoked
from kitto.checkins.models import Agent, AgentMac, Sighting
from kitto.checkins.queries import matching
from kitto.checkins.rules.identity import (
    By,
    Decision,
    Evidence,
    Verdict,
    decide,
    hostname_key,
    mac_keys,
    maker_key,
    model_key,
    serial_key,
    uuid_key,
)
from kitto.checkins.rules.refusals import SerialDiffers
from kitto.checkins.rules.states import AgentState, AgentStep
from kitto.checkins.rules.wire import Enrolment, Machine, clean

CONTAINER = "container"


@dataclass(frozen=True)
class Enrolled:
    """What the machine is told once."""

    device: str
    secret: Secret
    state: AgentState


def enrol(work: Work, *, message: Enrolment, address: str) -> Enrolled:
    """Take a machine in. Raises TokenRefused; raises SerialDiffers when the token is for another
    device. A machine that matches a device at once is active; any other waits for a person."""
    work.allow_everyone("the enrolment token is the key")
    token = spend(work, message.token)
    machine = evidence_of(message.machine)
    bound = work.session.get(Asset, token.asset_id) if token.asset_id is not None else None
    if bound is not None and bound.serial and serial_key(bound.serial) != machine.serial:
        raise SerialDiffers
    decision = _decided(work, machine, bound)
    if decision.asset_id is not None:
        _revoke_former(work, decision.asset_id)
    secret = Secret(new_token())
    agent = _made(work, message, machine, decision)
    agent.token_id, agent.enrolled_from, agent.secret = token.id, address, seal(secret)
    work.add(agent)
    work.add(_unseen(agent, message.v, address))
    work.record(
        AgentEnrolled(
            agent_id=agent.id,
            asset_id=agent.asset_id,
            hostname=agent.hostname,
            serial=agent.serial,
            verdict=decision.verdict,
            matched_by=decision.by,
        )
    )
    return Enrolled(agent.device, secret, agent.state)


def evidence_of(machine: Machine) -> Evidence:
    """What a machine says, in normal form. A container has the numbers of its host: no evidence."""
    own = machine.virtual != CONTAINER
    return Evidence(
        serial=serial_key(machine.serial) if own else "",
        uuid=uuid_key(machine.uuid) if own else "",
        macs=mac_keys(machine.macs) if own else frozenset(),
        board=serial_key(machine.board_serial) if own else "",
        maker=maker_key(machine.vendor),
        model=model_key(machine.model),
        hostname=hostname_key(machine.hostname),
    )


def _decided(work: Work, machine: Evidence, bound: Asset | None) -> Decision:
    found = matching.candidates(work, machine)
    decision = decide(machine, found, bound_to=bound.id if bound else None)
    if decision.asset_id is None:
        return decision
    # A device that left for good and reports again is a question for a person.
    asset = work.session.get_one(Asset, decision.asset_id)
    if asset.state in TERMINAL:
        return Decision(Verdict.CONFLICT, decision.by, suggested=(asset.id,))
    return decision


def _revoke_former(work: Work, asset_id: int) -> None:
    former = work.session.scalars(
        select(Agent).where(Agent.asset_id == asset_id, Agent.state != AgentState.REVOKED)
    ).all()
    for agent in former:
        agent.take(AgentStep.REVOKE, work.now)
        work.record(
            AgentRevoked(agent_id=agent.id, asset_id=asset_id, hostname=agent.hostname, reason="reinstalled")
        )
    work.session.flush()  # the index allows one active agent per device


def _made(work: Work, message: Enrolment, machine: Evidence, decision: Decision) -> Agent:
    said = message.machine
    matched = decision.verdict is Verdict.MATCHED
    return Agent(
        device=new_token(9),
        asset_id=decision.asset_id,
        state=AgentState.ACTIVE if matched else AgentState.PENDING,
        state_since=work.now,
        verdict=decision.verdict,
        matched_by=decision.by if matched else By.NOTHING,
        suggested=list(decision.suggested),
        enrolled_at=work.now,
        next_secret=None,
        secret_made_at=work.now,
        mark=message.m,
        vendor=clean(said.vendor),
        model=clean(said.model),
        serial=clean(said.serial),
        hostname=clean(said.hostname),
        serial_key=machine.serial,
        uuid_key=machine.uuid,
        board_key=machine.board,
        first_report_at=None,
        cards=[AgentMac(mac=mac) for mac in sorted(machine.macs)],
    )


def _unseen(agent: Agent, version: str, address: str) -> Sighting:
    return Sighting(
        agent_id=agent.id,
        counter=0,
        seen_at=None,
        address=address,
        reported="",
        agent_version=version,
        uptime_s=0,
        free_mb=0,
        unreachable_since=None,
    )
