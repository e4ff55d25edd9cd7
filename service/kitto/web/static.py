"""Static files under an address that changes with their content, so that browsers may keep them."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Final

from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

FOLDER: Final = Path(__file__).parent / "static"
PREFIX: Final = "/static"


@cache
def mark() -> str:
    """One checksum over all files: modules import each other by relative names."""
    content = hashlib.sha256()
    for path in sorted(path for path in FOLDER.rglob("*") if path.is_file()):
        content.update(str(path.relative_to(FOLDER)).encode())
        content.update(path.read_bytes())
    return content.hexdigest()[:12]


def static_url(name: str) -> str:
    """The address of a static file."""
    return f"{PREFIX}/{mark()}/{name}"


class Shelf(StaticFiles):
    """Serves `/static/<mark>/<name>`; only the present mark may be kept for ever.

    Only these files are compressed: a page holds a token beside what a stranger may have sent
    (BREACH, CVE-2013-3587), and a static file holds no secret.
    """

    def __init__(self) -> None:
        super().__init__(directory=FOLDER)
        self._packed = GZipMiddleware(super().__call__, minimum_size=1000)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._packed(scope, receive, send)

    async def get_response(self, path: str, scope: Scope) -> Response:
        asked, _, name = path.partition("/")
        response = await super().get_response(name, scope)
        kept = "public, max-age=31536000, immutable" if asked == mark() else "no-cache"
        response.headers["Cache-Control"] = kept
        return response
