"""The lines and SIMs of the seeded office: which number is in which phone, and what happened to it."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Final

from kitto.cli import office_plan as plan
from kitto.licences import actions as licences
from kitto.licences import queries as positions
from kitto.licences.rules import LineDetails, SimKind, e164

if TYPE_CHECKING:
    from kitto.cli.office import Office

JAPAN: Final = "81"
LATE: Final = 1000
"""Lines come after the devices of the same day."""


def events(office: "Office") -> Iterator[tuple[int, int, Callable[[], None]]]:
    """What happened to each line: days ago, its place within the day, and how to do it."""
    free = {word: iter(office.numbers_of(word)) for word in {one.inside for one in plan.LINES if one.inside}}
    for place, one in enumerate(plan.LINES):
        number = next(free[one.inside]) if one.inside else None
        yield one.began, LATE + place, partial(_open, office, place, number)
        if one.suspended is not None:
            yield one.suspended, LATE + place, partial(_suspend, office, one)


def _open(office: "Office", place: int, number: int | None) -> None:
    one = plan.LINES[place]
    with office.on(one.began, "suzuki", 300 + 5 * place) as work:
        details = LineDetails(
            number=e164(one.number, JAPAN),
            carrier=one.carrier,
            plan=one.plan,
            contract_no=f"{one.contract}-{place + 1:04d}",
            ends_on=office.day(one.began - 730),
        )
        line = licences.open_line(work, details)
        kind = SimKind.ESIM if one.esim else SimKind.PHYSICAL
        sim = licences.add_sim(work, iccid=_iccid(place), kind=kind, line_id=line.id)
        if number is not None:
            licences.put_in(work, sim.id, tag=office.tags[number])


def _suspend(office: "Office", one: plan.Line) -> None:
    with office.on(one.suspended or 0, "suzuki", 400) as work:
        found = positions.line_by_number(work, e164(one.number, JAPAN))
        if found is not None:
            licences.suspend_line(work, found.id)


def _iccid(place: int) -> str:
    """A number of the form of a SIM's (ITU-T E.118), its last digit by Luhn."""
    body = f"898110009000{place + 1:06d}"
    doubled = "".join(str(int(sign) * (2 - index % 2)) for index, sign in enumerate(reversed(body)))
    return f"{body}{-sum(map(int, doubled)) % 10}"
