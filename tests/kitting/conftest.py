"""A bench for the room: short profiles of our own, and an app that serves its jobs."""

from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from kitto.assets import actions as assets
from kitto.base.work import Actor, Ledger
from tests.counterparts.pcs import BenchPc
from tests.make import KITTO
from tests.stage import played_by

HANDS = """
name: hands
title: { ja: 手作業だけ, en: Hands only }
platform: linux
parameters:
  type: object
  properties:
    colour: { type: string, enum: [red, blue], default: red }
steps:
  - key: unbox
    kind: manual
    title: { ja: 開梱, en: Unbox }
    checks:
      - { ja: 傷がない, en: No scratches }
      - { ja: 電源がある, en: Power adapter }
  - { key: label, kind: label, title: { ja: ラベル, en: Label } }
  - { key: report, kind: agent_wait, title: { ja: 報告, en: Report } }
  - { key: accept, kind: check, title: { ja: 検収, en: Acceptance } }
"""
SATO = {"Authorization": "Bearer sato"}


@pytest.fixture(autouse=True)
def own_profiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of recipes of this test's own."""
    folder = tmp_path / "recipes"
    (folder / "hands").mkdir(parents=True)
    (folder / "hands" / "profile.yml").write_text(HANDS, encoding="utf-8")
    monkeypatch.setenv("KITTO_PLAYBOOKS", str(folder))
    return folder


@pytest.fixture
def bench(own_profiles: Path, working_app: FastAPI, cast: dict[str, Actor]) -> Iterator[TestClient]:
    """A client of an app that serves its jobs too; speaks as sato."""
    played_by(working_app, cast)
    with TestClient(working_app, raise_server_exceptions=False, headers=SATO) as made:
        yield made


Await = Callable[..., dict[str, Any]]


@pytest.fixture
def kit_when(bench: TestClient) -> Await:
    """Wait until a kit looks as wanted; its jobs run beside the test."""

    def wait(kit_id: int, wanted: Callable[[dict[str, Any]], bool], seconds: int = 60) -> dict[str, Any]:
        end = monotonic() + seconds
        while True:
            kit: dict[str, Any] = bench.get(f"/api/v1/kits/{kit_id}").json()
            if wanted(kit):
                return kit
            assert monotonic() < end, f"kit stays {kit['state']}: {kit['steps']}"
            sleep(0.1)

    return wait


def step(kit: dict[str, Any], key: str) -> dict[str, Any]:
    found: dict[str, Any] = next(item for item in kit["steps"] if item["key"] == key)
    return found


def reach(ledger: Ledger, tag: str, device: BenchPc, key: str) -> None:
    """The ledger says how the device is reached, and which host key it has."""
    with ledger.begin(KITTO) as work:
        assets.set_endpoint(
            work,
            tag=tag,
            kind="ssh",
            address=device.address,
            port=device.port,
            account="kitto",
            host_key=key,
        )
