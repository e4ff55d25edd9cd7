"""The desk, scan by scan: what each one does, what stays, and what one key mends."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient

from kitto.assets import actions as assets
from kitto.assets import queries as ledger_queries
from kitto.assets.rules import HolderKind, State
from kitto.base.errors import Refusal
from kitto.base.work import Actor, Ledger
from kitto.handover import actions, queries
from kitto.handover.models import DeskSession
from kitto.handover.rules import POOL_PREFIX, Verdict, command_of, pool_of
from kitto.identity.rules import Permission
from kitto.people import actions as people
from kitto.people.rules import ProjectDetails
from tests.handover.test_hand_over import make_pool
from tests.make import KITTO, make_pc, make_person
from tests.stage import at_once

SATO = {"Authorization": "Bearer sato"}


def scan(client: TestClient, text: str) -> dict[str, Any]:
    answer = client.post("/api/v1/desk/scans", json={"scanned": text}, headers=SATO)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def lend(ledger: Ledger, tag: str, person_id: int) -> None:
    with ledger.begin(KITTO) as work:
        work.allow(Permission.SEE)
        holder = ledger_queries.find_holder(work, HolderKind.PERSON, person_id)
        assets.hand_over(work, tag=tag, holder=holder)


def test_badge_devices_done(ledger: Ledger, client: TestClient) -> None:
    tanaka = make_person(ledger, badge="B-77")
    first, second = make_pc(ledger, State.READY), make_pc(ledger, State.READY)
    pool = make_pool(ledger)
    assert scan(client, "b-77")["title"] == tanaka.name
    assert scan(client, str(first.tag))["verdict"] == "ok"
    assert scan(client, f"HTTPS://OLD.EXAMPLE/T/{second.tag}".replace(":", "+"))["verdict"] == "ok"
    assert scan(client, f"{POOL_PREFIX}{pool.id}")["verdict"] == "ok"
    done = scan(client, "KITTO-DONE")["done"]
    assert [line["tag"] for line in done[0]["lines"]] == [first.tag, second.tag]
    assert [seat["name"] for seat in done[0]["seats"]] == [pool.label]
    assert client.get("/api/v1/desk", headers=SATO).json()["lines"] == []


def test_what_lies_on_the_desk_survives_everything_but_done_and_cancel(
    ledger: Ledger, client: TestClient, sato: Actor, suzuki: Actor
) -> None:
    make_person(ledger, badge="B-77")
    pc = make_pc(ledger, State.READY)
    scan(client, str(pc.tag))
    scan(client, "B-77")
    with ledger.read(sato) as work:
        assert [line.tag for line in queries.view(work, queries.own_session(work)).lines] == [pc.tag]
    with ledger.read(suzuki) as work:
        assert queries.own_session(work) is None
    scan(client, "CANCEL")
    assert client.get("/api/v1/desk", headers=SATO).json() == {
        "mode": "hand_over",
        "receiver": None,
        "lines": [],
        "blocked": 0,
    }


def test_a_device_lent_to_someone_else_blocks_until_it_goes_over(ledger: Ledger, client: TestClient) -> None:
    make_person(ledger, "E-1", name="鈴木")
    owner = make_person(ledger, "E-2", name="山田")
    pc = make_pc(ledger, State.READY)
    lend(ledger, str(pc.tag), owner.id)
    scan(client, "E-1")
    line = scan(client, str(pc.tag))
    assert (line["verdict"], "山田" in line["says"]) == ("no", True)
    refused = client.post("/api/v1/desk/scans", json={"scanned": "DONE"}, headers=SATO)
    assert refused.json()["code"] == "handover.lines_in_the_way"
    assert scan(client, "FIX")["desk"]["lines"][0]["verdict"] == "ok"
    assert scan(client, "DONE")["done"][0]["holder_name"] == "鈴木"
    assert client.get(f"/api/v1/assets/{pc.tag}", headers=SATO).json()["holder"]["name"] == "鈴木"


def test_a_transfer_is_refused_when_the_device_went_elsewhere_meanwhile(
    ledger: Ledger, client: TestClient
) -> None:
    make_person(ledger, "E-1", name="鈴木")
    owner, other = make_person(ledger, "E-2", name="山田"), make_person(ledger, "E-3", name="木村")
    pc = make_pc(ledger, State.READY)
    lend(ledger, str(pc.tag), owner.id)
    for text in ("E-1", str(pc.tag), "FIX"):
        scan(client, text)
    with ledger.begin(KITTO) as work:
        work.allow(Permission.SEE)
        holder = ledger_queries.find_holder(work, HolderKind.PERSON, other.id)
        assets.transfer(work, tag=str(pc.tag), holder=holder)
    assert scan(client, "ｆｉｘ")["verdict"] == "ok"
    desk = client.get("/api/v1/desk", headers=SATO).json()
    assert "木村" in desk["lines"][0]["says"]


@pytest.mark.parametrize(
    "scanned", ["https://elsewhere.example/x", "４９０１２３４５６７８９０", "けいｒ", "PC-000001-0"]
)
def test_a_foreign_scan_stays_as_a_red_line_until_it_is_taken_away(
    ledger: Ledger, client: TestClient, scanned: str
) -> None:
    make_person(ledger, "E-1")
    pc = make_pc(ledger, State.READY)
    for text in ("E-1", str(pc.tag)):
        scan(client, text)
    assert scan(client, scanned)["verdict"] == "no"
    assert scan(client, scanned)["desk"]["blocked"] == 1
    assert scan(client, "UNDO")["desk"]["blocked"] == 0
    assert len(scan(client, "DONE")["done"]) == 1


def test_a_short_licence_and_an_unfinished_device_are_named(ledger: Ledger, client: TestClient) -> None:
    make_person(ledger, "E-1")
    pool, pc = make_pool(ledger, cap=0), make_pc(ledger, State.IN_STOCK)
    scan(client, "E-1")
    assert "short" in scan(client, f"KITTO-POOL-{pool.id}")["says"]
    assert "in stock" in scan(client, str(pc.tag))["says"]
    assert scan(client, "KITTO-POOL-424242")["verdict"] == "no"


def test_a_device_scanned_twice_is_on_the_list_once(ledger: Ledger, client: TestClient) -> None:
    pc = make_pc(ledger, State.READY)
    assert scan(client, str(pc.tag))["verdict"] == "ok"
    again = scan(client, str(pc.tag).lower().replace("-", "ー"))
    assert (again["verdict"], len(again["desk"]["lines"])) == ("again", 1)


def test_take_back_notes_condition_and_what_is_missing(ledger: Ledger, client: TestClient) -> None:
    owner = make_person(ledger, "E-2", name="山田")
    first, second = make_pc(ledger, State.READY), make_pc(ledger, State.READY)
    for pc in (first, second):
        lend(ledger, str(pc.tag), owner.id)
    scan(client, "TAKEBACK")
    assert "山田" in scan(client, str(first.tag))["says"]
    line = scan(client, "BROKEN")["desk"]["lines"][0]
    body = {"condition": line["condition"], "missing": ["マウス"]}
    answer = client.put(f"/api/v1/desk/lines/{line['id']}", json=body, headers=SATO)
    assert answer.json()["desk"]["lines"][0]["missing"] == ["マウス"]
    (made,) = scan(client, "DONE")["done"]
    assert made["kind"] == "return"
    assert [(one["tag"], one["condition"], one["missing"]) for one in made["lines"]] == [
        (first.tag, "broken", ["マウス"])
    ]
    assert client.get(f"/api/v1/assets/{second.tag}", headers=SATO).json()["state"] == "in_use"


def test_devices_of_two_people_come_back_with_two_papers(ledger: Ledger, client: TestClient) -> None:
    people_ = [make_person(ledger, name=name) for name in ("山田", "木村")]
    pcs = [make_pc(ledger, State.READY) for _ in people_]
    scan(client, "TAKEBACK")
    for person, pc in zip(people_, pcs, strict=True):
        lend(ledger, str(pc.tag), person.id)
        scan(client, str(pc.tag))
    assert {made["holder_name"] for made in scan(client, "DONE")["done"]} == {"山田", "木村"}


def test_a_project_may_receive_devices(ledger: Ledger, client: TestClient) -> None:
    with ledger.begin(KITTO) as work:
        people.open_project(work, ProjectDetails(code="PRJ-1", name="基幹更改"))
    pc = make_pc(ledger, State.READY)
    for text in ("prj-1", str(pc.tag)):
        scan(client, text)
    assert scan(client, "DONE")["done"][0]["holder_kind"] == "project"


def test_done_without_receiver_or_devices_says_what_is_missing(ledger: Ledger, client: TestClient) -> None:
    for text, code in (("DONE", "handover.nothing_scanned"), ("UNDO", "handover.nothing_to_undo")):
        answer = client.post("/api/v1/desk/scans", json={"scanned": text}, headers=SATO)
        assert (answer.status_code, answer.json()["code"]) == (422 if text == "DONE" else 409, code)
    scan(client, str(make_pc(ledger, State.READY).tag))
    answer = client.post("/api/v1/desk/scans", json={"scanned": "DONE"}, headers=SATO)
    assert answer.json()["code"] == "handover.receiver_missing"


def test_someone_who_left_receives_nothing(ledger: Ledger, client: TestClient) -> None:
    make_person(ledger, "E-1", leaves_on=date(2020, 1, 1))
    for text in ("E-1", str(make_pc(ledger, State.READY).tag)):
        scan(client, text)
    answer = client.post("/api/v1/desk/scans", json={"scanned": "DONE"}, headers=SATO)
    assert answer.json()["code"] == "assets.holder_not_active"


def test_scans_that_arrive_at_once_all_stay(ledger: Ledger, client: TestClient) -> None:
    pcs = [make_pc(ledger, State.READY) for _ in range(8)]
    answers = at_once(
        8,
        lambda n: client.post("/api/v1/desk/scans", json={"scanned": str(pcs[n].tag)}, headers=SATO),
    )
    assert {answer.status_code for answer in answers} == {201}
    desk = client.get("/api/v1/desk", headers=SATO).json()
    assert {line["tag"] for line in desk["lines"]} == {pc.tag for pc in pcs}
    with ledger.read(KITTO) as work:
        work.allow(Permission.SEE)
        assert work.session.scalar(select(func.count()).select_from(DeskSession)) == 1


def test_two_dones_at_once_hand_over_once(ledger: Ledger, client: TestClient) -> None:
    make_person(ledger, "E-1")
    for text in ("E-1", str(make_pc(ledger, State.READY).tag)):
        scan(client, text)
    answers = at_once(2, lambda _: client.post("/api/v1/desk/scans", json={"scanned": "DONE"}, headers=SATO))
    assert sorted(answer.status_code for answer in answers) == [201, 422]


def test_nothing_readable_is_refused(ledger: Ledger, sato: Actor) -> None:
    for raw in ("   ", "x" * 5000):
        with pytest.raises(Refusal) as refused, ledger.begin(sato) as work:
            actions.scan(work, raw)
        assert refused.value.code == "assets.scan_unreadable"


def test_commands_are_read_however_a_scanner_types_them() -> None:
    for raw in ("DONE", "kitto-done", "ＫＩＴＴＯ－ＤＯＮＥ", "KITTOーDONE", " done "):
        assert command_of(raw) == "DONE"
    assert command_of("KITTO-DONUT") is None
    assert (pool_of("kitto_pool_12"), pool_of("KITTO-POOL-x")) == (12, None)
    assert pool_of("KITTO-POOL-" + "9" * 30) is None
    assert Verdict.OK == "ok"
