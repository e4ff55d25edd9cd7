"""Reading what a scanner typed: full-width, lower case, IME leftovers, links of hosts old and new."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from kitto.assets.rules.names import imei_is_valid, normalised
from kitto.assets.rules.tags import AssetTag, TagUnreadable
from kitto.base.errors import Refusal
from kitto.base.i18n import N_

LONGEST: Final = 2048
# A wedge scanner set to US keys on Japanese Windows garbles ":" and "/", so runs are all we trust.
_RUN: Final = re.compile(r"[A-Z0-9-]{6,}")
_LINK: Final = re.compile(r"^HTTPS?[^A-Z0-9]{1,4}([A-Z0-9.-]+)", re.IGNORECASE)
_ODD_DASHES: Final = re.compile(r"[‐‑‒–—―−ー－]")


class ScanUnreadable(Refusal):
    code = "assets.scan_unreadable"
    status = 422
    says = N_("Nothing readable was scanned. Scan again; if a Japanese input method is on, switch it off.")


@dataclass(frozen=True)
class Scan:
    """What a scan may mean: tags with a fitting check character (the last first), and plain text.

    `host` is set for a link; whether the host is ours is for the caller to know.
    """

    text: str
    tags: tuple[AssetTag, ...]
    norm: str
    imei: str | None
    host: str | None


def read_scan(raw: str) -> Scan:
    """Make sense of a raw scan. Refuses only what holds nothing at all, or is over 2 KiB."""
    if len(raw) > LONGEST:
        raise ScanUnreadable
    text = unicodedata.normalize("NFKC", raw)
    text = "".join(c for c in text if c.isprintable()).strip()
    text = _ODD_DASHES.sub("-", text)
    if not text:
        raise ScanUnreadable
    upper = text.upper()
    norm = normalised(upper)
    return Scan(
        text=text,
        tags=_tags(upper),
        norm=norm,
        imei=norm if imei_is_valid(norm) else None,
        host=_host(text),
    )


def _tags(upper: str) -> tuple[AssetTag, ...]:
    spaced = [*_RUN.findall(upper), *_RUN.findall(upper.replace(" ", ""))]
    found: list[AssetTag] = []
    for run in reversed(spaced):
        try:
            tag = AssetTag.parse(run.strip("-"))
        except TagUnreadable:
            continue
        if tag not in found:
            found.append(tag)
    return tuple(found)


def _host(text: str) -> str | None:
    found = _LINK.match(text)
    if found is None:
        return None
    if "://" in text:
        try:
            return (urlsplit(text).hostname or found[1]).lower()
        except ValueError:
            return found[1].lower()
    return found[1].lower()
