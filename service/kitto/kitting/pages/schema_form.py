"""A form made from the JSON Schema of a profile's parameters: drawn, read back, and told what is wrong.

Strings (with a pattern or an enum), numbers, booleans, lists of plain values (one a line), lists of objects
(rows that can be added and taken away) and objects inside objects; anything else is a field for JSON.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import jsonschema
import msgspec
from starlette.datastructures import FormData

from kitto.base.i18n import N_, translate

ROOT: Final = "p"
Schema = Mapping[str, Any]

MISSING: Final = N_("Fill it in.")
SENTENCES: Final[Mapping[str, str]] = {
    "pattern": N_("It does not have the wanted form ({wanted})."),
    "enum": N_("Choose one of: {wanted}."),
    "const": N_("Choose one of: {wanted}."),
    "minimum": N_("The least is {wanted}."),
    "exclusiveMinimum": N_("It must be more than {wanted}."),
    "maximum": N_("The most is {wanted}."),
    "exclusiveMaximum": N_("It must be less than {wanted}."),
    "minLength": N_("It needs at least {wanted} characters."),
    "maxLength": N_("It may have at most {wanted} characters."),
    "minItems": N_("It needs at least {wanted} entries."),
    "maxItems": N_("It may have at most {wanted} entries."),
    "uniqueItems": N_("The same entry stands there twice."),
    "additionalProperties": N_("There is something in it that is not known here."),
}
TYPES: Final[Mapping[str, str]] = {
    "integer": N_("It must be a whole number such as 12."),
    "number": N_("It must be a number such as 12.5."),
}
OTHER: Final = N_("It does not fit: {wanted}")
LINE: Final = N_("Line {n}: {says}")


@dataclass(frozen=True)
class FormField:
    """One field as it is drawn. `kind`: text, number, check, choice, lines, json, group, rows."""

    name: str
    kind: str
    label: str
    help: str = ""
    value: Any = ""
    error: str = ""
    required: bool = False
    options: Sequence[tuple[str, str]] = ()
    inside: Sequence["FormField"] = ()
    rows: Sequence[tuple[str, Sequence["FormField"]]] = ()


def fields(schema: Schema, values: Any, locale: str, wrong: Mapping[str, str]) -> list[FormField]:
    """The fields of an object's schema with these values; `wrong` names fields by path."""
    return list(_fields(schema, values if isinstance(values, dict) else {}, locale, wrong, ROOT))


def defaults(schema: Schema) -> dict[str, Any]:
    """What the form begins with."""
    known = schema.get("properties", {})
    return {name: item["default"] for name, item in known.items() if "default" in item}


def _fields(
    schema: Schema, values: Mapping[str, Any], locale: str, wrong: Mapping[str, str], path: str
) -> Iterator[FormField]:
    must = schema.get("required", ())
    for name, item in schema.get("properties", {}).items():
        yield _field(item, values.get(name), locale, wrong, f"{path}.{name}", must=name in must)


def title_of(item: Schema, name: str, locale: str) -> str:
    """What a parameter is called in the reader's language; its own name where the schema gives no title."""
    return str((item.get("x-ja") if locale == "ja" else None) or item.get("title") or name)


def said(schema: Schema, values: Mapping[str, Any], locale: str) -> list[tuple[str, str]]:
    """Chosen values to be read, each with what its parameter is called; what is empty is an empty text."""
    known = schema.get("properties", {})
    return [
        (title_of(known.get(name, {}), name, locale), _value_said(value, locale))
        for name, value in values.items()
    ]


def _value_said(value: Any, locale: str) -> str:
    if isinstance(value, bool):
        return translate(locale, "Yes" if value else "No")
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ", ".join(value)
    if value in (None, {}):
        return ""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _field(
    item: Schema, value: Any, locale: str, wrong: Mapping[str, str], path: str, *, must: bool
) -> FormField:
    kind = _kind(item)
    about = item.get("x-ja-description") if locale == "ja" else None
    made = FormField(
        name=path,
        kind=kind,
        label=title_of(item, path.rpartition(".")[2], locale),
        help=str(about or item.get("description") or ""),
        error=wrong.get(path, ""),
        required=must,
    )
    if kind == "group":
        inside = value if isinstance(value, dict) else {}
        return replace(made, inside=tuple(_fields(item, inside, locale, wrong, path)))
    if kind == "rows":
        entries = value if isinstance(value, list) else []
        rows = [
            (str(n), tuple(_fields(item["items"], _object(entry), locale, wrong, f"{path}.{n}")))
            for n, entry in enumerate(entries)
        ]
        return replace(made, rows=rows)
    options = [(_plain(one), _plain(one)) for one in item.get("enum", ())]
    return replace(made, value=_shown(kind, value), options=options)


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _kind(item: Schema) -> str:
    if item.get("enum"):
        return "choice"
    kind = str(item.get("type"))
    if kind == "object" and item.get("properties"):
        return "group"
    if kind == "array":
        return _OF_ITEMS.get(item.get("items", {}).get("type", ""), "json")
    return _OF_TYPE.get(kind, "json")


_OF_TYPE: Final = {"string": "text", "integer": "number", "number": "number", "boolean": "check"}
_OF_ITEMS: Final = {"object": "rows", "string": "lines", "integer": "lines", "number": "lines"}


def _shown(kind: str, value: Any) -> Any:
    if kind == "check":
        return bool(value)
    if kind == "lines":
        return "\n".join(_plain(one) for one in value) if isinstance(value, list) else ""
    if kind == "json":
        return "" if value is None else msgspec.json.encode(value).decode()
    return "" if value is None else _plain(value)


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def read(schema: Schema, form: FormData) -> dict[str, Any]:
    """The values that a form was filled with; what was left empty is left out."""
    return _read(schema, form, ROOT)


def _read(schema: Schema, form: FormData, path: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    must = schema.get("required", ())
    for name, item in schema.get("properties", {}).items():
        value = _value(item, form, f"{path}.{name}", must=name in must)
        if value is not None:
            found[name] = value
    return found


def _value(item: Schema, form: FormData, path: str, *, must: bool) -> Any:
    match _kind(item):
        case "check":
            ticked = path in form
            return ticked if ticked or must or item.get("default") is not None else None
        case "group":
            return _read(item, form, path) or ({} if must else None)
        case "rows":
            return [_read(item["items"], form, f"{path}.{n}") for n in rows_of(form, path)]
        case kind:
            return _written(item, kind, str(form.get(path, "")).strip())


def _written(item: Schema, kind: str, text: str) -> Any:
    if kind == "lines":
        each = [line.strip() for line in text.splitlines() if line.strip()]
        return [_number(line, item["items"]["type"]) for line in each]
    if not text:
        return None
    if kind == "choice":
        return next((one for one in item["enum"] if _plain(one) == text), text)
    return _json(text) if kind == "json" else _number(text, item.get("type", ""))


def rows_of(form: FormData, path: str) -> list[str]:
    """Which rows of a list the form holds, in order, without those that were taken away."""
    gone = str(form.get("do", ""))
    return [str(n) for n in form.getlist(f"{path}.row") if gone != f"remove {path}.{n}"]


def with_new_row(schema: Schema, values: dict[str, Any], do: str) -> dict[str, Any]:
    """The values after "add <path>": one more empty row in that list."""
    verb, _, path = do.partition(" ")
    if verb == "add":
        _add(schema, values, path.split(".")[1:])
    return values


def _add(schema: Schema, values: Any, path: list[str]) -> None:
    if not path or not isinstance(values, dict):
        return
    item = schema.get("properties", {}).get(path[0], {})
    if len(path) == 1 and _kind(item) == "rows":
        values.setdefault(path[0], []).append({})
    elif _kind(item) == "group":
        _add(item, values.setdefault(path[0], {}), path[1:])
    elif _kind(item) == "rows" and path[1].isdigit():
        rows = values.get(path[0], [])
        if int(path[1]) < len(rows):
            _add(item["items"], rows[int(path[1])], path[2:])


def _number(text: str, kind: str) -> Any:
    """A number where one is wanted and written; else the text, which the schema then finds wrong."""
    if kind not in ("integer", "number"):
        return text
    try:
        return int(text) if kind == "integer" else float(text)
    except ValueError:
        return text


def _json(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text


def complaints(schema: Schema, values: dict[str, Any], locale: str) -> dict[str, str]:
    """What is wrong, by the path of the field; the sentence says what to do."""
    strict = {"type": "object", "additionalProperties": False, **schema}
    found: dict[str, str] = {}
    for error in jsonschema.Draft202012Validator(strict).iter_errors(values):
        path = ".".join([ROOT, *(str(part) for part in error.absolute_path)])
        if error.validator == "required":
            for name in error.validator_value:
                if name not in error.instance:
                    found.setdefault(f"{path}.{name}", translate(locale, MISSING))
            continue
        says = _sentence(error, locale)
        head, _, last = path.rpartition(".")
        if last.isdigit() and _is_lines(schema, head):
            path, says = head, translate(locale, LINE, n=int(last) + 1, says=says)
        found.setdefault(path, says)
    return found


def _sentence(error: jsonschema.ValidationError, locale: str) -> str:
    wanted = error.validator_value
    if error.validator == "type" and str(wanted) in TYPES:
        return translate(locale, TYPES[str(wanted)])
    said = SENTENCES.get(str(error.validator), "")
    if isinstance(wanted, list):
        wanted = ", ".join(_plain(one) for one in wanted)
    return translate(locale, said or OTHER, wanted=wanted if said else error.message[:200])


def _is_lines(schema: Schema, path: str) -> bool:
    item: Any = schema
    for part in path.split(".")[1:]:
        item = item.get("items", {}) if part.isdigit() else item.get("properties", {}).get(part, {})
    return _kind(item) == "lines"
