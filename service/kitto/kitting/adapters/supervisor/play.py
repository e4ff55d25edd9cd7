"""Runs one ansible-playbook through ansible-runner and watches its time, its silence and its being wanted."""

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_runner.config.runner import RunnerConfig
from ansible_runner.runner import Runner

from kitto.kitting.adapters.plays import Containment, Counts, Kind, Outcome, PlayEvent, PlaySpec, Status
from kitto.kitting.adapters.supervisor import warm
from kitto.kitting.adapters.supervisor.containment import Container
from kitto.kitting.adapters.supervisor.files import RunFiles
from kitto.kitting.adapters.supervisor.ground import Tools, environment, shell_wide
from kitto.kitting.adapters.supervisor.pen import Pen, draft

LOOK_SECONDS = 0.25
LAST_LINES = 20
# What runner makes of a process that was ended by a signal is no code at all.
KILLED = -9


@dataclass
class Watch:
    """What is known of a play while it runs; several threads tell it."""

    files: RunFiles
    total_seconds: float
    silent_seconds: float
    began: float = field(default_factory=time.monotonic)
    heard: float = field(default_factory=time.monotonic)
    stopped_by: Outcome | None = None
    was_silent: bool = False
    asked_to_stop: threading.Event = field(default_factory=threading.Event)
    counts: Counts | None = None
    failure: PlayEvent | None = None
    lines: list[str] = field(default_factory=list)

    def note(self, event: PlayEvent) -> None:
        """Something came from the play."""
        self.heard = time.monotonic()
        if event.kind is Kind.STATS:
            self.counts = event.counts
        failed = event.status in (Status.FAILED, Status.UNREACHABLE) and not event.ignored
        if failed and not self._knows_better(event):
            self.failure = event

    def _knows_better(self, event: PlayEvent) -> bool:
        """Of a loop, the item says what went wrong; the task says only that one did."""
        known = self.failure
        return known is not None and known.kind is Kind.ITEM and known.task == event.task

    def note_line(self, line: str) -> None:
        """Ansible printed a line outside of the play's events."""
        self.heard = time.monotonic()
        self.lines = [*self.lines[-LAST_LINES:], line]

    def must_stop(self) -> bool:
        """Whether the play has to end now; remembers why. Asked every quarter of a second."""
        now = time.monotonic()
        if self.stopped_by is not None:
            return True
        if self.asked_to_stop.is_set() or self.files.cancel.exists():
            self.stopped_by = Outcome.CANCELLED
        elif now - self.began > self.total_seconds:
            self.stopped_by = Outcome.TIMED_OUT
        elif now - self.heard > self.silent_seconds:
            self.stopped_by, self.was_silent = Outcome.TIMED_OUT, True
        return self.stopped_by is not None

    @property
    def seconds(self) -> float:
        return round(time.monotonic() - self.began, 3)


def run(
    spec: PlaySpec, files: RunFiles, tools: Tools, *, container: Container, watch: Watch, pen: Pen
) -> int | None:
    """Run the play to its end and give Ansible's exit code; None when it was ended before."""
    config = _configured(spec, files, tools, container)

    def heard(event: Mapping[str, Any]) -> bool:
        line = str(event.get("stdout") or "").strip("\r\n")
        if line:
            watch.note_line(line)
            pen.write(draft(Kind.OUTPUT, text=line))
        return False

    def turned(status: Mapping[str, Any], **_: object) -> None:
        if status["status"] == "running":
            # It holds the command and its environment; written a moment ago, read by nobody.
            (Path(config.artifact_dir) / "command").unlink(missing_ok=True)

    runner = Runner(config, cancel_callback=watch.must_stop, event_handler=heard, status_handler=turned)
    runner.run()
    if watch.stopped_by:
        return None
    return KILLED if runner.rc is None else int(runner.rc)


def _configured(spec: PlaySpec, files: RunFiles, tools: Tools, container: Container) -> RunnerConfig:
    config = RunnerConfig(
        private_data_dir=str(files.work),
        project_dir=str(files.project),
        playbook=spec.playbook,
        inventory=str(files.inventory),
        cmdline=_options(spec, files),
        verbosity=spec.verbosity or None,
        ident="play",
        quiet=True,
        suppress_output_file=True,
        fact_cache_type="memory",
    )
    config.prepare()
    # Settings given as an argument are dropped where there is no file of settings; so they are set here.
    config.pexpect_timeout = LOOK_SECONDS
    config.suppress_output_file = True
    # Runner would pass our whole environment on, put its callback before ours, and keep its event files.
    config.env = environment(spec, files, tools)
    config.command = _command([*config.command], files, tools, container)
    config.cwd = str(files.project)
    return config


def _command(play: list[str], files: RunFiles, tools: Tools, container: Container) -> list[str]:
    cold = container.wrap(shell_wide(play))
    if not tools.warm_seconds or container.kind is not Containment.BWRAP:
        return cold
    door = warm.door(files, tools)
    return warm.command(play, cold, door, files, container) if door else cold


def _options(spec: PlaySpec, files: RunFiles) -> str:
    options = ["-e", json.dumps(f"@{files.variables}")]
    options += ["--check"] if spec.check else []
    options += ["--diff"] if spec.diff else []
    return " ".join(options)
