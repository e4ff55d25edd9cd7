"""JSON doors of runs from elsewhere and of the inventory."""

from kitto.runs.api.inventory import router as inventory_router
from kitto.runs.api.report import router as report_router

__all__ = ["inventory_router", "report_router"]
