"""The doors of the watch: JSON and pages; status, shape and refusal."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from kitto.assets.models import Asset
from kitto.base.work import Ledger
from kitto.health.jobs import poll_probes
from tests.counterparts.keys import new_key_pair
from tests.counterparts.snmp import snmp_device
from tests.make import make_pc

KEY = {"Idempotency-Key": "k-1"}


@pytest.fixture
def pc(ledger: Ledger) -> Asset:
    return make_pc(ledger, code="printer", serial="KWC35-0004711")


@pytest.fixture
def sato_at(client: TestClient) -> Iterator[TestClient]:
    client.headers["Authorization"] = "Bearer sato"
    return client


def credential(client: TestClient, **given: str) -> dict[str, object]:
    body = {"name": "read only", "kind": "community", "secret": "public"} | given
    answer = client.post("/api/v1/health/credentials", json=body)
    assert answer.status_code == 201, answer.text
    found: dict[str, object] = answer.json()
    return found


def probe(client: TestClient, pc: Asset, address: str = "192.0.2.7", **given: object) -> dict[str, object]:
    body = {"tag": pc.tag, "kind": "snmp", "address": address, "credential_id": credential(client)["id"]}
    answer = client.post("/api/v1/health/probes", json=body | given)
    assert answer.status_code == 201, answer.text
    found: dict[str, object] = answer.json()
    return found


def test_a_printer_is_watched_polled_and_shown(sato_at: TestClient, pc: Asset, ledger: Ledger) -> None:
    with snmp_device("printer") as device:
        made = probe(sato_at, pc, device.address, port=device.port)
        assert made["state"] == "unknown"
        poll_probes(ledger, [int(str(made["id"]))], in_full=True)
    shown = sato_at.get(f"/api/v1/assets/{pc.tag}/health").json()
    assert shown["probes"][0]["state"] == "ok"
    assert shown["probes"][0]["identity"]["serial"] == "KWC35-0004711"
    readings = shown["readings"][str(made["id"])]
    assert {row["exactness"] for row in readings} == {"exact", "some", "unknown"}
    series = sato_at.get(f"/api/v1/health/probes/{made['id']}/readings/pages").json()
    assert len(series) == 1
    problems = sato_at.get("/api/v1/health/problems").json()["items"]
    assert {row["check"] for row in problems} == {"supply"}
    page = sato_at.get(f"/health/probes/{made['id']}")
    assert page.status_code == 200
    assert "KWC35-0004711" in page.text
    for address in ("/health", "/health/probes", f"/health/probes/{made['id']}/readings/pages"):
        assert sato_at.get(address).status_code == 200


def test_a_probe_is_changed_with_its_version_and_removed(sato_at: TestClient, pc: Asset) -> None:
    made = probe(sato_at, pc)
    where = f"/api/v1/health/probes/{made['id']}"
    assert sato_at.patch(where, json={"enabled": False}).status_code == 428
    changed = sato_at.patch(where, json={"enabled": False}, headers={"If-Match": f'"{made["version"]}"'})
    assert changed.status_code == 200
    assert changed.json()["enabled"] is False
    stale = sato_at.delete(where, headers={"If-Match": f'"{made["version"]}"'})
    assert stale.json()["code"] == "version_stale"
    gone = sato_at.delete(where, headers={"If-Match": changed.headers["etag"]})
    assert gone.status_code == 204
    assert sato_at.get(where).status_code == 404


def test_a_poll_out_of_turn_is_queued(sato_at: TestClient, pc: Asset) -> None:
    made = probe(sato_at, pc)
    for what in ("poll", "second-opinion"):
        assert sato_at.post(f"/api/v1/health/probes/{made['id']}/{what}").status_code == 202


def test_the_same_command_twice_makes_one_probe(sato_at: TestClient, pc: Asset) -> None:
    body = {"tag": pc.tag, "kind": "tcp", "address": "192.0.2.9", "port": 9100}
    answers = [sato_at.post("/api/v1/health/probes", json=body, headers=KEY) for _ in range(2)]
    assert answers[0].json()["id"] == answers[1].json()["id"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"kind": "tcp", "address": "169.254.169.254", "port": 80}, "address_refused"),
        ({"kind": "tcp", "address": "192.0.2.1"}, "health.port_missing"),
        ({"kind": "snmp", "address": "192.0.2.1"}, "health.credential_unfit"),
        ({"kind": "cli", "address": "192.0.2.1", "platform": "toaster"}, "health.platform_unknown"),
        ({"kind": "tcp", "address": "192.0.2.1", "port": 80, "host_key": "no"}, "health.host_key_unreadable"),
    ],
)
def test_bad_input_is_refused_and_changes_nothing(
    sato_at: TestClient, pc: Asset, body: dict[str, object], code: str
) -> None:
    answer = sato_at.post("/api/v1/health/probes", json={"tag": pc.tag} | body)
    assert answer.status_code == 422
    assert answer.json()["code"] == code
    assert sato_at.get("/api/v1/health/probes").json()["items"] == []


def test_no_answer_shows_a_secret(sato_at: TestClient) -> None:
    pair = new_key_pair()
    made = credential(sato_at, kind="ssh_key", account="kitto", secret=pair.private)
    listed = sato_at.get("/api/v1/health/credentials").text
    assert "PRIVATE" not in listed + str(made)
    page = sato_at.get("/health/credentials")
    assert "PRIVATE" not in page.text
    wrong = sato_at.post(
        "/api/v1/health/credentials", json={"name": "", "kind": "community", "secret": "canary-3F"}
    )
    assert wrong.status_code == 422
    assert "canary" not in wrong.text


def test_forms_watch_and_pin(sato_at: TestClient, pc: Asset) -> None:
    made = sato_at.post(
        "/health/credentials",
        data={"name": "printers", "kind": "community", "secret": "public"},
        follow_redirects=False,
    )
    assert made.status_code == 303
    number = sato_at.get("/api/v1/health/credentials").json()[0]["id"]
    form = {
        "tag": str(pc.tag),
        "kind": "snmp",
        "address": "192.0.2.7",
        "credential_id": str(number),
        "port": "",
    }
    answer = sato_at.post("/health/probes", data=form, follow_redirects=False)
    assert answer.status_code == 303
    where = answer.headers["location"]
    assert sato_at.get(where).status_code == 200
    for page in ("/health/probes/new?tag=x", "/health/credentials/new", f"{where}/remove"):
        assert sato_at.get(page).status_code == 200
    for act in ("poll", "second-opinion"):
        assert sato_at.post(f"{where}/{act}", follow_redirects=False).status_code == 303


def test_who_may_look_sees_and_changes_nothing(client: TestClient, pc: Asset) -> None:
    client.headers["Authorization"] = "Bearer sato"
    made = probe(client, pc)
    client.headers["Authorization"] = "Bearer tanaka"
    assert client.get("/health").status_code == 200
    assert client.get(f"/health/probes/{made['id']}").status_code == 200
    assert client.post(f"/api/v1/health/probes/{made['id']}/poll").json()["code"] == "not_allowed"
    assert client.get("/api/v1/health/credentials").status_code == 403


@pytest.mark.parametrize(
    "address",
    [
        "/health", "/health/probes", "/health/probes/new", "/health/credentials", "/health/credentials/new",
        "/api/v1/health/probes", "/api/v1/health/problems", "/api/v1/health/credentials",
    ],
)  # fmt: skip
def test_a_guest_sees_nothing(client: TestClient, address: str) -> None:
    client.headers["Authorization"] = "Bearer guest"
    assert client.get(address).status_code == 403


@pytest.mark.parametrize("locale", ["ja", "en"])
def test_empty_pages_say_what_they_are_for(sato_at: TestClient, locale: str) -> None:
    sato_at.headers["Accept-Language"] = locale
    for address in ("/health", "/health/probes", "/health/credentials"):
        assert 'class="empty"' in sato_at.get(address).text


@pytest.mark.parametrize("text", ["\x00", "a\x00b", "%_\\", "𠮷" * 60, "'; DROP TABLE probe; --"])
def test_odd_text_gets_an_answer(sato_at: TestClient, text: str) -> None:
    assert sato_at.get("/api/v1/health/probes", params={"q": text}).status_code < 500
    assert sato_at.get("/health/probes", params={"q": text}).status_code < 500
    body = {"name": text, "kind": "community", "secret": text}
    assert sato_at.post("/api/v1/health/credentials", json=body).status_code < 500
