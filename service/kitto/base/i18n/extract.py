"""Finds the sentences each room says, and compares them with what its catalogues know."""

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from string import Formatter

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import write_po
from jinja2 import Environment, nodes

from kitto.base.i18n.catalogue import ROOMS, read
from kitto.base.i18n.voice import LOCALES

SHARED = ("base", "web")
"""Rooms every other room may borrow words from, so that "Save" is translated once."""

_MARKS = {"N_": 1, "_": 1, "n_": 2, "Words": 1}


@dataclass
class Sentence:
    """One msgid and where it is said."""

    msgid: str
    plural: str | None = None
    places: list[tuple[str, int]] = field(default_factory=list)


def rooms(root: Path = ROOMS) -> list[str]:
    """Every room of the package, the shared ones first."""
    found = [path.name for path in root.iterdir() if (path / "__init__.py").exists()]
    return [*SHARED, *sorted(name for name in found if name not in SHARED)]


def said_in(room: Path) -> dict[str, Sentence]:
    """Every sentence a room's modules and templates say."""
    said: dict[str, Sentence] = {}
    for path in sorted(room.rglob("*")):
        if path.suffix == ".py":
            calls = _python_calls(path)
        elif path.suffix in {".html", ".txt"} and "templates" in path.parts:
            calls = _template_calls(path)
        else:
            continue
        for msgid, plural, line in calls:
            sentence = said.setdefault(msgid, Sentence(msgid, plural))
            sentence.plural = sentence.plural or plural
            sentence.places.append((str(path.relative_to(room)), line))
    return said


def _python_calls(path: Path) -> Iterator[tuple[str, str | None, int]]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        words = [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
        yield from _call(node.func.id, words, node.lineno)


def _template_calls(path: Path) -> Iterator[tuple[str, str | None, int]]:
    tree = Environment(autoescape=True, extensions=["jinja2.ext.do"]).parse(path.read_text("utf-8"))
    for node in tree.find_all(nodes.Call):
        if isinstance(node.node, nodes.Name):
            words = [arg.value for arg in node.args if isinstance(arg, nodes.Const)]
            yield from _call(node.node.name, words, node.lineno)


def _call(name: str, words: Iterable[object], line: int) -> Iterator[tuple[str, str | None, int]]:
    needed = _MARKS.get(name, 0)
    texts = [word for word in words if isinstance(word, str)]
    if needed and len(texts) >= needed:
        yield texts[0], texts[1] if needed > 1 else None, line


def places_of(text: str) -> frozenset[str]:
    """The `{names}` in a sentence."""
    return frozenset(name for _, name, _, _ in Formatter().parse(text) if name)


def complaints(root: Path = ROOMS) -> list[str]:
    """What is missing, doubtful, different or left over in the catalogues; empty when all is well."""
    found: list[str] = []
    shared = {name: said_in(root / name) for name in SHARED}
    meanings: dict[tuple[str, str], tuple[str, str]] = {}
    for room in rooms(root):
        said = shared.get(room) or said_in(root / room)
        lent = _lent(room, shared)
        for locale in _foreign():
            path = root / room / f"{locale}.po"
            known = _known(path, locale)
            wanted = [s for s in said.values() if s.msgid not in lent]
            found += [f"{room}/{locale}: missing: {s.msgid}" for s in wanted if s.msgid not in known]
            found += [f"{room}/{locale}: left over: {m}" for m in known if m not in said]
            found += [f"{room}/{locale}: there twice: {m}" for m in _twice(path)]
            for msgid, message in known.items():
                found += [f"{room}/{locale}: {why}: {msgid}" for why in _doubts(message)]
                text = _first(message.string)
                other, where = meanings.setdefault((locale, msgid), (text, room))
                if other != text:
                    found.append(f"{room}/{locale}: {where} says it differently: {msgid}")
    return found


def _twice(path: Path) -> Iterator[str]:
    """What a merge wrote down a second time; only the last one is said, so correcting the first is lost."""
    text = path.read_text("utf-8") if path.exists() else ""
    counted = Counter(re.findall(r"^msgid ((?:\".*\"\n)+)", text, re.MULTILINE))
    return ("".join(re.findall(r'"(.*)"', msgid)) for msgid, times in counted.items() if times > 1)


def _doubts(message: Message) -> Iterator[str]:
    msgid, text = _first(message.id), _first(message.string)
    if not text:
        yield "empty"
    elif places_of(msgid) != places_of(text):
        yield "other places"
    if message.fuzzy:
        yield "fuzzy"
    if re.search(r"^\s|\s$", text):
        yield "space at an end"


def _first(text: str | list[str] | tuple[str, ...] | None) -> str:
    return text if isinstance(text, str) else str(text[0]) if text else ""


def _lent(room: str, shared: dict[str, dict[str, Sentence]]) -> set[str]:
    lenders = SHARED[: SHARED.index(room)] if room in SHARED else SHARED
    return {msgid for lender in lenders for msgid in shared[lender]}


def _foreign() -> tuple[str, ...]:
    return tuple(locale for locale in LOCALES if locale != "en")


def _known(path: Path, locale: str) -> dict[str, Message]:
    if not path.exists():
        return {}
    return {_first(message.id): message for message in read(path, locale) if message.id}


def update(only: Sequence[str] = (), root: Path = ROOMS) -> Iterator[str]:
    """Write the rooms' catalogues anew: new sentences empty, known ones kept, old ones dropped."""
    shared = {name: said_in(root / name) for name in SHARED}
    for room in only or rooms(root):
        said = shared.get(room) or said_in(root / room)
        lent = _lent(room, shared)
        for locale in _foreign():
            path = root / room / f"{locale}.po"
            known = _known(path, locale)
            wanted = [s for s in said.values() if s.msgid not in lent or s.msgid in known]
            if not wanted and not known:
                continue
            open_ones = _write(path, locale, wanted, known)
            yield f"{room}/{locale}.po: {len(wanted)} sentences, {open_ones} to translate"


def _write(path: Path, locale: str, wanted: list[Sentence], known: dict[str, Message]) -> int:
    catalogue = Catalog(locale=locale, charset="utf-8", fuzzy=False)
    open_ones = 0
    for sentence in sorted(wanted, key=lambda s: s.places[0]):
        old = known.get(sentence.msgid)
        text = _first(old.string) if old else ""
        open_ones += not text
        key = (sentence.msgid, sentence.plural) if sentence.plural else sentence.msgid
        files = sorted({place for place, _ in sentence.places})
        catalogue.add(
            key,
            (text,) if sentence.plural else text,
            locations=[(name, 0) for name in files],
            flags=["fuzzy"] if old and old.fuzzy else [],
            user_comments=old.user_comments if old else [],
        )
    with path.open("wb") as file:
        write_po(file, catalogue, width=0, include_lineno=False)
    _without_dates(path)
    return open_ones


def _without_dates(path: Path) -> None:
    # the header's dates would change the file at every run and say nothing
    head, gap, body = path.read_text("utf-8").partition("\n\n")
    kept = (
        'msgid ""',
        'msgstr ""',
        f'"Language: {path.stem}\\n"',
        '"MIME-Version: 1.0\\n"',
        '"Content-Type: text/plain; charset=utf-8\\n"',
        '"Content-Transfer-Encoding: 8bit\\n"',
        '"Plural-Forms: nplurals=1; plural=0;\\n"',
    )
    path.write_text("\n".join(kept) + gap + body if head else body, "utf-8")
