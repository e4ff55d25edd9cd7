"""A live Kitto on loopback, a program's token, and the real Ansible beside it."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI

from kitto.base import clock
from kitto.base.seal import Secret
from kitto.base.work import Ledger
from kitto.identity import actions as identity
from kitto.identity.doors import person_actor
from kitto.identity.models import Account
from kitto.identity.rules import Permission
from tests.browser.judge import served
from tests.make import KITTO

ROOT = Path(__file__).resolve().parents[2]
PLUGINS = ROOT / "inventories" / "plugins"
PASSWORD = "four grey herons overhead"
NIGHT = "2026-11-25T09:00:00+09:00"
RUN = "01KAYQ3W5X8ZJ6N0V4T2M9B7RC"


@pytest.fixture
def site(app: FastAPI) -> Iterator[str]:
    """The address of a live Kitto; its doors are real."""
    with served(app) as address:
        yield address


@pytest.fixture
def maker(ledger: Ledger) -> Account:
    """The administrator in whose name programs come."""
    with ledger.begin(KITTO) as work:
        account, _ = identity.create_first_administrator(
            work, name="root", display_name="情シス 花子", password=Secret(PASSWORD)
        )
    return account


@pytest.fixture
def token(ledger: Ledger, maker: Account) -> str:
    """A token of a CI job: it may see and kit."""
    wish = identity.TokenWish(
        "CI", (Permission.SEE, Permission.KIT), clock.now() + timedelta(days=1), quota=60_000
    )
    with ledger.begin(person_actor(maker)) as work:
        _, secret = identity.make_token(work, wish)
    return secret.reveal()


Ansible = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def ansible(site: str, token: str, tmp_path: Path) -> Ansible:
    """Runs a real program of Ansible in an empty folder, with our plugins and the token of CI."""
    home = tmp_path / "runner"
    home.mkdir()

    def run(program: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        given = {
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
            "HOME": str(home),
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_INVENTORY_PLUGINS": str(PLUGINS / "inventory"),
            "ANSIBLE_CALLBACK_PLUGINS": str(PLUGINS / "callback"),
            "ANSIBLE_CALLBACKS_ENABLED": "kitto_report",
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "KITTO_URL": site,
            "KITTO_TOKEN": token,
            "KITTO_TIMEOUT": "30",
        } | environment
        command = [str(Path(sys.executable).with_name(program)), *arguments]
        return subprocess.run(
            command, cwd=home, env=given, capture_output=True, text=True, timeout=240, check=False
        )

    return run


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "runner"


def spools(home: Path) -> list[Path]:
    return sorted((home / ".cache/kitto/spool").glob("*.jsonl"))


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777
