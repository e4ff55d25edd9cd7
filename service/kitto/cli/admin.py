"""`kitto admin`: the first account, and helping people who locked themselves out."""

import sys
from typing import Annotated

import typer

from kitto.base.seal import Secret
from kitto.base.settings import settings
from kitto.cli.house import working
from kitto.cli.say import JsonFlag, out, speak
from kitto.identity import actions, queries

app = typer.Typer(help="Administrators.", no_args_is_help=True)


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="Sign-in name.")],
    display_name: Annotated[str, typer.Option(help="Name shown to others.")] = "",
    password_stdin: Annotated[bool, typer.Option(help="Read the password from standard input.")] = False,
    json: JsonFlag = False,
) -> None:
    """Make an administrator. Without --password-stdin a one-time link to set a password is printed."""
    speak(as_json=json)
    password = Secret(sys.stdin.readline().rstrip("\n")) if password_stdin else None
    with working() as work:
        account, link = actions.create_first_administrator(
            work, name=name, display_name=display_name or name, password=password
        )
        made = {"id": account.id, "name": account.name}
    if link is not None:
        made["set_password_at"] = f"{settings().public_url()}/set-password/{link.reveal()}"
    out.record(made)


@app.command("password-link")
def password_link(name: str, json: JsonFlag = False) -> None:
    """A one-time link with which someone sets a new password."""
    speak(as_json=json)
    with working() as work:
        account = queries.account_by_name(work, name)
        link = actions.make_password_link(work, account.id)
    out.record({"name": name, "set_password_at": f"{settings().public_url()}/set-password/{link.reveal()}"})
