"""What a fresh machine is given: one file, and the order that its script carries."""

import ipaddress
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct

from kitto.bootstrap.rules.refusals import HttpsNeeded, PlacesUnknown

LOOPBACK_NAMES: Final = frozenset({"localhost"})


@dataclass(frozen=True)
class Artifact:
    """One file, made for one machine. It holds a one-time token: show it once and keep it nowhere."""

    name: str
    media_type: str
    content: bytes
    token_id: int = 0
    typed: str = ""
    """A line to type or scan into the machine instead, where there is one."""


class Order(Struct, frozen=True, kw_only=True):
    """What the script on the machine is told. `token` is the only secret in it, and it works once."""

    server: str
    token: str
    tag: str
    account: str
    places: list[str]
    ca: str = ""


def server_of(address: str) -> str:
    """The address to call. Refuses plain HTTP, except on this very machine."""
    parts = urlsplit(address)
    if parts.scheme != "https" and not _is_loopback(parts.hostname or ""):
        raise HttpsNeeded(address=address[:100])
    return address


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host in LOOPBACK_NAMES


def places_of(given: str, address: str) -> list[str]:
    """From where Kitto reaches devices: addresses and networks in their plain form. Refuses places_unknown.

    `given` is the setting; without it the host of Kitto's own address counts, if it is an IP address.
    """
    wanted = [part.strip() for part in given.split(",") if part.strip()]
    try:
        found = [str(ipaddress.ip_network(part, strict=False)) for part in wanted or [_host(address)]]
    except ValueError as wrong:
        raise PlacesUnknown from wrong
    return found


def _host(address: str) -> str:
    return urlsplit(address).hostname or ""
