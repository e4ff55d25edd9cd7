"""How the command line speaks: tables for people, JSON for programs, refusals on stderr."""

import json
import sys
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final

import typer

from kitto.base.facts import plain

DONE: Final = 0
REFUSED: Final = 1
USAGE: Final = 2

JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON.")]


class Voice:
    """Where a command's words go."""

    as_json = False
    locale = "en"

    def record(self, values: Mapping[str, Any]) -> None:
        """One thing: its fields."""
        if self.as_json:
            self._json(values)
            return
        width = max((len(name) for name in values), default=0)
        for name, value in values.items():
            sys.stdout.write(f"{name.ljust(width)}  {_shown(value)}\n")

    def rows(self, names: list[str], rows: Iterable[Mapping[str, Any]]) -> None:
        """Many things: a line each."""
        found = list(rows)
        if self.as_json:
            self._json(found)
            return
        table = [names, *([_shown(row[name]) for name in names] for row in found)]
        widths = [max(len(line[i]) for line in table) for i in range(len(names))]
        for line in table:
            text = "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
            sys.stdout.write(text.rstrip() + "\n")

    def say(self, line: str) -> None:
        """One line that a program takes as it is."""
        sys.stdout.write(line + "\n")

    def note(self, sentence: str) -> None:
        """A remark for people; programs do not see it."""
        sys.stderr.write(sentence + "\n")

    def problem(self, code: str, detail: str, status: int) -> None:
        if self.as_json:
            sys.stderr.write(json.dumps({"code": code, "detail": detail, "status": status}) + "\n")
        else:
            sys.stderr.write(f"{detail} [{code}]\n")

    def _json(self, value: Any) -> None:
        sys.stdout.write(json.dumps(plain(value), ensure_ascii=False, indent=1) + "\n")


def _shown(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, list | tuple | dict):
        return json.dumps(plain(value), ensure_ascii=False)
    return str(value)


out = Voice()


def speak(*, as_json: bool) -> None:
    out.as_json = as_json
