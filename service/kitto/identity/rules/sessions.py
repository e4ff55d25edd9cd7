"""The cookie of a sign-in: its name, its form token, and how long it may lie idle."""

import hashlib
import hmac
from datetime import timedelta

from kitto.base.seal import Secret
from kitto.base.settings import settings
from kitto.identity.rules.limits import COOKIE


def is_https() -> bool:
    return settings().public_url().startswith("https://")


def cookie_name() -> str:
    """With HTTPS the __Host- prefix binds the cookie to this very host (RFC 6265bis §4.1.3.2)."""
    return f"__Host-{COOKIE}" if is_https() else COOKIE


def csrf_of(secret: Secret) -> str:
    """The form token of a sign-in. Derived from the cookie, so nothing more has to be kept."""
    return hmac.new(secret.reveal().encode(), b"form token", hashlib.sha256).hexdigest()


def idle_limit() -> timedelta:
    return timedelta(minutes=settings().session_idle_minutes)
