"""The desk as it stands now: each scan with its verdict, judged afresh whenever someone looks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from kitto.assets import queries as assets
from kitto.assets.models import Asset, Custody
from kitto.assets.queries import Holder
from kitto.assets.rules import STATE_WORDS, Condition, HolderKind, State
from kitto.assets.rules.life import REMEDIES
from kitto.base.errors import NotFound
from kitto.base.i18n import N_, Words, translate
from kitto.base.work import Work
from kitto.handover.models import DeskLine, DeskSession
from kitto.handover.rules import HELD_BY_SOMEONE, Mode, Remedy, Verdict
from kitto.identity.rules import Permission
from kitto.licences import queries as licences
from kitto.licences.rules import Metric, Policy
from kitto.people import queries as people


@dataclass(frozen=True, kw_only=True)
class DeskLineView:
    """One scan as it is shown: what it is, what it is worth, and what one key does about it."""

    id: int
    title: str
    detail: str
    verdict: Verdict
    says: str
    remedy: Remedy | None = None
    tag: str | None = None
    pool_id: int | None = None
    transfer_from: int | None = None
    condition: Condition = Condition.GOOD
    accessories: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class DeskView:
    """The whole desk of one technician. `lines` are the newest first."""

    mode: Mode
    holder: Holder | None = None
    holder_detail: str = ""
    holder_fits: bool = True
    still_out: tuple[str, ...] = ()
    lines: tuple[DeskLineView, ...] = ()

    @property
    def blocked(self) -> int:
        return sum(line.verdict is Verdict.NO for line in self.lines)

    @property
    def devices(self) -> list[DeskLineView]:
        """What DONE will move: devices in order, as they were scanned."""
        return [line for line in reversed(self.lines) if line.tag and line.verdict is Verdict.OK]


@dataclass(frozen=True)
class _Judged:
    verdict: Verdict
    says: Words
    remedy: Remedy | None = None


def actor_key(work: Work) -> str:
    """Whose desk it is."""
    return f"{work.actor.kind}:{work.actor.id}"


def own_session(work: Work, *, lock: bool = False) -> DeskSession | None:
    """The open session of whoever asks, with its lines; None when nothing is scanned."""
    work.allow(Permission.SEE)
    statement = (
        select(DeskSession)
        .options(selectinload(DeskSession.lines))
        .where(DeskSession.actor == actor_key(work), DeskSession.closed_at.is_(None))
        .execution_options(populate_existing=True)
    )
    return work.session.scalar(statement.with_for_update(of=DeskSession) if lock else statement)


def view(work: Work, session: DeskSession | None) -> DeskView:
    """The desk as it is shown."""
    if session is None:
        return DeskView(mode=Mode.HAND_OVER)
    holder = _holder(work, session)
    devices, custodies = _devices(work, session)
    receivers = len(devices) if session.mode is Mode.HAND_OVER else 0
    lines = tuple(
        _line(work, session, line, holder, devices, custodies, receivers) for line in reversed(session.lines)
    )
    return DeskView(
        mode=session.mode,
        holder=holder,
        holder_detail=_holder_detail(work, holder),
        holder_fits=holder is None or holder.active_on(people.today(work)),
        still_out=_still_out(work, session, holder, devices),
        lines=lines,
    )


def _holder(work: Work, session: DeskSession) -> Holder | None:
    if session.holder_kind is None or session.holder_id is None:
        return None
    try:
        return assets.find_holder(work, session.holder_kind, session.holder_id)
    except NotFound:
        return None  # out of this technician's reach meanwhile: the badge is asked for again


def _holder_detail(work: Work, holder: Holder | None) -> str:
    if holder is None or holder.kind is not HolderKind.PERSON:
        return ""
    person = people.person(work, holder.id)
    parts = (person.number, person.kana, person.department.name if person.department else "")
    return " · ".join(part for part in parts if part)


def _devices(work: Work, session: DeskSession) -> tuple[Mapping[int, Asset], Mapping[int, Custody]]:
    ids = [line.asset_id for line in session.lines if line.asset_id is not None]
    if not ids:
        return {}, {}
    found = work.session.scalars(
        select(Asset).where(Asset.id.in_(ids)).execution_options(populate_existing=True)
    )
    held = work.session.scalars(select(Custody).where(Custody.asset_id.in_(ids), Custody.ended_at.is_(None)))
    return {asset.id: asset for asset in found}, {custody.asset_id: custody for custody in held}


def _still_out(
    work: Work, session: DeskSession, holder: Holder | None, devices: Mapping[int, Asset]
) -> tuple[str, ...]:
    if session.mode is not Mode.TAKE_BACK or holder is None:
        return ()
    held = assets.held_by(work, holder.kind, holder.id)
    return tuple(f"{asset.name} {asset.model.name}" for asset, _ in held if asset.id not in devices)


def _line(
    work: Work,
    session: DeskSession,
    line: DeskLine,
    holder: Holder | None,
    devices: Mapping[int, Asset],
    custodies: Mapping[int, Custody],
    receivers: int,
) -> DeskLineView:
    if line.pool_id is not None:
        return _pool_line(work, line, line.pool_id, holder, receivers)
    asset = devices.get(line.asset_id or 0)
    if asset is None:
        unknown = N_("No badge, device or licence that we know. Take it away, or receive it first.")
        return DeskLineView(
            id=line.id,
            title=line.scanned[:40],
            detail="",
            verdict=Verdict.NO,
            says=translate(work.locale, unknown),
            remedy=Remedy.REMOVE,
        )
    custody = custodies.get(asset.id)
    judge = _for_hand_over if session.mode is Mode.HAND_OVER else _for_take_back
    judged = judge(line, asset, custody, holder)
    return DeskLineView(
        id=line.id,
        title=asset.name,
        detail=" · ".join(part for part in (asset.model.name, asset.serial or "") if part),
        verdict=judged.verdict,
        says=judged.says.said(work.locale),
        remedy=judged.remedy,
        tag=asset.tag,
        transfer_from=line.transfer_from,
        condition=line.condition,
        accessories=tuple(asset.accessories),
        missing=tuple(line.missing),
    )


def _for_hand_over(line: DeskLine, asset: Asset, custody: Custody | None, holder: Holder | None) -> _Judged:
    if asset.state in HELD_BY_SOMEONE and custody is not None:
        return _held(line, asset, custody, holder)
    if asset.state is State.READY or (
        asset.state is State.IN_STOCK and not asset.model.category.needs_kitting
    ):
        return _Judged(Verdict.OK, Words(N_("ready to be handed over")))
    words = {"state": Words(STATE_WORDS[asset.state]), "remedy": Words(REMEDIES[asset.state])}
    return _Judged(Verdict.NO, Words(N_("not ready: {state}. {remedy}"), words), Remedy.REMOVE)


def _held(line: DeskLine, asset: Asset, custody: Custody, holder: Holder | None) -> _Judged:
    name = {"name": custody.holder_name}
    if holder is not None and (custody.holder_kind, custody.holder_id) == (holder.kind, holder.id):
        return _Judged(Verdict.AGAIN, Words(N_("{name} has it already"), name), Remedy.REMOVE)
    if line.transfer_from == custody.id:
        return _Judged(Verdict.OK, Words(N_("goes over from {name}"), name))
    remedy = Remedy.TRANSFER if asset.state is State.IN_USE else Remedy.REMOVE
    return _Judged(Verdict.NO, Words(N_("already lent to {name}"), name), remedy)


def _for_take_back(_line: DeskLine, asset: Asset, custody: Custody | None, holder: Holder | None) -> _Judged:
    if asset.state not in (State.IN_USE, State.RETURNING, State.MISSING):
        words = {"state": Words(STATE_WORDS[asset.state])}
        return _Judged(Verdict.AGAIN, Words(N_("not lent: {state}"), words), Remedy.REMOVE)
    if custody is None:
        return _Judged(Verdict.OK, Words(N_("comes back; nobody answered for it")))
    name = {"name": custody.holder_name}
    if holder is not None and (custody.holder_kind, custody.holder_id) != (holder.kind, holder.id):
        return _Judged(Verdict.OK, Words(N_("comes back from {name}, not from the person named above"), name))
    return _Judged(Verdict.OK, Words(N_("comes back from {name}"), name))


def _pool_line(
    work: Work, line: DeskLine, pool_id: int, holder: Holder | None, receivers: int
) -> DeskLineView:
    pool = licences.pool(work, pool_id)
    per_user = pool.metric is Metric.USER
    needed = 1 if per_user else receivers
    has_it = (
        per_user
        and holder is not None
        and any(seat.pool_id == pool.id for seat in licences.seats_of(work, holder.kind, [holder.id]))
    )
    if has_it:
        judged = _Judged(Verdict.AGAIN, Words(N_("the receiver has it already")), Remedy.REMOVE)
    elif not pool.is_valid_on(people.today(work)):
        judged = _Judged(Verdict.NO, Words(N_("not valid today")), Remedy.REMOVE)
    elif pool.policy is Policy.HARD and pool.claimed + needed > pool.cap:
        short = {"free": pool.cap - pool.claimed, "needed": needed}
        says = N_("licence short: {needed} needed, {free} free")
        judged = _Judged(Verdict.NO, Words(says, short), Remedy.REMOVE)
    else:
        says = N_("one seat for the receiver") if per_user else N_("one seat for each device")
        judged = _Judged(Verdict.OK, Words(says))
    return DeskLineView(
        id=line.id,
        title=pool.label,
        detail="",
        verdict=judged.verdict,
        says=judged.says.said(work.locale),
        remedy=judged.remedy,
        pool_id=pool.id,
    )


def newest_with_remedy(lines: Sequence[DeskLineView]) -> DeskLineView | None:
    """The newest line in the way that offers a remedy."""
    return next((line for line in lines if line.verdict is Verdict.NO and line.remedy), None)
