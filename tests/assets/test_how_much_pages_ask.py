"""How many questions the pages of devices ask the database: recorded, so that it cannot grow in silence."""

import pytest
from sqlalchemy import event
from starlette.testclient import TestClient

from kitto.base.work import Ledger
from tests.make import make_pc

SATO = {"Authorization": "Bearer sato"}
# The device's page asks once for each panel that other rooms add to it.
RECORDED = {
    "/devices": 5,
    "/devices?q=佐": 5,
    "/devices/{tag}": 21,
}


@pytest.mark.parametrize("address", RECORDED)
def test_a_page_asks_the_database_as_often_as_recorded(
    ledger: Ledger, client: TestClient, address: str
) -> None:
    """A larger number needs a reason, and the same number for one device and for many."""
    tag = str(make_pc(ledger).tag)
    first = asked(client, ledger, address.format(tag=tag))
    for _ in range(3):
        make_pc(ledger)
    again = asked(client, ledger, address.format(tag=tag))
    assert (first, again) == (RECORDED[address], RECORDED[address])


def asked(client: TestClient, ledger: Ledger, address: str) -> int:
    """How many questions a page asks; it must answer with itself."""
    said: list[str] = []
    engine = ledger.database.read

    def note(*given: object) -> None:
        said.append(str(given[2]))

    event.listen(engine, "before_cursor_execute", note)
    try:
        answer = client.get(address, headers=SATO, follow_redirects=False)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert answer.status_code == 200, address
    return len([one for one in said if one.startswith("SELECT")])
