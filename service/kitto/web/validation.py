"""What pydantic found wrong, as sentences a person can use. A value is never repeated."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from kitto.base.i18n import N_, Words


@dataclass(frozen=True, slots=True)
class Complaint:
    """One field, one stable code, one sentence."""

    field: str
    code: str
    words: Words


_LEAST: Final = N_("{field} needs at least {n} characters.")
_MOST: Final = N_("{field} may have at most {n} characters.")
_NUMBER: Final = N_("{field} must be a whole number such as 12.")
_DECIMAL: Final = N_("{field} must be a number such as 12.5.")
_DAY: Final = N_("{field} must be a date such as 2026-11-23.")
_INSTANT: Final = N_("{field} must be a date and time such as 2026-11-23T09:12:00+09:00.")
_OTHER: Final = N_("{field} is not accepted. Look at the example and correct it.")
_TEXT: Final = N_("{field} must be text.")

_SENTENCES: Final[Mapping[str, tuple[str, str]]] = {
    "missing": (N_("{field} is missing. Fill it in."), ""),
    "string_too_short": (_LEAST, "min_length"),
    "string_too_long": (_MOST, "max_length"),
    "too_short": (N_("{field} needs at least {n} entries."), "min_length"),
    "too_long": (N_("{field} may have at most {n} entries."), "max_length"),
    "string_type": (_TEXT, ""),
    "string_pattern_mismatch": (N_("{field} has a form that is not accepted. Look at the example."), ""),
    "int_parsing": (_NUMBER, ""),
    "int_type": (_NUMBER, ""),
    "int_from_float": (_NUMBER, ""),
    "float_parsing": (_DECIMAL, ""),
    "float_type": (_DECIMAL, ""),
    "decimal_parsing": (_DECIMAL, ""),
    "greater_than": (N_("{field} must be more than {n}."), "gt"),
    "greater_than_equal": (N_("{field} must be {n} or more."), "ge"),
    "less_than": (N_("{field} must be less than {n}."), "lt"),
    "less_than_equal": (N_("{field} must be {n} or less."), "le"),
    "bool_parsing": (N_("{field} must be true or false."), ""),
    "bool_type": (N_("{field} must be true or false."), ""),
    "enum": (N_("{field} must be one of: {n}."), "expected"),
    "literal_error": (N_("{field} must be one of: {n}."), "expected"),
    "date_parsing": (_DAY, ""),
    "date_type": (_DAY, ""),
    "date_from_datetime_parsing": (_DAY, ""),
    "date_from_datetime_inexact": (_DAY, ""),
    "datetime_parsing": (_INSTANT, ""),
    "datetime_type": (_INSTANT, ""),
    "datetime_from_date_parsing": (_INSTANT, ""),
    "timezone_aware": (_INSTANT, ""),
    "extra_forbidden": (N_("{field} is not known here. Leave it out."), ""),
    "json_invalid": (N_("The text sent is not JSON. Correct it and send it again."), ""),
    "model_attributes_type": (N_("{field} must be an object with named values."), ""),
    "dict_type": (N_("{field} must be an object with named values."), ""),
    "list_type": (N_("{field} must be a list."), ""),
    "uuid_parsing": (N_("{field} must be an identifier of 32 hexadecimal digits."), ""),
    "url_parsing": (N_("{field} must be an address such as https://example.com/."), ""),
}


def complaints(errors: Sequence[Mapping[str, Any]]) -> list[Complaint]:
    """pydantic's errors, one sentence each, at most one for a field."""
    found: dict[str, Complaint] = {}
    for error in errors[:50]:
        name = _field(error.get("loc", ()))
        found.setdefault(name, _complaint(name, error))
    return list(found.values())


def _complaint(name: str, error: Mapping[str, Any]) -> Complaint:
    code = str(error.get("type", "other"))
    context: Mapping[str, Any] = error.get("ctx") or {}
    if code == "value_error" and str(context.get("error", "")):
        # a validator of ours spoke: its message is a sentence of the catalogue
        return Complaint(
            name, code, Words(N_("{field}: {why}"), {"field": name, "why": Words(str(context["error"]))})
        )
    sentence, needs = _SENTENCES.get(code, (_OTHER, ""))
    return Complaint(name, code, Words(sentence, {"field": name, "n": context.get(needs, "")}))


def _field(loc: Sequence[str | int]) -> str:
    inner = [str(part) for part in loc if part not in {"body", "query", "path", "header", "cookie"}]
    return ".".join(inner) or str(loc[0] if loc else "body")
