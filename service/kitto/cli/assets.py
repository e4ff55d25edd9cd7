"""`kitto asset`: devices."""

from datetime import date, datetime
from typing import Annotated, Any

import typer

from kitto.assets import actions, queries
from kitto.assets.models import Asset
from kitto.assets.rules import Condition, HolderKind, State, Step
from kitto.base.work import Work
from kitto.cli.house import looking, working
from kitto.cli.say import JsonFlag, out, speak
from kitto.identity.rules import Permission
from kitto.people import queries as people

app = typer.Typer(help="Devices.", no_args_is_help=True)


@app.command("list")
def list_assets(
    q: Annotated[str, typer.Argument(help="Any part of tag, serial, model, holder.")] = "",
    state: Annotated[list[State] | None, typer.Option(help="A state; may be repeated.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
    json: JsonFlag = False,
) -> None:
    """Devices, newest first."""
    speak(as_json=json)
    with looking() as work:
        work.allow(Permission.SEE)
        chosen = queries.AssetFilter(q=q, states=tuple(state or ()))
        lines = queries.listed(work, chosen, limit=limit).items
        rows = [_row(line.asset) | {"holder": line.holder_name} for line in lines]
    out.rows(["tag", "state", "model", "serial", "holder"], rows)


@app.command()
def show(tag: str, json: JsonFlag = False) -> None:
    """One device by tag, serial number or anything scanned."""
    speak(as_json=json)
    with looking() as work:
        work.allow(Permission.SEE)
        asset = queries.resolve_scan(work, tag)
        custody = queries.custody_of(work, asset.id)
        found = _row(asset) | {
            "condition": asset.condition,
            "holder": custody.holder_name if custody else None,
            "due_on": custody.due_on if custody else None,
            "note": asset.note,
        }
    out.record(found)


@app.command()
def register(
    model_id: int,
    serial: Annotated[str, typer.Option(help="Serial number from the case.")] = "",
    json: JsonFlag = False,
) -> None:
    """Enter a device that is there; prints its tag."""
    speak(as_json=json)
    with working() as work:
        found = _row(actions.register(work, model_id=model_id, serial=serial))
    out.record(found)


@app.command()
def accept(tag: str, json: JsonFlag = False) -> None:
    """Accept a delivery."""
    speak(as_json=json)
    with working() as work:
        found = _row(actions.accept(work, tag=tag))
    out.record(found)


@app.command()
def step(tag: str, step: Step, reason: str = "", json: JsonFlag = False) -> None:
    """Take a step of its life that needs nothing but a reason."""
    speak(as_json=json)
    with working() as work:
        found = _row(actions.take_step(work, tag=tag, step=step, reason=reason))
    out.record(found)


@app.command("hand-over")
def hand_over(
    tag: str,
    person: Annotated[str, typer.Argument(help="Number of the person.")],
    due: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Return date.")] = None,
    json: JsonFlag = False,
) -> None:
    """Put a ready device into someone's hands."""
    speak(as_json=json)
    with working() as work:
        made = actions.hand_over(work, tag=tag, holder=_person(work, person), due_on=_day(due))
        found = {"tag": tag, "holder": made.holder_name, "due_on": made.due_on}
    out.record(found)


@app.command("take-back")
def take_back(tag: str, condition: Condition = Condition.GOOD, json: JsonFlag = False) -> None:
    """Take a device back for inspection."""
    speak(as_json=json)
    with working() as work:
        found = _row(actions.take_back(work, tag=tag, condition=condition))
    out.record(found)


def _person(work: Work, number: str) -> queries.Holder:
    work.allow(Permission.HAND_OVER)
    return queries.find_holder(work, HolderKind.PERSON, people.person_by_number(work, number).id)


def _day(value: datetime | None) -> date | None:
    return value.date() if value else None


def _row(asset: Asset) -> dict[str, Any]:
    return {
        "tag": asset.tag,
        "state": asset.state,
        "model": f"{asset.model.maker} {asset.model.name}",
        "serial": asset.serial,
    }
