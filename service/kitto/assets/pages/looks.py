"""How states of devices look, and the ways to their pages."""

from typing import Final

from kitto.assets.rules import STATE_WORDS, Condition, HolderKind, IdentifierKind, Ownership, State
from kitto.base.i18n import N_
from kitto.identity.rules import Permission
from kitto.web.chips import Chip, Shape, Tone, register
from kitto.web.nav import open_way

_LOOKS: Final[dict[State, tuple[Tone, Shape]]] = {
    State.ORDERED: ("plain", "ring"),
    State.RECEIVED: ("warn", "triangle"),
    State.IN_STOCK: ("plain", "square"),
    State.KITTING: ("info", "play"),
    State.READY: ("good", "check"),
    State.IN_USE: ("good", "dot"),
    State.RETURNING: ("warn", "half"),
    State.INSPECTING: ("warn", "triangle"),
    State.REPAIR: ("warn", "bars"),
    State.MISSING: ("bad", "cross"),
    State.WIPING: ("info", "half"),
    State.RETIRED: ("plain", "dash"),
    State.DISPOSED: ("plain", "cross"),
    State.LEASE_RETURNED: ("plain", "cross"),
    State.VOIDED: ("plain", "cross"),
}
CONDITIONS: Final = {
    Condition.GOOD: N_("good"),
    Condition.NEEDS_REPAIR: N_("needs repair"),
    Condition.BROKEN: N_("broken"),
    Condition.FOR_PARTS: N_("for parts"),
}
_CONDITION_LOOKS: Final[dict[Condition, tuple[Tone, Shape]]] = {
    Condition.GOOD: ("good", "check"),
    Condition.NEEDS_REPAIR: ("warn", "triangle"),
    Condition.BROKEN: ("bad", "cross"),
    Condition.FOR_PARTS: ("plain", "dash"),
}
OWNERSHIPS: Final = {
    Ownership.OWNED: N_("owned"),
    Ownership.LEASED: N_("leased"),
    Ownership.RENTED: N_("rented"),
    Ownership.PRIVATE: N_("private"),
    Ownership.CUSTOMER: N_("customer-supplied"),
}
HOLDER_KINDS: Final = {
    HolderKind.PERSON: N_("person"),
    HolderKind.PROJECT: N_("project"),
    HolderKind.DEPARTMENT: N_("department"),
    HolderKind.ASSET: N_("device"),
}
IDENTIFIER_KINDS: Final = {
    IdentifierKind.TAG: N_("tag"),
    IdentifierKind.SERIAL: N_("serial number"),
    IdentifierKind.IMEI: N_("IMEI"),
    IdentifierKind.EID: N_("EID (eSIM)"),
    IdentifierKind.MAC: N_("MAC address"),
    IdentifierKind.UUID: N_("UUID"),
    IdentifierKind.HOSTNAME: N_("host name"),
    IdentifierKind.OLD_TAG: N_("former tag"),
    IdentifierKind.LEASE_NO: N_("lease number"),
    IdentifierKind.FIXED_ASSET_NO: N_("fixed asset number"),
}

register("assets.state", {state: Chip(STATE_WORDS[state], *_LOOKS[state]) for state in State})
register(
    "assets.condition",
    {value: Chip(CONDITIONS[value], *_CONDITION_LOOKS[value]) for value in Condition},
)
open_way("devices", "/devices", N_("Devices"), permission=Permission.SEE, rank=10)
open_way("devices", "/devices/new", N_("Register"), permission=Permission.RECEIVE, rank=20)
open_way("settings", "/settings/masters", N_("Masters"), permission=Permission.MANAGE_MASTERS, rank=60)
