"""`kitto bootstrap`: files for fresh machines. `kitto ssh-ca`: Kitto's own SSH authorities."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from kitto.assets import queries as assets
from kitto.bootstrap import actions, queries
from kitto.bootstrap.adapters import certificates
from kitto.bootstrap.rules.authorities import AuthorityKind
from kitto.bootstrap.rules.states import ArtifactKind
from kitto.cli.house import looking, working
from kitto.cli.say import JsonFlag, out, speak
from kitto.identity.rules import Permission

app = typer.Typer(help="Files for the first connection of fresh machines.", no_args_is_help=True)
authority = typer.Typer(help="Kitto's own SSH authorities.", no_args_is_help=True)


@app.command()
def make(
    tag: Annotated[str, typer.Argument(help="Tag of the device.")],
    kind: Annotated[ArtifactKind, typer.Argument(help="How the machine comes to life.")],
    folder: Annotated[Path, typer.Option(help="Where the file is put.")] = Path(),
    hours: Annotated[int, typer.Option(min=1, max=720, help="Hours until it expires.")] = 72,
    json: JsonFlag = False,
) -> None:
    """Make the file for one machine. It holds a one-time token: delete it when it was used."""
    speak(as_json=json)
    with working() as work:
        token, made = actions.make_artifact(work, tag=tag, kind=kind, lifetime=timedelta(hours=hours))
        found = {"id": token.id, "file": str(folder / made.name), "expires_at": token.expires_at}
    path = folder / made.name
    path.touch(mode=0o600)
    path.write_bytes(made.content)
    out.record({**found, "typed": made.typed})


@app.command("list")
def list_artifacts(
    tag: Annotated[str, typer.Option(help="Of this device only.")] = "", json: JsonFlag = False
) -> None:
    """Files that were made, newest first, and how far they have come."""
    speak(as_json=json)
    names = ["id", "tag", "kind", "state", "expires_at", "used_at"]
    with looking() as work:
        work.allow(Permission.SEE)
        chosen = queries.TokenFilter(asset_id=assets.by_tag(work, tag).id if tag else None)
        rows: list[dict[str, Any]] = [
            {
                "id": one.id,
                "tag": one.asset.name,
                "kind": one.kind,
                "state": one.state(work.now),
                "expires_at": one.expires_at,
                "used_at": one.used_at,
            }
            for one in queries.tokens(work, chosen, limit=1000).items
        ]
    out.rows(names, rows)


@app.command("revoke")
def revoke_artifact(number: int, json: JsonFlag = False) -> None:
    """Let no machine use a file any more."""
    speak(as_json=json)
    with working() as work:
        token = actions.revoke_artifact(work, token_id=number)
        found = {"id": token.id, "revoked_at": token.revoked_at}
    out.record(found)


@authority.command()
def show(json: JsonFlag = False) -> None:
    """Both public keys, and the line for known_hosts of OpenSSH."""
    speak(as_json=json)
    with working() as work:
        user = actions.make_authority(work, AuthorityKind.USER).public
        host = actions.make_authority(work, AuthorityKind.HOST).public
    out.record({"user": user, "host": host, "known_hosts": f"@cert-authority * {host}"})


@authority.command()
def revoke(
    serial: Annotated[int, typer.Argument(help="Number of the certificate, as ssh-keygen -L shows it.")],
    kind: Annotated[AuthorityKind, typer.Option(help="Whose certificate.")] = AuthorityKind.USER,
    reason: Annotated[str, typer.Option(help="Stays in the journal.")] = "",
    json: JsonFlag = False,
) -> None:
    """Take a certificate back. Devices learn it from the list of `kitto ssh-ca krl`."""
    speak(as_json=json)
    with working() as work:
        count = actions.revoke_certificates(work, kind=kind, serial=serial, reason=reason)
    out.record({"serial": serial, "certificates": count})


@authority.command()
def krl(
    file: Annotated[Path, typer.Argument(help="Where the list is put; sshd reads it as RevokedKeys.")],
    kind: Annotated[AuthorityKind, typer.Option(help="Of which authority.")] = AuthorityKind.USER,
    json: JsonFlag = False,
) -> None:
    """Write the list of revoked certificates."""
    speak(as_json=json)
    with looking() as work:
        work.allow(Permission.SEE)
        known = queries.known_authority(work, kind)
        serials = queries.revoked_serials(work, known.id)
    file.write_bytes(certificates.revocation_list(known.public, serials))
    out.record({"file": str(file), "certificates": len(serials)})
