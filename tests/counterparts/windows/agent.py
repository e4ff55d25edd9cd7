"""The agent of the pretend Windows: the one in Python, over the same wire, saying what this Windows would."""

import tempfile
import threading
from pathlib import Path

from kitto_agent import collect, run
from kitto_agent.collect import Reader, Volatile
from kitto_agent.refusals import Stop
from kitto_agent.state import Folder
from kitto_agent.wire import Document, Json
from tests.counterparts.windows.machine import Windows

# The agent looks at one machine per process; here it is lent to one after the other.
_LENT = threading.Lock()


class Looking(Reader):
    """What the cmdlets of Windows would answer."""

    def __init__(self, windows: Windows) -> None:
        self._windows = windows

    def hardware(self) -> Document:
        empty: Document = dict.fromkeys(
            ("sku", "board_vendor", "board_model", "board_serial", "asset_tag"), ""
        )
        known = self._windows
        return empty | {
            "vendor": known.vendor,
            "model": known.model,
            "serial": known.serial,
            "uuid": known.uuid,
            "bios_version": "",
            "bios_date": "",
            "chassis": "laptop",
            "virtual": "",
        }

    def os(self) -> Document:
        known = self._windows
        return {
            "family": "windows",
            "name": known.caption,
            "version": f"10.0.{known.build}",
            "hostname": known.name,
            "time_zone": known.time_zone,
            "locale": known.system_locale,
        }

    def encryption(self) -> Json:
        return {"system_disk": "on" if self._windows.volume.protected else "off", "volumes": []}

    def software(self) -> Json:
        rows: list[Json] = [
            [name, version, "program"] for name, version in sorted(self._windows.winget.items())
        ]
        return rows

    def cpu(self) -> Json:
        return {"model": "", "sockets": 1, "cores": 1, "threads": 1}

    def memory(self) -> Json:
        return {"total_mb": 16384, "installed_mb": 0, "modules": []}

    def disks(self) -> Json:
        return []

    def network(self) -> Json:
        return []

    def battery(self) -> Json:
        return []

    def machine_id(self) -> str:
        return f"guid of {self._windows.uuid}"

    def volatile(self) -> Volatile:
        return Volatile(60, 100_000)


def is_enrolled(windows: Windows) -> bool:
    return windows.agent is not None and (Path(windows.agent.name) / "credential.json").exists()


def enrol_and_report(windows: Windows, server: str, token: str) -> tuple[int, str]:
    """Enrol where that was not done, and report everything; exit code and words of the agent."""
    windows.agent = windows.agent or tempfile.TemporaryDirectory(prefix="kitto-windows-agent-")
    folder = Folder(windows.agent.name)
    with _LENT:
        before, collect._CHOSEN[:] = list(collect._CHOSEN), [Looking(windows)]
        try:
            if not is_enrolled(windows):
                run.enrol(folder, server=server, ca="", token=token)
                windows.change("agent enrolled")
            outcome = run.check_in(folder, full=True)
        except Stop as why:
            return why.exit_code, str(why)
        finally:
            collect._CHOSEN[:] = before
    return 0, f"sent: {', '.join(outcome.sent if outcome else [])}"
