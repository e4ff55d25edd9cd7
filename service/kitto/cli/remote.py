"""A Kitto elsewhere, spoken to by HTTP: for CI, where there is no database."""

import ssl
import sys
import time
import uuid
from collections.abc import Callable
from enum import IntEnum
from typing import Annotated, Any, Final, NoReturn

import httpx2
import typer
from typer.core import TyperCommand

from kitto.cli.say import USAGE, out

TRIES: Final = 4
BUSY: Final = frozenset({429, 502, 503, 504})
REFUSED: Final = frozenset({401, 403})
ADDRESS = "Address of a Kitto elsewhere (KITTO_URL); its token is read from KITTO_TOKEN."

Url = Annotated[str, typer.Option("--url", envvar="KITTO_URL", help=ADDRESS)]
# Never an argument that `ps` shows: hidden, and meant to come from the environment.
Token = Annotated[str, typer.Option("--token", envvar="KITTO_TOKEN", hidden=True)]
Ca = Annotated[str, typer.Option("--ca", envvar="KITTO_CA", help="Authority of its certificate (PEM file).")]


class Exit(IntEnum):
    """How commands for CI end. Other commands know 0, 1 and 2 (wrong usage) only."""

    OK = 0
    ERROR = 1
    FAILED = 2
    WAITING = 3
    DRIFT = 4
    APPROVAL = 5
    TIMEOUT = 6
    AUTH = 7


class CiCommand(TyperCommand):
    """Wrong usage ends with 1 here, because 2 says that hosts failed."""

    def make_context(self, *given: Any, **named: Any) -> Any:
        try:
            return super().make_context(*given, **named)
        except Exception as wrong:
            # Typer keeps its click, and with it the name of this error, to itself.
            if getattr(wrong, "exit_code", None) == USAGE:
                wrong.exit_code = Exit.ERROR  # type: ignore[attr-defined]  # looked at a line ago
            raise


class Remote:
    """The JSON doors of a Kitto elsewhere. What it refuses ends the command with the right code."""

    def __init__(self, url: str, token: str = "", ca: str = "") -> None:
        if not url.startswith(("https://", "http://")):
            end(Exit.ERROR, "no_url", "Say where Kitto is: --url or KITTO_URL, beginning with https://.")
        self.url = url.rstrip("/")
        headers = {"Accept": "application/json", "Accept-Language": out.locale}
        if token.strip():
            headers["Authorization"] = f"Bearer {token.strip()}"
        self._client = httpx2.Client(
            base_url=self.url, headers=headers, timeout=30, verify=_authorities(ca), trust_env=True
        )

    def get(self, path: str, **query: Any) -> Any:
        """What is at this address."""
        return self._ask(lambda: self._client.get(path, params=query))

    def post(self, path: str, body: Any) -> Any:
        """Carry out a command, once, however often the network makes us send it."""
        key = {"Idempotency-Key": uuid.uuid4().hex}
        return self._ask(lambda: self._client.post(path, json=body, headers=key))

    def send(self, path: str, content: bytes, kind: str = "application/x-ndjson") -> Any:
        """The same with a body that is no JSON."""
        named = {"Idempotency-Key": uuid.uuid4().hex, "Content-Type": kind}
        return self._ask(lambda: self._client.post(path, content=content, headers=named))

    def exchange(self, id_token: str) -> Any:
        """A token of a few minutes for the id-token of a CI job."""
        form = {
            "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
            "subject_token": id_token,
            "subject_token_type": "urn:ietf:params:oauth:token-type:id_token",
        }
        return self._ask(lambda: self._client.post("/api/v1/token/exchange", data=form), tries=1)

    def _ask(self, ask: Callable[[], httpx2.Response], tries: int = TRIES) -> Any:
        for left in reversed(range(tries)):
            try:
                answer = ask()
            except httpx2.HTTPError as trouble:
                if not left:
                    end(Exit.ERROR, "no_answer", f"{self.url} does not answer ({type(trouble).__name__}).")
            else:
                if answer.status_code not in BUSY or not left:
                    return _taken(answer)
            time.sleep(2.0 ** (tries - left) / 2)
        raise AssertionError  # the last try returns or ends


def id_token_of_github(url: str, token: str, audience: str, ca: str = "") -> str:
    """The id-token of this job, from GitHub's own door. Empty: it gave none."""
    try:
        with httpx2.Client(verify=_authorities(ca), timeout=30) as client:
            asked = httpx2.URL(url).copy_merge_params({"audience": audience})
            answer = client.get(asked, headers={"Authorization": f"Bearer {token}"})
        return str(answer.json().get("value", "")) if answer.is_success else ""
    except (httpx2.HTTPError, ValueError, AttributeError):
        return ""


def _taken(answer: httpx2.Response) -> Any:
    if not answer.is_success:
        _refused(answer)
    return answer.json() if answer.content else None


def _refused(answer: httpx2.Response) -> NoReturn:
    try:
        problem = answer.json()
        code, detail = str(problem["code"]), str(problem["detail"])
    except (ValueError, KeyError, TypeError):
        code, detail = "http", f"HTTP {answer.status_code}"
    end(Exit.AUTH if answer.status_code in REFUSED else Exit.ERROR, code, detail, answer.status_code)


def end(how: Exit, code: str, detail: str, status: int = 0) -> NoReturn:
    """Say why, and end."""
    out.problem(code, detail, status)
    sys.exit(how)


def _authorities(ca: str) -> ssl.SSLContext:
    made = ssl.create_default_context()
    if ca:
        made.load_verify_locations(ca)
    return made
