"""Trusting id-tokens of CI systems: what a rule pins, and what a token must say to be believed.

OpenID Connect Core 1.0 §2 and §3.1.3.7; RFC 8725 (JWT best practice) for the algorithms.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from kitto.base.ids import digest
from kitto.identity.rules.refusals import (
    IdTokenForeign,
    IdTokenOld,
    IdTokenUnfit,
    TrustUnfit,
)

# Only signatures that need the issuer's private half; "none" and HMAC never.
ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
TOKEN_MOST: Final = 16_384
LEEWAY: Final = timedelta(seconds=30)
OLDEST: Final = timedelta(hours=1)
LONGEST: Final = timedelta(hours=24)
MINUTES_LEAST: Final = 5
MINUTES_MOST: Final = 15
PINS_MOST: Final = 20
# A rule names who may come by at least one of these, or everybody at that issuer could.
WHO: Final = frozenset(
    {"sub", "repository", "repository_id", "project_path", "project_id", "job_workflow_ref", "workflow_ref"}
)
# Refs that anybody can make by asking for a merge; they come in only where the ref itself is pinned.
ANYBODYS_REFS: Final = ("refs/pull/", "refs/merge-requests/")
REF_CLAIMS: Final = ("ref", "ref_path")

Pins = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class TrustWish:
    """What a rule of trust says. `minutes`: how long a token lives."""

    name: str
    issuer: str
    audience: str
    pins: Pins
    permissions: Sequence[str]
    minutes: int = 10
    quota: int = 600
    scope: tuple[str, str] | None = None
    tag_prefix: str = ""
    categories: Sequence[str] = field(default=())
    jwks_url: str = ""


def check_wish(wish: TrustWish) -> None:
    """Refuse a rule that would let in more than its maker can mean. Raises TrustUnfit."""
    for name, url in (("issuer", wish.issuer), ("jwks_url", wish.jwks_url)):
        if url or name == "issuer":
            _check_url(name, url)
    if not wish.audience.strip():
        raise TrustUnfit(field="audience")
    if not WHO & set(wish.pins) or len(wish.pins) > PINS_MOST:
        raise TrustUnfit(field="pins")
    if any(not values or not all(value.strip() for value in values) for values in wish.pins.values()):
        raise TrustUnfit(field="pins")
    if not MINUTES_LEAST <= wish.minutes <= MINUTES_MOST:
        raise TrustUnfit(field="minutes")


def _check_url(name: str, url: str) -> None:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as wrong:
        raise TrustUnfit(field=name) from wrong
    odd = parts.username or parts.password or parts.query or parts.fragment or port == 0
    if parts.scheme != "https" or not parts.hostname or odd:
        raise TrustUnfit(field=name)


@dataclass(frozen=True)
class Proved:
    """An id-token whose signature, times and audience were found good, and the claims it was good for."""

    issuer: str
    claims: Mapping[str, Any]
    mark: str
    expires_at: datetime

    @property
    def subject(self) -> str:
        return str(self.claims.get("sub", ""))[:255]


def proved(
    claims: Mapping[str, Any], *, issuer: str, audiences: Sequence[str], token: str, now: datetime
) -> Proved:
    """Check the claims of a token whose signature is good. Raises IdTokenUnfit, IdTokenOld."""
    if claims.get("iss") != issuer:
        raise IdTokenUnfit(claim="iss")
    given = claims.get("aud")
    if not set(given if isinstance(given, list) else [given]) & set(audiences):
        raise IdTokenUnfit(claim="aud")
    expires, issued = _instant(claims, "exp"), _instant(claims, "iat")
    starts = _instant(claims, "nbf") if "nbf" in claims else issued
    if now >= expires + LEEWAY or now - issued > OLDEST + LEEWAY:
        raise IdTokenOld
    if expires - issued > LONGEST or max(issued, starts) > now + LEEWAY:
        raise IdTokenUnfit(claim="exp" if expires - issued > LONGEST else "nbf")
    name = claims.get("jti")
    # Without a number of its own the whole token is what must not come twice.
    mark = digest(f"{issuer}\0{name}" if isinstance(name, str) and name else f"{issuer}\0\0{token}")
    return Proved(issuer, claims, mark, expires)


def _instant(claims: Mapping[str, Any], name: str) -> datetime:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 2**40:
        raise IdTokenUnfit(claim=name)
    return datetime.fromtimestamp(value, UTC)


def check_pins(pins: Pins, found: Proved) -> None:
    """Refuse a token that does not say what the rule pins. Raises IdTokenForeign with the first claim."""
    for claim, values in pins.items():
        if _said(found.claims.get(claim)) not in values:
            raise IdTokenForeign(claim=claim)
    if set(REF_CLAIMS) & set(pins):
        return
    for claim in REF_CLAIMS:
        if _said(found.claims.get(claim)).startswith(ANYBODYS_REFS):
            raise IdTokenForeign(claim=claim)


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int) else ""
