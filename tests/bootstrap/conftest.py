"""A Kitto that fresh machines can call, and a machine that calls without a real PC."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from kitto.assets.models import Asset
from kitto.base import settings as settings_module
from kitto.base.work import Ledger
from kitto.bootstrap import actions
from kitto.bootstrap.rules.artifacts import Artifact
from kitto.bootstrap.rules.states import ArtifactKind
from tests.counterparts import keys
from tests.make import KITTO, make_pc

SERIAL = "8XK2QZ3"
Call = Callable[..., httpx2.Response]


@pytest.fixture(autouse=True)
def reachable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kitto says how it is reached before anything reads its settings."""
    monkeypatch.setenv("KITTO_BASE_URL", "https://kitto.example")
    monkeypatch.setenv("KITTO_MANAGED_FROM", "127.0.0.0/8")
    settings_module.settings.cache_clear()


@pytest.fixture
def pc(ledger: Ledger) -> Asset:
    return make_pc(ledger, serial=SERIAL)


@pytest.fixture
def host_key() -> str:
    return keys.new_key_pair().public


def make(ledger: Ledger, tag: str, kind: ArtifactKind = ArtifactKind.LINUX_SCRIPT) -> tuple[int, Artifact]:
    with ledger.begin(KITTO) as work:
        token, made = actions.make_artifact(work, tag=tag, kind=kind)
        return token.id, made


def token_in(made: Artifact) -> str:
    """The one-time token that the script of a file carries."""
    text = made.typed or made.content.decode()
    return text.partition("token=")[2].split()[0].split("'")[0]


@pytest.fixture
def call(app: FastAPI) -> Iterator[Call]:
    """Call a door as a fresh machine does: no session, no token of an account."""
    with TestClient(app, raise_server_exceptions=False, client=("192.0.2.77", 50000)) as client:

        def made(door: str, **message: Any) -> httpx2.Response:
            return client.post(f"/bootstrap/v1/{door}", json=message)

        yield made


def hello(token: str, key: str, **more: Any) -> dict[str, Any]:
    """The first message of a machine, as the script sends it."""
    given = {"serial": SERIAL, "uuid": "4c4c4544-0058-4b10-8032-b8c04f515a33", "hostname": "debian"}
    given |= {"transport": "ssh", "address": "192.0.2.10", "port": 22, "system": "Debian GNU/Linux 12"}
    return {"token": token, "key": key, **given, **more}
