"""Whatever is sent to people, licences and the desk: an answer a person can use, never a breakdown."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from kitto.assets.rules import State
from kitto.base.work import Ledger
from tests.make import make_pc, make_person

ADMIN = {"Authorization": "Bearer admin"}
STRANGE = ["\x00", "a\x00b", "\u202e", "\ue000", "ﷺ" * 60, "=1+1", "'; --", "😀", "０", "ー" * 100, " "]
BIG = 2**53


def bodies(text: str) -> list[tuple[str, str, dict[str, Any]]]:
    person = {"number": text, "name": text, "kana": text, "mail": text, "badge": text}
    pool = {"title_id": 1, "name": text, "metric": "user", "cap": 1, "reference": text}
    return [
        ("POST", "/api/v1/people", person),
        ("POST", "/api/v1/people", person | {"number": "1", "mail": ""}),
        ("PATCH", "/api/v1/people/1", {"name": text}),
        ("POST", "/api/v1/departments", {"code": text, "name": text, "parent_id": BIG}),
        ("POST", "/api/v1/departments", {"code": text, "name": text}),
        ("POST", "/api/v1/projects", {"code": text, "name": text, "cost_centre": text, "manager_id": BIG}),
        ("POST", "/api/v1/projects", {"code": text, "name": text}),
        ("POST", "/api/v1/software-titles", {"name": text, "publisher": text}),
        ("POST", "/api/v1/licence-pools", pool),
        ("POST", "/api/v1/licence-pools/1/seats", {"holder_kind": "person", "holder_id": BIG}),
        ("POST", "/api/v1/handovers", {"badge": text, "tags": [text], "pool_ids": [BIG]}),
        ("POST", "/api/v1/handovers", {"holder_id": 1, "tags": [text], "note": text, "purpose": text}),
        ("POST", "/api/v1/returns", {"devices": [{"tag": text, "missing": [text]}]}),
        ("POST", "/api/v1/desk/scans", {"scanned": text}),
        ("PUT", "/api/v1/desk/lines/1", {"missing": [text]}),
    ]


def test_no_text_breaks_a_command(ledger: Ledger, client: TestClient) -> None:
    make_person(ledger)
    headers = ADMIN | {"If-Match": "1"}
    for text in STRANGE:
        for method, url, body in bodies(text):
            answer = client.request(method, url, json=body, headers=headers)
            assert answer.status_code < 500, (method, url, text, answer.text)
            if answer.status_code >= 400:
                assert answer.json()["detail"], url


def test_what_a_database_cannot_hold_is_refused_and_changes_nothing(
    ledger: Ledger, client: TestClient
) -> None:
    person, pc = make_person(ledger), make_pc(ledger, State.READY)
    body = {"holder_id": person.id, "tags": [pc.tag], "note": "a\x00b"}
    refused = client.post("/api/v1/handovers", json=body, headers=ADMIN)
    assert (refused.status_code, refused.json()["fields"][0]["field"]) == (422, "note")
    assert client.get(f"/api/v1/assets/{pc.tag}", headers=ADMIN).json()["state"] == "ready"
    assert client.post("/api/v1/handovers", json=body | {"note": "a b"}, headers=ADMIN).status_code == 201
    back = {"devices": [{"tag": pc.tag, "missing": ["\x00マウス"]}]}
    assert client.post("/api/v1/returns", json=back, headers=ADMIN).status_code == 422


@pytest.mark.parametrize(
    "url",
    [
        "/api/v1/people?q=%00&department_id=9007199254740992",
        "/api/v1/people?cursor=%00",
        "/api/v1/people/9007199254740992",
        "/api/v1/people/99999999999999999999",
        "/api/v1/projects?q=%F0%9F%98%80",
        "/api/v1/licence-pools?q=%00%25",
        "/api/v1/licence-pools/9007199254740992/seats",
        "/api/v1/handovers/9007199254740992",
        "/d/%00",
        "/d/R-0000-000000",
        "/desk/done/99999999999999999999999-x-",
        "/people?presence=never",
        "/people/x",
        "/licences?cursor=e30",
    ],
)
def test_no_address_breaks_a_page(client: TestClient, url: str) -> None:
    assert client.get(url, headers=ADMIN).status_code < 500
