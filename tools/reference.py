"""What there is, for docs/reference.md: `python tools/reference.py [check|renew]`.

Rights, states, refusals and commands are read from the program itself, so that none is forgotten.
`check` names what the file lacks and what is no longer true.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from kitto.base.errors import Refusal
from kitto.base.i18n import translate
from kitto.cli import office, root
from kitto.identity.rules import PERMISSION_SAYS, RIGHTS, ROLE_SAYS, Permission, Role
from kitto.main import KNOWN  # importing it makes every room known
from kitto.web import problems
from kitto.web.chips import legend

FILE = Path(__file__).resolve().parents[1] / "docs" / "reference.md"
HEAD = """\
# Reference 一覧

Written by `make reference` from the program; a house test compares. Settings: [operations.md](operations.md).
プログラムから `make reference` で作られます。設定は [operations.md](operations.md) にあります。
"""


def cell(text: str) -> str:
    """As one cell of a table: braces and bars are the sentence's own."""
    return text.replace("|", "\\|").replace("\n", " ").strip()


def row(*cells: str) -> str:
    return f"| {' | '.join(cell(one) for one in cells)} |"


def table(*head: str) -> list[str]:
    return [row(*head), f"|{'---|' * len(head)}"]


def rights() -> Iterator[str]:
    """Every right, and the roles that hold it."""
    yield from table("right", "English", "日本語", *(str(role) for role in Role))
    for right in Permission:
        says = PERMISSION_SAYS[right]
        held = ("✓" if right in RIGHTS[role] else "" for role in Role)
        yield row(f"`{right}`", says, translate("ja", says), *held)
    names = ", ".join(f"{role} = {ROLE_SAYS[role]} {translate('ja', ROLE_SAYS[role])}" for role in Role)
    yield f"\n{names}."


def states() -> Iterator[str]:
    """Every state that something can be in, as chips show it."""
    yield from table("of", "state", "English", "日本語")
    for kind, chips in sorted(legend().items()):
        for value, chip in chips.items():
            yield row(f"`{kind}`", f"`{value}`", chip.says, translate("ja", chip.says))


def _below(kind: type[Refusal]) -> Iterator[type[Refusal]]:
    for one in kind.__subclasses__():
        if one.__module__.startswith("kitto."):
            yield one
            yield from _below(one)


def refusals() -> Iterator[str]:
    """Every code that an answer may carry, with its status and sentence."""
    found = {(one.code, str(one.status), one.says) for one in _below(Refusal) if "code" in vars(one)}
    found |= {(code, str(status), says) for status, (code, says) in problems.SENTENCES.items()}
    yield from table("code", "status", "English", "日本語")
    for code, status, says in sorted(found):
        yield row(f"`{code}`", status, says, translate("ja", says))


def commands() -> Iterator[str]:
    """Every command with its arguments, and what it does."""
    yield from table("command", "does", "options")
    yield from sorted(_commands("kitto", typer.main.get_command(root.app)))


def _commands(name: str, command: Any) -> Iterator[str]:
    below = getattr(command, "commands", None)
    if below is not None:
        for verb, one in below.items():
            yield from _commands(f"{name} {verb}", one)
        return
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    given = [str(one.name).upper() if one.required else f"[{str(one.name).upper()}]" for one in arguments]
    options = [one.opts[0] for one in command.params if one.param_type_name == "option"]
    yield row(f"`{' '.join([name, *given])}`", (command.help or "").strip(), f"`{' '.join(options)}`")


SECTIONS = {
    "Rights 権限": rights,
    "States 状態": states,
    "Refusals 断りの符号": refusals,
    "Commands コマンド": commands,
}


def lines() -> list[str]:
    """The whole file, line by line."""
    assert KNOWN
    assert office  # its refusal is said by a command that loads it when it is used
    body = [line for title, part in SECTIONS.items() for line in ("", f"## {title}", "", *part())]
    return "\n".join([HEAD.rstrip("\n"), *body]).split("\n")


def difference(written: list[str]) -> list[str]:
    """What the file lacks (+) and what is no longer true (-)."""
    there, now = set(written), set(lines())
    return [*(f"+ {line}" for line in sorted(now - there)), *(f"- {line}" for line in sorted(there - now))]


def main(words: list[str]) -> int:
    if words == ["renew"]:
        FILE.write_text("\n".join(lines()) + "\n", "utf-8")
        return 0
    found = difference(FILE.read_text("utf-8").removesuffix("\n").split("\n") if FILE.exists() else [])
    print(*found, sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
