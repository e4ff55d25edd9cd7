"""Steps that wait for people, and steps that look at what the device itself reports."""

from typing import Any

import jsonschema

from kitto.assets import queries as asset_queries
from kitto.assets.models import Observed
from kitto.base.i18n import N_, Told
from kitto.base.work import Work
from kitto.kitting.models import Kit, KitStep
from kitto.kitting.rules.states import StepKind, WaitFor
from kitto.kitting.rules.verdicts import Done, Failed, Verdict, Waits

WRONG_SERIAL = N_("The device reports serial number {seen}, the ledger says {known}. Find the right one.")
NOT_AS_WANTED = N_("The device reports {path}: {problem}. Put it right, then try again.")


def person(work: Work, kit: Kit, step: KitStep) -> Verdict:  # noqa: ARG001 -- every kind is asked alike
    return Waits(WaitFor.PERSON)


def file(work: Work, kit: Kit, step: KitStep) -> Verdict:  # noqa: ARG001
    """Done when the machine has called with the token of a file that was made for this step."""
    called = [item for item in step.evidence if item.kind == "machine_called"]
    return Done("file_used", called[-1].data) if called else Waits(WaitFor.PERSON)


def approval(work: Work, kit: Kit, step: KitStep) -> Verdict:  # noqa: ARG001
    wanted = int(step.with_.get("people", 1))
    given = {item.data.get("as", ""): item.by for item in step.evidence if item.kind == "approved"}
    if len(given) >= wanted:
        return Done("approvals", {"people": sorted(given.values())})
    return Waits(WaitFor.APPROVAL)


def report(work: Work, kit: Kit, step: KitStep) -> Verdict:
    """A report since the kit began, from the right device, that fits the wanted schema."""
    seen = asset_queries.seen_by(work, kit.device, "agent")
    if seen is None or seen.at < kit.started_at:
        return Waits(WaitFor.DEVICE)
    if not seen.serial_fits:
        asset = asset_queries.by_id(work, kit.device)
        who = {"seen": seen.serial[:64], "known": asset.serial or ""}
        return Failed(Told(WRONG_SERIAL, who, code="wrong_device"))
    problem = misfit(seen, step.with_.get("facts", {}))
    if problem and step.kind is StepKind.AGENT_WAIT:
        return Waits(WaitFor.DEVICE, reason=problem)
    if problem:
        return Failed(problem)
    return Done("reported", {"serial": seen.serial, "at": seen.at, "data": seen.data})


def misfit(seen: Observed, schema: dict[str, Any]) -> str:
    """The first point in which a report does not fit a JSON Schema, as a sentence; empty when it fits."""
    wrong = next(jsonschema.Draft202012Validator(schema).iter_errors(seen.data), None)
    if wrong is None:
        return ""
    path = ".".join(str(part) for part in wrong.absolute_path) or "data"
    return Told(NOT_AS_WANTED, {"path": path, "problem": wrong.message[:200]}, code="not_as_wanted")
