"""Fifty plays dispatched, their service killed with kill -9, and all of them taken up by the next one.

`python -m tests.bench.bench_adoption [--plays N]`
Real supervisors with real plays, which wait on this machine for a gate (no device is needed). A process of
its own starts them and is killed; this one then finds each, reads its journal from where it was, and checks
that no event is missing when they end. The service itself runs no more plays at a time than processors and
memory take (four per core); the adapter measured here has no such limit.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from kitto.kitting.adapters.plays import Outcome, State
from tests.counterparts import keys
from tests.kitting.adapters import stage

HOST_KEY = keys.new_key_pair().public
PLAY = """\
- name: Wait
  hosts: device
  gather_facts: false
  connection: local
  environment:
    KITTO_JOB: "{{ kitto_run }}"
  tasks:
    - name: Say
      ansible.builtin.debug:
        msg: "{{ kitto_run }}"
    - name: Wait for the gate
      ansible.builtin.wait_for:
        path: "{{ gate }}"
        sleep: 1
        timeout: 1200
"""


class Here:
    """This machine, which the play never leaves."""

    address, port, user, host_key = "127.0.0.1", 22, "kitto", HOST_KEY


def start_all(folder: Path, many: int) -> None:
    """In a process of its own, which then waits to be killed."""
    ansible = stage.installation(folder)
    recipe = folder / "waiting"

    def start(number: int) -> None:
        # Inside, /tmp is the play's own; it can see no gate but the recipe's, which is a copy: so it waits.
        spec = stage.order(
            Here(), recipe, run_id=f"run-{number}", variables={**stage.OFFICE, "gate": "/tmp/gate"}
        )
        ansible.start(spec, {}, stage.KEY.private)

    start(0)  # what stays loaded between plays is there in a service that works
    begun = time.perf_counter()
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(start, range(1, many)))
    print(time.perf_counter() - begun, flush=True)
    time.sleep(3600)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plays", type=int, default=50)
    parser.add_argument("--start-in", type=Path)
    wanted = parser.parse_args()
    if wanted.start_in:
        start_all(wanted.start_in, wanted.plays)
        return
    with tempfile.TemporaryDirectory(prefix="kb", dir="/tmp") as name:
        folder = Path(name)
        (folder / "waiting").mkdir()
        (folder / "waiting" / "playbook.yml").write_text(PLAY)
        service = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.bench.bench_adoption",
                "--start-in",
                name,
                "--plays",
                str(wanted.plays),
            ],
            stdout=subprocess.PIPE,
            text=True,
            cwd=stage.ROOT,
        )
        assert service.stdout
        dispatched = float(service.stdout.readline())
        service.kill()
        service.wait()
        measured(folder, wanted.plays, dispatched)


def measured(folder: Path, many: int, dispatched: float) -> None:
    ansible = stage.installation(folder)
    begun = time.perf_counter()
    handles = [ansible.find(run) for run in ansible.runs()]
    seen = {run: list(ansible.events(run)) for run in ansible.runs()}
    adopted = time.perf_counter() - begun
    running = sum(1 for handle in handles if handle and handle.state is State.RUNNING)
    for run in ansible.runs():
        ansible.cancel(run)
    missing = 0
    for run, events in seen.items():
        outcome = stage.finish(ansible, run, 600)
        assert outcome.outcome is Outcome.CANCELLED, outcome
        numbers = [event.seq for event in (*events, *ansible.events(run, events[-1].seq))]
        missing += numbers != list(range(1, len(numbers) + 1))
        ansible.forget(run)
    ansible.rest()
    load = round(os.getloadavg()[0], 1)
    print(
        f"{many} plays started in {dispatched:.2f} s; {running} taken up in {adopted:.2f} s; gaps: {missing}"
    )
    print(
        json.dumps(
            {
                "plays": many,
                "dispatch_s": round(dispatched, 2),
                "running": running,
                "adopt_s": round(adopted, 3),
                "gaps": missing,
                "load": load,
            }
        )
    )
    assert (running, missing) == (many, 0)


if __name__ == "__main__":
    main()
