"""Heartbeats: many check-ins in one transaction, and what each of them is answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from sqlalchemy import bindparam, select, update

from kitto.base.ids import new_token
from kitto.base.seal import Secret, seal, unseal
from kitto.base.work import Work
from kitto.checkins.facts import AgentQuarantined
from kitto.checkins.models import Agent, Observation, Sighting
from kitto.checkins.rules.sections import KNOWN
from kitto.checkins.rules.states import SECRET_AGE, AgentState, AgentStep
from kitto.checkins.rules.wire import Beat

EVERYTHING = "*"


class Heard(Enum):
    """What came of one check-in."""

    TAKEN = "taken"
    STALE = "stale"  # signed with a secret that has been replaced since
    REPLAYED = "replayed"
    GONE = "gone"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class SignedBeat:
    """A check-in whose signature fits a secret made at `made_at`, or the one that follows it."""

    agent_id: int
    counter: int
    address: str
    beat: Beat
    made_at: datetime
    by_next: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to one check-in: sections wanted, and a new secret when the old one is due."""

    heard: Heard
    want: tuple[str, ...] = ()
    secret: Secret | None = None


_TABLE = Sighting.__table__
_NOTE = (
    update(Sighting)
    .where(_TABLE.c.agent_id == bindparam("of"))
    .values(
        counter=bindparam("to_counter"),
        seen_at=bindparam("to_seen_at"),
        address=bindparam("to_address"),
        reported=bindparam("to_reported"),
        agent_version=bindparam("to_version"),
        uptime_s=bindparam("to_uptime"),
        free_mb=bindparam("to_free"),
        unreachable_since=bindparam("to_unreachable"),
    )
)


@dataclass(slots=True)
class _Known:
    """What the ledger knows of one agent while its check-ins are judged."""

    state: AgentState
    mark: str
    secret_made_at: datetime
    has_next: bool
    counter: int
    reported: str


def note_beats(work: Work, beats: Sequence[SignedBeat]) -> list[Reply]:
    """Judge check-ins in the order they came and note all that are taken, in one statement.

    A check-in is taken once: its counter must be greater than the last one of its agent.
    """
    work.allow_everyone("each check-in is signed with the credential of its agent")
    work.unrecorded("a heartbeat is no part of the history")
    known = _known(work, {item.agent_id for item in beats})
    notes: dict[int, dict[str, Any]] = {}
    replies = [_judge(work, item, known.get(item.agent_id), notes) for item in beats]
    if notes:
        work.session.connection().execute(_NOTE, list(notes.values()))
    return replies


def _known(work: Work, agents: set[int]) -> Mapping[int, _Known]:
    rows = work.session.execute(
        select(
            Agent.id,
            Agent.state,
            Agent.mark,
            Agent.secret_made_at,
            Agent.next_secret.is_not(None),
            Sighting.counter,
            Sighting.reported,
        )
        .join(Sighting, Sighting.agent_id == Agent.id)
        .where(Agent.id.in_(agents))
        .order_by(Agent.id)
        .with_for_update(of=Sighting)
    )
    return {row[0]: _Known(*row[1:]) for row in rows}


def _judge(work: Work, item: SignedBeat, known: _Known | None, notes: dict[int, dict[str, Any]]) -> Reply:
    if known is None or known.state is AgentState.REVOKED:
        return Reply(Heard.GONE)
    if item.made_at != known.secret_made_at:
        return Reply(Heard.STALE)
    if item.counter <= known.counter:
        return Reply(Heard.REPLAYED)
    if known.state is AgentState.QUARANTINED:
        return Reply(Heard.QUARANTINED)
    if item.beat.m != known.mark:
        _quarantine(work, item.agent_id)
        known.state = AgentState.QUARANTINED
        return Reply(Heard.QUARANTINED)
    want = _wanted(work, item, known)
    known.counter = item.counter
    if not want:
        known.reported = item.beat.h
    notes[item.agent_id] = _note(work, item, known)
    return Reply(Heard.TAKEN, want, _rotated(work, item, known))


def _wanted(work: Work, item: SignedBeat, known: _Known) -> tuple[str, ...]:
    if item.beat.h == known.reported:
        return ()
    if item.beat.s is None:
        return (EVERYTHING,)
    have = dict(
        work.session.execute(
            select(Observation.section, Observation.hash).where(Observation.agent_id == item.agent_id)
        ).all()
    )
    changed = (name for name, value in item.beat.s.items() if have.get(name) != value)
    return tuple(sorted(name for name in changed if name in KNOWN))


def _note(work: Work, item: SignedBeat, known: _Known) -> dict[str, Any]:
    failing = item.beat.ff
    return {
        "of": item.agent_id,
        "to_counter": item.counter,
        "to_seen_at": work.now,
        "to_address": item.address,
        "to_reported": known.reported,
        "to_version": item.beat.v,
        "to_uptime": item.beat.up,
        "to_free": item.beat.fr,
        "to_unreachable": _instant(failing, work.now),
    }


def _instant(seconds: int | None, now: datetime) -> datetime | None:
    # The sender's clock may be years wrong; a time that has not come is no time.
    if seconds is None or seconds > now.timestamp():
        return None
    return datetime.fromtimestamp(seconds, UTC)


def _quarantine(work: Work, agent_id: int) -> None:
    agent = work.session.get_one(Agent, agent_id)
    agent.take(AgentStep.QUARANTINE, work.now)
    work.record(AgentQuarantined(agent_id=agent.id, asset_id=agent.asset_id, hostname=agent.hostname))


def _rotated(work: Work, item: SignedBeat, known: _Known) -> Secret | None:
    """Promote the new secret once it is used; hand one out when the old one is due."""
    if item.by_next and known.has_next:
        agent = work.session.get_one(Agent, item.agent_id)
        if agent.next_secret is not None:
            agent.secret, agent.next_secret = agent.next_secret, None
            agent.secret_made_at = known.secret_made_at = work.now
        return None
    if work.now - known.secret_made_at < SECRET_AGE:
        return None
    agent = work.session.get_one(Agent, item.agent_id)
    if agent.next_secret is None:
        secret = Secret(new_token())
        agent.next_secret = seal(secret)
        return secret
    # The answer with the new secret was lost on its way: hand out the same one again.
    return unseal(agent.next_secret)
