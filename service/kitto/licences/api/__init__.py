"""JSON doors of licences, lines and SIMs."""

from kitto.licences.api.lines import router as lines
from kitto.licences.api.pools import router as pools
from kitto.licences.api.sims import router as sims

__all__ = ["lines", "pools", "sims"]
