"""What can be done with lines (回線)."""

from kitto.base.facts import Changes, plain
from kitto.base.work import Work
from kitto.identity.rules import Permission
from kitto.licences import queries
from kitto.licences.facts import LineChanged, LineEnded, LineOpened, LineResumed, LineSuspended
from kitto.licences.models import PhoneLine
from kitto.licences.rules import LineDetails, LineState, LineStep

FACTS = {LineStep.SUSPEND: LineSuspended, LineStep.RESUME: LineResumed, LineStep.END: LineEnded}


def open_line(work: Work, details: LineDetails) -> PhoneLine:
    """Enter a line. A number that is in service already is refused by the database."""
    work.allow(Permission.MANAGE_LICENCES)
    line = PhoneLine(state=LineState.ACTIVE)
    line.note_details(details)
    work.add(line)
    work.record(LineOpened(line_id=line.id, number=line.written, carrier=line.carrier))
    return line


def change_line(work: Work, line_id: int, details: LineDetails, *, version: int | None = None) -> PhoneLine:
    """Change what is known of a line; MNP changes the carrier, a new number is a change too."""
    work.allow(Permission.MANAGE_LICENCES)
    line = queries.line(work, line_id, held=True)
    work.expect(line, version)
    before = line.details()
    if details == before:
        return line
    was, now = vars(before), vars(details)
    changes: Changes = {name: (plain(was[name]), plain(now[name])) for name in was if was[name] != now[name]}
    line.note_details(details)
    work.session.flush()  # the answer carries the new version
    work.record(LineChanged(line_id=line.id, number=line.written, changes=changes))
    return line


def suspend_line(work: Work, line_id: int) -> PhoneLine:
    """Note that the carrier suspended a line. Refuses LineStepRefused."""
    work.allow(Permission.MANAGE_LICENCES)
    return _take(work, line_id, LineStep.SUSPEND)


def resume_line(work: Work, line_id: int) -> PhoneLine:
    """Note that a line is in service again. Refuses LineStepRefused."""
    work.allow(Permission.MANAGE_LICENCES)
    return _take(work, line_id, LineStep.RESUME)


def end_line(work: Work, line_id: int) -> PhoneLine:
    """Note that the contract has ended. Its SIM stays where it is until it is retired."""
    work.allow(Permission.MANAGE_LICENCES)
    return _take(work, line_id, LineStep.END)


def _take(work: Work, line_id: int, step: LineStep) -> PhoneLine:
    line = queries.line(work, line_id, held=True)
    before = line.take(step)
    work.session.flush()  # the answer carries the new version
    work.record(
        FACTS[step](line_id=line.id, number=line.written, changes={"line_state": (before, line.state)})
    )
    return line
