"""Secrets reach a task by kitto_secret, hidden, and never where somebody else can read them."""

import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Final

from kitto.kitting.adapters.publishing.books import BLOCKS, Book, Play, Task, texts
from kitto.kitting.adapters.publishing.findings import Finding, found
from kitto.kitting.adapters.publishing.reading import Fields, Items, Text, line_of

SECRET: Final = "kitto_secret"  # noqa: S105 -- the name of the lookup
_READS: Final = re.compile(
    r"(?:lookup|query|q)\(\s*['\"]kitto_secret['\"]\s*((?:,\s*['\"][a-z][a-z0-9_]*['\"]\s*)+)\)"
)
_NAMES: Final = re.compile(r"['\"]([a-z][a-z0-9_]*)['\"]")
_MENTIONS: Final = re.compile(r"kitto_secret")
# Modules whose arguments stand in the list of processes of the device.
_COMMANDS: Final = frozenset({"command", "shell", "raw", "script", "expect", "win_command", "win_shell"})
_SAFE_ARGUMENTS: Final = frozenset({"stdin", "responses"})


# Actions of ours that give secrets to Kitto.
_MAKES: Final = "kitto_make_secret"
_HANDS_IN: Final = "kitto_hand_in"
# Actions of ours that are told the name of a secret, ask for it themselves, and never show it.
_BY_NAME: Final = {"kitto_gear": ("password", "enable")}


def _named(task: Task) -> Iterator[Text]:
    """Secrets that an action of ours asks for by name."""
    args = task.args
    if isinstance(args, Fields):
        for key in _BY_NAME.get(task.short, ()):
            yield from texts(args.get(key))
        yield from _wanted(args.get("wants"))


def _wanted(value: object) -> Iterator[Text]:
    """Under `secrets:` of a list of wants, in the task or in variables it refers to."""
    if isinstance(value, Fields):
        if "lines" in value:
            yield from texts(value.get("secrets"))
        for inner in value.values():
            yield from _wanted(inner)
    elif isinstance(value, Items):
        for inner in value:
            yield from _wanted(inner)


def names_in(text: str) -> list[str]:
    """The secrets that a template reads by name."""
    return [name for reads in _READS.finditer(text) for name in _NAMES.findall(reads[1])]


def look_at_secrets(
    book: Book, folder: Path, declared: Collection[str] | None, findings: list[Finding]
) -> set[str]:
    """Find secrets in wrong places; the names that are read. `declared`: by the step, if any."""
    read: set[str] = set()
    for play in book.plays:
        findings.extend(_kept(play.file, play.fields))
        for task in play.tasks:
            findings.extend(_places(task))
            named = list(_named(task))
            read.update(named)
            findings.extend(_undeclared(task, named, declared))
            for text in _all_texts(task, folder):
                names = names_in(text)
                read.update(names)
                if len(_MENTIONS.findall(text)) > len(_READS.findall(text)):
                    findings.append(found("secret_computed", task.file, text.line))
                findings.extend(_undeclared(task, names, declared, text.line))
    for file, fields in book.variables:
        # A file for several plays may name what only one of them needs.
        read.update(_wanted(fields))
        findings.extend(found("secret_kept", file, text.line) for text in texts(fields) if SECRET in text)
    return read


def _undeclared(
    task: Task, names: Sequence[str], declared: Collection[str] | None, line: int = 0
) -> Iterator[Finding]:
    for name in names:
        if declared is not None and name not in declared:
            yield found("secret_undeclared", task.file, line or line_of(name, task.line), name)


def _kept(file: str, fields: Fields) -> Iterator[Finding]:
    """Variables and environment of a play or block: they are everywhere below."""
    for key, code in (("vars", "secret_kept"), ("environment", "secret_environment")):
        for text in texts(fields.get(key)):
            if SECRET in text:
                yield found(code, file, text.line)


def _places(task: Task) -> Iterator[Finding]:
    fields = task.fields
    if not task.module:
        yield from _kept(task.file, fields)
        return
    for text in texts(fields.get("environment")):
        if SECRET in text:
            yield found("secret_environment", task.file, text.line)
    if task.short == "set_fact" or task.short.startswith("include_"):
        yield from (found("secret_kept", task.file, t.line) for t in texts(fields) if SECRET in t)
    if task.short.rpartition(".")[2] in _COMMANDS:
        args = task.args
        seen = (
            {key: v for key, v in args.items() if key not in _SAFE_ARGUMENTS}
            if isinstance(args, dict)
            else args
        )
        yield from (found("secret_arguments", task.file, t.line) for t in texts(seen) if SECRET in t)
        if any(SECRET in text for text in texts(fields.get("vars"))):
            yield found("secret_arguments", task.file, fields.line_of("vars"))


def look_at_hiding(play: Play, folder: Path) -> Iterator[Finding]:
    """Tasks that read, make or hand in a secret and do not hide what they say."""
    made = [str(task.fields.get("register", "")) for task in play.tasks if task.short == _MAKES]
    secret = re.compile("|".join([SECRET, *(rf"\b{re.escape(name)}\b" for name in made if name)]))
    for task in play.tasks:
        if not task.module or task.hidden:
            continue
        if task.short in (_MAKES, _HANDS_IN):
            yield found("secret_seen", task.file, task.line)
            continue
        first = next((text for text in _all_texts(task, folder) if secret.search(text)), None)
        if first is not None:
            yield found("secret_seen", task.file, first.line)


def _all_texts(task: Task, folder: Path) -> Iterator[Text]:
    """Strings of the task itself, and of the template it fills in."""
    own = {key: value for key, value in task.fields.items() if key not in BLOCKS}
    # `with_kitto_secret:` is a way to read one too; its name is a key.
    for key in own:
        if key.startswith("with_") and SECRET in key:
            yield _at(key, task.fields.line_of(key))
    yield from (text for text in texts(own) if not text.unsafe)
    for name in template_files(task, folder):
        yield _at((folder / name).read_text("utf-8", "replace"), task.line)


def template_files(task: Task, folder: Path) -> list[str]:
    """The template a task fills in; all of the recipe's if its name is computed."""
    if task.short.rpartition(".")[2] not in ("template", "win_template"):
        return []
    source = task.args.get("src") if isinstance(task.args, Fields) else None
    every = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.j2"))
    if not isinstance(source, str) or "{{" in source:
        return every
    return [name for name in every if name == source or name.endswith(f"templates/{source}")]


def _at(value: str, line: int) -> Text:
    text = Text(value)
    text.line, text.unsafe = line, False
    return text
