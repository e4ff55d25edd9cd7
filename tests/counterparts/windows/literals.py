"""Reads the argument table out of a module's own PowerShell source, and holds arguments against it."""

import re
from collections.abc import Callable
from typing import Any

TOKEN = re.compile(
    r"""\s+|\#[^\n]*|(?P<open>@\{|@\()|(?P<close>[})])|(?P<comma>,)|(?P<is>=)|(?P<semi>;)
    |'(?P<single>(?:[^']|'')*)'|"(?P<double>[^"`$]*)"|\$(?P<flag>true|false|null)\b
    |(?P<number>-?\d+)|(?P<word>[A-Za-z_][\w-]*)|(?P<other>.)""",
    re.VERBOSE | re.IGNORECASE,
)
_TABLE = re.compile(r"(?:\$spec\s*=\s*|function\s+Get-ModuleSpec\s*\{\s*)@\{", re.IGNORECASE)
_CHECKS: dict[str, Callable[[Any], bool]] = {
    "bool": lambda value: (
        isinstance(value, bool) or str(value).lower() in ("yes", "no", "true", "false", "1", "0")
    ),
    "int": lambda value: re.fullmatch(r"-?\d+", str(value)) is not None,
    "list": lambda value: isinstance(value, (list, str)),
    "dict": lambda value: isinstance(value, dict),
    "str": lambda value: not isinstance(value, (list, dict)),
    "path": lambda value: isinstance(value, str),
}


class UnreadableError(Exception):
    """Something in the table that is more than a literal."""


class _Reader:
    """A reader of literals: tables, lists, strings, numbers, flags."""

    def __init__(self, text: str) -> None:
        found = (match for match in TOKEN.finditer(text))
        self._tokens = [match for match in found if match.lastgroup]
        self._at = 0

    def _next(self, *kinds: str) -> re.Match[str] | None:
        token = self._tokens[self._at] if self._at < len(self._tokens) else None
        if token is None or token.lastgroup not in kinds:
            return None
        self._at += 1
        return token

    def table(self) -> dict[str, Any]:
        """From after its `@{` to its `}`."""
        found: dict[str, Any] = {}
        while self._next("close") is None:
            if self._next("semi"):
                continue
            key = self._next("word", "single", "double")
            if key is None or not self._next("is"):
                raise UnreadableError(self._tokens[min(self._at, len(self._tokens) - 1)].group())
            found[key[key.lastgroup or 0]] = self.value()
        return found

    def value(self) -> Any:
        """One value, or several with commas between."""
        several = bool(self._next("comma"))
        values = [self._one()]
        while self._next("comma"):
            several = True
            values.append(self._one())
        return values if several else values[0]

    def _one(self) -> Any:
        token = self._next("open", "single", "double", "flag", "number")
        if token is None:
            raise UnreadableError(self._tokens[min(self._at, len(self._tokens) - 1)].group())
        match token.lastgroup:
            case "open" if token.group() == "@{":
                return self.table()
            case "open":
                if self._next("close"):
                    return []
                values = self.value()
                if not self._next("close"):
                    raise UnreadableError(self._tokens[self._at].group())
                return values if isinstance(values, list) else [values]
            case "flag":
                return {"true": True, "false": False, "null": None}[token["flag"].lower()]
            case "number":
                return int(token["number"])
            case _:
                return (token["single"] or token["double"] or "").replace("''", "'")


def arguments_of(source: str) -> dict[str, Any] | None:
    """The module's options with type, default, choices; None when it keeps no such table."""
    begin = _TABLE.search(source)
    if begin is None:
        return None
    text = source[begin.end() :]
    # Choices that are worked out at run time; what is left is a literal.
    text = re.sub(r"choices\s*=\s*\$\w[^;}\n]*", "choices = $null", text)
    found: dict[str, Any] = _Reader(text).table()["options"]
    return found


def held_against(
    options: dict[str, Any], given: dict[str, Any], extra: tuple[str, ...]
) -> tuple[dict[str, Any], str]:
    """The arguments with defaults filled in, and what is wrong with them, as a module would say it."""
    names = {alias: name for name, about in options.items() for alias in _all(about.get("aliases"))}
    told = {names.get(name, name): value for name, value in given.items() if not name.startswith("_ansible")}
    unknown = sorted(set(told) - set(options) - set(extra))
    if unknown:
        return told, f"Unsupported parameters: {', '.join(unknown)}."
    for name, about in options.items():
        value = told.get(name)
        if value is None:
            if about.get("required"):
                return told, f"missing required arguments: {name}"
            told[name] = about.get("default")
            continue
        if not _CHECKS.get(about.get("type", "str"), lambda _: True)(value):
            return (
                told,
                f"argument for {name} is of type {type(value).__name__} and cannot become {about['type']}",
            )
        choices = _all(about.get("choices"))
        if choices and any(one not in choices for one in _all(value)):
            return (
                told,
                f"value of {name} must be one of: {', '.join(map(str, choices))}. Got no match for: {value}",
            )
        if about.get("type") == "bool":
            told[name] = str(value).lower() in ("yes", "true", "1")
        elif about.get("type") == "list" and isinstance(value, str):
            told[name] = value.split(",")
    return told, ""


def _all(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
