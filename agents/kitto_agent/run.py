"""What the agent does when it runs: enrol, check in, say goodbye."""

from __future__ import annotations

import gzip
import random
import time
from http import HTTPStatus
from typing import Dict, List, NamedTuple

from kitto_agent import VERSION, machine, wire
from kitto_agent.collect import Report, reader
from kitto_agent.refusals import Later, Refused, Removed
from kitto_agent.state import Credential, Folder, Memory
from kitto_agent.wire import Answer, Document, Json

ENROL = "/agent/v1/enrol"
CHECK_IN = "/agent/v1/checkin"
SECTIONS = "/agent/v1/sections"
BYE = "/agent/v1/bye"

EVERYTHING = "*"
FIRST_PAUSE_SECONDS = 900
LONGEST_PAUSE_SECONDS = 6 * 3600
SMALLEST_CLOCK_ERROR_MS = 1000
TOLERATED_CLOCK_ERROR_MS = 300_000


class Outcome(NamedTuple):
    """What a check-in did: which sections were sent, and why others could not be read."""

    sent: List[str]
    failed: Dict[str, str]


def enrol(folder: Folder, *, server: str, ca: str, token: str) -> str:
    """Trade a token for this machine's own credential; gives the state the server put us in."""
    marks = machine.marks()
    body: Document = {"token": token, "v": VERSION, "machine": machine.presented()}
    body["m"] = machine.fingerprint(marks)
    answer = wire.post(server, ENROL, wire.canonical(body), {"Content-Type": "application/json"}, ca)
    if answer.status != HTTPStatus.CREATED:
        raise _refusal(answer)
    folder.empty()
    folder.keep_credential(Credential(server, ca, str(answer.body["id"]), str(answer.body["secret"]), marks))
    memory = Memory()
    memory.clock_offset_ms = _offset(answer)
    folder.keep_memory(memory)
    return str(answer.body["state"])


def check_in(folder: Folder, *, full: bool, only_if_due: bool = False) -> "Outcome | None":
    """Report what changed; `full` sends every section. None when it is not time yet."""
    credential = folder.credential()
    memory = folder.memory()
    # A pause longer than the longest one means that the clock was set back, not that we must wait.
    if only_if_due and 0 < memory.not_before - time.time() <= LONGEST_PAUSE_SECONDS:
        return None
    line = Line(folder, credential, memory)
    try:
        outcome = _report(line, full=full)
    except Later as pause:
        _fall_back(memory, pause)
        raise
    else:
        memory.failures = memory.first_failure = 0
        return outcome
    finally:
        if (folder.path / "credential.json").exists():
            folder.keep_memory(memory)


def _report(line: Line, *, full: bool) -> Outcome:
    memory = line.memory
    report = Report(reader(), memory.cache, fresh=full)
    whole = wire.whole_hash(report.hashes)
    now = reader().volatile()
    beat: Document = {"h": whole, "m": line.mark, "up": now.uptime_s, "fr": now.free_mb, "v": VERSION}
    if whole != memory.acknowledged:
        beat["s"] = {**report.hashes}
    if memory.first_failure:
        beat["ff"] = memory.first_failure
    answer = line.send(CHECK_IN, wire.canonical(beat))
    wanted = answer.body.get("want", [])
    if answer.status == HTTPStatus.OK and not isinstance(answer.body.get("want"), list):
        raise Later("What answered is no Kitto: is there a sign-in page of the network in between?")
    names = _chosen(wanted, report, full=full)
    if names:
        line.send(SECTIONS, _packed(names, report))
    memory.acknowledged = wire.whole_hash(report.hashes)
    return Outcome(names, report.failed)


def _chosen(wanted: Json, report: Report, *, full: bool) -> List[str]:
    asked = [name for name in wanted if isinstance(name, str)] if isinstance(wanted, list) else []
    if full or EVERYTHING in asked:
        asked = sorted(report.hashes)
    return [name for name in asked if report.content(name) is not None]


def _packed(names: List[str], report: Report) -> bytes:
    sections: Document = {}
    for name in names:
        content = report.content(name)
        # What is sent is what is hashed, even if it changed since the cached hash was made.
        report.hashes[name] = wire.section_hash(content)
        sections[name] = {"h": report.hashes[name], "d": content}
    whole = wire.whole_hash(report.hashes)
    return gzip.compress(wire.canonical({"h": whole, "v": VERSION, "sections": sections}), mtime=0)


class Line:
    """The signed line to the server during one run."""

    def __init__(self, folder: Folder, credential: Credential, memory: Memory) -> None:
        self.folder = folder
        self.credential = credential
        self.memory = memory
        self.mark = machine.fingerprint(credential.machine)

    def send(self, path: str, body: bytes) -> Answer:
        """Send one signed message. Heals a wrong clock once; raises Later, Refused, Removed."""
        answer = self._once(path, body)
        if answer.status == HTTPStatus.UNAUTHORIZED and "now" in answer.body:
            offset = _offset(answer)
            moved = abs(offset - self.memory.clock_offset_ms) > SMALLEST_CLOCK_ERROR_MS
            self.memory.clock_offset_ms = offset
            if moved:
                answer = self._once(path, body)
        if answer.status not in (HTTPStatus.OK, HTTPStatus.NO_CONTENT):
            raise _refusal(answer)
        self._obey(answer.body)
        return answer

    def _once(self, path: str, body: bytes) -> Answer:
        now = int(time.time() * 1000) + self.memory.clock_offset_ms
        # Two messages within one millisecond, and a clock that was set back, still count upwards;
        # but a counter from a clock that ran far ahead must not lock us out.
        ahead = self.memory.counter - now
        counter = self.memory.counter + 1 if 0 <= ahead < TOLERATED_CLOCK_ERROR_MS else now
        self.memory.counter = counter
        signed = wire.authorization(self.credential.key(), self.credential.device, path, body, counter)
        return wire.post(self.credential.server, path, body, {"Authorization": signed}, self.credential.ca)

    def _obey(self, body: Document) -> None:
        pause = body.get("next")
        if isinstance(pause, int):
            self.memory.not_before = int(time.time()) + min(pause, LONGEST_PAUSE_SECONDS)
        secret = body.get("secret")
        if isinstance(secret, str) and secret:
            self.credential = self.credential._replace(secret=secret)
            self.folder.keep_credential(self.credential)


def say_goodbye(folder: Folder) -> None:
    """Tell the server that this agent is being removed."""
    credential = folder.credential()
    Line(folder, credential, folder.memory()).send(BYE, b"")


def shown() -> Document:
    """Everything that a full report would hold, for the person who asks what is sent."""
    look = reader()
    report = Report(look, {}, fresh=True)
    volatile: Document = dict(look.volatile()._asdict())
    sections: Document = {name: report.content(name) for name in sorted(report.hashes)}
    failed: Document = dict(report.failed)
    return {
        "at enrolment": machine.presented(),
        "each time": volatile,
        "sections": sections,
        "could not be read": failed,
    }


def _offset(answer: Answer) -> int:
    now = answer.body.get("now")
    return now - int(time.time() * 1000) if isinstance(now, int) else 0


def _refusal(answer: Answer) -> Exception:
    if answer.status == HTTPStatus.GONE:
        return Removed()
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Later(f"The server answered {answer.status}.", answer.retry_after)
    said = answer.body.get("detail")
    return Refused(said if isinstance(said, str) else f"The server answered {answer.status}.")


def _fall_back(memory: Memory, pause: Later) -> None:
    """Wait longer after each failure, spread at random so that machines do not come back at once."""
    now = int(time.time())
    memory.failures += 1
    memory.first_failure = memory.first_failure or now
    longest = min(FIRST_PAUSE_SECONDS * 2 ** min(memory.failures - 1, 8), LONGEST_PAUSE_SECONDS)
    seconds = pause.seconds if pause.seconds is not None else random.randint(0, longest)  # noqa: S311 -- spreads load
    memory.not_before = now + min(seconds, LONGEST_PAUSE_SECONDS)
