"""Who stands at the door: a signed-in browser, a token, or nobody."""

import math
from collections.abc import Callable
from datetime import datetime
from threading import Lock
from typing import Any, Final, cast
from urllib.parse import urlsplit

import structlog
from fastapi import FastAPI, Request, Response
from starlette.datastructures import FormData

from kitto.base import clock
from kitto.base.errors import Busy, NotAllowed, Refusal
from kitto.base.i18n import choose_locale
from kitto.base.ids import digest, same
from kitto.base.seal import Secret
from kitto.base.settings import settings
from kitto.base.work import Actor, Ledger, system_actor
from kitto.identity import queries
from kitto.identity.actions import signing_in
from kitto.identity.models import Account, ApiToken, SignIn
from kitto.identity.rules.limits import SEEN_EVERY, TOKEN_PREFIX
from kitto.identity.rules.refusals import (
    FormExpired,
    SignInNeeded,
    TokenRefused,
    TooManyRequests,
    TooManyTries,
)
from kitto.identity.rules.sessions import cookie_name, csrf_of, idle_limit
from kitto.web.doors import SAFE

log = structlog.get_logger()

NOBODY: Final = "nobody"
CSRF_HEADER: Final = "x-csrf-token"
CSRF_FIELD: Final = "csrf_token"
_OURS: Final = frozenset({"same-origin", "none"})
_MOST_TOKENS: Final = 10_000


def identify(ledger: Ledger, request: Request) -> Actor:
    """Who sent this request. One or two indexed reads.

    Raises TokenRefused, TooManyRequests, or FormExpired for a command that a page of another site,
    or a page of an ended sign-in, has sent. Without a sign-in the actor is nobody, who has no rights.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.startswith(TOKEN_PREFIX + "_"):
        return _token_actor(request, ledger, token)
    if request.method not in SAFE:
        _refuse_strangers(request)
    cookie = request.cookies.get(cookie_name())
    if not cookie:
        return _nobody(request)
    secret = Secret(cookie)
    found = _present_sign_in(ledger, secret)
    if found is None:
        return _nobody(request)
    if request.method not in SAFE:
        _refuse_without_form_token(request, secret)
    sign_in, account = found
    request.state.csrf = csrf_of(secret)
    return person_actor(account, str(sign_in.id), _request_id(request))


def person_actor(account: Account, session_id: str = "", request_id: str = "") -> Actor:
    """A signed-in person, with the rights of this moment."""
    return Actor(
        kind="account",
        id=str(account.id),
        name=account.display_name,
        grants=account.grants,
        locale=account.locale,
        time_zone=account.time_zone,
        request_id=request_id,
        session_id=session_id,
        person_id=account.person_id,
        settings={"account_id": account.id},
    )


def opened(app: FastAPI) -> None:
    """Answer nobody with "sign in first" instead of "you may not", and say how long to wait.
    Call it after the handler of refusals is there.
    """
    refused = cast("Callable[[Request, Exception], Response]", app.exception_handlers[Refusal])

    def not_allowed(request: Request, problem: Exception) -> Response:
        actor: Actor | None = getattr(request.state, "actor", None)
        is_nobody = actor is not None and actor.kind == NOBODY
        return refused(request, SignInNeeded() if is_nobody else problem)

    def waits(request: Request, problem: Exception) -> Response:
        response = refused(request, problem)
        names: dict[str, Any] = getattr(problem, "names", {})
        response.headers["Retry-After"] = str(names.get("seconds", 1))
        return response

    app.add_exception_handler(NotAllowed, not_allowed)
    app.add_exception_handler(TooManyTries, waits)
    app.add_exception_handler(TooManyRequests, waits)


def _nobody(request: Request) -> Actor:
    return Actor(
        kind=NOBODY,
        id="",
        name="",
        locale=_asked_locale(request, settings().locale),
        time_zone=settings().time_zone,
        request_id=_request_id(request),
    )


def _present_sign_in(ledger: Ledger, secret: Secret) -> tuple[SignIn, Account] | None:
    now = clock.now()
    with ledger.read(_DOOR) as work:
        work.allow_everyone("the door looks who it is")
        found = queries.sign_in_by(work, secret)
    if found is None or found[0].is_over(now, idle_limit()):
        return None
    if found[0].is_seen_long_ago(now):
        _note(signing_in.note_seen, ledger, found[0].id)
    return found


def _token_actor(request: Request, ledger: Ledger, presented: str) -> Actor:
    now = clock.now()
    public_id, secret = _halves(presented)
    with ledger.read(_DOOR) as work:
        work.allow_everyone("the door looks who it is")
        token = queries.token_by(work, public_id)
    if token is None or token.is_over(now) or not same(token.digest, digest(secret)):
        raise TokenRefused
    wait = _quotas.take(token.id, token.quota, now)
    if wait > 0:
        raise TooManyRequests(seconds=math.ceil(wait))
    if token.used_at is None or now - token.used_at >= SEEN_EVERY:
        _note(signing_in.note_used, ledger, token.id)
    return token_actor(token, _asked_locale(request, token.account.locale), _request_id(request))


def token_actor(token: ApiToken, locale: str, request_id: str = "") -> Actor:
    """A program, with those of its rights that its maker still has."""
    return Actor(
        kind="token",
        id=str(token.id),
        name=token.name,
        grants=token.grants(token.account.grants),
        locale=locale,
        time_zone=token.account.time_zone,
        request_id=request_id,
        settings={"account_id": token.account_id, "inventory": token.inventory},
    )


def _halves(presented: str) -> tuple[str, str]:
    parts = presented.strip().split("_", 2)
    return (parts[1], parts[2]) if len(parts) == 3 else ("", "")  # noqa: PLR2004 -- kitto, public, secret


def _note(write: Callable[[Ledger, int], None], ledger: Ledger, row_id: int) -> None:
    try:
        write(ledger, row_id)
    except Busy:
        # the next request writes it; nobody waits for a note
        log.info("identity.note_skipped")


def _refuse_strangers(request: Request) -> None:
    """Refuse commands of pages that are not ours. Programs send neither header."""
    site = request.headers.get("sec-fetch-site")
    if site is not None and site not in _OURS:
        raise FormExpired
    origin = request.headers.get("origin")
    if origin is None:
        return
    ours = {request.headers.get("host", ""), urlsplit(settings().public_url()).netloc}
    if urlsplit(origin).netloc not in ours - {""}:
        raise FormExpired


def _refuse_without_form_token(request: Request, secret: Secret) -> None:
    given = request.headers.get(CSRF_HEADER) or _form_field(request)
    if not same(given, csrf_of(secret)):
        raise FormExpired


def _form_field(request: Request) -> str:
    # the Door has read the form already; reading it here would need a coroutine
    form: FormData | None = getattr(request, "_form", None)
    value = form.get(CSRF_FIELD) if form is not None else None
    return value if isinstance(value, str) else ""


def _asked_locale(request: Request, default: str) -> str:
    return choose_locale(
        setting=None, cookie=None, accept=request.headers.get("accept-language", ""), default=default
    )


def _request_id(request: Request) -> str:
    return str(getattr(request.state, "request_id", ""))


class Quotas:
    """Token buckets of this process: so many requests a minute, saved up for at most one minute."""

    def __init__(self) -> None:
        self._left: dict[int, tuple[float, datetime]] = {}
        self._lock = Lock()

    def take(self, key: int, per_minute: int, now: datetime) -> float:
        """Take one request; returns 0, or the seconds until there is one again."""
        with self._lock:
            if len(self._left) > _MOST_TOKENS:
                self._left.clear()
            left, since = self._left.get(key, (float(per_minute), now))
            rate = per_minute / 60
            left = min(float(per_minute), left + max((now - since).total_seconds(), 0) * rate)
            if left < 1:
                self._left[key] = (left, now)
                return (1 - left) / rate
            self._left[key] = (left - 1, now)
            return 0


_quotas = Quotas()
_DOOR = system_actor("doors")
