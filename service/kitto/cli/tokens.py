"""`kitto token`: credentials for programs."""

from datetime import timedelta
from typing import Annotated

import typer

from kitto.base import clock
from kitto.cli.house import looking, opened, owner, working
from kitto.cli.say import JsonFlag, out, speak
from kitto.identity import actions, queries
from kitto.identity.doors import person_actor
from kitto.identity.rules import Permission

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
