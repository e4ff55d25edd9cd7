"""State chips: the same word, shape and tone for a state wherever it is shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Tone = Literal["plain", "info", "good", "warn", "bad"]
Shape = Literal["dot", "ring", "half", "check", "triangle", "cross", "square", "bars", "play", "dash"]


@dataclass(frozen=True, slots=True)
class Chip:
    """How one state looks. `says` is marked with N_ in the room that owns the state."""

    says: str
    tone: Tone = "plain"
    shape: Shape = "dot"


_chips: dict[str, dict[str, Chip]] = {}


class UnknownChip(LookupError):  # noqa: N818 -- named like a refusal, raised for ourselves
    """A state has no chip; a mistake of ours, found by the page tests."""


def register(kind: str, chips: Mapping[str, Chip]) -> None:
    """Give the states of one kind (`assets.state`) their looks. Call it when the room is imported."""
    _chips[kind] = {str(value): chip for value, chip in chips.items()}


def chip_of(kind: str, value: str) -> Chip:
    """The look of one state."""
    try:
        return _chips[kind][str(value)]
    except KeyError as missing:
        raise UnknownChip(f"{kind} {value}") from missing


def legend() -> Mapping[str, Mapping[str, Chip]]:
    """Every chip there is, by kind."""
    return _chips
