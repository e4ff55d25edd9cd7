"""Pages of identity."""

from kitto.identity.pages.account import router as account
from kitto.identity.pages.accounts import router as accounts
from kitto.identity.pages.signing_in import router as signing_in
from kitto.identity.pages.tokens import router as tokens
from kitto.identity.pages.trust import router as trust

__all__ = ["account", "accounts", "signing_in", "tokens", "trust"]
