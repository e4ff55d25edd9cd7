"""Pages of licences, lines and SIMs."""

from kitto.licences.pages.lines import router as lines
from kitto.licences.pages.pools import router as pools
from kitto.licences.pages.sims import router as sims

__all__ = ["lines", "pools", "sims"]
