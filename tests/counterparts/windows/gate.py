"""Who may speak to the PC: Basic and NTLM, message encryption, channel binding; one gate per connection."""

import base64
import hmac
import os
import struct
import threading
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field

import spnego
from spnego.channel_bindings import GssChannelBindings
from spnego.exceptions import SpnegoError

BOUNDARY = b"--Encrypted Boundary"
SEALED = "application/HTTP-SPNEGO-session-encrypted"
CONTENT_TYPE = f'multipart/encrypted;protocol="{SEALED}";boundary="Encrypted Boundary"'
# pyspnego's acceptor finds its accounts by a variable of the process, so only one may look at a time.
_looking = threading.Lock()
_ACCOUNTS = "NTLM_USER_FILE"


@dataclass(frozen=True)
class House:
    """What the gates of one PC have in common. `passwords` is looked at anew for each sign-in."""

    passwords: Callable[[], Mapping[str, str]]
    basic: bool
    unencrypted: bool
    certificate_digest: bytes
    binding_required: bool


@dataclass
class Gate:
    """The sign-in of one connection."""

    house: House
    tls: bool
    user: str = ""
    encrypts: bool = False
    refused: list[str] = field(default_factory=list)
    _context: spnego.ContextProxy | None = None

    @property
    def offers(self) -> list[str]:
        """What stands in WWW-Authenticate."""
        basic = self.house.basic and (self.tls or self.house.unencrypted)
        return ["Negotiate", *(['Basic realm="WSMAN"'] if basic else [])]

    def let_in(self, authorization: str) -> tuple[bool, str]:
        """Whether the request may pass, and the token to answer with."""
        scheme, _, told = authorization.partition(" ")
        if scheme.lower() == "basic":
            return self._basic(told), ""
        if scheme.lower() in ("negotiate", "ntlm") and told:
            return self._negotiate(base64.b64decode(told))
        return bool(self.user) and self._context is not None, ""

    def _basic(self, told: str) -> bool:
        if not self.house.basic or not (self.tls or self.house.unencrypted):
            return False
        user, _, password = base64.b64decode(told).decode().partition(":")
        known = self.house.passwords().get(user.lower())
        if known is None or not hmac.compare_digest(known.encode(), password.encode()):
            self.refused.append(user)
            return False
        self.user = user
        return True

    def _negotiate(self, token: bytes) -> tuple[bool, str]:
        if self._context is None or self._context.complete:
            self._context, self.user = self._acceptor(), ""
        try:
            said = self._step(self._context, token)
        except SpnegoError as wrong:
            self.refused.append(str(wrong))
            self._context = None
            return False, ""
        answer = "Negotiate " + base64.b64encode(said or b"").decode() if said else ""
        if self._context.complete:
            self.user = self._context.client_principal or ""
        return self._context.complete, answer

    def _acceptor(self) -> spnego.ContextProxy:
        with _looking, _Accounts(self.house.passwords()):
            return spnego.server(protocol="negotiate", options=spnego.NegotiateOptions.use_negotiate)

    def _step(self, context: spnego.ContextProxy, token: bytes) -> bytes | None:
        bindings = None
        if self.tls and self.house.binding_required:
            digest = self.house.certificate_digest
            bindings = GssChannelBindings(application_data=b"tls-server-end-point:" + digest)
        with _looking, _Accounts(self.house.passwords()):
            return context.step(token, channel_bindings=bindings)

    def open_letter(self, content_type: str, raw: bytes) -> bytes:
        """The message inside; what came sealed is answered sealed. Raises ValueError for an open one
        where only sealed ones may pass."""
        if "encrypted" not in content_type:
            if raw and not self.tls and not self.house.unencrypted:
                raise ValueError("an open message where only encrypted ones may pass")
            self.encrypts = False
            return raw
        if self._context is None:
            raise ValueError("a sealed message before anybody signed in")
        self.encrypts = True
        _, about, payload = raw.split(BOUNDARY + b"\r\n", 2)
        expected = int(about.split(b"Length=")[1])
        payload = payload.removesuffix(BOUNDARY + b"--\r\n")
        sealed = payload.split(b"\r\n", 1)[1]
        (size,) = struct.unpack("<i", sealed[:4])
        message = self._context.unwrap_winrm(sealed[4 : 4 + size], sealed[4 + size :])
        if len(message) != expected:
            raise ValueError("the sealed message is not as long as it says")
        return message

    def close_letter(self, message: bytes) -> tuple[str, bytes]:
        """The answer as it goes out, with its content type."""
        if not self.encrypts or self._context is None:
            return "application/soap+xml;charset=UTF-8", message
        header, sealed, padding = self._context.wrap_winrm(message)
        about = f"type=application/soap+xml;charset=UTF-8;Length={len(message) + padding}"
        return CONTENT_TYPE, b"".join(
            [
                BOUNDARY + b"\r\n",
                f"\tContent-Type: {SEALED}\r\n\tOriginalContent: {about}\r\n".encode(),
                BOUNDARY + b"\r\n\tContent-Type: application/octet-stream\r\n",
                struct.pack("<i", len(header)) + header + sealed,
                BOUNDARY + b"--\r\n",
            ]
        )


def _environment() -> MutableMapping[str, str]:
    return os.environ  # noqa: TID251 -- where pyspnego looks


class _Accounts:
    """A file of accounts that exists in memory only, for as long as the acceptor looks."""

    def __init__(self, passwords: Mapping[str, str]) -> None:
        # Clients give no domain for a local account, and some give a dot.
        self._text = "".join(
            f"{domain}:{user}:{secret}\n" for user, secret in passwords.items() for domain in ("", ".")
        )

    def __enter__(self) -> None:
        self._handle = os.memfd_create("accounts")
        os.write(self._handle, self._text.encode())
        self._before = _environment().get(_ACCOUNTS)
        _environment()[_ACCOUNTS] = f"/proc/self/fd/{self._handle}"

    def __exit__(self, *_: object) -> None:
        os.close(self._handle)
        if self._before is None:
            del _environment()[_ACCOUNTS]
        else:
            _environment()[_ACCOUNTS] = self._before
