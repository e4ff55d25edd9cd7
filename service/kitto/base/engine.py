"""DBOS behind the port of jobs.py; no other module knows its name."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer
from sqlalchemy import text
from sqlalchemy.orm import Session

from kitto.base.db import Database
from kitto.base.jobs import (
    KIT,
    QUEUES,
    JobRef,
    JobSpec,
    JobStatus,
    ScheduleSpec,
    known_jobs,
    known_schedules,
    patiently,
)
from kitto.base.takeover import Takeover
from kitto.base.work import Ledger

NAME = "kitto"
# Bumped only when a running job could not go on under the new code, after draining.
VERSION = "1"
RECOVERIES = 5


@dataclass
class Run:
    """The job that is running, as the port describes it."""

    ledger: Ledger
    id: str

    def step(self, name: str, function: Callable[..., Any], *args: Any) -> Any:
        return DBOS.run_step({"name": name}, patiently, function, *args)


class DurableOutbox:
    """Queues jobs in the caller's transaction through the engine's client."""

    def __init__(self, client: DBOSClient, table: str) -> None:
        self._client = client
        self._at_work = text(
            f"SELECT DISTINCT queue_partition_key FROM {table}"  # noqa: S608 -- one of two names of ours
            " WHERE name = :name AND status IN ('ENQUEUED', 'DELAYED', 'PENDING')"
        )

    def enqueue(
        self, session: Session, job: JobRef, args: tuple[Any, ...], *, key: str | None, delay: float
    ) -> None:
        options: dict[str, Any] = {
            "workflow_name": job.name,
            "queue_name": job.queue,
            "app_version": VERSION,
        }
        if QUEUES[job.queue].per_key:
            options["queue_partition_key"] = key or "none"
        if delay:
            options["delay_seconds"] = delay
        self._client.enqueue_in_transaction(session, options, *args)  # type: ignore[arg-type]  # TypedDict built by parts

    def keys_at_work(self, session: Session, job: JobRef) -> set[str]:
        return {str(key) for key in session.scalars(self._at_work, {"name": job.name})}


class DurableEngine:
    """One per process. `web` processes only use `outbox`; others also `launch`."""

    def __init__(
        self, database: Database, *, worker_name: str, queues: tuple[str, ...] = (), kits: int = 8
    ) -> None:
        self._database = database
        self._worker_name = worker_name
        self._queues = queues or tuple(QUEUES)
        self._kits = kits
        self._launched = False
        self._takeover: Takeover | None = None
        self._client = DBOSClient(
            system_database_url=database.url,
            system_database_engine=database.engine_of_jobs,
            serializer=DBOSPortableJSONSerializer(),
            application_name=NAME,
            lazy=True,
        )
        self.outbox = DurableOutbox(
            self._client, "workflow_status" if database.is_sqlite else "dbos.workflow_status"
        )

    def _open_queues(self) -> None:
        for queue in QUEUES.values():
            DBOS.register_queue(
                queue.name,
                worker_concurrency=self._kits if queue is KIT else queue.at_once,
                partition_concurrency=1 if queue.per_key else None,
                polling_interval_sec=queue.poll_seconds,
                on_conflict="always_update",
            )

    def launch(self, ledger: Ledger) -> None:
        """Serve jobs here. Refuses to run beside another worker of the same name."""
        self._takeover = Takeover(self._database, self._worker_name)
        self._takeover.claim()
        DBOS(
            config={
                "name": NAME,
                "system_database_url": self._database.url,
                "system_database_engine": self._database.engine_of_jobs,
                "application_version": VERSION,
                "executor_id": self._worker_name,
                "serializer": DBOSPortableJSONSerializer(),
                "run_migrations": False,
                "log_level": "WARNING",
                "enable_otlp": False,
                # We use none of its streams and events; its default looks for them a hundred times a second.
                "notification_coalesce_sec": 1.0,
            }
        )
        for spec in known_jobs().values():
            _workflow(spec, ledger)
        scheduled = [(spec, _scheduled(spec, ledger)) for spec in known_schedules().values()]
        DBOS.listen_queues(list(self._queues))
        DBOS.launch()
        self._open_queues()
        DBOS.apply_schedules(
            [
                {
                    "schedule_name": spec.name,
                    "workflow_fn": function,
                    "schedule": spec.cron,
                    "context": None,
                    "queue_name": spec.queue,
                }
                for spec, function in scheduled
            ]
        )
        self._launched = True
        self._takeover.watch(DBOS._recover_pending_workflows)  # noqa: SLF001 -- no public twin

    def stop(self, patience: float) -> None:
        if self._takeover is not None:
            self._takeover.stop()
        if self._launched:
            DBOS.destroy(workflow_completion_timeout_sec=int(patience), destroy_registry=True)
            self._launched = False

    def close(self) -> None:
        self._client.destroy()

    def status(self, job_id: str) -> JobStatus | None:
        found = self._client.list_workflows(workflow_ids=[job_id], load_input=False)
        return _status(found[0]) if found else None

    def list(self, *, states: list[str] | None = None, limit: int = 100) -> list[JobStatus]:
        found = self._client.list_workflows(
            status=states, limit=limit, sort_desc=True, load_input=False, load_output=False
        )
        return [_status(item) for item in found]

    def cancel(self, job_id: str) -> None:
        self._client.cancel_workflow(job_id)

    def resume(self, job_id: str) -> None:
        self._client.resume_workflow(job_id)

    def purge(self, older_than: datetime) -> int:
        forgotten = 0
        while True:
            done = self._client.list_workflows(
                status=["SUCCESS", "ERROR", "CANCELLED"],
                end_time=older_than.isoformat(),
                limit=500,
                load_input=False,
                load_output=False,
            )
            if not done:
                return forgotten
            self._client.delete_workflows([item.workflow_id for item in done])
            forgotten += len(done)


def migrate_jobs(database: Database) -> None:
    """Create or raise the engine's own tables; ours must be there first. Idempotent."""
    DBOS.migrate(database.url)


def _workflow(spec: JobSpec, ledger: Ledger) -> None:
    def run(*args: Any) -> None:
        spec.function(Run(ledger, str(DBOS.workflow_id)), *args)

    run.__qualname__ = run.__name__ = spec.name
    DBOS.workflow(name=spec.name, max_recovery_attempts=RECOVERIES)(run)


def _scheduled(spec: ScheduleSpec, ledger: Ledger) -> Callable[[datetime, Any], None]:
    def run(due: datetime, _context: Any) -> None:
        spec.function(Run(ledger, str(DBOS.workflow_id)), due)

    run.__qualname__ = run.__name__ = spec.name
    decorated: Callable[[datetime, Any], None] = DBOS.workflow(
        name=spec.name, max_recovery_attempts=RECOVERIES
    )(run)
    return decorated


def _status(item: Any) -> JobStatus:
    return JobStatus(
        id=item.workflow_id,
        name=item.name,
        state=item.status,
        queue=item.queue_name or "",
        created_at=datetime.fromtimestamp((item.created_at or 0) / 1000, UTC),
        attempts=item.recovery_attempts or 0,
        error=str(item.error) if item.error else None,
    )
