"""Everything people and machines can do about first connections and SSH authorities."""

from kitto.bootstrap.actions.artifacts import artifact, make_artifact, revoke_artifact
from kitto.bootstrap.actions.authorities import (
    make_authority,
    revoke_certificates,
    sign_host_key,
    sign_user_key,
)
from kitto.bootstrap.actions.calls import agent, done, hello, script
from kitto.bootstrap.actions.decisions import accept_key, reject_key, show_password

__all__ = [
    "accept_key",
    "agent",
    "artifact",
    "done",
    "hello",
    "make_artifact",
    "make_authority",
    "reject_key",
    "revoke_artifact",
    "revoke_certificates",
    "script",
    "show_password",
    "sign_host_key",
    "sign_user_key",
]
