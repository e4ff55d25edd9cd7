"""Kitting figures: minutes of hands and machines per step, first-pass yield, what fails most, a forecast."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from sqlalchemy import func, select

from kitto.assets.models import Asset, Model
from kitto.assets.queries.find import within_reach
from kitto.base.i18n import translate
from kitto.base.work import Work
from kitto.kitting.models import Kit, KitAttempt, KitProfileVersion, KitStep
from kitto.kitting.rules.codes import is_by_hands
from kitto.kitting.rules.states import OPEN, KitState, StepState

MOST_STEPS = 50_000


@dataclass(frozen=True)
class StepFigure:
    """One step of a profile over a span of days."""

    key: str
    by_hand: bool
    done: int
    minutes: float
    first_pass: float


@dataclass(frozen=True)
class Failure:
    """What failed, on which model, how often, and the sentence it failed with most."""

    profile: str
    step: str
    model: str
    times: int
    reason: str


@dataclass(frozen=True)
class Figures:
    """What happened since `since`. `first_pass` is the share of kits ready with no failed try at all.

    `ready_by` is when the kits that are open now will be ready if they go on at the pace of this span; None
    without a pace.
    """

    since: datetime
    ready: int
    first_pass: float | None
    hands_minutes: float | None
    machine_minutes: float | None
    steps: tuple[StepFigure, ...]
    failures: tuple[Failure, ...]
    by_day: tuple[tuple[str, int], ...]
    open_now: int
    ready_by: datetime | None


def figures(work: Work, *, days: int = 30, profile: str = "") -> Figures:
    """The figures of the last `days` days, of one profile or of all. Medians, in minutes."""
    since = work.now - timedelta(days=days)
    kits = _ready(work, since, profile)
    steps = _steps(work, [kit_id for kit_id, _ in kits])
    failed_kits = _with_failures(work, [kit_id for kit_id, _ in kits])
    hands, machine = _per_kit(steps)
    open_now = _open(work, profile)
    pace = len(kits) / days if kits else 0.0
    by_day = Counter(f"{at.astimezone(work.actor.zone):%Y-%m-%d}" for _, at in kits)
    return Figures(
        since=since,
        ready=len(kits),
        first_pass=1 - len(failed_kits) / len(kits) if kits else None,
        hands_minutes=hands,
        machine_minutes=machine,
        steps=_step_figures(steps),
        failures=_failures(work, since, profile),
        by_day=tuple(sorted(by_day.items())),
        open_now=open_now,
        ready_by=work.now + timedelta(days=open_now / pace) if pace and open_now else None,
    )


_Row = tuple[int, str, bool, float, int]


def _ready(work: Work, since: datetime, profile: str) -> list[tuple[int, datetime]]:
    statement = (
        select(Kit.id, Kit.ready_at)
        .join(Asset, Asset.id == Kit.asset_id)
        .join(KitProfileVersion, KitProfileVersion.id == Kit.profile_id)
        .where(Kit.ready_at >= since, within_reach(work))
    )
    if profile:
        statement = statement.where(KitProfileVersion.name == profile)
    return [(kit_id, at) for kit_id, at in work.session.execute(statement) if at is not None]


def _steps(work: Work, kits: list[int]) -> list[_Row]:
    """(kit, step, by hand, minutes, attempts) of the steps that are done."""
    rows = work.session.execute(
        select(
            KitStep.kit_id,
            KitStep.key,
            KitStep.kind,
            KitStep.spec["with"]["kind"].as_string(),
            KitStep.started_at,
            KitStep.ended_at,
            KitStep.attempt,
        )
        .where(KitStep.kit_id.in_(kits), KitStep.state == StepState.SUCCEEDED)
        .limit(MOST_STEPS)
    )
    return [
        (kit, key, is_by_hands(kind, makes), (ended - started).total_seconds() / 60, attempt)
        for kit, key, kind, makes, started, ended, attempt in rows
        if started is not None and ended is not None
    ]


def _with_failures(work: Work, kits: list[int]) -> set[int]:
    rows = work.session.scalars(
        select(KitStep.kit_id)
        .join(KitAttempt, KitAttempt.step_id == KitStep.id)
        .where(
            KitStep.kit_id.in_(kits),
            KitAttempt.mode == "run",
            KitAttempt.outcome.in_(("failed", "timed_out", "lost")),
        )
        .distinct()
    )
    skipped = work.session.scalars(
        select(KitStep.kit_id).where(KitStep.kit_id.in_(kits), KitStep.state == StepState.SKIPPED).distinct()
    )
    return {*rows, *skipped}


def _per_kit(steps: list[_Row]) -> tuple[float | None, float | None]:
    sums: dict[bool, dict[int, float]] = {True: defaultdict(float), False: defaultdict(float)}
    for kit, _, by_hand, minutes, _ in steps:
        sums[by_hand][kit] += minutes
    hands, machine = (list(sums[kind].values()) for kind in (True, False))
    return (median(hands) if hands else None, median(machine) if machine else None)


def _step_figures(steps: list[_Row]) -> tuple[StepFigure, ...]:
    by_key: dict[str, list[_Row]] = defaultdict(list)
    for row in steps:
        by_key[row[1]].append(row)
    return tuple(
        StepFigure(
            key=key,
            by_hand=rows[0][2],
            done=len(rows),
            minutes=median(row[3] for row in rows),
            first_pass=sum(1 for row in rows if row[4] <= 1) / len(rows),
        )
        for key, rows in by_key.items()
    )


def _failures(work: Work, since: datetime, profile: str, most: int = 20) -> tuple[Failure, ...]:
    number = func.count().label("number")
    model = (Model.maker + " " + Model.name).label("model")
    statement = (
        select(KitProfileVersion.name, KitStep.key, model, number, func.max(KitAttempt.reason))
        .join(KitStep, KitStep.id == KitAttempt.step_id)
        .join(Kit, Kit.id == KitStep.kit_id)
        .join(KitProfileVersion, KitProfileVersion.id == Kit.profile_id)
        .join(Asset, Asset.id == Kit.asset_id)
        .join(Model, Model.id == Asset.model_id)
        .where(
            KitAttempt.started_at >= since,
            KitAttempt.mode == "run",
            KitAttempt.outcome.in_(("failed", "timed_out", "lost")),
            within_reach(work),
        )
        .group_by(KitProfileVersion.name, KitStep.key, model)
        .order_by(number.desc(), KitProfileVersion.name, KitStep.key)
        .limit(most)
    )
    if profile:
        statement = statement.where(KitProfileVersion.name == profile)
    return tuple(
        Failure(profile=name, step=step, model=on, times=times, reason=translate(work.locale, reason))
        for name, step, on, times, reason in work.session.execute(statement)
    )


def _open(work: Work, profile: str) -> int:
    statement = select(func.count()).select_from(Kit).where(Kit.state.in_(OPEN - {KitState.EXPECTED}))
    if profile:
        statement = statement.join(KitProfileVersion, KitProfileVersion.id == Kit.profile_id).where(
            KitProfileVersion.name == profile
        )
    return work.session.scalar(statement) or 0
