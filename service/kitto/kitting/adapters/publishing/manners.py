"""The rules of playbooks/README.md that every play keeps."""

import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, Final

from kitto.kitting.adapters.publishing.books import TASK_LISTS, Book, Gatherer, Play, Task, texts
from kitto.kitting.adapters.publishing.findings import Finding, found
from kitto.kitting.adapters.publishing.reading import Fields, Items, Text, line_of

MACHINE: Final = "tasks/right_machine.yml"
_MARK: Final = re.compile(r"\{\{\s*kitto_run\s*\}\}")
_COLLECTION: Final = re.compile(r"\b([a-z_][a-z0-9_]*)\.([a-z_][a-z0-9_]*)\.[a-z_][a-z0-9_]*")
_IN_TEMPLATE: Final = re.compile(
    r"(?:\||\bis(?:\s+not)?|(?:lookup|query|q)\(\s*['\"])\s*(" + _COLLECTION.pattern + ")"
)
_LOOKUP: Final = re.compile(r"\b(?:lookup|query|q)\(\s*(['\"]?)(?:ansible\.builtin\.)?([A-Za-z0-9_.]+)")
# Lookups that only turn values about. Every other one reads from, or runs on, the machine that plays.
_HARMLESS: Final = frozenset(
    {"dict", "flattened", "indexed_items", "inventory_hostnames", "items", "kitto_secret", "list", "nested"}
    | {"random_choice", "sequence", "subelements", "template", "together", "varnames", "vars"}
)
_LOCAL: Final = frozenset({"local", "ansible.builtin.local"})
_MAY_CHANGE_NOTHING: Final = frozenset({"raw", "assert", "command", "set_fact", "debug", "fail"})


def look_at_manners(book: Book, folder: Path, machines: Collection[bytes], findings: list[Finding]) -> None:
    """Find what breaks the rules. `machines`: the files right_machine.yml that come with Kitto."""
    for play in book.plays:
        findings.extend(_play(play))
        findings.extend(_first_task(play, folder, machines))
        for task in play.tasks:
            findings.extend(_task(task))
    for file, fields in book.variables:
        findings.extend(one for text in texts(fields) if not text.unsafe for one in _lookups(file, text))


def _play(play: Play) -> Iterator[Finding]:
    fields = play.fields
    if fields.get("hosts") != "device":
        yield found("play_hosts", play.file, fields.line_of("hosts"), fields.get("hosts", "?"))
    if fields.get("gather_facts") is not False:
        yield found("play_facts", play.file, fields.line_of("gather_facts"))
    if "vars_prompt" in fields:
        yield found("asks_somebody", play.file, fields.line_of("vars_prompt"))
    if fields.get("connection") in _LOCAL:
        yield found("acts_here", play.file, fields.line_of("connection"), "connection: local")
    environment = fields.get("environment")
    mark = environment.get("KITTO_JOB") if isinstance(environment, Fields) else None
    if not isinstance(mark, str) or not _MARK.fullmatch(mark.strip()):
        yield found("mark_missing", play.file, fields.line_of("environment"))
    yield from _environment(play.file, fields)
    lists = (*TASK_LISTS, "roles")
    for text in texts({key: value for key, value in fields.items() if key not in lists}):
        if not text.unsafe:
            yield from _lookups(play.file, text)


def _environment(file: str, fields: Fields) -> Iterator[Finding]:
    given = fields.get("environment")
    if given is not None and not isinstance(given, Fields):
        yield found("environment_computed", file, fields.line_of("environment"))


def _first_task(play: Play, folder: Path, machines: Collection[bytes]) -> Iterator[Finding]:
    first = next(iter(_runs_first(play)), None)
    target = None
    if isinstance(first, Fields):
        target = first.get("ansible.builtin.import_tasks", first.get("import_tasks"))
    if target != MACHINE or not isinstance(first, Fields) or {"when", "tags", "loop"} & set(first):
        yield found("machine_unchecked", play.file, line_of(first, play.fields.line))
        return
    file = folder / MACHINE
    if not file.is_file() or file.read_bytes() in machines:
        return
    yield found("machine_check_own", MACHINE)
    if not _compares(folder):
        yield found("machine_check_weak", MACHINE)


def _runs_first(play: Play) -> Items:
    """The list that Ansible runs first. Roles come before tasks; nothing of theirs is a check of ours."""
    for name in ("pre_tasks", "roles", "tasks"):
        given = play.fields.get(name)
        if isinstance(given, Items) and given:
            return given
    return Items()


def _compares(folder: Path) -> bool:
    ignored: list[Finding] = []
    tasks = Gatherer(folder, ignored).tasks(MACHINE)
    if any(task.module and task.short not in _MAY_CHANGE_NOTHING for task in tasks):
        return False
    changing = (task for task in tasks if task.short in ("raw", "command"))
    if any(task.fields.get("changed_when") is not False for task in changing):
        return False
    asserts = [task.args for task in tasks if task.short == "assert" and isinstance(task.args, Fields)]
    return any(
        any("kitto_serial" in text for text in texts(args.get("that")))
        and any(text.lstrip().startswith("[wrong_device]") for text in texts(args.get("fail_msg")))
        for args in asserts
    )


def _task(task: Task) -> Iterator[Finding]:
    fields, file = task.fields, task.file
    yield from _environment(file, fields)
    environment = fields.get("environment")
    mark = environment.get("KITTO_JOB") if isinstance(environment, Fields) else None
    if mark is not None and not (isinstance(mark, str) and _MARK.fullmatch(mark.strip())):
        yield found("mark_missing", file, environment.line_of("KITTO_JOB") if environment else task.line)
    for key in ("delegate_to", "local_action"):
        if key in fields:
            yield found("acts_here", file, fields.line_of(key), key)
    if fields.get("connection") in _LOCAL:
        yield found("acts_here", file, fields.line_of("connection"), "connection: local")
    own = {key: value for key, value in fields.items() if key not in ("block", "rescue", "always")}
    for key in fields:
        if key.startswith("with_") and key.removeprefix("with_") not in _HARMLESS:
            yield found("acts_here", file, fields.line_of(key), key)
    for text in texts(own):
        if not text.unsafe:
            yield from _lookups(file, text)


def _lookups(file: str, text: Text) -> Iterator[Finding]:
    for quote, name in _LOOKUP.findall(text):
        if not quote or name not in _HARMLESS:
            yield found("acts_here", file, text.line, f"lookup({quote}{name}{quote})")


def collections_of(book: Book) -> dict[tuple[str, str], tuple[str, int]]:
    """The collections that modules, filters, tests and lookups are named from, and one place for each."""
    used: dict[tuple[str, str], tuple[str, int]] = {}
    for play in book.plays:
        for task in play.tasks:
            if at := _COLLECTION.fullmatch(task.module):
                used.setdefault((at[1], at[2]), (task.file, task.fields.line_of(task.module)))
            own: dict[str, Any] = {key: v for key, v in task.fields.items() if key != "block"}
            for text in texts(own):
                for inner in _IN_TEMPLATE.finditer(text) if not text.unsafe else ():
                    used.setdefault((inner[2], inner[3]), (task.file, text.line))
        connection = play.fields.get("connection")
        if isinstance(connection, str) and (at := _COLLECTION.fullmatch(connection)):
            used.setdefault((at[1], at[2]), (play.file, play.fields.line_of("connection")))
    return {
        key: place
        for key, place in used.items()
        if key not in (("ansible", "builtin"), ("ansible", "legacy"))
    }


def look_at_collections(book: Book, installed: Collection[Path], findings: list[Finding]) -> None:
    """Find collections that a play names and this installation does not have."""
    for (space, name), (file, line) in collections_of(book).items():
        if not any((place / "ansible_collections" / space / name).is_dir() for place in installed):
            findings.append(found("collection_missing", file, line, f"{space}.{name}"))
