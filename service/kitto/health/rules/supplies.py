"""What a printer's supply levels really say (RFC 3805, prtMarkerSuppliesTable)."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from kitto.health.rules.values import Exactness, Measured, Unit

# prtMarkerSuppliesLevel and -MaxCapacity: -1 other, -2 unknown, -3 some left / some room.
OTHER: Final = -1
NOT_KNOWN: Final = -2
SOME_LEFT: Final = -3
# Ricoh firmware says -100 for an empty cartridge and -3 for anything above.
EMPTY: Final = -100
UNIT_PERCENT: Final = 19
WASTE_TONER: Final = 4


class SupplyClass(IntEnum):
    """prtMarkerSuppliesClass: what is used up, or what fills."""

    OTHER = 1
    CONSUMED = 3
    FILLED = 4


@dataclass(frozen=True, slots=True)
class SupplyRow:
    """One row as the printer stores it; absent columns are None."""

    index: str
    label: str
    kind: int | None
    type: int | None
    unit: int | None
    capacity: int | None
    level: int | None


def supply(row: SupplyRow) -> Measured | None:
    """How much is left before somebody has to act, in percent where the printer knows it.

    For a container that fills (waste toner) the level is by definition the room that is left
    (RFC 3805), so 0 means "act now" there too. A level that the printer only calls "some" or
    does not know has no number. Rows without a level at all are ghosts and are left out.
    """
    if row.level is None:
        return None
    name = "waste" if is_waste(row) else "supply"
    exactness, value = _percent(row)
    return Measured(name, value, Unit.PERCENT, row.index, row.label, exactness)


def is_waste(row: SupplyRow) -> bool:
    """By class where the printer says one, else by type (PrtMarkerSuppliesTypeTC)."""
    if row.kind in (SupplyClass.CONSUMED, SupplyClass.FILLED):
        return row.kind == SupplyClass.FILLED
    return row.type == WASTE_TONER


_WITHOUT_NUMBER: Final = {
    None: Exactness.UNKNOWN,
    OTHER: Exactness.UNKNOWN,
    NOT_KNOWN: Exactness.UNKNOWN,
    SOME_LEFT: Exactness.SOME,
}


def _percent(row: SupplyRow) -> tuple[Exactness, float | None]:
    level, capacity = row.level, row.capacity
    if level == EMPTY:
        return Exactness.EXACT, 0.0
    if level is None or level < 0:
        return _WITHOUT_NUMBER.get(level, Exactness.UNKNOWN), None
    if capacity is not None and capacity > 0:
        return Exactness.EXACT, min(100.0, round(100.0 * level / capacity, 1))
    # Without a capacity only a level that is a percentage by its own unit has a meaning.
    if row.unit == UNIT_PERCENT and level <= 100:  # noqa: PLR2004 - percent
        return Exactness.EXACT, float(level)
    return Exactness.UNKNOWN, None
