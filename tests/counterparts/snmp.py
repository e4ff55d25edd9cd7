"""Plays SNMP devices from recordings over UDP, v1 and v2c, and misbehaves as real ones do when asked to."""

import heapq
import itertools
import random
import select
import socket
import struct
import threading
import time
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.counterparts import ber
from tests.counterparts.ber import Oid, Request, Value
from tests.counterparts.snmprec import Recording, parse_oid, parse_value, read_recording

NO_ERROR, TOO_BIG, NO_SUCH_NAME, READ_ONLY, NOT_WRITABLE = 0, 1, 2, 4, 17
SYS_UPTIME: Oid = (1, 3, 6, 1, 2, 1, 1, 3, 0)
# Clocks run on from the recorded value: ticks per second.
CLOCKS = {SYS_UPTIME: 100, (1, 3, 6, 1, 2, 1, 25, 1, 1, 0): 100, (1, 3, 6, 1, 6, 3, 10, 2, 1, 3, 0): 1}
ENGINE_BOOTS: Oid = (1, 3, 6, 1, 6, 3, 10, 2, 1, 2, 0)
LARGEST = 1400  # octets of bindings; a device stops a bulk answer before its packet would be split
IP_PKTINFO = 8  # linux/in.h; the socket module does not name it in Python 3.11


@dataclass
class Faults:
    """How the device misbehaves; change it while it runs."""

    silent: bool = False
    loss: float = 0.0  # the share of requests that never arrive, by `chance`
    lose_next: int = 0  # exactly so many requests never arrive
    delays: tuple[float, ...] = ()  # seconds, taken in turn; (0.2, 0.0) swaps answers
    loops_at: Oid | None = None  # walks come back to this row for ever, as broken agents do
    twice: bool = False  # every answer arrives twice
    chance: random.Random = field(default_factory=lambda: random.Random(20260401))


class SnmpDevice:
    """One device that answers at `address`:`port`. Its values and faults may change while it runs."""

    def __init__(self, recording: Recording, community: str, faults: Faults) -> None:
        self.address = ""
        self.port = 0
        self.community = community
        self.faults = faults
        self.requests = 0  # that arrived, lost ones included
        self.garbage = 0  # datagrams that were no request
        self._values = dict(recording.values)
        self._order = recording.order
        self._clocks = {oid: (self._number(oid), time.monotonic()) for oid in CLOCKS if oid in self._values}
        self._turn = 0

    def _number(self, oid: Oid) -> int:
        return int.from_bytes(self._values[oid].content, "big", signed=True)

    def change(self, oid: str, tag: int, text: str) -> None:
        """Give one object a new value, in a recording's notation: `change("1.3.6.1.2.1.1.5.0", 4, "x")`."""
        key = parse_oid(oid)
        self._values[key] = parse_value(str(tag), text.encode())
        self._order = sorted(self._values)
        if key in CLOCKS:
            self._clocks[key] = (self._number(key), time.monotonic())

    def reboot(self) -> None:
        """All clocks start from zero; the engine counts one boot more."""
        self._clocks = {oid: (0, time.monotonic()) for oid in self._clocks}
        if ENGINE_BOOTS in self._values:
            boots = self._number(ENGINE_BOOTS) + 1
            self._values[ENGINE_BOOTS] = Value(ber.INTEGER, ber.integer_content(boots))

    def answer(self, datagram: bytes) -> tuple[bytes, float] | None:
        """The reply to a datagram and the delay before it leaves; None when the device keeps silent."""
        self.requests += 1
        try:
            request = ber.decode_request(datagram)
        except ber.BerError:
            self.garbage += 1
            return None
        # A wrong community gets no answer at all, as from a real agent.
        if request.community != self.community.encode() or self._lost():
            return None
        reply = self._reply(request)
        return (reply, self._delay()) if reply else None

    def _lost(self) -> bool:
        if self.faults.lose_next > 0:
            self.faults.lose_next -= 1
            return True
        return self.faults.silent or self.faults.chance.random() < self.faults.loss

    def _delay(self) -> float:
        delays = self.faults.delays
        self._turn += 1
        return delays[self._turn % len(delays) - 1] if delays else 0.0

    def _reply(self, request: Request) -> bytes | None:
        if request.kind == ber.GET_BULK and request.version == ber.V2C:
            return ber.encode_response(request, NO_ERROR, 0, b"".join(self._bulk(request)))
        if request.kind == ber.SET:
            status = READ_ONLY if request.version == ber.V1 else NOT_WRITABLE
            return self._refusal(request, status, 1)
        if request.kind not in (ber.GET, ber.GET_NEXT):
            return None
        bindings = []
        for index, oid in enumerate(request.oids, start=1):
            found, value = (
                self._next(oid, request.version) if request.kind == ber.GET_NEXT else self._get(oid)
            )
            # v1 has no words for one missing value: it refuses the whole request.
            if request.version == ber.V1 and value.tag in (
                ber.NO_SUCH_OBJECT,
                ber.NO_SUCH_INSTANCE,
                ber.END_OF_MIB_VIEW,
                ber.COUNTER64,
            ):
                return self._refusal(request, NO_SUCH_NAME, index)
            bindings.append(ber.encode_binding(found, value))
        return ber.encode_response(request, NO_ERROR, 0, b"".join(bindings))

    def _refusal(self, request: Request, status: int, index: int) -> bytes:
        asked = b"".join(ber.encode_binding(oid, Value(ber.NULL)) for oid in request.oids)
        return ber.encode_response(request, status, index, asked)

    def _get(self, oid: Oid) -> tuple[Oid, Value]:
        if oid in self._values:
            return oid, self._value(oid)
        # Knows the column but not this row: the difference that RFC 3416 4.2.1 makes.
        place = bisect_right(self._order, oid[:-1])
        known = place < len(self._order) and self._order[place][: len(oid) - 1] == oid[:-1]
        return oid, Value(ber.NO_SUCH_INSTANCE if known else ber.NO_SUCH_OBJECT)

    def _next(self, oid: Oid, version: int) -> tuple[Oid, Value]:
        loop = self.faults.loops_at
        if loop is not None and oid >= loop and loop in self._values:
            return loop, self._value(loop)
        for found in itertools.islice(self._order, bisect_right(self._order, oid), None):
            value = self._value(found)
            if version != ber.V1 or value.tag != ber.COUNTER64:  # v1 walks step over 64-bit counters
                return found, value
        return oid, Value(ber.END_OF_MIB_VIEW)

    def _bulk(self, request: Request) -> Iterator[bytes]:
        """RFC 3416 4.2.3, cut where the packet is full."""
        once = max(0, min(request.first, len(request.oids)))
        size = 0
        for oid in request.oids[:once]:
            binding = ber.encode_binding(*self._next(oid, ber.V2C))
            size += len(binding)
            yield binding
        rows = list(request.oids[once:])
        for _ in range(max(0, request.second)):
            ended = True
            for column, oid in enumerate(rows):
                rows[column], value = self._next(oid, ber.V2C)
                ended = ended and value.tag == ber.END_OF_MIB_VIEW
                binding = ber.encode_binding(rows[column], value)
                size += len(binding)
                if size > LARGEST:
                    return
                yield binding
            if ended:
                return

    def _value(self, oid: Oid) -> Value:
        if oid not in self._clocks:
            return self._values[oid]
        start, since = self._clocks[oid]
        ticks = start + int((time.monotonic() - since) * CLOCKS[oid])
        return Value(self._values[oid].tag, ber.integer_content(ticks % (1 << 32)))


class _Socket:
    """Carries one device's datagrams, in a thread of its own."""

    def __init__(self, device: SnmpDevice, address: str, *, everywhere: bool) -> None:
        self._device = device
        self._everywhere = everywhere
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        if everywhere:
            self._socket.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
        self._socket.bind(("0.0.0.0" if everywhere else address, 0))
        self._socket.setblocking(False)
        device.address, device.port = address, self._socket.getsockname()[1]
        self._stopping, self._stop = socket.socketpair()
        self._later: list[tuple[float, int, bytes, list[tuple[int, int, bytes]], tuple[str, int]]] = []
        self._counter = itertools.count()
        self._thread = threading.Thread(target=self._serve, name=f"snmp-{device.port}", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.send(b"x")
        self._thread.join()
        for end in (self._socket, self._stopping, self._stop):
            end.close()

    def _serve(self) -> None:
        while True:
            wait = max(0.0, self._later[0][0] - time.monotonic()) if self._later else None
            ready, _, _ = select.select([self._socket, self._stopping], [], [], wait)
            if self._stopping in ready:
                return
            if self._socket in ready:
                self._receive()
            while self._later and self._later[0][0] <= time.monotonic():
                _, _, reply, source, peer = heapq.heappop(self._later)
                self._socket.sendmsg([reply], source, 0, peer)

    def _receive(self) -> None:
        try:
            datagram, extra, _, peer = self._socket.recvmsg(65535, socket.CMSG_SPACE(12))
        except BlockingIOError:  # a checksum was wrong: select had promised too much
            return
        source = []
        if self._everywhere:
            # struct in_pktinfo: interface, local address, address in the header. Reply from the asked one.
            _, _, asked = struct.unpack("I4s4s", extra[0][2])
            if asked[0] != 127:  # bound to all addresses, but only loopback is ours to play on
                return
            source = [(socket.IPPROTO_IP, IP_PKTINFO, struct.pack("I4s4s", 0, asked, asked))]
        answer = self._device.answer(datagram)
        if answer:
            reply, delay = answer
            for _ in range(2 if self._device.faults.twice else 1):
                entry = (time.monotonic() + delay, next(self._counter), reply, source, peer)
                heapq.heappush(self._later, entry)


@contextmanager
def snmp_device(
    recording: str | Path | Recording,
    *,
    community: str = "public",
    address: str = "127.0.0.1",
    everywhere: bool = False,
    faults: Faults | None = None,
) -> Iterator[SnmpDevice]:
    """A device that answers until the block ends, on a free UDP port of `address`, in a thread of its own.

    `recording` is the name of one of ours, a path, or a `Recording`. On Linux any address of 127/8 will do;
    with `everywhere` the same device answers at all of them on one port: thousands of targets for a sweep.
    """
    loaded = recording if isinstance(recording, Recording) else read_recording(recording)
    device = SnmpDevice(loaded, community, faults or Faults())
    with _Socket(device, address, everywhere=everywhere):
        yield device
