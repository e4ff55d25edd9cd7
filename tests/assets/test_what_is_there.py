"""What a device names must be there, and a command that changes nothing may carry a key."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from kitto.base.work import Ledger
from kitto.identity.rules import Permission
from tests.make import KITTO, make_model, make_pc

SATO = {"Authorization": "Bearer sato"}
ADMIN = {"Authorization": "Bearer admin"}


def test_a_command_that_changes_nothing_is_answered_with_its_key(ledger: Ledger, client: TestClient) -> None:
    pc = make_pc(ledger)
    seen = client.get(f"/api/v1/assets/{pc.tag}", headers=SATO)
    headers = SATO | {"If-Match": seen.headers["etag"], "Idempotency-Key": "same-again"}
    for replayed in (None, "true"):
        answer = client.patch(f"/api/v1/assets/{pc.tag}", json={"note": ""}, headers=headers)
        assert (answer.status_code, answer.headers.get("idempotent-replayed")) == (200, replayed)


@pytest.mark.parametrize("names", ["department_id", "project_id", "location_id"])
def test_a_device_belongs_to_nothing_that_is_not_there(
    ledger: Ledger, client: TestClient, names: str
) -> None:
    with ledger.begin(KITTO) as work:
        work.allow(Permission.SEE)
        model = make_model(work)
    made = client.post("/api/v1/assets", json={"model_id": model.id, "serial": "8X", names: 77}, headers=SATO)
    assert (made.status_code, made.json()["code"]) == (404, "not_found")
    assert client.get("/api/v1/assets", headers=SATO).json()["items"] == []
    pc = make_pc(ledger)
    etag = client.get(f"/api/v1/assets/{pc.tag}", headers=SATO).headers["etag"]
    changed = client.patch(f"/api/v1/assets/{pc.tag}", json={names: 77}, headers=SATO | {"If-Match": etag})
    assert changed.status_code == 404


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"code": "HQ-9", "name": "本社", "parent_id": 77}, 404, "not_found"),
        ({"code": "HQ-9", "name": "a\x00b"}, 422, "invalid_input"),
    ],
)
def test_a_place_is_inside_a_place_that_is_there_and_has_a_name_that_can_be_kept(
    client: TestClient, body: dict[str, Any], status: int, code: str
) -> None:
    answer = client.post("/api/v1/locations", json=body, headers=ADMIN)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert client.get("/api/v1/locations", headers=ADMIN).json() == []
