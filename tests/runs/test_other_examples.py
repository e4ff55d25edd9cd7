"""The examples for GitLab and Jenkins: their shell lines, run as their runners would."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from time import monotonic, sleep
from typing import Any

import httpx2
import pytest
import yaml
from fastapi import FastAPI

from kitto.base import clock
from kitto.base.work import Ledger
from kitto.identity import actions as identity
from kitto.identity.doors import person_actor
from kitto.identity.models import Account
from kitto.identity.rules.trust import TrustWish
from tests.browser.judge import served
from tests.counterparts import issuer as counterpart
from tests.counterparts.issuer import Issuer
from tests.make import make_pc
from tests.runs.test_examples import EXAMPLES, runner

PROFILE = """
name: linux-workstation
title: { ja: 手作業, en: By hand }
platform: linux
steps: [{ key: look, kind: manual, title: { ja: 一, en: Look } }]
"""
GITLAB = {"project_path": "office/pcs", "ref": "main", "ref_type": "branch", "ref_protected": "true"}
JENKINS = {"sub": "https://jenkins.example.jp/job/kitting/"}


@pytest.fixture
def own_profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A profile of the examples' name that only needs hands."""
    folder = tmp_path / "recipes" / "linux-workstation"
    folder.mkdir(parents=True)
    (folder / "profile.yml").write_text(PROFILE, encoding="utf-8")
    monkeypatch.setenv("KITTO_PLAYBOOKS", str(folder.parent))


@pytest.fixture
def site(own_profile: None, working_app: FastAPI) -> Iterator[str]:
    """A live Kitto that serves its jobs too."""
    with served(working_app) as address:
        yield address


@pytest.fixture
def issuer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Issuer]:
    with counterpart.running(tmp_path) as (made, authority):
        monkeypatch.setenv("KITTO_ISSUER_CA", str(authority))
        yield made


def job(issuer: Issuer, site: str, tmp_path: Path, claims: dict[str, str], tag: str) -> dict[str, str]:
    """The environment of a job: its id-token, and nothing of GitHub's."""
    now = int(clock.now().timestamp())
    times = {"iat": now, "nbf": now, "exp": now + 600, "jti": f"job-{tag}"}
    token = issuer.sign({"iss": issuer.url, "aud": site, "sub": "a job", **claims, **times})
    own = runner(tmp_path, issuer, site, str(tmp_path))
    plain = {name: value for name, value in own.items() if not name.startswith(("GITHUB", "ACTIONS"))}
    return plain | {"KITTO_URL": site, "KITTO_ID_TOKEN": token, "TAGS": tag}


def trusted(
    ledger: Ledger, maker: Account, issuer: Issuer, site: str, name: str, claims: dict[str, str]
) -> None:
    with ledger.begin(person_actor(maker)) as work:
        pins = {key: [value] for key, value in claims.items()}
        identity.trust_ci(work, TrustWish(name, issuer.url, site, pins, ["see", "kit"]))


def by_shell(script: str, environment: dict[str, str], folder: Path, *shell: str) -> Any:
    return subprocess.run(
        [*shell, script],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


def test_the_gitlab_example_starts_a_kit_and_ends_with_a_code_that_the_pipeline_allows(
    issuer: Issuer, site: str, maker: Account, ledger: Ledger, tmp_path: Path
) -> None:
    written = yaml.safe_load((EXAMPLES / "gitlab-ci.yml").read_text("utf-8"))["kit"]
    trusted(ledger, maker, issuer, site, "GitLab", GITLAB)
    environment = job(issuer, site, tmp_path, GITLAB, make_pc(ledger).name)
    lines = [line for line in written["script"] if not line.startswith("pip ")]  # it is installed here
    assert len(lines) == 3
    told = by_shell("\n".join(lines), environment, tmp_path, "bash", "-eo", "pipefail", "-c")
    assert told.returncode == 3, told.stdout + told.stderr
    assert told.returncode in written["allow_failure"]["exit_codes"]
    assert (tmp_path / written["artifacts"]["reports"]["junit"]).read_text("utf-8").startswith("<?xml")
    assert "kitto_" not in told.stdout + told.stderr


def test_the_jenkins_example_waits_for_the_hands_and_ends_well(
    issuer: Issuer, site: str, token: str, maker: Account, ledger: Ledger, tmp_path: Path
) -> None:
    written = (EXAMPLES / "Jenkinsfile").read_text("utf-8")
    script = re.search(r"sh '''\n(.*?)'''", written, re.DOTALL)
    assert script is not None
    trusted(ledger, maker, issuer, site, "Jenkins", JENKINS)
    environment = job(issuer, site, tmp_path, JENKINS, make_pc(ledger).name)

    def hands() -> None:
        with httpx2.Client(base_url=site, headers={"Authorization": f"Bearer {token}"}, timeout=30) as client:
            until = monotonic() + 120
            while monotonic() < until:
                for kit in client.get("/api/v1/kits").json()["items"]:
                    if kit["state"] == "waiting":
                        client.post(f"/api/v1/kits/{kit['id']}/steps/look/confirm", json={})
                        return
                sleep(0.3)

    beside = Thread(target=hands)
    beside.start()
    told = by_shell(script[1], environment, tmp_path, "sh", "-xec")
    beside.join()
    assert told.returncode == 0, told.stdout + told.stderr
    assert "ready" in told.stdout
    assert (tmp_path / "kits.xml").exists()
    assert environment["KITTO_ID_TOKEN"] not in told.stdout + told.stderr
