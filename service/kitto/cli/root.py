"""`kitto` and its nouns."""

import sys

import typer

from kitto.base.errors import Fault, Refusal
from kitto.cli import (
    admin,
    assets,
    bootstrap,
    db,
    keep,
    kits,
    labels,
    phones,
    playbooks,
    run,
    runs,
    tokens,
)
from kitto.cli.say import REFUSED, out

app = typer.Typer(
    name="kitto",
    help="The ledger, the kitting bench and the health watch.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for noun, commands in (
    ("admin", admin.app),
    ("token", tokens.app),
    ("asset", assets.app),
    ("kit", kits.app),
    ("bootstrap", bootstrap.app),
    ("ssh-ca", bootstrap.authority),
    ("label", labels.app),
    ("phone", phones.app),
    ("run", runs.app),
    ("playbook", playbooks.app),
    ("audit", keep.audit),
    ("db", db.app),
):
    app.add_typer(commands, name=noun)
app.command()(run.serve)
app.command()(run.web)
app.command()(run.worker)
app.command()(keep.doctor)
app.command()(keep.seed)


def main() -> None:
    """Run a command. Exit codes: 0 done, 1 refused or failed, 2 wrong usage; those for CI: `remote.Exit`."""
    try:
        app()
    except Refusal as refusal:
        out.problem(refusal.code, refusal.sentence(out.locale), refusal.status)
        sys.exit(REFUSED)
    except Fault as fault:
        out.problem("fault", str(fault), 500)
        sys.exit(REFUSED)
