"""What one run of the agent costs: CPU, memory, bytes; against an empty Python and, where it is
installed, Debian's fusioninventory-agent.

`python tests/bench/bench_agent.py [ROUNDS]` prints medians as a table and one JSON line for each side.
The agent is the built file with the system's own Python; the service is real, on SQLite, on loopback,
once in the clear (there the bytes are counted) and once with TLS, as it is used. A child starts with
the memory of this process, so no peak below about 16 MB can be seen.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import SHUT_WR, create_connection
from socketserver import StreamRequestHandler, ThreadingTCPServer

ROOT = Path(__file__).resolve().parents[2]
for folder in (ROOT / "service", ROOT / "agents", ROOT):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

from kitto_agent.build import build  # noqa: E402 -- after the path is set

PYTHON = "/usr/bin/python3"
BUDGET = {"cpu_s": 0.3, "peak_mb": 30, "bytes_up": 300}


@dataclass
class Run:
    """One process, measured from start to end."""

    cpu_s: float
    peak_mb: float
    bytes_up: int = 0
    bytes_down: int = 0


class Relay(ThreadingTCPServer):
    """Passes bytes on and counts them, headers included."""

    daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", 0), Passing)
        self.port, self.up, self.down = port, 0, 0


class Passing(StreamRequestHandler):
    """One connection through the relay."""

    server: Relay

    def handle(self) -> None:
        with create_connection(("127.0.0.1", self.server.port)) as far:

            def back() -> None:
                while part := far.recv(65_536):
                    self.server.down += len(part)
                    self.connection.sendall(part)

            returning = threading.Thread(target=back, daemon=True)
            returning.start()
            while part := self.connection.recv(65_536):
                self.server.up += len(part)
                far.sendall(part)
            far.shutdown(SHUT_WR)
            returning.join(10)


def measured(command: list[str], relay: Relay | None = None) -> Run:
    before = (relay.up, relay.down) if relay else (0, 0)
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr is not None
    complaint = process.stderr.read().decode()
    _, status, used = os.wait4(process.pid, 0)
    if status != 0:
        raise SystemExit(f"{command}: {complaint}")
    cpu = used.ru_utime + used.ru_stime
    after = (relay.up, relay.down) if relay else (0, 0)
    return Run(cpu, used.ru_maxrss / 1024, after[0] - before[0], after[1] - before[1])


@contextmanager
def service(folder: Path, tls: list[str]) -> Iterator[tuple[str, int]]:
    """The real service; gives an enrolment token and its port."""
    environment = {
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": f"{ROOT / 'service'}:{ROOT / 'agents'}:{ROOT}",
        "KITTO_DATA": str(folder),
        "KITTO_LOG_LEVEL": "error",
    }
    command = [sys.executable, str(ROOT / "tests/bench/serve_checkins.py"), "kitto", *tls]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip(), int(process.stdout.readline())
        finally:
            process.terminate()


def certificate(folder: Path) -> list[str]:
    """A certificate for 127.0.0.1 that signs itself; gives the files of certificate and key."""
    files = [str(folder / "cert.pem"), str(folder / "key.pem")]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-days", "1", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
         "-out", files[0], "-keyout", files[1]],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return files


def agent_sides(
    pyz: Path, folder: Path, scheme: str, tls: list[str], rounds: int
) -> Iterator[tuple[str, list[Run]]]:
    base = [PYTHON, "-I", "-S", str(pyz), "--state", str(folder / f"state-{scheme}")]
    with service(folder / scheme, tls) as (token, port):
        relay = Relay(port)
        threading.Thread(target=relay.serve_forever, daemon=True).start()
        address = f"{scheme}://127.0.0.1:{relay.server_address[1]}"
        trust = ["--ca", tls[0]] if tls else []
        enrolling = [*base, "enrol", "--server", address, "--token-stdin", *trust]
        subprocess.run(enrolling, input=token, text=True, check=True, capture_output=True)
        yield f"agent, full, {scheme}", [measured([*base, "checkin", "--full"], relay) for _ in range(rounds)]
        unchanged = [measured([*base, "checkin"], relay) for _ in range(rounds)]
        yield f"agent, unchanged, {scheme}", unchanged
        relay.shutdown()


def sides(folder: Path, rounds: int) -> Iterator[tuple[str, list[Run]]]:
    pyz = build(folder / "agent.pyz")
    several: Callable[[list[str]], list[Run]] = lambda command: [measured(command) for _ in range(rounds)]  # noqa: E731
    yield "python3 -I -S -c pass", several([PYTHON, "-I", "-S", "-c", "pass"])
    yield from agent_sides(pyz, folder, "http", [], rounds)
    yield from agent_sides(pyz, folder, "https", certificate(folder), rounds)
    other = shutil.which("fusioninventory-agent")
    if other:
        yield (
            "fusioninventory-agent",
            several([other, f"--local={folder}", "--no-category=process,environment"]),
        )


def main(arguments: list[str]) -> int:
    rounds = int(arguments[0]) if arguments else 5
    lines = []
    print(f"{'side':<26}{'CPU s':>8}{'peak MB':>9}{'up B':>8}{'down B':>8}")
    with tempfile.TemporaryDirectory() as name:
        for side, runs in sides(Path(name), rounds):
            found = {
                field: round(statistics.median(getattr(run, field) for run in runs), 3)
                for field in ("cpu_s", "peak_mb", "bytes_up", "bytes_down")
            }
            lines.append(json.dumps({"bench": "agent", "side": side, **found}))
            print(
                f"{side:<26}{found['cpu_s']:>8.3f}{found['peak_mb']:>9.1f}"
                f"{found['bytes_up']:>8.0f}{found['bytes_down']:>8.0f}"
            )
    lines.append(json.dumps({"bench": "agent", "side": "budget of an unchanged run", **BUDGET}))
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
