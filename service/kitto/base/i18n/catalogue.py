"""Sentences: English is the source; each room's ja.po says it in Japanese."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Self

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from kitto.base.i18n.voice import LOCALES, voice

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})
ROOMS: Final = Path(__file__).resolve().parents[2]
"""The package folder; every folder in it that has words carries a `<locale>.po`."""


def N_(msgid: str) -> str:  # noqa: N802 -- the name every gettext tool knows
    """Mark a sentence for the catalogue and leave it as it is."""
    return msgid


@dataclass(frozen=True, slots=True)
class Words:
    """A sentence not said yet; as a parameter of another it is said in the same language."""

    msgid: str
    params: Mapping[str, object] = field(default_factory=dict)

    def said(self, locale: str) -> str:
        """The sentence in this language."""
        return translate(locale, self.msgid, **self.params)


class Told(str):
    """A sentence as it was said in English, with its code and what it was made of, to be said again.

    A plain string wherever nobody asks. What is kept of it are its `parts`. `also` has it by language, where
    the words are not ours and stand in no catalogue.
    """

    __slots__ = ("also", "code", "names", "says")

    code: str
    says: str
    names: Mapping[str, object]
    also: Mapping[str, str]

    def __new__(
        cls,
        says: str,
        names: Mapping[str, object] = _NOTHING,
        *,
        code: str = "",
        also: Mapping[str, str] = _NOTHING,
    ) -> Self:
        made = super().__new__(cls, fill("en", says, names))
        made.code, made.says, made.names, made.also = code, says, names, also
        return made

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def said(self, locale: str) -> str:
        """The sentence in this language."""
        return fill(locale, self.also.get(locale) or lookup(locale, self.says), self.names)

    def parts(self) -> dict[str, Any]:
        """Code, sentence and values, as JSON values."""
        names = {name: _part(value) for name, value in self.names.items()}
        also = {"also": dict(self.also)} if self.also else {}
        return {"code": self.code, "says": self.says, "names": names, **also}

    @classmethod
    def of(cls, parts: Mapping[str, Any]) -> Self:
        """The sentence that had these parts."""
        names = {name: _whole(value) for name, value in parts["names"].items()}
        return cls(parts["says"], names, code=parts["code"], also=parts.get("also", _NOTHING))


def _part(value: object) -> object:
    if isinstance(value, Words):
        value = Told(value.msgid, value.params)
    if isinstance(value, Told):
        return value.parts()
    return value if isinstance(value, bool | int | float) else str(shown("en", value))


def _whole(value: object) -> object:
    return Told.of(value) if isinstance(value, dict) and "says" in value else value


def translate(locale: str, msgid: str, /, **params: object) -> str:
    """Say the sentence; `{name}` is filled from `params`, which may be `Words` or dates."""
    if isinstance(msgid, Told):
        return msgid.said(locale)
    return fill(locale, lookup(locale, msgid), params)


def translate_plural(locale: str, one: str, many: str, n: int, /, **params: object) -> str:
    """Say it for a count; `{n}` is filled. Japanese has one form, found under `one`."""
    text = (one if n == 1 else many) if locale == "en" else lookup(locale, one, many)
    return fill(locale, text, {"n": n, **params})


def lookup(locale: str, msgid: str, otherwise: str = "") -> str:
    """The sentence with its places still open; English when the catalogue is silent."""
    return _said(locale).get(msgid) or otherwise or msgid


def fill(locale: str, text: str, params: Mapping[str, object]) -> str:
    """Put values into their places."""
    if not params:
        return text
    return text.format_map({name: shown(locale, value) for name, value in params.items()})


def shown(locale: str, value: object) -> object:
    """A value as it stands in a sentence."""
    if isinstance(value, Words | Told):
        return value.said(locale)
    if isinstance(value, datetime):
        return value.astimezone(voice().zone).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, date):
        return value.isoformat()
    return value


@cache
def _said(locale: str) -> Mapping[str, str]:
    if locale == "en" or locale not in LOCALES:
        return {}
    said: dict[str, str] = {}
    for path in sorted(ROOMS.glob(f"*/{locale}.po")):
        for message in read(path, locale):
            key, text = message.id, message.string
            one = key[0] if isinstance(key, (tuple, list)) else key
            words = text[0] if isinstance(text, (tuple, list)) else text
            if one and words and "fuzzy" not in message.flags:
                said[str(one)] = str(words)
    return said


def read(path: Path, locale: str) -> Catalog:
    """One room's catalogue."""
    with path.open("rb") as file:
        return read_po(file, locale=locale, charset="utf-8")
