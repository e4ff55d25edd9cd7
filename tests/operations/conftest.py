"""Kitto as its operator sees it: commands and processes of their own, on empty databases of both kinds."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.counterparts.claims import free_port

ROOT = Path(__file__).resolve().parents[2]
KITTO = "import sys; sys.argv[0] = 'kitto'; from kitto.cli import main; sys.exit(main())"


@dataclass
class Installation:
    """One data folder and one database."""

    data: Path
    database_url: str
    port: int

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],  # noqa: TID251 -- a new process is made
            "LC_ALL": "C.UTF-8",
            "PYTHONPATH": f"{ROOT / 'service'}:{ROOT / 'agents'}",
            "KITTO_DATA": str(self.data),
            "KITTO_DATABASE_URL": self.database_url,
            "KITTO_PORT": str(self.port),
            "KITTO_LOG_FORMAT": "json",
            "KITTO_LOG_LEVEL": "warning",
        }

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-c", KITTO, *words]

    def run(self, *words: str, said: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            self.command(*words),
            env=self.environment,
            input=said,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )

    def told(self, *words: str, said: str = "") -> Any:
        """What a command answers as JSON."""
        done = self.run(*words, "--json", said=said)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture
def install(
    database_kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Callable[[str], Installation]]:
    """`install("first")`: an empty data folder and an empty database."""
    dropped = []

    def make(name: str) -> Installation:
        url = ""
        if database_kind == "postgresql":
            server = request.getfixturevalue("postgres")
            url = server.url(server.create_database(f"op_{name}_{os.getpid()}"))
            dropped.append((server, f"op_{name}_{os.getpid()}"))
        return Installation(tmp_path / name, url, free_port())

    yield make
    for server, name in dropped:
        server.drop_database(name)
