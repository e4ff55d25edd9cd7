"""`kitto` against a Kitto elsewhere: what it starts, how it ends, and what CI systems read of it."""

import json
import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from xml.etree.ElementTree import parse

import httpx2
import pytest
from fastapi import FastAPI
from typer.testing import CliRunner

from kitto.assets import actions as assets
from kitto.assets import queries as asset_queries
from kitto.base import settings as settings_module
from kitto.base.work import Ledger
from kitto.cli.root import app
from kitto.kitting import actions as kitting
from kitto.kitting.rules.locks import LockHolder
from tests.browser.judge import served
from tests.make import KITTO, make_pc

PROFILE = """
name: ci
title: { ja: 手作業, en: By hand }
platform: linux
steps:
  - key: look
    kind: manual
    title: { ja: 目視 | 確認, en: "Look | check" }
    checks: [{ ja: 傷がない, en: No scratches }]
"""
Kitto = Callable[..., Any]


@pytest.fixture
def site(own_profile: None, working_app: FastAPI) -> Iterator[str]:
    """A live Kitto that serves its jobs too."""
    with served(working_app) as address:
        yield address


@pytest.fixture
def own_profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "recipes" / "ci"
    folder.mkdir(parents=True)
    (folder / "profile.yml").write_text(PROFILE, encoding="utf-8")
    monkeypatch.setenv("KITTO_PLAYBOOKS", str(folder.parent))


@pytest.fixture
def kitto(site: str, token: str, tmp_path: Path) -> Kitto:
    """Calls the program as a CI job does: with an address and a token in its environment."""

    def run(*arguments: str, **environment: str) -> Any:
        given = {"KITTO_URL": site, "KITTO_TOKEN": token, "GITHUB_ACTIONS": "", "GITHUB_STEP_SUMMARY": ""}
        return CliRunner().invoke(app, list(arguments), env=given | environment)

    return run


@pytest.fixture
def http(site: str, token: str) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=site, headers={"Authorization": f"Bearer {token}"}, timeout=30) as made:
        yield made


def said(told: Any) -> Any:
    """What the program printed; the live service logs into the same stream here."""
    lines = (line for line in told.stdout.splitlines() if not re.match(r"\d{4}-\d\d-\d\d ", line))
    return json.loads("\n".join(lines))


def when(http: httpx2.Client, kit: int, state: str) -> dict[str, Any]:
    until = monotonic() + 60
    while True:
        found: dict[str, Any] = http.get(f"/api/v1/kits/{kit}").json()
        if found["state"] == state:
            return found
        assert monotonic() < until, found
        sleep(0.2)


def test_from_plan_to_report(kitto: Kitto, http: httpx2.Client, ledger: Ledger, tmp_path: Path) -> None:
    tag = make_pc(ledger).name
    planned = kitto("kit", "plan", tag, "--profile", "ci", "--json")
    assert planned.exit_code == 0, planned.stderr
    assert said(planned)[0] | {"would_do": None} == {
        "tag": tag,
        "state": "in_stock",
        "carries": "",
        "would_do": None,
        "drift": "",
        "held_by": "",
    }
    applied = kitto("kit", "apply", tag, "--profile", "ci", "--stop-when-waiting", "--timeout", "2", "--json")
    assert applied.exit_code == 3, applied.stderr
    kit = said(applied)[0]["id"]
    assert kitto("kit", "plan", tag, "--profile", "ci").exit_code == 3
    assert kitto("kit", "apply", tag, "--profile", "ci").exit_code == 1
    http.post(f"/api/v1/kits/{kit}/steps/look/skip", json={"reason": "looked at before"})
    when(http, kit, "ready")
    xml, summary = tmp_path / "kits.xml", tmp_path / "summary.md"
    waited = kitto("kit", "wait", str(kit), "--junit", str(xml), GITHUB_STEP_SUMMARY=str(summary))
    assert waited.exit_code == 0, waited.stdout + waited.stderr
    suite = parse(xml).getroot()[0]
    assert (suite.get("name"), suite.get("tests")) == (tag, str(len(suite)))
    assert str(suite[0].findtext("system-out")).endswith(f"/kitting/{kit}")
    assert f"| {tag} | ci v1 | ✅ ready |" in summary.read_text("utf-8")


def test_a_kit_that_was_cancelled_has_failed_and_is_annotated_nowhere(
    kitto: Kitto, http: httpx2.Client, ledger: Ledger
) -> None:
    tag = make_pc(ledger).name
    started = kitto("kit", "apply", tag, "--profile", "ci", "--no-wait", "--json")
    assert started.exit_code == 0, started.stderr
    kit = said(started)[0]["id"]
    when(http, kit, "waiting")
    http.post(f"/api/v1/kits/{kit}/cancel", json={"reason": "not today"})
    when(http, kit, "cancelled")
    told = kitto("kit", "report", str(kit), GITHUB_ACTIONS="true")
    assert told.exit_code == 2
    assert "::error" not in told.stdout
    assert kitto("kit", "retry", str(kit)).exit_code == 1


def test_a_device_that_a_run_holds_is_named_by_the_plan(kitto: Kitto, ledger: Ledger) -> None:
    pc = make_pc(ledger)
    with ledger.begin(KITTO) as work:
        kitting.take_lock(work, asset_id=pc.id, holder=LockHolder.CI, holder_id="x", says="GitHub: site.yml")
    told = kitto("kit", "plan", pc.name, "--profile", "ci")
    assert told.exit_code == 3
    assert "GitHub: site.yml" in told.stdout


@pytest.mark.parametrize(
    ("arguments", "environment", "code", "says"),
    [
        (("wait", "1"), {"KITTO_TOKEN": "kitto_wrong_token"}, 7, "identity.token_refused"),
        (("wait", "1"), {"KITTO_URL": "kitto.example.jp"}, 1, "no_url"),
        (("wait", "999"), {}, 1, "not_found"),
        (("wait", "x"), {}, 1, ""),
        (("apply", "PC-1"), {}, 1, "--profile"),
        (("apply", "PC-1", "--profile", "ci", "--parameters", "[]"), {}, 1, "parameters"),
        (("plan", "PC-1", "--profile", "nobody"), {}, 1, "there are: ci"),
    ],
)
def test_what_goes_wrong_ends_with_its_code(
    kitto: Kitto, arguments: tuple[str, ...], environment: dict[str, str], code: int, says: str
) -> None:
    told = kitto("kit", *arguments, **environment)
    assert (told.exit_code, says in told.stderr) == (code, True), told.stderr
    assert "Traceback" not in told.stderr


def test_a_spool_is_brought_in_from_the_command_line(kitto: Kitto, tmp_path: Path) -> None:
    at = "2026-11-25T09:00:00+09:00"
    head = {"run": {"id": "01KAYQ3W5X8ZJ6N0V4T2M9B7RC", "started_at": at, "play": "site.yml"}}
    lines = [
        head,
        {"seq": 1, "at": at, "kind": "task", "task": "t"},
        {"end": {"at": at, "hosts": {"a": "ok"}}},
    ]
    spool = tmp_path / "spool.jsonl"
    spool.write_text("".join(json.dumps(line) + "\n" for line in lines))
    for _ in range(2):
        told = kitto("run", "import", str(spool), "--json")
        assert (told.exit_code, said(told)["events"]) == (0, 1), told.stderr
    spool.write_text(spool.read_text().replace('"seq": 1', '"seq": 2'))
    told = kitto("run", "import", str(spool))
    assert told.exit_code == 1
    assert "line 2 of the spool" in told.stderr


def profile(folder: Path, name: str, steps: str, more: str = "") -> None:
    """One more profile beside `ci`."""
    made = folder / "recipes" / name
    made.mkdir()
    head = f"name: {name}\ntitle: {{ ja: 一, en: One }}\nplatform: linux\n"
    (made / "profile.yml").write_text(f"{head}{more}steps:\n{steps}", encoding="utf-8")


def test_a_kit_that_only_waits_for_an_approval_ends_with_5(
    kitto: Kitto, http: httpx2.Client, ledger: Ledger, tmp_path: Path
) -> None:
    profile(
        tmp_path,
        "seen",
        "  - { key: look, kind: manual, title: { ja: 一, en: Look } }\n",
        "second_person: true\n",
    )
    started = kitto("kit", "apply", make_pc(ledger).name, "--profile", "seen", "--no-wait", "--json")
    kit = said(started)[0]["id"]
    when(http, kit, "waiting")
    http.post(f"/api/v1/kits/{kit}/steps/look/skip", json={"reason": "looked at before"})
    when(http, kit, "verifying")
    told = kitto("kit", "wait", str(kit), "--timeout", "0.01")
    assert (told.exit_code, "approval" in told.stdout) == (5, True), told.stdout
    assert kitto("kit", "report", str(kit)).exit_code == 5


def test_a_kit_that_still_runs_when_the_patience_ends_ends_with_6(
    kitto: Kitto, http: httpx2.Client, ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KITTO_WEBHOOK_HOSTS", "127.0.0.1")
    settings_module.settings.cache_clear()
    # Another system that takes the call and says nothing: the step runs until its own patience ends.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        profile(
            tmp_path,
            "slow",
            f"  - {{ key: tell, kind: webhook, title: {{ ja: 一, en: Tell }}, with: {{ url: '{url}' }} }}\n",
        )
        started = kitto("kit", "apply", make_pc(ledger).name, "--profile", "slow", "--no-wait", "--json")
        kit = said(started)[0]["id"]
        when(http, kit, "running")
        assert kitto("kit", "wait", str(kit), "--timeout", "0.01").exit_code == 6
        when(http, kit, "failed")
    assert kitto("kit", "wait", str(kit)).exit_code == 2


def test_a_device_that_differs_from_what_it_carries_ends_with_4(
    kitto: Kitto, http: httpx2.Client, ledger: Ledger, tmp_path: Path
) -> None:
    wants = "{ facts: { type: object, properties: { disk: { const: encrypted } } } }"
    profile(
        tmp_path,
        "kept",
        f"  - {{ key: check, kind: check, title: {{ ja: 一, en: Check }}, with: {wants} }}\n",
    )
    pc = make_pc(ledger)
    started = kitto("kit", "apply", pc.name, "--profile", "kept", "--no-wait", "--json")
    kit = said(started)[0]["id"]

    def reports(disk: str) -> None:
        with ledger.begin(KITTO) as work:
            work.allow("observe")
            seen = asset_queries.by_id(work, pc.id)
            assets.observe(work, asset=seen, source="agent", serial=str(pc.serial), data={"disk": disk})

    when(http, kit, "waiting")
    reports("encrypted")
    when(http, kit, "ready")
    assert kitto("kit", "plan", pc.name, "--profile", "kept").exit_code == 0
    reports("plain")
    assert http.post(f"/api/v1/kits/{kit}/comparison").status_code == 202
    until = monotonic() + 60
    while not http.get(f"/api/v1/assets/{pc.name}/drift").json():
        assert monotonic() < until
        sleep(0.2)
    told = kitto("kit", "plan", pc.name, "--profile", "kept")
    assert (told.exit_code, "differs" in told.stdout) == (4, True), told.stdout
