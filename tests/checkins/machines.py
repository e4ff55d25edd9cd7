"""Machines that report: they speak the agent's own wire format and say what a test wants."""

import gzip
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from kitto_agent import wire

MARK = "0123abcd"


class Answer(Protocol):
    """What both test clients give."""

    status_code: int

    def json(self) -> Any: ...


class Poster(Protocol):
    """Anything that can POST bytes."""

    def post(self, url: str, *, content: bytes, headers: Mapping[str, str]) -> Any: ...


def hardware(serial: str, **more: str) -> dict[str, str]:
    """A hardware section as an ordinary laptop reports it."""
    said = {"vendor": "Dell Inc.", "model": "Latitude 7450", "serial": serial, "virtual": ""}
    return said | {"uuid": "", "board_serial": ""} | more


def system(hostname: str) -> dict[str, str]:
    """An os section."""
    return {
        "family": "linux",
        "name": "Debian GNU/Linux",
        "version": "12",
        "codename": "bookworm",
        "kernel": "6.1.0",
        "architecture": "x86_64",
        "hostname": hostname,
        "time_zone": "Asia/Tokyo",
        "locale": "ja_JP.UTF-8",
    }


@dataclass
class Machine:
    """One machine before and after it has enrolled."""

    client: Poster
    serial: str = ""
    hostname: str = "pc-1"
    uuid: str = ""
    macs: list[str] = field(default_factory=list)
    mark: str = MARK
    device: str = ""
    secret: bytes = b""
    counter: int = 0
    sections: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.sections = self.sections or {
            "hardware": hardware(self.serial, uuid=self.uuid),
            "os": system(self.hostname),
            "software": [["bash", "5.2", "deb"], ["vim", "9.0", "deb"]],
        }

    def enrol(self, token: str) -> Answer:
        machine = {**hardware(self.serial, uuid=self.uuid), "hostname": self.hostname, "macs": self.macs}
        body = {"token": token, "v": "0.1.0", "m": self.mark, "machine": machine}
        headers = {"Content-Type": "application/json"}
        answer: Answer = self.client.post("/agent/v1/enrol", content=wire.canonical(body), headers=headers)
        if answer.status_code == 201:
            said = answer.json()
            self.device = said["id"]
            self.secret = _bytes(said["secret"])
        return answer

    def hashes(self) -> dict[str, str]:
        return {name: wire.section_hash(content) for name, content in self.sections.items()}

    def beat(self, **changes: Any) -> dict[str, Any]:
        """A check-in body; `changes` replaces fields, None leaves one out."""
        hashes = self.hashes()
        said = {"h": wire.whole_hash(hashes), "m": self.mark, "up": 60, "fr": 1000, "v": "0.1.0", "s": hashes}
        said |= changes
        return {name: value for name, value in said.items() if value is not None}

    def check_in(self, **changes: Any) -> Answer:
        return self.send("checkin", wire.canonical(self.beat(**changes)))

    def report(self, *names: str) -> Answer:
        """Send sections, all of them when none is named."""
        hashes = self.hashes()
        chosen = names or tuple(self.sections)
        body = {
            "h": wire.whole_hash(hashes),
            "v": "0.1.0",
            "sections": {name: {"h": hashes[name], "d": self.sections[name]} for name in chosen},
        }
        return self.send("sections", gzip.compress(wire.canonical(body)))

    def tick(self) -> int:
        self.counter = max(self.counter + 1, int(time.time() * 1000))
        return self.counter

    def send(self, name: str, body: bytes, *, counter: int | None = None) -> Answer:
        return self.post(name, body, self.signature(name, body, counter=counter))

    def signature(self, name: str, body: bytes, *, counter: int | None = None) -> str:
        at = counter if counter is not None else self.tick()
        return wire.authorization(self.secret, self.device, f"/agent/v1/{name}", body, at)

    def post(self, name: str, body: bytes, authorization: str) -> Answer:
        answer: Answer = self.client.post(
            f"/agent/v1/{name}", content=body, headers={"Authorization": authorization}
        )
        return answer


def _bytes(secret: str) -> bytes:
    from kitto.checkins.rules.signature import key_of  # the service hands it out in this form

    return key_of(secret)
