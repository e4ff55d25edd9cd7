"""What a kitting report says: one kit, or an order with all of its kits, as values for paper, CSV, JSON."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import undefer

from kitto.assets import queries as asset_queries
from kitto.base.i18n import N_, translate
from kitto.base.settings import settings
from kitto.base.work import Work
from kitto.kitting.models import Kit, KitOrder, KitPhoto, KitStep
from kitto.kitting.queries.kits import chain_holds, kits_of_order
from kitto.kitting.rules.states import ABILITY_WORDS, KIT_WORDS, STEP_WORDS, StepState
from kitto.people import queries as people

MOST_PHOTOS: Final = 20
APPROVED: Final = "approved"
OURSELVES: Final = "system:kitting"
"""How the jobs of this room are known where they did something."""
CHANGED: Final = N_("changed {n}")
MINUTES: Final = N_("{n} min")


def report_of_kit(work: Work, kit: Kit) -> dict[str, Any]:
    """The report of one device; `number` is what its code says."""
    return _head(work, f"KIT-{kit.id}") | {"kits": [_kit(work, kit)]}


def report_of_order(work: Work, order: KitOrder) -> dict[str, Any]:
    """The report of an order: a cover, then every device that has begun."""
    kits = [kit for kit in kits_of_order(work, order.id) if kit.asset_id is not None]
    project = people.project(work, order.project_id).name if order.project_id else ""
    cover = {
        "project": project,
        "quantity": order.quantity,
        "needed": order.needed_on.isoformat() if order.needed_on else "",
        "asked": order.asked_by,
        "approved": order.decided_by,
        "profile": f"{order.profile.name} v{order.profile.number}",
    }
    return _head(work, f"ORD-{order.id}") | {"order": cover, "kits": [_kit(work, kit) for kit in kits]}


def _head(work: Work, number: str) -> dict[str, Any]:
    return {
        "number": number,
        "language": work.locale,
        "organisation": settings().organisation,
        "date": work.now.astimezone(work.actor.zone).date().isoformat(),
    }


def _kit(work: Work, kit: Kit) -> dict[str, Any]:
    asset = asset_queries.by_id(work, kit.device)
    hands, machine = _minutes(kit, human=True), _minutes(kit, human=False)
    return {
        "kit": kit.id,
        "tag": kit.tag,
        "serial": asset.serial or "",
        "model": f"{asset.model.maker} {asset.model.name}",
        "profile": f"{kit.profile.name} v{kit.profile.number}",
        "content": kit.profile.content,
        "state": translate(work.locale, KIT_WORDS[kit.state]),
        "began": _when(work, kit.started_at),
        "ready": _when(work, kit.ready_at),
        "hands": translate(work.locale, MINUTES, n=round(hands)),
        "machine": translate(work.locale, MINUTES, n=round(machine)),
        "steps": [_step(work, step) for step in kit.steps],
        "deviations": [_deviation(work, step) for step in kit.steps if step.state is StepState.SKIPPED],
        "approvals": [
            f"{proof.by}  {_when(work, proof.at)}  {proof.data.get('note', '')}".strip()
            for step in kit.steps
            for proof in step.proofs
            if proof.kind == APPROVED
        ],
        "photos": _photos(work, kit),
        "chain": kit.chain,
        "holds": chain_holds(work, kit),
    }


def _step(work: Work, step: KitStep) -> dict[str, Any]:
    took = _took(step)
    said = [translate(work.locale, STEP_WORDS[step.state])]
    if step.attempt > 1:
        said.append(f"× {step.attempt}")
    for proof in step.proofs:
        if proof.data.get("name") and proof.data.get("sha256"):
            said.append(f"{proof.data['name']} {proof.data['sha256'][:16]}")
        said += [str(proof.data[name]) for name in ("scanned", "serial", "note") if proof.data.get(name)]
    if step.runs and step.runs[-1].counts:
        said.append(translate(work.locale, CHANGED, n=step.runs[-1].counts.get("changed", 0)))
    if step.reason and step.state is not StepState.SUCCEEDED:
        said.append(translate(work.locale, step.reason))
    return {
        "no": step.position,
        "key": step.key,
        "kind": str(step.kind),
        "title": step.title(work.locale),
        "ability": translate(work.locale, ABILITY_WORDS[step.ability]),
        "state": str(step.state),
        "who": _who(step),
        "when": _when(work, step.ended_at),
        "took": f"{took:.0f}" if took is not None else "",
        "attempts": step.attempt,
        "result": "  ".join(dict.fromkeys(said)),
        "evidence": [proof.hash for proof in step.proofs],
    }


def _who(step: KitStep) -> str:
    """Who did it: of an approval those who gave it, though Kitto counted them."""
    approved = [proof.by for proof in step.proofs if proof.kind == APPROVED]
    return ", ".join(dict.fromkeys(approved)) or ("Kitto" if step.done_as == OURSELVES else step.done_by)


def _took(step: KitStep) -> float | None:
    if step.started_at is None or step.ended_at is None:
        return None
    return (step.ended_at - step.started_at).total_seconds() / 60


def _deviation(work: Work, step: KitStep) -> dict[str, str]:
    return {
        "step": step.title(work.locale),
        "who": step.done_by,
        "reason": translate(work.locale, step.reason),
    }


def _photos(work: Work, kit: Kit) -> list[dict[str, Any]]:
    titles = {step.id: f"{step.position} {step.title(work.locale)}" for step in kit.steps}
    rows = work.session.scalars(
        select(KitPhoto)
        .options(undefer(KitPhoto.thumbnail))
        .where(KitPhoto.kit_id == kit.id)
        .order_by(KitPhoto.id)
        .limit(MOST_PHOTOS)
    )
    return [
        {"says": titles[row.step_id], "sha256": row.sha256, "thumbnail": list(row.thumbnail)} for row in rows
    ]


def _minutes(kit: Kit, *, human: bool) -> float:
    return sum(_took(step) or 0 for step in kit.steps if step.by_hands is human)


def _when(work: Work, at: datetime | None) -> str:
    return f"{at.astimezone(work.actor.zone):%Y-%m-%d %H:%M}" if at else ""
