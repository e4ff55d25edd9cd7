"""What plays say when they fail: whether the profile has words for each code in both languages."""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice, product
from pathlib import Path
from typing import Final

from jinja2 import nodes
from jinja2.exceptions import TemplateSyntaxError

from kitto.kitting.adapters.publishing.books import Book, texts
from kitto.kitting.adapters.publishing.findings import Finding, found
from kitto.kitting.adapters.publishing.profile import FILE, Profile
from kitto.kitting.adapters.publishing.variables import LONGEST, parsed
from kitto.kitting.rules.causes import CODED, places, said_again
from kitto.kitting.rules.profiles import Said

VALUE: Final = "…"
"""Stands for what is only known when the play runs."""
SCRIPTS: Final = frozenset({".ps1", ".psm1"})
_THROWN: Final = re.compile(r"""(["'])(\[[a-z][a-z_]+\] .*?)\1""")
_POWERSHELL_VALUE: Final = re.compile(r"\$\([^)]*\)|\$\{[^}]*\}|\$[A-Za-z_][A-Za-z0-9_]*")
_MOST: Final = 16


def look_at_words(profile: Profile, line: int, findings: list[Finding]) -> None:
    """Find words that cannot be used: values that English has not, or more than the name of one."""
    for code, sentences in profile.written.causes.items():
        for said in sentences:
            there, wanted = places(said.en), places(said.ja)
            if not CODED.fullmatch(f"[{code}]") or there is None or wanted is None or not wanted <= there:
                findings.append(found("cause_wrong", FILE, line, code))


def look_at_messages(book: Book, folder: Path, profile: Profile, findings: list[Finding]) -> None:
    """Find messages with a code that nobody could say in the reader's language."""
    for file, line, code, message in messages(book, folder):
        if not has_words(profile.written.causes, code, message):
            findings.append(found("cause_unsaid", file, line, f"[{code}] {message}"))


def has_words(causes: Mapping[str, Iterable[Said]], code: str, message: str) -> bool:
    """True if a message is said in both languages."""
    return said_again(code, message, ((said.en, said.ja) for said in causes.get(code, ()))) is not None


def messages(book: Book, folder: Path) -> Iterator[tuple[str, int, str, str]]:
    """Each message with a code that a book or a script can give: file, line, code, and the sentence."""
    for play in book.plays:
        head = {key: value for key, value in play.fields.items() if key in ("vars", "vars_files")}
        for text in texts(head):
            yield from ((play.file, text.line, *one) for one in in_template(text))
        for task in play.tasks:
            for text in texts(dict(task.fields)):
                yield from ((task.file, text.line, *one) for one in in_template(text))
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in SCRIPTS and path.is_file():
            lines = path.read_text("utf-8", "replace").splitlines()
            for number, line in enumerate(lines, 1):
                name = path.relative_to(folder).as_posix()
                yield from ((name, number, *one) for one in in_powershell(line))


def in_template(text: str) -> Iterator[tuple[str, str]]:
    """Codes and sentences that a template can give; what it computes stands as `VALUE`."""
    if "[" not in text or len(text) > LONGEST:
        return
    try:
        tree = parsed(text)
    except (TemplateSyntaxError, RecursionError):
        return
    wholes: list[nodes.Concat | nodes.Output] = [*tree.find_all(nodes.Concat), *tree.find_all(nodes.Output)]
    inner = {id(part) for whole in wholes for part in whole.nodes}
    for node in (*wholes, *tree.find_all(nodes.Const)):
        if id(node) not in inner:
            yield from (split for said in _said(node) if (split := _split(said)) is not None)


def in_powershell(line: str) -> Iterator[tuple[str, str]]:
    """The same of a line of PowerShell: what stands in quotes and begins with a code."""
    for quote, said in _THROWN.findall(line):
        split = _split(_POWERSHELL_VALUE.sub(VALUE, said) if quote == '"' else said)
        if split is not None:
            yield split


def _said(node: nodes.Node) -> list[str]:
    """Everything that an expression can become, as far as it can be seen."""
    match node:
        case nodes.Output() | nodes.Concat():
            parts = [_said(part) for part in node.nodes]
            return (
                ["".join(way) for way in islice(product(*parts), _MOST)] if len(parts) <= _MOST else [VALUE]
            )
        case nodes.TemplateData():
            return [node.data]
        case nodes.Const():
            return [str(node.value)]
        case nodes.CondExpr() if isinstance(node.expr1, nodes.Const) and isinstance(node.expr2, nodes.Const):
            return [str(node.expr1.value), str(node.expr2.value)]
        case _:
            return [VALUE]


def _split(said: str) -> tuple[str, str] | None:
    coded = CODED.match(said)
    return (coded[1], " ".join(said[coded.end() :].split())) if coded else None
