"""Probes and their credentials: what kinds there are, and what fits what."""

from enum import StrEnum
from typing import Final

from kitto.base.errors import Refusal
from kitto.base.i18n import N_


class ProbeKind(StrEnum):
    """How a device is asked."""

    SNMP = "snmp"
    SSH = "ssh"
    CLI = "cli"
    TCP = "tcp"
    WINRM = "winrm"


class CredentialKind(StrEnum):
    """What opens a device's ear."""

    COMMUNITY = "community"
    USER = "user"
    SSH_KEY = "ssh_key"
    PASSWORD = "password"  # noqa: S105 - the word, not one


FITS: Final = {
    ProbeKind.SNMP: frozenset({CredentialKind.COMMUNITY, CredentialKind.USER}),
    ProbeKind.SSH: frozenset({CredentialKind.SSH_KEY, CredentialKind.PASSWORD}),
    ProbeKind.CLI: frozenset({CredentialKind.SSH_KEY, CredentialKind.PASSWORD}),
    ProbeKind.TCP: frozenset[CredentialKind](),
    ProbeKind.WINRM: frozenset({CredentialKind.PASSWORD}),
}
USUAL_PORT: Final = {
    ProbeKind.SNMP: 161,
    ProbeKind.SSH: 22,
    ProbeKind.CLI: 22,
    ProbeKind.TCP: 0,
    ProbeKind.WINRM: 5986,
}
# A login costs the device and us far more than a datagram.
USUAL_INTERVAL: Final = {
    ProbeKind.SNMP: 60,
    ProbeKind.SSH: 300,
    ProbeKind.CLI: 21_600,
    ProbeKind.TCP: 60,
    ProbeKind.WINRM: 300,
}
SHORTEST_INTERVAL: Final = 60
LONGEST_INTERVAL: Final = 86_400
HASHES: Final = ("sha1", "sha256", "sha512", "md5")
CIPHERS: Final = ("aes128", "aes256")
# RFC 3414: shorter passwords must be refused.
SHORTEST_V3_PASSWORD: Final = 8


class ProbeExists(Refusal):
    code = "health.probe_exists"
    says = N_("Nothing was changed: {tag} is already watched by {kind}. Change that probe instead.")


class PortMissing(Refusal):
    code = "health.port_missing"
    status = 422
    says = N_("Nothing was changed: say which port to watch.")


class CredentialUnfit(Refusal):
    code = "health.credential_unfit"
    status = 422
    says = N_("Nothing was changed: this credential does not fit a probe by {kind}. Choose another.")


class CredentialIncomplete(Refusal):
    code = "health.credential_incomplete"
    status = 422
    says = N_("Nothing was changed: {what}")


class CredentialInUse(Refusal):
    code = "health.credential_in_use"
    says = N_("“{name}” was not removed: {count} probes use it. Give them another one first.")


class PlatformUnknown(Refusal):
    code = "health.platform_unknown"
    status = 422
    says = N_("Nothing was changed: the platform “{platform}” is not known. Known are: {known}.")


class HostKeyNotShown(Refusal):
    code = "health.host_key_not_shown"
    says = N_(
        "Nothing was pinned: the device has not shown this. Poll it, compare the fingerprint on the device "
        "itself, and try again."
    )


class HostKeyUnreadable(Refusal):
    code = "health.host_key_unreadable"
    status = 422
    says = N_("Nothing was changed: this is no public host key. Paste a line like “ssh-ed25519 AAAA…”.")


class NothingToAsk(Refusal):
    code = "health.nothing_to_ask"
    says = N_("Nothing was asked: a second opinion is for probes by SNMP.")
