"""The bench queue: scan a device, do its step, confirm without a mouse, take the next one."""

import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Final

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, Response
from starlette.concurrency import run_in_threadpool

from kitto.assets import queries as assets
from kitto.base.i18n import N_, Words, translate
from kitto.base.seal import Secret
from kitto.base.work import Work
from kitto.identity.rules import Permission
from kitto.kitting import actions, queries
from kitto.kitting.actions.codes import ShownCode, asked_by, was_shown
from kitto.kitting.actions.codes import show_code as show_code_of
from kitto.kitting.models import Kit, KitStep
from kitto.kitting.queries import bench
from kitto.kitting.rules.codes import CODE_WORDS
from kitto.kitting.rules.refusals import NothingInHand
from kitto.kitting.rules.states import KIT_WORDS, OPEN, KitState, StepKind
from kitto.phones.adapters.browser import never_kept
from kitto.phones.adapters.proof import drawn
from kitto.web.bodies import MaybeNumber, Number
from kitto.web.doors import Door, ReadDep, WorkDep
from kitto.web.nav import open_way
from kitto.web.render import render

router = APIRouter(route_class=Door, include_in_schema=False)
open_way("kitting", "/kitting/bench", N_("Bench"), permission=Permission.KIT, rank=20)

PREFIX: Final = "KITTO-"
"""What a command barcode begins with; the desk's sheet holds them."""
READ_BACK: Final = (StepKind.SCAN, StepKind.LABEL)


class Command(StrEnum):
    """Words that are no device."""

    DONE = "DONE"
    NEXT = "NEXT"


@dataclass(frozen=True)
class Said:
    """What became of a scan: ok, again or no; a title, and a sentence."""

    verdict: str
    title: str
    says: str


@router.get("/kitting/bench")
def show_bench(request: Request, work: ReadDep, kit: Annotated[MaybeNumber, Query()] = None) -> HTMLResponse:
    """What the device in hand wants next, and the devices that wait for hands."""
    work.allow(Permission.KIT)
    return _bench(request, work, queries.kit(work, kit) if kit else None, None)


@router.post("/kitting/bench/scan")
async def scan(request: Request, work: WorkDep) -> Response:
    """One scan: a device, or a command for the step of the device in hand."""
    form = await request.form()
    ticked = [int(str(one)) for one in form.getlist("ticked") if str(one).isdigit()]
    scanned = next((str(one) for one in reversed(form.getlist("scanned")) if one), "")
    kit = str(form.get("kit", ""))
    held = int(kit) if kit.isascii() and kit.isdigit() and len(kit) < 16 else None  # noqa: PLR2004 -- 64 bits

    def act() -> Response:
        work.allow(Permission.KIT)
        found, said = _scan(work, scanned, held, str(form.get("step", "")), ticked)
        return _bench(request, work, found, said)

    return await run_in_threadpool(act)


@router.post("/kitting/bench/code")
def show_code(
    request: Request,
    work: WorkDep,
    kit: Annotated[Number, Form()],
    step: Annotated[str, Form(max_length=64)],
    password: Annotated[str, Form(max_length=200)] = "",
) -> HTMLResponse:
    """The code of the step in hand, in this answer only."""
    never_kept(request)
    shown = show_code_of(work, kit_id=kit, step=step, password=Secret(password))
    return _bench(request, work, queries.kit(work, kit), None, shown)


def _scan(
    work: Work, scanned: str, held: int | None, step: str, ticked: list[int]
) -> tuple[Kit | None, Said]:
    command = command_of(scanned)
    if command is Command.NEXT:
        work.unrecorded("another device is taken in hand")
        return _next(work, held)
    if command is Command.DONE:
        if held is None:
            raise NothingInHand
        return _confirm(work, held, step, ticked)
    asset = assets.resolve_scan(work, scanned)
    in_hand = queries.kit(work, held) if held is not None else None
    hand = bench.hand_step(in_hand) if in_hand is not None else None
    reads_back = hand is not None and hand.key == step and hand.kind in READ_BACK
    if in_hand is not None and hand is not None and reads_back and in_hand.asset_id == asset.id:
        kit = actions.scan_back(work, kit_id=in_hand.id, step=hand.key, scanned=scanned)
        return kit, _said(work, "ok", kit.tag, N_("Read back: {step}"), step=hand.title(work.locale))
    work.unrecorded("another device is taken in hand")
    kit_of = queries.open_kit_of(work, asset.id)
    if kit_of is None:
        return None, _said(
            work, "no", asset.name, N_("It is in no kit. Start one, or scan it into an order.")
        )
    if in_hand is not None and reads_back and in_hand.id != kit_of.id:
        says = N_("This is another device: {tag} has not been read back yet.")
        return kit_of, _said(work, "again", asset.name, says, tag=in_hand.tag)
    return kit_of, _landed(work, kit_of)


def command_of(scanned: str) -> Command | None:
    """The command that was scanned or typed, or None."""
    word = unicodedata.normalize("NFKC", scanned).strip().upper().removeprefix(PREFIX)
    return Command(word) if word in frozenset(Command) else None


def _confirm(work: Work, held: int, step: str, ticked: list[int]) -> tuple[Kit, Said]:
    kit = queries.kit(work, held)
    found = queries.step_of(kit, step)
    if found.kind is StepKind.APPROVAL:
        kit = actions.approve_step(work, kit_id=held, step=step)
    else:
        kit = actions.confirm(work, kit_id=held, step=step, ticked=ticked)
    return kit, _said(work, "ok", kit.tag, N_("Confirmed: {step}"), step=found.title(work.locale))


def _next(work: Work, held: int | None) -> tuple[Kit | None, Said]:
    waiting = [one for one in bench.hand_work(work) if one.kit_id != held]
    if not waiting:
        return None, _said(work, "again", "–", N_("No other device waits for hands."))
    kit = queries.kit(work, waiting[0].kit_id)
    return kit, _landed(work, kit)


def _landed(work: Work, kit: Kit) -> Said:
    hand = bench.hand_step(kit)
    if hand is not None and kit.state is not KitState.HELD:
        return _said(work, "ok", kit.tag, N_("Now: {step}"), step=hand.title(work.locale))
    says = N_("Nothing for hands now: the kit is {state}.")
    return _said(work, "again", kit.tag, says, state=Words(KIT_WORDS[kit.state]))


def _said(work: Work, verdict: str, title: str, says: str, **names: object) -> Said:
    return Said(verdict, title, translate(work.locale, says, **names))


def _bench(
    request: Request, work: Work, kit: Kit | None, said: Said | None, shown: ShownCode | None = None
) -> HTMLResponse:
    work.session.flush()  # the queue is read next
    hand: KitStep | None = (
        bench.hand_step(kit) if kit is not None and kit.state is not KitState.HELD else None
    )
    waiting = [one for one in bench.hand_work(work) if kit is None or one.kit_id != kit.id]
    return render(
        request,
        "kitting/bench.html",
        kit=kit,
        hand=hand if kit is not None and kit.state in OPEN else None,
        model=queries.model_of(work, kit) if kit else "",
        current=queries.current_step(kit) if kit else None,
        said=said,
        waiting=waiting,
        reads_back=READ_BACK,
        code=asked_by(kit, hand) if kit is not None and hand is not None else None,
        code_words=CODE_WORDS,
        was_shown=hand is not None and was_shown(hand),
        shown=shown,
        picture=drawn(shown.made, work.locale) if shown else "",
    )
