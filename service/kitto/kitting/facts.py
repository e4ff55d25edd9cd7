"""What can happen to a kit."""

from dataclasses import dataclass

from kitto.base.facts import Fact
from kitto.base.i18n import N_


@dataclass(frozen=True, kw_only=True)
class KitFact(Fact):
    about = ("kit", "kit_id")
    also = ("asset", "asset_id")

    kit_id: int
    asset_id: int | None
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
    says = N_("Kit #{kit_id}, step {step} {waits_for}")
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


@dataclass(frozen=True, kw_only=True)
class KitHeld(KitFact):
    kind = "kitting.held"
    says = N_("Kit #{kit_id} of {tag} was put on hold: {reason}")
    reason: str


@dataclass(frozen=True, kw_only=True)
class KitResumed(KitFact):
    kind = "kitting.resumed"
    says = N_("Kit #{kit_id} of {tag} goes on")


@dataclass(frozen=True, kw_only=True)
class KitHandedOver(KitFact):
    kind = "kitting.handed_over"
    says = N_("Kit #{kit_id} of {tag} reached its person")


@dataclass(frozen=True, kw_only=True)
class KitStepLate(KitFact):
    """A step waits longer than its profile allows; somebody is to look."""

    kind = "kitting.step_late"
    says = N_("Kit #{kit_id}, step {step} of {tag} waits too long")
    flagged = True
    step: str


@dataclass(frozen=True, kw_only=True)
class KitApproved(KitFact):
    kind = "kitting.approved"
    says = N_("Kit #{kit_id}, step {step}: approved")
    step: str


@dataclass(frozen=True, kw_only=True)
class KitRejected(KitFact):
    kind = "kitting.rejected"
    says = N_("{tag} of kit #{kit_id} is sent back: {reason}")
    flagged = True
    reason: str


@dataclass(frozen=True, kw_only=True)
class DeviceLocked(Fact):
    kind = "kitting.device_locked"
    says = N_("{tag} is worked on by {holder} {holder_id}")
    about = ("asset", "asset_id")
    asset_id: int
    tag: str
    holder: str
    holder_id: str
    fence: int


@dataclass(frozen=True, kw_only=True)
class DeviceUnlocked(Fact):
    kind = "kitting.device_unlocked"
    says = N_("{tag} is free again; {holder} {holder_id} is done")
    about = ("asset", "asset_id")
    asset_id: int
    tag: str
    holder: str
    holder_id: str


@dataclass(frozen=True, kw_only=True)
class ProfilePublished(Fact):
    kind = "kitting.profile_published"
    says = N_("Profile {name} v{number} was published ({content})")
    about = ("kit_profile", "profile_id")
    profile_id: int
    name: str
    number: int
    content: str


@dataclass(frozen=True, kw_only=True)
class RecipeChecked(Fact):
    kind = "kitting.recipe_checked"
    says = N_("The recipe {name} ({content}) was checked: {count} things are wrong")
    about = ("recipe_check", "check_id")
    check_id: int
    name: str
    content: str
    count: int
    asked: str = ""


@dataclass(frozen=True, kw_only=True)
class ProfileRetired(Fact):
    kind = "kitting.profile_retired"
    says = N_("Profile {name} is no longer offered")
    about = ("kit_profile", "profile_id")
    profile_id: int
    name: str


@dataclass(frozen=True, kw_only=True)
class _OrderFact(Fact):
    about = ("kit_order", "order_id")
    order_id: int


@dataclass(frozen=True, kw_only=True)
class KitsOrdered(_OrderFact):
    kind = "kitting.ordered"
    says = N_("Order #{order_id}: {quantity} × {profile}")
    quantity: int
    profile: str


@dataclass(frozen=True, kw_only=True)
class OrderApproved(_OrderFact):
    kind = "kitting.order_approved"
    says = N_("Order #{order_id} was approved")


@dataclass(frozen=True, kw_only=True)
class OrderRejected(_OrderFact):
    kind = "kitting.order_rejected"
    says = N_("Order #{order_id} was not approved: {reason}")
    reason: str


@dataclass(frozen=True, kw_only=True)
class OrderCancelled(_OrderFact):
    kind = "kitting.order_cancelled"
    says = N_("Order #{order_id} was cancelled: {reason}")
    reason: str


@dataclass(frozen=True, kw_only=True)
class OrderLifted(_OrderFact):
    kind = "kitting.order_lifted"
    says = N_("Order #{order_id}: {quantity} kits were lifted from v{before} to {profile}")
    quantity: int
    before: int
    profile: str


@dataclass(frozen=True, kw_only=True)
class OrderDone(_OrderFact):
    kind = "kitting.order_done"
    says = N_("Order #{order_id}: every device is done")


@dataclass(frozen=True, kw_only=True)
class KitBound(KitFact):
    """A device was chosen for a place in an order."""

    kind = "kitting.bound"
    says = N_("{tag} is for order #{order_id} (kit #{kit_id})")
    order_id: int


@dataclass(frozen=True, kw_only=True)
class SecretKept(KitFact):
    """A secret of the device was sealed away; the value is nowhere else."""

    kind = "kitting.secret_kept"
    says = N_("The secret {secret} of {tag} was sealed")
    secret: str


@dataclass(frozen=True, kw_only=True)
class SecretShown(Fact):
    kind = "kitting.secret_shown"
    says = N_("The secret {secret} of {tag} was shown")
    about = ("asset", "asset_id")
    flagged = True
    asset_id: int
    tag: str
    secret: str


@dataclass(frozen=True, kw_only=True)
class DriftFound(KitFact):
    kind = "kitting.drift_found"
    says = N_("{tag} differs from what it was kitted with in {count} points")
    count: int


@dataclass(frozen=True, kw_only=True)
class PhotoTaken(KitFact):
    kind = "kitting.photo_taken"
    says = N_("Kit #{kit_id}, step {step}: a photo was taken")
    step: str
    sha256: str
