"""Tables of kitting."""

from kitto.kitting.models.kits import (
    Kit,
    KitAttempt,
    KitEvidence,
    KitKey,
    KitPhoto,
    KitStep,
    PlayLine,
)
from kitto.kitting.models.locks import DeviceLock, KitDrift, KitHostname, KitSecret
from kitto.kitting.models.profiles import KitOrder, KitProfile, KitProfileVersion, RecipeCheck
from kitto.kitting.rules.orders import BadTransition

__all__ = [
    "BadTransition",
    "DeviceLock",
    "Kit",
    "KitAttempt",
    "KitDrift",
    "KitEvidence",
    "KitHostname",
    "KitKey",
    "KitOrder",
    "KitPhoto",
    "KitProfile",
    "KitProfileVersion",
    "KitSecret",
    "KitStep",
    "PlayLine",
    "RecipeCheck",
]
