"""Statements and whole scripts that the stand-in knows, and what they do to the pretend Windows."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from tests.counterparts.windows.machine import Windows

Player = Callable[[Windows, dict[str, Any]], Iterator[str]]
_WHOLE: dict[str, Player] = {}
LOGON = r"HKLM:\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Winlogon\\AutoLogonChecked"


class ThrownError(Exception):
    """An error that a script ends with."""


def plain(text: str) -> str:
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())


def plays(text: str) -> Callable[[Player], Player]:
    """Teach the stand-in one script, word for word: any other is unknown."""

    def register(player: Player) -> Player:
        _WHOLE[plain(text)] = player
        return player

    return register


def whole(text: str) -> Player | None:
    return _WHOLE.get(plain(text))


def _say(windows: Windows, text: str, voice: Any) -> None:
    voice.out(text)


def _sleep(_windows: Windows, found: re.Match[str], voice: Any) -> None:
    voice.stopped.wait(float(found[1]))


def _throw(_windows: Windows, found: re.Match[str], _voice: Any) -> None:
    raise ThrownError(found[1])


def _exit(_windows: Windows, found: re.Match[str], _voice: Any) -> int:
    return int(found[1])


def _shutdown(windows: Windows, _found: re.Match[str], voice: Any) -> None:
    voice.out(json.dumps({"stdout": "", "stderr": "", "rc": 0}))
    windows.restart()


def _remove(windows: Windows, found: re.Match[str], _voice: Any) -> None:
    windows.disk.remove(found[1].replace("''", "'"))


def _boot_time(windows: Windows, _found: re.Match[str], voice: Any) -> None:
    voice.out(str(int(windows.booted_at.timestamp() * 10_000_000) + 116_444_736_000_000_000))


def _numbers(_windows: Windows, found: re.Match[str], voice: Any) -> None:
    for number in range(int(found[1]), int(found[2]) + 1):
        voice.out(str(number))


Act = Callable[[Windows, re.Match[str], Any], int | None]


def _s(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE | re.DOTALL)


STATEMENTS: list[tuple[re.Pattern[str], Act]] = [
    (_s(r"\(Get-CimInstance(?: -ClassName)? Win32_BIOS\)\.SerialNumber"), lambda w, _, v: v.out(w.serial)),
    (_s(r"(?:Write-Output\s+)?'((?:[^']|'')*)'"), lambda _, f, v: v.out(f[1].replace("''", "'"))),
    (_s(r"\$env:COMPUTERNAME|hostname"), lambda w, _, v: v.out(w.name)),
    (_s(r"(\d+)\.\.(\d+)"), _numbers),
    (_s(r"Start-Sleep -Seconds ([\d.]+)"), _sleep),
    (_s(r"throw '([^']*)'"), _throw),
    (_s(r"exit (\d+)"), _exit),
    (_s(r"Remove-Item '(.*)' -Force(?: -Recurse)?"), _remove),
    # What win_reboot asks.
    (
        _s(
            r"\(Get-CimInstance -ClassName Win32_OperatingSystem -Property LastBootUpTime\)"
            r"\.LastBootUpTime\.ToFileTime\(\)"
        ),
        _boot_time,
    ),
    (_s(r"\$ErrorActionPreference = 'Continue'"), lambda *_: None),
    (_s(rf"if \(\$(?:True|False)\) \{{\s*Remove-Item -LiteralPath '{LOGON}' -Force.*\}}"), lambda *_: None),
    (_s(r"\$stdout = \$null"), lambda *_: None),
    (_s(r"\$stderr = \. \{ C:\\Windows\\System32\\shutdown\.exe /r /t \d+ /c .* \}.*"), lambda *_: None),
    (_s(r"ConvertTo-Json -Compress -InputObject @\{\s*stdout = .*\}"), _shutdown),
    (_s(rf"Get-Item -LiteralPath '{LOGON}' -ErrorAction Stop"), lambda *_: None),
]
