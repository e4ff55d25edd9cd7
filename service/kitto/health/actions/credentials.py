"""Setting and removing what opens devices' ears."""

import json
from dataclasses import dataclass

from kitto.base.i18n import N_, Words
from kitto.base.seal import Secret, seal
from kitto.base.work import Work
from kitto.health import queries
from kitto.health.adapters.ssh_keys import SshTrouble, parse_private_key
from kitto.health.facts import CredentialRemoved, CredentialSet
from kitto.health.models import ProbeCredential
from kitto.health.rules.probes import (
    CIPHERS,
    HASHES,
    SHORTEST_V3_PASSWORD,
    CredentialIncomplete,
    CredentialInUse,
    CredentialKind,
)
from kitto.health.rules.values import tidy
from kitto.identity.rules import Permission


@dataclass(frozen=True, kw_only=True)
class CredentialSpec:
    """A credential as it is entered. `secret` is the community, password or private key; for an
    SNMP user it is the authentication password, and `privacy` the privacy password."""

    name: str
    kind: CredentialKind
    secret: Secret
    account: str = ""
    privacy: Secret | None = None
    snmp_version: str = "2c"
    hash: str = "sha1"
    cipher: str = "aes128"


def set_credential(
    work: Work, spec: CredentialSpec, *, credential_id: int | None = None, version: int | None = None
) -> ProbeCredential:
    """Enter a credential, or replace one. The secret is sealed and never shown again."""
    work.allow(Permission.MANAGE_PROBES)
    _check(spec)
    sealed = seal(Secret(json.dumps(_secrets(spec))))
    values = {
        "name": tidy(spec.name),
        "kind": spec.kind,
        "account": tidy(spec.account),
        "snmp_version": spec.snmp_version if spec.kind is CredentialKind.COMMUNITY else "",
        "hash": spec.hash if spec.kind is CredentialKind.USER else "",
        "cipher": spec.cipher if spec.kind is CredentialKind.USER and spec.privacy else "",
        "sealed": sealed,
        "changed_at": work.now,
    }
    if credential_id is None:
        row = work.add(ProbeCredential(**values))
    else:
        row = queries.credential(work, credential_id)
        work.expect(row, version)
        for name, value in values.items():
            setattr(row, name, value)
    work.record(CredentialSet(credential_id=row.id, name=row.name))
    return row


def remove_credential(work: Work, *, credential_id: int, version: int | None = None) -> None:
    """Remove a credential that no probe uses."""
    work.allow(Permission.MANAGE_PROBES)
    row = queries.credential(work, credential_id)
    work.expect(row, version)
    count = queries.users_of(work, credential_id)
    if count:
        raise CredentialInUse(name=row.name, count=count)
    work.session.delete(row)
    work.record(CredentialRemoved(credential_id=credential_id, name=row.name))


def _secrets(spec: CredentialSpec) -> dict[str, str]:
    found = {"secret": spec.secret.reveal()}
    if spec.privacy:
        found["privacy"] = spec.privacy.reveal()
    return found


def _check(spec: CredentialSpec) -> None:
    if not tidy(spec.name):
        raise CredentialIncomplete(what=Words(N_("give the credential a name.")))
    if not spec.secret.reveal():
        raise CredentialIncomplete(what=Words(N_("enter the secret.")))
    if spec.kind is not CredentialKind.COMMUNITY and not tidy(spec.account):
        raise CredentialIncomplete(what=Words(N_("say for which user.")))
    if spec.kind is CredentialKind.COMMUNITY and spec.snmp_version not in ("1", "2c"):
        raise CredentialIncomplete(what=Words(N_("the version is 1 or 2c.")))
    if spec.kind is CredentialKind.USER:
        _check_user(spec)
    if spec.kind is CredentialKind.SSH_KEY:
        try:
            parse_private_key(spec.secret)
        except SshTrouble as unreadable:
            what = Words(N_("the private key cannot be read; give one without a passphrase."))
            raise CredentialIncomplete(what=what) from unreadable


def _check_user(spec: CredentialSpec) -> None:
    passwords = [spec.secret, *([spec.privacy] if spec.privacy else [])]
    if any(len(password.reveal()) < SHORTEST_V3_PASSWORD for password in passwords):
        raise CredentialIncomplete(what=Words(N_("an SNMP password has at least 8 characters.")))
    if spec.hash not in HASHES or spec.cipher not in CIPHERS:
        raise CredentialIncomplete(what=Words(N_("this hash or cipher is not known.")))
