"""The wire: canonical JSON, hashes, signatures and one HTTP exchange."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Dict, List, NamedTuple, Optional, Union
from urllib.parse import urlsplit

from kitto_agent.refusals import Later, NeedsPerson

Json = Union[None, bool, int, str, List["Json"], Dict[str, "Json"]]
Document = Dict[str, Json]

SCHEME = "HMAC1"
TIMEOUT_SECONDS = 20
LARGEST_ANSWER = 65_536
LOOPBACK = ("localhost", "127.", "::1")


class Answer(NamedTuple):
    """What the server said; `body` is empty unless it sent a JSON object."""

    status: int
    retry_after: Optional[int]
    body: Document


def canonical(value: Json) -> bytes:
    """Encode so that equal values always give equal bytes."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def section_hash(value: Json) -> str:
    """First 16 hex digits of the SHA-256 of the canonical form."""
    return hashlib.sha256(canonical(value)).hexdigest()[:16]


def whole_hash(sections: Dict[str, str]) -> str:
    """One hash for all sections, from their names and hashes in order of name."""
    lines = "".join(f"{name}={sections[name]}\n" for name in sorted(sections))
    return hashlib.sha256(lines.encode()).hexdigest()[:16]


def _plain(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def authorization(secret: bytes, device: str, path: str, body: bytes, counter: int) -> str:
    """Sign one POST. `counter` is the time in milliseconds and must grow from call to call.

    Signed are method, path, counter, nonce, device and the SHA-256 of the body as it goes over the
    wire, joined by newlines.
    """
    nonce = _plain(os.urandom(8))
    digest = hashlib.sha256(body).hexdigest()
    text = "\n".join(("POST", path, str(counter), nonce, device, digest))
    mac = _plain(hmac.new(secret, text.encode(), hashlib.sha256).digest())
    return f"{SCHEME} {device}.{counter}.{nonce}.{mac}"


def post(server: str, path: str, body: bytes, headers: Dict[str, str], ca: str) -> Answer:
    """Send one POST with only the headers it needs. Raises Later when nobody answered."""
    connection, prefix = _connect(server, ca)
    try:
        connection.putrequest("POST", prefix + path, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        response = connection.getresponse()
        raw = response.read(LARGEST_ANSWER)
        return Answer(response.status, _seconds(response.getheader("Retry-After")), _object(raw))
    except (OSError, HTTPException) as error:
        why = f"{server} did not answer: {str(error) or type(error).__name__}"
        raise Later(why) from error
    finally:
        connection.close()


def _connect(server: str, ca: str) -> "tuple[HTTPConnection, str]":
    url = urlsplit(server)
    host = url.hostname or ""
    prefix = url.path.rstrip("/")
    if url.scheme == "https":
        # Loading TLS costs 8 MB; a loopback test server does without.
        import ssl

        context = ssl.create_default_context(cafile=ca or None)
        return HTTPSConnection(host, url.port, timeout=TIMEOUT_SECONDS, context=context), prefix
    if url.scheme == "http" and host.startswith(LOOPBACK):
        return HTTPConnection(host, url.port, timeout=TIMEOUT_SECONDS), prefix
    raise NeedsPerson(
        "The server address must begin with https:// (plain http only on this machine): " + server
    )


def _seconds(header: Optional[str]) -> Optional[int]:
    return int(header) if header and header.isdigit() else None


def _object(raw: bytes) -> Document:
    try:
        value = json.loads(raw) if raw else {}
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
