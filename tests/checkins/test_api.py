"""JSON doors of check-ins: status, shape, refusals."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from kitto.base.work import Ledger
from tests.checkins.conftest import IssueToken, MakeMachine
from tests.checkins.machines import Machine
from tests.make import make_pc

API = "/api/v1/checkins"


@pytest.fixture
def laptop(ledger: Ledger, issue: IssueToken, machine: MakeMachine) -> Machine:
    """A machine of the ledger that has reported."""
    pc = make_pc(ledger, serial="8XK2QZ3")
    made = machine(serial="8XK2QZ3")
    made.enrol(issue(tag=pc.tag))
    made.check_in()
    made.report()
    return made


def as_(name: str, **more: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {name}", **more}


def test_an_agent_can_be_found_and_read(client: TestClient, laptop: Machine) -> None:
    found = client.get(f"{API}/agents", params={"q": "8XK2"}, headers=as_("sato")).json()["items"]
    assert [(item["serial"], item["state"], item["freshness"]) for item in found] == [
        ("8XK2QZ3", "active", "fresh")
    ]
    number = found[0]["id"]
    assert client.get(f"{API}/agents/{number}", headers=as_("sato")).headers["etag"]
    sections = client.get(f"{API}/agents/{number}/sections", headers=as_("sato")).json()
    assert [item["name"] for item in sections] == ["hardware", "os", "software"]
    programs = client.get(f"{API}/agents/{number}/software", headers=as_("sato")).json()
    assert [item["name"] for item in programs] == ["bash", "vim"]
    assert client.get(f"{API}/agents/999999", headers=as_("sato")).status_code == 404


def test_a_device_tells_both_sides(client: TestClient, laptop: Machine) -> None:
    tag = _first(client)["tag"]
    said = client.get(f"{API}/devices/{tag}", headers=as_("tanaka")).json()
    sides = {item["field"]: item for item in said["sides"]}
    assert sides["serial"]["is_different"] is False
    assert sides["hostname"] == {
        "field": "hostname", "declared": "", "observed": "pc-1", "is_different": False, "is_acceptable": True,
    }  # fmt: skip
    answer = client.post(f"{API}/devices/{tag}/accept/hostname", headers=as_("sato"))
    assert answer.status_code == 200, answer.text
    assert client.get(f"/api/v1/assets/{tag}", headers=as_("sato")).json()["hostname"] == "pc-1"


def test_a_pending_machine_is_confirmed_with_the_version_that_was_seen(
    client: TestClient, ledger: Ledger, issue: IssueToken, machine: MakeMachine
) -> None:
    pc = make_pc(ledger, serial="BOX000123")
    unknown = machine(serial="0", hostname="stranger")
    unknown.enrol(issue())
    unknown.report()
    agent = _first(client, state="pending")
    url = f"{API}/agents/{agent['id']}/confirm"
    body = {"tag": pc.tag}
    assert client.post(url, json=body, headers=as_("suzuki")).status_code == 428
    assert client.post(url, json=body, headers=as_("suzuki", **{"If-Match": '"99"'})).status_code == 412
    seen = {"If-Match": f'"{agent["version"]}"'}
    assert client.post(url, json=body, headers=as_("sato", **seen)).status_code == 403
    answer = client.post(url, json=body, headers=as_("suzuki", **seen))
    assert (answer.status_code, answer.json()["state"], answer.json()["tag"]) == (200, "active", pc.tag)
    assert unknown.check_in(s=None).json()["want"] == ["*"], "whoever waits for the device hears of it"
    after = {"If-Match": answer.headers["etag"]}
    revoked = client.post(
        f"{API}/agents/{agent['id']}/revoke", json={"reason": "sold"}, headers=as_("suzuki", **after)
    )
    assert revoked.json()["state"] == "revoked"
    assert unknown.check_in().status_code == 410


def test_a_token_is_shown_once(client: TestClient, machine: MakeMachine) -> None:
    made = client.post(f"{API}/tokens", json={"uses": 2, "note": "branch"}, headers=as_("suzuki"))
    assert (made.status_code, made.headers["cache-control"]) == (201, "private, no-store")
    token = made.json()["token"]
    listed = client.get(f"{API}/tokens", headers=as_("suzuki")).text
    assert token not in listed
    assert machine(serial="AAAA1111").enrol(token).status_code == 201
    ended = client.post(f"{API}/tokens/{made.json()['id']}/end", headers=as_("suzuki"))
    assert ended.json()["ended_at"]
    assert machine(serial="BBBB2222").enrol(token).status_code == 403


def test_a_technician_makes_tokens_for_one_device_only(client: TestClient, ledger: Ledger) -> None:
    pc = make_pc(ledger)
    assert client.post(f"{API}/tokens", json={"tag": pc.tag}, headers=as_("sato")).status_code == 201
    assert client.post(f"{API}/tokens", json={}, headers=as_("sato")).status_code == 403
    assert client.post(f"{API}/tokens", json={"hours": 9999}, headers=as_("suzuki")).status_code == 422


def test_a_guest_sees_nothing(client: TestClient) -> None:
    for path in ("agents", "findings", "tokens", "agents/1", "devices/PC-000001-X"):
        assert client.get(f"{API}/{path}", headers=as_("guest")).status_code == 403


def _first(client: TestClient, **wanted: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = client.get(f"{API}/agents", params=wanted, headers=as_("suzuki")).json()[
        "items"
    ]
    return found[0]
