"""Lines and SIMs: one device per SIM, one SIM per line, whoever asks; swaps leave their history."""

from collections import Counter
from itertools import count
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from starlette.testclient import TestClient

from kitto.assets import actions as assets
from kitto.assets.models import Asset
from kitto.assets.rules import IdentifierKind, State, Step
from kitto.assets.rules.names import luhn_fits
from kitto.audit import queries as journal
from kitto.audit.rules import JournalFilter
from kitto.base.journal import FactRow
from kitto.base.work import Actor, Ledger
from kitto.licences.models import Sim, SimPlacement
from kitto.licences.rules import NumberWrong, e164, written
from kitto.web import hooks
from tests.make import KITTO, OTHER, make_pc
from tests.stage import at_once

SATO = {"Authorization": "Bearer sato"}
SUZUKI = {"Authorization": "Bearer suzuki"}
TANAKA = {"Authorization": "Bearer tanaka"}
MANY = 30
_numbers = count(1)


def make_iccid() -> str:
    body = f"89811000000{next(_numbers):07d}"
    return next(body + last for last in "0123456789" if luhn_fits(body + last))


def make_line(client: TestClient, number: str = "", **given: Any) -> dict[str, Any]:
    body = {
        "number": number or f"090-{next(_numbers):04d}-{next(_numbers):04d}",
        "carrier": "ドコモ",
        **given,
    }
    answer = client.post("/api/v1/phone-lines", json=body, headers=SUZUKI)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def make_sim(client: TestClient, **given: Any) -> dict[str, Any]:
    answer = client.post("/api/v1/sims", json={"iccid": make_iccid(), **given}, headers=SATO)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def make_phone(ledger: Ledger, state: State = State.IN_STOCK) -> str:
    return str(make_pc(ledger, state, code="phone").tag)


def do(client: TestClient, sim: dict[str, Any], what: str, **body: Any) -> Any:
    return client.post(f"/api/v1/sims/{sim['id']}/{what}", json=body or None, headers=SATO)


def open_placements(ledger: Ledger) -> int:
    with ledger.read(KITTO) as work:
        work.allow("see")
        return work.session.scalar(select(func.count()).where(SimPlacement.ended_at.is_(None))) or 0


def test_a_number_is_entered_its_card_scanned_put_in_taken_out_and_put_into_the_next_phone(
    ledger: Ledger, client: TestClient
) -> None:
    line, first, second = (
        make_line(client, "０９０ー１２３４ー５６７８"),
        make_phone(ledger),
        make_phone(ledger),
    )
    assert (line["number"], line["written"]) == ("+819012345678", "090-1234-5678")
    sim = make_sim(client, line_id=line["id"])
    assert do(client, sim, "put-in", tag=first).json()["tag"] == first
    assert do(client, sim, "take-out").json() == {**sim, "version": 3, "tag": None}
    inside = do(client, sim, "put-in", tag=second).json()
    assert (inside["state"], inside["number"], inside["tag"]) == ("in_device", "+819012345678", second)
    been = client.get(f"/api/v1/sims/{sim['id']}/placements", headers=TANAKA).json()
    assert [(one["tag"], one["ended_at"] is None) for one in been] == [(second, True), (first, False)]


def test_a_sim_in_one_phone_is_not_put_into_another_and_the_answer_names_it(
    ledger: Ledger, client: TestClient
) -> None:
    sim, here, there = make_sim(client), make_phone(ledger), make_phone(ledger)
    do(client, sim, "put-in", tag=here)
    refused = do(client, sim, "put-in", tag=there)
    assert (refused.status_code, refused.json()["code"]) == (409, "licences.sim_elsewhere")
    assert here in refused.json()["detail"]


def test_many_clients_put_one_sim_into_many_phones_and_one_phone_has_it(
    ledger: Ledger, client: TestClient
) -> None:
    sim, phones = make_sim(client), [make_phone(ledger) for _ in range(MANY)]
    answers = at_once(MANY, lambda n: do(client, sim, "put-in", tag=phones[n]))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: MANY - 1}
    assert open_placements(ledger) == 1


def test_many_clients_give_one_line_to_many_sims_and_one_carries_it(client: TestClient) -> None:
    line, sims = make_line(client), [make_sim(client) for _ in range(MANY)]
    answers = at_once(
        MANY,
        lambda n: client.put(
            f"/api/v1/sims/{sims[n]['id']}/line", json={"line_id": line["id"]}, headers=SATO
        ),
    )
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: MANY - 1}
    codes = {answer.json()["code"] for answer in answers if answer.status_code == 409}
    assert codes == {"licences.line_has_sim"}


def test_many_clients_swap_one_sim_and_one_new_card_takes_its_place(
    ledger: Ledger, client: TestClient
) -> None:
    line = make_line(client)
    sim, phone = make_sim(client, line_id=line["id"]), make_phone(ledger)
    do(client, sim, "put-in", tag=phone)
    answers = at_once(MANY, lambda _: do(client, sim, "swap", iccid=make_iccid()))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: MANY - 1}
    assert open_placements(ledger) == 1
    (new,) = [answer.json() for answer in answers if answer.status_code == 200]
    assert (new["tag"], new["number"], new["state"]) == (phone, line["number"], "in_device")
    old = client.get(f"/api/v1/sims/{sim['id']}", headers=SATO).json()
    assert (old["state"], old["tag"]) == ("retired", None)
    with ledger.read(KITTO) as work:
        work.allow("see")
        assert work.session.scalar(select(func.count()).select_from(Sim)) == 2, "losers left no card behind"


def test_many_clients_enter_one_card_and_it_is_there_once(client: TestClient) -> None:
    iccid = make_iccid()
    answers = at_once(
        MANY, lambda _: client.post("/api/v1/sims", json={"iccid": iccid}, headers=SATO).status_code
    )
    assert Counter(answers) == {201: 1, 409: MANY - 1}


def test_the_database_itself_keeps_a_sim_in_one_device(ledger: Ledger, client: TestClient) -> None:
    sim, phone = make_sim(client), make_phone(ledger)
    do(client, sim, "put-in", tag=phone)
    work = ledger.open(KITTO, writes=True)
    try:
        asset = work.session.scalars(select(Asset.id)).first()
        work.session.add(SimPlacement(sim_id=sim["id"], asset_id=asset, started_at=work.now, started_by="x"))
        with pytest.raises(IntegrityError):
            work.session.flush()
    finally:
        work.session.close()


def test_a_phone_leaves_for_good_only_without_its_sim(ledger: Ledger, client: TestClient) -> None:
    sim, phone = make_sim(client), make_phone(ledger)
    do(client, sim, "put-in", tag=phone)
    with ledger.begin(KITTO) as work:
        assets.retire(work, tag=phone, reason="画面割れ")
    body = {"step": "dispose", "reason": "買取業者へ引渡し"}

    def dispose() -> Any:
        seen = client.get(f"/api/v1/assets/{phone}", headers=SUZUKI).headers["etag"]
        return client.post(f"/api/v1/assets/{phone}/steps", json=body, headers=SUZUKI | {"If-Match": seen})

    refused = dispose()
    assert (refused.status_code, refused.json()["code"]) == (409, "licences.sim_still_inside"), refused.text
    assert do(client, sim, "take-out").status_code == 200
    assert dispose().status_code == 200


def test_the_line_of_a_missing_phone_waits_on_today_until_it_is_suspended(
    ledger: Ledger, client: TestClient, suzuki: Actor
) -> None:
    line = make_line(client)
    sim, phone = make_sim(client, line_id=line["id"]), make_phone(ledger)
    do(client, sim, "put-in", tag=phone)
    with ledger.begin(OTHER) as work:
        assets.take_step(work, tag=phone, step=Step.REPORT_LOST, reason="電車に忘れた")

    def waiting() -> list[str]:
        with ledger.read(suzuki) as work:
            return [
                one.sentence
                for title, rows in hooks.waiting(work)
                if title == "Lines and SIMs"
                for one in rows
            ]

    assert waiting() == [
        f"{phone} is missing and its line {line['written']} is in service: have it suspended"
    ]
    assert (
        client.post(f"/api/v1/phone-lines/{line['id']}/suspend", headers=SUZUKI).json()["state"]
        == "suspended"
    )
    assert waiting() == []


def test_everything_that_happened_to_a_sim_is_a_sentence_of_the_journal(
    ledger: Ledger, client: TestClient
) -> None:
    line = make_line(client)
    sim, phone = make_sim(client, line_id=line["id"]), make_phone(ledger)
    do(client, sim, "put-in", tag=phone)
    new = do(client, sim, "swap", iccid=make_iccid()).json()
    with ledger.read(KITTO) as work:
        told = [
            entry.sentence("en")
            for entry in journal.facts(work, JournalFilter(room="licences")).items
            if entry.subject_kind == "sim"
        ]
        kinds = set(work.session.scalars(select(FactRow.kind).where(FactRow.kind.like("licences.sim%"))))
    assert f"The SIM {sim['iccid']} of {line['written']} was replaced by {new['iccid']}." in told
    assert kinds >= {
        "licences.sim_added",
        "licences.sim_put_in",
        "licences.sim_taken_out",
        "licences.sim_swapped",
    }


@pytest.mark.parametrize("words", ["090-1234-5678", "1234", "+8190", "ドコモ", "0901234", "C-77"])
def test_a_line_is_found_by_any_part_of_what_is_known(client: TestClient, words: str) -> None:
    make_line(client, "090-1234-5678", contract_no="C-77", plan="ギガ")
    make_line(client, "080-9999-8888", carrier="IIJ")
    found = client.get("/api/v1/phone-lines", params={"q": words}, headers=TANAKA).json()["items"]
    assert [line["written"] for line in found] == ["090-1234-5678"]


def test_a_line_and_a_sim_are_found_by_each_other_and_by_the_device(
    ledger: Ledger, client: TestClient
) -> None:
    line = make_line(client)
    sim, phone = make_sim(client, line_id=line["id"]), make_phone(ledger)
    make_sim(client), make_line(client)
    do(client, sim, "put-in", tag=phone)
    for words in (sim["iccid"], line["written"], phone):
        for path in ("/api/v1/phone-lines", "/api/v1/sims"):
            found = client.get(path, params={"q": words}, headers=TANAKA).json()["items"]
            assert [(one["tag"], one["number"]) for one in found] == [(phone, line["number"])], (path, words)
    for words, page in ((sim["iccid"], f"/sims/{sim['id']}"), (line["written"], f"/lines/{line['id']}")):
        answer = client.get("/find", params={"q": words}, headers=TANAKA, follow_redirects=False)
        assert answer.headers["location"] == page


def test_lists_come_in_pages_that_leave_nothing_out(client: TestClient) -> None:
    numbers = sorted(make_line(client)["number"] for _ in range(7))
    seen: list[str] = []
    cursor = None
    while True:
        asked = {"limit": 3} | ({"cursor": cursor} if cursor else {})
        answer = client.get("/api/v1/phone-lines", params=asked, headers=TANAKA).json()
        seen += [line["number"] for line in answer["items"]]
        cursor = answer["next"]
        if cursor is None:
            break
    assert seen == numbers


@pytest.mark.parametrize("encoding", ["utf-8", "cp932"])
def test_the_file_holds_what_the_filter_shows_and_no_formula(client: TestClient, encoding: str) -> None:
    make_line(client, "03-1234-5678", note="=1+1")
    make_line(client, "080-9999-8888", carrier="IIJ")
    asked = {"q": "IIJ", "encoding": encoding}
    assert "080-9999-8888" in client.get("/lines.csv", params=asked, headers=TANAKA).content.decode(encoding)
    whole = client.get("/lines.csv", params={"encoding": encoding}, headers=TANAKA).content.decode(encoding)
    assert "'=1+1" in whole


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("090-1234-5678", "+819012345678"),
        ("(03) 1234 5678", "+81312345678"),
        ("+81 90 1234 5678", "+819012345678"),
        ("0120-444-444", "+81120444444"),
        ("02001234567890", "+812001234567890"),
        ("+1 650-253-0000", "+16502530000"),
    ],
)
def test_a_number_is_kept_as_e164(typed: str, kept: str) -> None:
    assert e164(typed, "81") == kept


@pytest.mark.parametrize(
    "typed", ["", "090-1234-567", "0901234567890", "110", "+0123456789", "090-1234-567x", "00819012345678"]
)
def test_what_is_no_number_is_refused(typed: str) -> None:
    with pytest.raises(NumberWrong):
        e164(typed, "81")


def test_a_number_is_written_as_people_write_it() -> None:
    assert [written(n) for n in ("+819012345678", "+81312345678")] == ["090-1234-5678", "+81312345678"]


REFUSALS = [
    ("sims", {"iccid": "8981100000000000000"}, 422, "assets.iccid_wrong"),
    ("sims", {"iccid": ""}, 422, "assets.iccid_wrong"),
    ("phone-lines", {"number": "110", "carrier": "x"}, 422, "licences.number_wrong"),
    ("phone-lines", {"number": "090-1234-5678", "carrier": " "}, 422, "invalid_input"),
]


@pytest.mark.parametrize(("path", "body", "status", "code"), REFUSALS)
def test_bad_input_gets_an_answer_and_changes_nothing(
    client: TestClient, path: str, body: dict[str, str], status: int, code: str
) -> None:
    answer = client.post(f"/api/v1/{path}", json=body, headers=SUZUKI)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert client.get(f"/api/v1/{path}", headers=SUZUKI).json()["items"] == []


def test_a_viewer_changes_nothing(ledger: Ledger, client: TestClient) -> None:
    sim, phone = make_sim(client), make_phone(ledger)
    answer = client.post(f"/api/v1/sims/{sim['id']}/put-in", json={"tag": phone}, headers=TANAKA)
    assert answer.status_code == 403
    line = {"number": "090-1234-5678", "carrier": "ドコモ"}
    assert client.post("/api/v1/phone-lines", json=line, headers=SATO).status_code == 403


def test_a_number_in_service_is_entered_once_and_again_after_it_ended(client: TestClient) -> None:
    line = make_line(client, "090-1234-5678")
    again = {"number": "09012345678", "carrier": "IIJ"}
    assert client.post("/api/v1/phone-lines", json=again, headers=SUZUKI).json()["code"] == "already_there"
    assert client.post(f"/api/v1/phone-lines/{line['id']}/end", headers=SUZUKI).status_code == 200
    refused = client.post(f"/api/v1/phone-lines/{line['id']}/resume", headers=SUZUKI)
    assert refused.json()["code"] == "licences.line_step_refused"
    assert client.post("/api/v1/phone-lines", json=again, headers=SUZUKI).status_code == 201
    assert (
        client.post("/api/v1/sims", json={"iccid": make_iccid(), "line_id": line["id"]}, headers=SATO).json()[
            "code"
        ]
        == "licences.line_over"
    )


def test_a_change_says_which_version_it_saw(client: TestClient) -> None:
    line = make_line(client)
    path = f"/api/v1/phone-lines/{line['id']}"
    assert client.patch(path, json={"plan": "x"}, headers=SUZUKI).status_code == 428
    fresh = SUZUKI | {"If-Match": '"1"'}
    assert client.patch(path, json={"plan": "新プラン"}, headers=fresh).json()["plan"] == "新プラン"
    assert client.patch(path, json={"plan": "y"}, headers=fresh).status_code == 412


def test_the_bench_scans_cards_one_after_the_other_and_the_device_shows_them(
    ledger: Ledger, client: TestClient
) -> None:
    line, phone = make_line(client), make_phone(ledger)
    with ledger.begin(KITTO) as work:
        assets.add_identifier(work, tag=phone, kind=IdentifierKind.IMEI, value="490154203237518")
    empty = client.get(f"/devices/{phone}", headers=SATO).text
    assert "Put a SIM in" in empty
    form = {"iccid": make_iccid(), "kind": "physical", "number": line["written"], "device": "490154203237518"}
    answer = client.post("/sims", data=form, headers=SATO, follow_redirects=False)
    assert answer.headers["location"] == "/sims/new", answer.text
    shown = client.get(f"/devices/{phone}", headers=SATO).text
    assert line["written"] in shown
    assert form["iccid"] in shown
    for path in ("/lines", "/sims", f"/lines/{line['id']}", f"/lines?q={phone}", "/sims/1"):
        assert form["iccid"] in client.get(path, headers=SATO).text, path
