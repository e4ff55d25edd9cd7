"""Looks at the machine: one reader per kind of system, all with the same sections."""

from __future__ import annotations

import sys
from typing import Callable, Dict, List, NamedTuple, Optional

from kitto_agent.refusals import Unsupported
from kitto_agent.wire import Document, Json, section_hash

SECTIONS = (
    "battery",
    "cpu",
    "disks",
    "encryption",
    "hardware",
    "memory",
    "network",
    "os",
    "software",
)


class Volatile(NamedTuple):
    """What changes all the time and therefore stays out of the hashes."""

    uptime_s: int
    free_mb: int


class Reader:
    """What every kind of system can be asked. Sections are read when asked for, not before."""

    def battery(self) -> Json:
        """Batteries with their wear, in steps of 5 % so that it changes seldom."""
        raise NotImplementedError

    def cpu(self) -> Json:
        """Model, sockets, cores, threads."""
        raise NotImplementedError

    def disks(self) -> Json:
        """Disks built in; nothing that is plugged in for an hour."""
        raise NotImplementedError

    def encryption(self) -> Json:
        """Whether the system disk is encrypted: on, off or unknown."""
        raise NotImplementedError

    def hardware(self) -> Document:
        """Maker, model, serial and UUID, as the firmware says them."""
        raise NotImplementedError

    def memory(self) -> Json:
        """Memory the system sees, and modules where the firmware lists them."""
        raise NotImplementedError

    def network(self) -> Json:
        """Physical network cards with their permanent addresses."""
        raise NotImplementedError

    def os(self) -> Document:
        """System, version, host name, time zone, locale."""
        raise NotImplementedError

    def software(self) -> Json:
        """Rows of name, version and kind, sorted."""
        raise NotImplementedError

    def software_key(self) -> str:
        """Something cheap that changes when the software does; empty when there is no such thing."""
        return ""

    def machine_id(self) -> str:
        """The identity of this installation; empty where there is none."""
        raise NotImplementedError

    def volatile(self) -> Volatile:
        """Seconds since start and free space of the system disk."""
        raise NotImplementedError


_CHOSEN: List[Reader] = []


def reader() -> Reader:
    """Choose the reader for this system once per run. Raises Unsupported."""
    if not _CHOSEN:
        _CHOSEN.append(_choose(sys.platform))
    return _CHOSEN[0]


def _choose(platform: str) -> Reader:
    if platform.startswith("linux"):
        from kitto_agent.collect.linux import Linux

        return Linux()
    if platform == "darwin":
        from kitto_agent.collect.macos import MacOS

        return MacOS()
    raise Unsupported(f"This agent looks at Linux and macOS. For {platform} use the agent made for it.")


class Report:
    """The sections of one run. Contents are read only when somebody wants them."""

    def __init__(self, look: Reader, cache: Dict[str, List[str]], *, fresh: bool) -> None:
        self.hashes: Dict[str, str] = {}
        self.failed: Dict[str, str] = {}
        self._look = look
        self._contents: Dict[str, Json] = {}
        for name in SECTIONS:
            self._hash(name, cache, fresh=fresh)

    def _hash(self, name: str, cache: Dict[str, List[str]], *, fresh: bool) -> None:
        key = self._look.software_key() if name == "software" else ""
        known = cache.get(name, [])
        if key and not fresh and known[:1] == [key]:
            self.hashes[name] = known[-1]
            return
        content = self.content(name)
        if content is None:
            return
        self.hashes[name] = section_hash(content)
        if key:
            cache[name] = [key, self.hashes[name]]

    def content(self, name: str) -> Optional[Json]:
        """Read one section. None when the system would not say; then the section is left out.

        A section that is left out means "not known now", never "gone".
        """
        if name not in self._contents and name not in self.failed:
            read: Callable[[], Json] = getattr(self._look, name)
            try:
                self._contents[name] = read()
            except (OSError, ValueError, KeyError, IndexError) as error:
                self.failed[name] = f"{type(error).__name__}: {error}"
        return self._contents.get(name)
