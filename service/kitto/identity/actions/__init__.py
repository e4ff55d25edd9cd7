"""What people and programs can do with accounts, sign-ins and tokens."""

from kitto.identity.actions.accounts import (
    RoleIn,
    change_account,
    change_roles,
    create_first_administrator,
    deactivate,
    make_account,
    make_password_link,
    reactivate,
    sign_out_account,
    take_code_away,
)
from kitto.identity.actions.forgetting import forget_ended
from kitto.identity.actions.own_account import (
    begin_code,
    change_password,
    end_one_sign_in,
    finish_code,
    pending_code,
    prefer,
    remove_code,
    set_first_password,
    sign_out_elsewhere,
)
from kitto.identity.actions.signing_in import Confirmed, NewSignIn, confirm, sign_in, sign_out
from kitto.identity.actions.tokens import TokenWish, make_token, revoke_token
from kitto.identity.actions.trust import change_trust, end_trust, exchange, forget_used, trust_ci

__all__ = [
    "Confirmed",
    "NewSignIn",
    "RoleIn",
    "TokenWish",
    "begin_code",
    "change_account",
    "change_password",
    "change_roles",
    "change_trust",
    "confirm",
    "create_first_administrator",
    "deactivate",
    "end_one_sign_in",
    "end_trust",
    "exchange",
    "finish_code",
    "forget_ended",
    "forget_used",
    "make_account",
    "make_password_link",
    "make_token",
    "pending_code",
    "prefer",
    "reactivate",
    "remove_code",
    "revoke_token",
    "set_first_password",
    "sign_in",
    "sign_out",
    "sign_out_account",
    "sign_out_elsewhere",
    "take_code_away",
    "trust_ci",
]
