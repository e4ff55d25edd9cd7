"""JSON doors of the ledger."""

from kitto.assets.api.devices import router as devices
from kitto.assets.api.masters import router as masters

__all__ = ["devices", "masters"]
