"""What a browser sends and keeps: its address, its cookie, and answers it must not keep."""

from collections.abc import Iterator

from fastapi import Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from kitto.base.seal import Secret
from kitto.base.settings import settings
from kitto.base.work import Ledger
from kitto.identity.rules import Caller
from kitto.identity.rules.sessions import cookie_name, is_https
from kitto.web.doors import Doorkeeper


def caller_of(request: Request) -> Caller:
    """From where the request came; a proxy that is trusted has been believed already."""
    return Caller(
        address=request.client.host if request.client else "",
        browser=request.headers.get("user-agent", "").replace("\x00", ""),
        request_id=str(getattr(request.state, "request_id", "")),
    )


def cookie_of(request: Request) -> Secret | None:
    """The secret of the sign-in this browser has, if it has one."""
    cookie = request.cookies.get(cookie_name())
    return Secret(cookie) if cookie else None


def give_cookie(response: Response, secret: Secret) -> None:
    """Let the browser stay signed in, for as long as a sign-in lasts at most."""
    response.set_cookie(
        cookie_name(),
        secret.reveal(),
        max_age=settings().session_hours * 3600,
        path="/",
        secure=is_https(),
        httponly=True,
        samesite="lax",
    )


def take_cookie(response: Response) -> None:
    response.delete_cookie(cookie_name(), path="/", secure=is_https(), httponly=True, samesite="lax")


def whole_page(request: Request, response: Response) -> Response:
    """Let a redirect load the page anew where a script asked: its frame, with menu, language and
    form tokens, is another one now.
    """
    if request.headers.get("hx-request") == "true":
        response.headers["HX-Redirect"] = response.headers["location"]
        del response.headers["location"]
        response.status_code = 200
    return response


def ledger_of(request: Request) -> Ledger:
    """For what must happen outside the work of the request: counted tries and slow hashing."""
    keeper: Doorkeeper = request.app.state.doorkeeper
    return keeper.ledger


class ShownOnce(StreamingResponse):
    """A JSON answer that carries a secret. It is streamed, so that no answer kept for an
    Idempotency-Key holds it: a repeated command gets the status without the secret.
    """

    def __init__(self, content: BaseModel, *, location: str = "") -> None:
        headers = {"Cache-Control": "no-store"} | ({"Location": location} if location else {})
        super().__init__(_whole(content), 201, headers, "application/json")


def _whole(content: BaseModel) -> Iterator[bytes]:
    yield content.model_dump_json().encode()
