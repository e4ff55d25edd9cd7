"""Kinds of artifacts, how far one has come, and what is shown of both."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Final

from kitto.base.i18n import N_


class ArtifactKind(StrEnum):
    """What a fresh machine is given, by how it comes to life."""

    AUTOUNATTEND = "autounattend"
    WINDOWS_PACKAGE = "windows_package"
    WINDOWS_SCRIPT = "windows_script"
    CLOUD_INIT = "cloud_init"
    PRESEED = "preseed"
    LINUX_SCRIPT = "linux_script"
    MACOS = "macos"


class Transport(StrEnum):
    """How Kitto reaches the machine afterwards."""

    SSH = "ssh"
    WINRM = "winrm"


class TokenState(StrEnum):
    """How far a one-time token has come. Expired follows from the clock."""

    OPEN = "open"
    CALLED = "called"
    FINISHED = "finished"
    EXPIRED = "expired"
    REVOKED = "revoked"
    LOCKED = "locked"


class ReturnState(StrEnum):
    """What became of the key that a machine showed."""

    TAKEN = "taken"
    WAITING = "waiting"
    REJECTED = "rejected"


KIND_WORDS: Final[Mapping[ArtifactKind, str]] = {
    ArtifactKind.AUTOUNATTEND: N_("Windows: fresh installation from a USB stick"),
    ArtifactKind.WINDOWS_PACKAGE: N_("Windows: provisioning package for a PC at its first screen"),
    ArtifactKind.WINDOWS_SCRIPT: N_("Windows: script for a PC that runs already"),
    ArtifactKind.CLOUD_INIT: N_("Linux: cloud-init"),
    ArtifactKind.PRESEED: N_("Linux: Debian installer (preseed)"),
    ArtifactKind.LINUX_SCRIPT: N_("Linux: script for a PC that runs already"),
    ArtifactKind.MACOS: N_("macOS: profile and script"),
}
TOKEN_WORDS: Final[Mapping[TokenState, str]] = {
    TokenState.OPEN: N_("not used yet"),
    TokenState.CALLED: N_("the machine called, not finished"),
    TokenState.FINISHED: N_("finished"),
    TokenState.EXPIRED: N_("expired"),
    TokenState.REVOKED: N_("revoked"),
    TokenState.LOCKED: N_("locked: wrong machines called"),
}
PORTS: Final[Mapping[Transport, int]] = {Transport.SSH: 22, Transport.WINRM: 5986}
ACCOUNT: Final = "kitto"
USUAL_LIFE: Final = timedelta(hours=72)
LONGEST_LIFE: Final = timedelta(days=30)
# A stick in the wrong PC is the common, honest mistake: it must not cost a new stick. Whoever calls from five
# wrong machines makes no mistake.
MOST_WRONG_SERIALS: Final = 5
