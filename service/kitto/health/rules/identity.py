"""Which serial numbers are real, and whether a device is the one the ledger means."""

import re
import unicodedata
from typing import Final

# What makers leave in the field when nobody filled it (seen in recordings and reports).
_PLACEHOLDERS: Final = frozenset(
    {
        "",
        "0",
        "123456789",
        "1234567890",
        "0123456789",
        "N/A",
        "NA",
        "NONE",
        "NULL",
        "UNKNOWN",
        "INVALID",
        "SERIAL",
        "SERIALNUMBER",
        "SERIAL-NUMBER",
        "NOTSPECIFIED",
        "NOTAPPLICABLE",
        "NOTAVAILABLE",
        "NOTSET",
        "DEFAULTSTRING",
        "SYSTEMSERIALNUMBER",
        "CHASSISSERIALNUMBER",
        "TOBEFILLEDBYO.E.M.",
        "TOBEFILLEDBYOEM",
        "TOBEFILLED",
        "<PRIVATE>",
        "PRIVATE",
        "XXXXXXXXXX",
    }
)
_ONE_CHARACTER: Final = re.compile(r"^(.)\1*$")
_ALLOWED: Final = re.compile(r"^[0-9A-Za-z][0-9A-Za-z ._/:+#-]{2,63}$")
_SHORTEST: Final = 4


def serial_of(text: str) -> str:
    """The serial number in a device's word, or an empty string where it is none.

    Filler (zeros, FFFFFFFFFFFF, "To be filled by O.E.M."), sentences and MAC notes are not
    serial numbers: a wrong identity is worse than none.
    """
    candidate = unicodedata.normalize("NFKC", text).strip().strip('"').strip()
    packed = re.sub(r"\s+", "", candidate).upper()
    if len(packed) < _SHORTEST or packed in _PLACEHOLDERS or _ONE_CHARACTER.match(packed):
        return ""
    if not _ALLOWED.match(candidate) or "SYSTEMMAC" in packed or packed.startswith("TOBEFILLED"):
        return ""
    return candidate


def same_serial(left: str, right: str) -> bool:
    """Whether two spellings mean one serial: width, case and separators do not count."""
    return bool(left) and _key(left) == _key(right)


def _key(text: str) -> str:
    return re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", text)).upper()
