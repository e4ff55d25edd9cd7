"""What can happen to a kit."""

from dataclasses import dataclass

from kitto.base.facts import Fact
from kitto.base.i18n import N_


@dataclass(frozen=True, kw_only=True)
class KitFact(Fact):
    about = ("kit", "kit_id")
    also = ("asset", "asset_id")

    kit_id: int
    asset_id: int
    tag: str


@dataclass(frozen=True, kw_only=True)
class KitStarted(KitFact):
    kind = "kitting.started"
    says = N_("Kit #{kit_id} of {tag} was started with {profile}")
    profile: str
    content: str


@dataclass(frozen=True, kw_only=True)
class KitStepDone(KitFact):
    """A step ended well; `evidence` is the hash of what proves it."""

    kind = "kitting.step_done"
    says = N_("Kit #{kit_id}, step {step} is done")
    step: str
    evidence: str


@dataclass(frozen=True, kw_only=True)
class KitStepWaits(KitFact):
    kind = "kitting.step_waits"
    says = N_("Kit #{kit_id}, step {step} waits for {waits_for}")
    step: str
    step_kind: str
    waits_for: str


@dataclass(frozen=True, kw_only=True)
class KitStepFailed(KitFact):
    kind = "kitting.step_failed"
    says = N_("Kit #{kit_id}, step {step} failed: {reason}")
    step: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class KitStepSkipped(KitFact):
    kind = "kitting.step_skipped"
    says = N_("Kit #{kit_id}, step {step} was skipped: {reason}")
    flagged = True
    step: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class KitRetried(KitFact):
    kind = "kitting.retried"
    says = N_("Kit #{kit_id} goes on from step {step}")
    step: str


@dataclass(frozen=True, kw_only=True)
class KitCancelAsked(KitFact):
    kind = "kitting.cancel_asked"
    says = N_("Kit #{kit_id} is to be cancelled: {reason}")
    reason: str


@dataclass(frozen=True, kw_only=True)
class KitCancelled(KitFact):
    kind = "kitting.cancelled"
    says = N_("Kit #{kit_id} was cancelled")
    left_there: bool


@dataclass(frozen=True, kw_only=True)
class KitFinished(KitFact):
    kind = "kitting.finished"
    says = N_("Kit #{kit_id} of {tag} is finished")
    hands_seconds: int
    machine_seconds: int


@dataclass(frozen=True, kw_only=True)
class SecretRead(KitFact):
    """A play read a secret by its name; the value is nowhere."""

    kind = "kitting.secret_read"
    says = N_("Kit #{kit_id}, step {step}: the play read the secret {secret}")
    step: str
    secret: str


@dataclass(frozen=True, kw_only=True)
class KeyMade(Fact):
    kind = "kitting.key_made"
    says = N_("Kitto made its SSH key {public_key}")
    about = ("key", "key_id")
    key_id: int
    public_key: str
