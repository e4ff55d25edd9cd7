"""What the JSON doors of kits take and give."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from kitto.base.i18n import translate
from kitto.base.work import Work
from kitto.kitting.actions.settle import seconds
from kitto.kitting.models import Kit, KitAttempt, KitStep
from kitto.kitting.rules.locks import DriftResult
from kitto.kitting.rules.states import KitState, Phase, StepKind, StepState, WaitFor
from kitto.web.bodies import Number, Strict


class StartIn(Strict):
    tag: str = Field(max_length=64, examples=["PC-000042-C"])
    profile: str = Field(max_length=64, examples=["linux-workstation"])
    parameters: dict[str, Any] = Field(
        default={}, max_length=100, examples=[{"kitto_time_zone": "Asia/Tokyo"}]
    )
    only: list[str] = Field(default=[], max_length=100, description="Keys of the steps to do; empty: all.")
    in_place: bool = Field(default=False, description="The device stays with who has it.")


class ConfirmIn(Strict):
    ticked: list[int] = Field(default=[], max_length=100, description="Points ticked; 0 is the first.")
    note: str = Field(default="", max_length=1000)


class ScanIn(Strict):
    scanned: str = Field(max_length=2048, examples=["PC-000042-C"])


class ReasonIn(Strict):
    reason: str = Field(max_length=500, examples=["The box was empty."])


class RetryIn(Strict):
    step: str = Field(default="", max_length=64, description="Empty: the step that failed.")


class ManyIn(Strict):
    kits: list[Number] = Field(max_length=500, examples=[[11, 12]])
    reason: str = Field(default="", max_length=500, description="Wanted by hold and cancel.")
    step: str = Field(default="", max_length=64, description="For retry: only kits that failed at this step.")


class ManyOut(BaseModel):
    done: list[int]
    refused: dict[int, str] = Field(description="Why, by kit; these are as they were.")


class AttemptOut(BaseModel):
    number: int
    mode: str = Field(description="run, check (a dry run), verify (after a loss), drift (a comparison)")
    run: str
    outcome: str
    reason: str
    started_at: datetime
    ended_at: datetime | None
    counts: dict[str, Any]


class PhotoOut(BaseModel):
    id: int
    sha256: str
    width: int
    height: int
    taken_by: str
    taken_at: datetime


class DriftOut(BaseModel):
    kit: int
    at: datetime
    result: DriftResult
    reason: str
    differences: list[dict[str, Any]]


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
    check_support: str
    ability: str
    attempts: list[AttemptOut]
    evidence: list[EvidenceOut]


class KitOut(BaseModel):
    id: int
    version: int
    order_id: int | None
    tag: str
    hostname: str = Field(description="What its machine is called: a name reserved for it, else its tag.")
    profile: str = Field(examples=["linux-workstation"])
    profile_version: int
    content: str = Field(description="Hash of the recipe, as it was frozen.")
    state: KitState
    waits_for: WaitFor | None
    reason: str
    deadline_at: datetime | None
    cancel_asked_at: datetime | None
    in_place: bool
    started_by: str
    started_at: datetime
    ready_at: datetime | None
    ended_at: datetime | None
    chain: str = Field(description="Hash of the newest link of its chain.")
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


def shown(work: Work, kit: Kit) -> KitOut:
    """A kit as JSON."""
    hands, machine = seconds(kit)
    return KitOut(
        id=kit.id,
        version=kit.version,
        order_id=kit.order_id,
        tag=kit.tag,
        hostname=kit.called,
        profile=kit.profile.name,
        profile_version=kit.profile.number,
        content=kit.profile.content,
        state=kit.state,
        waits_for=kit.waits_for,
        reason=translate(work.locale, kit.reason),
        deadline_at=kit.deadline_at,
        cancel_asked_at=kit.cancel_asked_at,
        in_place=kit.in_place,
        started_by=kit.started_by,
        started_at=kit.started_at,
        ready_at=kit.ready_at,
        ended_at=kit.ended_at,
        chain=kit.chain,
        hands_seconds=hands,
        machine_seconds=machine,
        steps=[_step(work, step) for step in kit.steps],
    )


def attempt_shown(work: Work, one: KitAttempt) -> AttemptOut:
    """A try of a step as JSON."""
    return AttemptOut(
        number=one.number,
        mode=one.mode,
        run=one.run,
        outcome=one.outcome,
        reason=translate(work.locale, one.reason),
        started_at=one.started_at,
        ended_at=one.ended_at,
        counts=one.counts,
    )


def _step(work: Work, step: KitStep) -> StepOut:
    language = "ja" if work.locale == "ja" else "en"
    return StepOut(
        key=step.key,
        kind=step.kind,
        title=step.title(work.locale),
        state=step.state,
        attempt=step.attempt,
        reason=translate(work.locale, step.reason),
        waits_for=step.waits_for,
        deadline_at=step.deadline_at,
        phase=step.phase,
        needs=step.needs,
        started_at=step.started_at,
        ended_at=step.ended_at,
        done_by=step.done_by,
        checks=[point[language] for point in step.spec.get("checks", [])],
        check_support=step.spec.get("check_support", "full"),
        ability=step.ability,
        attempts=[attempt_shown(work, one) for one in step.attempts],
        evidence=[EvidenceOut(kind=e.kind, data=e.data, by=e.by, at=e.at, hash=e.hash) for e in step.proofs],
    )
