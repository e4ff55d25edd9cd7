"""The agent as it is shipped, and a real service for it to talk to."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from kitto.base.work import Ledger
from kitto.checkins import actions
from kitto_agent.build import build
from tests.checkins.serving import serving
from tests.make import KITTO

Outcome = subprocess.CompletedProcess[str]
RunAgent = Callable[..., Outcome]


@pytest.fixture(scope="session")
def pyz(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("agent") / "agent.pyz")


@pytest.fixture
def agent(pyz: Path, tmp_path: Path) -> RunAgent:
    """Run the built agent with its state below the test's folder."""

    def run(*arguments: str, stdin: str = "", state: Path | None = None, python: str = "") -> Outcome:
        folder = str(state or tmp_path / "state")
        command = [python or sys.executable, "-I", "-S", str(pyz), "--state", folder, *arguments]
        return subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=60, check=False)

    return run


@pytest.fixture
def server(app: FastAPI) -> Iterator[str]:
    with serving(app) as url:
        yield url


@pytest.fixture
def token(ledger: Ledger) -> str:
    """A token that enrols one machine of any kind."""
    with ledger.begin(KITTO) as work:
        return actions.issue_enrolment_token(work).text.reveal()
