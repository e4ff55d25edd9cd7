"""The service whose check-ins are measured, and a bare FastAPI endpoint to compare it with."""

import socket
import sys

import uvicorn
from fastapi import FastAPI, Request, Response

from kitto.base import logs
from kitto.base.db import Base
from kitto.base.engine import migrate_jobs
from kitto.base.settings import settings
from kitto.base.work import Ledger, system_actor
from kitto.checkins import actions
from kitto.identity.rules import Permission
from kitto.main import House, create_app

MACHINES = 400


def kitto() -> FastAPI:
    """The whole service, with a token for all machines on its first output line."""
    logs.set_up(settings())
    house = House(settings())
    Base.metadata.create_all(house.database.write)
    migrate_jobs(house.database)
    print(_token(house.ledger), flush=True)
    return create_app(house, works=False)


def _token(ledger: Ledger) -> str:
    with ledger.begin(system_actor("bench", Permission.MANAGE_AGENTS)) as work:
        return actions.issue_enrolment_token(work, max_uses=MACHINES).text.reveal()


def bare() -> FastAPI:
    """Reads the same body and answers the same, without signature, database or security headers."""
    app = FastAPI()

    @app.post("/agent/v1/checkin")
    async def check_in(request: Request) -> Response:
        await request.json()
        return Response(status_code=204)

    print("-", flush=True)
    return app


def main() -> None:
    app = kitto() if sys.argv[1] == "kitto" else bare()
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    print(listener.getsockname()[1], flush=True)
    # Certificate and key, where the service shall speak TLS itself.
    certificate, key = (*sys.argv[2:4], None, None)[:2]
    made = uvicorn.Config(app, log_config=None, access_log=False, ssl_certfile=certificate, ssl_keyfile=key)
    uvicorn.Server(made).run(sockets=[listener])


if __name__ == "__main__":
    main()
