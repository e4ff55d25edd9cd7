"""What people do at the bench: tick, look, scan."""

from kitto.assets import queries as asset_queries
from kitto.assets.rules import normalised, read_scan
from kitto.base.i18n import Words
from kitto.base.work import Work
from kitto.identity.rules import Permission
from kitto.kitting import queries
from kitto.kitting.actions.evidence import prove, step_done
from kitto.kitting.models import Kit, KitEvidence, KitStep
from kitto.kitting.rules.refusals import ChecksOpen, ScanNeeded, StepNotWaiting, WrongScan
from kitto.kitting.rules.states import HUMAN, STEP_WORDS, KitState, StepKind, StepState
from kitto.kitting.signals import go_on


def confirm(work: Work, *, kit_id: int, step: str, ticked: list[int] | None = None, note: str = "") -> Kit:
    """Confirm a manual step; every point of its checklist must be ticked (0 is the first)."""
    kit, found = _waiting_step(work, kit_id, step)
    if found.kind is not StepKind.MANUAL:
        raise ScanNeeded
    points = found.spec.get("checks", [])
    still_open = set(range(len(points))) - set(ticked or [])
    if still_open:
        raise ChecksOpen(count=len(still_open))
    evidence = prove(
        work, kit, found, "confirmed", {"points": [point["ja"] for point in points], "note": note[:1000]}
    )
    return _next(work, kit, found, evidence)


def scan_back(work: Work, *, kit_id: int, step: str, scanned: str) -> Kit:
    """Confirm a scan or label step by scanning the device itself: its tag, or its serial number.

    A label step wants the tag; a scan step takes either. Refuses the scan of another device.
    """
    kit, found = _waiting_step(work, kit_id, step)
    if found.kind not in (StepKind.SCAN, StepKind.LABEL):
        raise StepNotWaiting(step=found.title(work.locale), state=Words(STEP_WORDS[found.state]))
    asset = asset_queries.by_id(work, kit.asset_id)
    scan = read_scan(scanned)
    fits = any(str(tag) == asset.tag for tag in scan.tags)
    if found.kind is StepKind.SCAN:
        fits = fits or (bool(asset.serial) and scan.norm == normalised(asset.serial or ""))
    if not fits:
        raise WrongScan(tag=asset.name, scanned=scan.text[:64])
    evidence = prove(work, kit, found, "scanned", {"scanned": scan.text[:200], "tag": asset.tag})
    return _next(work, kit, found, evidence)


def _waiting_step(work: Work, kit_id: int, key: str) -> tuple[Kit, KitStep]:
    work.allow(Permission.KIT)
    kit = queries.locked(work, kit_id)
    asset = asset_queries.by_id(work, kit.asset_id)
    work.allow(Permission.KIT, asset.scopes)
    found = queries.step_of(kit, key)
    if found.state is not StepState.WAITING or found.kind not in HUMAN:
        raise StepNotWaiting(step=found.title(work.locale), state=Words(STEP_WORDS[found.state]))
    return kit, found


def _next(work: Work, kit: Kit, step: KitStep, evidence: KitEvidence) -> Kit:
    step_done(work, kit, step, evidence)
    kit.become(KitState.QUEUED, work.now)
    go_on(work, kit)
    return kit
