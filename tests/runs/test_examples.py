"""The examples for CI: readable, true to the program, and one of them run for real on a bench PC."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx2
import pytest
import yaml
from typer.main import get_command

from kitto.assets import actions as assets
from kitto.base import clock
from kitto.base.work import Ledger
from kitto.cli.root import app as program
from kitto.identity import actions as identity
from kitto.identity.doors import person_actor
from kitto.identity.models import Account
from kitto.identity.rules.trust import TrustWish
from tests.counterparts import issuer as counterpart
from tests.counterparts.issuer import Issuer
from tests.counterparts.keys import new_key_pair
from tests.counterparts.pcs import bench_pc
from tests.make import KITTO, make_pc
from tests.runs.conftest import ROOT

EXAMPLES = ROOT / "docs" / "examples"
CANARY = "office wifi key 0042"


def test_every_yaml_example_can_be_read() -> None:
    found = {path.name: yaml.safe_load(path.read_text("utf-8")) for path in EXAMPLES.glob("*.yml")}
    assert set(found) == {"github.yml", "gitlab-ci.yml", "stock.kitto.yml", "site.yml"}
    assert found["github.yml"]["permissions"]["id-token"] == "write"
    assert found["gitlab-ci.yml"]["kit"]["id_tokens"]["KITTO_ID_TOKEN"]["aud"].startswith("https://")


def said_to_kitto(text: str) -> Iterator[list[str]]:
    for line in re.findall(r"\bkitto (?:kit|token|run) [^|&\n)#`]*", text):
        yield shlex.split(line.replace("$TAGS", "PC-1").rstrip('"`'))


@pytest.mark.parametrize(
    "path", [*sorted(EXAMPLES.iterdir()), ROOT / "docs" / "ci.md"], ids=lambda path: path.name
)
def test_every_command_and_flag_of_the_examples_exists(path: Path) -> None:
    for _, noun, verb, *rest in said_to_kitto(path.read_text("utf-8")):
        command: Any = get_command(program)
        for name in (noun, verb):
            assert name in command.commands, f"{path.name}: kitto {noun} {verb}"
            command = command.commands[name]
        known = {flag for option in command.params for flag in (*option.opts, *option.secondary_opts)}
        assert [word for word in rest if word.startswith("--") and word not in known] == []


@pytest.fixture
def github(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Issuer]:
    """GitHub, as a job and Kitto meet it: it gives id-tokens to the job and keys to Kitto."""
    with counterpart.running(tmp_path) as (made, authority):
        monkeypatch.setenv("KITTO_ISSUER_CA", str(authority))
        now = int(clock.now().timestamp())
        made.job = lambda audience: {
            "iss": made.url,
            "aud": audience,
            "sub": "repo:example/pcs:environment:kitting",
            "repository_id": "4711",
            "ref": "refs/heads/main",
            "environment": "kitting",
            "jti": "job-1",
            "iat": now,
            "nbf": now,
            "exp": now + 600,
        }
        yield made


@pytest.fixture
def home() -> Iterator[str]:
    """The home of a runner: short, since ssh puts sockets below it and a socket's path may have 108 bytes."""
    with TemporaryDirectory(prefix="runner-", dir="/tmp") as folder:
        yield folder


def runner(tmp_path: Path, github: Issuer, site: str, home: str) -> dict[str, str]:
    """The environment of a runner that has checked this repository out and installed Kitto."""
    folder = tmp_path / "bin"
    folder.mkdir()
    call = "import sys; sys.argv[0] = 'kitto'; from kitto.cli import main; sys.exit(main())"
    shim = folder / "kitto"
    shim.write_text(f'#!/bin/sh\nPYTHONPATH="{":".join(sys.path)}" exec {sys.executable} -c "{call}" "$@"\n')
    shim.chmod(0o755)
    return {
        "PATH": f"{folder}:{Path(sys.executable).parent}:/usr/bin:/bin",
        "HOME": home,
        "LC_ALL": "C.UTF-8",
        "KITTO_DATA": str(tmp_path / "no-database"),
        "KITTO_CA": str(tmp_path / "authority.pem"),
        "GITHUB_ACTIONS": "true",
        "GITHUB_REPOSITORY": "example/pcs",
        "GITHUB_ENV": str(tmp_path / "github.env"),
        "ACTIONS_ID_TOKEN_REQUEST_URL": f"{github.url}/request?api-version=2",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "runner-secret",
    }


def work_tree(tmp_path: Path) -> Path:
    tree = tmp_path / "checkout"
    (tree / "docs").mkdir(parents=True)
    for name in ("inventories", "docs/examples"):
        subprocess.run(["cp", "-r", str(ROOT / name), str(tree / name)], check=True)
    return tree


def run_workflow(environment: dict[str, str], tree: Path, given: dict[str, str]) -> list[str]:
    """The `run` lines of the GitHub example, each by bash as a runner does; returns what they printed."""
    workflow = yaml.safe_load((EXAMPLES / "github.yml").read_text("utf-8"))
    job = workflow["jobs"]["configure"]
    said = []
    for step in job["steps"]:
        if "run" not in step or step["name"] == "Install":  # it is installed here
            continue
        handed = Path(environment["GITHUB_ENV"])
        passed = (
            dict(line.split("=", 1) for line in handed.read_text().splitlines()) if handed.exists() else {}
        )
        own = {name: given[name] for name in step.get("env", {})}
        told = subprocess.run(
            ["bash", "-eo", "pipefail", "-c", step["run"]],
            env=environment | workflow["env"] | {"KITTO_URL": given["KITTO_URL"]} | passed | own,
            cwd=tree,
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
        )
        assert told.returncode == 0, f"{step['name']}: {told.stdout}{told.stderr}"
        said.append(told.stdout + told.stderr)
    return said


@pytest.mark.bench_pc
@pytest.mark.timeout(600)
def test_the_github_example_configures_a_bench_pc_and_reports_it(
    github: Issuer, site: str, token: str, maker: Account, ledger: Ledger, tmp_path: Path, home: str
) -> None:
    with ledger.begin(person_actor(maker)) as work:
        pins = {"repository_id": ["4711"], "ref": ["refs/heads/main"], "environment": ["kitting"]}
        identity.trust_ci(work, TrustWish("GitHub", github.url, site, pins, ["see", "kit"]))
    pair = new_key_pair()
    key = tmp_path / "key"
    key.write_text(pair.private)
    key.chmod(0o600)
    pc = make_pc(ledger)
    with bench_pc("8XK2QZ3", authorized_key=pair.public) as machine:
        with ledger.begin(KITTO) as work:
            assets.set_endpoint(
                work,
                tag=pc.name,
                kind="ssh",
                address=machine.address,
                port=machine.port,
                account=machine.user,
                host_key=machine.host_key,
            )
        environment = runner(tmp_path, github, site, home)
        given = {"KITTO_URL": site, "WIFI_KEY": CANARY, "SSH_KEY_FILE": str(key)}
        said = run_workflow(environment, work_tree(tmp_path), given)
        assert machine.run("cat /etc/motd").stdout == f"{pc.name}\n"
        assert machine.run("cat /etc/office-wifi").stdout == f"{CANARY}\n"
    assert "::add-mask::kitto_" in said[0]
    assert "is reported with" in said[1]
    with httpx2.Client(base_url=site, headers={"Authorization": f"Bearer {token}"}, timeout=30) as client:
        (run,) = client.get("/api/v1/runs").json()["items"]
        assert (run["state"], run["source"]["system"]) == ("succeeded", "GitHub")
        assert run["reported_by"].startswith("GitHub: repo:example/pcs")
        (device,) = client.get(f"/api/v1/runs/{run['id']}").json()["devices"]
        assert (device["tag"], device["outcome"]) == (pc.name, "changed")
        assert CANARY not in client.get(f"/api/v1/runs/{run['id']}/events?limit=5000").text
