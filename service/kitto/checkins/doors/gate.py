"""The gate of the agents: sizes, signatures and clocks are checked before anything is opened."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

from starlette.requests import ClientDisconnect, Request

from kitto.base import clock
from kitto.base.seal import unseal
from kitto.base.work import Actor, Grant, Ledger
from kitto.checkins import actions
from kitto.checkins.actions import Reply, SignedBeat
from kitto.checkins.doors.batch import Batch
from kitto.checkins.queries import agents
from kitto.checkins.rules import signature
from kitto.checkins.rules.refusals import DoorFull, NotSigned, ReportTooLarge
from kitto.identity.rules import Permission

KEYS_KEPT: Final = 200_000
REPORTS_AT_ONCE: Final = 4
REPORTS_WAITING: Final = 60


class Key(NamedTuple):
    """The unsealed secrets of one agent, kept in this process only."""

    agent_id: int
    actor: Actor
    secret: bytes
    next_secret: bytes | None
    made_at: datetime

    def __repr__(self) -> str:
        return f"Key(agent_id={self.agent_id})"


class Caller(NamedTuple):
    """Who signed a message, and with which of its secrets."""

    agent_id: int
    actor: Actor
    counter: int
    made_at: datetime
    by_next: bool


class Gate:
    """One per process: known keys, and the batch in which check-ins are committed."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.beats: Batch[SignedBeat, Reply] = Batch(self._note)
        self._keys: OrderedDict[str, Key] = OrderedDict()
        self._reports = asyncio.Semaphore(REPORTS_AT_ONCE)
        self._reports_waiting = 0

    async def caller(self, request: Request, body: bytes, *, fresh: bool = False) -> Caller:
        """Check clock and signature of a message. Raises NotSigned.

        `fresh`: read the credential anew, because it may have been replaced since.
        """
        signed = signature.read_header(request.headers.get("authorization", ""))
        path = str(request.scope["path"])
        if not signature.is_in_time(signed, now_ms()):
            raise NotSigned
        key = None if fresh else self._keys.get(signed.device)
        found = _check(key, signed, path, body) if key else None
        if found is None:
            # Unknown here, or handed a new secret by another process since.
            key = await asyncio.to_thread(self._load, signed.device)
            found = _check(key, signed, path, body) if key else None
        if key is None or found is None:
            raise NotSigned
        self._keep(signed.device, key)
        return found

    async def turn(self) -> "Turn":
        """A place among those who send sections. Raises DoorFull."""
        if self._reports_waiting >= REPORTS_WAITING:
            raise DoorFull
        return Turn(self)

    def _load(self, device: str) -> Key | None:
        with self.ledger.read(agent_actor(device)) as work:
            found = agents.credential(work, device)
        if found is None:
            return None
        following = found.next_secret
        return Key(
            found.agent_id,
            agent_actor(device, found.hostname),
            signature.key_of(unseal(found.secret).reveal()),
            signature.key_of(unseal(following).reveal()) if following else None,
            found.made_at,
        )

    def _keep(self, device: str, key: Key) -> None:
        self._keys[device] = key
        self._keys.move_to_end(device)
        if len(self._keys) > KEYS_KEPT:
            self._keys.popitem(last=False)

    def _note(self, beats: Sequence[SignedBeat]) -> list[Reply]:
        with self.ledger.begin(agent_actor("check-ins")) as work:
            return actions.note_beats(work, beats)


class Turn:
    """Holds one of the few places in which sections are unpacked and written."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    async def __aenter__(self) -> None:
        self._gate._reports_waiting += 1  # noqa: SLF001 -- two halves of one thing
        try:
            await self._gate._reports.acquire()  # noqa: SLF001
        finally:
            self._gate._reports_waiting -= 1  # noqa: SLF001

    async def __aexit__(self, *_: object) -> None:
        self._gate._reports.release()  # noqa: SLF001


def _check(key: Key, signed: signature.Signed, path: str, body: bytes) -> Caller | None:
    if signature.fits(signed, key.secret, path, body):
        return Caller(key.agent_id, key.actor, signed.counter, key.made_at, by_next=False)
    if key.next_secret is not None and signature.fits(signed, key.next_secret, path, body):
        return Caller(key.agent_id, key.actor, signed.counter, key.made_at, by_next=True)
    return None


def agent_actor(device: str, hostname: str = "") -> Actor:
    """An agent as the journal names it. It sees the ledger to find its device, and nothing else."""
    return Actor(
        kind="agent",
        id=device,
        name=hostname or device,
        grants=(Grant(frozenset({Permission.SEE, Permission.OBSERVE})),),
        locale="en",
    )


def now_ms() -> int:
    """Our clock as agents count: milliseconds since 1970."""
    return int(clock.now().timestamp() * 1000)


async def body_of(request: Request, most: int) -> bytes:
    """The body as it came over the wire. Raises ReportTooLarge before more than `most` is read."""
    parts: list[bytes] = []
    size = 0
    try:
        async for part in request.stream():
            size += len(part)
            if size > most:
                raise ReportTooLarge(limit=most)
            parts.append(part)
    except ClientDisconnect as gone:
        raise NotSigned from gone
    return b"".join(parts)
