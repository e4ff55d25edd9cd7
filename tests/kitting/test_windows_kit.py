"""A Windows PC through the whole service: ordered, kitted over WinRM, reported; its recovery key is kept."""

import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from starlette.testclient import TestClient

from kitto.base import journal
from kitto.base import settings as settings_module
from kitto.base.settings import Settings
from kitto.base.work import Ledger
from kitto.identity.rules import Permission
from kitto.kitting.jobs.plays import ansible
from tests.counterparts.windows.machine import Update
from tests.counterparts.windows.pc import WindowsPc, windows_pc
from tests.kitting.adapters.stage import PLAYBOOKS
from tests.kitting.adapters.test_windows_workstation import MSI, OFFICE
from tests.kitting.conftest import step
from tests.make import KITTO, make_pc
from tests.prepare import missing_collections

SUZUKI = {"Authorization": "Bearer suzuki"}
ORDERED = {name: value for name, value in OFFICE.items() if name not in ("kitto_tag", "kitto_serial")}
SECONDS = 600  # two cores, shared by many


class Door(ThreadingHTTPServer):
    """Where the PC's agent knocks: hands what it says to the service, once that is there."""

    daemon_threads = True
    service: TestClient


class _Guest(BaseHTTPRequestHandler):
    server: Door

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        names = ("Authorization", "Content-Type")
        told = {name: self.headers[name] for name in names if name in self.headers}
        # The agent signs as itself; the client of this test is sato.
        headers = {"Authorization": "", **told}
        answer = self.server.service.post(self.path, content=body, headers=headers)
        self.send_response(answer.status_code)
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@pytest.fixture
def door() -> Iterator[Door]:
    with Door(("127.0.0.1", 0), _Guest) as made:
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield made
        made.shutdown()


@pytest.fixture(autouse=True)
def loaded(own_settings: Settings, door: Door, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nine plays in a row: Ansible stays loaded between them, and is let go at the end."""
    monkeypatch.setenv("KITTO_ANSIBLE_WARM_MINUTES", "2")
    monkeypatch.setenv("KITTO_BASE_URL", f"http://127.0.0.1:{door.server_address[1]}")
    settings_module.settings.cache_clear()
    yield
    ansible().rest()


@pytest.fixture
def pc() -> Iterator[WindowsPc]:
    with windows_pc() as switched_on:
        switched_on.windows.on_the_net[MSI] = b"msi"
        switched_on.windows.updates = [Update("KB5068861", "2025-11 x64 ベース システム用累積更新プログラム")]
        yield switched_on


@pytest.fixture
def tag(own_profiles: Path, ledger: Ledger, pc: WindowsPc, bench: TestClient, door: Door) -> str:
    """The PC's tag in the ledger, which knows how it is reached and has the recipe."""
    if lacking := missing_collections():
        pytest.skip(lacking)
    door.service = bench
    shutil.copytree(PLAYBOOKS / "windows-workstation", own_profiles / "windows-workstation")
    tag = str(make_pc(ledger, serial=pc.windows.serial).tag)
    answer = bench.put(
        f"/api/v1/assets/{tag}/endpoints/winrm",
        json={
            "address": pc.address,
            "port": pc.port,
            "account": pc.user,
            "password": pc.password,
            "host_key": pc.certificate,
            "way": "psrp",
        },
        headers=SUZUKI | {"If-Match": "*"},
    )
    assert answer.status_code == 200, answer.text
    return tag


def wait(bench: TestClient, kit: int, wanted: Any) -> dict[str, Any]:
    end = monotonic() + SECONDS
    while True:
        found: dict[str, Any] = bench.get(f"/api/v1/kits/{kit}").json()
        if wanted(found):
            return found
        assert found["state"] != "failed", found["reason"]
        assert monotonic() < end, f"it stays {found['state']}: {found['reason']}"
        sleep(0.2)


def ordered(bench: TestClient, tag: str) -> tuple[int, int]:
    """An order that suzuki approved, and the kit of the device that was scanned into it."""
    asked = bench.post(
        "/api/v1/kit-orders",
        json={
            "profile": "windows-workstation",
            "quantity": 1,
            "parameters": ORDERED,
            "needs_approval": True,
        },
    )
    assert asked.status_code == 201, asked.text
    address = f"/api/v1/kit-orders/{asked.json()['id']}"
    approved = bench.post(f"{address}/approve", headers=SUZUKI | {"If-Match": asked.headers["ETag"]})
    assert approved.json()["state"] == "approved", approved.text
    kit = bench.post(f"{address}/devices", json={"tag": tag})
    assert kit.status_code == 201, kit.text
    return asked.json()["id"], kit.json()["id"]


@pytest.mark.timeout(SECONDS + 120)
def test_a_windows_pc_is_kitted_from_its_order_to_its_report(
    bench: TestClient, ledger: Ledger, pc: WindowsPc, tag: str
) -> None:
    order, kit = ordered(bench, tag)
    address = f"/api/v1/kits/{kit}"
    wait(bench, kit, lambda found: step(found, "unbox")["state"] == "waiting")
    bench.post(f"{address}/steps/unbox/confirm", json={"ticked": [0, 1, 2]})
    wait(bench, kit, lambda found: step(found, "label")["state"] == "waiting")
    bench.post(f"{address}/steps/label/scan", json={"scanned": tag})
    done = wait(bench, kit, lambda found: found["state"] == "ready")

    assert {one["state"] for one in done["steps"]} == {"succeeded"}
    assert [one["attempt"] for one in done["steps"] if one["kind"] == "playbook"] == [1] * 9
    windows = pc.windows
    assert (windows.name, windows.ui_language, windows.volume.protected) == (tag, "ja-JP", True)

    shown = {
        name: bench.post(f"/api/v1/assets/{tag}/secrets/{name}/show", headers=SUZUKI)
        for name in ("bitlocker_recovery", "local_password_tanaka", "local_password_suzuki")
    }
    values = {name: answer.json()["value"] for name, answer in shown.items()}
    assert [values["bitlocker_recovery"]] == list(windows.volume.recovery.values())
    assert values["local_password_tanaka"] == windows.accounts["tanaka"].password
    again = bench.post(f"/api/v1/assets/{tag}/secrets/bitlocker_recovery/show", headers=SUZUKI)
    assert again.json()["code"] == "kitting.secret_gone"

    observed = bench.get(f"/api/v1/checkins/devices/{tag}", headers=SUZUKI)
    assert (observed.status_code, pc.windows.serial in observed.text) == (200, True), observed.text

    report = bench.get(f"{address}/report").json()["kits"][0]
    assert (report["holds"], report["deviations"]) == (True, [])
    assert bench.get(f"{address}/report.pdf").status_code == 200
    assert bench.get(f"/api/v1/kit-orders/{order}").json()["kits"] == {"ready": 1}
    log = bench.get(f"{address}/log", params={"limit": 5000}).text
    for secret in (*values.values(), pc.password):
        assert secret not in log + str(report) + str(done)
    with ledger.read(KITTO) as work:
        work.allow(Permission.SEE)
        assert journal.verify(work.session).verified
