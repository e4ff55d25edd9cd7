"""The one field at the top: anything scanned or typed."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from kitto.assets import queries
from kitto.assets.queries.find import ScanForeign, ScanUnknown
from kitto.assets.rules import ScanUnreadable
from kitto.base.errors import NotFound
from kitto.base.work import Work
from kitto.identity.rules import Permission
from kitto.people import queries as people
from kitto.web.doors import Door, ReadDep
from kitto.web.hooks import page_of
from kitto.web.render import redirect

router = APIRouter(route_class=Door, include_in_schema=False)


@router.get("/find")
def find(request: Request, work: ReadDep, q: Annotated[str, Query(max_length=2048)] = "") -> Response:
    """Go to the thing scanned; else to the people or devices that fit the words."""
    work.allow(Permission.SEE)
    if not q.strip():
        return redirect(request, "/devices")
    try:
        return redirect(request, f"/devices/{queries.resolve_scan(work, q).name}")
    except (ScanUnknown, ScanForeign, ScanUnreadable):
        return redirect(request, _elsewhere(work, q.strip()[:200]))


def _elsewhere(work: Work, words: str) -> str:
    other = page_of(work, words)
    if other is not None:
        return other
    try:
        return f"/people/{people.person_by_number(work, words).id}"
    except NotFound:
        pass
    devices = queries.listed(work, queries.AssetFilter(q=words), limit=1).items
    if not devices and people.people(work, people.PeopleFilter(q=words), limit=1).items:
        return "/people?" + urlencode({"q": words})
    return "/devices?" + urlencode({"q": words})
