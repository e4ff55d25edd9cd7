"""A believable office, for looking around and for screenshots."""

from typing import Any

from kitto.main import House


def fill(house: House, password: str) -> dict[str, Any]:
    """Fill an empty ledger."""
    raise NotImplementedError
