"""Everything that reads the watch: probes, where they stand, readings, problems."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, func, or_, select

from kitto.assets.models import Asset
from kitto.assets.queries.find import within_reach
from kitto.base.errors import NotFound
from kitto.base.i18n import N_, Words
from kitto.base.paging import USUAL, Page, page
from kitto.base.work import Work
from kitto.health.models import Health, Probe, ProbeCredential, Problem, ReadingKept, ReadingLast
from kitto.health.rules.probes import ProbeKind
from kitto.health.rules.states import HealthState
from kitto.health.rules.values import tidy
from kitto.health.rules.watches import Check

MOST_POINTS: Final = 2_000
# What people should see first.
_WORST_FIRST: Final = (
    HealthState.DOWN,
    HealthState.AUTH_FAILED,
    HealthState.SUSPECT,
    HealthState.RECOVERING,
    HealthState.UNKNOWN,
    HealthState.OK,
)


def probe(work: Work, probe_id: int) -> Probe:
    """One probe, if its device may be seen. Refuses with not_found."""
    found = work.session.scalar(
        select(Probe).join(Probe.asset).where(Probe.id == probe_id, within_reach(work))
    )
    if found is None:
        raise NotFound(thing=Words(N_("probe")), key=str(probe_id))
    return found


def probes_of(work: Work, asset_id: int) -> Sequence[Probe]:
    """All probes of one device."""
    return work.session.scalars(select(Probe).where(Probe.asset_id == asset_id).order_by(Probe.id)).all()


@dataclass(frozen=True, kw_only=True)
class ProbeFilter:
    """What a list of probes shows; empty fields do not limit."""

    state: HealthState | None = None
    kind: ProbeKind | None = None
    q: str = ""


def probes(work: Work, wanted: ProbeFilter, *, cursor: str | None = None, limit: int = USUAL) -> Page[Probe]:
    """A page of probes, oldest first."""
    statement = select(Probe).join(Probe.asset).join(Probe.health).where(within_reach(work))
    if wanted.state is not None:
        statement = statement.where(Health.state == wanted.state)
    if wanted.kind is not None:
        statement = statement.where(Probe.kind == wanted.kind)
    if part := tidy(wanted.q):
        statement = statement.where(
            or_(
                Asset.tag.contains(part.upper(), autoescape=True),
                Asset.hostname.icontains(part, autoescape=True),
                Probe.address.startswith(part, autoescape=True),
            )
        )
    return page(
        work, statement, by=(Probe.id.expression,), key=lambda row: (row.id,), cursor=cursor, limit=limit
    )


def counts(work: Work) -> dict[HealthState, int]:
    """How many probes stand where, worst first; states nobody is in are left out."""
    rows = work.session.execute(
        select(Health.state, func.count())
        .join(Health.probe)
        .join(Probe.asset)
        .where(Probe.enabled, within_reach(work))
        .group_by(Health.state)
    )
    found = dict(rows.all())
    return {state: found[state] for state in _WORST_FIRST if state in found}


@dataclass(frozen=True, kw_only=True)
class ProblemFilter:
    """What a list of problems shows; empty fields do not limit."""

    check: Check | None = None
    is_open: bool = True
    asset_id: int | None = None


def problems(
    work: Work, wanted: ProblemFilter, *, cursor: str | None = None, limit: int = USUAL
) -> Page[Problem]:
    """A page of problems, newest first. One of nobody's device is shown to everybody who may look."""
    statement = select(Problem).outerjoin(Problem.asset)
    statement = statement.where(or_(Problem.asset_id.is_(None), within_reach(work)))
    statement = statement.where(
        Problem.closed_at.is_(None) if wanted.is_open else Problem.closed_at.is_not(None)
    )
    if wanted.check is not None:
        statement = statement.where(Problem.check == wanted.check)
    if wanted.asset_id is not None:
        statement = statement.where(Problem.asset_id == wanted.asset_id)
    return page(
        work,
        statement,
        by=(Problem.id.expression,),
        key=lambda row: (row.id,),
        cursor=cursor,
        limit=limit,
        descending=True,
    )


def problem(work: Work, problem_id: int) -> Problem:
    """One problem, if its device may be seen. Refuses with not_found."""
    found = work.session.scalar(
        select(Problem)
        .outerjoin(Problem.asset)
        .where(Problem.id == problem_id, or_(Problem.asset_id.is_(None), within_reach(work)))
    )
    if found is None:
        raise NotFound(thing=Words(N_("problem")), key=str(problem_id))
    return found


def open_problems(work: Work, probe_ids: Sequence[int]) -> dict[str, Problem]:
    """The open problems of some probes, and those of nobody, by key."""
    rows = work.session.scalars(
        select(Problem).where(
            Problem.closed_at.is_(None), or_(Problem.probe_id.in_(probe_ids), Problem.probe_id.is_(None))
        )
    )
    return {row.key: row for row in rows}


def open_count(work: Work) -> int:
    """How many problems wait for a person: open and not acknowledged."""
    statement = (
        select(func.count(Problem.id))
        .outerjoin(Problem.asset)
        .where(
            Problem.closed_at.is_(None),
            Problem.acknowledged_at.is_(None),
            or_(Problem.asset_id.is_(None), within_reach(work)),
        )
    )
    return work.session.scalar(statement) or 0


def readings(work: Work, probe_id: int) -> Sequence[ReadingLast]:
    """The last value of everything that was read of a probe's target."""
    return work.session.scalars(
        select(ReadingLast)
        .where(ReadingLast.probe_id == probe_id)
        .order_by(ReadingLast.name, ReadingLast.instance)
    ).all()


def last_readings(work: Work, probe_ids: Sequence[int]) -> dict[tuple[int, str, str], ReadingLast]:
    """The same for several probes, by (probe, name, instance)."""
    rows = work.session.scalars(select(ReadingLast).where(ReadingLast.probe_id.in_(probe_ids)))
    return {(row.probe_id, row.name, row.instance): row for row in rows}


def series(
    work: Work, probe_id: int, name: str, instance: str = "", *, since: datetime | None = None
) -> list[tuple[datetime, float]]:
    """The history of one reading since an instant (default: two days), oldest first."""
    start = since or work.now - timedelta(days=2)
    rows = work.session.execute(
        select(ReadingKept.at, ReadingKept.value)
        .where(
            ReadingKept.probe_id == probe_id,
            ReadingKept.name == tidy(name),
            ReadingKept.instance == tidy(instance),
            ReadingKept.at >= start,
        )
        .order_by(ReadingKept.at.desc())
        .limit(MOST_POINTS)
    )
    return [(at, value) for at, value in rows][::-1]


def all_series(work: Work, probe_id: int) -> dict[tuple[str, str], list[tuple[datetime, float]]]:
    """The histories of the last two days of all readings of a probe, oldest first."""
    rows = work.session.execute(
        select(ReadingKept.name, ReadingKept.instance, ReadingKept.at, ReadingKept.value)
        .where(ReadingKept.probe_id == probe_id, ReadingKept.at >= work.now - timedelta(days=2))
        .order_by(ReadingKept.at.desc())
        .limit(MOST_POINTS * 4)
    )
    found: dict[tuple[str, str], list[tuple[datetime, float]]] = {}
    for name, instance, at, value in rows:
        found.setdefault((name, instance), []).insert(0, (at, value))
    return found


def credentials(work: Work) -> Sequence[ProbeCredential]:
    """All credentials, by name; their secrets stay sealed."""
    return work.session.scalars(select(ProbeCredential).order_by(ProbeCredential.name)).all()


def credential(work: Work, credential_id: int) -> ProbeCredential:
    """One credential. Refuses with not_found."""
    found = work.session.get(ProbeCredential, credential_id)
    if found is None:
        raise NotFound(thing=Words(N_("credential")), key=str(credential_id))
    return found


def users_of(work: Work, credential_id: int) -> int:
    """How many probes use a credential."""
    return work.session.scalar(select(func.count(Probe.id)).where(Probe.credential_id == credential_id)) or 0


def due_count(work: Work) -> dict[ProbeKind, int]:
    """How many probes are due and not being asked already, by kind."""
    rows = work.session.execute(
        select(Probe.kind, func.count())
        .join(Probe.health)
        .where(Probe.enabled, Health.due_at <= work.now, _unclaimed(work))
        .group_by(Probe.kind)
    )
    return dict(rows.all())


def due_ids(work: Work, kind: ProbeKind, limit: int) -> list[int]:
    """The longest due probes of a kind that nobody asks at the moment, held for this work."""
    statement = (
        select(Health.probe_id)
        .join(Health.probe)
        .where(Probe.enabled, Probe.kind == kind, Health.due_at <= work.now, _unclaimed(work))
        .order_by(Health.due_at, Health.probe_id)
        .limit(limit)
        .with_for_update(of=Health, skip_locked=True)
    )
    return list(work.session.scalars(statement))


def _unclaimed(work: Work) -> ColumnElement[bool]:
    return or_(Health.claimed_until.is_(None), Health.claimed_until < work.now)


def some(work: Work, probe_ids: Sequence[int]) -> Sequence[Probe]:
    """Probes by number, whoever may see them: for the watch itself."""
    return work.session.scalars(select(Probe).where(Probe.id.in_(probe_ids)).order_by(Probe.id)).all()
