"""Hides secrets in whatever a play says, in each form in which they tend to turn up."""

import base64
import html
import json
import re
import shlex
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

HIDDEN = "***"
# A line of a longer secret (a key, a certificate) is hidden by itself too: output arrives line by line.
SHORTEST_LINE = 8
# Fewer signs of a base64 text would hide half of what a play says.
SHORTEST_CODE = 6


class Masker:
    """Knows every secret of one run; `hide` takes them out of a text."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = tuple(secrets)
        forms = {form for secret in self._secrets for form in _forms(secret) if form}
        # The longest first: a form that holds another must go as a whole.
        ordered = sorted(forms, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, ordered))) if ordered else None

    def knowing(self, *secrets: str) -> "Masker":
        """A masker that knows these too."""
        return Masker([*self._secrets, *secrets])

    def hide(self, text: str) -> str:
        """The text without secrets, and without signs that databases and terminals choke on."""
        clean = text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
        return self._pattern.sub(HIDDEN, clean) if self._pattern else clean


def _forms(secret: str) -> Iterator[str]:
    lines = [line.strip() for line in secret.splitlines()] if "\n" in secret.strip() else []
    for text in {secret, secret.strip(), *(line for line in lines if len(line) >= SHORTEST_LINE)}:
        yield from _spellings(text)


def _spellings(text: str) -> Iterator[str]:
    yield text
    for once in _escaped(text):
        yield once
        yield from _escaped(once)
    yield from (quote(text, safe=""), quote(text), quote_plus(text))
    yield from (html.escape(text), html.escape(text, quote=False))
    yield from (shlex.quote(text), shlex.quote(text)[1:-1], repr(text)[1:-1], text.replace("'", "''"))
    raw = text.encode()
    yield from (raw.hex(), raw.hex().upper())
    yield from _base64(raw)


def _escaped(text: str) -> tuple[str, str]:
    return json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]


def _base64(raw: bytes) -> Iterator[str]:
    """As it looks inside a longer base64 text, at each of the three places where it can begin."""
    for lead in range(3):
        for code in (base64.b64encode, base64.urlsafe_b64encode):
            whole = code(b"\0" * lead + raw).decode().rstrip("=")
            # The first and last signs also hold bits of what stands beside the secret.
            begin = (0, 2, 3)[lead]
            end = len(whole) if (lead + len(raw)) % 3 == 0 else len(whole) - 1
            inner = whole[begin:end]
            if len(inner) >= SHORTEST_CODE:
                yield inner
