"""`kitto phone`: app files, and phones on a cable."""

from pathlib import Path
from typing import Annotated

import typer

from kitto.cli.say import JsonFlag, out, speak
from kitto.phones.adapters.apk import read_apk
from kitto.phones.rules.android import signature_checksum

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
