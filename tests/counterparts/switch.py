"""A switch with a command line that remembers: what was configured is what it shows.

Plays the part of IOS that our recipe uses, in the words of Cisco's command reference (15.2): prompts, enable,
pages, configuration mode, refusals with `%`, users of SNMPv3 that the running configuration does not show,
and a startup configuration that only `write memory` changes. What it does not know it refuses.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import paramiko

from tests.counterparts.ssh_gear import ssh_gear

MORE = "--More-- "
PAGE = 24
INVALID = "% Invalid input detected at '^' marker."
FACTORY = (
    "version 15.2",
    "service timestamps log datetime msec",
    "no service password-encryption",
    "hostname Switch",
    "enable secret 5 $1$mERr$9cTjUIEqNGurQiFU.ZeCi1",
    "username kitto privilege 1 secret 5 $1$hx5r$vTzh0y6tD7Yy3dxk0J1Ii1",
    "ip domain-name example.jp",
    "ip ssh version 2",
    "logging host 10.9.9.9",
    "ntp server 10.9.9.8",
)
VERSION = """\
Cisco IOS Software, C2960X Software (C2960X-UNIVERSALK9-M), Version 15.2(7)E4, RELEASE SOFTWARE (fc2)
Technical Support: http://www.cisco.com/techsupport

{name} uptime is 12 minutes
System image file is "flash:/c2960x-universalk9-mz.152-7.E4.bin"

cisco WS-C2960X-24TS-L (APM86XXX) processor (revision F0) with 524288K bytes of memory.
Processor board ID {serial}
Last reset from power-on
24 Gigabit Ethernet interfaces

Model number                    : WS-C2960X-24TS-L
System serial number            : {serial}

Configuration register is 0xF
"""
# What configuration mode takes: at the top, and whether a new line replaces the one with the same beginning.
TOP = (
    (re.compile(r"hostname [A-Za-z][A-Za-z0-9-]{0,62}"), "hostname "),
    (re.compile(r"logging host [0-9.]+"), ""),
    (re.compile(r"ntp server [0-9A-Za-z.-]+"), ""),
    (re.compile(r"snmp-server group \S+ v3 (auth|priv)"), ""),
    (re.compile(r"snmp-server location .+"), "snmp-server location "),
)
SNMP_USER = re.compile(r"snmp-server user (\S+) (\S+) v3 auth (sha|md5) (\S+) priv (aes 128|des) (\S+)")


@dataclass
class Switch:
    """One switch. `running` goes with the power, `startup` stays; `asked` is every command it was given."""

    serial: str = "KWS2401Q7RT"
    user: str = "kitto"
    password: str = "way-in-1"
    enable: str = "raise-me-1"
    banner: bytes = b""
    address: str = ""
    port: int = 0
    host_key: str = ""
    running: list[str] = field(default_factory=lambda: list(FACTORY))
    startup: list[str] = field(default_factory=lambda: list(FACTORY))
    snmp_users: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    drop_after: str = ""
    """The line breaks when a command begins with this."""

    @property
    def name(self) -> str:
        return next(line.split()[1] for line in self.running if line.startswith("hostname "))

    def shown(self, lines: list[str]) -> str:
        interfaces = [
            f"interface GigabitEthernet1/0/{port}\n switchport mode access\n!" for port in range(1, 25)
        ]
        body = "\n".join([*lines, "!", *interfaces, "line vty 0 15", " transport input ssh", "!", "end"])
        return f"Building configuration...\n\nCurrent configuration : {len(body)} bytes\n!\n{body}"

    def configure(self, line: str) -> str:
        """Take one line in configuration mode; what the switch says to it."""
        if line.startswith("no "):
            if line[3:] not in self.running:
                return INVALID
            self.running.remove(line[3:])
            return ""
        if user := SNMP_USER.fullmatch(line):
            return self._snmp_user(*user.groups())
        for pattern, replaces in TOP:
            if pattern.fullmatch(line):
                if replaces:
                    self.running = [known for known in self.running if not known.startswith(replaces)]
                if line not in self.running:
                    self.running.append(line)
                return ""
        return "% Incomplete command." if any(p.pattern.startswith(line) for p, _ in TOP) else INVALID

    def _snmp_user(self, name: str, group: str, auth: str, key: str, priv: str, priv_key: str) -> str:
        if not any(line.startswith(f"snmp-server group {group} v3") for line in self.running):
            return "% The group is not there."
        if min(len(key), len(priv_key)) < 8:
            return "% Password is too short, minimum length is 8."
        self.snmp_users[name] = {"group": group, "auth": auth, "key": key, "priv": priv, "priv_key": priv_key}
        return ""


class _Session:
    """One login: privileges, mode and page length last until it ends."""

    def __init__(self, switch: Switch, channel: paramiko.Channel) -> None:
        self._switch = switch
        self._channel = channel
        self._page = PAGE
        self._mode = ">"

    def run(self) -> None:
        self._channel.sendall(self._switch.banner)
        self._say("\r\n")
        while True:
            self._say(f"{self._switch.name}{self._mode}")
            line = self._line()
            if line is None:
                return
            command = " ".join(line.split())
            self._say(f"{line}\r\n")
            self._switch.asked.append(command)
            if self._switch.drop_after and command.startswith(self._switch.drop_after):
                return
            if self._mode != "(config)#" and command in ("exit", "quit", "logout"):
                return
            if command:
                self._answer(command)

    def _answer(self, command: str) -> None:
        if self._mode == "(config)#":
            self._configure(command)
        elif command.startswith("terminal length "):
            self._page = int(command.rsplit(maxsplit=1)[-1])
        elif command == "enable":
            self._enable()
        elif self._mode == ">" and not command.startswith(("show version", "terminal ")):
            self._say(f"{INVALID}\r\n\r\n")
        elif command in ("configure terminal", "conf t"):
            self._say("Enter configuration commands, one per line.  End with CNTL/Z.\r\n")
            self._mode = "(config)#"
        elif command in ("write memory", "write mem", "copy running-config startup-config"):
            self._switch.startup = list(self._switch.running)
            self._say("Building configuration...\r\n[OK]\r\n")
        elif not command.startswith("terminal "):
            self._show(command)

    def _configure(self, command: str) -> None:
        if command in ("end", "exit"):
            self._mode = "#"
        elif said := self._switch.configure(command):
            self._say(f"{'^'.rjust(12)}\r\n{said}\r\n\r\n")

    def _enable(self) -> None:
        if self._mode == "#":
            return
        self._say("Password: ")
        given = self._line()
        self._say("\r\n")
        if given == self._switch.enable:
            self._mode = "#"
        else:
            self._say("% Access denied\r\n\r\n")

    def _show(self, command: str) -> None:
        switch = self._switch
        name = command.removeprefix("show snmp user").strip()
        if command == "show version":
            self._paged(VERSION.format(name=switch.name, serial=switch.serial))
        elif command == "show running-config":
            self._paged(switch.shown(switch.running))
        elif command == "show startup-config":
            self._paged(
                switch.shown(switch.startup).replace("Building configuration...\n\n", "Using 2118 bytes\n")
            )
        elif command.startswith("show snmp user"):
            known = {n: u for n, u in switch.snmp_users.items() if name in ("", n)}
            for user, has in known.items():
                priv = "AES128" if has["priv"] == "aes 128" else "DES"
                self._paged(
                    f"User name: {user}\nEngine ID: 800000090300A0B1C2D3E4F5\n"
                    f"storage-type: nonvolatile\t active\nAuthentication Protocol: {has['auth'].upper()}\n"
                    f"Privacy Protocol: {priv}\nGroup-name: {has['group']}\n"
                )
        else:
            self._say(f"{'^'.rjust(12)}\r\n{INVALID}\r\n\r\n")

    def _paged(self, text: str) -> None:
        for number, line in enumerate(text.splitlines(), start=1):
            self._say(f"{line}\r\n")
            if self._page and number % self._page == 0:
                self._say(MORE)
                if self._channel.recv(1) == b"q":
                    return

    def _line(self) -> str | None:
        read = b""
        while not read.endswith((b"\n", b"\r")):
            byte = self._channel.recv(1)
            if not byte:
                return None
            read += byte
        return read.decode(errors="replace").rstrip("\r\n")

    def _say(self, text: str) -> None:
        self._channel.sendall(text.encode())


@contextmanager
def bench_switch(switch: Switch | None = None) -> Iterator[Switch]:
    """A switch fresh from its box, except for its address and an account; gone when the block ends."""
    made = switch or Switch()
    with ssh_gear(
        lambda channel: _Session(made, channel).run(), user=made.user, password=made.password
    ) as at:
        made.address, made.port, made.host_key = at.address, at.port, at.host_key
        yield made
