"""`kitto token`: credentials for programs."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final

import typer

from kitto.base import clock
from kitto.cli.house import looking, opened, owner, working
from kitto.cli.remote import Ca, CiCommand, Exit, Remote, Url, end, id_token_of_github
from kitto.cli.say import JsonFlag, out, speak
from kitto.identity import actions, queries
from kitto.identity.doors import person_actor
from kitto.identity.rules import Permission

GITHUB_DOOR: Final = "ACTIONS_ID_TOKEN_REQUEST_URL"
GITHUB_KEY: Final = "ACTIONS_ID_TOKEN_REQUEST_TOKEN"
app = typer.Typer(help="API tokens.", no_args_is_help=True)


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What the token is for.")],
    account: Annotated[str, typer.Option(help="Sign-in name of its maker; it can do no more.")],
    permission: Annotated[list[Permission], typer.Option(help="A right; may be repeated.")],
    days: Annotated[int, typer.Option(min=1, max=366, help="Days until it ends.")] = 90,
    quota: Annotated[int, typer.Option(min=1, help="Requests a minute.")] = 600,
    json: JsonFlag = False,
) -> None:
    """Make a token; its secret is printed once and kept nowhere."""
    speak(as_json=json)
    with opened() as house:
        with house.ledger.read(owner()) as work:
            maker = person_actor(queries.account_by_name(work, account))
        wish = actions.TokenWish(
            name=name,
            permissions=tuple(permission),
            expires_at=clock.now() + timedelta(days=days),
            quota=quota,
        )
        with house.ledger.begin(maker) as work:
            made, secret = actions.make_token(work, wish)
        found = {"id": made.id, "name": made.name, "token": secret.reveal(), "expires_at": made.expires_at}
    out.record(found)


@app.command("list")
def list_tokens(json: JsonFlag = False) -> None:
    """The tokens there are, newest first."""
    speak(as_json=json)
    names = ["id", "name", "expires_at", "revoked_at", "last_used_at"]
    with looking() as work:
        work.allow(Permission.MANAGE_TOKENS)
        found = queries.tokens(work, limit=1000).items
    out.rows(names, [{name: getattr(token, name) for name in names} for token in found])


@app.command()
def revoke(token_id: int, json: JsonFlag = False) -> None:
    """Make a token worthless at once."""
    speak(as_json=json)
    with working() as work:
        token = actions.revoke_token(work, token_id)
        found = {"id": token.id, "revoked_at": token.revoked_at}
    out.record(found)


@app.command(cls=CiCommand)
def exchange(
    url: Url = "",
    audience: Annotated[str, typer.Option(help="What GitHub shall ask for; empty: the address.")] = "",
    for_github: Annotated[bool, typer.Option("--github-env", help="Hand it to later steps, masked.")] = False,
    json: JsonFlag = False,
    ca: Ca = "",
    id_token: Annotated[str, typer.Option("--id-token", envvar="KITTO_ID_TOKEN", hidden=True)] = "",
    asked_at: Annotated[
        str, typer.Option("--request-url", envvar="ACTIONS_ID_TOKEN_REQUEST_URL", hidden=True)
    ] = "",
    asked_with: Annotated[
        str, typer.Option("--request-token", envvar="ACTIONS_ID_TOKEN_REQUEST_TOKEN", hidden=True)
    ] = "",
    github_env: Annotated[str, typer.Option("--github-env-file", envvar="GITHUB_ENV", hidden=True)] = "",
) -> None:
    """Exchange the id-token of this CI job (KITTO_ID_TOKEN, or GitHub's own) for a token of some minutes."""
    speak(as_json=json)
    remote = Remote(url, ca=ca)
    if not id_token and asked_at:
        id_token = id_token_of_github(asked_at, asked_with, audience or remote.url, ca)
    if not id_token:
        end(Exit.AUTH, "no_id_token", "There is no id-token: set KITTO_ID_TOKEN, or allow id-token: write.")
    made = remote.exchange(id_token)
    if for_github and github_env:
        out.say(f"::add-mask::{made['access_token']}")
        with Path(github_env).open("a", encoding="utf-8") as file:
            file.write(f"KITTO_TOKEN={made['access_token']}\n")
        return
    if json:
        out.record(made)
        return
    out.say(made["access_token"])
