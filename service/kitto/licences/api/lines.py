"""JSON doors of lines (回線)."""

from dataclasses import replace
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from kitto.base.settings import settings
from kitto.licences import actions, queries
from kitto.licences.models import PhoneLine
from kitto.licences.rules import LineDetails, LineState, e164
from kitto.web.bodies import RESPONSES, Number, Short, Strict
from kitto.web.doors import Door, ReadDep, VersionDep, WorkDep, etag

router = APIRouter(prefix="/api/v1/phone-lines", route_class=Door, tags=["lines"], responses=RESPONSES)
Written = Annotated[str, Field(max_length=40)]


class LineIn(Strict):
    number: Written = Field(examples=["090-1234-5678"])
    carrier: Short = Field(examples=["NTT docomo"])
    plan: Short = ""
    contract_no: Short = ""
    ends_on: date | None = None
    note: Annotated[str, Field(max_length=500)] = ""


class LineChange(Strict):
    """Fields that are left out stay as they are."""

    number: Written = ""
    carrier: Short = ""
    plan: Short = ""
    contract_no: Short = ""
    ends_on: date | None = None
    note: Annotated[str, Field(max_length=500)] = ""


class LineOut(BaseModel):
    """A line; `number` is E.164, `written` as people write it."""

    id: int
    version: int
    number: str
    written: str
    carrier: str
    plan: str
    contract_no: str
    state: LineState
    ends_on: date | None
    note: str


class LineWithSimOut(LineOut):
    """A line with the SIM that carries it and the device this is in."""

    iccid: str | None
    tag: str | None


class LinesOut(BaseModel):
    items: list[LineWithSimOut]
    next: str | None = Field(description="Give it as `cursor` to get the next page.")


def _shown(line: PhoneLine) -> dict[str, Any]:
    return {name: getattr(line, name) for name in LineOut.model_fields}


def _answer(response: Response, line: PhoneLine) -> LineOut:
    etag(response, line.version)
    return LineOut(**_shown(line))


@router.get("")
def list_lines(
    work: ReadDep,
    q: Annotated[str, Query(max_length=200, description="Part of number, ICCID, tag, carrier …")] = "",
    state: LineState | None = None,
    *,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
) -> LinesOut:
    """Lines by number, by keyset pages."""
    found = queries.lines(work, queries.LineFilter(q=q, state=state), cursor=cursor, limit=limit)
    items = [
        LineWithSimOut(
            **_shown(row.line),
            iccid=row.sim.iccid if row.sim else None,
            tag=row.asset.tag if row.asset else None,
        )
        for row in found.items
        if row.line
    ]
    return LinesOut(items=items, next=found.next)


@router.post("", status_code=201)
def open_line(work: WorkDep, response: Response, body: LineIn) -> LineOut:
    """Enter a line."""
    given = body.model_dump() | {"number": e164(body.number, settings().phone_country)}
    line = actions.open_line(work, LineDetails(**given))
    response.headers["Location"] = f"{router.prefix}/{line.id}"
    return _answer(response, line)


@router.get("/{line_id}")
def read_line(work: ReadDep, response: Response, line_id: Number) -> LineOut:
    """One line."""
    return _answer(response, queries.line(work, line_id))


@router.patch("/{line_id}")
def change_line(
    work: WorkDep, response: Response, line_id: Number, version: VersionDep, body: LineChange
) -> LineOut:
    """Change fields; those left out stay."""
    given: dict[str, Any] = {name: getattr(body, name) for name in body.model_fields_set}
    if "number" in given:
        given["number"] = e164(body.number, settings().phone_country)
    details = replace(queries.line(work, line_id).details(), **given)
    return _answer(response, actions.change_line(work, line_id, details, version=version))


@router.post("/{line_id}/suspend")
def suspend_line(work: WorkDep, response: Response, line_id: Number) -> LineOut:
    """Note that the carrier suspended it."""
    return _answer(response, actions.suspend_line(work, line_id))


@router.post("/{line_id}/resume")
def resume_line(work: WorkDep, response: Response, line_id: Number) -> LineOut:
    """Note that it is in service again."""
    return _answer(response, actions.resume_line(work, line_id))


@router.post("/{line_id}/end")
def end_line(work: WorkDep, response: Response, line_id: Number) -> LineOut:
    """Note that the contract has ended."""
    return _answer(response, actions.end_line(work, line_id))
