"""Everything people and machines can do with kits."""

from kitto.kitting.actions.manage import cancel, retry, skip
from kitto.kitting.actions.people import confirm, scan_back
from kitto.kitting.actions.start import make_key, start_kit

__all__ = ["cancel", "confirm", "make_key", "retry", "scan_back", "skip", "start_kit"]
