"""Every variable of a play comes from somewhere, and every parameter is good for something."""

import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, nodes
from jinja2.exceptions import TemplateSyntaxError

from kitto.kitting.adapters.publishing.books import BLOCKS, Book, Task, texts
from kitto.kitting.adapters.publishing.findings import Finding, found
from kitto.kitting.adapters.publishing.reading import Fields, Items, Text, line_of
from kitto.kitting.adapters.publishing.secrets import template_files

OWN: Final = frozenset(
    f"kitto_{name}"
    for name in ("tag", "hostname", "serial", "run", "server", "ca", "revoked", "revoked_sha256")
)
"""What Kitto gives every play; what was revoked over SSH only."""

# https://docs.ansible.com/ansible/latest/reference_appendices/special_variables.html, and Jinja's own words.
_WORDS: Final = """
    environment group_names groups hostvars inventory_hostname inventory_hostname_short item omit
    play_hosts playbook_dir role_name role_path vars lookup query q now undef range dict lipsum cycler
    joiner namespace loop self caller varargs kwargs super
"""
_KNOWN: Final = frozenset(_WORDS.split())
_EXPRESSIONS: Final = ("when", "changed_when", "failed_when", "until")
LONGEST: Final = 64 * 1024
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_JINJA: Final = Environment(
    extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"], autoescape=True
)  # it only parses


def look_at_variables(book: Book, folder: Path, given: Collection[str], findings: list[Finding]) -> set[str]:
    """Find variables nobody sets. `given`: parameters and files of the step. Returns all names used."""
    used: set[str] = set()
    set_here = {name for name, _, _ in _set(book)}
    known = set_here | set(given) | OWN | _KNOWN
    for file, text, is_expression in _texts(book, folder):
        try:
            names = names_in(text, is_expression=is_expression)
        except (TemplateSyntaxError, RecursionError, ValueError) as wrong:
            findings.append(found("template_broken", file, text.line, wrong))
            continue
        used |= names
        findings.extend(
            found("variable_unknown", file, text.line, name)
            for name in sorted(names - known)
            if not name.startswith("ansible_")
        )
    for name, file, line in _set(book):
        foreign = name.startswith("ansible_") and name != "ansible_python_interpreter"
        if name in OWN or name in given or name in _KNOWN - {"item"} or foreign:
            findings.append(found("variable_taken", file, line, name))
    return used


def names_in(text: str, *, is_expression: bool = False) -> set[str]:
    """The variables a template reads. Nothing is evaluated, not even `'a' * 9999999`."""
    if not is_expression and "{" not in text:
        return set()
    if len(text) > LONGEST:
        raise ValueError("it is too long")
    tree = parsed("{{ (" + text + ") }}" if is_expression else text)
    loaded: set[str] = set()
    stored: set[str] = set()
    for name in tree.find_all(nodes.Name):
        (loaded if name.ctx == "load" else stored).add(name.name)
    stored |= {macro.name for macro in tree.find_all(nodes.Macro)}
    return loaded - stored


def parsed(text: str) -> nodes.Template:
    """A template as a tree. Nothing is evaluated. Raises TemplateSyntaxError and RecursionError."""
    return _JINJA.parse(text)


def _texts(book: Book, folder: Path) -> Iterator[tuple[str, Text, bool]]:
    """Everything that Ansible evaluates: where, what, and whether it is an expression without braces."""
    for file, fields in book.variables:
        yield from ((file, text, False) for text in texts(fields) if not text.unsafe)
    for play in book.plays:
        lists = ("pre_tasks", "tasks", "post_tasks", "handlers")
        head = {key: value for key, value in play.fields.items() if key not in lists}
        yield from ((play.file, text, False) for text in texts(head) if not text.unsafe)
        for task in play.tasks:
            yield from _task_texts(task)
            for name in template_files(task, folder):
                text = Text((folder / name).read_text("utf-8", "replace"))
                text.line, text.unsafe = 0, False
                yield name, text, False


def _task_texts(task: Task) -> Iterator[tuple[str, Text, bool]]:
    bare: list[object] = [task.fields.get(key) for key in _EXPRESSIONS]
    args = task.args
    if isinstance(args, Fields):
        bare.append(args.get("that") if task.short == "assert" else None)
        bare.append(args.get("var") if task.short == "debug" else None)
    expressions = [text for value in bare for text in texts(value) if not text.unsafe]
    for text in expressions:
        yield task.file, text, "{{" not in text
    own = {key: value for key, value in task.fields.items() if key not in (*BLOCKS, *_EXPRESSIONS)}
    seen = {id(text) for text in expressions}
    for text in texts(own):
        if not text.unsafe and id(text) not in seen:
            yield task.file, text, False


def _set(book: Book) -> Iterator[tuple[str, str, int]]:
    """Names that the book itself sets: name, file, line."""
    for file, fields in book.variables:
        yield from ((name, file, fields.line_of(name)) for name in fields)
    for play in book.plays:
        yield from _keys(play.fields.get("vars"), play.file)
        for role in play.fields.get("roles") or ():
            if isinstance(role, Fields):
                yield from _keys(role.get("vars"), play.file)
        for task in play.tasks:
            yield from _set_by(task)


def _set_by(task: Task) -> Iterator[tuple[str, str, int]]:
    fields = task.fields
    yield from _keys(fields.get("vars"), task.file)
    registered = fields.get("register")
    if isinstance(registered, str):
        yield registered, task.file, fields.line_of("register")
    control = fields.get("loop_control")
    for key in ("loop_var", "index_var"):
        name = control.get(key) if isinstance(control, Fields) else None
        if isinstance(name, str):
            yield name, task.file, line_of(name)
    if task.short == "set_fact":
        yield from ((n, f, at) for n, f, at in _keys(task.args, task.file) if n != "cacheable")


def _keys(given: Any, file: str) -> Iterator[tuple[str, str, int]]:
    if isinstance(given, Fields):
        yield from ((name, file, given.line_of(name)) for name in given)
    elif isinstance(given, Items):
        for inner in given:
            yield from _keys(inner, file)
