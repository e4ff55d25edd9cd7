"""Durable jobs: the port to the engine, and nothing of the engine's own words beyond it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Protocol

import structlog
from sqlalchemy.orm import Session

from kitto.base.errors import PASSING

if TYPE_CHECKING:
    from kitto.base.work import Ledger

log = structlog.get_logger()
JobFunction = Callable[..., None]
PATIENCE: Final = timedelta(minutes=10)
LONGEST_PAUSE: Final = 5.0


@dataclass(frozen=True)
class QueueSpec:
    """One queue. `per_key`: jobs of one key run one after another."""

    name: str
    at_once: int | None = None
    per_key: bool = False
    poll_seconds: float = 1.0


@dataclass(frozen=True)
class JobRef:
    """A job by its name, for actions that queue it without knowing how it is done."""

    name: str
    queue: str


@dataclass(frozen=True)
class JobSpec(JobRef):
    """A durable job: a function `(run: JobRun, *args)` that may be run again from its last step."""

    function: JobFunction


@dataclass(frozen=True)
class ScheduleSpec:
    """A job on a timetable (cron, UTC). Firings are hints: `(run: JobRun, due: datetime)`."""

    name: str
    cron: str
    queue: str
    function: JobFunction


KIT = QueueSpec("kit", at_once=8, per_key=True, poll_seconds=0.5)
POLL = QueueSpec("poll", at_once=2, poll_seconds=2.0)
SHORT = QueueSpec("short", at_once=4, poll_seconds=1.0)
QUEUES = {queue.name: queue for queue in (KIT, POLL, SHORT)}

_jobs: dict[str, JobSpec] = {}
_schedules: dict[str, ScheduleSpec] = {}


def job(queue: QueueSpec) -> Callable[[JobFunction], JobSpec]:
    """Make a function a durable job, named after its room: `kitting.carry_on`."""

    def register(function: JobFunction) -> JobSpec:
        spec = JobSpec(_name(function), queue.name, function)
        _jobs[spec.name] = spec
        return spec

    return register


def schedule(cron: str, queue: QueueSpec) -> Callable[[JobFunction], ScheduleSpec]:
    """Run a function by the clock. A late or repeated firing must do no harm."""

    def register(function: JobFunction) -> ScheduleSpec:
        spec = ScheduleSpec(_name(function), cron, queue.name, function)
        _schedules[spec.name] = spec
        return spec

    return register


def _name(function: JobFunction) -> str:
    return f"{function.__module__.removeprefix('kitto.').split('.')[0]}.{function.__name__}"


def known_jobs() -> dict[str, JobSpec]:
    return dict(_jobs)


def known_schedules() -> dict[str, ScheduleSpec]:
    return dict(_schedules)


def is_stale(due: datetime, now: datetime, period: timedelta) -> bool:
    """A firing older than one period is dropped: a stopped process replays all it missed."""
    return now - due > period


def patiently(function: Callable[..., Any], *args: Any) -> Any:
    """Call again what a database that restarts, a full disk, or somebody else's change has cut off.

    Steps may run again anyway. Raises what it met when it goes on for longer than `PATIENCE`.
    """
    until = time.monotonic() + PATIENCE.total_seconds()
    pause = 0.1
    while True:
        try:
            return function(*args)
        except PASSING as trouble:
            if time.monotonic() > until:
                raise
            log.warning("job.step_tried_again", step=function.__name__, code=trouble.code)
        time.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)


class JobRun(Protocol):
    """What a running job is given."""

    ledger: "Ledger"
    id: str

    def step(self, name: str, function: Callable[..., Any], *args: Any) -> Any:
        """Run a step once; its JSON result is kept, so a restarted job does not repeat it.

        A step that was cut off runs again, here or after a restart: it is idempotent or it checks
        first. Never returns a secret.
        """


class Outbox(Protocol):
    """Queues jobs inside the caller's transaction."""

    def enqueue(
        self, session: Session, job: JobRef, args: tuple[Any, ...], *, key: str | None, delay: float
    ) -> None: ...

    def keys_at_work(self, session: Session, job: JobRef) -> set[str]:
        """Of a job that is queued by key: the keys for which it is queued or running."""


@dataclass(frozen=True)
class JobStatus:
    """A job as the console shows it."""

    id: str
    name: str
    state: str
    queue: str
    created_at: datetime
    attempts: int
    error: str | None


class Engine(Protocol):
    """The durable engine behind one thin port; its kill tests are the contract."""

    outbox: Outbox

    def launch(self, ledger: "Ledger") -> None:
        """Serve queues and schedules in this process until `stop`."""

    def stop(self, patience: float) -> None:
        """Take no more work, wait up to `patience` seconds for running steps."""

    def status(self, job_id: str) -> JobStatus | None: ...

    def list(self, *, states: list[str] | None = None, limit: int = 100) -> list[JobStatus]: ...

    def cancel(self, job_id: str) -> None:
        """Stop at the next step boundary."""

    def resume(self, job_id: str) -> None:
        """Go on from the first step without a result."""

    def purge(self, older_than: datetime) -> int:
        """Forget finished jobs; returns how many."""
