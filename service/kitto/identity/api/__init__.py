"""JSON doors of identity."""

from kitto.identity.api.accounts import router as accounts
from kitto.identity.api.exchange import router as exchange
from kitto.identity.api.exchange import trust_router as trust
from kitto.identity.api.me import router as me
from kitto.identity.api.tokens import router as tokens

__all__ = ["accounts", "exchange", "me", "tokens", "trust"]
