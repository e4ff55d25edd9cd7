"""JSON, CSV and PDF doors of kitting reports, and the figures."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from kitto.base.settings import settings
from kitto.base.spreadsheet import Encoding
from kitto.identity.rules import Permission
from kitto.kitting import queries
from kitto.kitting.adapters.report import report_pdf
from kitto.web.bodies import RESPONSES, Number
from kitto.web.doors import Door, ReadDep
from kitto.web.downloads import csv_answer, file_answer

router = APIRouter(prefix="/api/v1", route_class=Door, tags=["kitting"], responses=RESPONSES)
PDF: dict[int | str, dict[str, Any]] = {200: {"content": {"application/pdf": {}}}}
HEADS = ("kit", "tag", "serial", "model", "profile", "content", "state", "began", "ready", "chain")


class StepFigureOut(BaseModel):
    key: str
    by_hand: bool
    done: int
    minutes: float = Field(description="Median.")
    first_pass: float = Field(description="Share done at the first try.")


class FailureOut(BaseModel):
    profile: str
    step: str
    model: str
    times: int
    reason: str


class FiguresOut(BaseModel):
    since: datetime
    ready: int
    first_pass: float | None
    hands_minutes: float | None
    machine_minutes: float | None
    steps: list[StepFigureOut]
    failures: list[FailureOut]
    by_day: dict[str, int]
    open_now: int
    ready_by: datetime | None


@router.get("/kits/{kit_id}/report.pdf", responses=PDF)
def kit_report(work: ReadDep, kit_id: Number) -> Response:
    """The report of one device (作業報告書)."""
    work.allow(Permission.SEE)
    kit = queries.kit(work, kit_id)
    said = queries.report_of_kit(work, kit)
    link = f"{settings().public_url()}/kitting/{kit.id}#{kit.chain}"
    return file_answer(report_pdf(said, link), "application/pdf", f"{said['number']}.pdf", inline=True)


@router.get("/kits/{kit_id}/report")
def kit_report_data(work: ReadDep, kit_id: Number) -> dict[str, Any]:
    """The same as values."""
    work.allow(Permission.SEE)
    return _plain(queries.report_of_kit(work, queries.kit(work, kit_id)))


@router.get("/kit-orders/{order_id}/report.pdf", responses=PDF)
def order_report(work: ReadDep, order_id: Number) -> Response:
    """The report of an order: a cover and every device."""
    work.allow(Permission.SEE)
    said = queries.report_of_order(work, queries.order(work, order_id))
    link = f"{settings().public_url()}/kitting/orders/{order_id}"
    return file_answer(report_pdf(said, link), "application/pdf", f"{said['number']}.pdf", inline=True)


@router.get("/kit-orders/{order_id}/report")
def order_report_data(work: ReadDep, order_id: Number) -> dict[str, Any]:
    """The same as values."""
    work.allow(Permission.SEE)
    return _plain(queries.report_of_order(work, queries.order(work, order_id)))


@router.get("/kit-orders/{order_id}/report.csv", responses={200: {"content": {"text/csv": {}}}})
def order_report_csv(work: ReadDep, order_id: Number, encoding: Encoding = Encoding.UTF8) -> Response:
    """One line for each device, for the customer's own ledger."""
    work.allow(Permission.SEE)
    said = queries.report_of_order(work, queries.order(work, order_id))
    rows = [[str(kit[name]) for name in HEADS] for kit in said["kits"]]
    return csv_answer(f"{said['number']}.csv", list(HEADS), rows, encoding)


@router.get("/kit-figures")
def read_figures(
    work: ReadDep,
    days: Annotated[int, Query(ge=1, le=366)] = 30,
    profile: Annotated[str, Query(max_length=64)] = "",
) -> FiguresOut:
    """Minutes of hands and machines, first-pass yield, what fails most, and a forecast."""
    work.allow(Permission.SEE)
    found = queries.figures(work, days=days, profile=profile)
    return FiguresOut(
        since=found.since,
        ready=found.ready,
        first_pass=found.first_pass,
        hands_minutes=found.hands_minutes,
        machine_minutes=found.machine_minutes,
        steps=[StepFigureOut(**vars(one)) for one in found.steps],
        failures=[FailureOut(**vars(one)) for one in found.failures],
        by_day=dict(found.by_day),
        open_now=found.open_now,
        ready_by=found.ready_by,
    )


def _plain(said: dict[str, Any]) -> dict[str, Any]:
    for kit in said["kits"]:
        kit["photos"] = [{"says": one["says"], "sha256": one["sha256"]} for one in kit["photos"]]
    return said
