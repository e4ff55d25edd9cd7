"""`kitto db`: the schema, backups."""

from pathlib import Path
from typing import Annotated

import typer

from kitto.base import backup as backups
from kitto.base.schema import newest_revision, present_revision
from kitto.base.schema import upgrade as raise_schema
from kitto.cli.house import opened
from kitto.cli.say import JsonFlag, out, speak

app = typer.Typer(help="The database.", no_args_is_help=True)


@app.command()
def upgrade(json: JsonFlag = False) -> None:
    """Raise the schema to this version's. Idempotent."""
    speak(as_json=json)
    with opened(fresh=False) as house:
        before = present_revision(house.database)
        raise_schema(house.database)
        found = {"before": before, "after": newest_revision()}
    out.record(found)


@app.command()
def backup(
    target: Annotated[Path, typer.Argument(help="File to write; must not be there yet.")],
    json: JsonFlag = False,
) -> None:
    """Write database and documents into one file while everything runs. Without the sealing key."""
    speak(as_json=json)
    with opened() as house:
        found = backups.backup(house.database, house.settings, target)
    out.record(found)


@app.command()
def restore(
    source: Annotated[Path, typer.Argument(help="File that `backup` wrote.")],
    json: JsonFlag = False,
) -> None:
    """Put a backup into an empty database and data folder; refuses one that holds something."""
    speak(as_json=json)
    with opened(fresh=False) as house:
        found = backups.restore(house.database, house.settings, source)
    out.record(found)
