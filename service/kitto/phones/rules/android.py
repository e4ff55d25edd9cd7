"""The code that makes a freshly reset Android phone fully managed: its extras, checked and written small.

Source: Android Enterprise, "Provision devices" (QR code method), and android.app.admin.DevicePolicyManager.
"""

import base64
import json
import re
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from kitto.base.i18n import N_, Words
from kitto.phones.rules.refusals import OwnerAppWrong
from kitto.phones.rules.wifi import Security, Wifi

EXTRA: Final = "android.app.extra.PROVISIONING_"
LONGEST_EXTRAS: Final = 1500
_PACKAGE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)+")
_CLASS: Final = re.compile(r"\.?[A-Za-z_$][A-Za-z0-9_$]*(\.[A-Za-z_$][A-Za-z0-9_$]*)*")
_CHECKSUM: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_LOCALE: Final = re.compile(r"[a-z]{2,3}(_[A-Z]{2})?")
_ZONE: Final = re.compile(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+){0,2}")
_SECURITY: Final = {Security.WPA: "WPA", Security.WPA3: "SAE", Security.OPEN: "NONE"}


@dataclass(frozen=True)
class Component:
    """The receiver of the app that becomes device owner: package and class."""

    package: str
    name: str

    @classmethod
    def parse(cls, text: str) -> "Component":
        """From `package/.Class` or `package/full.Class`. Refuses OwnerAppWrong."""
        package, slash, name = text.strip().partition("/")
        if not (slash and _PACKAGE.fullmatch(package) and _CLASS.fullmatch(name)):
            _refuse(Words(N_("Write the component like com.example.dpc/.AdminReceiver.")))
        return cls(package, name)

    @property
    def full_name(self) -> str:
        """The class with its package."""
        return self.package + self.name if self.name.startswith(".") else self.name

    def __str__(self) -> str:
        return f"{self.package}/{self.name}"


@dataclass(frozen=True, kw_only=True)
class OwnerCode:
    """All that the code says. Making one checks; raises OwnerAppWrong.

    `checksum`: of the signing certificate, see `signature_checksum`. `extras`: what the app itself wants.
    """

    component: Component
    url: str
    checksum: str
    wifi: Wifi | None = None
    locale: str = "ja_JP"
    time_zone: str = "Asia/Tokyo"
    keep_system_apps: bool = True
    skip_encryption: bool = False
    mobile_data: bool = False
    extras: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        is_plain = self.url.isascii() and self.url.isprintable() and " " not in self.url
        if parts.scheme != "https" or not parts.hostname or parts.username or not is_plain:
            _refuse(
                Words(N_("The app is loaded from an https:// address without a user name; give that one."))
            )
        if not _CHECKSUM.fullmatch(self.checksum):
            _refuse(Words(N_("The checksum has 43 letters, digits, - and _; compute it from the APK.")))
        if self.locale and not _LOCALE.fullmatch(self.locale):
            _refuse(Words(N_("Write the language like ja_JP.")))
        if self.time_zone and not _ZONE.fullmatch(self.time_zone):
            _refuse(Words(N_("Write the time zone like Asia/Tokyo.")))
        if len(json.dumps(self.extras)) > LONGEST_EXTRAS:
            _refuse(Words(N_("The admin extras are too long for a code; keep them under 1500 characters.")))


def payload(code: OwnerCode) -> str:
    """The text of the code: JSON without spaces, ASCII only, what is the default left out."""
    values: dict[str, Any] = {
        "DEVICE_ADMIN_COMPONENT_NAME": str(code.component),
        "DEVICE_ADMIN_PACKAGE_DOWNLOAD_LOCATION": code.url,
        "DEVICE_ADMIN_SIGNATURE_CHECKSUM": code.checksum,
    }
    if code.wifi is not None:
        values |= _wifi(code.wifi)
    if code.locale:
        values["LOCALE"] = code.locale
    if code.time_zone:
        values["TIME_ZONE"] = code.time_zone
    for name, is_wanted in (
        ("LEAVE_ALL_SYSTEM_APPS_ENABLED", code.keep_system_apps),
        ("SKIP_ENCRYPTION", code.skip_encryption),
        ("USE_MOBILE_DATA", code.mobile_data),
    ):
        if is_wanted:
            values[name] = True
    if code.extras:
        values["ADMIN_EXTRAS_BUNDLE"] = code.extras
    return json.dumps({EXTRA + name: value for name, value in values.items()}, separators=(",", ":"))


def signature_checksum(digest: bytes) -> str:
    """A SHA-256 of a certificate as Android compares it: URL-safe base64 without padding."""
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def read_extras(text: str) -> dict[str, Any]:
    """The admin extras as someone typed them: a JSON object, or nothing. Refuses OwnerAppWrong."""
    if not text.strip():
        return {}
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        _refuse(
            Words(N_("The admin extras are a JSON object such as {example}."), {"example": '{"key":"value"}'})
        )
    return dict(found)


def belongs(component: Component, package: str, receivers: frozenset[str]) -> None:
    """Refuses OwnerAppWrong when the app file is another package, or has no such receiver."""
    if component.package != package:
        _refuse(
            Words(
                N_("The APK is {package}, the component is of {wanted}. Give the component of this APK."),
                {"package": package, "wanted": component.package},
            )
        )
    if receivers and component.full_name not in receivers:
        _refuse(
            Words(
                N_("The APK has no device admin called {name}; it has {known}."),
                {"name": component.full_name, "known": ", ".join(sorted(receivers)[:5])},
            )
        )


def _wifi(wifi: Wifi) -> dict[str, Any]:
    values: dict[str, Any] = {"WIFI_SSID": wifi.ssid, "WIFI_SECURITY_TYPE": _SECURITY[wifi.security]}
    if wifi.security is not Security.OPEN:
        values["WIFI_PASSWORD"] = wifi.password.reveal()
    if wifi.hidden:
        values["WIFI_HIDDEN"] = True
    return values


def _refuse(reason: Words) -> None:
    raise OwnerAppWrong(reason=reason)
