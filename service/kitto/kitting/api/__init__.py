"""JSON doors of kitting."""

from kitto.kitting.api.kits import router as kits
from kitto.kitting.api.orders import router as orders
from kitto.kitting.api.profiles import router as profiles
from kitto.kitting.api.proofs import router as proofs
from kitto.kitting.api.reports import router as reports

__all__ = ["kits", "orders", "profiles", "proofs", "reports"]
