"""Who is being spoken to: language and time zone, for the length of one answer."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import Final

from babel import negotiate_locale

LOCALES: Final = ("ja", "en")
"""Every language the console speaks; a catalogue for each but English is complete."""


@dataclass(frozen=True, slots=True)
class Voice:
    """How to speak to one reader."""

    locale: str = "en"
    zone: tzinfo = UTC


_PLAIN: Final = Voice()
_voice: ContextVar[Voice] = ContextVar("voice", default=_PLAIN)


def voice() -> Voice:
    """The voice of the answer being written now."""
    return _voice.get()


@contextmanager
def speaking(chosen: Voice) -> Iterator[None]:
    """Speak so until the block ends: templates and formats ask `voice()`."""
    token = _voice.set(chosen)
    try:
        yield
    finally:
        _voice.reset(token)


def choose_locale(*, setting: str | None, cookie: str | None, accept: str, default: str) -> str:
    """The reader's own setting, else the cookie, else Accept-Language (RFC 9110 §12.5.4)."""
    for wish in (setting, cookie):
        if wish in LOCALES:
            return wish
    wishes = [tag for _, tag in sorted(_weighted(accept), key=lambda pair: -pair[0])]
    found = negotiate_locale(wishes, list(LOCALES), sep="-") if wishes else None
    return found or default


def _weighted(accept: str) -> Iterator[tuple[float, str]]:
    for part in accept.split(",")[:20]:
        tag, _, rest = part.strip().partition(";")
        weight = rest.strip().removeprefix("q=")
        try:
            yield float(weight or 1), tag.strip().lower()
        except ValueError:
            continue
