"""What can happen to the first connection of a machine, and to the keys that Kitto signs."""

from dataclasses import dataclass

from kitto.base.facts import Fact
from kitto.base.i18n import N_


@dataclass(frozen=True, kw_only=True)
class BootstrapFact(Fact):
    about = ("asset", "asset_id")

    asset_id: int
    tag: str
    token_id: int


@dataclass(frozen=True, kw_only=True)
class ArtifactMade(BootstrapFact):
    kind = "bootstrap.artifact_made"
    says = N_("A file for the first connection of {tag} was made ({artifact})")
    artifact: str


@dataclass(frozen=True, kw_only=True)
class ArtifactRevoked(BootstrapFact):
    kind = "bootstrap.artifact_revoked"
    says = N_("A file for the first connection of {tag} was revoked")


@dataclass(frozen=True, kw_only=True)
class MachineCalled(BootstrapFact):
    """A fresh machine called with the right serial number; its key is believed from now on."""

    kind = "bootstrap.machine_called"
    says = N_("{tag} called for the first time, from {source}, with the key {fingerprint}")
    source: str
    fingerprint: str


@dataclass(frozen=True, kw_only=True)
class BootstrapFinished(BootstrapFact):
    kind = "bootstrap.finished"
    says = N_("{tag} finished its first connection; agent: {agent}")
    agent: str


@dataclass(frozen=True, kw_only=True)
class WrongMachineCalled(BootstrapFact):
    """A valid token on another machine: a stick in the wrong PC, or worse."""

    kind = "bootstrap.wrong_machine_called"
    says = N_("The file of {tag} was tried on a machine with serial number {serial}, from {source}")
    flagged = True
    serial: str
    source: str


@dataclass(frozen=True, kw_only=True)
class TokenRefusedToMachine(BootstrapFact):
    """A token that is used, revoked, expired or locked was tried once more."""

    kind = "bootstrap.token_refused"
    says = N_("A file of {tag} that works no more was tried ({reason}), from {source}")
    flagged = True
    reason: str
    source: str


@dataclass(frozen=True, kw_only=True)
class KeyChangeSeen(BootstrapFact):
    kind = "bootstrap.key_differs"
    says = N_("{tag} showed another key than the known one: {fingerprint}. It waits for a person")
    flagged = True
    fingerprint: str


@dataclass(frozen=True, kw_only=True)
class KeyAccepted(BootstrapFact):
    kind = "bootstrap.key_accepted"
    says = N_("The new key of {tag} was accepted")
    fingerprint: str


@dataclass(frozen=True, kw_only=True)
class KeyRefused(BootstrapFact):
    kind = "bootstrap.key_rejected"
    says = N_("The new key of {tag} was refused")
    flagged = True
    fingerprint: str


@dataclass(frozen=True, kw_only=True)
class PasswordShown(BootstrapFact):
    kind = "bootstrap.password_shown"
    says = N_("The first password of {tag} was shown")


@dataclass(frozen=True, kw_only=True)
class AuthorityMade(Fact):
    kind = "bootstrap.authority_made"
    says = N_("Kitto made an SSH authority: {authority}")
    about = ("key", "authority_id")
    authority_id: int
    authority: str
    public_key: str


@dataclass(frozen=True, kw_only=True)
class CertificateSigned(Fact):
    kind = "bootstrap.certificate_signed"
    says = N_("Kitto signed the SSH certificate {certificate} for {tag}, number {serial}")
    about = ("asset", "asset_id")
    asset_id: int
    tag: str
    certificate: str
    authority: str
    serial: int
    valid_until: str


@dataclass(frozen=True, kw_only=True)
class CertificatesRevoked(Fact):
    kind = "bootstrap.certificates_revoked"
    says = N_("SSH certificate number {serial} was revoked")
    about = ("key", "authority_id")
    flagged = True
    authority_id: int
    authority: str
    serial: int
    reason: str
