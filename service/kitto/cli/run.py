"""`kitto serve`, `web`, `worker`: the processes."""

import signal
import threading
from pathlib import Path
from typing import Annotated

import structlog
import typer
import uvicorn

from kitto.base import logs
from kitto.base.schema import upgrade
from kitto.base.settings import Settings, settings
from kitto.main import House, create_app

log = structlog.get_logger()
Port = Annotated[int | None, typer.Option(help="Port to listen on instead of the setting.")]


def serve(port: Port = None) -> None:
    """Everything in one process: pages, API, jobs. Raises the schema first."""
    _serve("all", port)


def web(port: Port = None) -> None:
    """Pages and API only; jobs are left to the workers."""
    _serve("web", port)


def worker() -> None:
    """Jobs only, under the name KITTO_WORKER_NAME."""
    own = settings().model_copy(update={"role": "worker"})
    logs.set_up(own)
    house = House(own)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    house.start_work()
    log.info("worker.ready", worker=own.worker_name)
    stop.wait()
    log.info("worker.stopping")
    house.close()


def _serve(role: str, port: int | None) -> None:
    own: Settings = settings().model_copy(update={"role": role} | ({"port": port} if port else {}))
    logs.set_up(own)
    house = House(own)
    if role == "all":
        upgrade(house.database)
    log.info("web.starting", url=own.public_url(), database=house.database.write.dialect.name)
    # uvicorn stops in order and then raises the signal again; a stop in order is no failure.
    signal.signal(signal.SIGTERM, lambda *_: None)
    uvicorn.run(
        create_app(house),
        host=own.host,
        port=own.port,
        log_config=None,
        access_log=False,
        ws="none",
        server_header=False,
        date_header=True,
        proxy_headers=True,
        forwarded_allow_ips=own.trusted_proxies,
        ssl_certfile=_path(own.tls_certificate),
        ssl_keyfile=_path(own.tls_key),
        timeout_graceful_shutdown=20,
        h11_max_incomplete_event_size=64 * 1024,
    )


def _path(path: Path | None) -> str | None:
    return str(path) if path else None
