"""Opening, ending and acknowledging problems: one open row per key."""

from sqlalchemy import select

from kitto.base.work import Work
from kitto.health import queries
from kitto.health.facts import ProblemAcknowledged, ProblemEnded, ProblemRaised
from kitto.health.models import Probe, Problem, problem_key
from kitto.health.rules.values import tidy
from kitto.health.rules.watches import Check
from kitto.identity.rules import Permission

Open = dict[str, Problem]


def acknowledge(work: Work, *, problem_id: int, note: str = "") -> Problem:
    """Say that somebody knows and cares. Idempotent: the first one stays."""
    work.allow(Permission.WATCH)
    problem = queries.problem(work, problem_id)
    if problem.asset is not None:
        work.allow(Permission.WATCH, problem.asset.scopes)
    if problem.acknowledged_at is not None or problem.closed_at is not None:
        return problem
    problem.acknowledged_at, problem.acknowledged_by = work.now, work.actor.name
    problem.note = tidy(note)
    work.record(
        ProblemAcknowledged(
            problem_id=problem.id,
            asset_id=problem.asset_id,
            check=problem.check.value,
            label=problem.label,
            note=problem.note,
        )
    )
    return problem


def raise_problem(
    work: Work,
    known: Open,
    probe: Probe | None,
    check: Check,
    *,
    instance: str = "",
    label: str = "",
    detail: str = "",
    value: float | None = None,
) -> bool:
    """Open a problem, or bring the open one up to date. True if it is new."""
    key = problem_key(probe.id if probe else None, check, instance)
    found = known.get(key)
    if found is not None:
        found.value, found.detail = value, detail
        return False
    problem = Problem(
        key=key,
        asset_id=probe.asset_id if probe else None,
        probe_id=probe.id if probe else None,
        check=check,
        instance=instance,
        label=label,
        detail=detail,
        value=value,
        opened_at=work.now,
        acknowledged_by="",
        note="",
    )
    known[key] = work.add(problem)
    work.record(
        ProblemRaised(problem_id=problem.id, asset_id=problem.asset_id, check=check.value, label=label)
    )
    return True


def end_problem(work: Work, known: Open, probe: Probe | None, check: Check, instance: str = "") -> bool:
    """Close a problem if it is open. True if it was."""
    found = known.pop(problem_key(probe.id if probe else None, check, instance), None)
    if found is None:
        return False
    _end(work, found)
    return True


def end_all(work: Work, probe_id: int) -> None:
    """Close whatever is open of a probe that is no more."""
    statement = select(Problem).where(Problem.probe_id == probe_id, Problem.closed_at.is_(None))
    for problem in work.session.scalars(statement).all():
        _end(work, problem)


def _end(work: Work, problem: Problem) -> None:
    problem.closed_at = work.now
    work.record(
        ProblemEnded(
            problem_id=problem.id,
            asset_id=problem.asset_id,
            check=problem.check.value,
            label=problem.label,
        )
    )
