"""Ledger says, device says: which of them is compared, and when they count as different."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from kitto.base.i18n import N_
from kitto.checkins.rules.identity import hostname_key, maker_key, model_key, serial_key


class Field(StrEnum):
    """What ledger and device both know."""

    SERIAL = "serial"
    MAKER = "maker"
    MODEL = "model"
    HOSTNAME = "hostname"


FIELD_WORDS: Final[dict[Field, str]] = {
    Field.SERIAL: N_("Serial number"),
    Field.MAKER: N_("Maker"),
    Field.MODEL: N_("Model"),
    Field.HOSTNAME: N_("Host name"),
}


@dataclass(frozen=True, slots=True)
class Sides:
    """One field as the ledger and as the device says it; "" where that side does not say."""

    field: Field
    declared: str
    observed: str

    @property
    def is_different(self) -> bool:
        """Whether both say something, and not the same. Silence is no contradiction."""
        same = _SAME[self.field]
        return bool(self.declared and self.observed) and not same(self.declared, self.observed)

    @property
    def is_acceptable(self) -> bool:
        """Whether a person may take it over with one press.

        What a device is known by is looked up on the machine itself, unless the ledger has nothing.
        """
        if not self.observed or self.observed == self.declared:
            return False
        return self.field is Field.HOSTNAME or (self.field is Field.SERIAL and not self.declared)


def _same_model(declared: str, observed: str) -> bool:
    """Ledgers write "Latitude 7450", firmware "Dell Latitude 7450"; either may be the longer one."""
    left = set(re.findall(r"\w+", model_key(declared)))
    right = set(re.findall(r"\w+", model_key(observed)))
    return not left or not right or left <= right or right <= left


_SAME: Final[dict[Field, Callable[[str, str], bool]]] = {
    Field.SERIAL: lambda left, right: serial_key(left) == serial_key(right),
    Field.MAKER: lambda left, right: maker_key(left) == maker_key(right),
    Field.MODEL: _same_model,
    Field.HOSTNAME: lambda left, right: hostname_key(left) == hostname_key(right),
}
