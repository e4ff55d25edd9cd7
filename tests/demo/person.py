"""Somebody who works with Kitto over HTTP: signs in with a password, then asks and commands by JSON."""

import json
import re
import urllib.error
import urllib.parse
import urllib.request
import uuid
from http.cookiejar import CookieJar
from typing import Any

FORM_TOKEN = re.compile(r'"X-CSRF-Token": "([0-9a-f]+)"')
PATIENCE = 60.0  # seconds for one answer


class Refused(Exception):  # noqa: N818 -- Kitto's own word for it
    """Kitto said no; the text is its sentence."""

    def __init__(self, status: int, text: str) -> None:
        self.code = ""
        try:
            said = json.loads(text)
            self.code = said["code"]
            text = f"{said['detail']} [{self.code}]"
        except (ValueError, KeyError, TypeError):
            text = text[:300]
        super().__init__(f"{status}: {text}")


class Person:
    """One signed-in account. Every command carries an Idempotency-Key and the form token of the sign-in."""

    def __init__(self, site: str, name: str, password: str) -> None:
        self.site = site
        self.name = name
        self._browser = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(CookieJar())
        )
        form = urllib.parse.urlencode({"name": name, "password": password}).encode()
        self._open(urllib.request.Request(f"{site}/sign-in", data=form))
        page = self._open(urllib.request.Request(f"{site}/account")).decode()
        token = FORM_TOKEN.search(page)
        if token is None:
            raise Refused(401, f"{name} could not sign in")
        self._token = token[1]

    def get(self, path: str, **query: object) -> Any:
        """A JSON answer."""
        return json.loads(self.download(path, **query))

    def download(self, path: str, **query: object) -> bytes:
        """The bytes of an answer."""
        question = "?" + urllib.parse.urlencode(query) if query else ""
        return self._open(urllib.request.Request(f"{self.site}/api/v1{path}{question}"))

    def post(self, path: str, version: int | None = None, **body: object) -> Any:
        return self._command("POST", path, version, body)

    def put(self, path: str, **body: object) -> Any:
        return self._command("PUT", path, None, body)

    def _command(self, method: str, path: str, version: int | None, body: dict[str, object]) -> Any:
        headers = {
            "Content-Type": "application/json",
            "X-CSRF-Token": self._token,
            "Idempotency-Key": str(uuid.uuid4()),
        }
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        data = json.dumps(body).encode() if body else None
        answer = self._open(
            urllib.request.Request(f"{self.site}/api/v1{path}", data=data, headers=headers, method=method)
        )
        return json.loads(answer) if answer else None

    def _open(self, request: urllib.request.Request) -> bytes:
        try:
            with self._browser.open(request, timeout=PATIENCE) as answer:
                found: bytes = answer.read()
        except urllib.error.HTTPError as refusal:
            raise Refused(refusal.code, refusal.read().decode(errors="replace")) from refusal
        return found
