"""Pages of the ledger."""

from kitto.assets.pages import looks
from kitto.assets.pages.devices import router as devices
from kitto.assets.pages.find import router as find
from kitto.assets.pages.masters import router as masters
from kitto.assets.pages.reach import router as reach
from kitto.assets.pages.steps import router as steps

__all__ = ["devices", "find", "looks", "masters", "reach", "steps"]
