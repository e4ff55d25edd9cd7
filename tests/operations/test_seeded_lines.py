"""The seeded office has phone lines, linked to its phones."""

from kitto.assets.rules import iccid_is_valid
from kitto.cli import office
from kitto.licences import queries
from kitto.licences.queries import LineFilter
from kitto.licences.rules import LineState, SimKind
from kitto.main import House
from tests.make import KITTO


def test_lines_are_in_the_phones_of_the_office(house: House) -> None:
    office.fill(house, "")
    with house.ledger.read(KITTO) as work:
        found = list(queries.lines(work, LineFilter(), limit=50).items)
    inside = [one for one in found if one.asset is not None]
    assert (len(found), len(inside)) == (7, 5)
    assert {str(one.asset.tag)[:2] for one in inside if one.asset} == {"PH", "TB"}
    assert len({one.asset.id for one in inside if one.asset}) == len(inside)
    assert {one.sim.kind for one in inside if one.sim} == {SimKind.PHYSICAL, SimKind.ESIM}
    assert all(one.sim and iccid_is_valid(one.sim.iccid) for one in found)
    assert [one.line.state for one in found if one.line].count(LineState.SUSPENDED) == 1
