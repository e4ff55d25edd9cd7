"""render(): one function for a page and its parts."""

import json
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final, Protocol
from urllib.parse import quote, unquote, urlencode
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, PrefixLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.datastructures import QueryParams

from kitto.base import clock
from kitto.base.i18n import (
    Told,
    Voice,
    choose_locale,
    formats,
    speaking,
    translate,
    voice,
)
from kitto.base.i18n.catalogue import ROOMS, lookup, shown
from kitto.base.settings import settings
from kitto.web.chips import chip_of
from kitto.web.nav import Entry, Viewer, bar
from kitto.web.static import static_url

TOAST: Final = "kitto_toast"
LOCALE: Final = "kitto_locale"
THEME: Final = "kitto_theme"
KEYS: Final = "kitto_keys"
COLUMNS: Final = "kitto_columns_"


class Reader(Viewer, Protocol):
    """Who reads the page; `kitto.base.work.Actor` fits."""

    @property
    def name(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Toast:
    """A short message about what was just done."""

    says: str
    tone: str = "good"


@dataclass(frozen=True, slots=True)
class Page:
    """What every template may know about the answer being written."""

    path: str
    query: str
    partial: bool
    target: str
    actor: Reader | None
    locale: str
    csrf: str
    theme: str
    keys: bool
    now: datetime
    nav: Sequence[Entry]
    toasts: Sequence[Toast]
    hidden: Mapping[str, str]

    @property
    def place(self) -> Entry | None:
        """The present place of the bar."""
        return next((entry for entry in self.nav if entry.active), None)

    def may(self, permission: str) -> bool:
        """For leaving out what would be refused anyway; the action decides."""
        return self.actor is not None and self.actor.may(permission)

    def with_query(self, **changes: object) -> str:
        """This address with some query values changed; None takes one away."""
        kept = [(k, v) for k, v in QueryParams(self.query).multi_items() if k not in changes]
        new = [(k, str(v)) for k, v in changes.items() if v is not None]
        return self.path + ("?" + urlencode(kept + new) if kept or new else "")


_page: ContextVar[Page] = ContextVar("page")


def render(request: Request, template: str, /, *, status_code: int = 200, **names: object) -> HTMLResponse:
    """The page; for htmx only the part asked for.

    A part is the block named like the target's id (`rows` for `#rows` or `#rows-more`), else the
    block `content` with its title.
    """
    page = describe(request)
    environment = templates()
    found = environment.get_template(template)
    token = _page.set(page)
    try:
        with speaking(voice_of(request)):
            context = {"page": page, "actor": page.actor, "now": page.now, **names}
            part = page.target.replace("-", "_") if page.partial else ""
            if part in found.blocks and part != "content":
                inner = found.new_context(context)
                # up to its first output a template does its top-level `set`s, which blocks may use
                next(found.root_render_func(inner), None)
                text = "".join(found.blocks[part](inner))
            else:
                text = found.render(context)
    finally:
        _page.reset(token)
    response = HTMLResponse(text, status_code)
    _dress(response, page)
    return response


def redirect(
    request: Request, url: str, says: str = "", /, *, tone: str = "good", **names: object
) -> Response:
    """After a change: go to `url` (303) and say there, once, what was done."""
    response = RedirectResponse(url, status_code=303)
    if says:
        text = translate(voice_of(request).locale, says, **names)
        content = quote(json.dumps([text, tone]))
        response.set_cookie(TOAST, content, max_age=60, httponly=True, samesite="lax")
    return response


def describe(request: Request) -> Page:
    """The page being asked for."""
    actor: Reader | None = getattr(request.state, "actor", None)
    reader = actor if _is_signed_in(actor) else None
    path = request.url.path
    return Page(
        path=path,
        query=request.url.query,
        partial=_wants_part(request),
        target=_target(request),
        actor=reader,
        locale=voice_of(request).locale,
        csrf=getattr(request.state, "csrf", ""),
        theme=_chosen(request, THEME, ("light", "dark")),
        keys=_chosen(request, KEYS, ("off",)) != "off",
        now=clock.now(),
        nav=bar(reader, path),
        toasts=_toasts(request),
        hidden={k.removeprefix(COLUMNS): v for k, v in request.cookies.items() if k.startswith(COLUMNS)},
    )


def voice_of(request: Request) -> Voice:
    """How to speak to whoever asks: their own setting, the cookie, the browser, the house."""
    actor = getattr(request.state, "actor", None)
    own = actor if _is_signed_in(actor) else None
    locale = choose_locale(
        setting=getattr(own, "locale", None),
        cookie=request.cookies.get(LOCALE),
        accept=request.headers.get("accept-language", ""),
        default=settings().locale,
    )
    return Voice(locale, ZoneInfo(getattr(own, "time_zone", "") or settings().time_zone))


def _is_signed_in(actor: object) -> bool:
    return actor is not None and getattr(actor, "kind", "person") != "nobody"


def _chosen(request: Request, name: str, values: tuple[str, ...]) -> str:
    value = request.cookies.get(name, "")
    return value if value in values else ""


def _wants_part(request: Request) -> bool:
    asked = request.headers
    return (
        asked.get("hx-request") == "true"
        and asked.get("hx-request-type") != "full"
        and "hx-history-restore-request" not in asked
    )


def _target(request: Request) -> str:
    _, _, target = request.headers.get("hx-target", "").partition("#")
    return target.removesuffix("-more")


def _toasts(request: Request) -> list[Toast]:
    try:
        says, tone = json.loads(unquote(request.cookies[TOAST]))
    except (KeyError, ValueError):
        return []
    return [Toast(str(says), str(tone))]


def _dress(response: Response, page: Page) -> None:
    response.headers["Cache-Control"] = "no-store"
    response.headers["Vary"] = "HX-Request, HX-Request-Type, HX-Target, Accept-Language, Cookie"
    if page.toasts:
        response.delete_cookie(TOAST)
        if page.partial:
            toast = page.toasts[0]
            response.headers["HX-Trigger"] = json.dumps({"toast": {"says": toast.says, "tone": toast.tone}})


@cache
def templates() -> Environment:
    """The one environment: `room/page.html` is `service/kitto/<room>/templates/page.html`."""
    rooms = {
        path.parent.name: FileSystemLoader(path)
        for path in sorted(ROOMS.glob("*/templates"))
        if path.is_dir()
    }
    environment = Environment(
        loader=PrefixLoader(rooms),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.do"],
    )
    environment.globals.update(_=_say, n_=_count, here=_page.get, static=static_url, chip_of=chip_of)
    environment.filters.update(
        {name: getattr(formats, name) for name in _FORMATS},
        ago=lambda at: formats.relative(at, _page.get().now),
        json=_json,
    )
    environment.globals["ui"] = environment.get_template("web/ui.html").module
    return environment


_FORMATS: Final = (
    "exact",
    "moment",
    "clock_time",
    "day",
    "weekday",
    "era",
    "duration",
    "number",
    "size",
    "money",
)


def _say(msgid: str, /, **params: object) -> Markup | str:
    locale = voice().locale
    if not params:
        # A sentence that was told before; what it quotes is escaped like any other text.
        return msgid.said(locale) if isinstance(msgid, Told) else lookup(locale, msgid)
    return _filled(lookup(locale, msgid), locale, params)


def _count(one: str, many: str, n: int, /, **params: object) -> Markup:
    locale = voice().locale
    text = (one if n == 1 else many) if locale == "en" else lookup(locale, one, many)
    return _filled(text, locale, {"n": n, **params})


def _filled(text: str, locale: str, params: Mapping[str, Any]) -> Markup:
    # values may be markup (a link in a sentence); everything else is escaped here
    return escape(text).format(**{name: shown(locale, value) for name, value in params.items()})


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
