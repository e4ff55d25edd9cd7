"""The messages of a fresh machine, plain JSON. Whoever writes another script needs docs/bootstrap.md only."""

import re
from typing import Annotated, Final, TypeVar

import msgspec
from msgspec import Meta, Struct

from kitto.bootstrap.rules.refusals import MessageUnreadable
from kitto.bootstrap.rules.states import Transport

MOST_BYTES: Final = 32 * 1024
Name = Annotated[str, Meta(max_length=255)]
Token = Annotated[str, Meta(min_length=20, max_length=128)]
Parsed = TypeVar("Parsed")
# Controls, and the marks that make text run the other way or hide (Unicode TR36, 2.10).
_UNSEEN: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]"
)


class Machine(Struct):
    """What every message begins with: the token, and the serial number that the firmware reports."""

    token: Token
    serial: Name


class Hello(Machine):
    """The first call. `key`: the line of an SSH host key, or a WinRM certificate as PEM.

    `address` is what the machine takes for its own; `password` the one it has just made for `account`.
    """

    transport: Transport
    key: Annotated[str, Meta(min_length=16, max_length=8192)]
    uuid: Name = ""
    hostname: Name = ""
    system: Name = ""
    address: Name = ""
    port: Annotated[int, Meta(ge=0, le=65535)] = 0
    password: Annotated[str, Meta(max_length=128)] = ""


class Done(Machine):
    """The last call: whether the agent is enrolled, and what was closed and removed again."""

    agent: Annotated[str, Meta(pattern="^(enrolled|missing|failed)$")]
    closed: Annotated[list[Name], Meta(max_length=32)] = []


class Welcome(Struct, kw_only=True):
    """The answer to the first call; fields that a transport has no use for are empty."""

    tag: str
    account: str
    places: list[str]
    user_ca: str = ""
    host_certificate: str = ""
    revoked: str = ""
    enrolment_token: str = ""
    agent: str = ""


def parse(body: bytes, into: type[Parsed]) -> Parsed:
    """Read JSON into a type. Raises MessageUnreadable, whatever the body is."""
    try:
        return msgspec.json.decode(body, type=into)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as wrong:
        raise MessageUnreadable(reason=str(wrong)[:120]) from wrong


def clean(text: str, most: int = 128) -> str:
    """Text of a machine without signs that hide or turn others around."""
    return _UNSEEN.sub("", text).strip()[:most]


def packed(message: Struct) -> bytes:
    """A message as it goes over the wire."""
    return msgspec.json.encode(message)
