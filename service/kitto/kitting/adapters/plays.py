"""What goes into an automatic step and what comes out of it: values, and nothing that acts."""

import re
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from kitto.base.errors import Fault
from kitto.base.i18n import N_, Told

if TYPE_CHECKING:
    Value: TypeAlias = bool | int | float | str | list["Value"] | dict[str, "Value"] | None
    """What a variable of a play may hold: whatever JSON can say."""
else:
    Value = Any  # msgspec reads annotations at run time and knows no type that contains itself

SHORTEST_SECRET = 4
NOT_STARTED = N_("The play did not start: {text}.")
_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
_NAME = re.compile(r"(?!ansible_)[a-z][a-z0-9_]*")
# Ansible evaluates what stands in its inventory, and ssh reads a leading dash as an option.
_ADDRESS = re.compile(r"[A-Za-z0-9:][A-Za-z0-9.:%_-]*")
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._@-]*")
_PLAYBOOK = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./-]*\.ya?ml")
_KEY = re.compile(r"[a-z0-9@.-]+ [A-Za-z0-9+/]+={0,3}( [^\n\r]*)?")


class PlayFault(Fault):
    """Ansible, or what we need to run it, misbehaved. The message says what, and holds no secret."""


class State(StrEnum):
    """Where a run is, as far as this machine can tell."""

    RUNNING = "running"
    FINISHED = "finished"
    LOST = "lost"
    """Its supervisor died, or the machine did. Nobody knows how far the play came."""


class Kind(StrEnum):
    """What an event is about."""

    BEGAN = "began"
    NOTE = "note"
    PLAY = "play"
    TASK = "task"
    ITEM = "item"
    RESULT = "result"
    DIFF = "diff"
    OUTPUT = "output"
    SECRET = "secret"  # noqa: S105 -- the reading of one, never its value
    HANDED_IN = "handed_in"
    """A secret that the play gave to Kitto: `item` is its name, `detail` a box only the service can open."""
    STATS = "stats"
    END = "end"


class Status(StrEnum):
    """How a task ended; empty for events that are not about a result."""

    NONE = ""
    OK = "ok"
    CHANGED = "changed"
    FAILED = "failed"
    SKIPPED = "skipped"
    UNREACHABLE = "unreachable"


class Outcome(StrEnum):
    """How a run ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNREACHABLE = "unreachable"
    """The device did not answer or we did not trust it. It waits; it did not fail."""
    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"
    LOST = "lost"


class Transport(StrEnum):
    """How Ansible speaks with a device."""

    SSH = "ssh"
    SSH_WINDOWS = "ssh_windows"
    """OpenSSH of Windows, with PowerShell as its shell."""
    PSRP = "psrp"
    """PowerShell remoting over WinRM: one session for the whole play. What Windows should use."""
    WINRM = "winrm"
    """Command shells over WinRM."""

    @property
    def is_ssh(self) -> bool:
        return self in (Transport.SSH, Transport.SSH_WINDOWS)


class Containment(StrEnum):
    """What holds the processes of a run together, so that all of them can be ended."""

    AUTO = "auto"
    BWRAP = "bwrap"
    """A PID namespace: when its first process dies, the kernel ends all others."""
    CGROUP = "cgroup"
    MARK = "mark"
    """Only an environment variable by which we find them. The weakest; the journal says so."""


class Strategy(StrEnum):
    """How Ansible works on a device."""

    NEAR = "near"
    """Its tasks run in one process, as a play here has one device; Ansible's own way for more hosts."""
    LINEAR = "linear"
    """A process for each task, as Ansible does."""
    MITOGEN = "mitogen"
    """A Python on the device that stays for the whole play; needs the extra of this name. Linux only."""


class Host(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The device a play is for.

    `keys`: its SSH host keys as in a .pub file; `certificate`: its WinRM certificate as PEM. No other key or
    certificate is believed. Over WinRM the account's password is the secret `winrm_password`.
    """

    address: str
    port: int = 22
    user: str
    keys: tuple[str, ...] = ()
    transport: Transport = Transport.SSH
    certificate: str = ""


class PlaySpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One automatic step on one device.

    `folder` and `playbook` say what is run; `content` is `content_of(folder)` at the time of the order, and a
    folder that differs is refused. `variables` hold no secrets, and strings in them are never evaluated.
    `files` are local files the play may read, by the variable that will hold their path. `secret_names` are
    the secrets its lookups may read; `become_password` is the one sudo gets. `certificate` is what Kitto's
    SSH authority says of the run's key; devices that do not know the authority are offered the bare key too.
    `hand_in_names` are those it may give to Kitto, whole or ending in `*`; `box_lid` closes the boxes they
    travel in.
    """

    run_id: str
    folder: str
    playbook: str
    content: str
    host: Host
    variables: dict[str, Value] = {}
    files: dict[str, str] = {}
    secret_names: tuple[str, ...] = ()
    certificate: str = ""
    hand_in_names: tuple[str, ...] = ()
    box_lid: str = ""
    check: bool = False
    diff: bool = False
    verbosity: int = 0
    total_seconds: float = 1800
    silent_seconds: float = 600
    connect_seconds: int = 30
    forks: int = 1

    def __post_init__(self) -> None:
        if not _RUN_ID.fullmatch(self.run_id):
            raise PlayFault(f"{self.run_id!r} is no run id: up to 40 letters, digits, - and _")
        for name in (*self.variables, *self.files, *self.secret_names):
            if not _NAME.fullmatch(name):
                raise PlayFault(f"{name!r} is no name for a variable or secret: small letters, digits, _")
        for name in self.hand_in_names:
            if not _NAME.fullmatch(name.removesuffix("*")):
                raise PlayFault(f"{name!r} is no name for a secret: small letters, digits, _")
        if self.hand_in_names and not self.box_lid:
            raise PlayFault("a play that hands secrets in needs a box for them")
        _check_host(self.host)
        if not self.host.transport.is_ssh and "winrm_password" not in self.secret_names:
            raise PlayFault(f"nobody said with which password {self.host.user} signs in over WinRM")
        if not _PLAYBOOK.fullmatch(self.playbook):
            raise PlayFault(f"{self.playbook!r} is no playbook")


def _check_host(host: Host) -> None:
    """Nothing without a key or certificate is a device we know."""
    if not _ADDRESS.fullmatch(host.address) or not _USER.fullmatch(host.user):
        raise PlayFault(f"{host.user}@{host.address} is no address and account for {host.transport}")
    if not host.transport.is_ssh:
        if "BEGIN CERTIFICATE" not in host.certificate:
            raise PlayFault(f"no certificate is known for {host.address}, so nothing there can be trusted")
        return
    if not host.keys:
        raise PlayFault(f"no host key is known for {host.address}, so nothing there can be trusted")
    if not all(_KEY.fullmatch(key) for key in host.keys):
        raise PlayFault(f"a host key of {host.address} is not as in a .pub file")


def check_secrets(spec: PlaySpec, secrets: Mapping[str, str]) -> None:
    """Raise PlayFault unless exactly the declared secrets are given, long enough to be hidden in output."""
    if set(secrets) != set(spec.secret_names):
        differ = ", ".join(sorted(set(secrets) ^ set(spec.secret_names)))
        raise PlayFault(f"given and declared secrets differ: {differ}")
    for name, value in secrets.items():
        if len(value) < SHORTEST_SECRET:
            raise PlayFault(f"the secret {name} is too short to be hidden in output")


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """Tasks by how they ended."""

    ok: int = 0
    changed: int = 0
    failed: int = 0
    skipped: int = 0
    unreachable: int = 0


class PlayOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """How a run ended. `cause` is a stable code, `reason` the English sentence, `rc` Ansible's exit code.

    `says` and `names` are what the sentence is made of, where it is one of ours; see `because`. `seen` is
    what the device said of itself, for the evidence.
    `left_here` and `left_there`: whether processes may still run on this machine or on the device.
    """

    outcome: Outcome
    counts: Counts = Counts()
    rc: int | None = None
    cause: str = ""
    reason: str = ""
    says: str = ""
    names: dict[str, str] = {}
    seen: dict[str, str] = {}
    seconds: float = 0.0
    left_here: bool = False
    left_there: bool = False

    @property
    def because(self) -> str:
        """The reason, as it can be said in each reader's language; a recipe's own words stay as they are."""
        return Told(self.says, self.names, code=self.cause) if self.says else self.reason


def ended(
    outcome: Outcome, cause: str, says: str, names: Mapping[str, object] = MappingProxyType({})
) -> PlayOutcome:
    """A run that ended for a reason that has a code and a sentence."""
    known = {name: str(value) for name, value in names.items()}
    return PlayOutcome(outcome=outcome, cause=cause, reason=Told(says, known), says=says, names=known)


class Swept(msgspec.Struct, frozen=True, kw_only=True):
    """What a clean-up on the device found. `sure`: it answered, and nothing of the run is left there."""

    sure: bool
    sentence: str


class PlayEvent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of a run's journal. `text` is for people (at most 16 kB), `detail` is JSON (at most 64 kB)."""

    seq: int
    at: datetime
    kind: Kind
    play: str = ""
    task: str = ""
    item: str = ""
    status: Status = Status.NONE
    ignored: bool = False
    text: str = ""
    detail: str = ""
    counts: Counts | None = None
    outcome: PlayOutcome | None = None


class RunHandle(msgspec.Struct, frozen=True, kw_only=True):
    """A run that is on this machine. `pid` is its supervisor's."""

    run_id: str
    state: State
    pid: int
    began_at: datetime
