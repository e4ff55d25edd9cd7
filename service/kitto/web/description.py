"""The description of the API: what every door has in common, and a whole example for each body."""

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from kitto.web.doors import SAFE
from kitto.web.problems import Problem

Schema = dict[str, Any]
KEY: Final[Schema] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": (
        "Chosen by you, once for each command. The command is carried out once, however often it is sent."
    ),
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
    "example": "scan-station-2-000371",
}
TOKEN: Final[Schema] = {"type": "http", "scheme": "bearer", "description": "A token of Settings, Tokens."}
BY_FORMAT: Final = {"date": "2026-04-01", "date-time": "2026-04-01T09:00:00+09:00"}
BY_TYPE: Final[Schema] = {"boolean": True, "integer": 1, "number": 1}


def install(app: FastAPI) -> None:
    """Let the app describe itself so; the description is made once."""

    def described() -> Schema:
        if app.openapi_schema is None:
            app.openapi_schema = _completed(
                get_openapi(
                    title=app.title, version=app.version, description=app.description, routes=app.routes
                )
            )
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]  # FastAPI's own way to change it


def _completed(found: Schema) -> Schema:
    known = found["components"]["schemas"]
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}", mode="serialization")
    known.update(problem.pop("$defs"), Problem=problem)
    found["components"]["securitySchemes"] = {"token": TOKEN}
    found["security"] = [{"token": []}]
    for operations in found["paths"].values():
        for method, operation in operations.items():
            if method.upper() not in SAFE:
                operation.setdefault("parameters", []).append(KEY)
            for content in operation.get("requestBody", {}).get("content", {}).values():
                if not {"example", "examples"} & set(content):
                    content["example"] = example(content["schema"], known)
    return found


def example(schema: Schema, known: dict[str, Schema]) -> Any:
    """A value of this schema: what its fields give as examples, else their defaults.

    A text that says nothing about itself has None, which a house test finds.
    """
    schema = _resolved(schema, known)
    if "examples" in schema:
        return schema["examples"][0]
    for name in ("const", "default"):
        if schema.get(name) is not None:
            return schema[name]
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("type") == "object":
        return _object(schema, known)
    if schema.get("type") == "array":
        return [example(schema["items"], known)]
    return BY_FORMAT.get(schema.get("format", ""), BY_TYPE.get(schema.get("type", "")))


def _object(schema: Schema, known: dict[str, Schema]) -> Schema:
    fields = schema.get("properties", {})
    told = {name for name in fields if "examples" in _resolved(fields[name], known)}
    wanted = told | set(schema.get("required", ())) or set(list(fields)[:1])
    return {name: example(fields[name], known) for name in fields if name in wanted}


def _resolved(schema: Schema, known: dict[str, Schema]) -> Schema:
    """Follow a reference and the choice of a value or nothing; what stands beside them counts."""
    beside = {name: value for name, value in schema.items() if name not in ("$ref", "anyOf")}
    if "$ref" in schema:
        return _resolved(known[schema["$ref"].rpartition("/")[2]], known) | beside
    choices = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
    return _resolved(choices[0], known) | beside if choices else schema
