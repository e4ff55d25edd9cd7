"""Fresh machines call back. Each call opens its own works: what a refused call showed must stay noted."""

import base64
import hashlib
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path

from kitto.assets.rules import normalised
from kitto.base.errors import Refusal
from kitto.base.facts import Fact
from kitto.base.ids import digest
from kitto.base.work import Actor, Ledger, Work, system_actor
from kitto.bootstrap import queries
from kitto.bootstrap.actions.artifacts import order_for
from kitto.bootstrap.actions.taking import Taken, take
from kitto.bootstrap.adapters import certificates, files
from kitto.bootstrap.adapters.agent_file import agent_file
from kitto.bootstrap.facts import BootstrapFinished, TokenRefusedToMachine, WrongMachineCalled
from kitto.bootstrap.models import BootstrapToken
from kitto.bootstrap.rules.artifacts import Artifact
from kitto.bootstrap.rules.refusals import (
    NotCalledYet,
    TokenExpired,
    TokenLocked,
    TokenRevoked,
    TokenUnknown,
    TokenUsed,
    TooManyFailures,
    WrongMachine,
)
from kitto.bootstrap.rules.states import MOST_WRONG_SERIALS, ReturnState, TokenState, Transport
from kitto.bootstrap.rules.wire import Done, Hello, Machine, Welcome, clean
from kitto.identity.actions import tries
from kitto.identity.rules import Permission

_REFUSED: dict[TokenState, type[Refusal]] = {
    TokenState.FINISHED: TokenUsed,
    TokenState.EXPIRED: TokenExpired,
    TokenState.REVOKED: TokenRevoked,
    TokenState.LOCKED: TokenLocked,
}
RUNNING = frozenset({TokenState.OPEN, TokenState.CALLED})


def fresh_machine() -> Actor:
    """A machine on its first connection, as the journal names it; it acts for its own device only."""
    return system_actor(
        "first connection", Permission.SEE, Permission.KIT, Permission.EDIT_ASSETS, Permission.OBSERVE
    )


@dataclass(frozen=True)
class Entitled:
    """The token of a call that may go on, or why it may not."""

    token: BootstrapToken | None = None
    refusal: Refusal | None = field(default=None)


def hello(ledger: Ledger, *, message: Hello, source: str) -> Welcome:
    """The first call: who the machine is and the key it shows. Answers with what it needs to let Kitto in.

    Idempotent for the same machine with the same key until its last call. `source` is a hint, never an
    identity. Raises the refusals of this room; what they are about is noted before.
    """
    with ledger.begin(fresh_machine()) as work:
        heard = _hello(work, message, source)
    if isinstance(heard, Refusal):
        raise heard
    welcome = heard.welcome
    if message.transport is Transport.SSH:
        welcome.agent = agent_print()
        listed = certificates.revocation_list(welcome.user_ca, heard.revoked)
        welcome.revoked = base64.b64encode(listed).decode()
    return welcome


def _hello(work: Work, message: Hello, source: str) -> Taken | Refusal:
    work.allow_everyone("the one-time token is the key")
    entitled = _entitled(work, message, source, RUNNING)
    if entitled.token is None:
        return entitled.refusal or TokenUnknown()
    return take(work, entitled.token, message, source)


def done(ledger: Ledger, *, message: Done, source: str) -> None:
    """The last call: the machine is ready and has tidied up. The token works no more. Idempotent."""
    with ledger.begin(fresh_machine()) as work:
        refusal = _done(work, message, source)
    if refusal is not None:
        raise refusal


def _done(work: Work, message: Done, source: str) -> Refusal | None:
    work.allow_everyone("the one-time token is the key")
    entitled = _entitled(work, message, source, RUNNING | {TokenState.FINISHED})
    token = entitled.token
    if token is None:
        return entitled.refusal
    taken = [one for one in token.returns if one.state is ReturnState.TAKEN]
    if token.used_at is None or not taken:
        return NotCalledYet()
    if token.finished_at is None:
        token.finished_at = work.now
        taken[-1].agent, taken[-1].enrolment_sealed = message.agent, ""
        taken[-1].closed = [clean(line, 255) for line in message.closed]
        work.record(
            BootstrapFinished(
                asset_id=token.asset_id, tag=token.asset.name, token_id=token.id, agent=message.agent
            )
        )
    return None


def script(ledger: Ledger, *, text: str, source: str) -> Artifact:
    """The script of an unused token, for a machine into which one line was typed. It may be fetched again."""
    with ledger.begin(fresh_machine()) as work:
        found = _script(work, text, source)
    if isinstance(found, Refusal):
        raise found
    return found


def _script(work: Work, text: str, source: str) -> Artifact | Refusal:
    work.allow_everyone("the one-time token is the key")
    work.unrecorded("counts of failed calls")
    token = queries.by_digest(work, digest(text))
    if token is None:
        return _failed(work, source, TokenUnknown(), None)
    state = token.state(work.now)
    if state is not TokenState.OPEN:
        return _worn(work, token, state, source)
    return files.script(token.kind, order_for(token.asset, text))


def agent(ledger: Ledger, *, message: Machine, source: str) -> Path:
    """The agent's file, for a machine that has called."""
    with ledger.begin(fresh_machine()) as work:
        refusal = _agent(work, message, source)
    if refusal is not None:
        raise refusal
    return agent_file()


def _agent(work: Work, message: Machine, source: str) -> Refusal | None:
    work.allow_everyone("the one-time token is the key")
    return _entitled(work, message, source, frozenset({TokenState.CALLED})).refusal


def agent_print() -> str:
    """SHA-256 of the agent's file."""
    return hashlib.sha256(agent_file().read_bytes()).hexdigest()


def _entitled(work: Work, message: Machine, source: str, wanted: frozenset[TokenState]) -> Entitled:
    work.unrecorded("counts of failed calls")
    token = queries.by_digest(work, digest(message.token))
    if token is None:
        return Entitled(refusal=_failed(work, source, TokenUnknown(), None))
    state = token.state(work.now)
    if state not in wanted:
        return Entitled(refusal=_worn(work, token, state, source))
    if normalised(message.serial) != token.serial:
        return Entitled(refusal=_wrong(work, token, clean(message.serial), source))
    return Entitled(token)


def _worn(work: Work, token: BootstrapToken, state: TokenState, source: str) -> Refusal:
    """The token is real and works no more: say why, and note that somebody tried."""
    tag = token.asset.name
    refusal = _REFUSED.get(state, TokenUsed if state is TokenState.CALLED else NotCalledYet)(tag=tag)
    fact = TokenRefusedToMachine(
        asset_id=token.asset_id, tag=tag, token_id=token.id, reason=state, source=source
    )
    return _failed(work, source, refusal, fact)


def _wrong(work: Work, token: BootstrapToken, serial: str, source: str) -> Refusal:
    """A valid token on another machine. It stays unused; after five different machines it is locked."""
    shown = normalised(serial)
    if shown not in token.wrong_serials:
        token.wrong_serials = [*token.wrong_serials, shown]
        if len(token.wrong_serials) >= MOST_WRONG_SERIALS:
            token.locked_at = work.now
    tag = token.asset.name
    fact = WrongMachineCalled(
        asset_id=token.asset_id, tag=tag, token_id=token.id, serial=serial or "–", source=source
    )
    return _failed(work, source, WrongMachine(tag=tag, serial=serial or "–"), fact)


def _failed(work: Work, source: str, refusal: Refusal, fact: Fact | None) -> Refusal:
    """Count a failed call. Past the limit nothing more is written down, and the answer is to wait.

    Only failures are counted: whoever has a good token is served, whatever others behind the same address do.
    """
    wait = tries.claim(work, tries.key_of_machine(source))
    if wait is not None:
        return TooManyFailures(minutes=ceil(wait.total_seconds() / 60))
    if fact is not None:
        work.record(fact)
    return refusal
