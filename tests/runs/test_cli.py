"""`kitto` against a Kitto elsewhere: what it starts, how it ends, and what CI systems read of it."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from xml.etree.ElementTree import parse

import httpx2
import pytest
from fastapi import FastAPI
from typer.testing import CliRunner

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
