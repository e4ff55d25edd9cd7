"""Every door by itself: no address is served twice, every command and change says how it is kept safe."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute

from kitto.base.settings import Settings
from kitto.main import DOORS, KNOWN, House, create_app
from kitto.web import operations
from kitto.web import pages as web_pages


def routes() -> Iterator[APIRoute]:
    for module in (web_pages, operations, *(one for part in DOORS for one in KNOWN[part])):
        for router in vars(module).values():
            if isinstance(router, APIRouter):
                yield from (route for route in router.routes if isinstance(route, APIRoute))


def test_no_address_is_served_by_two_rooms() -> None:
    served = Counter(
        (method, re.sub(r"\{[^}:]*", "{", route.path)) for route in routes() for method in route.methods
    )
    assert len(served) > 200
    assert [door for door, times in served.items() if times > 1] == []


def test_every_door_can_be_built() -> None:
    """Most are built when somebody first knocks, so a wrong one would wait for that."""
    assert [route.path for route in routes() if route.dependant.call is not route.endpoint] == []


# A change says which version it saw. These have nothing that another could have changed meanwhile:
WITHOUT_A_VERSION = {
    "DELETE /api/v1/me/sign-ins/{sign_in_id}": "it ends once, and only one's own",
    "DELETE /api/v1/assets/{tag}/identifiers/{identifier_id}": "it ends once; a second time is refused",
    "PUT /api/v1/assets/{tag}/endpoints/{kind}": "given whole; the journal says what was there before",
    "PUT /api/v1/runs/{ulid}": "its reporter alone opens it, and opening it again changes nothing",
    "PUT /api/v1/sims/{sim_id}/line": "given whole; a line that another SIM took meanwhile is refused",
    "PUT /api/v1/desk/due": "one's own desk",
    "PUT /api/v1/desk/lines/{line_id}": "one's own desk",
    "DELETE /api/v1/desk/lines/{line_id}": "one's own desk",
}
# A list is read by pages, with a cursor. These are short by their nature, or bounded by what they belong to:
SHORT_LISTS = {
    "/api/v1/me/sign-ins",
    "/api/v1/people/{person_id}/projects",
    "/api/v1/departments",
    "/api/v1/assets/{tag}/custody",
    "/api/v1/assets/{tag}/identifiers",
    "/api/v1/categories",
    "/api/v1/models",
    "/api/v1/locations",
    "/api/v1/software-titles",
    "/api/v1/sims/{sim_id}/placements",
    "/api/v1/profiles",
    "/api/v1/kits/{kit_id}/log",
    "/api/v1/profiles/{name}/versions",
    "/api/v1/profiles/{name}/lift",
    "/api/v1/assets/{tag}/drift",
    "/api/v1/health/probes/{probe_id}/readings",
    "/api/v1/health/probes/{probe_id}/readings/{name}",
    "/api/v1/health/credentials",
    "/api/v1/checkins/agents/{agent_id}/sections",
    "/api/v1/checkins/agents/{agent_id}/software",
    "/api/v1/label-templates",
    "/api/v1/runs/{ulid}/events",
    "/api/v1/label-printers",
}


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    house = House(Settings(data=tmp_path_factory.mktemp("data")))
    yield create_app(house, works=False).openapi()
    house.close()


def operations_of(described: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, by_method in described["paths"].items():
        for method, operation in by_method.items():
            yield method.upper(), path, operation


def given(operation: dict[str, Any]) -> set[str]:
    return {one["name"] for one in operation.get("parameters", ())}


def test_every_command_takes_a_key_and_every_change_a_version(
    described: dict[str, Any],
) -> None:
    without_key, without_version = [], set()
    for method, path, operation in operations_of(described):
        if method != "GET" and "Idempotency-Key" not in given(operation):
            without_key.append(f"{method} {path}")
        if method in {"PATCH", "PUT", "DELETE"} and "If-Match" not in given(operation):
            without_version.add(f"{method} {path}")
    assert without_key == []
    assert without_version == set(WITHOUT_A_VERSION)


def test_every_list_is_read_by_pages(described: dict[str, Any]) -> None:
    schemas = described["components"]["schemas"]
    without = set()
    for method, path, operation in operations_of(described):
        content = operation["responses"].get("200", {}).get("content", {}).get("application/json", {})
        schema = content.get("schema", {})
        name = schema.get("$ref", "").rpartition("/")[2]
        is_list = schema.get("type") == "array" or "items" in schemas.get(name, {}).get("properties", {})
        if method == "GET" and is_list and "cursor" not in given(operation):
            without.add(path)
    assert without == SHORT_LISTS


def test_every_body_has_an_example_that_its_door_takes(described: dict[str, Any]) -> None:
    taken = {(method, route.path): route for route in routes() for method in route.methods}
    wrong, seen = [], 0
    for method, path, operation in operations_of(described):
        for kind, content in operation.get("requestBody", {}).get("content", {}).items():
            body = taken[method, path].body_field
            if kind != "application/json" or body is None:
                continue
            seen += 1
            _, errors = body.validate(content["example"], {}, loc=("body",))
            if errors:
                wrong.append(f"{method} {path}: {content['example']}: {errors}")
    assert seen > 50
    assert wrong == []
