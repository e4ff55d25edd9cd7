"""The agent as it is shipped, against the real service."""

import base64
import http.server
import json
import shutil
import socketserver
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select

from kitto.assets import queries as assets
from kitto.base.work import Ledger
from kitto.checkins import actions, queries
from kitto.checkins.models import Agent, Observation, Sighting
from kitto.checkins.rules.states import AgentState
from kitto_agent.build import build
from kitto_agent.collect import SECTIONS
from tests.agents.conftest import RunAgent
from tests.counterparts.keys import new_key_pair
from tests.counterparts.pcs import bench_pc
from tests.make import KITTO, make_pc

BWRAP = shutil.which("bwrap")
OLDEST = shutil.which("python3.8") or ""
BENCH_SERIAL = "8XK2QZ3"


def test_a_machine_enrols_reports_everything_and_then_nothing(
    agent: RunAgent, server: str, token: str, ledger: Ledger
) -> None:
    enrolled = agent("enrol", "--server", server, "--token-stdin", stdin=token + "\n")
    assert (enrolled.returncode, enrolled.stderr) == (0, "")
    first = agent("checkin")
    assert first.returncode == 0, first.stderr
    assert first.stdout.strip() == "sent: " + ", ".join(SECTIONS)
    assert agent("checkin").stdout.strip() == "unchanged"
    assert agent("checkin", "--full").stdout.startswith("sent: ")
    assert agent("checkin").stdout.strip() == "unchanged"
    with ledger.read(KITTO) as work:
        work.allow("see")
        kept = set(work.session.scalars(select(Observation.section)))
        assert kept == set(SECTIONS)


@pytest.mark.skipif(BWRAP is None, reason="bubblewrap is not here")
def test_looking_and_reporting_change_nothing_but_the_agents_own_folder(
    pyz: Path, agent: RunAgent, server: str, token: str, tmp_path: Path
) -> None:
    """Why the agent takes no lock of its device: where it can write nothing else it does all its work."""
    agent("enrol", "--server", server, "--token-stdin", stdin=token)
    state = tmp_path / "state"
    alone = [str(BWRAP), "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--unshare-pid"]
    alone += ["--bind", str(state), str(state), sys.executable, "-I", "-S", str(pyz), "--state", str(state)]
    done = subprocess.run([*alone, "checkin"], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip() == "sent: " + ", ".join(SECTIONS)
    elsewhere = ["sh", "-c", f"touch {tmp_path}/elsewhere"]
    refused = subprocess.run(
        [*alone[: alone.index(sys.executable)], *elsewhere], capture_output=True, check=False
    )
    assert b"Read-only" in refused.stderr


def test_what_is_shown_is_what_is_sent(agent: RunAgent, server: str, token: str, ledger: Ledger) -> None:
    shown = json.loads(agent("show").stdout)
    agent("enrol", "--server", server, "--token-stdin", stdin=token)
    agent("checkin")
    with ledger.read(KITTO) as work:
        work.allow("see")
        rows = work.session.execute(select(Observation.section, Observation.document))
        kept = {section: document for section, document in rows if section != "software"}
    assert {name: shown["sections"][name] for name in kept} == kept
    assert not {"processes", "environment", "users"} & set(shown["sections"])


def test_the_secret_is_readable_by_its_owner_only(
    agent: RunAgent, server: str, token: str, tmp_path: Path
) -> None:
    agent("enrol", "--server", server, "--token-stdin", stdin=token)
    agent("checkin")
    folder = tmp_path / "state"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for file in folder.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_token_from_a_file_works_once(agent: RunAgent, server: str, token: str, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(token)
    assert agent("enrol", "--server", server, "--token-file", str(file)).returncode == 0
    again = agent("enrol", "--server", server, "--token-file", str(file))
    assert again.returncode == 2
    assert "used up" in again.stderr
    assert token not in again.stderr + again.stdout


def test_a_wrong_clock_heals_in_one_more_message(
    agent: RunAgent, server: str, token: str, tmp_path: Path
) -> None:
    agent("enrol", "--server", server, "--token-stdin", stdin=token)
    memory = tmp_path / "state" / "memory.json"
    for wrong in (-10_000_000_000, 10_000_000_000):
        known = json.loads(memory.read_text())
        known["clock_offset_ms"] = wrong
        memory.write_text(json.dumps(known))
        assert agent("checkin").returncode == 0
        assert abs(json.loads(memory.read_text())["clock_offset_ms"]) < 60_000


def test_a_copied_credential_sends_nothing(
    agent: RunAgent, server: str, token: str, tmp_path: Path, ledger: Ledger
) -> None:
    agent("enrol", "--server", server, "--token-stdin", stdin=token)
    file = tmp_path / "state" / "credential.json"
    credential = json.loads(file.read_text())
    credential["machine"]["machine-id"] = "0" * 16
    file.write_text(json.dumps(credential))
    refused = agent("checkin")
    assert (refused.returncode, "another machine" in refused.stderr) == (2, True)
    with ledger.read(KITTO) as work:
        work.allow("see")
        assert work.session.scalar(select(Sighting.seen_at)) is None


def test_sealing_forgets_the_credential(agent: RunAgent, server: str, token: str, tmp_path: Path) -> None:
    agent("enrol", "--server", server, "--token-stdin", stdin=token)
    assert agent("seal").returncode == 0
    assert sorted(file.name for file in (tmp_path / "state").iterdir()) == ["lock"]
    assert agent("checkin").returncode == 2


def test_a_removed_agent_takes_itself_away(
    agent: RunAgent, server: str, token: str, tmp_path: Path, ledger: Ledger
) -> None:
    agent("enrol", "--server", server, "--token-stdin", stdin=token)
    with ledger.begin(KITTO) as work:
        number = work.session.scalar(select(Agent.id))
        assert number is not None
        actions.revoke_agent(work, agent_id=number)
    gone = agent("checkin")
    assert (gone.returncode, "removed" in gone.stderr) == (2, True)
    assert not (tmp_path / "state" / "credential.json").exists()


def test_uninstalling_tells_the_server(
    agent: RunAgent, server: str, token: str, tmp_path: Path, ledger: Ledger
) -> None:
    agent("enrol", "--server", server, "--token-stdin", stdin=token)
    root = tmp_path / "root"
    (root / "etc/cron.d").mkdir(parents=True)
    assert agent("uninstall", "--root", str(root)).returncode == 0
    with ledger.read(KITTO) as work:
        work.allow("see")
        assert work.session.scalar(select(Agent.state)) is AgentState.REVOKED


def test_a_server_that_is_away_is_tried_again_later(
    agent: RunAgent, server: str, token: str, tmp_path: Path, ledger: Ledger
) -> None:
    agent("enrol", "--server", server, "--token-stdin", stdin=token)
    credential = tmp_path / "state" / "credential.json"
    known = json.loads(credential.read_text())
    credential.write_text(json.dumps(known | {"server": "http://127.0.0.1:9"}))
    away = agent("checkin")
    assert (away.returncode, "did not answer" in away.stderr) == (1, True)
    memory = json.loads((tmp_path / "state" / "memory.json").read_text())
    assert memory["failures"] == 1
    credential.write_text(json.dumps(known))
    assert agent("checkin").returncode == 0
    with ledger.read(KITTO) as work:
        work.allow("see")
        since = work.session.scalar(select(Sighting.unreachable_since))
    assert since is not None, "being cut off is told apart from being off"
    assert int(since.timestamp()) == memory["first_failure"]


def test_a_busy_server_is_obeyed(agent: RunAgent, server: str, token: str, tmp_path: Path) -> None:
    agent("enrol", "--server", server, "--token-stdin", stdin=token)
    credential = tmp_path / "state" / "credential.json"
    known = json.loads(credential.read_text())
    with answering(503, b"", {"Retry-After": "1234"}) as busy:
        credential.write_text(json.dumps(known | {"server": busy}))
        assert agent("checkin").returncode == 1
    memory = json.loads((tmp_path / "state" / "memory.json").read_text())
    assert 1200 < memory["not_before"] - time.time() <= 1234
    assert agent("checkin", "--due").stdout.strip() == "not due yet"


def test_answers_that_make_no_sense_do_no_harm(
    agent: RunAgent, server: str, token: str, tmp_path: Path
) -> None:
    agent("enrol", "--server", server, "--token-stdin", stdin=token)
    credential = tmp_path / "state" / "credential.json"
    known = json.loads(credential.read_text())
    for status, body in (
        (200, b"<html>a captive portal</html>"),
        (200, b"[" * 5000),
        (401, b'{"now":"soon"}'),
        (302, b""),
        (500, b"x"),
    ):
        with answering(status, body, {}) as odd:
            credential.write_text(json.dumps(known | {"server": odd}))
            answer = agent("checkin")
            assert answer.returncode in (1, 2)
            assert "Traceback" not in answer.stderr
    credential.write_text(json.dumps(known))
    assert agent("checkin").stdout.startswith("sent: ")


def test_a_plain_http_server_elsewhere_is_refused(agent: RunAgent) -> None:
    refused = agent("enrol", "--server", "http://kitto.example", "--token-stdin", stdin="x" * 43)
    assert (refused.returncode, "https" in refused.stderr) == (2, True)


def test_damaged_memory_costs_one_full_report(
    agent: RunAgent, server: str, token: str, tmp_path: Path
) -> None:
    agent("enrol", "--server", server, "--token-stdin", stdin=token)
    agent("checkin")
    (tmp_path / "state" / "memory.json").write_bytes(b"\x00\xff{")
    assert agent("checkin").returncode == 0
    assert agent("checkin").stdout.strip() == "unchanged"


def test_two_runs_at_once_do_not_mix(agent: RunAgent, server: str, token: str) -> None:
    agent("enrol", "--server", server, "--token-stdin", stdin=token)
    codes: list[int] = []
    threads = [threading.Thread(target=lambda: codes.append(agent("checkin").returncode)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(codes) <= {0, 1}
    assert 0 in codes


@pytest.mark.bench_pc
def test_a_bench_pc_is_found_by_its_serial_and_puts_itself_on_a_timer(
    pyz: Path, server: str, ledger: Ledger
) -> None:
    pc = make_pc(ledger, serial=BENCH_SERIAL)
    with ledger.begin(KITTO) as work:
        token = actions.issue_enrolment_token(work, tag=pc.tag).text.reveal()
    with bench_pc(BENCH_SERIAL, authorized_key=new_key_pair().public) as bench:
        if bench.reduced:
            pytest.skip(bench.cannot)
        program = "/usr/local/lib/kitto/agent.pyz"
        run = f"python3 -I -S {program}"
        bench.run(
            f"install -d /usr/local/lib/kitto /etc/cron.d && base64 -d > {program}",
            stdin=base64.b64encode(pyz.read_bytes()).decode(),
        )
        assert "enrolled" in bench.run(f"{run} enrol --server {server} --token-stdin", stdin=token).stdout
        assert bench.run(f"{run} checkin").stdout.startswith("sent: ")
        assert bench.run(f"{run} checkin").stdout.strip() == "unchanged"
        assert bench.run(f"{run} install-timer").stdout.strip() == "timer installed: cron"
        assert "checkin --due" in bench.run("cat /etc/cron.d/kitto-agent").stdout
        with ledger.read(KITTO) as work:
            work.allow("see")
            identity = queries.identity_of(work, pc.id)
            assert identity is not None
            assert (identity.serial, identity.matches) == (BENCH_SERIAL, True)
            seen = queries.of_device(work, assets.by_id(work, pc.id))
            assert seen is not None
            assert seen.software > 50
        bench.run(f"{run} uninstall")
        left = bench.run(f"ls {program} /etc/cron.d/kitto-agent /var/lib/kitto-agent", check=False)
        assert left.stdout.split() == ["/var/lib/kitto-agent:", "lock"]


@pytest.mark.skipif(not OLDEST, reason="Python 3.8 is not on this machine")
def test_the_oldest_python_that_is_promised_runs_it(agent: RunAgent) -> None:
    shown = agent("show", python=OLDEST)
    if "not found" in shown.stderr:
        pytest.skip("python3.8 is only a placeholder here")
    assert shown.returncode == 0, shown.stderr
    assert set(json.loads(shown.stdout)["sections"]) == set(SECTIONS)


def test_the_file_is_small_and_the_same_each_time(pyz: Path, tmp_path: Path) -> None:
    assert pyz.stat().st_size < 100_000
    assert build(tmp_path / "again.pyz").read_bytes() == pyz.read_bytes()


@contextmanager
def answering(status: int, body: bytes, headers: dict[str, str]) -> Iterator[str]:
    """A server that always answers the same."""

    class Same(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        log_message: Callable[..., None] = lambda *_: None

    with socketserver.TCPServer(("127.0.0.1", 0), Same) as made:
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{made.server_address[1]}"
        made.shutdown()
