"""A small pretend Windows: what modules and scripts read and change; nothing of it runs on this machine."""

import secrets
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from tempfile import TemporaryDirectory
from typing import Any

from kitto.base.clock import now

TIME_ZONES = ("UTC", "Pacific Standard Time", "Tokyo Standard Time", "Korea Standard Time")
LOCALES = ("en-US", "ja-JP", "ko-KR", "de-DE")


@dataclass
class Account:
    name: str
    password: str = field(repr=False)
    full_name: str = ""
    description: str = ""
    groups: set[str] = field(default_factory=set)
    disabled: bool = False
    password_never_expires: bool = False
    sid: str = field(default_factory=lambda: f"S-1-5-21-1-2-3-{1000 + secrets.randbelow(9000)}")


@dataclass
class Update:
    """One update that Windows Update offers."""

    kb: str
    title: str
    category: str = "Security Updates"
    needs_restart: bool = True
    installed: bool = False
    id: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass
class Volume:
    """A disk that BitLocker may encrypt. Keys by the id of their protector."""

    letter: str = "C:"
    protected: bool = False
    status: str = "FullyDecrypted"
    recovery: dict[str, str] = field(default_factory=dict)
    tpm: bool = False

    def add_recovery_password(self) -> str:
        """48 digits in eight groups, each a multiple of eleven, as BitLocker makes them."""
        key = "-".join(f"{secrets.randbelow(65536) * 11:06d}" for _ in range(8))
        name = "{" + str(uuid.uuid4()).upper() + "}"
        self.recovery[name] = key
        return name


@dataclass
class Windows:
    """One PC's memory and disk."""

    serial: str
    vendor: str
    model: str
    name: str = field(default_factory=lambda: f"DESKTOP-{secrets.token_hex(4)[:7].upper()}")
    uuid: str = field(default_factory=lambda: str(uuid.uuid4()))
    caption: str = "Microsoft Windows 11 Pro"
    build: str = "26100"
    time_zone: str = "Pacific Standard Time"
    location: int = 244
    format: str = "en-US"
    system_locale: str = "en-US"
    ui_language: str = "en-US"
    languages: set[str] = field(default_factory=lambda: {"en-US"})
    accounts: dict[str, Account] = field(default_factory=dict)
    groups: set[str] = field(
        default_factory=lambda: {"Administrators", "Users", "Remote Management Users", "Remote Desktop Users"}
    )
    products: dict[str, str] = field(default_factory=dict)
    """Installed MSI packages: product code and from where."""
    chocolatey: dict[str, str] | None = None
    """Installed packages and their versions; None while Chocolatey itself is not there."""
    winget: dict[str, str] = field(default_factory=dict)
    on_the_net: dict[str, bytes] = field(default_factory=dict)
    """Files that the PC could download, by their address."""
    updates: list[Update] = field(default_factory=list)
    volume: Volume = field(default_factory=Volume)
    fixed_disks: dict[str, tuple[int | None, int | None]] = field(
        default_factory=lambda: {"C:": (511_000_000_000, 204_400_000_000), "D:": (None, None)}
    )
    """Size and room in bytes by letter; a locked disk tells neither."""
    memory_kb: int = 16_000_000
    memory_free_kb: int = 6_000_000
    pending_name: str = ""
    pending: set[str] = field(default_factory=set)
    """Why a restart is wanted."""
    boots: int = 0
    booted_at: datetime = field(default_factory=lambda: datetime(2026, 1, 1, tzinfo=UTC))
    on_restart: Callable[[], None] = lambda: None
    environment: dict[str, str] = field(default_factory=dict)
    """What the newest module of a play had in its environment."""
    update_progress: list[dict[str, Any]] = field(default_factory=list)
    agent: TemporaryDirectory[str] | None = None
    """The state folder of its agent."""
    done: list[str] = field(default_factory=list)
    """What was changed, in order, in words; a second run of a play must add nothing."""

    def __post_init__(self) -> None:
        # Imported here: the disk needs nothing of the machine, and the machine has one.
        from tests.counterparts.windows.disk import Disk

        self.disk = Disk()

    def change(self, words: str) -> None:
        """Note that something was really changed."""
        self.done.append(words)

    def add_administrator(self, user: str, password: str) -> None:
        self.accounts[user.lower()] = Account(user, password, groups={"Administrators", "Users"})

    def passwords(self) -> Mapping[str, str]:
        """Who may sign in over the network, as it is now."""
        may = {"Administrators", "Remote Management Users"}
        return {
            key: account.password
            for key, account in self.accounts.items()
            if not account.disabled and account.groups & may
        }

    def start(self) -> None:
        """What a start makes of what was waiting for it."""
        self.booted_at = now()
        if self.pending_name:
            self.name, self.pending_name = self.pending_name, ""
        self.pending.clear()
        if self.volume.tpm and self.volume.status == "EncryptionPending":
            self.volume.status, self.volume.protected = "FullyEncrypted", True

    def restart(self) -> None:
        self.change("restarted")
        self.on_restart()
