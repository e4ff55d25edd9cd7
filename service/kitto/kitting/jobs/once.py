"""Steps that ask something outside once: probes and webhooks."""

import time
from typing import Any, Final

import msgspec

from kitto.assets import queries as asset_queries
from kitto.assets.models import Endpoint
from kitto.base.ears import Ear
from kitto.base.errors import Fault, Refusal
from kitto.base.facts import plain
from kitto.base.i18n import N_
from kitto.base.work import Ledger, Work
from kitto.identity.rules import Permission
from kitto.kitting import queries
from kitto.kitting.actions import machine
from kitto.kitting.actions.reach import password_of
from kitto.kitting.actions.secrets import device_secret
from kitto.kitting.adapters.outside import PROBES, SNMP_PORT, Target, call_webhook
from kitto.kitting.adapters.plays import Outcome, PlayOutcome, ended
from kitto.kitting.jobs.plays import kitto
from kitto.kitting.models import Kit, KitStep

NOT_ASKED: Final = N_("The device was not asked: {text}.")
NOT_KNOWN: Final = N_("Nobody said how the device is reached. Give its address first.")


def probe(ledger: Ledger, kit_id: int, step: str, run: str) -> str:
    """Ask the device once whether it answers as itself; `with` says over what, and for SNMP as whom."""
    with ledger.begin(kitto()) as work:
        machine.note_launch(work, kit_id, run)
    began = time.monotonic()
    try:
        outcome = _asked(ledger, kit_id, step)
    except Refusal as refusal:
        outcome = PlayOutcome(outcome=Outcome.FAILED, cause="refused", reason=refusal.told())
    except Fault as fault:
        outcome = ended(Outcome.FAILED, "refused", NOT_ASKED, {"text": fault})
    took = time.monotonic() - began
    return _noted(ledger, kit_id, step, run, msgspec.structs.replace(outcome, seconds=took))


def _asked(ledger: Ledger, kit_id: int, step: str) -> PlayOutcome:
    with ledger.begin(kitto()) as work:
        work.unrecorded("reads how the device is asked; a secret made for it is recorded by its room")
        kit = queries.kit(work, kit_id)
        given = queries.step_of(kit, step).with_
        target = target_of(work, kit, given)
    if target is None:
        return ended(Outcome.UNREACHABLE, "no_way", NOT_KNOWN)
    return PROBES[str(given.get("transport", "ssh"))](target)


def target_of(work: Work, kit: Kit, given: dict[str, Any]) -> Target | None:
    """Whom a probe with this `with` asks, and as whom; None while nobody said how the device is reached.

    A phone on the cable has no address. Refuses an unknown secret; raises Fault where none can be read.
    """
    work.allow(Permission.KIT)
    transport = str(given.get("transport", "ssh"))
    if transport == "adb":
        serial = asset_queries.by_id(work, kit.device).serial or ""
        return Target("", 0, serial=serial, wants=tuple(given.get("wants", ())))
    kind = str(given.get("endpoint", transport if transport in ("winrm", "snmp") else "ssh"))
    reached = asset_queries.endpoint(work, kit.device, kind)
    if transport == "snmp":
        return _to_hear(work, kit, given, reached or asset_queries.endpoint(work, kit.device, "ssh"))
    if reached is None:
        return None
    port = int(given.get("port", reached.port))
    if transport != "winrm":
        return Target(reached.address, port, reached.host_key)
    serial = asset_queries.by_id(work, kit.device).serial or ""
    password = password_of(work, reached)
    return Target(reached.address, port, reached.host_key, reached.account, password, serial)


def _to_hear(work: Work, kit: Kit, given: dict[str, Any], reached: Endpoint | None) -> Target | None:
    """SNMP as Kitto will ask the device: with secrets of the device, and the user that a parameter names."""
    work.allow(Permission.KIT)
    if reached is None:
        return None
    port = int(given.get("port", reached.port if reached.kind == "snmp" else SNMP_PORT))
    user = str(kit.parameters.get(given.get("user_parameter", ""), given.get("user", "")))
    name = str(given.get("secret", "snmp_auth" if user else "snmp_community"))
    privacy = str(given.get("privacy", "snmp_priv" if user else ""))
    ear = Ear(
        reached.address,
        port,
        device_secret(work, kit.device, name),
        user=user,
        privacy=device_secret(work, kit.device, privacy) if privacy else None,
        hash=str(given.get("hash", "sha1")),
        cipher=str(given.get("cipher", "aes128")),
    )
    serial = asset_queries.by_id(work, kit.device).serial or ""
    return Target(reached.address, port, serial=serial, ear=ear)


def webhook(ledger: Ledger, kit_id: int, step: str, run: str) -> str:
    """Tell another system of the kit; every try of one run has the same `Idempotency-Key`."""
    with ledger.begin(kitto()) as work:
        machine.note_launch(work, kit_id, run)
        kit = queries.kit(work, kit_id)
        found = queries.step_of(kit, step)
        body = _told(work, kit, found)
    began = time.monotonic()
    outcome = call_webhook(str(found.with_.get("url", "")), body, key=run)
    took = time.monotonic() - began
    return _noted(ledger, kit_id, step, run, msgspec.structs.replace(outcome, seconds=took))


def _told(work: Work, kit: Kit, step: KitStep) -> dict[str, Any]:
    work.allow(Permission.KIT)
    asset = asset_queries.by_id(work, kit.device)
    told: dict[str, Any] = plain(
        {
            "kit": kit.id,
            "order": kit.order_id,
            "tag": kit.tag,
            "serial": asset.serial,
            "profile": {"name": kit.profile.name, "version": kit.profile.number},
            "content": kit.profile.content,
            "step": step.key,
            "say": step.with_.get("body", {}),
        }
    )
    return told


def _noted(ledger: Ledger, kit_id: int, step: str, run: str, outcome: PlayOutcome) -> str:
    with ledger.begin(kitto()) as work:
        machine.note_outcome(work, kit_id, step, run, outcome)
    return str(outcome.outcome)
