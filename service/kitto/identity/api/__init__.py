"""JSON doors of identity."""

from kitto.identity.api.accounts import router as accounts
from kitto.identity.api.me import router as me
from kitto.identity.api.tokens import router as tokens

__all__ = ["accounts", "me", "tokens"]
