"""Codes that a phone reads, as steps of a kit: shown in one answer, proven without what is secret."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from kitto.assets import queries as asset_queries
from kitto.base.i18n import Words
from kitto.base.seal import Secret
from kitto.base.settings import settings
from kitto.base.work import Work
from kitto.identity.rules import Permission
from kitto.kitting import queries
from kitto.kitting.actions.chain import prove
from kitto.kitting.models import Kit, KitStep
from kitto.kitting.rules.codes import Asked, CodeKind, asked
from kitto.kitting.rules.refusals import CodeLacks, FileUnknown, StepNotWaiting
from kitto.kitting.rules.states import STEP_WORDS, StepKind, StepState
from kitto.phones import actions as phones
from kitto.phones.adapters.proof import Proved
from kitto.phones.adapters.signing import certificates
from kitto.phones.rules.android import payload
from kitto.phones.rules.apple import plist
from kitto.phones.rules.wifi import Wifi, joining, masked

SHOWN = "code_shown"


@dataclass(frozen=True)
class ShownCode:
    """A code for one answer. `address` and `until`: where it leads, and how long, if it is a link."""

    kind: CodeKind
    made: Proved
    address: str = ""
    until: datetime | None = None


def asked_by(kit: Kit, step: KitStep) -> Asked | None:
    """What a step shows a phone; None when it is no such step."""
    return asked(step.with_, kit.parameters) if step.kind is StepKind.ARTIFACT else None


def was_shown(step: KitStep) -> bool:
    """Whether its code has been shown since the step came to its turn, the last time."""
    since = step.started_at
    return any(one.kind == SHOWN and (since is None or one.at >= since) for one in step.evidence)


def show_code(work: Work, *, kit_id: int, step: str, password: Secret) -> ShownCode:
    """The code of a step that waits, for this one answer; the evidence is its hash without the password.

    Refuses what the kit has no values for (code_lacks), and whatever would fail on the phone.
    """
    work.allow(Permission.KIT)
    kit = queries.locked(work, kit_id)
    work.allow(Permission.KIT, asset_queries.by_id(work, kit.device).scopes)
    found = queries.step_of(kit, step)
    if found.kind is not StepKind.ARTIFACT or found.state is not StepState.WAITING:
        raise StepNotWaiting(step=found.title(work.locale), state=Words(STEP_WORDS[found.state]))
    wanted = asked_by(kit, found)
    if wanted is None:
        raise FileUnknown(kind=str(found.with_.get("kind", ""))[:64])
    if wanted.lacks:
        raise CodeLacks(names=", ".join(wanted.lacks))
    wifi = wanted.network(password)
    shown, plain, more = _made(work, kit, wanted, wifi)
    proof = {"kind": wanted.kind, "name": wanted.name, "ssid": wanted.ssid, **more}
    prove(work, kit, found, SHOWN, proof | {"sha256": hashlib.sha256(plain).hexdigest()})
    return shown


def _made(
    work: Work, kit: Kit, wanted: Asked, wifi: Wifi | None
) -> tuple[ShownCode, bytes, dict[str, object]]:
    """The code, what it says with stars for the password, and what else the evidence tells."""
    starred = masked(wifi) if wifi else None
    if wanted.kind is CodeKind.MOBILECONFIG:
        trusted = certificates(str(wanted.values.get("profile_certificates", "")))
        organisation = settings().organisation
        profile = wanted.profile(wifi, organisation, trusted)
        link, secret = phones.make_profile(work, profile, tag=kit.tag)
        address = phones.address_of(secret)
        shown = ShownCode(wanted.kind, phones.code_of_link(address), address, link.expires_at)
        return shown, plist(wanted.profile(starred, organisation, trusted)), {"link": link.id}
    if wanted.kind is CodeKind.ANDROID_OWNER:
        made = phones.show_owner_code(work, wanted.owner(wifi), tag=kit.tag)
        said = payload(wanted.owner(starred))
        return ShownCode(wanted.kind, made), said.encode(), {"checksum": wanted.values["owner_checksum"]}
    assert wifi is not None and starred is not None  # noqa: S101, PT018 -- it lacks no wifi_ssid
    made = phones.show_wifi_code(work, wifi, tag=kit.tag)
    return ShownCode(wanted.kind, made), joining(starred).encode(), {}
