"""For those who run Kitto: is it alive, is it ready, what does it count."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from kitto.base.db import Database
from kitto.base.schema import newest_revision, present_revision

router = APIRouter(include_in_schema=False)


@router.get("/healthz")
async def is_alive() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz")
async def is_ready(request: Request) -> Response:
    """The process takes work: started, database there, schema as new as the program."""
    house = request.app.state.house
    trouble = await run_in_threadpool(_trouble, house.database)
    if not request.app.state.ready:
        trouble = "starting or stopping"
    if trouble:
        return JSONResponse({"status": "not ready", "reason": trouble}, status_code=503)
    return JSONResponse({"status": "ready"})


@router.get("/metrics")
async def counted() -> Response:
    """Counters for Prometheus; served on the address of the service, keep it behind the proxy."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def _trouble(database: Database) -> str:
    try:
        with database.read.connect() as connection:
            connection.execute(text("SELECT 1"))
        present = present_revision(database)
    except SQLAlchemyError:
        return "the database does not answer"
    newest = newest_revision()
    return "" if present == newest else f"schema is {present}, the program needs {newest}"
