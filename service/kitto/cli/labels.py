"""`kitto label`: labels on paper."""

from pathlib import Path
from typing import Annotated

import typer

from kitto.cli.house import opened, owner, working
from kitto.cli.say import JsonFlag, out, speak
from kitto.labels import actions, printing
from kitto.labels import queries as labels
from kitto.labels.rules import PrintOrder

app = typer.Typer(help="Labels.", no_args_is_help=True)


@app.command("templates")
def list_templates(json: JsonFlag = False) -> None:
    """Sheets and single labels by part number."""
    speak(as_json=json)
    rows = [
        {"id": one.id, "medium": one.medium, "parts": ", ".join(one.parts), "name": one.name.en}
        for one in labels.catalogue()
    ]
    out.rows(["id", "medium", "parts", "name"], rows)


@app.command("print")
def print_labels(
    tags: Annotated[list[str], typer.Argument(help="Asset tags.")],
    template: Annotated[str, typer.Option(help="Name or part number of the sheet or label.")],
    to: Annotated[Path, typer.Option(help="PDF file to write.")],
    skip: Annotated[int, typer.Option(min=0, help="Cells of the sheet that are used already.")] = 0,
    json: JsonFlag = False,
) -> None:
    """Make labels as a PDF; every code on it has been read back."""
    speak(as_json=json)
    order = PrintOrder(tags=tuple(tags), template=template, skip=skip)
    with opened() as house:
        made = printing.print_now(house.ledger, owner(), order)
        to.write_bytes(printing.file_of(made))
    out.record({"print": made.id, "labels": len(tags), "file": str(to)})


@app.command("scan-back")
def scan_back(
    scanned: Annotated[str, typer.Argument(help="What the scanner read from the stuck label.")],
    tag: Annotated[str, typer.Option(help="The device it must be on.")] = "",
    json: JsonFlag = False,
) -> None:
    """Confirm that a label sticks on the right device and reads."""
    speak(as_json=json)
    with working() as work:
        label = actions.scan_back(work, scanned, tag=tag)
        found = {"tag": labels.tagged(work, label.asset_id), "verified_at": label.verified_at}
    out.record(found)
