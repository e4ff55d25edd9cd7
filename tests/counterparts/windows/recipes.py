"""The scripts that Kitto itself sends, taught to the stand-in word for word: an edited one is unknown."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kitto.base.clock import now
from kitto.health.adapters.winrm import SCRIPT as HEALTH
from kitto.kitting.adapters.windows import WHO
from tests.counterparts.windows.agent import enrol_and_report, is_enrolled
from tests.counterparts.windows.disk import expanded
from tests.counterparts.windows.machine import Windows
from tests.counterparts.windows.scripts import ThrownError, plays


@plays(WHO)
def who(windows: Windows, _given: dict[str, Any]) -> Iterator[str]:
    yield json.dumps(
        {
            "serial": windows.serial,
            "uuid": windows.uuid,
            "vendor": windows.vendor,
            "model": windows.model,
            "name": windows.name,
            "system": windows.caption,
            "build": windows.build,
        },
        ensure_ascii=False,
    )


@plays(HEALTH)
def health(windows: Windows, _given: dict[str, Any]) -> Iterator[str]:
    disks = [
        {"name": letter, "size": size, "free": free} for letter, (size, free) in windows.fixed_disks.items()
    ]
    yield json.dumps(
        {
            "serial": windows.serial,
            "vendor": windows.vendor,
            "model": windows.model,
            "name": windows.name,
            "system": windows.caption,
            "build": f"10.0.{windows.build}",
            "uptime": (now() - windows.booted_at).total_seconds(),
            "memory": windows.memory_kb,
            "memory_free": windows.memory_free_kb,
            "disks": disks,
        },
        ensure_ascii=False,
    )


FILES = Path(__file__).resolve().parents[3] / "playbooks/windows-workstation/files"


def script(name: str) -> str:
    return (FILES / name).read_text("utf-8")


@plays(script("serial.ps1"))
def serial(windows: Windows, given: dict[str, Any]) -> Iterator[str]:
    given["_changed"] = False
    yield windows.serial


@plays(script("pending_restart.ps1"))
def pending_restart(windows: Windows, given: dict[str, Any]) -> Iterator[str]:
    given["_changed"] = False
    yield from sorted(windows.pending)


@plays(script("language.ps1"))
def language(windows: Windows, given: dict[str, Any]) -> Iterator[str]:
    wanted = given["Language"]
    given["_changed"] = wanted not in windows.languages or windows.ui_language != wanted
    if given["_changed"] and not given["_check"]:
        windows.languages.add(wanted)
        windows.ui_language = wanted
        windows.change(f"language {wanted}")
    yield from ()


@plays(script("winget.ps1"))
def winget(windows: Windows, given: dict[str, Any]) -> Iterator[str]:
    name, version = given["Id"], given["Version"]
    known = windows.winget.get(name)
    given["_changed"] = known is None or bool(version and known != version)
    if given["_changed"] and not given["_check"]:
        if "." not in name:
            raise ThrownError(
                f"[winget_failed] winget could not install {name} (-1978335212): No package found"
            )
        windows.winget[name] = version or "1.0"
        windows.change(f"winget {name}")
    yield from ()


@plays(script("recovery_key.ps1"))
def recovery_key(windows: Windows, given: dict[str, Any]) -> Iterator[str]:
    given["_changed"] = not windows.volume.recovery
    if given["_changed"]:
        windows.volume.add_recovery_password()
        windows.change("recovery key")
    name, key = next(iter(windows.volume.recovery.items()))
    yield json.dumps({"id": name, "key": key})


@plays(script("encrypt.ps1"))
def encrypt(windows: Windows, given: dict[str, Any]) -> Iterator[str]:
    volume = windows.volume
    if not volume.recovery:
        raise ThrownError(
            "[recovery_key_missing] The disk has no recovery key. Run the step from its beginning."
        )
    given["_changed"] = volume.status == "FullyDecrypted"
    if given["_changed"] and not given["_check"]:
        volume.tpm = volume.protected = True
        volume.status = "EncryptionInProgress"
        windows.change("encrypted")
    yield from ()


@plays(script("recovery_proof.ps1"))
def recovery_proof(windows: Windows, given: dict[str, Any]) -> Iterator[str]:
    given["_changed"] = False
    volume = windows.volume
    said = {
        "fits": given["Kept"] in volume.recovery.values(),
        "protection": "On" if volume.protected else "Off",
        "status": volume.status,
    }
    yield json.dumps(said)


@plays(script("agent.ps1"))
def agent(windows: Windows, given: dict[str, Any]) -> Iterator[str]:
    if windows.disk.read(expanded(r"C:\Program Files\Kitto\kitto-agent.ps1")) is None:
        raise ThrownError("The argument 'kitto-agent.ps1' to the -File parameter does not exist.")
    before = is_enrolled(windows)
    code, said = enrol_and_report(windows, given["Server"], given["Token"])
    given["_changed"] = not before and code == 0
    yield json.dumps({"code": code, "said": said})
