"""Identifiers: what a device can be known by, how they are compared, which of them say nothing."""

import re
import unicodedata
from enum import StrEnum
from typing import Final

from kitto.base.errors import Refusal
from kitto.base.i18n import N_


class IdentifierKind(StrEnum):
    """What a device can be known by."""

    TAG = "tag"
    SERIAL = "serial"
    IMEI = "imei"
    MAC = "mac"
    UUID = "uuid"
    HOSTNAME = "hostname"
    OLD_TAG = "old_tag"
    LEASE_NO = "lease_no"
    FIXED_ASSET_NO = "fixed_asset_no"


class SerialIsPlaceholder(Refusal):
    code = "assets.serial_is_placeholder"
    status = 422
    says = N_(
        "“{serial}” was not taken as a serial number: many devices report it. Read it from the case label."
    )


class ImeiWrong(Refusal):
    code = "assets.imei_wrong"
    status = 422
    says = N_("“{imei}” is no IMEI: it has 15 digits, the last of them a check digit. Scan it again.")


_DASHES: Final = re.compile(r"[\s\-_‐‑‒–—―−ー－]+")

# Collected from the placeholder lists of inventory tools and from what real machines report.
_PLACEHOLDERS: Final = frozenset(
    {
        "0",
        "NA",
        "NONE",
        "NULL",
        "EMPTY",
        "INVALID",
        "OEM",
        "OEMOEM",
        "UNKNOWN",
        "DEFAULT",
        "DEFAULTSTRING",
        "TOBEFILLEDBYOEM",
        "TOBEFILLED",
        "SYSTEMSERIALNUMBER",
        "CHASSISSERIALNUMBER",
        "BASEBOARDSERIALNUMBER",
        "SERIALNUMBER",
        "SERIAL",
        "NOTAPPLICABLE",
        "NOTSPECIFIED",
        "NOTAVAILABLE",
        "NOTSETTABLE",
        "NOSERIAL",
        "MBSERIAL",
        "EVAL",
        "PRIVATE",
        "XXXXXXX",
        "INSYDESYSTEMSERIAL",
        "123456789",
        "0123456789",
        "1234567890",
        "12345678",
        "1234567",
        "123456",
        "13245687",
    }
)


def normalised(text: str) -> str:
    """The form in which identifiers are compared: NFKC, capitals, no spaces, no dashes."""
    return _DASHES.sub("", unicodedata.normalize("NFKC", text)).upper()


def is_placeholder_serial(text: str) -> bool:
    """True for a serial number that says nothing: maker's filler, one character repeated, too short."""
    plain = re.sub(r"[^0-9A-Z]", "", normalised(text))
    return len(plain) < 4 or plain in _PLACEHOLDERS or len(set(plain)) == 1  # noqa: PLR2004 -- checkins.md §7


def imei_is_valid(text: str) -> bool:
    """15 digits with a Luhn check digit (3GPP TS 23.003, annex B)."""
    digits = normalised(text)
    if len(digits) != 15 or not (digits.isascii() and digits.isdigit()):  # noqa: PLR2004
        return False
    total = 0
    for position, character in enumerate(digits):
        value = int(character) * (1 + position % 2)
        total += value - 9 if value > 9 else value  # noqa: PLR2004
    return total % 10 == 0
