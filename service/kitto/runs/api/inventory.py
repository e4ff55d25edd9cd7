"""The JSON door of the inventory."""

import hashlib
from collections import OrderedDict
from threading import Lock
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Depends, Header, Query, Response
from pydantic import BaseModel, Field

from kitto.assets.rules import State
from kitto.base.paging import MOST
from kitto.identity.rules import Permission
from kitto.runs.queries import inventory
from kitto.web.bodies import RESPONSES
from kitto.web.doors import Door, ReadDep

router = APIRouter(prefix="/api/v1", route_class=Door, tags=["runs"], responses=RESPONSES)
Code = Annotated[str, Field(max_length=64, pattern=r"^[^\x00]*$")]
Codes = Annotated[list[Code] | None, Query(max_length=100)]
MOST_MARKS: Final = 1_000


class HostOut(BaseModel):
    """A device as a host of Ansible."""

    name: str = Field(examples=["PC-000042-C"])
    vars: dict[str, Any] = Field(examples=[{"ansible_host": "192.0.2.7", "kitto_state": "in_stock"}])


class InventoryOut(BaseModel):
    hosts: list[HostOut]
    next: str | None = Field(description="Give it as `cursor` to get the next page.")


class Marks:
    """ETags this process has given, by what was asked; good while the journal has not grown.

    Everything an inventory shows changes together with a fact, so an unchanged journal means an
    unchanged answer, and it is not read again.
    """

    def __init__(self) -> None:
        self._given: OrderedDict[str, tuple[int, str]] = OrderedDict()
        self._lock = Lock()

    def find(self, asked: str, seq: int) -> str:
        with self._lock:
            known, etag = self._given.get(asked, (-1, ""))
        return etag if known == seq else ""

    def keep(self, asked: str, seq: int, etag: str) -> None:
        with self._lock:
            self._given[asked] = (seq, etag)
            self._given.move_to_end(asked)
            if len(self._given) > MOST_MARKS:
                self._given.popitem(last=False)


_marks: Final = Marks()


def wanted(
    state: Annotated[list[State] | None, Query(max_length=20)] = None,
    category: Codes = None,
    site: Codes = None,
    project: Codes = None,
    department: Codes = None,
    platform: Codes = None,
    profile: Codes = None,
    tag_prefix: Annotated[Code, Query()] = "",
    needs_rekit: bool | None = None,
) -> inventory.InventoryFilter:
    """What an address asks for; a filter with several values takes any of them."""
    return inventory.InventoryFilter(
        state=tuple(state or ()),
        category=tuple(category or ()),
        site=tuple(site or ()),
        project=tuple(project or ()),
        department=tuple(department or ()),
        platform=tuple(platform or ()),
        profile=tuple(profile or ()),
        tag_prefix=tag_prefix,
        needs_rekit=needs_rekit,
    )


@router.get("/inventory", response_model=InventoryOut)
def read_inventory(
    work: ReadDep,
    chosen: Annotated[inventory.InventoryFilter, Depends(wanted)],
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    limit: Annotated[int, Query(ge=1, le=MOST)] = MOST,
    if_none_match: Annotated[str, Header(max_length=2000)] = "",
) -> Response:
    """Devices as hosts for Ansible, without any secret. Filters with several values take any of them.

    The strong ETag is the hash of the answer; sent back as If-None-Match it is answered 304.
    """
    work.allow(Permission.SEE)
    asked, seq = inventory.mark(work, chosen, cursor, limit)
    known = _marks.find(asked, seq)
    if known and known in _tags(if_none_match):
        return _unchanged(known)
    found = inventory.hosts(work, chosen, cursor=cursor, limit=limit)
    content = msgspec.json.encode({"hosts": found.items, "next": found.next})
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    _marks.keep(asked, seq, etag)
    if etag in _tags(if_none_match):
        return _unchanged(etag)
    return Response(content, media_type="application/json", headers=_headers(etag))


def _tags(header: str) -> list[str]:
    return [part.strip().removeprefix("W/") for part in header.split(",")]


def _unchanged(etag: str) -> Response:
    return Response(status_code=304, headers=_headers(etag))


def _headers(etag: str) -> dict[str, str]:
    return {"ETag": etag, "Cache-Control": "private, no-cache", "Vary": "Authorization"}
