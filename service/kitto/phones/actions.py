"""What can be done for a phone: codes to scan, profiles to fetch."""

import base64
from datetime import timedelta
from typing import Final

from sqlalchemy import update

from kitto.assets import queries as assets
from kitto.assets.models import Asset
from kitto.base.ids import digest, new_token
from kitto.base.seal import Secret, seal, unseal
from kitto.base.settings import settings
from kitto.base.work import Work
from kitto.identity.rules import Permission
from kitto.phones import queries
from kitto.phones.adapters.proof import Proved, proved
from kitto.phones.adapters.signing import signed
from kitto.phones.facts import OwnerCodeMade, ProfileFetched, ProfileMade, WifiCodeMade
from kitto.phones.models import ProfileLink
from kitto.phones.rules.android import OwnerCode, payload
from kitto.phones.rules.apple import AppleProfile, plist
from kitto.phones.rules.wifi import Wifi, joining

FETCH_WITHIN: Final = timedelta(minutes=30)


def show_owner_code(work: Work, code: OwnerCode, *, tag: str = "") -> Proved:
    """The code that makes a reset Android phone fully managed, read back. It is stored nowhere.

    Refuses CodeTooLarge, CodeUnreadable.
    """
    work.allow(Permission.KIT)
    asset = _asset(work, tag)
    made = proved(payload(code))
    work.record(
        OwnerCodeMade(
            asset_id=asset.id if asset else "",
            tag=asset.name if asset else "",
            component=str(code.component),
            checksum=code.checksum,
            ssid=code.wifi.ssid if code.wifi else "–",
        )
    )
    return made


def show_wifi_code(work: Work, wifi: Wifi, *, tag: str = "") -> Proved:
    """The code that joins a Wi-Fi network, read back. It is stored nowhere."""
    work.allow(Permission.KIT)
    asset = _asset(work, tag)
    made = proved(joining(wifi))
    work.record(
        WifiCodeMade(asset_id=asset.id if asset else "", tag=asset.name if asset else "", ssid=wifi.ssid)
    )
    return made


def make_profile(work: Work, profile: AppleProfile, *, tag: str = "") -> tuple[ProfileLink, Secret]:
    """Sign a profile and give the secret of its one-time link; the content is sealed until fetched."""
    work.allow(Permission.KIT)
    asset = _asset(work, tag)
    secret = Secret(new_token())
    content = Secret(base64.b64encode(signed(plist(profile))).decode())
    link = ProfileLink(
        digest=digest(secret.reveal()),
        name=profile.name.strip()[:100],
        asset_id=asset.id if asset else None,
        sealed=seal(content),
        made_at=work.now,
        expires_at=work.now + FETCH_WITHIN,
        fetched_at=None,
    )
    work.add(link)
    work.record(
        ProfileMade(
            asset_id=asset.id if asset else "",
            tag=asset.name if asset else "",
            link_id=link.id,
            name=link.name,
        )
    )
    return link, secret


def fetch_profile(work: Work, token: Secret) -> tuple[str, bytes]:
    """Give a profile out, once: its name and signed content. Refuses LinkOver."""
    work.allow_everyone("the link itself is the right; it is given out once")
    link = queries.link(work, token, held=True)
    content = base64.b64decode(unseal(link.sealed or "").reveal())
    link.sealed, link.fetched_at = None, work.now
    work.record(ProfileFetched(asset_id=link.asset_id or "", link_id=link.id, name=link.name))
    return link.name, content


def forget_profiles(work: Work) -> None:
    """Drop the content of profiles that nobody fetched in time. Idempotent."""
    work.allow(Permission.KIT)
    work.unrecorded("what cannot be fetched any more has no effect; that it was made stays in the journal")
    work.session.execute(
        update(ProfileLink)
        .where(ProfileLink.expires_at <= work.now, ProfileLink.sealed.is_not(None))
        .values(sealed=None)
    )


def address_of(secret: Secret) -> str:
    """Where the phone fetches its profile."""
    return f"{settings().public_url()}/p/{secret.reveal()}"


def code_of_link(url: str) -> Proved:
    """The code that leads a phone to its profile, read back."""
    return proved(url)


def _asset(work: Work, tag: str) -> Asset | None:
    if not tag.strip():
        return None
    asset = assets.resolve_scan(work, tag)
    work.allow(Permission.KIT, asset.scopes)
    return asset
