"""Asset tags: a prefix, a running number, and a check character against slips of hand and scanner."""

import re
from dataclasses import dataclass
from typing import Final

from kitto.base.errors import Refusal
from kitto.base.i18n import N_

ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SHAPE: Final = re.compile(r"([A-Z]{1,4})-?([0-9]{4,9})-?([0-9A-Z])")


class TagUnreadable(Refusal):
    code = "assets.tag_unreadable"
    status = 422
    says = N_("“{text}” is no asset tag: its check character does not fit. Scan it again or type it anew.")


def check_character(body: str) -> str:
    """ISO 7064 MOD 37,36 over digits and capital letters."""
    product = 36
    for character in body:
        total = (product + ALPHABET.index(character)) % 36 or 36
        product = total * 2 % 37
    return ALPHABET[(37 - product) % 36]


@dataclass(frozen=True, order=True)
class AssetTag:
    """A tag such as PC-000042-7. `compact` is what codes carry, `str()` what people read."""

    prefix: str
    digits: str

    @classmethod
    def number(cls, prefix: str, number: int, width: int = 6) -> "AssetTag":
        """The tag for a running number."""
        return cls(prefix, f"{number:0{width}d}")

    @classmethod
    def parse(cls, text: str) -> "AssetTag":
        """Read a tag with or without hyphens, already normalised. Refuses a wrong check character."""
        found = _SHAPE.fullmatch(text)
        if found is None:
            raise TagUnreadable(text=text[:64])
        tag = cls(found[1], found[2])
        if tag.check != found[3]:
            raise TagUnreadable(text=text[:64])
        return tag

    @property
    def check(self) -> str:
        return check_character(self.prefix + self.digits)

    @property
    def compact(self) -> str:
        return f"{self.prefix}{self.digits}{self.check}"

    def __str__(self) -> str:
        return f"{self.prefix}-{self.digits}-{self.check}"
