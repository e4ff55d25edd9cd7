"""What people do at the bench: tick, look, scan, photograph, approve."""

from kitto.assets import queries as asset_queries
from kitto.assets.rules import normalised, read_scan
from kitto.base.i18n import N_, Words
from kitto.base.work import Work
from kitto.identity.rules import Permission
from kitto.kitting import queries
from kitto.kitting.actions.chain import prove, step_done
from kitto.kitting.actions.codes import asked_by, was_shown
from kitto.kitting.actions.settle import settle
from kitto.kitting.adapters.photos import made_small
from kitto.kitting.facts import KitApproved, PhotoTaken
from kitto.kitting.models import Kit, KitEvidence, KitPhoto, KitStep
from kitto.kitting.rules.refusals import (
    ApprovedAlready,
    ChecksOpen,
    CodeNotShown,
    FileNotMade,
    PhotoNeeded,
    SamePerson,
    ScanNeeded,
    StepNotWaiting,
    WrongScan,
)
from kitto.kitting.rules.states import BY_PEOPLE, HUMAN, STEP_WORDS, StepKind, StepState
from kitto.kitting.signals import go_on

CONFIRMED = frozenset({StepKind.MANUAL, StepKind.PHOTO, StepKind.ARTIFACT, StepKind.SECRET})


def confirm(work: Work, *, kit_id: int, step: str, ticked: list[int] | None = None, note: str = "") -> Kit:
    """Confirm a step done by hand; every point must be ticked (0 is the first), every photo taken."""
    kit, found = _waiting_step(work, kit_id, step)
    if found.kind not in CONFIRMED:
        raise ScanNeeded
    is_code = asked_by(kit, found) is not None
    if is_code and not was_shown(found):
        raise CodeNotShown
    is_file = found.kind is StepKind.ARTIFACT and not is_code
    if is_file and not any(item.kind == "file_made" for item in found.evidence):
        raise FileNotMade
    points = found.spec.get("checks", [])
    still_open = set(range(len(points))) - set(ticked or [])
    if still_open:
        raise ChecksOpen(count=len(still_open))
    photos = sum(1 for item in found.evidence if item.kind == "photo")
    wanted = int(found.with_.get("photos", 1)) if found.kind is StepKind.PHOTO else 0
    if photos < wanted:
        raise PhotoNeeded(count=wanted, have=photos)
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
    asset = asset_queries.by_id(work, kit.device)
    scan = read_scan(scanned)
    fits = any(str(tag) == asset.tag for tag in scan.tags)
    if found.kind is StepKind.SCAN:
        fits = fits or (bool(asset.serial) and scan.norm == normalised(asset.serial or ""))
    if not fits:
        raise WrongScan(tag=asset.name, scanned=scan.text[:64])
    evidence = prove(work, kit, found, "scanned", {"scanned": scan.text[:200], "tag": asset.tag})
    return _next(work, kit, found, evidence)


def add_photo(work: Work, *, kit_id: int, step: str, picture: bytes) -> KitPhoto:
    """Keep a photo as evidence of a step that waits. The same picture twice is kept once.

    Made smaller (longest side 1,600 points), turned upright, and freed of place and camera.
    Refuses what is no picture with photo_unreadable.
    """
    kit, found = _waiting_step(work, kit_id, step)
    small = made_small(picture)
    known = queries.photo_by_hash(work, found.id, small.sha256)
    if known is not None:
        work.unrecorded("the same photo again")
        return known
    photo = work.add(
        KitPhoto(
            kit_id=kit.id,
            step_id=found.id,
            sha256=small.sha256,
            picture=small.picture,
            thumbnail=small.thumbnail,
            width=small.width,
            height=small.height,
            taken_by=work.actor.name,
            taken_at=work.now,
        )
    )
    prove(work, kit, found, "photo", {"sha256": small.sha256, "photo": photo.id})
    work.record(
        PhotoTaken(kit_id=kit.id, asset_id=kit.device, tag=kit.tag, step=found.key, sha256=small.sha256)
    )
    return photo


def approve_step(work: Work, *, kit_id: int, step: str, note: str = "") -> Kit:
    """Approve a step that waits for it. Refuses who did any of its work, and the same person twice."""
    work.allow(Permission.APPROVE)
    kit, found = _waiting_step(work, kit_id, step, Permission.APPROVE)
    if found.kind is not StepKind.APPROVAL:
        raise StepNotWaiting(step=found.title(work.locale), state=Words(STEP_WORDS[found.state]))
    me = f"{work.actor.kind}:{work.actor.id}"
    if any(
        item.done_as == me
        for item in kit.steps
        if item.kind in HUMAN | CONFIRMED or item.state is StepState.SKIPPED
    ):
        raise SamePerson(what=Words(N_("kit #{number}"), {"number": kit.id}))
    if any(item.data.get("as") == me for item in found.evidence if item.kind == "approved"):
        raise ApprovedAlready
    prove(work, kit, found, "approved", {"as": me, "note": note[:1000]})
    work.record(KitApproved(kit_id=kit.id, asset_id=kit.device, tag=kit.tag, step=found.key))
    go_on(work, kit)
    return kit


def _waiting_step(
    work: Work, kit_id: int, key: str, right: Permission = Permission.KIT
) -> tuple[Kit, KitStep]:
    work.allow(right)
    kit = queries.locked(work, kit_id)
    work.allow(right, asset_queries.by_id(work, kit.device).scopes)
    found = queries.step_of(kit, key)
    if found.state is not StepState.WAITING or found.kind not in BY_PEOPLE | CONFIRMED:
        raise StepNotWaiting(step=found.title(work.locale), state=Words(STEP_WORDS[found.state]))
    return kit, found


def _next(work: Work, kit: Kit, step: KitStep, evidence: KitEvidence) -> Kit:
    step_done(work, kit, step, evidence)
    settle(work, kit)
    go_on(work, kit)
    return kit
