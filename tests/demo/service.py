"""A Kitto of its own for the demo: fresh data, a random password, one `kitto serve` process."""

import fcntl
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.counterparts.claims import free_port
from tests.counterparts.postgres import postgres_server
from tests.counterparts.tied import TiedProcess
from tests.demo.show import Stage

ROOT = Path(__file__).resolve().parents[2]
KITTO = "import sys; sys.argv[0] = 'kitto'; from kitto.cli import main; sys.exit(main())"
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that can be misread


class CommandFailed(Exception):  # noqa: N818 -- says which
    """A `kitto` command ended badly."""


@dataclass(frozen=True)
class Service:
    """A running Kitto, filled with the seeded office."""

    site: str
    folder: Path
    database: str
    password: str = field(repr=False)

    def ready(self) -> bool | None:
        """True once it takes requests."""
        try:
            with urllib.request.urlopen(f"{self.site}/readyz", timeout=5) as answer:
                return bool(answer.status == 200) or None
        except (OSError, urllib.error.HTTPError):
            return None


@contextmanager
def running_service(stage: Stage, folder: Path, kind: str) -> Iterator[Service]:
    """Kitto with the seeded office until the block ends; `folder` is emptied first."""
    with _alone(folder):
        stage.note(f"{folder} is emptied and filled afresh")
        for old in folder.iterdir():
            if old.name != LOCK:
                shutil.rmtree(old) if old.is_dir() else old.unlink()
        with postgres_server(durable=True) if kind == "postgresql" else nullcontext() as server:
            url = server.url(server.create_database("kitto")) if server else ""
            port = free_port()
            service = Service(f"http://127.0.0.1:{port}", folder, kind, _password())
            environment = _environment(folder, url, port)
            _prepare(stage, service, environment)
            log = folder / "service.log"
            process = TiedProcess(
                [sys.executable, "-c", KITTO, "serve"],
                log=log,
                environment=environment,
                on_our_death=signal.SIGTERM,
            )
            try:
                stage.until("the service", lambda: _ready_or_ended(service, process), 60)
                stage.tell(f"kitto serve answers at {service.site}, on {kind}; its log is {log}")
                yield service
            finally:
                process.end(signal.SIGTERM)


LOCK = ".in-use"


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as held:
            raise CommandFailed(f"another demo runs in {folder}; end it first") from held
        yield


def _ready_or_ended(service: Service, process: TiedProcess) -> bool | None:
    if process.has_ended:
        tail = (service.folder / "service.log").read_text(errors="replace")[-2000:]
        raise CommandFailed(f"kitto serve ended at once:\n{tail}")
    return service.ready()


def _environment(folder: Path, url: str, port: int) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}  # noqa: TID251 -- a new process is made
    return kept | {
        "LC_ALL": "C.UTF-8",
        "PYTHONPATH": f"{ROOT / 'service'}:{ROOT / 'agents'}",
        "KITTO_DATA": str(folder / "data"),
        "KITTO_PORT": str(port),
        "KITTO_DATABASE_URL": url,
        "KITTO_ORGANISATION": "株式会社きっと",
        "KITTO_CONTACT": "情報システム部 内線 1234",
        "KITTO_ALLOW_LOOPBACK_TARGETS": "true",
        "KITTO_LOG_FORMAT": "json",
    }


def _prepare(stage: Stage, service: Service, environment: dict[str, str]) -> None:
    kitto(environment, "db", "upgrade")
    kitto(environment, "admin", "create", "admin", "--password-stdin", said=service.password)
    seeded = kitto(environment, "seed", "--password-stdin", said=service.password)
    stage.tell(
        f"database raised, administrator made, office seeded: {seeded['people']} people, "
        f"{seeded['devices']} devices"
    )


def kitto(environment: dict[str, str], *words: str, said: str = "") -> Any:
    """Run a command of Kitto; its answer as JSON."""
    done = subprocess.run(
        [sys.executable, "-c", KITTO, *words, "--json"],
        env=environment | {"KITTO_LOG_LEVEL": "error"},
        input=said + "\n",
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise CommandFailed(f"kitto {' '.join(words)} ended with {done.returncode}: {done.stderr[-1500:]}")
    return json.loads(done.stdout)


def _password() -> str:
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(5)) for _ in range(4))
