"""Makes the file for a machine from the templates in `artifacts/` and the scripts in `agents/`."""

import base64
import gzip
import io
import json
import plistlib
import re
import uuid
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Final

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from kitto.base.ids import new_token
from kitto.base.settings import settings
from kitto.bootstrap.rules.artifacts import Artifact, Order
from kitto.bootstrap.rules.states import ArtifactKind

TEMPLATES: Final = Path(__file__).resolve().parents[1] / "artifacts"
ORDER_LINE: Final = "ORDER = {}  # type: Dict[str, Any]  # what follows is put here by Kitto\n"
POWERSHELL_LINE: Final = "$Order = '{}' | ConvertFrom-Json # what follows is put here by Kitto\n"
UNIX_SCRIPT: Final = "kitto-bootstrap.py"
WINDOWS_SCRIPT: Final = "FirstContact.ps1"
# Windows names time zones its own way (CLDR windowsZones.xml); for others the installation's choice stays.
WINDOWS_ZONES: Final = {"Asia/Tokyo": "Tokyo Standard Time", "UTC": "UTC"}
COMPUTER_NAME_MOST: Final = 15
ZIP: Final = "application/zip"
TEXT: Final = "text/plain; charset=utf-8"
# The same order gives the same bytes, so that what was given out can be compared.
LONG_AGO: Final = (1980, 1, 1, 0, 0, 0)


def artifact(kind: ArtifactKind, order: Order, *, token_id: int) -> Artifact:
    """The file of this kind for this order, and the line to type instead where there is one."""
    made = _MAKERS[kind](order, token_id)
    return replace(made, token_id=token_id, typed=_typed(kind, order))


def script(kind: ArtifactKind, order: Order) -> Artifact:
    """The script alone, for a machine into which one line was typed."""
    return _windows_script(order, 0) if kind is ArtifactKind.WINDOWS_SCRIPT else _linux_script(order, 0)


def unix_script(order: Order) -> str:
    """The first contact of a Linux PC or a Mac: the script in `agents/`, with its order."""
    text = (settings().shipped("agents") / "kitto_bootstrap" / "first_contact.py").read_text("utf-8")
    head, found, tail = text.partition(ORDER_LINE)
    assert found  # noqa: S101 -- a test holds the script to it
    said = json.dumps(msgspec.to_builtins(order), ensure_ascii=True)
    return f"{head}ORDER = json.loads({said!r})\n{tail}"


def windows_script(order: Order) -> str:
    """The first contact of a Windows PC: the script in `agents/`, with its order."""
    text = (settings().shipped("agents") / "kitto_bootstrap" / WINDOWS_SCRIPT).read_text("utf-8")
    head, found, tail = text.partition(POWERSHELL_LINE)
    assert found  # noqa: S101 -- likewise
    said = json.dumps(msgspec.to_builtins(order), ensure_ascii=True).replace("'", "''")
    return f"{head}$Order = '{said}' | ConvertFrom-Json\n{tail}"


def _typed(kind: ArtifactKind, order: Order) -> str:
    """One line that fetches the script; a scanner that acts as a keyboard types it from a QR code."""
    door = f"{order.server}/bootstrap/v1/script"
    if kind is ArtifactKind.LINUX_SCRIPT:
        return f"curl -fsS {door} -d token={order.token} | sudo python3 -"
    if kind is ArtifactKind.WINDOWS_SCRIPT:
        return f"irm {door} -Method Post -Body 'token={order.token}' | iex"
    return ""


def _linux_script(order: Order, _number: int) -> Artifact:
    return Artifact(UNIX_SCRIPT, "text/x-python; charset=utf-8", unix_script(order).encode())


def _windows_script(order: Order, _number: int) -> Artifact:
    # ASCII only: Windows PowerShell reads a file without a mark in the code page of the country.
    return Artifact(WINDOWS_SCRIPT, TEXT, windows_script(order).replace("\n", "\r\n").encode("ascii"))


def _autounattend(order: Order, _number: int) -> Artifact:
    """The password in it is good until the first logon: the script gives the account another one."""
    values = {
        "tag": order.tag,
        "account": order.account,
        "computer": _computer(order),
        "zone": WINDOWS_ZONES.get(settings().time_zone, ""),
        "password": new_token(18) + "aA1!",
        "script": windows_script(order),
    }
    return Artifact("autounattend.xml", "application/xml", _rendered("autounattend.xml", values))


def _windows_package(order: Order, number: int) -> Artifact:
    values = {
        "tag": order.tag,
        "computer": _computer(order),
        "number": uuid.uuid5(uuid.NAMESPACE_URL, f"{order.server}/bootstrap/{number}"),
    }
    files = {name: _rendered(name, values) for name in ("customizations.xml", "BUILD.txt")}
    files[WINDOWS_SCRIPT] = _windows_script(order, number).content
    return Artifact(f"kitto-{order.tag}-package.zip", ZIP, _zipped(files))


def _computer(order: Order) -> str:
    """A name that Windows takes: letters, digits, hyphens, fifteen at most."""
    return re.sub(r"[^A-Za-z0-9-]", "-", order.tag)[:COMPUTER_NAME_MOST].strip("-")


def _cloud_init(order: Order, number: int) -> Artifact:
    values = {
        "tag": order.tag,
        "hostname": order.tag.lower(),
        "time_zone": settings().time_zone,
        "account": order.account,
        "number": number,
        "script": _coded(unix_script(order).encode()),
        "unit": _coded(_unit()),
    }
    files = {name: _rendered(name, values) for name in ("user-data", "meta-data")}
    return Artifact(f"kitto-{order.tag}-cidata.zip", ZIP, _zipped(files))


def _preseed(order: Order, _number: int) -> Artifact:
    values = {
        "tag": order.tag,
        "hostname": order.tag.lower(),
        "time_zone": settings().time_zone,
        "packed": _coded(gzip.compress(unix_script(order).encode(), mtime=0)),
        "unit": _coded(_unit()),
    }
    return Artifact("preseed.cfg", TEXT, _rendered("preseed.cfg", values))


def _macos(order: Order, number: int) -> Artifact:
    command = _rendered("kitto-bootstrap.command", {"packed": _coded(unix_script(order).encode())})
    files = {"kitto.mobileconfig": profile(order, number), "kitto-bootstrap.command": command}
    return Artifact(f"kitto-{order.tag}-macos.zip", ZIP, _zipped(files))


def profile(order: Order, number: int) -> bytes:
    """A configuration profile that a person accepts: trust in Kitto's authority, a word at the login window.

    It removes itself after three days. Nothing in it opens the Mac: that needs the script, or an MDM.
    """
    own = settings()
    parts: list[dict[str, object]] = [
        {
            "PayloadType": "com.apple.loginwindow",
            "PayloadDisplayName": "Kitto",
            "LoginwindowText": f"{own.organisation} {order.tag}".strip(),
        }
    ]
    if order.ca:
        parts.append(
            {
                "PayloadType": "com.apple.security.pem",
                "PayloadDisplayName": "Kitto",
                "PayloadContent": order.ca.encode(),
            }
        )
    for part in parts:
        part.update(_named(order, str(part["PayloadType"]).rpartition(".")[2], number))
    whole = {
        "PayloadType": "Configuration",
        "PayloadDisplayName": f"Kitto {order.tag}",
        "PayloadDescription": f"Kitto: {order.tag}",
        "PayloadOrganization": own.organisation or "Kitto",
        "PayloadScope": "System",
        "DurationUntilRemoval": 3 * 24 * 3600,
        "PayloadContent": parts,
        **_named(order, "profile", number),
    }
    return plistlib.dumps(whole)


def _named(order: Order, part: str, number: int) -> dict[str, object]:
    name = f"jp.kitto.bootstrap.{number}.{part}"
    made = uuid.uuid5(uuid.NAMESPACE_URL, f"{order.server}/{name}")
    return {"PayloadIdentifier": name, "PayloadUUID": str(made).upper(), "PayloadVersion": 1}


def _unit() -> bytes:
    return (TEMPLATES / "kitto-bootstrap.service").read_bytes()


def _coded(content: bytes) -> str:
    return base64.b64encode(content).decode()


@lru_cache(maxsize=2)
def _environment(*, xml: bool) -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=xml,  # noqa: S701 -- the others are no markup; what goes into them is coded or checked
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )


def _rendered(name: str, values: Mapping[str, object]) -> bytes:
    return _environment(xml=name.endswith(".xml")).get_template(name).render(values).encode()


def _zipped(files: Mapping[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, LONG_AGO)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o755 if name.endswith(".command") else 0o644) << 16
            archive.writestr(entry, content)
    return made.getvalue()


_MAKERS: Final[Mapping[ArtifactKind, Callable[[Order, int], Artifact]]] = {
    ArtifactKind.AUTOUNATTEND: _autounattend,
    ArtifactKind.WINDOWS_PACKAGE: _windows_package,
    ArtifactKind.WINDOWS_SCRIPT: _windows_script,
    ArtifactKind.CLOUD_INIT: _cloud_init,
    ArtifactKind.PRESEED: _preseed,
    ArtifactKind.LINUX_SCRIPT: _linux_script,
    ArtifactKind.MACOS: _macos,
}
