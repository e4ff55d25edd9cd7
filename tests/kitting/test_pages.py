"""Pages of kitting: they draw in both languages, their forms do what they say, refusals stand in place."""

import io
import re
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import event
from starlette.testclient import TestClient

from kitto.base.work import Ledger
from kitto.kitting import actions, queries
from kitto.kitting.adapters.plays import Outcome
from kitto.kitting.models import Kit, KitOrder
from kitto.kitting.pages.hooks import kits_that_wait, orders_to_approve
from kitto.kitting.rules.states import KitState
from tests.kitting.shop import goes_on, plays, shop_profile, started
from tests.make import KITTO, OTHER, make_pc

SATO = {"Authorization": "Bearer sato"}
SUZUKI = {"Authorization": "Bearer suzuki"}
TANAKA = {"Authorization": "Bearer tanaka"}


@pytest.fixture(autouse=True)
def shop(own_profiles: Path) -> None:
    shop_profile(own_profiles)


def ordered(ledger: Ledger, quantity: int = 2, *, approval: bool = False) -> KitOrder:
    with ledger.begin(KITTO) as work:
        return actions.ask_order(work, profile="shop", quantity=quantity, needs_approval=approval)


def kit_now(ledger: Ledger, kit_id: int) -> Kit:
    with ledger.read(KITTO) as work:
        work.allow("see")
        return queries.kit(work, kit_id)


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (800, 600), "teal").save(out, "JPEG")
    return out.getvalue()


@pytest.mark.parametrize("locale", ["ja", "en"])
def test_every_page_draws(client: TestClient, ledger: Ledger, locale: str) -> None:
    kit = started(ledger, "base")
    plays(ledger, kit.id, 40, Outcome.FAILED, "apt did not answer")
    order = ordered(ledger)
    client.cookies.set("kitto_locale", locale)
    for path in (
        "/kitting",
        "/kitting?profile=shop&needs=1",
        "/kitting/kits",
        "/kitting/orders",
        "/kitting/orders?state=approved",
        "/kitting/orders/new",
        f"/kitting/orders/{order.id}",
        f"/kitting/orders/{order.id}/cancel",
        f"/kitting/orders/{order.id}/devices/scan",
        "/kitting/profiles",
        "/kitting/new?profile=shop",
        f"/kitting/{kit.id}",
        f"/kitting/{kit.id}/hold",
        f"/kitting/{kit.id}/cancel",
        f"/kitting/{kit.id}/steps/base/skip",
        f"/kitting/{kit.id}/log",
        "/kitting/bench",
        f"/kitting/bench?kit={kit.id}",
        f"/kitting/bulk?do=cancel&kit={kit.id}",
    ):
        answer = client.get(path, headers=SATO)
        assert answer.status_code == 200, f"{path}: {answer.text}"
        assert "<h1>" in answer.text


def test_a_failed_step_says_why_with_its_last_lines_and_both_attempts(
    client: TestClient, ledger: Ledger
) -> None:
    kit = started(ledger, "base")
    plays(ledger, kit.id, 40, Outcome.FAILED, "apt did not answer")
    client.post(f"/kitting/{kit.id}/retry", data={"step": "base"}, headers=SATO)
    plays(ledger, kit.id, 30, Outcome.FAILED, "the disk is full")
    page = client.get(f"/kitting/{kit.id}", headers=SATO).text
    assert page.count("the disk is full") >= 2, "as the reason, and in the list of attempts"
    assert "apt did not answer" in page
    assert "line 29 of the play" in page
    assert "chain holds" in page


def test_the_page_of_a_kit_asks_the_database_little(client: TestClient, ledger: Ledger) -> None:
    kit = started(ledger, "base")
    plays(ledger, kit.id, 40, Outcome.FAILED, "apt did not answer")
    assert asked(client, ledger, f"/kitting/{kit.id}") <= 9


def asked(client: TestClient, ledger: Ledger, path: str) -> int:
    """How many questions a page asks."""
    said: list[str] = []
    engine = ledger.database.read

    def note(*given: object) -> None:
        said.append(str(given[2]))

    event.listen(engine, "before_cursor_execute", note)
    try:
        assert client.get(path, headers=SATO).status_code == 200
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return len([one for one in said if one.startswith("SELECT")])


def test_a_board_asks_as_much_for_many_kits_as_for_one(client: TestClient, ledger: Ledger) -> None:
    started(ledger)
    few = asked(client, ledger, "/kitting")
    for _ in range(4):
        started(ledger)
    assert asked(client, ledger, "/kitting") == few <= 7


def test_the_bench_asks_as_much_for_many_kits_as_for_one(client: TestClient, ledger: Ledger) -> None:
    started(ledger)
    few = asked(client, ledger, "/kitting/bench")
    for _ in range(4):
        started(ledger)
    assert asked(client, ledger, "/kitting/bench") == few <= 4


def test_a_board_shows_what_its_address_says(client: TestClient, ledger: Ledger) -> None:
    order = ordered(ledger, 1)
    mine, other = started(ledger, order=order.id), started(ledger)
    page = client.get(f"/kitting?order={order.id}", headers=SATO).text
    assert f'id="kit-{mine.id}"' in page
    assert f'id="kit-{other.id}"' not in page
    drawn = client.get(f"/kitting/tickets?ids={other.id},x,99", headers=SATO).text
    assert re.findall(r'id="kit-(\d+)"', drawn) == [str(other.id)]


def test_many_kits_are_held_and_the_refusals_are_named(client: TestClient, ledger: Ledger) -> None:
    one, two = started(ledger), started(ledger)
    with ledger.begin(KITTO) as work:
        actions.cancel(work, kit_id=two.id, reason="It is damaged.")
    given = {"do": "hold", "kit": [one.id, two.id], "reason": "Lunch is first.", "back": "/kitting"}
    answer = client.post("/kitting/bulk", data=given, headers=SATO)
    assert answer.status_code == 200
    assert f"/kitting/{two.id}" in answer.text
    assert kit_now(ledger, one.id).state is KitState.HELD
    elsewhere = client.post(
        "/kitting/bulk",
        data={"do": "resume", "kit": one.id, "back": "https://example.com"},
        headers=SATO,
        follow_redirects=False,
    )
    assert elsewhere.headers["location"] == "/kitting"
    assert client.post("/kitting/bulk", data={"do": "burn", "kit": 1}, headers=SATO).status_code == 422
    assert client.post("/kitting/bulk", data={"do": "hold", "kit": 1}, headers=TANAKA).status_code == 403


def test_a_photo_is_kept_and_shown_as_a_picture_and_nothing_else(client: TestClient, ledger: Ledger) -> None:
    kit = started(ledger, "look")
    sent = client.post(
        f"/kitting/{kit.id}/steps/look/photos",
        files={"photo": ("a.jpg", picture(), "image/jpeg")},
        headers=SATO,
        follow_redirects=False,
    )
    assert (sent.status_code, sent.headers["location"]) == (303, f"/kitting/{kit.id}")
    page = client.get(f"/kitting/{kit.id}", headers=SATO).text
    small = re.findall(r'src="(/kitting/\d+/photos/\d+/small)"', page)[0]
    for path in (small, small.removesuffix("/small")):
        answer = client.get(path, headers=SATO)
        assert answer.headers["content-type"] == "image/jpeg"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "immutable" in answer.headers["cache-control"]
        assert answer.content.startswith(b"\xff\xd8")
    other = started(ledger, "look")
    assert client.get(small.replace(f"/{kit.id}/", f"/{other.id}/"), headers=SATO).status_code == 404
    bad = client.post(
        f"/kitting/{kit.id}/steps/look/photos", files={"photo": ("a.jpg", b"<script>")}, headers=SATO
    )
    assert bad.status_code == 422
    assert "JPEG" in bad.text


def test_holding_and_resuming_a_kit(client: TestClient, ledger: Ledger) -> None:
    kit = started(ledger)
    assert client.post(f"/kitting/{kit.id}/hold", data={"reason": "x"}, headers=SATO).status_code == 422
    client.post(f"/kitting/{kit.id}/hold", data={"reason": "The cable is missing."}, headers=SATO)
    assert kit_now(ledger, kit.id).state is KitState.HELD
    assert "The cable is missing." in client.get(f"/kitting/{kit.id}", headers=SATO).text
    client.post(f"/kitting/{kit.id}/resume", headers=SATO)
    assert kit_now(ledger, kit.id).state is KitState.WAITING


def test_an_order_is_made_from_the_form_of_its_profile(client: TestClient, ledger: Ledger) -> None:
    given = {
        "profile": "shop",
        "quantity": "2",
        "p.owner": "情シス",
        "p.disks": "3",
        "p.packages": "vim\n git \n",
    }
    rows = {"p.accounts.row": "0", "p.accounts.0.name": "hanako", "p.accounts.0.admin": "on"}
    made = client.post("/kitting/orders", data=given | rows, headers=SATO, follow_redirects=False)
    assert made.status_code == 303, made.text
    with ledger.read(KITTO) as work:
        work.allow("see")
        order = queries.order(work, int(made.headers["location"].rpartition("/")[2]))
        assert order.parameters == {
            "owner": "情シス",
            "colour": "red",
            "disks": 3,
            "quick": False,
            "packages": ["vim", "git"],
            "accounts": [{"name": "hanako", "admin": True}],
        }
    page = client.get(made.headers["location"], headers=SATO).text
    assert page.count("no device yet") == 2


def test_what_is_wrong_with_a_parameter_stands_at_its_field(client: TestClient, ledger: Ledger) -> None:
    given = {
        "profile": "shop",
        "quantity": "1",
        "p.owner": "x",
        "p.disks": "many",
        "p.packages": "vim\nNO!",
        "p.accounts.row": "0",
        "p.accounts.0.name": "",
    }
    answer = client.post("/kitting/orders", data=given, headers=SATO)
    assert answer.status_code == 422
    wrong = re.findall(r'id="f-(p[^"]*)-error" class="error">([^<]*)<', answer.text)
    assert dict(wrong) == {
        "p.owner": "It needs at least 2 characters.",
        "p.disks": "It must be a whole number such as 12.",
        "p.packages": "Line 2: It does not have the wanted form (^[a-z0-9-]+$).",
        "p.accounts.0.name": "Fill it in.",
    }
    assert 'value="many"' in answer.text, "what was typed is still there"
    with ledger.read(KITTO) as work:
        work.allow("see")
        assert queries.orders(work).items == []


def test_rows_come_and_go_without_losing_what_was_typed(client: TestClient) -> None:
    given = {"profile": "shop", "p.owner": "PSO 1", "p.accounts.row": ["0", "1"]}
    names = {"p.accounts.0.name": "hanako", "p.accounts.1.name": "ichiro"}
    more = client.post("/kitting", data={**given, **names, "do": "add p.accounts"}, headers=SATO)
    assert more.status_code == 200
    assert re.findall(r'name="p.accounts.row" value="(\d)"', more.text) == ["0", "1", "2"]
    less = client.post("/kitting", data={**given, **names, "do": "remove p.accounts.0"}, headers=SATO)
    assert 'name="p.accounts.0.name" type="text" value="ichiro"' in less.text
    assert "hanako" not in less.text
    assert 'value="PSO 1"' in less.text


def test_a_kit_is_started_from_the_form(client: TestClient, ledger: Ledger) -> None:
    from tests.kitting.shop import reachable

    pc = reachable(ledger, make_pc(ledger))
    given = {"tag": pc.tag, "profile": "shop", "p.owner": "PSO", "p.quick": "on"}
    answer = client.post("/kitting", data=given, headers=SATO, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    kit = kit_now(ledger, int(answer.headers["location"].rpartition("/")[2]))
    assert kit.parameters["quick"] is True
    again = client.post("/kitting", data=given, headers=SATO)
    assert (again.status_code, "already" in again.text) == (409, True)


def test_who_asked_for_an_order_does_not_approve_it(client: TestClient, ledger: Ledger) -> None:
    given = {"profile": "shop", "quantity": "1", "p.owner": "PSO", "needs_approval": "on"}
    made = client.post("/kitting/orders", data=given, headers=SUZUKI, follow_redirects=False)
    at = made.headers["location"]
    assert f'action="{at}/approve"' not in client.get(at, headers=SUZUKI).text
    assert client.post(f"{at}/approve", headers=SUZUKI).status_code == 403
    with ledger.begin(OTHER) as work:
        work.allow("approve")
        work.unrecorded("a look")
        assert [one.link for one in orders_to_approve(work)] == [at]
    assert (
        client.post(f"{at}/reject", data={"reason": "Too many of them."}, headers=SUZUKI).status_code == 200
    )


def test_devices_are_scanned_into_an_order_until_it_is_full(client: TestClient, ledger: Ledger) -> None:
    order = ordered(ledger, 1)
    from tests.kitting.shop import reachable

    pc, other = reachable(ledger, make_pc(ledger)), make_pc(ledger)
    at = f"/kitting/orders/{order.id}/devices/scan"
    part = SATO | {"HX-Request": "true", "HX-Target": "scan#scans"}
    first = client.post(at, data={"scanned": pc.serial}, headers=part).text
    assert 'data-verdict="ok"' in first
    assert 'data-verdict="again"' in client.post(at, data={"scanned": pc.tag}, headers=part).text
    full = client.post(at, data={"scanned": other.tag}, headers=part)
    assert (full.status_code, str(other.tag) in full.text) == (409, True)
    sheet = client.get(f"/kitting/orders/{order.id}/kits.csv", headers=SATO)
    assert str(pc.tag) in sheet.content.decode("utf-8-sig")
    assert "#" in client.get("/kitting/orders", headers=SATO).text
    assert "shop v1" in client.get("/kitting/orders.csv", headers=SATO).content.decode("utf-8-sig")


def test_today_names_failures_first_then_hands(client: TestClient, ledger: Ledger) -> None:
    hands, failed = started(ledger), started(ledger, "base")
    plays(ledger, failed.id, 5, Outcome.FAILED, "apt did not answer")
    with ledger.read(KITTO) as work:
        work.allow("see")
        rows = kits_that_wait(work)
    assert [row.link for row in rows] == [f"/kitting/{failed.id}", f"/kitting/bench?kit={hands.id}"]
    assert "apt did not answer" in rows[0].sentence


def test_a_log_is_read_in_windows(client: TestClient, ledger: Ledger) -> None:
    kit = started(ledger, "base")
    plays(ledger, kit.id, 1500, Outcome.FAILED, "apt did not answer")
    attempt = kit_now(ledger, kit.id).steps[3].attempts[0].id
    at = f"/kitting/{kit.id}/log/{attempt}"
    lines = client.get(f"{at}/lines?first=1001&size=200", headers=SATO).text
    assert re.findall(r'data-n="(\d+)"', lines) == [str(n) for n in range(1001, 1201)]
    assert client.get(f"{at}/lines?first=0", headers=SATO).status_code == 422
    hit = client.get(f"{at}/find", params={"q": "LINE 77 of"}, headers=SATO).json()
    assert hit == {"line": 77, "many": 1}
    assert client.get(f"{at}/find", headers=SATO).json() == {"line": 1499, "many": 1}
    back = client.get(f"{at}/find", params={"q": "line", "start": 1, "back": True}, headers=SATO).json()
    assert back == {"line": 1500, "many": 1500}
    around = client.get(f"{at}/find", params={"q": "line 77 of", "start": 77}, headers=SATO).json()
    assert around == {"line": 77, "many": 1}, "from the other end, if none is ahead"
    near = client.get(f"{at}/find", params={"q": "line", "start": 900, "back": True}, headers=SATO).json()
    assert near == {"line": 899, "many": 1500}
    assert client.get(f"{at}/find", params={"q": "nowhere"}, headers=SATO).json() == {"line": None, "many": 0}
    whole = client.get(f"{at}/text", headers=SATO)
    assert whole.text.count("\n") == 1500 + 30
    assert "a long result" in client.get(f"{at}/50", headers=SATO).text
    assert client.get(f"{at}/2000", headers=SATO).status_code == 404
    other = started(ledger)
    assert client.get(at.replace(f"/{kit.id}/", f"/{other.id}/") + "/lines", headers=SATO).status_code == 404
    page = client.get(f"/kitting/{kit.id}/log?first=650", headers=SATO).text
    assert re.findall(r'data-n="(\d+)"', page) == [str(n) for n in range(601, 701)]
    assert "first=501" in page
    assert "first=701" in page


def test_whoever_may_not_kit_sees_and_changes_nothing(client: TestClient, ledger: Ledger) -> None:
    kit = started(ledger)
    page = client.get(f"/kitting/{kit.id}", headers=TANAKA)
    assert page.status_code == 200
    assert "<form" not in page.text.partition('id="ask"')[2].partition("<dialog")[0]
    for path in (f"/kitting/{kit.id}/hold", "/kitting/new", "/kitting/orders/new", "/kitting/bench"):
        assert client.get(path, headers=TANAKA).status_code == 403
    assert client.get("/kitting", headers={"Authorization": "Bearer guest"}).status_code == 403
    assert goes_on(ledger, kit.id) is None
