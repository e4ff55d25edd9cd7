"""What people see of the demo: numbered steps and what happens in them, on standard error."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

Found = TypeVar("Found")
BOLD, GREEN, DIM, PLAIN = "\033[1m", "\033[32m", "\033[2m", "\033[0m"


class StepFailed(Exception):  # noqa: N818 -- it says which step, and why
    """A step of the demo did not end as it must."""

    def __init__(self, step: str, why: str) -> None:
        super().__init__(f"step “{step}”: {why}")
        self.step = step
        self.why = why


class Stage:
    """Where the demo shows what it does; remembers the step it is in."""

    def __init__(self) -> None:
        self.step = "start"
        self.began = time.monotonic()
        self._colour = sys.stderr.isatty()

    @contextmanager
    def part(self, step: str, title: str) -> Iterator[None]:
        """One step; whatever breaks in it is named after it."""
        self.step = step
        self._write(f"\n{self._in(BOLD, title)}")
        began = time.monotonic()
        try:
            yield
        except StepFailed:
            raise
        except Exception as broken:
            raise StepFailed(step, f"{type(broken).__name__}: {broken}") from broken
        self._write(self._in(DIM, f"  ({time.monotonic() - began:.1f} s)"))

    def tell(self, sentence: str) -> None:
        """Something that went well."""
        self._write(f"  {self._in(GREEN, '✓')} {sentence}")

    def note(self, sentence: str) -> None:
        """Something to know."""
        self._write(f"    {self._in(DIM, sentence)}")

    def check(self, holds: object, why: str) -> None:
        """End the demo here unless this holds."""
        if not holds:
            raise StepFailed(self.step, why)

    def until(self, what: str, ask: Callable[[], Found | None], patience: float = 120) -> Found:
        """Ask again until there is an answer."""
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            found = ask()
            if found is not None:
                return found
            time.sleep(0.25)
        raise StepFailed(self.step, f"waited {patience:.0f} s for {what}")

    def _write(self, line: str) -> None:
        sys.stderr.write(line + "\n")
        sys.stderr.flush()

    def _in(self, colour: str, text: str) -> str:
        return f"{colour}{text}{PLAIN}" if self._colour else text
