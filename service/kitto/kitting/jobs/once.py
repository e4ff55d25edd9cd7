"""Steps that ask something outside once: probes and webhooks."""

from typing import Any, Final

from kitto.assets import queries as asset_queries
from kitto.base.facts import plain
from kitto.base.i18n import N_
from kitto.base.work import Ledger, Work
from kitto.identity.rules import Permission
from kitto.kitting import queries
from kitto.kitting.actions import machine
from kitto.kitting.actions.reach import password_of
from kitto.kitting.adapters.outside import PROBES, Target, call_webhook
from kitto.kitting.adapters.plays import Outcome, PlayOutcome
from kitto.kitting.jobs.plays import kitto
from kitto.kitting.models import Kit, KitStep

NOT_KNOWN: Final = N_("Nobody said how the device is reached. Give its address first.")


def probe(ledger: Ledger, kit_id: int, step: str, run: str) -> str:
    """Ask the device once whether it answers as itself. `with.transport`: tcp, ssh or winrm; `with.port`."""
    with ledger.begin(kitto()) as work:
        machine.note_launch(work, kit_id, run)
        kit = queries.kit(work, kit_id)
        given = queries.step_of(kit, step).with_
        target = _target(work, kit, given)
    transport = str(given.get("transport", "ssh"))
    if target is None or transport not in PROBES:
        outcome = PlayOutcome(outcome=Outcome.FAILED, cause="refused", reason=NOT_KNOWN)
    else:
        outcome = PROBES[transport](target)
    return _noted(ledger, kit_id, step, run, outcome)


def _target(work: Work, kit: Kit, given: dict[str, Any]) -> Target | None:
    work.allow(Permission.KIT)
    transport = str(given.get("transport", "ssh"))
    kind = str(given.get("endpoint", "winrm" if transport == "winrm" else "ssh"))
    reached = asset_queries.endpoint(work, kit.device, kind)
    if reached is None:
        return None
    port = int(given.get("port", reached.port))
    if transport != "winrm":
        return Target(reached.address, port, reached.host_key)
    serial = asset_queries.by_id(work, kit.device).serial or ""
    password = password_of(work, reached)
    return Target(reached.address, port, reached.host_key, reached.account, password, serial)


def webhook(ledger: Ledger, kit_id: int, step: str, run: str) -> str:
    """Tell another system of the kit; every try of one run has the same `Idempotency-Key`."""
    with ledger.begin(kitto()) as work:
        machine.note_launch(work, kit_id, run)
        kit = queries.kit(work, kit_id)
        found = queries.step_of(kit, step)
        body = _told(work, kit, found)
    outcome = call_webhook(str(found.with_.get("url", "")), body, key=run)
    return _noted(ledger, kit_id, step, run, outcome)


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
