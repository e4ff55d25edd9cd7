"""Every kind of step: what it waits for, what proves it, what makes it go on."""

import http.server
import io
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from starlette.testclient import TestClient

from kitto.assets import actions as assets
from kitto.assets import queries as asset_queries
from kitto.assets.models import Asset
from kitto.base import settings as settings_module
from kitto.base.work import Ledger
from kitto.bootstrap.facts import MachineCalled
from kitto.kitting.actions.kinds.windows import opening
from kitto.licences import actions as licences
from kitto.licences import queries as positions
from kitto.licences.rules import Metric, PoolDetails, TitleDetails
from tests.counterparts.keys import new_key_pair
from tests.counterparts.pcs import bench_pc
from tests.kitting.conftest import Await, reach, step
from tests.make import KITTO, make_pc

SUZUKI = {"Authorization": "Bearer suzuki"}
HEAD = """
name: {name}
title: {{ ja: 工程, en: Kinds }}
platform: linux
parameters: {{ type: object, properties: {{}} }}
steps:
"""


def profile(folder: Path, name: str, steps: str, more: str = "") -> None:
    (folder / name).mkdir()
    (folder / name / "profile.yml").write_text(HEAD.format(name=name) + steps + more, encoding="utf-8")


def started(bench: TestClient, asset: Asset, name: str) -> int:
    answer = bench.post("/api/v1/kits", json={"tag": asset.tag, "profile": name})
    assert answer.status_code == 201, answer.text
    number: int = answer.json()["id"]
    return number


def state_of(key: str, state: str) -> Any:
    return lambda kit: step(kit, key)["state"] == state


def picture(colour: str = "red", size: tuple[int, int] = (3000, 2000)) -> bytes:
    out = io.BytesIO()
    where = Image.Exif()
    where[0x010E] = "taken at the bench"
    Image.new("RGB", size, colour).save(out, "JPEG", exif=where)
    return out.getvalue()


def test_a_photo_step_wants_its_photos(
    bench: TestClient, ledger: Ledger, kit_when: Await, own_profiles: Path
) -> None:
    profile(
        own_profiles,
        "pictured",
        "  - { key: shot, kind: photo, title: { ja: 写真, en: Photo }, with: { photos: 2 } }\n",
    )
    kit = started(bench, make_pc(ledger), "pictured")
    kit_when(kit, state_of("shot", "waiting"))
    address = f"/api/v1/kits/{kit}/steps/shot"
    bare = bench.post(f"{address}/confirm", json={})
    assert (bare.status_code, bare.json()["code"]) == (422, "kitting.photo_needed")
    first = bench.post(f"{address}/photos", files={"picture": ("a.jpg", picture(), "image/jpeg")})
    assert first.status_code == 201, first.text
    assert max(first.json()["width"], first.json()["height"]) == 1600
    again = bench.post(f"{address}/photos", files={"picture": ("a.jpg", picture(), "image/jpeg")})
    assert again.json()["id"] == first.json()["id"]
    assert bench.post(f"{address}/confirm", json={}).json()["code"] == "kitting.photo_needed"
    for wrong in (b"", b"no picture", b"\xff\xd8\xff\xe0 torn", b"<svg xmlns='http://www.w3.org/2000/svg'/>"):
        refused = bench.post(f"{address}/photos", files={"picture": ("x.jpg", wrong, "image/jpeg")})
        assert refused.status_code == 422
    bench.post(f"{address}/photos", files={"picture": ("b.png", picture("blue"), "image/png")})
    assert bench.post(f"{address}/confirm", json={}).status_code == 200
    kit_when(kit, lambda found: found["state"] == "ready")
    shown = bench.get(f"/api/v1/kits/{kit}/photos/{first.json()['id']}")
    assert shown.headers["content-type"] == "image/jpeg"
    assert b"Exif" in picture()[:64]
    assert b"Exif" not in shown.content[:64]
    assert bench.get(f"/api/v1/kits/{kit}/chain").json()["holds"] is True


def test_acceptance_by_a_second_person(
    bench: TestClient, ledger: Ledger, kit_when: Await, own_profiles: Path
) -> None:
    profile(
        own_profiles,
        "seen",
        "  - { key: look, kind: manual, title: { ja: 確認, en: Look } }\n",
        "second_person: true\n",
    )
    pc = make_pc(ledger)
    kit = started(bench, pc, "seen")
    kit_when(kit, state_of("look", "waiting"))
    bench.post(f"/api/v1/kits/{kit}/steps/look/confirm", json={}, headers=SUZUKI)
    found = kit_when(kit, state_of("second_person", "waiting"))
    assert (found["state"], found["waits_for"]) == ("verifying", "approval")
    address = f"/api/v1/kits/{kit}/steps/second_person/approve"
    assert bench.post(address, json={}).status_code == 403
    own = bench.post(address, json={}, headers=SUZUKI)
    assert own.json()["code"] == "kitting.same_person"
    ok = bench.post(address, json={"note": "looked"}, headers={"Authorization": "Bearer admin"})
    assert ok.status_code == 200, ok.text
    kit_when(kit, lambda found: found["state"] == "ready")
    assert bench.get(f"/api/v1/assets/{pc.tag}").json()["state"] == "ready"


def test_a_licence_step_waits_for_a_seat_and_a_cancelled_kit_gives_it_back(
    bench: TestClient, ledger: Ledger, kit_when: Await, own_profiles: Path
) -> None:
    with ledger.begin(KITTO) as work:
        title = licences.add_title(work, TitleDetails(name="Office LTSC"))
        pool = licences.open_pool(
            work, PoolDetails(title_id=title.id, name="2026", metric=Metric.DEVICE, cap=1)
        )
    profile(
        own_profiles,
        "licensed",
        "  - { key: seat, kind: licence, title: { ja: 席, en: Seat }, with: { titles: [Office LTSC] } }\n"
        "  - { key: last, kind: manual, title: { ja: 最後, en: Last } }\n",
    )
    first, second = make_pc(ledger), make_pc(ledger)
    one = started(bench, first, "licensed")
    kit_when(one, state_of("last", "waiting"))
    two = started(bench, second, "licensed")
    short = kit_when(two, state_of("seat", "waiting"))
    assert (short["waits_for"], "Office LTSC" in short["reason"]) == ("licence", True)
    bench.post(f"/api/v1/kits/{one}/cancel", json={"reason": "The wrong machine."})
    assert bench.get(f"/api/v1/licence-pools/{pool.id}").json()["used"] in (0, 1)
    # Whatever makes the kit look again lets it go on.
    bench.post(f"/api/v1/kits/{two}/retry", json={})
    kit_when(two, state_of("last", "waiting"))
    with ledger.read(KITTO) as work:
        work.allow("see")
        held = [seat.holder_id for seat in positions.seats(work, pool.id).items]
    assert held == [second.id]


def test_a_generated_secret_is_sealed_and_shown_once(
    bench: TestClient, ledger: Ledger, kit_when: Await, own_profiles: Path
) -> None:
    profile(
        own_profiles,
        "secretive",
        "  - { key: password, kind: secret, title: { ja: 秘密, en: Secret }, with: { name: local_admin } }\n",
    )
    pc = make_pc(ledger)
    kit = started(bench, pc, "secretive")
    found = kit_when(kit, lambda found: found["state"] == "ready")
    address = f"/api/v1/assets/{pc.tag}/secrets/local_admin/show"
    assert bench.post(address).status_code == 403
    shown = bench.post(address, headers=SUZUKI | {"Idempotency-Key": "once"})
    value = shown.json()["value"]
    assert (shown.status_code, len(value), shown.headers["cache-control"]) == (201, 20, "no-store")
    assert value not in json.dumps(found)
    repeated = bench.post(address, headers=SUZUKI | {"Idempotency-Key": "once"})
    assert (repeated.status_code, repeated.content) == (201, b"")
    again = bench.post(address, headers=SUZUKI)
    assert (again.status_code, again.json()["code"]) == (409, "kitting.secret_gone")
    assert "鈴木" in again.json()["detail"]
    facts = bench.get("/api/v1/facts", params={"kind": "kitting.secret_shown"}, headers=SUZUKI).text
    assert value not in facts


def test_a_report_must_be_as_the_profile_wants_it(
    bench: TestClient, ledger: Ledger, kit_when: Await, own_profiles: Path
) -> None:
    profile(
        own_profiles,
        "wanted",
        "  - key: encrypted\n    kind: agent_wait\n    title: { ja: 暗号化, en: Encrypted }\n"
        "    with: { facts: { type: object, required: [disk], properties: { disk: { const: 'on' } } } }\n",
    )
    pc = make_pc(ledger)
    kit = started(bench, pc, "wanted")
    kit_when(kit, state_of("encrypted", "waiting"))

    def reports(data: dict[str, Any]) -> None:
        with ledger.begin(KITTO) as work:
            work.allow("observe")
            asset = asset_queries.by_id(work, pc.id)
            assets.observe(work, asset=asset, source="agent", serial=str(pc.serial), data=data)

    reports({"disk": "off"})
    kit_when(kit, lambda found: "disk" in step(found, "encrypted")["reason"])
    reports({"disk": "on"})
    kit_when(kit, lambda found: found["state"] == "ready")


@contextmanager
def listener(statuses: list[int]) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """Another system on loopback that answers with these statuses in turn and remembers what it was told."""
    heard: list[dict[str, Any]] = []

    class Ear(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            heard.append({"headers": dict(self.headers), "body": json.loads(body)})
            self.send_response(statuses.pop(0) if statuses else 200)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Ear)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port, heard
    finally:
        server.shutdown()
        server.server_close()


def test_a_webhook_is_tried_again_with_the_profile_saying_how_often(
    bench: TestClient,
    ledger: Ledger,
    kit_when: Await,
    own_profiles: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KITTO_WEBHOOK_HOSTS", "127.0.0.1")
    monkeypatch.setenv("KITTO_WEBHOOK_SECRET", "between us")
    settings_module.settings.cache_clear()
    with listener([503, 200]) as (port, heard):
        profile(
            own_profiles,
            "told",
            "  - { key: tell, kind: webhook, title: { ja: 通知, en: Tell }, retries: 1, pause_seconds: 1,"
            f" with: {{ url: 'http://127.0.0.1:{port}/kits', body: {{ team: 新宿 }} }} }}\n",
        )
        pc = make_pc(ledger)
        kit = started(bench, pc, "told")
        done = kit_when(kit, lambda found: found["state"] in ("ready", "failed"))
    assert done["state"] == "ready", done
    assert [one["outcome"] for one in step(done, "tell")["attempts"]] == ["failed", "succeeded"]
    assert [one["body"]["tag"] for one in heard] == [str(pc.tag)] * 2
    assert heard[0]["body"]["say"] == {"team": "新宿"}
    assert heard[0]["headers"]["X-Kitto-Signature"].startswith("sha256=")


def test_a_webhook_to_a_host_that_nobody_allowed_is_not_sent(
    bench: TestClient, ledger: Ledger, kit_when: Await, own_profiles: Path
) -> None:
    with listener([]) as (port, heard):
        profile(
            own_profiles,
            "sneaky",
            "  - { key: tell, kind: webhook, title: { ja: 通知, en: Tell }, retries: 3, pause_seconds: 1,"
            f" with: {{ url: 'http://127.0.0.1:{port}/' }} }}\n",
        )
        kit = started(bench, make_pc(ledger), "sneaky")
        failed = kit_when(kit, lambda found: found["state"] == "failed")
    assert "127.0.0.1" in step(failed, "tell")["reason"]
    assert (heard, len(step(failed, "tell")["attempts"])) == ([], 1)


def test_a_probe_waits_for_a_device_that_is_switched_off_and_refuses_another_key(
    bench: TestClient, ledger: Ledger, kit_when: Await, own_profiles: Path
) -> None:
    profile(
        own_profiles,
        "probed",
        "  - { key: there, kind: probe, title: { ja: 応答, en: There }, with: { transport: ssh } }\n",
    )
    pc = make_pc(ledger)
    other = new_key_pair().public
    with bench_pc("8XK2QZ3", authorized_key=other) as device:
        device.power_off()
        reach(ledger, str(pc.tag), device, device.host_key)
        kit = started(bench, pc, "probed")
        assert kit_when(kit, state_of("there", "waiting"))["waits_for"] == "device"
        device.power_on()
        reach(ledger, str(pc.tag), device, other)
        # Saying how it is reached is reason enough to try again.
        failed = kit_when(kit, lambda found: found["state"] == "failed")
        assert "host key" in step(failed, "there")["reason"]
        japanese = bench.get(f"/api/v1/kits/{kit}", headers={"Authorization": "Bearer sato-ja"}).json()
        assert "ホスト鍵" in step(japanese, "there")["reason"]
        assert "ホスト鍵" in japanese["reason"]
        reach(ledger, str(pc.tag), device, device.host_key)
        bench.post(f"/api/v1/kits/{kit}/retry", json={})
        kit_when(kit, lambda found: found["state"] == "ready")


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-11-25T01:00", "2026-11-25T01:00"),  # Wednesday 10:00 in Tokyo: open
        ("2026-11-25T10:00", "2026-11-26T00:00"),  # 19:00: tomorrow at 9
        ("2026-11-27T10:00", "2026-11-30T00:00"),  # Friday evening: Monday
    ],
)
def test_business_hours(now: str, opens: str) -> None:
    given = {"from": "09:00", "to": "18:00", "time_zone": "Asia/Tokyo"}
    at = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert opening(given, at).astimezone(UTC) == datetime.fromisoformat(opens).replace(tzinfo=UTC)


def test_a_night_window_passes_midnight() -> None:
    given = {"from": "22:00", "to": "05:00", "days": ["mon"], "time_zone": "UTC"}
    late = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)  # Tuesday 03:00 belongs to Monday's window
    assert opening(given, late) == late
    noon = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
    assert opening(given, noon) == datetime(2026, 11, 30, 22, 0, tzinfo=UTC)


def test_a_file_is_made_once_and_the_machine_that_calls_with_it_lets_the_kit_go_on(
    bench: TestClient,
    ledger: Ledger,
    kit_when: Await,
    own_profiles: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KITTO_BASE_URL", "https://kitto.example")
    monkeypatch.setenv("KITTO_MANAGED_FROM", "192.0.2.10")
    settings_module.settings.cache_clear()
    profile(
        own_profiles,
        "fresh",
        "  - { key: stick, kind: artifact, title: { ja: 初期, en: Stick }, with: { kind: linux_script } }\n",
    )
    pc = make_pc(ledger)
    kit = started(bench, pc, "fresh")
    kit_when(kit, state_of("stick", "waiting"))
    address = f"/api/v1/kits/{kit}/steps/stick"
    early = bench.post(f"{address}/confirm", json={})
    assert early.json()["code"] == "kitting.file_not_made"
    made = bench.post(f"{address}/file", headers={"Idempotency-Key": "one"})
    assert made.status_code == 200, made.text
    assert made.headers["cache-control"] == "no-store"
    assert b"first contact" in made.content.lower()
    assert bench.post(f"{address}/file", headers={"Idempotency-Key": "one"}).content == b""
    found = bench.get(f"/api/v1/kits/{kit}").json()
    proof = step(found, "stick")["evidence"][-1]
    assert (proof["kind"], proof["data"]["kind"]) == ("file_made", "linux_script")
    with ledger.begin(KITTO) as work:
        work.allow("kit")
        fact = MachineCalled(
            asset_id=pc.id,
            tag=str(pc.tag),
            token_id=proof["data"]["token"],
            source="192.0.2.1",
            fingerprint="SHA256:x",
        )
        work.record(fact)
    kit_when(kit, lambda found: found["state"] == "ready")
