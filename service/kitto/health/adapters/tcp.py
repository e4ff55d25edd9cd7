"""The smallest probe: does something accept connections there?"""

import socket
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

from kitto.health.adapters.snmp import OUR_ERRORS
from kitto.health.rules.states import Reason, Sign
from kitto.health.rules.values import Answer


@dataclass(frozen=True, slots=True)
class TcpTarget:
    """An address literal and a port."""

    key: int
    address: str
    port: int
    timeout: float = 3.0


def sweep(targets: Sequence[TcpTarget], *, at_once: int = 64) -> dict[int, Answer]:
    """Ask all targets in a bounded pool of threads; one answer for every key."""
    if not targets:
        return {}
    with ThreadPoolExecutor(min(at_once, len(targets)), thread_name_prefix="health-tcp") as pool:
        answers = list(pool.map(ask, targets))
    return {target.key: answer for target, answer in zip(targets, answers, strict=True)}


def ask(target: TcpTarget) -> Answer:
    """Connect and hang up. Never raises."""
    started = time.monotonic()
    try:
        socket.create_connection((target.address, target.port), timeout=target.timeout).close()
    except TimeoutError:
        return Answer(Sign.SILENT, Reason.NO_ANSWER)
    except ConnectionRefusedError:
        return Answer(Sign.SILENT, Reason.REFUSED)
    except OSError as broken:
        if broken.errno in OUR_ERRORS:
            return Answer(Sign.OURS, Reason.OUR_NETWORK, broken.strerror or "")
        return Answer(Sign.SILENT, Reason.NO_ANSWER, broken.strerror or "")
    latency = timedelta(seconds=time.monotonic() - started)
    return Answer(Sign.ANSWERED, Reason.ANSWERED, latency=latency)
