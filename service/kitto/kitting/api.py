"""JSON doors of kitting."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from kitto.base.work import Work
from kitto.identity.rules import Permission
from kitto.kitting import actions, offer, queries
from kitto.kitting.actions.settle import seconds
from kitto.kitting.models import Kit, KitStep
from kitto.kitting.rules.states import KitState, Phase, StepKind, StepState, WaitFor
from kitto.web.bodies import RESPONSES, Number, Strict
from kitto.web.doors import Door, ReadDep, WorkDep, etag

router = APIRouter(prefix="/api/v1", route_class=Door, tags=["kitting"], responses=RESPONSES)
Key = Annotated[str, Field(max_length=64, examples=["unbox"])]


class StartIn(Strict):
    tag: str = Field(max_length=64, examples=["PC-000042-C"])
    profile: str = Field(max_length=64, examples=["linux-workstation"])
    parameters: dict[str, Any] = Field(
        default={}, max_length=100, examples=[{"kitto_time_zone": "Asia/Tokyo"}]
    )


class ConfirmIn(Strict):
    ticked: list[int] = Field(default=[], max_length=100, description="Points ticked; 0 is the first.")
    note: str = Field(default="", max_length=1000)


class ScanIn(Strict):
    scanned: str = Field(max_length=2048, examples=["PC-000042-C"])


class ReasonIn(Strict):
    reason: str = Field(max_length=500, examples=["The box was empty."])


class RetryIn(Strict):
    step: str = Field(default="", max_length=64, description="Empty: the step that failed.")


class EvidenceOut(BaseModel):
    kind: str
    data: dict[str, Any]
    by: str
    at: datetime
    hash: str


class StepOut(BaseModel):
    key: str
    kind: StepKind
    title: str
    state: StepState
    attempt: int
    reason: str
    waits_for: WaitFor | None
    deadline_at: datetime | None
    phase: Phase
    needs: list[str]
    started_at: datetime | None
    ended_at: datetime | None
    done_by: str
    checks: list[str]
    evidence: list[EvidenceOut]


class KitOut(BaseModel):
    id: int
    version: int
    tag: str
    profile: str = Field(examples=["linux-workstation"])
    profile_version: int
    content: str = Field(description="Hash of the recipe, as it was frozen.")
    state: KitState
    waits_for: WaitFor | None
    reason: str
    started_by: str
    started_at: datetime
    ended_at: datetime | None
    hands_seconds: int
    machine_seconds: int
    steps: list[StepOut]


class KitsOut(BaseModel):
    items: list[KitOut]
    next: str | None


class LogLineOut(BaseModel):
    cursor: str = Field(description="Give it as `after` to get what comes later.")
    step: str
    at: datetime
    kind: str
    status: str
    task: str
    text: str


class ProfileOut(BaseModel):
    name: str
    title: str
    platform: str
    parameters: dict[str, Any]
    steps: list[str]


class KeyOut(BaseModel):
    public_key: str = Field(examples=["ssh-ed25519 AAAA… kitto"])


def shown(work: Work, kit: Kit) -> KitOut:
    """A kit as JSON."""
    hands, machine = seconds(kit)
    return KitOut(
        id=kit.id,
        version=kit.version,
        tag=kit.tag,
        profile=kit.profile.name,
        profile_version=kit.profile.number,
        content=kit.profile.content,
        state=kit.state,
        waits_for=kit.waits_for,
        reason=kit.reason,
        started_by=kit.started_by,
        started_at=kit.started_at,
        ended_at=kit.ended_at,
        hands_seconds=hands,
        machine_seconds=machine,
        steps=[_step(work, step) for step in kit.steps],
    )


def _step(work: Work, step: KitStep) -> StepOut:
    language = "ja" if work.locale == "ja" else "en"
    return StepOut(
        key=step.key,
        kind=step.kind,
        title=step.title(work.locale),
        state=step.state,
        attempt=step.attempt,
        reason=step.reason,
        waits_for=step.waits_for,
        deadline_at=step.deadline_at,
        phase=step.phase,
        needs=step.needs,
        started_at=step.started_at,
        ended_at=step.ended_at,
        done_by=step.done_by,
        checks=[point[language] for point in step.spec.get("checks", [])],
        evidence=[EvidenceOut(kind=e.kind, data=e.data, by=e.by, at=e.at, hash=e.hash) for e in step.proofs],
    )


def _answer(work: Work, response: Response, kit: Kit) -> KitOut:
    work.session.flush()  # the answer carries the new version
    etag(response, kit.version)
    return shown(work, kit)


@router.get("/profiles")
def list_profiles(work: ReadDep) -> list[ProfileOut]:
    """The profiles that kits can be started with."""
    work.allow(Permission.SEE)
    return [
        ProfileOut(
            name=spec.name,
            title=spec.title.to(work.locale),
            platform=spec.platform,
            parameters=spec.parameters,
            steps=[step.key for _, step in spec.all_steps],
        )
        for one in offer.offered(work)
        if (spec := one.spec) is not None
    ]


@router.post("/kitting-key", status_code=201)
def make_key(work: WorkDep) -> KeyOut:
    """Kitto's public SSH key for the authorized_keys of new machines; made at the first call."""
    return KeyOut(public_key=actions.make_key(work).public)


@router.get("/kits")
def list_kits(
    work: ReadDep,
    state: Annotated[list[KitState] | None, Query()] = None,
    open_only: bool = False,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> KitsOut:
    """Kits, newest first."""
    work.allow(Permission.SEE)
    chosen = queries.KitFilter(states=tuple(state or ()), open_only=open_only)
    found = queries.kits(work, chosen, cursor=cursor, limit=limit)
    return KitsOut(items=[shown(work, kit) for kit in found.items], next=found.next)


@router.post("/kits", status_code=201)
def start_kit(work: WorkDep, response: Response, body: StartIn) -> KitOut:
    """Start a kit; its steps, recipe and parameters are frozen."""
    kit = actions.start_kit(work, tag=body.tag, profile=body.profile, parameters=body.parameters)
    response.headers["Location"] = f"/api/v1/kits/{kit.id}"
    return _answer(work, response, kit)


@router.get("/kits/{kit_id}")
def read_kit(work: ReadDep, response: Response, kit_id: Number) -> KitOut:
    """One kit with its steps and evidence."""
    work.allow(Permission.SEE)
    kit = queries.kit(work, kit_id)
    etag(response, kit.version)
    return shown(work, kit)


@router.post("/kits/{kit_id}/steps/{step}/confirm")
def confirm(work: WorkDep, response: Response, kit_id: Number, step: Key, body: ConfirmIn) -> KitOut:
    """Confirm a manual step; every point must be ticked."""
    kit = actions.confirm(work, kit_id=kit_id, step=step, ticked=body.ticked, note=body.note)
    return _answer(work, response, kit)


@router.post("/kits/{kit_id}/steps/{step}/scan")
def scan_back(work: WorkDep, response: Response, kit_id: Number, step: Key, body: ScanIn) -> KitOut:
    """Confirm a scan or label step by scanning the device."""
    return _answer(work, response, actions.scan_back(work, kit_id=kit_id, step=step, scanned=body.scanned))


@router.post("/kits/{kit_id}/steps/{step}/skip")
def skip(work: WorkDep, response: Response, kit_id: Number, step: Key, body: ReasonIn) -> KitOut:
    """Pass over a step that failed or waits, with a reason."""
    return _answer(work, response, actions.skip(work, kit_id=kit_id, step=step, reason=body.reason))


@router.post("/kits/{kit_id}/retry")
def retry(work: WorkDep, response: Response, kit_id: Number, body: RetryIn) -> KitOut:
    """Go on from the step that failed, or from an earlier one."""
    return _answer(work, response, actions.retry(work, kit_id=kit_id, step=body.step))


@router.post("/kits/{kit_id}/cancel")
def cancel(work: WorkDep, response: Response, kit_id: Number, body: ReasonIn) -> KitOut:
    """Cancel; the kit is `cancelled` only when nothing of it runs any more."""
    return _answer(work, response, actions.cancel(work, kit_id=kit_id, reason=body.reason))


@router.get("/kits/{kit_id}/log")
def read_log(
    work: ReadDep,
    kit_id: Number,
    after: Annotated[str, Query(pattern=r"^\d{1,15}-\d{1,15}$")] = "0-0",
    limit: Annotated[int, Query(ge=1, le=5000)] = 1000,
) -> list[LogLineOut]:
    """Lines of its plays, in order."""
    work.allow(Permission.SEE)
    queries.kit(work, kit_id)
    attempt, _, seq = after.partition("-")
    lines = queries.log_lines(work, kit_id, after=(int(attempt), int(seq)), limit=limit)
    return [
        LogLineOut(
            cursor=f"{line.attempt_id}-{line.seq}",
            step=step.key,
            at=line.at,
            kind=line.kind,
            status=line.status,
            task=line.task,
            text=line.text,
        )
        for line, step in lines
    ]
