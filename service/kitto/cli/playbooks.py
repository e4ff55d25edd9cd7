"""`kitto playbook`: recipes, before they are used."""

from pathlib import Path
from typing import Annotated

import typer

from kitto.cli.say import REFUSED, USAGE, JsonFlag, out, speak
from kitto.kitting.adapters import publishing

app = typer.Typer(help="Kitting recipes.", no_args_is_help=True)


@app.callback()
def recipes() -> None:
    """Kitting recipes."""


@app.command()
def check(
    path: Annotated[Path, typer.Argument(help="Folder of the recipe: the one with profile.yml.")],
    quick: Annotated[bool, typer.Option(help="Without asking Ansible and ansible-lint.")] = False,
    json: JsonFlag = False,
) -> None:
    """Look at a recipe before it is used. Exit codes: 0 it may be used, 1 it may not, 2 there is none."""
    speak(as_json=json)
    if not path.is_dir():
        out.problem("folder_missing", f"There is no folder {path}.", 404)
        raise typer.Exit(USAGE)
    report = publishing.check(path, ask_ansible=not quick)
    out.rows(
        ["severity", "file", "line", "code", "sentence"],
        [
            {
                "severity": finding.severity,
                "file": finding.file,
                "line": finding.line,
                "code": finding.code,
                "sentence": finding.sentence(out.locale),
            }
            | ({"ja": finding.sentence("ja")} if json else {})
            for finding in report.findings
        ],
    )
    out.note("It may be used." if report.may_be_published else "It may not be used yet.")
    if not report.may_be_published:
        raise typer.Exit(REFUSED)
