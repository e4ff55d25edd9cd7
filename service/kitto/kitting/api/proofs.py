"""JSON doors of what proves a kit: dry runs, approvals, photos, the log, comparisons."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response, UploadFile
from pydantic import BaseModel, Field, SecretStr

from kitto.assets import queries as assets
from kitto.base.i18n import translate
from kitto.base.paper.codes import svg
from kitto.base.seal import Secret
from kitto.base.work import Work
from kitto.identity.adapters.browser import ShownOnce
from kitto.identity.rules import Permission
from kitto.kitting import actions, queries
from kitto.kitting.actions.codes import show_code as show_code_of
from kitto.kitting.actions.files import make_file as make_file_of
from kitto.kitting.api.bodies import AttemptOut, DriftOut, KitOut, LogLineOut, PhotoOut, attempt_shown
from kitto.kitting.api.kits import answered
from kitto.kitting.models import KitDrift, KitPhoto
from kitto.phones.adapters.browser import never_kept
from kitto.web.bodies import RESPONSES, Number, Strict
from kitto.web.doors import Door, ReadDep, WorkDep
from kitto.web.downloads import file_once

router = APIRouter(prefix="/api/v1", route_class=Door, tags=["kitting"], responses=RESPONSES)
Key = Annotated[str, Path(max_length=64, examples=["unbox"])]


class ApproveIn(Strict):
    note: str = Field(default="", max_length=1000)


class CodeIn(Strict):
    password: SecretStr = Field(default=SecretStr(""), description="Of the Wi-Fi; it is stored nowhere.")


class CodeOut(BaseModel):
    """A code that has been read back; show it and keep it nowhere. `url`: where it leads, if it is a link."""

    svg: str
    url: str
    until: datetime | None


class ChainOut(BaseModel):
    holds: bool
    head: str


@router.post("/kits/{kit_id}/steps/{step}/approve")
def approve(work: WorkDep, response: Response, kit_id: Number, step: Key, body: ApproveIn) -> KitOut:
    """Approve a step; not by anybody who did any of the kit's work."""
    return answered(work, response, actions.approve_step(work, kit_id=kit_id, step=step, note=body.note))


@router.post(
    "/kits/{kit_id}/steps/{step}/file", responses={200: {"content": {"application/octet-stream": {}}}}
)
def make_file(work: WorkDep, kit_id: Number, step: Key) -> Response:
    """The file that the fresh machine needs, with a one-time token of its own: shown in this answer only."""
    made = make_file_of(work, kit_id=kit_id, step=step)
    return file_once(made.content, made.media_type, made.name)


@router.post("/kits/{kit_id}/steps/{step}/code", status_code=201, response_model=CodeOut)
def show_code(request: Request, work: WorkDep, kit_id: Number, step: Key, body: CodeIn) -> Response:
    """The code that the phone reads, in this answer only. Takes no Idempotency-Key."""
    never_kept(request)
    given = Secret(body.password.get_secret_value())
    shown = show_code_of(work, kit_id=kit_id, step=step, password=given)
    return ShownOnce(CodeOut(svg=svg(shown.made.symbol, title="QR"), url=shown.address, until=shown.until))


@router.post("/kits/{kit_id}/steps/{step}/dry-run", status_code=202)
def rehearse(work: WorkDep, kit_id: Number, step: Key) -> AttemptOut:
    """Run the step's play so that it only says what it would change; follow it in the log."""
    return attempt_shown(work, actions.rehearse(work, kit_id=kit_id, step=step))


@router.post("/kits/{kit_id}/steps/{step}/photos", status_code=201)
def add_photo(work: WorkDep, kit_id: Number, step: Key, picture: UploadFile) -> PhotoOut:
    """Add a photo to a step that waits: JPEG, PNG or WebP of up to 10 MB."""
    return _photo(actions.add_photo(work, kit_id=kit_id, step=step, picture=picture.file.read()))


@router.get("/kits/{kit_id}/photos/{photo_id}")
def read_photo(work: ReadDep, kit_id: Number, photo_id: Number) -> Response:
    """The photo itself, as JPEG."""
    work.allow(Permission.SEE)
    found = queries.photo(work, kit_id, photo_id)
    return Response(
        found.picture, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=86400"}
    )


@router.get("/kits/{kit_id}/chain")
def read_chain(work: ReadDep, kit_id: Number) -> ChainOut:
    """Whether evidence and changes of state are as they were written, none missing."""
    work.allow(Permission.SEE)
    kit = queries.kit(work, kit_id)
    return ChainOut(holds=queries.chain_holds(work, kit), head=kit.chain)


@router.post("/kits/{kit_id}/comparison", status_code=202)
def compare(work: WorkDep, kit_id: Number) -> dict[str, int]:
    """Compare the device with the version it was kitted by; the result is read from the device's drift."""
    return {"kit": actions.ask_comparison(work, kit_id=kit_id).id}


@router.get("/assets/{tag}/drift")
def list_drift(work: ReadDep, tag: str, limit: Annotated[int, Query(ge=1, le=200)] = 20) -> list[DriftOut]:
    """Comparisons of the device with what it was kitted with, newest first."""
    work.allow(Permission.SEE)
    return [_drift(work, one) for one in queries.drift_of(work, assets.by_tag(work, tag).id, limit)]


@router.get("/kits/{kit_id}/log")
def read_log(
    work: ReadDep,
    kit_id: Number,
    after: Annotated[str, Query(pattern=r"^\d{1,15}-\d{1,15}$")] = "0-0",
    limit: Annotated[int, Query(ge=1, le=5000)] = 1000,
) -> list[LogLineOut]:
    """Lines of its plays, in order."""
    work.allow(Permission.SEE)
    queries.kit(work, kit_id)
    attempt, _, seq = after.partition("-")
    lines = queries.log_lines(work, kit_id, after=(int(attempt), int(seq)), limit=limit)
    return [
        LogLineOut(
            cursor=f"{line.attempt_id}-{line.seq}",
            step=step.key,
            at=line.at,
            kind=line.kind,
            status=line.status,
            task=line.task,
            text=line.text,
        )
        for line, step in lines
    ]


def _photo(found: KitPhoto) -> PhotoOut:
    return PhotoOut(
        id=found.id,
        sha256=found.sha256,
        width=found.width,
        height=found.height,
        taken_by=found.taken_by,
        taken_at=found.taken_at,
    )


def _drift(work: Work, one: KitDrift) -> DriftOut:
    return DriftOut(
        kit=one.kit_id,
        at=one.at,
        result=one.result,
        reason=translate(work.locale, one.reason),
        differences=[
            {"step": each["step"], "what": each["what"], "text": queries.difference_said(each, work.locale)}
            for each in one.differences
        ],
    )
