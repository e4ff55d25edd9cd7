"""Reads YAML so that every value knows its line, and nothing in it can hurt us."""

from pathlib import Path
from typing import Any, Final

import yaml

from kitto.kitting.adapters.publishing.findings import Finding, found

MOST_EVENTS: Final = 50_000
MOST_DEPTH: Final = 40
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_PLAIN: Final = "tag:yaml.org,2002:"
UNSAFE: Final = "!unsafe"


class Text(str):
    """A string of a file. `unsafe`: Ansible does not evaluate it."""

    __slots__ = ("line", "unsafe")
    line: int
    unsafe: bool


class Items(list[Any]):
    """A list of a file."""

    line: int = 0


class Fields(dict[str, Any]):
    """A mapping of a file; `lines` are those of its keys."""

    line: int = 0

    def __init__(self) -> None:
        super().__init__()
        self.lines: dict[str, int] = {}

    def line_of(self, key: str) -> int:
        return self.lines.get(key, self.line)


class Unreadable(Exception):  # noqa: N818 -- it carries a finding, not a failure of ours
    """A file that cannot be used, and why."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.code)
        self.finding = finding


def line_of(value: object, otherwise: int = 0) -> int:
    """The line on which a value begins; numbers and truths do not know theirs."""
    return int(getattr(value, "line", otherwise))


def read(folder: Path, name: str, findings: list[Finding]) -> Any:
    """The content of a YAML file as Text, Items, Fields and plain values. Raises Unreadable."""
    try:
        text = (folder / name).read_bytes().decode("utf-8-sig")
        _look(text, name)
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError as wrong:
        mark = getattr(wrong, "problem_mark", None)
        said = getattr(wrong, "problem", None) or getattr(wrong, "reason", None) or "it cannot be read"
        raise Unreadable(found("yaml_broken", name, mark.line + 1 if mark else 0, said)) from wrong
    except (UnicodeDecodeError, RecursionError, ValueError) as wrong:
        raise Unreadable(found("yaml_broken", name, 0, "it is not UTF-8 text")) from wrong
    return None if node is None else _value(node, name, findings)


def _look(text: str, name: str) -> None:
    """Count before anything is built: depth, length, and no aliases, by which little becomes much."""
    depth = 0
    for number, event in enumerate(yaml.parse(text, Loader=_LOADER)):
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise Unreadable(found("yaml_alias", name, line))
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > MOST_DEPTH or number > MOST_EVENTS:
            raise Unreadable(found("yaml_deep", name, line))


def _value(node: yaml.Node, name: str, findings: list[Finding]) -> Any:
    line = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        return _fields(node, name, findings)
    if isinstance(node, yaml.SequenceNode):
        items = Items(_value(inner, name, findings) for inner in node.value)
        items.line = line
        return items
    if node.tag != UNSAFE and not node.tag.startswith(_PLAIN):
        findings.append(found("yaml_tag", name, line, node.tag))
    if node.tag in (f"{_PLAIN}bool", f"{_PLAIN}null", f"{_PLAIN}int", f"{_PLAIN}float"):
        try:
            return yaml.SafeLoader("").construct_object(node)
        except ValueError as wrong:
            raise Unreadable(found("yaml_broken", name, line, wrong)) from wrong
    text = Text(node.value)
    text.line, text.unsafe = line, node.tag == UNSAFE
    return text


def _fields(node: yaml.MappingNode, name: str, findings: list[Finding]) -> Fields:
    fields = Fields()
    fields.line = node.start_mark.line + 1
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            raise Unreadable(found("yaml_broken", name, line, "a key is no plain text"))
        key = key_node.value
        if key in fields:
            findings.append(found("yaml_twice", name, line, key))
        fields[key] = _value(value_node, name, findings)
        fields.lines[key] = line
    return fields
