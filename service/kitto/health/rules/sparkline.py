"""A small line of a reading's history, as the points of an SVG."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

WIDTH: Final = 160
HEIGHT: Final = 28
_EDGE: Final = 2


def points(series: Sequence[tuple[datetime, float]], width: int = WIDTH, height: int = HEIGHT) -> str:
    """The values as "x,y x,y …", time to the right, larger upwards; empty for fewer than two."""
    if len(series) < 2:  # noqa: PLR2004 - a line has two ends
        return ""
    first, last = series[0][0], series[-1][0]
    span = max((last - first).total_seconds(), 1.0)
    lowest = min(value for _, value in series)
    highest = max(value for _, value in series)
    reach = (highest - lowest) or 1.0
    made = []
    for at, value in series:
        x = _EDGE + (at - first).total_seconds() / span * (width - 2 * _EDGE)
        y = height - _EDGE - (value - lowest) / reach * (height - 2 * _EDGE)
        made.append(f"{x:.1f},{y:.1f}")
    return " ".join(made)
