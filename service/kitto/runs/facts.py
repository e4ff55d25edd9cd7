"""What can happen to runs from elsewhere."""

from dataclasses import dataclass
from typing import ClassVar

from kitto.assets.facts import AssetFact
from kitto.base.facts import Fact
from kitto.base.i18n import N_


@dataclass(frozen=True, kw_only=True)
class RunFact(Fact):
    about: ClassVar[tuple[str, str]] = ("outside_run", "run")

    run: str
    play: str


@dataclass(frozen=True, kw_only=True)
class RunOpened(RunFact):
    kind = "runs.opened"
    says = N_("The play {play} was started from {system} on {devices} devices")
    system: str
    devices: int
    imported: bool = False


@dataclass(frozen=True, kw_only=True)
class RunEnded(RunFact):
    kind = "runs.ended"
    says = N_(
        "The play {play} from elsewhere ended: "
        "{well} devices well, {failed} failed, {unreachable} not reached"
    )
    well: int
    failed: int
    unreachable: int
    events: int


@dataclass(frozen=True, kw_only=True)
class RunFellSilent(RunFact):
    kind = "runs.fell_silent"
    says = N_("Nothing was heard of the play {play} for a while; its devices are free again")
    flagged = True


@dataclass(frozen=True, kw_only=True)
class PlayFact(AssetFact):
    """A play from elsewhere and one of its devices."""

    also = ("outside_run", "run")
    run: str
    play: str


@dataclass(frozen=True, kw_only=True)
class DevicePlayed(PlayFact):
    kind = "runs.device_played"
    says = N_("{tag}: the play {play} from elsewhere ended well ({changed} changes)")
    changed: int


@dataclass(frozen=True, kw_only=True)
class DevicePlayFailed(PlayFact):
    kind = "runs.device_play_failed"
    says = N_("{tag}: the play {play} from elsewhere failed")


@dataclass(frozen=True, kw_only=True)
class DeviceNotReached(PlayFact):
    kind = "runs.device_not_reached"
    says = N_("{tag}: the play {play} from elsewhere did not reach it")


@dataclass(frozen=True, kw_only=True)
class PlayedWithoutLock(PlayFact):
    kind = "runs.played_without_lock"
    says = N_("{tag}: the play {play} from elsewhere goes on without the lock, which {holder} has")
    flagged = True
    holder: str
