"""The public keys of CI issuers: over https only, from addresses that were looked at, and kept a while."""

import base64
import binascii
import json
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2
import structlog
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from kitto.base.errors import Fault
from kitto.base.net import AddressRefused, allowed_address
from kitto.base.settings import settings
from kitto.identity.rules.refusals import IdTokenForged, IdTokenUnreadable, IssuerSilent
from kitto.identity.rules.trust import ALGORITHMS, TOKEN_MOST

log = structlog.get_logger()
FRESH: Final = timedelta(minutes=10)
STALE: Final = timedelta(hours=6)
ASK_AGAIN: Final = timedelta(seconds=60)
LARGEST: Final = 256 * 1024
DISCOVERY: Final = "/.well-known/openid-configuration"
KINDS: Final = ("RSA", "EC")


@dataclass(frozen=True)
class Unproved:
    """What an id-token says about itself, before anything of it is believed."""

    token: str
    issuer: str
    kid: str
    algorithm: str


def read(token: str) -> Unproved:
    """Take a token apart. Raises IdTokenUnreadable, also for an algorithm that is not on the list."""
    parts = token.strip().split(".")
    if len(token) > TOKEN_MOST or len(parts) != 3:  # noqa: PLR2004 -- header, claims, signature
        raise IdTokenUnreadable
    header, claims = _json(parts[0]), _json(parts[1])
    algorithm, kid, issuer = header.get("alg"), header.get("kid", ""), claims.get("iss")
    if algorithm not in ALGORITHMS or "crit" in header:
        raise IdTokenUnreadable
    if not isinstance(kid, str) or not isinstance(issuer, str):
        raise IdTokenUnreadable
    return Unproved(token.strip(), issuer, kid, algorithm)


def _json(part: str) -> dict[str, Any]:
    try:
        found = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (binascii.Error, ValueError, RecursionError) as wrong:
        raise IdTokenUnreadable from wrong
    if not isinstance(found, dict):
        raise IdTokenUnreadable
    return found


Fetch = Callable[[str, str], list[dict[str, Any]]]


class Issuers:
    """Key sets of issuers, one per process. A key that is not known is asked for once a minute at most."""

    def __init__(self, fetch: Fetch | None = None) -> None:
        self._fetch = fetch or fetch_keys
        self._known: dict[tuple[str, str], tuple[list[dict[str, Any]], datetime]] = {}
        self._asked: dict[tuple[str, str], datetime] = {}
        self._lock = Lock()

    def claims(self, found: Unproved, jwks_url: str, now: datetime) -> dict[str, Any]:
        """The claims, if a key of the issuer has signed them. Raises IdTokenForged, IssuerSilent."""
        where = (found.issuer, jwks_url)
        keys = self._keys(where, now, at_least=FRESH)
        key = _key(keys, found)
        if key is None:
            key = _key(self._keys(where, now, at_least=timedelta()), found)
        if key is None:
            raise IdTokenForged
        try:
            claims: dict[str, Any] = jwt.decode(
                found.token, KeySet.import_key_set({"keys": [key]}), algorithms=[found.algorithm]
            ).claims
        except (JoseError, ValueError) as wrong:
            raise IdTokenForged from wrong
        return claims

    def _keys(self, where: tuple[str, str], now: datetime, *, at_least: timedelta) -> list[dict[str, Any]]:
        with self._lock:
            keys, since = self._known.get(where, ([], None))
            is_fresh = since is not None and now - since < at_least
            asked = self._asked.get(where)
            if is_fresh or (asked is not None and now - asked < ASK_AGAIN):
                return _unless_stale(keys, since, now)
            self._asked[where] = now
        try:
            keys, since = self._fetch(*where), now
        except (Fault, AddressRefused) as trouble:
            log.warning("identity.issuer_silent", issuer=where[0], reason=str(trouble)[:200])
            return _unless_stale(keys, since, now)
        with self._lock:
            self._known[where] = (keys, now)
        return keys


def _unless_stale(keys: list[dict[str, Any]], since: datetime | None, now: datetime) -> list[dict[str, Any]]:
    if since is None or now - since > STALE:
        raise IssuerSilent
    return keys


def _key(keys: list[dict[str, Any]], found: Unproved) -> dict[str, Any] | None:
    """The one key that is meant. The algorithm decides the kind of key, never the other way round."""
    kind = "EC" if found.algorithm.startswith("ES") else "RSA"
    fits = [
        key
        for key in keys
        if key.get("kty") == kind
        and key.get("use", "sig") == "sig"
        and key.get("alg", found.algorithm) == found.algorithm
        and (not found.kid or key.get("kid") == found.kid)
    ]
    return fits[0] if len(fits) == 1 else None


def fetch_keys(issuer: str, jwks_url: str) -> list[dict[str, Any]]:
    """The public keys of an issuer, found by its discovery document unless their address is given.

    Raises Fault, AddressRefused.
    """
    if not jwks_url:
        found = _get(issuer.rstrip("/") + DISCOVERY)
        if found.get("issuer") != issuer:
            raise Fault("the discovery document names another issuer")
        jwks_url = str(found.get("jwks_uri", ""))
    keys = _get(jwks_url).get("keys")
    if not isinstance(keys, list):
        raise Fault("the answer holds no keys")
    return [key for key in keys if isinstance(key, dict) and key.get("kty") in KINDS]


def _get(url: str) -> dict[str, Any]:
    """One JSON document. The name is looked up once, each of its addresses is looked at, and the very
    address that was looked at is asked, so that a name cannot change its meaning in between.
    """
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or parts.username:
        raise Fault("an issuer is asked over https only")
    host, port = parts.hostname, parts.port or 443
    headers = {"Host": parts.netloc, "Accept": "application/json"}
    trouble: Exception | None = None
    with httpx2.Client(verify=_authorities(), trust_env=False, timeout=5) as client:
        for address in _looked_at(host, port):
            shown = f"[{address}]" if ":" in address else address
            target = parts._replace(netloc=f"{shown}:{port}").geturl()
            asked = client.build_request("GET", target, headers=headers, extensions={"sni_hostname": host})
            try:
                return _document(client, asked)
            except (httpx2.HTTPError, OSError) as silent:
                trouble = silent
    raise Fault(f"{host} cannot be asked ({type(trouble).__name__})") from trouble


def _document(client: httpx2.Client, asked: httpx2.Request) -> dict[str, Any]:
    answer = client.send(asked, stream=True)
    body = b""
    try:
        if answer.status_code != 200:  # noqa: PLR2004 -- anything else, a redirect too, is no answer
            raise Fault(f"HTTP {answer.status_code}")
        for part in answer.iter_bytes():
            body += part
            if len(body) > LARGEST:
                raise Fault("the answer is too large")
    finally:
        answer.close()
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as wrong:
        raise Fault("the answer is no JSON") from wrong
    if not isinstance(found, dict):
        raise Fault("the answer is no JSON object")
    return found


def _looked_at(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as unknown:
        raise Fault(f"{host} has no address") from unknown
    addresses = dict.fromkeys(str(item[4][0]).partition("%")[0] for item in found)
    return [allowed_address(address) for address in addresses]


def _authorities() -> ssl.SSLContext:
    made = ssl.create_default_context()
    own = settings().issuer_ca
    if own is not None:
        made.load_verify_locations(own)
    return made
