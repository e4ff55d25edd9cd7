"""Devices change hands at the desk: all of it or nothing, one winner, one paper."""

import hashlib
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient

from kitto.assets.models import Custody
from kitto.assets.rules import State
from kitto.base import journal
from kitto.base.paper import codes
from kitto.base.settings import Settings
from kitto.base.work import Ledger
from kitto.handover import jobs, queries
from kitto.handover.models import Handover
from kitto.identity.rules import Permission
from kitto.licences import actions as licences
from kitto.licences import queries as positions
from kitto.licences.models import Pool
from kitto.licences.rules import Metric, Policy, PoolDetails, TitleDetails
from tests.make import KITTO, make_pc, make_person
from tests.stage import at_once

SATO = {"Authorization": "Bearer sato"}
GUEST = {"Authorization": "Bearer guest"}
MANY = 60


def make_pool(
    ledger: Ledger, cap: int = 5, metric: Metric = Metric.USER, policy: Policy = Policy.HARD
) -> Pool:
    with ledger.begin(KITTO) as work:
        name = f"Office {metric}"
        known = positions.title_by_name(work, name)
        title = known or licences.add_title(work, TitleDetails(name=name))
        details = PoolDetails(title_id=title.id, name="2026", metric=metric, cap=cap, policy=policy)
        return licences.open_pool(work, details)


def test_a_badge_and_two_devices_leave_one_receipt_and_its_seats(ledger: Ledger, client: TestClient) -> None:
    tanaka = make_person(ledger, "E-0042", badge="B-77")
    first, second = make_pc(ledger, State.READY), make_pc(ledger, State.READY)
    user, device = make_pool(ledger), make_pool(ledger, metric=Metric.DEVICE)
    answer = client.post(
        "/api/v1/handovers",
        json={
            "badge": "ｂ－７７",
            "tags": [second.tag, first.tag],
            "pool_ids": [user.id, device.id],
            "due_on": "2099-03-31",
        },
        headers=SATO,
    )
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert made["number"].startswith("R-")
    assert made["number"].endswith("-000001")
    assert made["holder_name"] == tanaka.name
    assert [line["tag"] for line in made["lines"]] == [second.tag, first.tag]
    assert Counter(seat["name"] for seat in made["seats"]) == {user.label: 1, device.label: 2}
    assert client.get(f"/api/v1/assets/{first.tag}", headers=SATO).json()["holder"]["name"] == tanaka.name


def test_sixty_hand_overs_of_one_device_have_one_winner_who_is_named(
    ledger: Ledger, client: TestClient
) -> None:
    pc, spare = make_pc(ledger, State.READY), make_pc(ledger, State.READY)
    people = [make_person(ledger, name=f"田中 {n}") for n in range(MANY)]
    pool = make_pool(ledger, cap=MANY)
    answers = at_once(
        MANY,
        lambda n: client.post(
            "/api/v1/handovers",
            json={"holder_id": people[n].id, "tags": [pc.tag], "pool_ids": [pool.id]},
            headers=SATO,
        ),
    )
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: MANY - 1}
    winner = next(answer for answer in answers if answer.status_code == 201).json()
    assert winner["number"].endswith("-000001")
    refused = [answer.json() for answer in answers if answer.status_code == 409]
    assert all(winner["holder_name"] in item["detail"] for item in refused)
    with ledger.read(KITTO) as work:
        work.allow(Permission.SEE)
        held = select(func.count()).select_from(Custody).where(Custody.ended_at.is_(None))
        assert work.session.scalar(held) == 1
        assert work.session.scalar(select(func.count()).select_from(Handover)) == 1
        assert positions.pool(work, pool.id).used == 1
        assert journal.verify(work.session).verified
    assert client.get(f"/api/v1/assets/{spare.tag}", headers=SATO).json()["state"] == "ready"


def test_receipt_numbers_given_at_once_leave_no_gap(ledger: Ledger, client: TestClient) -> None:
    pcs = [make_pc(ledger, State.READY) for _ in range(10)]
    tanaka = make_person(ledger)
    answers = at_once(
        10,
        lambda n: client.post(
            "/api/v1/handovers", json={"holder_id": tanaka.id, "tags": [pcs[n].tag]}, headers=SATO
        ),
    )
    assert Counter(answer.status_code for answer in answers) == {201: 10}
    assert sorted(int(answer.json()["number"][-6:]) for answer in answers) == list(range(1, 11))


def test_one_device_that_is_not_ready_stops_the_whole_hand_over(ledger: Ledger, client: TestClient) -> None:
    ready, in_stock = make_pc(ledger, State.READY), make_pc(ledger, State.IN_STOCK)
    tanaka, pool = make_person(ledger), make_pool(ledger)
    answer = client.post(
        "/api/v1/handovers",
        json={"holder_id": tanaka.id, "tags": [ready.tag, in_stock.tag], "pool_ids": [pool.id]},
        headers=SATO,
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "assets.step_refused")
    assert in_stock.tag in answer.json()["detail"]
    assert client.get(f"/api/v1/assets/{ready.tag}", headers=SATO).json()["state"] == "ready"
    assert client.get(f"/api/v1/licence-pools/{pool.id}", headers=SATO).json()["used"] == 0


def test_a_short_licence_stops_the_whole_hand_over(ledger: Ledger, client: TestClient) -> None:
    pcs = [make_pc(ledger, State.READY) for _ in range(2)]
    tanaka, pool = make_person(ledger), make_pool(ledger, cap=1, metric=Metric.DEVICE)
    body = {"holder_id": tanaka.id, "tags": [pc.tag for pc in pcs], "pool_ids": [pool.id]}
    answer = client.post("/api/v1/handovers", json=body, headers=SATO)
    assert (answer.status_code, answer.json()["code"]) == (409, "licences.seats_used_up")
    assert client.get(f"/api/v1/assets/{pcs[0].tag}", headers=SATO).json()["state"] == "ready"


def test_devices_come_back_with_what_is_missing_and_free_their_seats(
    ledger: Ledger, client: TestClient
) -> None:
    pc, tanaka = make_pc(ledger, State.READY), make_person(ledger)
    pool = make_pool(ledger, metric=Metric.DEVICE)
    body = {"holder_id": tanaka.id, "tags": [pc.tag], "pool_ids": [pool.id]}
    assert client.post("/api/v1/handovers", json=body, headers=SATO).status_code == 201
    back = {"devices": [{"tag": pc.tag, "condition": "broken", "missing": ["AC アダプター"]}]}
    answer = client.post("/api/v1/returns", json=back, headers=SATO)
    assert answer.status_code == 201, answer.text
    (made,) = answer.json()["items"]
    assert made["number"].startswith("B-")
    assert made["holder_name"] == tanaka.name
    assert made["lines"][0]["missing"] == ["AC アダプター"]
    assert [seat["name"] for seat in made["seats"]] == [pool.label]
    assert client.get(f"/api/v1/licence-pools/{pool.id}", headers=SATO).json()["used"] == 0
    assert client.get(f"/api/v1/assets/{pc.tag}", headers=SATO).json()["condition"] == "broken"


def test_the_paper_is_made_once_and_says_what_was_handed_over(
    ledger: Ledger, client: TestClient, own_settings: Settings
) -> None:
    pc, tanaka = make_pc(ledger, State.READY), make_person(ledger, name="髙橋 𠮷")
    body = {"holder_id": tanaka.id, "tags": [pc.tag]}
    made = client.post("/api/v1/handovers", json=body, headers=SATO).json()
    url = f"/api/v1/handovers/{made['id']}/document.pdf"
    assert client.get(url, headers=SATO).status_code == 409
    assert jobs._make(ledger, made["id"]) == jobs._make(ledger, made["id"])
    document = client.get(f"/api/v1/handovers/{made['id']}", headers=SATO).json()["document"]
    answer = client.get(document["url"], headers=SATO)
    assert answer.status_code == 200
    assert hashlib.sha256(answer.content).hexdigest() == document["sha256"]
    read = {reading.text for page in codes.pages(answer.content) for reading in codes.read(page)}
    assert any(text.endswith(f"/d/{made['number']}") for text in read)
    (file,) = Path(own_settings.data / "documents").rglob("*.pdf")
    file.write_bytes(b"%PDF-1.7 forged")
    assert client.get(url, headers=SATO).json()["code"] == "handover.document_damaged"


def test_a_name_the_fonts_cannot_draw_still_gets_its_paper(ledger: Ledger, client: TestClient) -> None:
    pc, person = make_pc(ledger, State.READY), make_person(ledger, name="山田 \ue000\U0001f600")
    body = {"holder_id": person.id, "tags": [pc.tag]}
    made = client.post("/api/v1/handovers", json=body, headers=SATO).json()
    with ledger.read(KITTO) as work:
        paper = queries.paper_of(queries.handover(work, made["id"]))
    receiver, note = paper["receiver"], str(paper["note"])
    assert isinstance(receiver, dict)
    assert receiver["name"] == "山田 〓〓"
    assert ("U+E000" in note, "U+1F600" in note) == (True, True)
    assert len(jobs._make(ledger, made["id"])) == 64


def test_a_repeated_command_hands_over_once(ledger: Ledger, client: TestClient) -> None:
    pc, tanaka = make_pc(ledger, State.READY), make_person(ledger)
    body = {"holder_id": tanaka.id, "tags": [pc.tag]}
    headers = SATO | {"Idempotency-Key": "desk-1"}
    first = client.post("/api/v1/handovers", json=body, headers=headers)
    again = client.post("/api/v1/handovers", json=body, headers=headers)
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"tags": []}, 422, "handover.receiver_missing"),
        ({"tags": [], "holder_id": 1}, 422, "handover.nothing_scanned"),
        ({"tags": ["PC-999999-X"], "holder_id": 1}, 404, "not_found"),
        ({"tags": ["x"], "badge": "nobody"}, 404, "people.badge_unknown"),
        ({"tags": ["x"] * 101, "holder_id": 1}, 422, "invalid_input"),
    ],
)
def test_a_wrong_hand_over_is_refused_in_words(
    ledger: Ledger, client: TestClient, body: dict[str, object], status: int, code: str
) -> None:
    make_person(ledger)
    answer = client.post("/api/v1/handovers", json=body, headers=SATO)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_device_named_twice_is_refused(ledger: Ledger, client: TestClient) -> None:
    pc, tanaka = make_pc(ledger, State.READY), make_person(ledger)
    tag = str(pc.tag)
    body = {"holder_id": tanaka.id, "tags": [tag, tag.replace("-", "").lower()]}
    answer = client.post("/api/v1/handovers", json=body, headers=SATO)
    assert (answer.status_code, answer.json()["code"]) == (422, "handover.twice_in_one")


def test_a_guest_hands_nothing_over_and_takes_nothing_back(client: TestClient) -> None:
    assert client.post("/api/v1/handovers", json={"tags": []}, headers=GUEST).status_code == 403
    assert client.post("/api/v1/returns", json={"devices": []}, headers=GUEST).status_code == 403
    assert client.get("/api/v1/desk", headers=GUEST).status_code == 403
    assert client.post("/api/v1/desk/scans", json={"scanned": "DONE"}, headers=GUEST).status_code == 403
