"""Processes: ready, counted, stopped gently, killed and started again; and the doctor's look at them."""

import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.operations.conftest import Installation

Install = Callable[[str], Installation]
PATIENCE = 300  # a cold start takes 10 seconds, and a multiple of that on a machine that others use too

pytestmark = pytest.mark.timeout(3 * PATIENCE)


@contextmanager
def process(installation: Installation, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    # Into a file: nobody reads a pipe meanwhile, and a full one would hold the process up.
    with said(installation).open("ab") as log:
        started = subprocess.Popen(
            installation.command(*words),
            env=installation.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
        )
    try:
        yield started
    finally:
        started.kill()
        started.wait()


def said(installation: Installation) -> Path:
    return installation.data.with_suffix(".stderr")


def status(installation: Installation, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(
            f"http://127.0.0.1:{installation.port}{path}", timeout=PATIENCE
        ) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read().decode()
    except OSError as nobody:
        return 0, str(nobody)


def ready(installation: Installation, started: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while status(installation, "/readyz")[0] != 200:
        assert started.poll() is None, said(installation).read_text()
        assert time.monotonic() < deadline, said(installation).read_text()
        time.sleep(0.1)


def test_serve_raises_the_schema_answers_and_stops_gently(install: Install) -> None:
    own = install("serve")
    with process(own, "serve") as started:
        ready(own, started)
        assert status(own, "/healthz") == (200, '{"status":"ok"}')
        assert "python_info" in status(own, "/metrics")[1]
        assert status(own, "/sign-in")[0] == 200
        started.send_signal(signal.SIGTERM)
        assert started.wait(PATIENCE) in (0, -signal.SIGTERM)
    assert status(own, "/healthz")[0] == 0


def test_after_a_kill_it_starts_again(install: Install) -> None:
    own = install("killed")
    for how in (signal.SIGKILL, signal.SIGTERM):
        with process(own, "serve") as started:
            ready(own, started)
            started.send_signal(how)
            started.wait(PATIENCE)
    assert own.told("audit", "verify")["verified"]


def test_a_web_process_is_not_ready_before_the_schema_is_raised(install: Install) -> None:
    own = install("web")
    with process(own, "web") as started:
        deadline = time.monotonic() + PATIENCE
        while not (found := status(own, "/readyz"))[0]:
            assert started.poll() is None, said(own).read_text()
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert found[0] == 503
        own.told("db", "upgrade")
        ready(own, started)


def test_a_worker_stops_gently(install: Install) -> None:
    own = install("worker")
    own.told("db", "upgrade")
    with process(own, "worker") as started:
        # It may be stopped at any moment, also while it starts.
        started.send_signal(signal.SIGTERM)
        assert started.wait(PATIENCE) in (0, -signal.SIGTERM)


def test_raising_the_schema_twice_changes_nothing(install: Install) -> None:
    own = install("twice")
    first = own.told("db", "upgrade")
    second = own.told("db", "upgrade")
    assert (first["before"], second["before"]) == (None, second["after"])


def test_the_doctor_finds_nothing_wrong_and_then_a_loose_folder(install: Install) -> None:
    own = install("doctor")
    own.told("db", "upgrade")
    assert own.data.stat().st_mode & 0o777 == 0o700
    assert (own.data / "sealing.key").stat().st_mode & 0o777 == 0o600
    rows = {row["check"]: row for row in own.told("doctor")}
    assert rows["schema"]["ok"]
    assert "***" in rows["setting database_url"]["says"]
    own.data.chmod(0o755)
    loose = own.run("doctor")
    assert loose.returncode == 1
    assert "mode 755" in loose.stdout


@pytest.mark.parametrize("words", [("nonsense",), ("asset", "show"), ("serve", "--port", "ninety")])
def test_wrong_usage_ends_with_two(words: tuple[str, ...], install: Install) -> None:
    assert install("usage").run(*words).returncode == 2
