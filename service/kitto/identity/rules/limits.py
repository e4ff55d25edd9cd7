"""The limits of signing in: lengths, lifetimes, tries, and what a sign-in name looks like."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

from kitto.identity.rules.refusals import NameUnfit

# NIST SP 800-63B and ASVS 5.0 6.2: length counts, composition rules do not.
PASSWORD_LEAST: Final = 12
PASSWORD_MOST: Final = 128
LINK_LIVES: Final = timedelta(hours=24)
TOKEN_LONGEST: Final = timedelta(days=366)
TOKEN_PREFIX: Final = "kitto"  # noqa: S105 -- how a token starts, so that scanners can find leaked ones
QUOTA_LEAST: Final = 1
QUOTA_USUAL: Final = 600
QUOTA_MOST: Final = 60_000
# Tries in FAILURE_WINDOW before an account or an address has to wait.
FAILURES_PER_ACCOUNT: Final = 5
FAILURES_PER_ADDRESS: Final = 50
FAILURE_WINDOW: Final = timedelta(minutes=15)
# Seen is written at most this often, so that reading a page does not write.
SEEN_EVERY: Final = timedelta(minutes=1)
COOKIE: Final = "kitto"
# RFC 6238: 30 seconds a code; one step before and after forgives a slow clock.
CODE_SECONDS: Final = 30
CODE_STEPS: Final = 1
NAME_MOST: Final = 64
KEY_MOST: Final = 64
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._@+-]{1,63}")


def sign_in_name(typed: str) -> str:
    """The name as it is kept: NFKC, lower case, no blanks around. Refuses what cannot be a name."""
    name = folded(typed)
    if not _NAME.fullmatch(name):
        raise NameUnfit
    return name


def folded(typed: str) -> str:
    """Full-width letters and capitals typed by habit mean the same account."""
    shown = "".join(sign for sign in typed if unicodedata.category(sign) != "Cc")
    return unicodedata.normalize("NFKC", shown).strip().lower()[: 2 * NAME_MOST]


def neighbourhood(address: str) -> str:
    """What is counted as one address: all of IPv4, the /64 of IPv6 (one customer, RFC 6177)."""
    try:
        found: IPv4Address | IPv6Address = ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(found, IPv6Address):
        return str(ip_network((found, 64), strict=False))
    return str(found)


@dataclass(frozen=True)
class Caller:
    """From where somebody signs in."""

    address: str = ""
    browser: str = ""
    request_id: str = ""
