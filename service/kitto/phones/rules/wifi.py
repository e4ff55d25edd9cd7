"""Wi-Fi networks as a phone is told of them, and the text of the code that joins one."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from kitto.base.i18n import N_, Words
from kitto.base.seal import Secret
from kitto.phones.rules.refusals import WifiWrong

LONGEST_SSID: Final = 32
"""Bytes (IEEE 802.11)."""
_SPECIAL: Final = '\\;,:"'


class Security(StrEnum):
    """How a network is protected. WPA covers WPA2 and the mixed WPA2/WPA3 mode."""

    WPA = "wpa"
    WPA3 = "wpa3"
    OPEN = "open"


SECURITIES: Final = {
    Security.WPA: N_("WPA2 (or WPA2 and WPA3)"),
    Security.WPA3: N_("WPA3 only"),
    Security.OPEN: N_("Open, without a password"),
}
_CODE: Final = {Security.WPA: "WPA", Security.WPA3: "SAE", Security.OPEN: "nopass"}


@dataclass(frozen=True, kw_only=True)
class Wifi:
    """A network to join. Making one checks; raises WifiWrong."""

    ssid: str
    security: Security = Security.WPA
    password: Secret = Secret("")  # noqa: RUF009 -- it cannot be changed
    hidden: bool = False

    def __post_init__(self) -> None:
        size = len(self.ssid.encode())
        if not 1 <= size <= LONGEST_SSID:
            _refuse(Words(N_("Its name has 1 to 32 bytes; a Japanese letter takes three.")))
        if any(ord(sign) < 32 for sign in self.ssid + self.password.reveal()):  # noqa: PLR2004 -- control signs
            _refuse(Words(N_("Name and password hold no line breaks or control signs.")))
        _check_password(self.security, self.password.reveal())


def _check_password(security: Security, password: str) -> None:
    if security is Security.OPEN:
        if password:
            _refuse(Words(N_("An open network has no password; choose how it is protected.")))
        return
    is_key = len(password) == 64 and all(sign in "0123456789abcdefABCDEF" for sign in password)  # noqa: PLR2004
    fits = 8 <= len(password) <= 63 and password.isascii()  # noqa: PLR2004 -- IEEE 802.11, annex J
    if security is Security.WPA3:
        fits = 1 <= len(password.encode()) <= 128  # noqa: PLR2004 -- SAE takes any; Android asks for at most 128
        is_key = False
    if not (fits or is_key):
        _refuse(Words(N_("A WPA2 password has 8 to 63 ASCII letters, or is a key of 64 hexadecimal digits.")))


def masked(wifi: Wifi) -> Wifi:
    """The same network with stars for its password, for a hash that tells nothing of it."""
    return wifi if wifi.security is Security.OPEN else replace(wifi, password=Secret("*" * 8))


def joining(wifi: Wifi) -> str:
    """The text of the code: `WIFI:T:…;S:…;P:…;H:true;;`, special signs with a backslash.

    Source: WPA3 Specification 3.1 §7 (Wi-Fi Alliance) and the ZXing wiki, "Barcode contents"; a value
    that could be taken for hexadecimal digits is quoted, as both say.
    """
    parts = [f"T:{_CODE[wifi.security]}", f"S:{_escaped(wifi.ssid)}"]
    if wifi.security is not Security.OPEN:
        parts.append(f"P:{_escaped(wifi.password.reveal())}")
    if wifi.hidden:
        parts.append("H:true")
    return "WIFI:" + ";".join(parts) + ";;"


def read_joining(text: str) -> dict[str, str]:
    """The fields of such a text, as a phone reads them. Raises ValueError for anything else."""
    if not text.startswith("WIFI:") or not text.endswith(";;"):
        message = "no Wi-Fi code"
        raise ValueError(message)
    found: dict[str, str] = {}
    field, is_escaped = "", False
    for sign in text.removeprefix("WIFI:").removesuffix(";"):
        if is_escaped:
            field, is_escaped = field + "\\" + sign, False
        elif sign == "\\":
            is_escaped = True
        elif sign == ";":
            name, _, value = field.partition(":")
            found[name] = _plain(value)
            field = ""
        else:
            field += sign
    return found


def _escaped(text: str) -> str:
    escaped = "".join("\\" + sign if sign in _SPECIAL else sign for sign in text)
    is_hex = len(text) % 2 == 0 and all(sign in "0123456789abcdefABCDEF" for sign in text)
    return f'"{escaped}"' if is_hex else escaped


def _plain(value: str) -> str:
    if len(value) > 1 and value.startswith('"') and value.endswith('"') and not value.endswith('\\"'):
        value = value[1:-1]
    plain, is_escaped = "", False
    for sign in value:
        if sign == "\\" and not is_escaped:
            is_escaped = True
            continue
        plain, is_escaped = plain + sign, False
    return plain


def _refuse(reason: Words) -> None:
    raise WifiWrong(reason=reason)
