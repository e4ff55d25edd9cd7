"""A small app that shows every macro, so that the frame can be looked at and attacked alone."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Annotated, cast

from fastapi import FastAPI, Form, Request
from fastapi.responses import HTMLResponse, Response, StreamingResponse
from jinja2 import FileSystemLoader, PrefixLoader
from starlette.types import ASGIApp, Receive, Scope, Send

from kitto.base import clock
from kitto.base.errors import Refusal
from kitto.base.i18n import N_
from kitto.web import chips, nav, problems
from kitto.web.armour import Armour
from kitto.web.render import redirect, render, templates
from kitto.web.static import PREFIX, Shelf

LOOKS = {
    "in_stock": chips.Chip("In stock", "plain", "square"),
    "kitting": chips.Chip("Kitting", "info", "half"),
    "ready": chips.Chip("Ready", "good", "check"),
    "in_use": chips.Chip("In use", "good", "dot"),
    "waiting": chips.Chip("Waiting for a person", "warn", "triangle"),
    "lost": chips.Chip("Lost", "bad", "cross"),
}


class TooLate(Refusal):
    code = "sample.too_late"
    says = N_("There is no {thing} “{key}”. Check the number or search for it.")


@dataclass
class Reader:
    """Someone who may do everything."""

    name: str = "佐藤 花子"
    kind: str = "account"
    locale: str = ""
    time_zone: str = "Asia/Tokyo"

    def may(self, permission: str) -> bool:
        return True


@dataclass
class Scans:
    """What the desk of the sample has taken."""

    taken: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)


class SignedIn:
    """Puts a reader where the doors would."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not scope["path"].startswith("/outside"):
            scope.setdefault("state", {}).update(actor=Reader(), csrf="token")
        await self.app(scope, receive, send)


def sample_app() -> FastAPI:
    """The app; `app.state.scans` tells what arrived."""
    loader = cast("PrefixLoader", templates().loader)
    cast("dict[str, FileSystemLoader]", loader.mapping)["sample"] = FileSystemLoader(
        Path(__file__).parent / "templates"
    )
    chips.register("sample.state", LOOKS)
    for place, href, says in (
        ("today", "/", "Today"),
        ("devices", "/devices", "Devices"),
        ("kitting", "/kitting", "Board"),
        ("kitting", "/kitting/profiles", "Profiles"),
        ("desk", "/desk", "Desk"),
    ):
        nav.open_way(place, href, says)
    app = FastAPI()
    app.state.scans = Scans()
    app.add_middleware(SignedIn)
    app.add_middleware(Armour)
    app.mount(PREFIX, Shelf())
    problems.install(app)
    _pages(app)
    _posts(app)
    return app


def _pages(app: FastAPI) -> None:
    @app.get("/")
    def today(request: Request) -> HTMLResponse:
        return render(request, "sample/today.html", at=clock.now() - timedelta(hours=2))

    @app.get("/devices")
    def devices(
        request: Request, q: str = "", state: str = "", sort: str = "tag", cursor: int = 0
    ) -> HTMLResponse:
        words = list(LOOKS)
        found = [(f"PC-{n:06}-{n % 10}", words[n % 6], f"利用者 {n}") for n in range(200)]
        found = [row for row in found if q in row[0] and state in ("", row[1])]
        if sort.startswith("-"):
            found.reverse()
        after = cursor + 50 if len(found) > cursor + 50 else None
        rows = found[cursor : cursor + 50]
        return render(
            request,
            "sample/devices.html",
            rows=rows,
            after=after,
            sort=sort,
            q=q,
            state=state,
            at=clock.now(),
            states=[(key, look.says) for key, look in LOOKS.items()],
        )

    @app.get("/kitting")
    def kit(request: Request) -> HTMLResponse:
        return render(request, "sample/kit.html", at=clock.now() - timedelta(minutes=7))

    @app.get("/kitting/log")
    async def log(request: Request) -> StreamingResponse:
        async def lines() -> AsyncIterator[str]:
            for number in range(20):
                yield f'id: {number}\ndata: <div class="plain">streamed line {number}</div>\n\n'
            yield "event: end\ndata: over\n\n"

        return StreamingResponse(lines(), media_type="text/event-stream")

    @app.get("/desk")
    def desk(request: Request) -> HTMLResponse:
        return render(request, "sample/desk.html")

    @app.get("/ask")
    def ask(request: Request) -> HTMLResponse:
        return render(request, "sample/ask.html")

    @app.get("/outside")
    def outside(request: Request) -> HTMLResponse:
        return render(request, "sample/outside.html")

    @app.get("/find")
    def find(request: Request, q: str) -> HTMLResponse:
        return render(request, "sample/found.html", q=q)


def _posts(app: FastAPI) -> None:
    @app.post("/devices")
    def receive(request: Request, serial: Annotated[str, Form(min_length=4)]) -> Response:
        if serial == "LATE":
            raise TooLate(thing="PC", key=serial)
        return redirect(request, "/devices", N_("Done."))

    @app.post("/desk/scan")
    def scan(request: Request, scanned: Annotated[str, Form()]) -> Response:
        scans: Scans = request.app.state.scans
        key = request.headers["idempotency-key"]
        again = scanned in scans.taken
        if key not in scans.keys:
            scans.keys.append(key)
            scans.taken.append(scanned)
        if scanned.startswith("NO"):
            raise TooLate(thing="PC", key=scanned)
        return render(request, "sample/scanned.html", scanned=scanned, verdict="again" if again else "ok")

    @app.get("/broken")
    def broken() -> None:
        password = "hunter2"
        message = f"broken with {len(password)} letters"
        raise RuntimeError(message)
