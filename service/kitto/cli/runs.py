"""`kitto run`: plays that were started elsewhere."""

from pathlib import Path
from typing import Annotated

import typer

from kitto.cli.house import working
from kitto.cli.remote import Ca, Remote, Token, Url
from kitto.cli.say import JsonFlag, out, speak
from kitto.runs import actions
from kitto.runs.rules import wire

app = typer.Typer(help="Plays that were started elsewhere.", no_args_is_help=True)


@app.callback()
def _noun() -> None:
    """Keep `import` a verb of its own while it is the only one."""


@app.command("import")
def bring_in(
    spool: Annotated[
        Path, typer.Argument(help="The file that the plugin named.", exists=True, dir_okay=False)
    ],
    url: Url = "",
    json: JsonFlag = False,
    token: Token = "",
    ca: Ca = "",
) -> None:
    """Bring in the spool of a play that could not be reported: all of it or nothing, once."""
    speak(as_json=json)
    content = spool.read_bytes()
    if url:
        run = Remote(url, token, ca).send("/api/v1/runs/import", content)
        out.record({"run": run["id"], "play": run["play"], "state": run["state"], "events": run["last_seq"]})
        return
    with working() as work:
        done = actions.bring_in(work, wire.spool(content))
        found = {"run": done.ulid, "play": done.play, "state": done.state, "events": done.last_seq}
    out.record(found)
