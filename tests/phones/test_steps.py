"""Codes as steps of a kit: shown at the bench, confirmed by hand, proven without the password."""

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from kitto.base.db import Database
from kitto.base.work import Ledger
from kitto.kitting import actions, queries
from kitto.kitting.adapters import recipes
from kitto.kitting.models import Kit
from kitto.kitting.rules.codes import CodeKind, asked, is_by_hands
from kitto.kitting.rules.profiles import checked
from kitto.kitting.rules.states import Ability, StepKind, StepState
from kitto.phones.rules.android import EXTRA
from kitto.phones.rules.wifi import read_joining
from tests.kitting.shop import goes_on
from tests.make import KITTO, make_pc
from tests.phones.test_codes import CANARY, CHECKSUM, everything_kept, forms_of, read_back
from tests.phones.test_profiles import needs_openssl, verified

SATO = {"Authorization": "Bearer sato"}
TANAKA = {"Authorization": "Bearer tanaka"}
PART = SATO | {"HX-Request": "true", "HX-Target": "li#now"}
SCAN = SATO | {"HX-Request": "true", "HX-Target": "scan#bench"}
WIFI = {"wifi_ssid": "bench-net"}
OWNER = {
    "owner_component": "jp.example.dpc/.AdminReceiver",
    "owner_url": "https://kit.example.jp/dpc.apk",
    "owner_checksum": CHECKSUM,
}
PROFILE = {"profile_identifier": "jp.example.phones", "profile_name": "社用 iPhone"}


def at_step(ledger: Ledger, profile: str, step: str, **parameters: Any) -> Kit:
    """A kit of a phone, come to a step; those before it were skipped."""
    phone = make_pc(ledger, code="phone")
    with ledger.begin(KITTO) as work:
        kit = actions.start_kit(work, tag=str(phone.tag), profile=profile, parameters=parameters)
    for _ in range(10):
        goes_on(ledger, kit.id)
        with ledger.begin(KITTO) as work:
            work.allow("kit")
            now = queries.current_step(queries.kit(work, kit.id))
            assert now is not None
            if now.key == step:
                return kit
            actions.skip(work, kit_id=kit.id, step=now.key, reason="Not for this test.")
    pytest.fail(step)


def shows(client: TestClient, kit: Kit, step: str, password: str = "", **headers: str) -> Any:
    given = {"kit": kit.id, "step": step, "password": password}
    return client.post("/kitting/bench/code", data=given, headers=PART | headers)


def done(client: TestClient, kit: Kit, step: str, ticked: int) -> str:
    given = {"scanned": "DONE", "kit": kit.id, "step": step, "ticked": [str(n) for n in range(ticked)]}
    return client.post("/kitting/bench/scan", data=given, headers=SCAN).text


def proofs(ledger: Ledger, kit: Kit, step: str) -> list[tuple[str, dict[str, Any]]]:
    with ledger.read(KITTO) as work:
        work.allow("see")
        return [(one.kind, one.data) for one in queries.step_of(queries.kit(work, kit.id), step).proofs]


def state_of(ledger: Ledger, kit: Kit, step: str) -> StepState:
    with ledger.read(KITTO) as work:
        work.allow("see")
        return queries.step_of(queries.kit(work, kit.id), step).state


@pytest.fixture(autouse=True)
def shipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KITTO_PLAYBOOKS", raising=False)


def test_the_device_owner_code_is_shown_at_the_bench_and_confirmed_by_enter(
    client: TestClient, ledger: Ledger, database: Database, own_settings: Any
) -> None:
    kit = at_step(ledger, "android-phone", "owner_code", **OWNER, **WIFI)
    page = client.get(f"/kitting/bench?kit={kit.id}", headers=SATO).text
    assert "data-first" in page
    assert "bench-net" in page
    assert "<svg width" not in page, "nothing is shown before it is asked for"
    assert "its code was not shown" in done(client, kit, "owner_code", 1)
    shown = shows(client, kit, "owner_code", CANARY)
    assert shown.status_code == 200, shown.text
    said = json.loads(read_back(shown.text))
    assert said[EXTRA + "WIFI_PASSWORD"] == CANARY
    assert said[EXTRA + "DEVICE_ADMIN_SIGNATURE_CHECKSUM"] == CHECKSUM
    assert shown.headers["cache-control"] == "no-store"
    assert "data-first" not in shown.text
    [(kind, proof)] = proofs(ledger, kit, "owner_code")
    assert (kind, proof["kind"], proof["ssid"]) == ("code_shown", "android_owner", "bench-net")
    assert proof["checksum"] == CHECKSUM
    assert re.fullmatch("[0-9a-f]{64}", proof["sha256"])
    assert 'data-verdict="ok"' in done(client, kit, "owner_code", 1)
    assert state_of(ledger, kit, "owner_code") is StepState.SUCCEEDED
    kept = everything_kept(database, own_settings.data)
    assert b"bench-net" in kept, "the fact is there"
    assert [form for form in forms_of(CANARY) if form in kept] == []


def test_the_hash_of_a_code_tells_nothing_of_the_password(client: TestClient, ledger: Ledger) -> None:
    kit = at_step(ledger, "android-phone", "wifi", **WIFI)
    for password in (CANARY, "another-password"):
        assert read_joining(read_back(shows(client, kit, "wifi", password).text))["P"] == password
    first, second = (data["sha256"] for _, data in proofs(ledger, kit, "wifi"))
    assert first == second
    other = at_step(ledger, "android-phone", "wifi", wifi_ssid="another-net")
    shows(client, other, "wifi", CANARY)
    assert proofs(ledger, other, "wifi")[0][1]["sha256"] != first


@needs_openssl
def test_an_iphone_is_led_to_its_profile_and_its_fetching_is_evidence(
    client: TestClient, ledger: Ledger, tmp_path: Path
) -> None:
    given = PROFILE | WIFI | {"profile_restrictions": ["allowScreenShot"]}
    kit = at_step(ledger, "iphone", "profile", **given)
    shown = shows(client, kit, "profile", CANARY)
    address = read_back(shown.text)
    assert address in shown.text
    token = address.partition("/p/")[2]
    profile = verified(client.get(f"/p/{token}/profile.mobileconfig").content, tmp_path)
    parts = {part["PayloadType"]: part for part in profile["PayloadContent"]}
    assert parts["com.apple.wifi.managed"]["Password"] == CANARY
    assert parts["com.apple.applicationaccess"]["allowScreenShot"] is False
    assert [kind for kind, _ in proofs(ledger, kit, "profile")] == ["code_shown", "profile_fetched"]
    assert state_of(ledger, kit, "profile") is StepState.WAITING, "a person still accepts it on the phone"
    done(client, kit, "profile", 2)
    assert state_of(ledger, kit, "profile") is StepState.SUCCEEDED
    page = client.get(f"/kitting/{kit.id}", headers=SATO).text
    assert "profile fetched by the phone" in page
    report = client.get(f"/api/v1/kits/{kit.id}/report", headers=SATO).text
    assert "社用 iPhone" in report
    assert CANARY not in page + report


def test_what_a_kit_has_no_values_for_is_said_and_nothing_is_made(client: TestClient, ledger: Ledger) -> None:
    kit = at_step(ledger, "android-phone", "owner_code", owner_url="https://kit.example.jp/dpc.apk")
    page = client.get(f"/kitting/bench?kit={kit.id}", headers=SATO).text
    assert "owner_component, owner_checksum" in page
    assert "data-first" not in page
    refused = shows(client, kit, "owner_code")
    assert (refused.status_code, "owner_component, owner_checksum" in refused.text) == (422, True)
    wrong = at_step(ledger, "android-phone", "wifi", **WIFI)
    assert shows(client, wrong, "wifi", "short").status_code == 422
    assert proofs(ledger, kit, "owner_code") + proofs(ledger, wrong, "wifi") == []


def test_a_code_is_never_kept_for_a_repeat_and_not_for_everybody(client: TestClient, ledger: Ledger) -> None:
    kit = at_step(ledger, "android-phone", "wifi", **WIFI)
    kept = shows(client, kit, "wifi", CANARY, **{"Idempotency-Key": "once-more"})
    assert kept.status_code == 422
    address, body = f"/api/v1/kits/{kit.id}/steps/wifi/code", {"password": CANARY}
    assert client.post(address, json=body, headers=TANAKA).status_code == 403
    assert proofs(ledger, kit, "wifi") == []
    made = client.post(address, json=body, headers=SATO)
    assert read_joining(read_back(made.json()["svg"]))["P"] == CANARY
    label = client.post(f"/api/v1/kits/{kit.id}/steps/label/code", json=body, headers=SATO)
    assert label.json()["code"] == "kitting.step_not_waiting"


def test_a_step_tried_again_wants_its_code_shown_again(client: TestClient, ledger: Ledger) -> None:
    kit = at_step(ledger, "android-phone", "wifi", **WIFI)
    shows(client, kit, "wifi", CANARY)
    done(client, kit, "wifi", 1)
    goes_on(ledger, kit.id)
    with ledger.begin(KITTO) as work:
        actions.retry(work, kit_id=kit.id, step="wifi")
    goes_on(ledger, kit.id)
    assert "its code was not shown" in done(client, kit, "wifi", 1)


def test_minutes_at_a_code_are_a_persons_and_a_files_are_the_machines(
    client: TestClient, ledger: Ledger
) -> None:
    kit = at_step(ledger, "android-phone", "wifi", **WIFI)
    shows(client, kit, "wifi", CANARY)
    done(client, kit, "wifi", 1)
    assert state_of(ledger, kit, "wifi") is StepState.SUCCEEDED
    with ledger.begin(KITTO) as work:
        work.allow("kit")
        work.unrecorded("as if it had taken ten minutes, and the kit were ready")
        found = queries.kit(work, kit.id)
        found.ready_at = work.now
        step = queries.step_of(found, "wifi")
        assert step.started_at is not None
        step.ended_at = step.started_at + timedelta(minutes=10)
    shown = client.get(f"/api/v1/kits/{kit.id}", headers=SATO).json()
    assert (shown["hands_seconds"] >= 600, shown["machine_seconds"] < 600) == (True, True)
    report = client.get(f"/api/v1/kits/{kit.id}/report", headers=SATO).json()["kits"][0]
    hands, machine = (int(report[of].split()[0]) for of in ("hands", "machine"))
    assert (hands >= 10, machine < 10) == (True, True)
    figures = client.get("/api/v1/kit-figures", headers=SATO).json()
    by_hand = {one["key"]: one["by_hand"] for one in figures["steps"]}
    assert by_hand["wifi"] is True
    assert figures["hands_minutes"] >= 10
    assert not is_by_hands(StepKind.ARTIFACT, "linux_script")
    assert is_by_hands(StepKind.MANUAL, None)


@pytest.mark.parametrize(
    ("who", "guided", "mdm"),
    [("sato", "guided", "impossible without an MDM"), ("sato-ja", "手順を案内", "MDM なしではできない")],
)
def test_how_far_kitto_comes_is_said_wherever_a_step_is(
    client: TestClient, ledger: Ledger, who: str, guided: str, mdm: str
) -> None:
    kit = at_step(ledger, "android-phone", "forced")
    heads = {"Authorization": f"Bearer {who}"}
    assert mdm in client.get(f"/kitting/bench?kit={kit.id}", headers=heads).text
    page = client.get(f"/kitting/{kit.id}", headers=heads).text
    assert guided in page
    assert mdm in page
    steps = client.get(f"/api/v1/kits/{kit.id}/report", headers=heads).json()["kits"][0]["steps"]
    assert {step["ability"] for step in steps} == {guided, mdm}


def test_what_hands_do_is_never_called_automatic() -> None:
    for name in ("linux-workstation", "android-phone", "iphone"):
        spec = checked(recipes.written(name))
        for _, step in spec.all_steps:
            if step.kind in {"manual", "photo", "label", "handover", "artifact"}:
                assert spec.abilities[step.key] is not Ability.AUTOMATIC, (name, step.key)
    assert "automatic" in checked(recipes.written("linux-workstation")).abilities.values()


def test_codes_take_only_the_parameters_that_they_name() -> None:
    given = {"kind": "wifi", "takes": ["wifi_ssid"], "wifi_security": "open"}
    found = asked(given, {"wifi_ssid": "guest", "wifi_hidden": True})
    assert found is not None
    assert (found.kind, found.ssid, found.needs_password) == (CodeKind.WIFI, "guest", False)
    assert "wifi_hidden" not in found.values
    assert asked({"kind": "linux_script"}, {}) is None
