"""Which device in the ledger a machine is: normal forms, what is no evidence, and the decision."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from kitto.assets.rules import is_placeholder_serial, normalised

HEX_UUID: Final = re.compile(r"[0-9a-f]{32}")
HEX_MAC: Final = re.compile(r"[0-9a-f]{12}")

# UUIDs that firmware makers ship by the thousand.
PLACEHOLDER_UUIDS: Final = frozenset(
    {
        "03000200040005000006000700080009",
        "00020003000400050006000700080009",
        "4c4c454400002010802080c04f202020",
        "12345678123412341234123456789abc",
        "fefefefefefefefefefefefefefefefe",
    }
)
EMPTY_TAIL: Final = "0" * 20
# Addresses that belong to software: VirtualBox, VMware, Hyper-V, Xen, Parallels.
VIRTUAL_MACS: Final = (
    "0a0027", "080027", "005056", "000c29", "000569", "00155d", "00163e", "001c42",
)  # fmt: skip
# Pseudo adapters whose address is text (PPTP, RAS), and a Bluetooth dongle sold in millions.
PLACEHOLDER_MACS: Final = frozenset({"505054503030", "204153594eff", "a03320524153", "001a7dda710a"})
LOCALLY_ADMINISTERED: Final = 0x02
MULTICAST: Final = 0x01

_SUFFIXES: Final = re.compile(
    r"\b(inc|incorporated|corp|corporation|co|ltd|limited|gmbh|kk|company)\b|株式会社"
)
_SAME_MAKER: Final = {"hewlett": "hp", "dynabook": "toshiba", "fcnt": "fujitsu", "vaio": "sony"}


class By(StrEnum):
    """What made a match, strongest first."""

    TOKEN = "token"  # noqa: S105 -- a word, not a secret
    SERIAL = "serial"
    UUID = "uuid"
    MAC = "mac"
    BOARD = "board"
    HOSTNAME = "hostname"
    PERSON = "person"
    NOTHING = "nothing"


class Verdict(StrEnum):
    """What to do with a machine that says who it is."""

    MATCHED = "matched"
    PENDING = "pending"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of one machine, in normal form; "" and () where nothing usable is known."""

    serial: str = ""
    uuid: str = ""
    macs: frozenset[str] = frozenset()
    board: str = ""
    maker: str = ""
    model: str = ""
    hostname: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A device in the ledger that shares something with the machine."""

    asset_id: int
    known: Evidence


@dataclass(frozen=True, slots=True)
class Decision:
    """`asset_id` where one device matched; `suggested` for a person where none did."""

    verdict: Verdict
    by: By
    asset_id: int | None = None
    suggested: tuple[int, ...] = ()


def serial_key(raw: str) -> str:
    """A serial as the ledger compares it, or "" for a maker's filler, which is no evidence."""
    return "" if is_placeholder_serial(raw) else normalised(raw)


def uuid_key(raw: str) -> str:
    """32 hex digits, or "" for no evidence.

    Firmware and Windows disagree on the byte order of the first three fields (DSP0134, 7.2.1), so
    the smaller of both spellings stands for the machine.
    """
    text = re.sub(r"[-{}\s]", "", raw).lower()
    if not HEX_UUID.fullmatch(text) or len(set(text)) == 1:
        return ""
    swapped = _swap(text[0:8]) + _swap(text[8:12]) + _swap(text[12:16]) + text[16:]
    if {text, swapped} & PLACEHOLDER_UUIDS or text.endswith(EMPTY_TAIL):
        return ""
    if len({text[i : i + 2] for i in range(0, 32, 2)}) == 1:
        return ""
    return min(text, swapped)


def _swap(text: str) -> str:
    return "".join(reversed([text[i : i + 2] for i in range(0, len(text), 2)]))


def mac_key(raw: str) -> str:
    """12 hex digits of an address burnt into a card, or "" where it is made up or shared."""
    text = re.sub(r"[:.\-\s]", "", raw).lower()
    if not HEX_MAC.fullmatch(text) or text in PLACEHOLDER_MACS or text.startswith(VIRTUAL_MACS):
        return ""
    first = int(text[:2], 16)
    if first & (LOCALLY_ADMINISTERED | MULTICAST) or len(set(text)) == 1:
        return ""
    return text


def mac_keys(raw: Iterable[str]) -> frozenset[str]:
    """The usable addresses among several."""
    return frozenset(key for key in map(mac_key, raw) if key)


def maker_key(raw: str) -> str:
    """The family of a maker: "Dell Inc." and "DELL" are one."""
    text = unicodedata.normalize("NFKC", raw).lower()
    parts = re.findall(r"\w+", _SUFFIXES.sub(" ", text))
    return _SAME_MAKER.get(parts[0], parts[0]) if parts else ""


def model_key(raw: str) -> str:
    """A model as it is compared."""
    return " ".join(unicodedata.normalize("NFKC", raw).upper().split())


def hostname_key(raw: str) -> str:
    """A host name without its domain, in lower case."""
    return raw.strip().lower().partition(".")[0]


def decide(machine: Evidence, candidates: Sequence[Candidate], *, bound_to: int | None = None) -> Decision:
    """Say which device the machine is.

    The first evidence in order serial, UUID, MAC (with host name or model), board (with model)
    that points to exactly one device wins, unless other evidence contradicts it. A host name alone
    only suggests. `bound_to` is the device that a token was made for, as far as it goes.
    """
    supports = {candidate.asset_id: _support(machine, candidate.known) for candidate in candidates}
    against = [candidate for candidate in candidates if _contradicts(machine, candidate.known)]
    strongest = {by: [asset for asset, found in supports.items() if by in found] for by in _ORDER}
    suggested = tuple(asset for asset, found in supports.items() if found)
    if bound_to is not None:
        strongest = {By.TOKEN: [bound_to], **strongest}
    for by, assets in strongest.items():
        if not assets:
            continue
        others = {asset for strong in _STRONG for asset in strongest.get(strong, ())} - set(assets)
        if len(assets) > 1 or others or any(item.asset_id in assets for item in against):
            return Decision(Verdict.CONFLICT, by, suggested=tuple(sorted({*assets, *others})))
        return Decision(Verdict.MATCHED, by, assets[0])
    return Decision(Verdict.PENDING, By.HOSTNAME if suggested else By.NOTHING, suggested=suggested)


_ORDER: Final = (By.SERIAL, By.UUID, By.MAC, By.BOARD)
# Where these point to two devices, a person decides; a network card may have moved with its dock.
_STRONG: Final = (By.TOKEN, By.SERIAL, By.UUID)


def _support(machine: Evidence, known: Evidence) -> set[By]:
    found = set()
    same_model = bool(machine.model) and machine.model == known.model
    same_host = bool(machine.hostname) and machine.hostname == known.hostname
    if machine.serial and machine.serial == known.serial and not _other_maker(machine, known):
        found.add(By.SERIAL)
    if machine.uuid and machine.uuid == known.uuid:
        found.add(By.UUID)
    if machine.macs & known.macs and (same_model or same_host):
        found.add(By.MAC)
    if machine.board and machine.board == known.board and same_model:
        found.add(By.BOARD)
    if same_host:
        found.add(By.HOSTNAME)
    return found


def _other_maker(machine: Evidence, known: Evidence) -> bool:
    return bool(machine.maker and known.maker) and machine.maker != known.maker


def _contradicts(machine: Evidence, known: Evidence) -> bool:
    """Evidence that cannot be one machine, although something else says that it is."""
    same_uuid = bool(machine.uuid) and machine.uuid == known.uuid
    other_uuid = bool(machine.uuid and known.uuid) and machine.uuid != known.uuid
    same_serial = bool(machine.serial) and machine.serial == known.serial
    same_board = bool(machine.board) and machine.board == known.board
    other_serial = bool(machine.serial and known.serial) and machine.serial != known.serial
    shared_macs = bool(machine.macs & known.macs)
    other_macs = bool(machine.macs and known.macs) and not shared_macs
    return (
        (same_uuid and other_serial)
        or (same_serial and other_uuid and other_macs)
        or ((shared_macs or same_board) and other_serial)
    )
