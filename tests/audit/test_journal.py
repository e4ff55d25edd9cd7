"""The journal as people and programs read it."""

import json
from dataclasses import dataclass
from typing import ClassVar

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from kitto.assets.facts import AssetOrdered
from kitto.audit import queries
from kitto.audit.rules import DatesReversed, JournalFilter, changes_of, link_of
from kitto.base.db import Database
from kitto.base.errors import NotAllowed
from kitto.base.facts import Fact
from kitto.base.journal import chain_hash
from kitto.base.work import Actor, Grant, Ledger
from kitto.identity.rules import Permission
from tests.make import make_pc, make_person


@pytest.fixture
def as_sato(client: TestClient) -> TestClient:
    client.headers["Authorization"] = "Bearer sato"
    return client


def test_the_journal_tells_what_happened_to_a_pc(as_sato: TestClient, ledger: Ledger) -> None:
    pc = make_pc(ledger)
    make_person(ledger, name="田中 実")
    found = as_sato.get("/api/v1/facts", params={"subject_kind": "asset", "subject_id": str(pc.id)}).json()
    assert {fact["subject_id"] for fact in found["items"]} == {str(pc.id)}
    assert "assets.received" in {fact["kind"] for fact in found["items"]}
    assert any(str(pc.tag) in fact["says"] for fact in found["items"])
    seqs = [fact["seq"] for fact in found["items"]]
    assert seqs == sorted(seqs, reverse=True)


def test_each_filter_leaves_out_the_rest(as_sato: TestClient, ledger: Ledger) -> None:
    make_pc(ledger, serial="FINDME77")
    make_person(ledger, name="田中 実")

    def kinds(**wanted: str) -> set[str]:
        items = as_sato.get("/api/v1/facts", params=wanted).json()["items"]
        return {item["kind"] for item in items}

    assert kinds(room="people") == {"people.joined"} or all(
        k.startswith("people.") for k in kinds(room="people")
    )
    assert kinds(kind="assets.received") == {"assets.received"}
    assert "assets.received" in kinds(q="FINDME77")
    assert not kinds(q="FINDME77") & kinds(room="people")
    assert kinds(actor="nobody at all") == set()
    assert kinds(first_day="2999-01-01") == set()
    assert kinds(last_day="1999-01-01") == set()
    assert kinds(flagged="true") == set()
    assert kinds(q="100%") == set()


def test_pages_follow_each_other_without_gap_or_double(as_sato: TestClient, ledger: Ledger) -> None:
    for _ in range(3):
        make_pc(ledger)
    seen: list[int] = []
    cursor = None
    while True:
        wanted = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        found = as_sato.get("/api/v1/facts", params=wanted).json()
        seen += [fact["seq"] for fact in found["items"]]
        cursor = found["next"]
        if cursor is None:
            break
    assert seen == list(range(len(seen), 0, -1))


def test_the_pages_of_the_journal_are_drawn(as_sato: TestClient, ledger: Ledger) -> None:
    pc = make_pc(ledger)
    page = as_sato.get("/journal", params={"room": "assets", "q": str(pc.tag)})
    assert page.status_code == 200, page.text
    assert str(pc.tag) in page.text
    assert as_sato.get("/journal", params={"q": "no such thing"}).status_code == 200
    assert "The chain holds" in as_sato.get("/journal/chain").text
    assert (
        as_sato.get("/journal", params={"first_day": "2026-02-01", "last_day": "2026-01-01"}).status_code
        == 422
    )


def test_the_exported_lines_prove_their_own_chain(as_sato: TestClient, ledger: Ledger) -> None:
    from datetime import datetime

    make_pc(ledger)
    lines = [json.loads(line) for line in as_sato.get("/journal.jsonl").text.splitlines()]
    assert lines == [json.loads(line) for line in as_sato.get("/api/v1/journal.jsonl").text.splitlines()]
    previous = "0" * 64
    for line in lines:
        row = line | {"at": datetime.fromisoformat(line["at"])}
        assert line["prev_hash"] == previous
        assert chain_hash(row) == line["hash"]
        previous = line["hash"]
    assert as_sato.get("/api/v1/journal/verify").json() == {
        "verified": True,
        "facts": len(lines),
        "broken_at": None,
        "head": previous,
    }


def test_a_file_of_the_filter_carries_no_formula(as_sato: TestClient, ledger: Ledger) -> None:
    evil = Actor(
        kind="account", id="9", name='=HYPERLINK("http://x")', grants=(Grant(frozenset(Permission)),)
    )
    with ledger.begin(evil) as work:
        work.allow(Permission.SEE)
        work.record(_Noted(asset_id=1))
    answer = as_sato.get("/journal.csv", params={"room": "audit_test"})
    assert answer.headers["content-disposition"] == 'attachment; filename="journal.csv"'
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert len(lines) == 2
    assert "'=HYPERLINK" in lines[1]


def test_a_changed_row_shows(as_sato: TestClient, ledger: Ledger, database: Database) -> None:
    make_pc(ledger)
    with database.write.begin() as connection:
        if database.is_sqlite:
            connection.execute(text("DROP TRIGGER fact_no_update"))
        else:
            connection.execute(text("ALTER TABLE fact DISABLE TRIGGER ALL"))
        connection.execute(text("UPDATE fact SET actor_name = 'somebody else' WHERE seq = 2"))
    assert as_sato.get("/api/v1/journal/verify").json()["broken_at"] == 2
    assert "broken at fact 2" in as_sato.get("/journal/chain").text


@pytest.mark.parametrize("who", ["tanaka", "guest", "nobody"])
@pytest.mark.parametrize(
    "path", ["/api/v1/facts", "/api/v1/facts/1", "/api/v1/journal/verify", "/api/v1/journal.jsonl"]
)
def test_who_may_not_read_the_journal_reads_none_of_it(client: TestClient, who: str, path: str) -> None:
    client.headers["Authorization"] = f"Bearer {who}"
    assert client.get(path).status_code in (401, 403)


def test_a_right_in_one_department_opens_no_journal_of_all(ledger: Ledger) -> None:
    narrow = Actor(
        kind="account", id="9", name="n", grants=(Grant(frozenset({"read_journal"}), ("department", "7")),)
    )
    with pytest.raises(NotAllowed), ledger.read(narrow) as work:
        queries.facts(work, JournalFilter())


def test_a_fact_that_is_not_there_is_not_found(as_sato: TestClient) -> None:
    assert as_sato.get("/api/v1/facts/999").status_code == 404


def test_the_timeline_of_a_person_holds_what_others_did_with_them(ledger: Ledger) -> None:
    from kitto.identity.facts import TokenMade

    reader = Actor(kind="account", id="1", name="r", grants=(Grant(frozenset(Permission)),), locale="en")
    with ledger.begin(reader) as work:
        work.allow(Permission.SEE)
        work.record(
            TokenMade(token_id=5, account_id=42, name="CI", permissions=("see",), scope="", expires_at="")
        )
    with ledger.read(reader) as work:
        work.allow(Permission.SEE)
        (entry,) = queries.timeline(work, "account", "42")
    assert entry.sentence("en") == "Token CI made"
    assert entry.sentence("ja") == "トークン「CI」を発行"


@pytest.mark.parametrize(
    ("order_no", "english", "japanese"),
    [
        ("4711", "A5 was ordered (order 4711)", "A5 を発注しました（注文番号 4711）"),
        ("", "A5 was ordered", "A5 を発注しました"),
    ],
)
def test_the_number_of_an_order_says_what_it_is(
    ledger: Ledger, order_no: str, english: str, japanese: str
) -> None:
    reader = Actor(kind="account", id="1", name="r", grants=(Grant(frozenset(Permission)),), locale="en")
    with ledger.begin(reader) as work:
        work.allow(Permission.SEE)
        work.record(AssetOrdered(asset_id=7, tag="", model="A5", order_no=order_no))
    with ledger.read(reader) as work:
        work.allow(Permission.SEE)
        (entry,) = queries.timeline(work, "asset", "7")
    assert (entry.sentence("en"), entry.sentence("ja")) == (english, japanese)


def test_a_fact_of_an_older_version_still_says_something() -> None:
    assert link_of("asset", "1", {}) == ""
    assert link_of("asset", "1", {"tag": "PC-000042-7"}) == "/devices/PC-000042-7"
    assert link_of("person", "7", {}) == "/people/7"
    assert link_of("asset", "1", {"tag": "a/../b?x"}) == "/devices/a%2F..%2Fb%3Fx"
    (change,) = changes_of({"changes": {"state": ["ready", "in_use"]}}, "en")
    assert (change.before, change.after) == ("ready", "in use")
    assert changes_of({"changes": None}, "en") == ()


def test_days_the_wrong_way_round_are_refused() -> None:
    from datetime import date

    with pytest.raises(DatesReversed):
        JournalFilter(first_day=date(2026, 2, 1), last_day=date(2026, 1, 1))


@dataclass(frozen=True, kw_only=True)
class _Noted(Fact):
    kind: ClassVar[str] = "audit_test.noted"
    says: ClassVar[str] = "Noted"
    about: ClassVar[tuple[str, str]] = ("asset", "asset_id")

    asset_id: int
