"""`kitto kit`: kitting."""

import json as json_module
from typing import Annotated, Any

import typer

from kitto.base.errors import InvalidInput
from kitto.cli import ci
from kitto.cli.house import looking, working
from kitto.cli.say import JsonFlag, out, speak
from kitto.identity.rules import Permission
from kitto.kitting import actions, offer, queries
from kitto.kitting.models import Kit

app = typer.Typer(help="Kitting.", no_args_is_help=True)
ci.register(app)


@app.command()
def profiles(json: JsonFlag = False) -> None:
    """The profiles there are."""
    speak(as_json=json)
    with looking() as work:
        work.allow(Permission.SEE)
        rows = [
            {"name": p.name, "platform": p.platform, "title": p.title.ja, "steps": len(p.all_steps)}
            for one in offer.offered(work)
            if (p := one.spec) is not None
        ]
    out.rows(["name", "platform", "steps", "title"], rows)


@app.command()
def key(json: JsonFlag = False) -> None:
    """Kitto's public SSH key, for the authorized_keys of new machines; made at the first call."""
    speak(as_json=json)
    with working() as work:
        found = {"public_key": actions.make_key(work).public}
    out.record(found)


@app.command()
def start(
    tag: str,
    profile: str,
    parameters: Annotated[str, typer.Option(help="Parameters as a JSON object.")] = "{}",
    json: JsonFlag = False,
) -> None:
    """Start a kit."""
    speak(as_json=json)
    try:
        given = json_module.loads(parameters)
    except ValueError as wrong:
        raise InvalidInput(field="parameters", reason="is no JSON object") from wrong
    with working() as work:
        found = _row(actions.start_kit(work, tag=tag, profile=profile, parameters=given))
    out.record(found)


@app.command()
def show(kit_id: int, json: JsonFlag = False) -> None:
    """One kit and its steps."""
    speak(as_json=json)
    with looking() as work:
        work.allow(Permission.SEE)
        kit = queries.kit(work, kit_id)
        steps = [
            {"step": s.key, "kind": s.kind, "state": s.state, "attempt": s.attempt, "reason": s.reason}
            for s in kit.steps
        ]
        found = _row(kit)
    if json:
        out.record(found | {"steps": steps})
        return
    out.record(found)
    out.rows(["step", "kind", "state", "attempt", "reason"], steps)


@app.command("list")
def list_kits(everything: Annotated[bool, typer.Option("--all")] = False, json: JsonFlag = False) -> None:
    """Open kits, newest first; --all for all."""
    speak(as_json=json)
    with looking() as work:
        work.allow(Permission.SEE)
        chosen = queries.KitFilter(open_only=not everything)
        rows = [_row(kit) for kit in queries.kits(work, chosen, limit=1000).items]
    out.rows(["kit", "tag", "state", "reason"], rows)


@app.command()
def cancel(kit_id: int, reason: str, json: JsonFlag = False) -> None:
    """Cancel a kit, with a reason."""
    speak(as_json=json)
    with working() as work:
        found = _row(actions.cancel(work, kit_id=kit_id, reason=reason))
    out.record(found)


def _row(kit: Kit) -> dict[str, Any]:
    return {"kit": kit.id, "tag": kit.tag, "state": kit.state, "reason": kit.reason}
