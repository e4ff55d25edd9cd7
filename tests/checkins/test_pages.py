"""Pages of check-ins: they draw in both languages, and their forms do what they say."""

import re

import pytest
from starlette.testclient import TestClient

from kitto.assets import actions as assets
from kitto.assets.actions.edit import Changes
from kitto.base.work import Ledger
from kitto.checkins.pages import fill_observed, waiting_agents, waiting_findings
from kitto.web.render import templates
from tests.checkins.conftest import IssueToken, MakeMachine
from tests.make import KITTO, make_pc

PAGES = ("/agents", "/agents/1", "/agents/tokens", "/findings")


@pytest.fixture
def office(ledger: Ledger, issue: IssueToken, machine: MakeMachine) -> str:
    """One PC that differs from its ledger, and one machine that nobody knows; gives the PC's tag."""
    pc = make_pc(ledger, serial="8XK2QZ3")
    tag = str(pc.tag)
    with ledger.begin(KITTO) as work:
        assets.change_asset(work, tag=tag, changes=Changes(hostname="old-name"), version=None)
    laptop = machine(serial="8XK2QZ3", hostname="new-name")
    laptop.enrol(issue(tag=tag))
    laptop.check_in()
    laptop.report()
    stranger = machine(serial="0", hostname=tag.lower())
    stranger.enrol(issue())
    stranger.report()
    return tag


@pytest.mark.parametrize("locale", ["ja", "en"])
def test_every_page_draws(client: TestClient, office: str, locale: str) -> None:
    client.cookies.set("kitto_locale", locale)
    for path in (*PAGES, "/agents?q=new", "/agents/2", "/findings?state=dismissed", "/agents/1/revoke"):
        answer = client.get(path, headers={"Authorization": "Bearer suzuki"})
        assert answer.status_code == 200, answer.text
        assert "<h1>" in answer.text


def test_the_inbox_shows_who_waits_and_confirming_empties_it(
    client: TestClient, ledger: Ledger, office: str
) -> None:
    suzuki = {"Authorization": "Bearer suzuki"}
    spare = make_pc(ledger, serial="SPARE0001")
    assert office.lower() in client.get("/agents", headers=suzuki).text
    page = client.get("/agents/2", headers=suzuki).text
    assert f'value="{office}"' in page, "the device of that name is suggested"
    version = re.findall(r'name="version" value="(\d+)"', page)[-1]
    answer = client.post(
        "/agents/2/confirm",
        data={"tag": str(spare.tag), "version": version},
        headers=suzuki,
        follow_redirects=False,
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/agents/2")
    with ledger.read(KITTO) as work:
        work.allow("see")
        assert waiting_agents(work) == []


def test_the_panel_shows_the_difference_and_accepting_takes_it_over(
    client: TestClient, ledger: Ledger, office: str
) -> None:
    with ledger.read(KITTO) as work:
        work.allow("see")
        asset = fill_observed(work, 1)
        assert asset is not None
        assert [row.sides.field for row in asset["observed"].rows if row.finding] == ["hostname"]
        assert [item.subject for item in waiting_findings(work)] == [office]
    assert templates().get_template("checkins/observed.html")
    answer = client.post(
        f"/devices/{office}/observed/hostname/accept",
        headers={"Authorization": "Bearer sato"},
        follow_redirects=False,
    )
    assert (answer.status_code, answer.headers["location"]) == (303, f"/devices/{office}")
    with ledger.read(KITTO) as work:
        work.allow("see")
        assert waiting_findings(work) == []


def test_dismissing_keeps_the_ledger(client: TestClient, office: str) -> None:
    answer = client.post(
        "/findings/1/dismiss", headers={"Authorization": "Bearer sato"}, follow_redirects=False
    )
    assert answer.status_code == 303
    left = client.get("/findings", headers={"Authorization": "Bearer sato"}).text
    assert f'href="/devices/{office}"' not in left


def test_a_new_token_is_on_the_page_once(client: TestClient, office: str) -> None:
    suzuki = {"Authorization": "Bearer suzuki"}
    made = client.post("/agents/tokens", data={"tag": "", "uses": "2", "hours": "5"}, headers=suzuki)
    token = re.search(r'<code class="code">([\w-]{43})</code>', made.text)
    assert token is not None, made.text
    assert token[1] not in client.get("/agents/tokens", headers=suzuki).text


def test_a_guest_is_refused(client: TestClient, office: str) -> None:
    for path in PAGES:
        answer = client.get(path, headers={"Authorization": "Bearer guest"})
        assert answer.status_code == 403
        assert office not in answer.text
