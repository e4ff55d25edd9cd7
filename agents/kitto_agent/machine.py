"""Which machine this is: what enrolment presents, and whether a credential was copied here."""

from __future__ import annotations

import hashlib
from typing import Dict

from kitto_agent.collect import reader
from kitto_agent.refusals import Cloned
from kitto_agent.wire import Document


def presented() -> Document:
    """What the server needs to find this machine in the ledger."""
    look = reader()
    hardware = look.hardware()
    network = look.network()
    onboard = [
        card["mac"]
        for card in (network if isinstance(network, list) else [])
        if isinstance(card, dict) and card["bus"] == "onboard"
    ]
    names = ("vendor", "model", "serial", "uuid", "board_serial", "virtual")
    found: Document = {name: hardware[name] for name in names}
    found["macs"] = [mac for mac in onboard if isinstance(mac, str)]
    found["hostname"] = look.os()["hostname"]
    return found


def marks() -> Dict[str, str]:
    """Hashes of what tells two machines with one disk image apart; empty where unknown.

    machine-id is hashed because systemd's manual (machine-id(5)) asks not to show it.
    """
    look = reader()
    found = {"machine-id": look.machine_id(), "hardware UUID": str(look.hardware()["uuid"])}
    return {
        name: hashlib.sha256(("kitto-agent:" + value).encode()).hexdigest()[:16] if value else ""
        for name, value in found.items()
    }


def fingerprint(at_enrolment: Dict[str, str]) -> str:
    """8 hex digits for this machine. Raises Cloned when a mark differs from enrolment.

    A mark that was unknown then is left out: a machine-id made after enrolment is no clone.
    """
    now = marks()
    for name, mark in sorted(at_enrolment.items()):
        if mark and now.get(name) != mark:
            raise Cloned(name)
    known = "".join(mark for _, mark in sorted(at_enrolment.items()))
    return hashlib.sha256(known.encode()).hexdigest()[:8]
