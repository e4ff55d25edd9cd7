"""Pages of kitting."""

from kitto.kitting.pages import hooks
from kitto.kitting.pages.bench import router as bench
from kitto.kitting.pages.board import router as board
from kitto.kitting.pages.kit import router as kit
from kitto.kitting.pages.log import router as log
from kitto.kitting.pages.order_lift import router as order_lift
from kitto.kitting.pages.orders import router as orders
from kitto.kitting.pages.profiles import router as profiles
from kitto.kitting.pages.secrets import router as secrets
from kitto.kitting.pages.start import router as start

__all__ = ["bench", "board", "hooks", "kit", "log", "order_lift", "orders", "profiles", "secrets", "start"]
