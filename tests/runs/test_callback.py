"""A play that was started anywhere reports itself: sent, or spooled and brought in; never a secret."""

import base64
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from kitto.base.work import Ledger
from tests.make import make_pc
from tests.runs.conftest import Ansible, mode, spools

CANARY = "wild-goose-7 鴨"
PLAY = """
- name: First
  hosts: all
  gather_facts: false
  tasks:
    - name: Nothing changes
      ansible.builtin.debug: {msg: hello 端末}
    - name: Something changes
      ansible.builtin.command: {cmd: echo done}
      loop: [one, two]
    - name: Kept quiet
      ansible.builtin.command: {cmd: "echo {{ lookup('env', 'CANARY') | quote }}"}
      no_log: true
    - name: A slip
      ansible.builtin.command: {argv: [echo, "{{ canary }}", "{{ canary | b64encode }}"]}
      vars: {canary: "{{ lookup('env', 'CANARY') }}"}
    - name: "Named after {{ lookup('env', 'CANARY') }}"
      ansible.builtin.fail: {msg: "{{ {'inner': lookup('env', 'CANARY')} | to_json }}"}
      ignore_errors: true
- name: Second
  hosts: all
  gather_facts: false
  tasks:
    - name: May fail
      ansible.builtin.fail: {msg: not today}
      when: fails is defined
"""


@pytest.fixture
def tag(ledger: Ledger) -> str:
    return make_pc(ledger).name


@pytest.fixture
def play(home: Path, ansible: Ansible, tag: str) -> Iterator[Any]:
    """Runs the play above on two hosts of this very machine; one is a device of the ledger."""
    (home / "site.yml").write_text(PLAY, encoding="utf-8")
    hosts = {tag: {"kitto_tag": tag}, "elsewhere": {}}
    (home / "hosts.json").write_text(
        json.dumps({"all": {"hosts": hosts, "vars": {"ansible_connection": "local"}}}), encoding="utf-8"
    )

    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        given = {"CANARY": CANARY, "KITTO_MASK": "CANARY"} | environment
        return ansible("ansible-playbook", "-i", "hosts.json", "site.yml", *arguments, **given)

    return run


@pytest.fixture
def http(site: str, token: str) -> Iterator[httpx2.Client]:
    """The same Kitto, asked with the same token."""
    with httpx2.Client(base_url=site, headers={"Authorization": f"Bearer {token}"}, timeout=30) as made:
        yield made


@pytest.fixture
def api(http: httpx2.Client) -> Any:
    return lambda path: http.get(f"/api/v1/runs{path}").json()


def counted(api: Any) -> tuple[dict[str, Any], dict[str, tuple[int, ...]]]:
    (run,) = api("")["items"]
    names = ("ok", "changed", "failed", "unreachable", "skipped")
    devices = api(f"/{run['id']}")["devices"]
    return run, {device["host"]: tuple(device[name] for name in names) for device in devices}


def leaks(text: str) -> list[str]:
    forms = (CANARY, json.dumps(CANARY)[1:-1], base64.b64encode(CANARY.encode()).decode().rstrip("="))
    return [form for form in forms if form in text]


def test_a_play_is_reported_with_every_result(play: Any, api: Any, tag: str, home: Path) -> None:
    told = play()
    assert told.returncode == 0, told.stderr
    assert "is reported with" in told.stdout
    run, counts = counted(api)
    assert (run["state"], run["play"]) == ("succeeded", "site.yml")
    assert counts == {tag: (2, 3, 0, 0, 1), "elsewhere": (2, 3, 0, 0, 1)}
    events = api(f"/{run['id']}/events?limit=5000")
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert "hello 端末" in json.dumps(events, ensure_ascii=False)
    assert spools(home) == []


def test_no_secret_is_reported_or_written(play: Any, api: Any, home: Path) -> None:
    play(KITTO_URL="http://127.0.0.1:9", KITTO_FLUSH="1")
    (spool,) = spools(home)
    kept = spool.read_text("utf-8")
    assert "hidden (no_log)" in kept
    assert "***" in kept
    assert leaks(kept) == []
    assert mode(spool) == 0o600
    assert mode(spool.parent) == 0o700
    play()
    run, _ = counted(api)
    assert leaks(json.dumps(api(f"/{run['id']}/events?limit=5000"), ensure_ascii=False)) == []


def test_a_failed_play_is_reported_as_one(play: Any, api: Any, tag: str) -> None:
    assert play("-e", "fails=yes", "--limit", tag).returncode == 2
    run, counts = counted(api)
    assert (run["state"], counts) == ("failed", {tag: (2, 3, 1, 0, 0)})
    (event,) = api(f"/{run['id']}/events?trouble=true")[1:]
    assert event["text"] == "not today"


def test_without_a_kitto_the_play_goes_on_and_its_spool_is_brought_in_once(
    play: Any, api: Any, tag: str, home: Path, http: httpx2.Client
) -> None:
    told = play(KITTO_URL="http://127.0.0.1:9", KITTO_FLUSH="1")
    assert told.returncode == 0
    assert "The play goes on" in told.stderr
    assert "kitto run import" in told.stdout
    assert api("")["items"] == []
    (spool,) = spools(home)
    for _ in range(2):
        answer = http.post("/api/v1/runs/import", content=spool.read_bytes())
        assert answer.status_code == 201, answer.text
        run, counts = counted(api)
        assert (run["state"], run["imported"]) == ("succeeded", True)
        assert counts == {tag: (2, 3, 0, 0, 1), "elsewhere": (2, 3, 0, 0, 1)}


def test_a_kitto_that_refuses_the_token_does_not_break_the_play(play: Any, api: Any, home: Path) -> None:
    told = play(KITTO_TOKEN="kitto_wrong_token")
    assert told.returncode == 0
    assert "unknown, expired or revoked" in told.stderr
    assert len(spools(home)) == 1


@pytest.mark.parametrize(
    "environment", [{"KITTO_URL": "http://127.0.0.1:9"}, {"KITTO_TOKEN": "kitto_wrong_token"}]
)
def test_a_strict_play_that_cannot_report_does_not_begin(play: Any, environment: dict[str, str]) -> None:
    told = play(KITTO_STRICT="true", **environment)
    assert told.returncode != 0
    assert "hello" not in told.stdout
    assert "Kitto:" in told.stderr


def test_ci_systems_say_where_they_are(play: Any, api: Any) -> None:
    play(
        GITHUB_ACTIONS="true",
        GITHUB_REPOSITORY="example/pcs",
        GITHUB_REF="refs/heads/main",
        GITHUB_SHA="a" * 40,
        GITHUB_WORKFLOW="kit",
        GITHUB_ACTOR="sato",
        GITHUB_SERVER_URL="https://github.example",
        GITHUB_RUN_ID="4711",
    )
    run, _ = counted(api)
    assert run["source"]["system"] == "GitHub"
    assert run["source"]["link"] == "https://github.example/example/pcs/actions/runs/4711"


def damaged(lines: list[bytes], how: str) -> tuple[bytes, int]:
    middle = len(lines) // 2
    if how == "torn":
        return b"\n".join([*lines[:middle], lines[middle][:20]]), middle + 1
    if how == "missing":
        return b"\n".join(lines[:middle] + lines[middle + 1 :]), middle + 1
    if how == "swapped":
        return b"\n".join(
            [*lines[:middle], lines[middle + 1], lines[middle], *lines[middle + 2 :]]
        ), middle + 1
    if how == "headless":
        return b"\n".join(lines[1:]), 1
    return b"", 1


@pytest.mark.parametrize("how", ["torn", "missing", "swapped", "headless", "empty"])
def test_a_damaged_spool_is_refused_with_its_line_and_nothing_is_imported(
    http: httpx2.Client, api: Any, how: str
) -> None:
    at = "2026-11-25T09:00:00+09:00"
    lines = [
        json.dumps({"run": {"id": "01KAYQ3W5X8ZJ6N0V4T2M9B7RC", "started_at": at, "play": "p"}}).encode()
    ]
    lines += [
        json.dumps({"seq": seq, "at": at, "kind": "task", "task": "t"}).encode() for seq in range(1, 10)
    ]
    body, line = damaged(lines, how)
    answer = http.post("/api/v1/runs/import", content=body, headers={"Accept-Language": "en"})
    assert (answer.status_code, answer.json()["code"]) == (422, "runs.spool_unreadable")
    assert f"line {line} of the spool" in answer.json()["detail"]
    assert api("")["items"] == []
