"""SNMP, the hot path: many devices in one event loop, one small typed answer each."""

import asyncio
import errno
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum, StrEnum
from functools import partial
from typing import Final, TypeVar

import structlog
from gufo.snmp import (
    Aes128Key,
    Aes256Key,
    Md5Key,
    Sha1Key,
    Sha256Key,
    Sha512Key,
    SnmpAuthError,
    SnmpError,
    SnmpVersion,
    User,
)
from gufo.snmp.aio import SnmpSession

from kitto.base.errors import Fault
from kitto.base.seal import Secret
from kitto.health.adapters.identify import identify
from kitto.health.rules.readings import Row, Value, measure, scalars_for, tables_for, whole
from kitto.health.rules.states import Reason, Sign
from kitto.health.rules.values import Answer, Identity, Measured, tidy

log = structlog.get_logger()
T = TypeVar("T")

SYS_UPTIME: Final = "1.3.6.1.2.1.1.3.0"
ENGINE_BOOTS: Final = "1.3.6.1.6.3.10.2.1.2.0"
# Agents with small buffers drop larger requests; LibreNMS found 10 to be safe, RFC 3416 names 484 bytes.
MOST_AT_ONCE: Final = 12
MOST_ROWS: Final = 2048
REPETITIONS: Final = (20, 5, 1)
# A loop that was held up for longer than this cannot blame a device for a time-out.
LAG: Final = 0.25

OUR_ERRORS: Final = frozenset(
    {
        errno.EMFILE,
        errno.ENFILE,
        errno.ENOBUFS,
        errno.ENOMEM,
        errno.ENETUNREACH,
        errno.ENETDOWN,
        errno.EADDRNOTAVAIL,
        errno.EPERM,
        errno.EACCES,
    }
)


class Version(StrEnum):
    """The protocol versions that send a community in clear."""

    V1 = "1"
    V2C = "2c"


@dataclass(frozen=True, slots=True)
class Community:
    """v1 and v2c: one shared word."""

    name: Secret
    version: Version = Version.V2C


@dataclass(frozen=True, slots=True)
class UserSecurity:
    """v3 with authentication, and privacy where `privacy` is set (AES)."""

    name: str
    authentication: Secret
    privacy: Secret | None = None
    hash: str = "sha1"
    cipher: str = "aes128"


class Depth(IntEnum):
    """How much one poll asks."""

    LIVENESS = 0
    READINGS = 1
    IDENTITY = 2


@dataclass(frozen=True, slots=True)
class SnmpTarget:
    """One device to ask. `address` is a literal; `known` is what it said last time."""

    key: int
    address: str
    security: Community | UserSecurity
    port: int = 161
    depth: Depth = Depth.LIVENESS
    known: Identity | None = None
    timeout: float = 2.0
    attempts: int = 3
    deadline: float = 30.0


class SnmpTrouble(Fault):
    """A poll that brought no answer, with whom it speaks about."""

    def __init__(self, sign: Sign, reason: Reason, detail: str = "") -> None:
        super().__init__(detail or reason.value)
        self.sign = sign
        self.reason = reason


class Pulse:
    """Notices when this process was held up, so that no device is blamed for it."""

    def __init__(self) -> None:
        self._late_at = float("-inf")

    async def beat(self) -> None:
        """Run beside the polls until cancelled."""
        while True:
            before = time.monotonic()
            await asyncio.sleep(LAG / 5)
            if time.monotonic() - before > LAG + LAG / 5:
                self._late_at = time.monotonic()

    def was_late(self, since: float) -> bool:
        """Whether the loop stood still at some moment after `since`."""
        return self._late_at >= since


class Agent:
    """One device's SNMP agent for the length of one poll."""

    def __init__(self, session: SnmpSession, target: SnmpTarget, pulse: Pulse) -> None:
        self._session = session
        self._target = target
        self._pulse = pulse
        self.is_v3 = isinstance(target.security, UserSecurity)
        self.is_v1 = isinstance(target.security, Community) and target.security.version is Version.V1

    async def refresh(self) -> None:
        """v3: learn the engine and its clock. Nothing is sent for v1 and v2c."""
        if self.is_v3:
            await self._asked(self._session.refresh)

    async def get(self, oids: Iterable[str]) -> Mapping[str, Value]:
        """The values of some objects; those the device does not have are absent."""
        wanted = list(dict.fromkeys(oids))
        found: dict[str, Value] = {}
        for start in range(0, len(wanted), MOST_AT_ONCE):
            part = wanted[start : start + MOST_AT_ONCE]
            answer = await self._get(part)
            found |= answer
            if self.is_v1 and not answer and len(part) > 1:
                # One unknown object fails a whole v1 request (RFC 1157, noSuchName).
                for oid in part:
                    found |= await self._get([oid])
        return found

    async def _get(self, oids: list[str]) -> Mapping[str, Value]:
        answer: Mapping[str, Value] = await self._asked(partial(self._session.get_many, oids))
        return answer

    async def column(self, oid: str, most: int = MOST_ROWS) -> dict[str, Value]:
        """A table column as {row index: value}, in the device's order."""
        found: dict[str, Value] = {}
        for repetitions in REPETITIONS:
            try:
                await self._walk(oid, found, most, repetitions)
            except SnmpTrouble:
                # Some agents drop large answers instead of shortening them: ask for less at a time.
                if repetitions == REPETITIONS[-1]:
                    raise
                continue
            break
        return found

    async def rows(self, columns: Mapping[str, str]) -> dict[str, Row]:
        """Several columns of one table as {row index: {column: value}}."""
        found: dict[str, dict[str, Value]] = {}
        for name, oid in columns.items():
            for index, value in (await self.column(oid)).items():
                found.setdefault(index, {})[name] = value
        return {index: found[index] for index in sorted(found, key=_numbers)}

    async def _walk(self, oid: str, found: dict[str, Value], most: int, repetitions: int) -> None:
        session = self._session
        rows: AsyncIterator[tuple[str, Value]]
        rows = session.getnext(oid) if self.is_v1 else session.getbulk(oid, repetitions)
        last: tuple[int, ...] = ()
        while len(found) < most:
            try:
                name, value = await self._asked(rows.__anext__, attempts=1)
            except StopAsyncIteration:
                return
            here = _numbers(name)
            if here <= last:
                # Some agents go round in circles (LaserJets, by net-snmp's manual): keep what is there.
                return
            last = here
            found[name.removeprefix(oid + ".")] = value

    async def _asked(self, request: Callable[[], Awaitable[T]], attempts: int = 0) -> T:
        started = time.monotonic()
        for _ in range(attempts or self._target.attempts):
            begun = time.monotonic()
            try:
                return await request()
            except TimeoutError as late:
                # The library says "timeout" at once where the host says that nothing listens there.
                if time.monotonic() - begun < self._target.timeout / 2:
                    raise SnmpTrouble(Sign.SILENT, Reason.REFUSED) from late
                continue
            except SnmpAuthError as denied:
                raise SnmpTrouble(Sign.DENIED, Reason.CREDENTIALS) from denied
            except SnmpError as garbled:
                raise SnmpTrouble(Sign.SILENT, Reason.UNREADABLE, str(garbled)) from garbled
            except OSError as broken:
                raise _network_trouble(broken) from broken
            except BaseException as panic:
                # The decoder panics on some malformed datagrams, past every Exception; a device must
                # not be able to end everybody's sweep with one of them.
                if type(panic).__name__ != "PanicException":
                    raise
                raise SnmpTrouble(Sign.SILENT, Reason.UNREADABLE, tidy(str(panic))) from panic
        if self._pulse.was_late(started):
            raise SnmpTrouble(Sign.OURS, Reason.WE_WERE_LATE)
        raise SnmpTrouble(Sign.SILENT, Reason.NO_ANSWER)


# The library's OSError has no errno, only the words "(os error 24)".
_OS_ERROR: Final = re.compile(r"\(os error (\d+)\)")


def _network_trouble(broken: OSError) -> SnmpTrouble:
    told = _OS_ERROR.search(str(broken))
    number = int(told[1]) if told else broken.errno
    if number in OUR_ERRORS:
        return SnmpTrouble(Sign.OURS, Reason.OUR_NETWORK, str(broken))
    return SnmpTrouble(Sign.SILENT, Reason.REFUSED, str(broken))


def _numbers(oid: str) -> tuple[int, ...]:
    return tuple(int(part) for part in oid.split(".") if part.isdecimal())


def sweep(targets: Sequence[SnmpTarget], *, at_once: int = 256) -> dict[int, Answer]:
    """Ask all targets, at most `at_once` at a time; one answer for every key, whatever happens."""
    return asyncio.run(sweep_in_loop(targets, at_once=at_once))


async def sweep_in_loop(targets: Sequence[SnmpTarget], *, at_once: int = 256) -> dict[int, Answer]:
    """The same, inside a running event loop."""
    gate = asyncio.Semaphore(at_once)
    async with _beating() as pulse:

        async def one(target: SnmpTarget) -> Answer:
            async with gate:
                return await ask(target, pulse)

        answers = await asyncio.gather(*(one(target) for target in targets))
    return {target.key: answer for target, answer in zip(targets, answers, strict=True)}


@asynccontextmanager
async def _beating() -> AsyncIterator[Pulse]:
    pulse = Pulse()
    beat = asyncio.create_task(pulse.beat())
    try:
        yield pulse
    finally:
        beat.cancel()


async def ask(target: SnmpTarget, pulse: Pulse) -> Answer:
    """Poll one device. Never raises: what went wrong is in the answer's sign and reason."""
    started = time.monotonic()
    try:
        session = open_session(target)
        agent = Agent(session, target, pulse)
        values = await _liveness(agent, session)
    except SnmpTrouble as trouble:
        return _without(trouble)
    except OSError as broken:
        return _without(_network_trouble(broken))
    latency = timedelta(seconds=time.monotonic() - started)
    uptime, boots = whole(values.get(SYS_UPTIME)), whole(values.get(ENGINE_BOOTS))
    identity, readings, detail = await _depths(agent, target)
    return Answer(
        sign=Sign.ANSWERED,
        reason=Reason.ANSWERED,
        detail=detail,
        latency=latency,
        uptime=None if uptime is None else timedelta(seconds=uptime / 100),
        engine_boots=boots,
        identity=identity,
        readings=readings,
    )


def _without(trouble: SnmpTrouble) -> Answer:
    return Answer(trouble.sign, trouble.reason, str(trouble))


async def _liveness(agent: Agent, session: SnmpSession) -> Mapping[str, Value]:
    try:
        await agent.refresh()
        return await agent.get([SYS_UPTIME] if agent.is_v1 else [SYS_UPTIME, ENGINE_BOOTS])
    except SnmpTrouble as trouble:
        if agent.is_v3 and trouble.reason is Reason.NO_ANSWER and session.get_engine_id():
            # It answered the discovery just now: what it ignores is what it cannot decrypt.
            raise SnmpTrouble(Sign.DENIED, Reason.CREDENTIALS, "privacy password or cipher") from trouble
        raise


async def _depths(agent: Agent, target: SnmpTarget) -> tuple[Identity | None, tuple[Measured, ...], str]:
    """What is asked beyond liveness. The device is alive whatever happens here."""
    fresh: Identity | None = None
    readings: tuple[Measured, ...] = ()
    detail = ""
    try:
        async with asyncio.timeout(target.deadline):
            if target.depth is Depth.IDENTITY or (target.known is None and target.depth is Depth.READINGS):
                fresh = await identify(agent)
            identity = fresh or target.known
            if target.depth >= Depth.READINGS and identity is not None:
                readings = await _measured(agent, identity)
    except SnmpTrouble as trouble:
        detail = str(trouble)
    except TimeoutError:
        detail = "not everything was read in time"
    return fresh, readings, detail


async def _measured(agent: Agent, identity: Identity) -> tuple[Measured, ...]:
    scalars = scalars_for(identity.kind)
    found = list(measure(scalars, await agent.get(reading.oid for reading in scalars)))
    for table in tables_for(identity.kind):
        try:
            found.extend(table.read(await agent.rows(table.columns)))
        except SnmpTrouble as trouble:
            # One bad subtree must not cost the rest.
            log.info("health.table_unreadable", table=table.name, reason=trouble.reason.value)
    return tuple(found)


_HASHES: Final = {"md5": Md5Key, "sha1": Sha1Key, "sha256": Sha256Key, "sha512": Sha512Key}
_CIPHERS: Final = {"aes128": Aes128Key, "aes256": Aes256Key}


def open_session(target: SnmpTarget) -> SnmpSession:
    """A session for one poll. Cheap, and not worth keeping: each kept one holds a descriptor."""
    security = target.security
    if isinstance(security, Community):
        return SnmpSession(
            target.address,
            port=target.port,
            community=security.name.reveal(),
            version=SnmpVersion.v1 if security.version is Version.V1 else SnmpVersion.v2c,
            timeout=target.timeout,
        )
    key = _HASHES[security.hash](security.authentication.reveal().encode())
    privacy = None
    if security.privacy is not None:
        privacy = _CIPHERS[security.cipher](security.privacy.reveal().encode())
    user = User(security.name, auth_key=key, priv_key=privacy)
    return SnmpSession(target.address, port=target.port, user=user, timeout=target.timeout)
