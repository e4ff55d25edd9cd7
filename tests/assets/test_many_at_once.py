"""Sixty clients want the same thing at the same moment; the ledger stays right."""

from collections import Counter

import pytest
from httpx2 import Client
from sqlalchemy import func, select

from kitto.assets.models import Asset, Custody
from kitto.assets.rules import State
from kitto.base import journal
from kitto.base.work import Ledger
from kitto.identity.rules import Permission
from tests.make import KITTO, make_model, make_pc, make_person
from tests.stage import at_once

SATO = {"Authorization": "Bearer sato"}
MANY = 60


def test_sixty_hand_overs_of_one_pc_have_one_winner_who_is_named(ledger: Ledger, over_http: Client) -> None:
    pc = make_pc(ledger, State.READY)
    people = [make_person(ledger, name=f"田中 {n}") for n in range(MANY)]
    answers = at_once(
        MANY,
        lambda n: over_http.post(
            f"/api/v1/assets/{pc.tag}/hand-over", json={"holder_id": people[n].id}, headers=SATO
        ),
    )
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: MANY - 1}
    winner = next(answer for answer in answers if answer.status_code == 201).json()["holder_name"]
    refused = [answer.json() for answer in answers if answer.status_code == 409]
    assert {item["code"] for item in refused} == {"assets.step_refused"}
    assert all(winner in item["detail"] for item in refused)
    with ledger.read(KITTO) as work:
        work.allow(Permission.SEE)
        held = select(func.count()).select_from(Custody).where(Custody.ended_at.is_(None))
        assert work.session.scalar(held) == 1
        assert journal.verify(work.session).verified


def test_sixty_devices_registered_at_once_get_sixty_tags_without_a_gap(
    ledger: Ledger, over_http: Client
) -> None:
    with ledger.begin(KITTO) as work:
        work.allow(Permission.SEE)
        model = make_model(work)
    answers = at_once(
        MANY,
        lambda n: over_http.post(
            "/api/v1/assets", json={"model_id": model.id, "serial": f"SERIAL{n:04d}"}, headers=SATO
        ),
    )
    assert Counter(answer.status_code for answer in answers) == {201: MANY}
    numbers = sorted(int(answer.json()["tag"].split("-")[1]) for answer in answers)
    assert numbers == list(range(1, MANY + 1))
    with ledger.read(KITTO) as work:
        work.allow(Permission.SEE)
        verdict = journal.verify(work.session)
    assert verdict.verified
    # category and model, then an order and a receipt for each device
    assert verdict.facts == 2 + 2 * MANY


def test_one_serial_number_given_to_sixty_devices_is_taken_once(ledger: Ledger, over_http: Client) -> None:
    with ledger.begin(KITTO) as work:
        work.allow(Permission.SEE)
        model = make_model(work)
    answers = at_once(
        MANY,
        lambda _: over_http.post(
            "/api/v1/assets", json={"model_id": model.id, "serial": "8XK2Q93"}, headers=SATO
        ),
    )
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: MANY - 1}
    with ledger.read(KITTO) as work:
        work.allow(Permission.SEE)
        assert work.session.scalar(select(func.count()).select_from(Asset)) == 1


def test_sixty_changes_of_one_version_leave_one_winner(ledger: Ledger, over_http: Client) -> None:
    pc = make_pc(ledger)
    seen = over_http.get(f"/api/v1/assets/{pc.tag}", headers=SATO).headers["etag"]
    answers = at_once(
        MANY,
        lambda n: over_http.patch(
            f"/api/v1/assets/{pc.tag}", json={"note": f"note {n}"}, headers=SATO | {"If-Match": seen}
        ),
    )
    counted = Counter(answer.status_code for answer in answers)
    assert counted[200] == 1
    assert counted[200] + counted[412] + counted[409] == MANY
    late = {"note": "late"}
    stale = over_http.patch(f"/api/v1/assets/{pc.tag}", json=late, headers=SATO | {"If-Match": seen})
    assert (stale.status_code, stale.json()["code"]) == (412, "version_stale")
    missing = over_http.patch(f"/api/v1/assets/{pc.tag}", json=late, headers=SATO)
    assert (missing.status_code, missing.json()["code"]) == (428, "version_missing")


def test_sixty_steps_of_one_device_are_taken_once(ledger: Ledger, over_http: Client) -> None:
    pc = make_pc(ledger, State.IN_STOCK)
    seen = over_http.get(f"/api/v1/assets/{pc.tag}", headers=SATO).headers["etag"]
    body = {"step": "retire", "reason": "too old"}
    answers = at_once(
        MANY,
        lambda _: over_http.post(
            f"/api/v1/assets/{pc.tag}/steps", json=body, headers=SATO | {"If-Match": seen}
        ),
    )
    counted = Counter(answer.status_code for answer in answers)
    assert counted[200] == 1
    assert counted[200] + counted[412] + counted[409] == MANY
    facts = over_http.get("/api/v1/facts", params={"kind": "assets.step_taken"}, headers=SATO).json()["items"]
    assert [fact["data"]["step"] for fact in facts if fact["data"].get("step") == "retire"] == ["retire"]


@pytest.mark.parametrize("key", ["scan-1", "スキャン"])
def test_sixty_retries_with_one_idempotency_key_happen_once(
    ledger: Ledger, over_http: Client, key: str
) -> None:
    pc = make_pc(ledger, State.READY)
    person = make_person(ledger)
    headers = SATO | {"Idempotency-Key": key.encode()}
    answers = at_once(
        MANY,
        lambda _: over_http.post(
            f"/api/v1/assets/{pc.tag}/hand-over", json={"holder_id": person.id}, headers=headers
        ),
    )
    if not key.isascii():
        assert {answer.json()["code"] for answer in answers} == {"idempotency_key_unreadable"}
        return
    assert Counter(answer.status_code for answer in answers) == {201: MANY}
    assert len({answer.text for answer in answers}) == 1
    other = over_http.post(
        f"/api/v1/assets/{pc.tag}/hand-over", json={"holder_id": person.id, "purpose": "x"}, headers=headers
    )
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
