"""`kitto phone`: app files, and phones on a cable."""

import hashlib
from pathlib import Path
from typing import Annotated

import typer

from kitto.assets.rules import imei_is_valid
from kitto.cli.say import JsonFlag, out, speak
from kitto.phones.adapters import adb
from kitto.phones.adapters.apk import read_apk
from kitto.phones.rules.android import signature_checksum

Serial = Annotated[str, typer.Argument(help="Its serial number, as `kitto phone attached` shows it.")]
app = typer.Typer(help="Phones: app files and what hangs on a cable.", no_args_is_help=True)


@app.command("apk")
def show_apk(
    file: Annotated[Path, typer.Argument(help="The APK of the owner app.", exists=True, dir_okay=False)],
    json: JsonFlag = False,
) -> None:
    """What a code for this app must say: component and checksum. The file stays where it is."""
    speak(as_json=json)
    with file.open("rb") as content:
        apk = read_apk(content)
    out.record(
        {
            "package": apk.manifest.package,
            "version": apk.manifest.version,
            "components": [f"{apk.manifest.package}/{name}" for name in sorted(apk.manifest.receivers)],
            "checksum": signature_checksum(apk.digest),
            "sha256": apk.digest.hex(),
            "scheme": apk.scheme,
            "signed_by": apk.subject,
        }
    )


@app.command("attached")
def list_attached(json: JsonFlag = False) -> None:
    """The phones on the cable, and whether they let this computer in."""
    speak(as_json=json)
    out.rows(["serial", "state"], [{"serial": one.serial, "state": one.state} for one in adb.attached()])


@app.command("probe")
def probe(serial: Serial, json: JsonFlag = False) -> None:
    """Who a phone is: serial, model, build, encryption, owner app, accounts, IMEI where Android tells."""
    speak(as_json=json)
    found = adb.identity(serial)
    out.record({**vars(found), "imeis": [one for one in found.imeis if imei_is_valid(one)]})


@app.command("install")
def install(
    serial: Serial,
    file: Annotated[Path, typer.Argument(help="The APK.", exists=True, dir_okay=False)],
    json: JsonFlag = False,
) -> None:
    """Install or renew an app."""
    speak(as_json=json)
    adb.install(serial, file)
    out.record({"serial": serial, "installed": file.name})


@app.command("set")
def put_setting(
    serial: Serial,
    table: Annotated[str, typer.Argument(help="system, secure or global.")],
    name: Annotated[str, typer.Argument(help="Name of the setting.")],
    value: Annotated[str, typer.Argument(help="Its value; read back afterwards.")],
    json: JsonFlag = False,
) -> None:
    """Set a setting and read it back."""
    speak(as_json=json)
    out.record({"serial": serial, name: adb.put_setting(serial, table, name, value)})


@app.command("own")
def make_owner(
    serial: Serial,
    component: Annotated[str, typer.Argument(help="Like com.example.dpc/.AdminReceiver.")],
    json: JsonFlag = False,
) -> None:
    """Make an installed app device owner; the phone must have no accounts."""
    speak(as_json=json)
    adb.make_owner(serial, component)
    out.record({"serial": serial, "owner": component})


@app.command("screenshot")
def screenshot(
    serial: Serial,
    to: Annotated[Path, typer.Option(help="PNG file to write.")],
    json: JsonFlag = False,
) -> None:
    """What the screen shows, as evidence."""
    speak(as_json=json)
    picture = adb.screenshot(serial)
    to.write_bytes(picture)
    out.record({"file": str(to), "sha256": hashlib.sha256(picture).hexdigest()})


@app.command("finish")
def finish(serial: Serial, json: JsonFlag = False) -> None:
    """Switch adb off, last of all."""
    speak(as_json=json)
    adb.switch_off(serial)
    out.record({"serial": serial, "adb": "off"})
