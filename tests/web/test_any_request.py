"""Any request that the API description allows, and many that it does not: an answer, never a breakdown."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, TypeAlias

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import APIOperation, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

from kitto.base.work import Actor, Ledger
from kitto.cli import office
from kitto.identity.rules import Permission
from kitto.main import House
from kitto.people import queries as people
from tests.make import KITTO
from tests.stage import played_by

Operation: TypeAlias = APIOperation[Any, Any, Any, Any]
EACH = 3  # requests for each operation in each mode: as described, and not
CHECKS = (not_a_server_error, status_code_conformance, response_schema_conformance)
SAME_EVERY_TIME = settings(
    max_examples=EACH,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@schemathesis.serializer("application/x-ndjson")
def _as_lines(_context: schemathesis.SerializationContext, value: Any) -> bytes:
    """A thing a line; text stays as it is, also when it is no JSON."""
    things = value if isinstance(value, list) else [value]
    said = [thing if isinstance(thing, str) else json.dumps(thing) for thing in things]
    return "\n".join(said).encode("utf-8", "replace")


@pytest.fixture
def filled(house: House, app: FastAPI, cast: dict[str, Actor]) -> FastAPI:
    """The believable office behind the doors, so that requests meet something."""
    office.fill(house, "")
    played_by(app, cast)
    return app


@pytest.fixture
def known(filled: FastAPI, ledger: Ledger) -> Mapping[str, list[Any]]:
    """What is there, by the names that addresses and bodies use."""
    with ledger.read(KITTO) as work:
        work.allow(Permission.SEE)
        numbers = [line.number for line in people.people(work, people.PeopleFilter(), limit=3).items]
    return {
        "tag": ["PC-000001-H", "PC-000002-L", "MB-000001-F", "PC-000001", "nonsense"],
        "kind": ["ssh"],
        "badge": numbers,
        "If-Match": ['"1"', '"2"', '"3"'],
    }


@pytest.mark.timeout(900)
def test_no_request_breaks_a_door(filled: FastAPI, known: Mapping[str, list[Any]]) -> None:
    counted: Counter[int] = Counter()
    wrong: list[str] = []
    for operation in operations(filled):
        for mode in GenerationMode:
            _ask(operation, mode, known, counted, wrong)
    assert wrong == []
    # it did not only knock: things were found, made, changed and refused
    assert counted[200] > 60
    assert counted[201] > 10
    assert {404, 409, 412, 422, 428} <= set(counted)


def operations(app: FastAPI) -> Iterator[Operation]:
    """Every operation of the description, asked by one who may do everything."""
    described = app.openapi()
    schema = schemathesis.openapi.from_dict({key: described[key] for key in described if key != "security"})
    schema.app = app
    return (result.ok() for result in schema.get_all_operations())


def _ask(
    operation: Operation,
    mode: GenerationMode,
    known: Mapping[str, list[Any]],
    counted: Counter[int],
    wrong: list[str],
) -> None:
    requests = operation.as_strategy(generation_mode=mode)

    @SAME_EVERY_TIME
    @given(data=st.data())
    def each(data: st.DataObject) -> None:
        case = data.draw(requests)
        for part in (case.path_parameters, case.headers, case.body):
            _put_in_what_is_there(part, known, data)
        try:
            answer = case.call(headers={"Authorization": "Bearer admin"})
            counted[answer.status_code] += 1
            case.validate_response(answer, checks=CHECKS)
        except FailureGroup as found:
            wrong.extend(f"{case.as_curl_command()}: {one}" for one in found.exceptions)
        except Exception as broken:  # noqa: BLE001 -- whatever it is, the door broke
            wrong.append(f"{case.as_curl_command()}: {broken!r}"[:1000])

    # an operation without parameters and body cannot be asked wrongly
    with suppress(Unsatisfiable):
        each()


def _put_in_what_is_there(part: Any, known: Mapping[str, list[Any]], data: st.DataObject) -> None:
    """Half of the time, so that requests come as far as the actions."""
    if not isinstance(part, dict) and not hasattr(part, "keys"):
        return
    for name in list(part.keys()):
        there = known.get(name) or ([1, 2, 3, 4] if name.endswith("_id") else None)
        if there and data.draw(st.booleans()):
            part[name] = data.draw(st.sampled_from(there))
