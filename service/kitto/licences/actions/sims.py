"""What can be done with SIMs: which line they carry, which device they are in."""

from sqlalchemy.orm.attributes import set_committed_value

from kitto.assets import queries as assets
from kitto.assets.models import Asset
from kitto.base.work import Work
from kitto.identity.rules import Permission
from kitto.licences import queries
from kitto.licences.facts import SimAdded, SimConnected, SimPutIn, SimRetired, SimSwapped, SimTakenOut
from kitto.licences.models import PhoneLine, Sim, SimPlacement
from kitto.licences.rules import (
    LineHasSim,
    LineOver,
    LineState,
    SimElsewhere,
    SimKind,
    SimState,
    SimStep,
    SimStillInside,
    SwapWithItself,
)
from kitto.licences.rules import iccid as checked_iccid


def add_sim(work: Work, *, iccid: str, kind: SimKind = SimKind.PHYSICAL, line_id: int | None = None) -> Sim:
    """Enter a SIM, with the line it carries if known.

    Refuses a wrong ICCID, a line that has ended or has a SIM; one that is there already is refused
    by the database.
    """
    work.allow(Permission.GRANT_SEATS)
    line = _free_line(work, line_id)
    sim = Sim(
        iccid=checked_iccid(iccid),
        kind=kind,
        state=SimState.IN_STOCK,
        line_id=line_id,
        added_at=work.now,
        retired_at=None,
    )
    work.add(sim)
    set_committed_value(sim, "line", line)
    work.record(SimAdded(sim_id=sim.id, iccid=sim.iccid, number=_number(sim)))
    return sim


def connect_sim(work: Work, sim_id: int, *, line_id: int | None) -> Sim:
    """Let a SIM carry a line, or none. Refuses LineHasSim, LineOver, and a retired SIM."""
    work.allow(Permission.GRANT_SEATS)
    sim = queries.sim(work, sim_id, held=True)
    if sim.line_id == line_id:
        return sim
    if sim.state is SimState.RETIRED:
        sim.take(SimStep.PUT_IN)  # refuses, naming the state
    before = _number(sim)
    line = _free_line(work, line_id)
    sim.line_id = line_id
    work.session.flush()  # the answer carries the new version
    set_committed_value(sim, "line", line)
    work.record(
        SimConnected(
            sim_id=sim.id,
            iccid=sim.iccid,
            number=_number(sim),
            changes={"number": (before or None, _number(sim) or None)},
        )
    )
    return sim


def put_in(work: Work, sim_id: int, *, tag: str) -> SimPlacement:
    """Put a SIM into a device. Refuses SimElsewhere, naming the device that has it."""
    work.allow(Permission.GRANT_SEATS)
    asset = assets.locked(work, tag)
    work.allow(Permission.GRANT_SEATS, asset.scopes)
    sim = queries.sim(work, sim_id, held=True)
    now = queries.placement_of(work, sim.id)
    if now is not None:
        raise SimElsewhere(iccid=sim.iccid, tag=now.asset.name)
    sim.take(SimStep.PUT_IN)
    return _place(work, sim, asset)


def take_out(work: Work, sim_id: int) -> Sim:
    """Take a SIM out of its device. Refuses SimStepRefused when it is in none."""
    work.allow(Permission.GRANT_SEATS)
    sim = queries.sim(work, sim_id, held=True)
    sim.take(SimStep.TAKE_OUT)
    _remove(work, sim)
    return sim


def swap_sim(work: Work, sim_id: int, *, new_iccid: str, kind: SimKind | None = None) -> Sim:
    """Let another SIM take the place of one (再発行): its line and device; the old one is retired.

    The new one is entered if it is not there yet. One transaction: the line is never without SIM.
    Refuses SwapWithItself, SimElsewhere, LineHasSim.
    """
    work.allow(Permission.GRANT_SEATS)
    old = queries.sim(work, sim_id, held=True)
    digits = checked_iccid(new_iccid)
    if digits == old.iccid:
        raise SwapWithItself(iccid=digits)
    asset = _take_away(work, old)
    line_id, line = old.line_id, old.line
    old.take(SimStep.RETIRE)
    old.retired_at = work.now
    work.session.flush()  # the line is free for the new one only now
    new = _entered(work, digits, kind or old.kind, line_id)
    if asset is not None:
        new.take(SimStep.PUT_IN)
        _place(work, new, asset)
    work.record(
        SimSwapped(
            sim_id=new.id,
            iccid=new.iccid,
            number=line.written if line else "",
            asset_id=asset.id if asset else None,
            tag=asset.name if asset else "",
            old_sim_id=old.id,
            old_iccid=old.iccid,
        )
    )
    return new


def retire_sim(work: Work, sim_id: int) -> Sim:
    """A SIM is used no more (cut up, or sent back). Refuses one that is in a device."""
    work.allow(Permission.GRANT_SEATS)
    sim = queries.sim(work, sim_id, held=True)
    sim.take(SimStep.RETIRE)
    sim.retired_at = work.now
    work.session.flush()  # the answer carries the new version
    work.record(SimRetired(sim_id=sim.id, iccid=sim.iccid, number=_number(sim)))
    return sim


def refuse_sims_inside(work: Work, asset_id: int) -> None:
    """Part of a device's leaving for good: refuses SimStillInside while a SIM is in it."""
    found = queries.sims_in(work, asset_id)
    if found:
        tag = assets.by_id(work, asset_id).name
        raise SimStillInside(iccid=found[0].sim.iccid, tag=tag)


def _take_away(work: Work, sim: Sim) -> Asset | None:
    if sim.state is not SimState.IN_DEVICE:
        return None
    sim.take(SimStep.TAKE_OUT)
    return _remove(work, sim)


def _entered(work: Work, digits: str, kind: SimKind, line_id: int | None) -> Sim:
    known = queries.sim_by_iccid(work, digits)
    if known is None:
        return add_sim(work, iccid=digits, kind=kind, line_id=line_id)
    now = queries.placement_of(work, known.id)
    if now is not None:
        raise SimElsewhere(iccid=known.iccid, tag=now.asset.name)
    if known.state is SimState.RETIRED:
        known.take(SimStep.PUT_IN)  # refuses, naming the state
    if known.line is not None and known.line_id != line_id and known.line.state is not LineState.ENDED:
        raise LineHasSim(number=known.line.written, iccid=known.iccid)
    return connect_sim(work, known.id, line_id=line_id)


def _place(work: Work, sim: Sim, asset: Asset) -> SimPlacement:
    placement = SimPlacement(
        sim_id=sim.id,
        asset_id=asset.id,
        started_at=work.now,
        started_by=work.actor.name[:200],
        ended_at=None,
        ended_by=None,
    )
    set_committed_value(placement, "sim", sim)
    set_committed_value(placement, "asset", asset)
    work.add(placement)
    work.record(
        SimPutIn(sim_id=sim.id, iccid=sim.iccid, number=_number(sim), asset_id=asset.id, tag=asset.name)
    )
    return placement


def _remove(work: Work, sim: Sim) -> Asset:
    placement = queries.placement_of(work, sim.id)
    assert placement is not None  # noqa: S101 -- the state says so, and both change together
    asset = placement.asset
    work.allow(Permission.GRANT_SEATS, asset.scopes)
    placement.ended_at, placement.ended_by = work.now, work.actor.name[:200]
    work.session.flush()  # the next placement may open only once this one is closed
    work.record(
        SimTakenOut(sim_id=sim.id, iccid=sim.iccid, number=_number(sim), asset_id=asset.id, tag=asset.name)
    )
    return asset


def _free_line(work: Work, line_id: int | None) -> PhoneLine | None:
    if line_id is None:
        return None
    line = queries.line(work, line_id, held=True)
    if line.state is LineState.ENDED:
        raise LineOver(number=line.written)
    other = queries.sim_of_line(work, line.id)
    if other is not None:
        raise LineHasSim(number=line.written, iccid=other.iccid)
    return line


def _number(sim: Sim) -> str:
    return sim.line.written if sim.line else ""
