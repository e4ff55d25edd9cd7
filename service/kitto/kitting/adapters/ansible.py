"""Ansible behind one typed door: start a play that outlives us, follow it, end it, forget it."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import msgspec

import kitto
from kitto.base.i18n import N_
from kitto.kitting.adapters import trace
from kitto.kitting.adapters.plays import (
    Containment,
    Kind,
    Outcome,
    PlayEvent,
    PlayFault,
    PlayOutcome,
    PlaySpec,
    RunHandle,
    State,
    Strategy,
    Swept,
    check_secrets,
    ended,
)
from kitto.kitting.adapters.supervisor import beside
from kitto.kitting.adapters.supervisor.files import files_of, private_folder, write_private
from kitto.kitting.adapters.supervisor.marks import end_marked
from kitto.kitting.adapters.supervisor.order import Asked, Order

LAUNCH_SECONDS = 60
SOMEBODY_RUNS_IT = 3
END_SECONDS = 10.0
# No event, and yet not nothing: a supervisor begins with an empty journal only.
GIVEN_UP = b"given up\n"


@dataclass(frozen=True)
class Ansible:
    """The plays of one installation. `home` keeps their journals; the other folders are only read."""

    home: Path
    plugins: Path
    collections: tuple[Path, ...]
    containment: Containment = Containment.AUTO
    warm_seconds: float = 900.0
    strategy: Strategy = Strategy.NEAR

    def start(self, spec: PlaySpec, secrets: Mapping[str, str], private_key: str) -> RunHandle:
        """Start a play, or attach to it when a run of this id was started before: nothing is run twice.

        Returns when the supervisor has taken over; from then on our own death does not matter. Secrets and
        key travel over its stdin only. Raises PlayFault when nothing was started.
        """
        known = self.find(spec.run_id)
        if known is not None:
            return known
        check_secrets(spec, secrets)
        self._check_strategy()
        private_folder(self.home)
        private_folder(files_of(self.home, spec.run_id).kept)
        code, said = self._launched(spec.run_id, self._order(spec, secrets, private_key))
        if code not in (0, SOMEBODY_RUNS_IT):
            raise PlayFault(f"the supervisor of the play did not start: {said}")
        handle = self.find(spec.run_id)
        if handle is None:
            raise PlayFault("the supervisor of the play ended before it began")
        return handle

    def _check_strategy(self) -> None:
        if self.strategy is Strategy.MITOGEN and find_spec("ansible_mitogen") is None:
            raise PlayFault(
                "KITTO_ANSIBLE_STRATEGY is mitogen, which is not installed here: install kitto[mitogen],"
                " or set it to near"
            )

    def _order(self, spec: PlaySpec, secrets: Mapping[str, str], private_key: str) -> bytes:
        return msgspec.json.encode(
            Order(
                spec=spec,
                secrets=dict(secrets),
                private_key=private_key,
                plugins=str(self.plugins),
                collections=tuple(str(place) for place in self.collections),
                containment=self.containment,
                warm_seconds=self.warm_seconds,
                strategy=self.strategy,
            )
        )

    def _launched(self, run_id: str, order: bytes) -> tuple[int, str]:
        # Trying both ways one after the other is safe: a run that began answers SOMEBODY_RUNS_IT.
        if self.warm_seconds and (told := self._by_mother(run_id, order)):
            code, _, said = told.partition(" ")
            return int(code), said
        done = self._supervisor([str(self.home), run_id], order)
        return done.returncode, _last_words(done)

    def _by_mother(self, run_id: str, order: bytes) -> str:
        """The answer of supervisors that are loaded already; empty where there are none."""
        command = [sys.executable, "-m", "kitto.kitting.adapters.supervisor.mother"]
        shared = files_of(self.home, run_id).shared
        private_folder(shared)
        door = beside.door(shared / f".mother-{_edition()}", command, _environment(), self.warm_seconds)
        if door is None:
            return ""
        asked = Asked(home=str(self.home), run_id=run_id, order=msgspec.Raw(order))
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line, suppress(OSError):
            line.settimeout(LAUNCH_SECONDS)
            line.connect(str(door))
            line.sendall(msgspec.json.encode(asked))
            line.shutdown(socket.SHUT_WR)
            with line.makefile("r", encoding="utf-8") as answer:
                return answer.read()
        return ""

    def rest(self) -> None:
        """Let what stays loaded between plays end; running plays go on, and the next one loads it again."""
        for door in files_of(self.home, "any").shared.glob(f".*/{beside.DOOR}"):
            door.unlink(missing_ok=True)

    def _supervisor(
        self, words: Sequence[str], order: bytes, module: str = ""
    ) -> subprocess.CompletedProcess[bytes]:
        try:
            return subprocess.run(
                [sys.executable, "-m", f"kitto.kitting.adapters.supervisor{module}", *words],
                input=order,
                capture_output=True,
                env=_environment(),
                start_new_session=True,
                cwd="/",
                timeout=LAUNCH_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as late:
            message = f"a process of ours did not start within {LAUNCH_SECONDS} seconds"
            raise PlayFault(message) from late

    def find(self, run_id: str) -> RunHandle | None:
        """The run as this machine knows it; None when it never began here, or was forgotten."""
        journal = files_of(self.home, run_id).journal
        first = next(trace.read(journal), None)
        if first is None:
            return None
        # In this order: who began holds the lock until the end is written down.
        held = trace.is_held(journal)
        newest = trace.last(journal)
        ended = newest is not None and newest.kind is Kind.END
        state = State.FINISHED if ended else State.RUNNING if held else State.LOST
        return RunHandle(
            run_id=run_id, state=state, pid=int(first.text.split(maxsplit=1)[0]), began_at=first.at
        )

    def give_up(self, run_id: str) -> bool:
        """See to it that a run that has not begun never will; False when it began, or begins just now.

        Whoever asked for it may have died while a supervisor was still starting. Idempotent.
        """
        files = files_of(self.home, run_id)
        private_folder(files.kept)
        handle = trace.open_locked(files.journal)
        if handle is None:
            return False
        try:
            if not os.fstat(handle).st_size:
                os.write(handle, GIVEN_UP)
        finally:
            os.close(handle)
        return self.find(run_id) is None

    def runs(self) -> list[str]:
        """Ids of all runs that are kept here, for taking them up again after a restart."""
        if not self.home.is_dir():
            return []
        return sorted(path.name for path in self.home.iterdir() if (path / trace.JOURNAL).exists())

    def events(self, run_id: str, after_seq: int = 0) -> Iterator[PlayEvent]:
        """What has happened since `after_seq`, in order and without gaps; ends where the journal ends now."""
        return trace.read(files_of(self.home, run_id).journal, after_seq)

    def outcome(self, run_id: str) -> PlayOutcome | None:
        """How the run ended; None while it runs. What a lost run left on this machine is ended first."""
        handle = self.find(run_id)
        if handle is None or handle.state is State.RUNNING:
            return None
        if handle.state is State.LOST:
            return self._lost(run_id)
        newest = trace.last(files_of(self.home, run_id).journal)
        return newest.outcome if newest else None

    def _lost(self, run_id: str) -> PlayOutcome:
        files = files_of(self.home, run_id)
        clean = end_marked(files.mark, END_SECONDS)
        files.clear()
        died = N_("The process that ran the play died with it. How far it came is not known.")
        lost = ended(Outcome.LOST, "supervisor_died", died)
        return msgspec.structs.replace(lost, left_here=not clean, left_there=True)

    def cancel(self, run_id: str) -> None:
        """Ask for the play to be ended, here and on the device; `outcome` tells when it is. Idempotent."""
        files = files_of(self.home, run_id)
        if files.kept.is_dir():
            write_private(files.cancel, "")

    def sweep(self, spec: PlaySpec, secrets: Mapping[str, str], private_key: str) -> Swept:
        """End on the device what a lost run left there. Idempotent; takes seconds, or 45 without an answer.

        Raises PlayFault while the run is running: `cancel` it instead.
        """
        handle = self.find(spec.run_id)
        if handle is not None and handle.state is State.RUNNING:
            raise PlayFault(f"the run {spec.run_id} is still running; cancel it instead")
        order = self._order(spec, secrets, private_key)
        done = self._supervisor([str(self.home)], order, ".sweep")
        if done.returncode:
            raise PlayFault(f"the clean-up did not start: {_last_words(done)}")
        return msgspec.json.decode(done.stdout, type=Swept)

    def forget(self, run_id: str) -> None:
        """Delete everything about a run that has ended, once its events are stored elsewhere. Idempotent.

        Raises PlayFault while it runs.
        """
        handle = self.find(run_id)
        if handle is not None and handle.state is State.RUNNING:
            raise PlayFault(f"the run {run_id} is still running; cancel it first")
        if handle is not None and handle.state is State.LOST:
            self._lost(run_id)
        files = files_of(self.home, run_id)
        files.clear()
        shutil.rmtree(files.kept, ignore_errors=True)


def _environment() -> dict[str, str]:
    """One of our own making: the service's holds a database address and more."""
    return {"PATH": os.defpath, "LANG": "C.UTF-8", "PYTHONPATH": str(Path(kitto.__file__).parents[1])}


@cache
def _edition() -> str:
    """Of the supervisors as this process knows them."""
    ours = Path(kitto.__file__).parent
    return beside.edition([ours / "kitting/adapters", ours / "base"])


def _last_words(done: subprocess.CompletedProcess[bytes]) -> str:
    """The exception a process of ours ended with; what it was given is in none of its messages."""
    lines = done.stderr.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "no message"
