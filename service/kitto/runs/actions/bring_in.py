"""Bringing in a spool: a run that could not be reported while it went on."""

from kitto.base.work import Work
from kitto.identity.rules import Permission
from kitto.runs import queries
from kitto.runs.actions.report import close, open_run, write
from kitto.runs.models import OutsideRun
from kitto.runs.rules.refusals import RunForeign
from kitto.runs.rules.states import Locks
from kitto.runs.rules.wire import Ending, Spool


def bring_in(work: Work, spool: Spool) -> OutsideRun:
    """Take in a spool, all of it or nothing. A second time changes nothing.

    A run that was partly reported gets what is missing. A spool without an end is one whose play was
    killed: it ends with its last event, and badly. Takes no locks, since the play is over.
    """
    work.allow(Permission.KIT)
    run = queries.run_by(work, spool.opening.id)
    if run is not None and run.is_over:
        if run.owner != queries.owner_of(work.actor):
            raise RunForeign
        work.unrecorded("it was imported before")
        return run
    run = open_run(work, spool.opening, Locks.NONE, imported=True)
    write(work, run, spool.events)
    at = spool.events[-1].at if spool.events else spool.opening.started_at
    close(work, run, spool.end or Ending(at=at, cut_off=True))
    return run
