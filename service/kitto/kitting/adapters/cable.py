"""Phones on the cable of the bench, as steps ask for them: whether they are there, and what they are."""

from collections.abc import Iterable
from typing import Final

import msgspec

from kitto.assets.rules import normalised
from kitto.base.i18n import N_
from kitto.kitting.adapters.plays import Outcome, PlayOutcome, ended
from kitto.phones.adapters import adb

NO_ADB = N_("Phones on the cable cannot be asked: {text}.")
NO_SERIAL = N_("The ledger has no serial number of this phone. Enter it; the step goes on by itself.")
NOT_THERE = N_(
    "The phone {serial} is not on the cable of the bench. Connect it, and switch USB debugging on in its"
    " developer options."
)
NOT_ALLOWED = N_(
    "The phone {serial} does not let this computer in yet. Unlock it and allow USB debugging on its screen;"
    " if it does not ask, unplug it and plug it in again."
)
OFFLINE = N_(
    "The phone {serial} is on the cable and does not answer. Unplug it, plug it in again, unlock it."
)
NOT_STARTED = N_("The phone {serial} is in another state than started ({state}). Start it as usual.")
BROKE_OFF = N_("The phone {serial} was asked and did not answer to the end: {text}.")
OTHER_PHONE = N_(
    "The phone on the cable has serial number {seen}, the ledger says {known}. Find the right one."
)
NOT_OWNED = N_(
    "No app owns the phone {serial}, so nobody manages it. Reset it and let it read the code for managed"
    " phones."
)
NOT_ENCRYPTED = N_(
    "The storage of the phone {serial} is not encrypted ({state}). Set a screen lock, encrypt it."
)
STATES: Final = {
    "unauthorized": ("not_allowed", NOT_ALLOWED),
    "authorizing": ("not_allowed", NOT_ALLOWED),
    "connecting": ("phone_offline", OFFLINE),
    "offline": ("phone_offline", OFFLINE),
}
"""What adb says of a phone that cannot be asked, and what we make of it (`adb devices`, adb 29 to 35)."""
READY: Final = "device"


def ready() -> frozenset[str]:
    """The serial numbers, normalised, of the phones that let this computer in; none where there is no adb."""
    try:
        return frozenset(normalised(one.serial) for one in adb.attached() if one.state == READY)
    except adb.AdbFault:
        return frozenset()


def ask(serial: str, wants: Iterable[str] = ()) -> PlayOutcome:
    """Ask the phone of this serial number what it is; changes nothing on it.

    One that is not there, or does not let us in, is waited for. `wants`: `owned`, `encrypted`.
    """
    if not serial:
        return ended(Outcome.UNREACHABLE, "no_serial", NO_SERIAL)
    try:
        found = next((one for one in adb.attached() if normalised(one.serial) == normalised(serial)), None)
    except adb.AdbFault as fault:
        return ended(Outcome.UNREACHABLE, "no_adb", NO_ADB, {"text": fault})
    if found is None:
        return ended(Outcome.UNREACHABLE, "not_on_cable", NOT_THERE, {"serial": serial})
    if found.state != READY:
        cause, says = STATES.get(found.state, ("phone_not_started", NOT_STARTED))
        return ended(Outcome.UNREACHABLE, cause, says, {"serial": serial, "state": found.state[:100]})
    try:
        who = adb.identity(found.serial)
    except adb.AdbFault as fault:
        return ended(Outcome.UNREACHABLE, "no_answer", BROKE_OFF, {"serial": serial, "text": fault})
    return msgspec.structs.replace(_judged(serial, who, frozenset(wants)), seen=_seen(who))


def _judged(serial: str, who: adb.Identity, wants: frozenset[str]) -> PlayOutcome:
    if normalised(who.serial) != normalised(serial):
        return ended(Outcome.FAILED, "wrong_device", OTHER_PHONE, {"seen": who.serial[:64], "known": serial})
    if "owned" in wants and not who.owner:
        return ended(Outcome.FAILED, "phone_not_owned", NOT_OWNED, {"serial": serial})
    if "encrypted" in wants and who.encryption != "encrypted":
        where = {"serial": serial, "state": who.encryption[:64] or "?"}
        return ended(Outcome.FAILED, "phone_not_encrypted", NOT_ENCRYPTED, where)
    return PlayOutcome(outcome=Outcome.SUCCEEDED)


def _seen(who: adb.Identity) -> dict[str, str]:
    said = {
        "serial": who.serial,
        "maker": who.maker,
        "model": who.model,
        "android": who.android,
        "patch": who.patch,
        "build": who.build,
        "encryption": who.encryption,
        "owner": who.owner or "none",
        "accounts": str(who.accounts),
    }
    return {name: value[:200] for name, value in said.items() if value}
