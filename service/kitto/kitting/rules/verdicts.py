"""What a step that needs no play says when it is looked at: done, waits, or failed."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from kitto.kitting.rules.states import WaitFor


@dataclass(frozen=True)
class Done:
    """It is done, and this proves it."""

    kind: str
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Waits:
    """It waits; `retry_at` is when Kitto itself looks again, besides every minute and every report."""

    waits_for: WaitFor
    reason: str = ""
    retry_at: datetime | None = None


@dataclass(frozen=True)
class Failed:
    """It cannot be done as things are; the sentence says what to do."""

    reason: str


Verdict = Done | Waits | Failed
