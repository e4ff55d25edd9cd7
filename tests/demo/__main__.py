"""`python -m tests.demo [--once] [--database sqlite|postgresql]`; see `make demo`."""

import argparse
import json
import signal
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from threading import Event
from typing import Any

from tests.counterparts.keys import new_key_pair
from tests.counterparts.pcs import bench_pc, why_reduced
from tests.counterparts.snmp import snmp_device
from tests.demo import job, reduced
from tests.demo.person import Person
from tests.demo.service import ROOT, Service, running_service
from tests.demo.show import Stage, StepFailed

FOLDER = ROOT / "var" / "demo"
ACCOUNTS = (
    ("admin", "administrator"),
    ("sato", "technician"),
    ("suzuki", "asset manager"),
    ("tanaka", "viewer"),
)


def main(words: list[str]) -> int:
    given = _arguments(words)
    stage = Stage()
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return _play(stage, given)
    except StepFailed as failed:
        sys.stderr.write(f"\nmake demo failed in {failed}\nThe service's log: {given.folder}/service.log\n")
        print(json.dumps({"failed": failed.step, "why": failed.why}, ensure_ascii=False))
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\nEnded; nothing keeps running.\n")
        return 130 if given.once else 0


def _play(stage: Stage, given: argparse.Namespace) -> int:
    with ExitStack() as house:
        with stage.part("start", "Kitto starts"):
            service = house.enter_context(running_service(stage, given.folder, given.database))
        found = _job(stage, service, given)
        if given.once:
            print(json.dumps(found, ensure_ascii=False), flush=True)
    return 0


def _job(stage: Stage, service: Service, given: argparse.Namespace) -> dict[str, Any]:
    with stage.part("bench", "The bench"):
        sato = Person(service.site, "sato", service.password)
        suzuki = Person(service.site, "suzuki", service.password)
        key = sato.post("/kitting-key")["public_key"]
        stage.tell("sato and suzuki sign in; Kitto's SSH key is made")
    watcher = new_key_pair()
    let_in = watcher.public if why_reduced() else key  # no play ever runs on a reduced PC
    with (
        bench_pc(job.SERIAL, vendor=job.MAKER, model=job.MODEL, authorized_key=let_in) as pc,
        snmp_device("printer") as printer,
        snmp_device("switch") as switch,
    ):
        stage.tell(f"a PC with serial {job.SERIAL}, a printer and a switch are on")
        cast = job.Cast(service, sato, suzuki, pc, printer, switch, watcher)
        if pc.reduced:
            stage.note(f"The PC is a reduced one: {pc.cannot}")
        found = _steps(stage, cast)
        stage.tell(f"everything took {time.monotonic() - stage.began:.0f} s")
        if not given.once:
            _stay_open(service)
    return found


def _steps(stage: Stage, cast: job.Cast) -> dict[str, Any]:
    real = not cast.pc.reduced
    with stage.part("receive", "1. Receive"):
        received = job.receive(stage, cast)
    tag, label = received["tag"], received["label"]["decoded"]
    with stage.part("kit", "2. Kit"):
        kit = job.kit(stage, cast, tag, label) if real else reduced.kit(stage, cast, tag)
    with stage.part("check in", "3. Check in"):
        checkin = job.check_in(stage, cast, tag) if real else reduced.check_in(stage)
    with stage.part("poll", "4. Poll"):
        polled = job.poll(stage, cast, tag)
    with stage.part("hand over", "5. Hand over"):
        handed_tag = tag if real else reduced.ready_device(stage, cast)
        handed = job.hand_over(stage, cast, handed_tag)
    with stage.part("return", "6. Return, and the journal"):
        returned = job.give_back(stage, cast, handed_tag)
    return {
        "tag": handed_tag,
        "state": returned["state"],
        "holder": returned["holder"],
        "kit": kit,
        "label": received["label"],
        "checkin": checkin,
        "poll": polled,
        "receipt": handed["receipt"],
        "journal": returned["journal"],
        "database": cast.service.database,
    } | ({} if real else {"left_out": reduced.LEFT_OUT, "why": cast.pc.cannot})


def _stay_open(service: Service) -> None:
    """Until Ctrl-C."""
    names = "\n".join(f"    {name:<8} {role}" for name, role in ACCOUNTS)
    sys.stderr.write(
        f"\nThe console is open at {service.site}\n"
        f"  sign in as\n{names}\n  with the password made for this run: {service.password}\n"
        "  Ctrl-C ends everything.\n"
    )
    sys.stderr.flush()
    Event().wait()


def _arguments(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make demo", description="The main job on the bench.")
    parser.add_argument("--once", action="store_true", help="end after the job; one line of JSON")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="emptied first")
    return parser.parse_args(words)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
