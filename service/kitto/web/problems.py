"""Refusals and mistakes as problem+json, as a part of a page, or as a page."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from traceback import format_exception
from typing import Any, Final
from urllib.parse import quote, urlsplit

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from kitto.base.errors import Refusal
from kitto.base.i18n import N_, Words
from kitto.web.armour import wear
from kitto.web.render import render, voice_of
from kitto.web.validation import Complaint, complaints

log = structlog.get_logger()

SIGN_IN: Final = "/sign-in"
SIGN_IN_NEEDED: Final = "identity.sign_in_needed"

SENTENCES: Final[Mapping[int, tuple[str, str]]] = {
    400: ("bad_request", N_("The request cannot be read. Check it and send it again.")),
    401: ("sign_in_needed", N_("You are not signed in. Sign in, then try again.")),
    403: ("not_allowed", N_("You may not do this. Ask an administrator for the right to.")),
    404: ("not_found", N_("There is nothing at this address. Check it, or use the search field.")),
    405: ("method_not_allowed", N_("This address does not take {method}. Look at the API description.")),
    413: ("too_large", N_("The file or text is too large. Send a smaller one.")),
    415: ("unsupported_type", N_("This kind of content is not accepted. Look at the API description.")),
    422: ("invalid_input", N_("Nothing was changed: some entries are not accepted. Correct them.")),
    429: ("too_many", N_("Too many requests. Wait a moment, then try again.")),
    500: ("internal", N_("Something went wrong on our side. Nothing was changed. Try again later.")),
}


class FieldProblem(BaseModel):
    """What is wrong with one field."""

    field: str = Field(examples=["serial"])
    code: str = Field(examples=["missing"])
    says: str = Field(examples=["serial is missing. Fill it in."])


class Problem(BaseModel):
    """RFC 9457 problem details, with a stable `code`."""

    type: str = Field(examples=["urn:kitto:problem:step_refused"])
    title: str = Field(examples=["Conflict"])
    status: int = Field(examples=[409])
    detail: str
    code: str = Field(examples=["assets.step_refused"])
    instance: str = Field(examples=["urn:kitto:request:5f0c"])
    fields: list[FieldProblem] = []


def install(app: FastAPI) -> None:
    """Let every refusal and mistake leave through here."""
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _by_status)
    app.add_exception_handler(Exception, _broken)


def wants_json(request: Request) -> bool:
    """Machines: everything under /api, and whoever accepts JSON but not HTML."""
    accepts = request.headers.get("accept", "")
    return request.url.path.startswith("/api/") or ("json" in accepts and "text/html" not in accepts)


def request_id(request: Request) -> str:
    """The number a person can name when asking for help."""
    return str(getattr(request.state, "request_id", ""))


def _refused(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, Refusal)  # noqa: S101 -- registered for this type only
    if problem.code == SIGN_IN_NEEDED and not wants_json(request):
        return _to_sign_in(request)
    # the sentence holds names of people and things, so only the code is logged
    log.info("web.refused", code=problem.code, status=problem.status, path=request.url.path)
    detail = problem.sentence(voice_of(request).locale)
    headers = {"Retry-After": "5"} if problem.status in {429, 503} else {}
    return answer(request, problem.status, problem.code, detail, headers=headers)


def _invalid(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, RequestValidationError)  # noqa: S101 -- registered for this type only
    found = complaints(problem.errors())
    log.info("web.invalid", fields=[complaint.field for complaint in found], path=request.url.path)
    code, sentence = SENTENCES[422]
    return answer(request, 422, code, Words(sentence).said(voice_of(request).locale), found)


def _by_status(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, HTTPException)  # noqa: S101 -- registered for this type only
    status = problem.status_code
    if status == HTTPStatus.UNAUTHORIZED and not wants_json(request):
        return _to_sign_in(request)
    code, sentence = SENTENCES.get(
        status, SENTENCES[400 if status < HTTPStatus.INTERNAL_SERVER_ERROR else 500]
    )
    detail = Words(sentence, {"method": request.method}).said(voice_of(request).locale)
    return answer(request, status, code, detail, headers=dict(problem.headers or {}))


def _broken(request: Request, problem: Exception) -> Response:
    # as text, since renderers of exc_info also write local variables, such as a form's password
    log.error("web.broken", path=request.url.path, exception="".join(format_exception(problem)))
    code, sentence = SENTENCES[500]
    response = answer(request, 500, code, Words(sentence).said(voice_of(request).locale))
    # the framework answers for a crash outside of all middleware
    wear(response.headers, request_id(request), secure=request.url.scheme == "https")
    return response


def answer(
    request: Request,
    status: int,
    code: str,
    detail: str,
    found: Sequence[Complaint] = (),
    *,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The problem in the form this caller reads."""
    locale = voice_of(request).locale
    fields = [FieldProblem(field=c.field, code=c.code, says=c.words.said(locale)) for c in found]
    if wants_json(request):
        problem = Problem(
            type=f"urn:kitto:problem:{code}",
            title=_title(status),
            status=status,
            detail=detail,
            code=code,
            instance=f"urn:kitto:request:{request_id(request)}",
            fields=fields,
        )
        content: dict[str, Any] = problem.model_dump(exclude={"fields"} if not fields else None)
        return JSONResponse(
            content, status, headers=dict(headers or {}), media_type="application/problem+json"
        )
    response = _shown(request, status, code, detail, fields)
    response.headers.update(headers or {})
    return response


def _shown(request: Request, status: int, code: str, detail: str, fields: list[FieldProblem]) -> Response:
    inside = request.headers.get("hx-request") == "true"
    response = render(
        request,
        "web/problem_part.html" if inside else "web/problem.html",
        status_code=status,
        status=status,
        code=code,
        detail=detail,
        fields=fields,
        request_id=request_id(request),
        back=came_from(request),
    )
    if inside:
        response.headers.update(
            {"HX-Retarget": "#problems", "HX-Reswap": "innerHTML", "HX-Push-Url": "false"}
        )
    return response


def _title(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Problem"


def came_from(request: Request) -> str:
    """Where a form came from, when it came from us."""
    referer = urlsplit(request.headers.get("referer", ""))
    ours = referer.netloc == request.headers.get("host", "")
    return referer.path + (f"?{referer.query}" if referer.query else "") if ours and referer.path else "/"


def _to_sign_in(request: Request) -> Response:
    target = request.url.path if request.method == "GET" else came_from(request)
    query = f"?{request.url.query}" if request.method == "GET" and request.url.query else ""
    url = f"{SIGN_IN}?next={quote(target + query, safe='/')}"
    if request.headers.get("hx-request") == "true":
        return Response(
            status_code=401, headers={"HX-Redirect": f"{SIGN_IN}?next={quote(came_from(request), safe='/')}"}
        )
    return RedirectResponse(url, 303)
