"""`python -m kitto.kitting.adapters.supervisor HOME RUN_ID`: takes secrets on stdin, detaches, runs."""

import os
import signal
import sys
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

import msgspec

from kitto.base.i18n import N_
from kitto.kitting.adapters import trace
from kitto.kitting.adapters.plays import (
    NOT_STARTED,
    Containment,
    Kind,
    Outcome,
    PlayEvent,
    PlayFault,
    PlayOutcome,
    ended,
)
from kitto.kitting.adapters.supervisor import containment, ending, ground, play, remote
from kitto.kitting.adapters.supervisor.door import Door
from kitto.kitting.adapters.supervisor.files import RunFiles, files_of, private_folder
from kitto.kitting.adapters.supervisor.keys import KeyAgent
from kitto.kitting.adapters.supervisor.marks import end_marked
from kitto.kitting.adapters.supervisor.masker import Masker
from kitto.kitting.adapters.supervisor.order import Order
from kitto.kitting.adapters.supervisor.pen import Pen, draft

SUPERVISOR_FAILED = N_("The supervisor failed: {text}.")
SOMEBODY_RUNS_IT = 3
PATIENCE_SECONDS = 10.0
YIELDING = 5


def main(home: Path, run_id: str, told: Callable[[], Order]) -> int:
    """Take the journal's lock, detach, and run. Returns in the launching process once the run has begun."""
    os.umask(0o077)
    files = files_of(home, run_id)
    handle = trace.open_locked(files.journal)
    if handle is None or os.fstat(handle).st_size:
        return SOMEBODY_RUNS_IT
    order = told()
    # The lock belongs to the open file, so the child keeps it when this process ends. And a child whose
    # parent ends at once is nobody's zombie.
    ready, tell = os.pipe()
    if os.fork():
        os.close(tell)
        return 0 if os.read(ready, 1) else 1
    try:
        _let_go({handle, tell})
        _live(order, files, handle, tell)
    finally:
        os._exit(0)


def _live(order: Order, files: RunFiles, handle: int, tell: int) -> None:
    pen = Pen(handle, Masker(()))
    pen.write(draft(Kind.BEGAN, text=f"{os.getpid()} {Path(order.spec.folder).name}/{order.spec.playbook}"))
    os.write(tell, b"1")
    os.close(tell)
    # Fifty plays that begin must hold up neither each other's start nor those who look at the board.
    os.nice(YIELDING)
    # Whoever waits for the start need not wait for this; nothing was said yet that could hold a secret.
    pen.learn(*order.secrets.values(), order.private_key)
    pen.write(_end(_carried_out(order, files, pen)))


def _let_go(kept: set[int]) -> None:
    """Nothing of the service stays open in us, but these: it may close, and we must not mind."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    for number in map(int, os.listdir("/proc/self/fd")):  # noqa: PTH208 -- names are all there is
        if number > 2 and number not in kept:  # noqa: PLR2004 -- the three streams
            with suppress(OSError):
                os.close(number)
    os.chdir("/")
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _carried_out(order: Order, files: RunFiles, pen: Pen) -> PlayOutcome:
    """The outcome, whatever happens; only our own death can prevent it."""
    try:
        return _run(order, files, pen)
    except PlayFault as fault:
        return ended(Outcome.FAILED, "not_started", NOT_STARTED, {"text": fault})
    except Exception as error:  # noqa: BLE001 -- an end without a reason would be worse; it is masked and told
        said = pen.hide(f"{type(error).__name__}: {error}")
        return ended(Outcome.FAILED, "supervisor_failed", SUPERVISOR_FAILED, {"text": said})
    finally:
        files.clear()


def _run(order: Order, files: RunFiles, pen: Pen) -> PlayOutcome:
    spec = order.spec
    collections = tuple(Path(place) for place in order.collections)
    tools = ground.Tools(Path(order.plugins), collections, order.warm_seconds, order.strategy)
    watch = play.Watch(files, spec.total_seconds, spec.silent_seconds)
    signal.signal(signal.SIGTERM, lambda *_: watch.asked_to_stop.set())
    with ExitStack() as held:
        private_folder(files.work.parent)
        files.clear()
        private_folder(files.work)
        ground.lay(spec, files)
        if spec.host.transport.is_ssh:
            agent = KeyAgent(files.agent)
            held.callback(agent.close)
            agent.open(order.private_key, spec.total_seconds, spec.certificate)
        door = Door(files, spec, order.secrets, pen=pen, on_event=watch.note)
        door.open()
        held.callback(door.close)
        seen = [place.resolve() for place in (tools.plugins, *collections)]
        container = containment.choose(order.containment, spec.run_id, files.work, seen)
        held.callback(container.end)
        pen.write(draft(Kind.NOTE, text=_contained(container.kind)))
        rc = play.run(spec, files, tools, container=container, watch=watch, pen=pen)
        container.end()
        left_here = not end_marked(files.mark, PATIENCE_SECONDS)
        door.close()
        outcome = msgspec.structs.replace(ending.outcome_of(watch, rc), left_here=left_here)
        if watch.stopped_by is None and outcome.outcome is not Outcome.LOST:
            return outcome
        swept = remote.sweep(spec.host, files, spec.run_id, order.secrets)
        pen.write(draft(Kind.NOTE, text=swept.sentence))
        return msgspec.structs.replace(outcome, left_there=not swept.sure)


def _contained(kind: Containment) -> str:
    match kind:
        case Containment.BWRAP:
            return "The play runs in a process namespace of its own."
        case Containment.CGROUP:
            return "The play runs in a control group of its own; bwrap is not usable here."
        case _:
            return "Neither bwrap nor control groups are usable here: the play is held by a mark only."


def _end(outcome: PlayOutcome) -> PlayEvent:
    said = outcome.reason or "The play succeeded."
    return msgspec.structs.replace(draft(Kind.END, text=said), outcome=outcome)


if __name__ == "__main__":
    sys.exit(
        main(Path(sys.argv[1]), sys.argv[2], lambda: msgspec.json.decode(sys.stdin.buffer.read(), type=Order))
    )
