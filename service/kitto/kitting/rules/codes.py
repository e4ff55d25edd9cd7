"""Codes that a phone reads as a step of its kit: what they say, from the kit's parameters."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from kitto.base.i18n import N_
from kitto.base.seal import Secret
from kitto.kitting.rules.states import HUMAN, StepKind
from kitto.phones.rules.android import Component, OwnerCode
from kitto.phones.rules.apple import AppleProfile, Restriction, WebClip
from kitto.phones.rules.wifi import Security, Wifi


class CodeKind(StrEnum):
    """What an artifact step shows a phone; the other kinds of artifacts are files (kitto.bootstrap)."""

    ANDROID_OWNER = "android_owner"
    WIFI = "wifi"
    MOBILECONFIG = "mobileconfig"


CODE_WORDS: Final[dict[CodeKind, str]] = {
    CodeKind.ANDROID_OWNER: N_("the code that makes the phone fully managed"),
    CodeKind.WIFI: N_("the code that joins the Wi-Fi"),
    CodeKind.MOBILECONFIG: N_("the code that leads to its profile"),
}
MUST: Final[dict[CodeKind, tuple[str, ...]]] = {
    CodeKind.ANDROID_OWNER: ("owner_component", "owner_url", "owner_checksum"),
    CodeKind.WIFI: ("wifi_ssid",),
    CodeKind.MOBILECONFIG: ("profile_identifier", "profile_name"),
}


@dataclass(frozen=True)
class Asked:
    """What a step is to show, and what a person must type for it. `lacks`: names the kit has no value for."""

    kind: CodeKind
    values: Mapping[str, Any]

    @property
    def lacks(self) -> tuple[str, ...]:
        return tuple(name for name in MUST[self.kind] if not self.values.get(name))

    @property
    def ssid(self) -> str:
        return str(self.values.get("wifi_ssid", ""))

    @property
    def needs_password(self) -> bool:
        return bool(self.ssid) and self._security is not Security.OPEN

    @property
    def name(self) -> str:
        """What is shown, in one word: the app, the network or the profile."""
        return str(self.values[MUST[self.kind][-1 if self.kind is CodeKind.MOBILECONFIG else 0]])

    @property
    def _security(self) -> Security:
        return Security(self.values.get("wifi_security", Security.WPA))

    def network(self, password: Secret) -> Wifi | None:
        """The network to join; None when the kit names none. Refuses WifiWrong."""
        if not self.ssid:
            return None
        given = password if self.needs_password else Secret("")
        hidden = bool(self.values.get("wifi_hidden", False))
        return Wifi(ssid=self.ssid, security=self._security, password=given, hidden=hidden)

    def owner(self, wifi: Wifi | None) -> OwnerCode:
        """The device-owner code. Refuses OwnerAppWrong."""
        return OwnerCode(
            component=Component.parse(str(self.values["owner_component"])),
            url=str(self.values["owner_url"]),
            checksum=str(self.values["owner_checksum"]),
            wifi=wifi,
        )

    def profile(
        self, wifi: Wifi | None, organisation: str, certificates: tuple[tuple[str, bytes], ...]
    ) -> AppleProfile:
        """The profile of an iPhone. Refuses ProfileWrong."""
        clip = str(self.values.get("profile_clip_url", ""))
        label = str(self.values.get("profile_clip_name", ""))
        return AppleProfile(
            identifier=str(self.values["profile_identifier"]),
            name=str(self.values["profile_name"]),
            organisation=organisation,
            wifi=wifi,
            certificates=certificates,
            web_clips=(WebClip(label=label, url=clip),) if clip else (),
            restrictions=tuple(Restriction(one) for one in self.values.get("profile_restrictions", ())),
        )


def asked(given: Mapping[str, Any], parameters: Mapping[str, Any]) -> Asked | None:
    """What a step asks for: its own fixed values, and the parameters that its `takes` names.

    None for artifacts that are files.
    """
    kind = given.get("kind")
    if kind not in frozenset(CodeKind):
        return None
    taken = {name: parameters[name] for name in given.get("takes", ()) if name in parameters}
    return Asked(
        CodeKind(kind), taken | {name: given[name] for name in given if name not in ("kind", "takes")}
    )


def is_by_hands(kind: StepKind, makes: object) -> bool:
    """Whether a step's minutes are a person's: hands at the bench, or a code that somebody shows to a phone.

    `makes`: the kind of artifact it makes. A file is fetched in a moment; what takes time is the machine.
    """
    return kind in HUMAN or (kind is StepKind.ARTIFACT and makes in tuple(CodeKind))
