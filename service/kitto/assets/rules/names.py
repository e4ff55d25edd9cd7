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
    EID = "eid"
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


class EidWrong(Refusal):
    code = "assets.eid_wrong"
    status = 422
    says = N_(
        "“{eid}” is no EID: it has 32 digits, begins with 89, and its check digits fit. "
        "Scan it from the box, or dial *#06# and scan it from the screen."
    )


class IccidWrong(Refusal):
    code = "assets.iccid_wrong"
    status = 422
    says = N_(
        "“{iccid}” is no ICCID: it begins with 89, has 18 to 20 digits, and its check digit fits. "
        "Scan the bar code on the card, or type the digits printed on it."
    )


class ImeisKnown(Refusal):
    code = "assets.imeis_known"
    says = N_(
        "Nothing was changed: {tag} is known by {most} IMEIs already, one for each SIM. "
        "End the wrong one first, or look whether another box was scanned."
    )


MOST_IMEIS: Final = 2
"""A phone with two SIMs has two (GSMA TS.30); more come from scanning a neighbour's box."""

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
    digits = _digits(text)
    return len(digits) == 15 and luhn_fits(digits)  # noqa: PLR2004


def eid_is_valid(text: str) -> bool:
    """32 digits of an eUICC: begins with 89, and is 1 modulo 97 (GSMA SGP.29, ISO/IEC 7064)."""
    digits = _digits(text)
    return len(digits) == 32 and digits.startswith("89") and int(digits) % 97 == 1  # noqa: PLR2004


def iccid_is_valid(text: str) -> bool:
    """18 to 20 digits of a SIM (ITU-T E.118): 89, then a Luhn check digit at the end.

    Some 20-digit cards carry one digit more after the check digit; both are taken.
    """
    digits = plain_iccid(text)
    if not (18 <= len(digits) <= 20 and digits.startswith("89")):  # noqa: PLR2004
        return False
    return luhn_fits(digits) or (len(digits) == 20 and luhn_fits(digits[:-1]))  # noqa: PLR2004


def plain_iccid(text: str) -> str:
    """The digits of an ICCID, without the F that fills its last half byte; empty for what is none."""
    return _digits(normalised(text).rstrip("F"))


def luhn_fits(digits: str) -> bool:
    """The last digit checks the others (ISO/IEC 7812-1, annex B)."""
    total = 0
    for position, character in enumerate(reversed(digits)):
        value = int(character) * (1 + position % 2)
        total += value - 9 if value > 9 else value  # noqa: PLR2004
    return total % 10 == 0


def _digits(text: str) -> str:
    plain = normalised(text)
    return plain if plain.isascii() and plain.isdigit() else ""
