"""What can happen to codes and profiles for phones; no fact holds a password."""

from dataclasses import dataclass

from kitto.base.facts import Fact
from kitto.base.i18n import N_


@dataclass(frozen=True, kw_only=True)
class _PhoneFact(Fact):
    about = ("asset", "asset_id")

    asset_id: int | str = ""
    tag: str = ""


@dataclass(frozen=True, kw_only=True)
class OwnerCodeMade(_PhoneFact):
    """A code that makes a phone fully managed was shown."""

    kind = "phones.owner_code_made"
    says = N_("A code for {component} was shown (Wi-Fi {ssid}) {tag}")

    component: str
    checksum: str
    ssid: str


@dataclass(frozen=True, kw_only=True)
class WifiCodeMade(_PhoneFact):
    """A code that joins a Wi-Fi network was shown."""

    kind = "phones.wifi_code_made"
    says = N_("A code for the Wi-Fi {ssid} was shown")

    ssid: str


@dataclass(frozen=True, kw_only=True)
class ProfileMade(_PhoneFact):
    """A profile was signed and waits to be fetched."""

    kind = "phones.profile_made"
    says = N_("The profile “{name}” was made {tag}")

    link_id: int
    name: str


@dataclass(frozen=True, kw_only=True)
class ProfileFetched(_PhoneFact):
    """A profile was fetched by whoever had its link."""

    kind = "phones.profile_fetched"
    says = N_("The profile “{name}” was fetched {tag}")

    link_id: int
    name: str
