"""Profiles for iPhones and iPads: what they say, as payloads of a property list.

Source: Apple, "Device Management", payloads com.apple.wifi.managed, com.apple.security.root and .pkcs1,
com.apple.webClip.managed, com.apple.mail.managed, com.apple.applicationaccess. Only restrictions that an
unsupervised device obeys are offered.
"""

import plistlib
import re
import uuid
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from urllib.parse import urlsplit

from kitto.base.i18n import N_, Words
from kitto.phones.rules.refusals import ProfileWrong
from kitto.phones.rules.wifi import Security, Wifi

MEDIA_TYPE: Final = "application/x-apple-aspen-config"
SPACE: Final = uuid.UUID("4f0e2c7e-0d0c-5a5d-9a39-6b6974746f31")
"""Payloads of the same name in one organisation get the same number, so that a new profile replaces it."""
_IDENTIFIER: Final = re.compile(r"[a-z0-9]+([.-][a-z0-9]+)+")
_MAIL: Final = re.compile(r"[^@\s]{1,64}@[^@\s]{1,253}")
_WIFI: Final = {Security.WPA: "WPA2", Security.WPA3: "WPA3", Security.OPEN: "None"}
LONGEST_NAME: Final = 100


class Restriction(StrEnum):
    """What an unsupervised iPhone can be kept from (each is a key that is set to false)."""

    SCREENSHOTS = "allowScreenShot"
    DIAGNOSTICS = "allowDiagnosticSubmission"
    UNTRUSTED_TLS = "allowUntrustedTLSPrompt"
    LOCK_SCREEN_HISTORY = "allowLockScreenNotificationsView"
    LOCK_SCREEN_SIRI = "allowAssistantWhileLocked"


RESTRICTIONS: Final = {
    Restriction.SCREENSHOTS: N_("No screenshots"),
    Restriction.DIAGNOSTICS: N_("No diagnostics to Apple"),
    Restriction.UNTRUSTED_TLS: N_("No untrusted certificates by hand"),
    Restriction.LOCK_SCREEN_HISTORY: N_("No notifications of before on the locked screen"),
    Restriction.LOCK_SCREEN_SIRI: N_("No Siri on the locked screen"),
}


@dataclass(frozen=True, kw_only=True)
class WebClip:
    """An icon on the home screen that opens an address."""

    label: str
    url: str

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if not self.label.strip() or parts.scheme not in ("http", "https") or not parts.hostname:
            _refuse(Words(N_("A web clip has a name and an address like https://intra.example.jp/.")))


@dataclass(frozen=True, kw_only=True)
class Mail:
    """An IMAP account; the phone asks its user for the password."""

    address: str
    name: str
    incoming: str
    outgoing: str

    def __post_init__(self) -> None:
        if not _MAIL.fullmatch(self.address) or not self.incoming or not self.outgoing:
            _refuse(Words(N_("A mail account has an address, an incoming and an outgoing server.")))


@dataclass(frozen=True, kw_only=True)
class AppleProfile:
    """A profile. Making one checks; raises ProfileWrong. `certificates`: DER, with a name each."""

    identifier: str
    name: str
    organisation: str = ""
    wifi: Wifi | None = None
    certificates: tuple[tuple[str, bytes], ...] = ()
    web_clips: tuple[WebClip, ...] = ()
    mail: Mail | None = None
    restrictions: tuple[Restriction, ...] = ()

    def __post_init__(self) -> None:
        if not _IDENTIFIER.fullmatch(self.identifier) or len(self.identifier) > LONGEST_NAME:
            _refuse(Words(N_("Write its identifier like jp.example.phones, in small letters.")))
        if not self.name.strip() or len(self.name) > LONGEST_NAME:
            _refuse(Words(N_("Give it a name of up to 100 letters; it is what its user sees.")))
        if not (self.wifi or self.certificates or self.web_clips or self.mail or self.restrictions):
            _refuse(
                Words(N_("It says nothing yet; add Wi-Fi, a certificate, a web clip, mail or a restriction."))
            )


def plist(profile: AppleProfile) -> bytes:
    """The profile as an XML property list, before it is signed. Refuses control signs in names."""
    try:
        return plistlib.dumps(_whole(profile), sort_keys=True)
    except ValueError as wrong:
        reason = Words(N_("Name and password hold no line breaks or control signs."))
        raise ProfileWrong(reason=reason) from wrong


def _whole(profile: AppleProfile) -> dict[str, Any]:
    return {
        "PayloadType": "Configuration",
        "PayloadVersion": 1,
        "PayloadIdentifier": profile.identifier,
        "PayloadUUID": _number(profile.identifier, "profile"),
        "PayloadDisplayName": profile.name,
        "PayloadOrganization": profile.organisation,
        "PayloadRemovalDisallowed": False,
        "PayloadScope": "User",
        "PayloadContent": _payloads(profile),
    }


def _payloads(profile: AppleProfile) -> list[dict[str, Any]]:
    found: list[tuple[str, str, dict[str, Any]]] = []
    if profile.wifi:
        found.append(("com.apple.wifi.managed", "Wi-Fi", _wifi(profile.wifi)))
    for number, (name, der) in enumerate(profile.certificates):
        values: dict[str, Any] = {
            "PayloadContent": der,
            "PayloadCertificateFileName": f"certificate-{number}.cer",
        }
        found.append(("com.apple.security.root", name, values))
    for clip in profile.web_clips:
        values = {"Label": clip.label, "URL": clip.url, "IsRemovable": True, "FullScreen": False}
        found.append(("com.apple.webClip.managed", clip.label, values))
    if profile.mail:
        found.append(("com.apple.mail.managed", profile.mail.address, _mail(profile.mail)))
    if profile.restrictions:
        denied: dict[str, Any] = dict.fromkeys(map(str, profile.restrictions), False)
        found.append(("com.apple.applicationaccess", "Restrictions", denied))
    return [
        {
            "PayloadType": kind,
            "PayloadVersion": 1,
            "PayloadIdentifier": f"{profile.identifier}.{number}",
            "PayloadUUID": _number(profile.identifier, f"{kind} {number}"),
            "PayloadDisplayName": name,
            **values,
        }
        for number, (kind, name, values) in enumerate(found)
    ]


def _wifi(wifi: Wifi) -> dict[str, Any]:
    values: dict[str, Any] = {
        "SSID_STR": wifi.ssid,
        "HIDDEN_NETWORK": wifi.hidden,
        "AutoJoin": True,
        "EncryptionType": _WIFI[wifi.security],
        "ProxyType": "None",
    }
    return values if wifi.security is Security.OPEN else values | {"Password": wifi.password.reveal()}


def _mail(mail: Mail) -> dict[str, Any]:
    server = {
        "EmailAccountType": "EmailTypeIMAP",
        "EmailAccountName": mail.name or mail.address,
        "EmailAddress": mail.address,
        "IncomingMailServerAuthentication": "EmailAuthPassword",
        "IncomingMailServerHostName": mail.incoming,
        "IncomingMailServerPortNumber": 993,
        "IncomingMailServerUseSSL": True,
        "IncomingMailServerUsername": mail.address,
        "OutgoingMailServerAuthentication": "EmailAuthPassword",
        "OutgoingMailServerHostName": mail.outgoing,
        "OutgoingMailServerPortNumber": 465,
        "OutgoingMailServerUseSSL": True,
        "OutgoingMailServerUsername": mail.address,
        "OutgoingPasswordSameAsIncomingPassword": True,
    }
    return dict(server)


def _number(identifier: str, name: str) -> str:
    return str(uuid.uuid5(SPACE, f"{identifier} {name}")).upper()


def _refuse(reason: Words) -> None:
    raise ProfileWrong(reason=reason)
