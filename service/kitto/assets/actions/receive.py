"""From order to stock."""

from datetime import date

from kitto.assets.actions.naming import allocate_tag, index_text, name
from kitto.assets.facts import AssetOrdered, AssetReceived, AssetStepTaken
from kitto.assets.models import Asset, Model
from kitto.assets.queries import by_id, locked, model_by_id, must_be_there
from kitto.assets.rules import Condition, IdentifierKind, Ownership, State, Step
from kitto.base.errors import Refusal
from kitto.base.i18n import N_
from kitto.base.work import Work
from kitto.identity.rules import Permission


class SerialNeeded(Refusal):
    code = "assets.serial_needed"
    status = 422
    says = N_("Nothing was received: a {category} needs its serial number. Scan it from the box.")


class SamePerson(Refusal):
    code = "assets.same_person"
    status = 403
    says = N_("Not accepted: you ordered or received this yourself. Ask a colleague to accept it.")


def order(
    work: Work,
    *,
    model_id: int,
    quantity: int = 1,
    order_no: str = "",
    project_id: int | None = None,
    department_id: int | None = None,
    ownership: Ownership = Ownership.OWNED,
    price: int | None = None,
) -> list[Asset]:
    """Enter devices that were ordered; they get their tags when they arrive."""
    work.allow(Permission.EDIT_ASSETS)
    model = model_by_id(work, model_id)
    must_be_there(work, department_id=department_id, project_id=project_id)
    made = []
    for _ in range(quantity):
        asset = _new(
            work,
            model,
            ownership=ownership,
            order_no=order_no,
            project_id=project_id,
            department_id=department_id,
            price=price,
        )
        work.allow(Permission.EDIT_ASSETS, asset.scopes)
        work.record(AssetOrdered(asset_id=asset.id, tag="", model=model.name, order_no=order_no))
        index_text(work, asset)
        made.append(asset)
    return made


def receive(
    work: Work,
    *,
    asset_id: int,
    serial: str = "",
    accessories: list[str] | None = None,
    location_id: int | None = None,
) -> Asset:
    """Book an ordered device as arrived: serial number in, tag allocated, one transaction.

    Refuses a serial that is missing, says nothing, or belongs to another device.
    """
    work.allow(Permission.RECEIVE)
    asset = by_id(work, asset_id)
    work.allow(Permission.RECEIVE, asset.scopes)
    must_be_there(work, location_id=location_id)
    asset.take(Step.RECEIVE, work.now)
    if not serial.strip() and asset.model.category.needs_serial:
        raise SerialNeeded(category=asset.model.category.name(work.locale))
    tag = allocate_tag(work, asset.model.category)
    asset.tag, asset.received_at = str(tag), work.now
    asset.location_id = location_id
    asset.accessories = accessories or []
    name(work, asset, IdentifierKind.TAG, str(tag))
    if serial.strip():
        asset.serial = serial.strip()
        name(work, asset, IdentifierKind.SERIAL, serial)
    index_text(work, asset)
    work.record(
        AssetReceived(asset_id=asset.id, tag=str(tag), serial=asset.serial or "", model=asset.model.name)
    )
    return asset


def accept(work: Work, *, tag: str, version: int | None = None) -> Asset:
    """Accept the delivery (検収). Refuses who ordered the device."""
    work.allow(Permission.ACCEPT)
    asset = locked(work, tag)
    work.allow(Permission.ACCEPT, asset.scopes)
    work.expect(asset, version)
    if asset.ordered_by == _who(work):
        raise SamePerson
    before = asset.take(Step.ACCEPT, work.now)
    asset.accepted_at = work.now
    work.record(
        AssetStepTaken(
            asset_id=asset.id,
            tag=asset.name,
            step=Step.ACCEPT,
            changes={"state": (before, asset.state)},
        )
    )
    return asset


def register(
    work: Work,
    *,
    model_id: int,
    serial: str = "",
    project_id: int | None = None,
    department_id: int | None = None,
    location_id: int | None = None,
    ownership: Ownership = Ownership.OWNED,
    accessories: list[str] | None = None,
) -> Asset:
    """Order and receive in one go: a device that is simply there."""
    made = order(
        work, model_id=model_id, project_id=project_id, department_id=department_id, ownership=ownership
    )
    return receive(work, asset_id=made[0].id, serial=serial, accessories=accessories, location_id=location_id)


def _new(
    work: Work,
    model: Model,
    *,
    ownership: Ownership,
    order_no: str,
    project_id: int | None,
    department_id: int | None,
    price: int | None,
    warranty_until: date | None = None,
) -> Asset:
    return work.add(
        Asset(
            tag=None,
            model=model,
            state=State.ORDERED,
            state_since=work.now,
            condition=Condition.GOOD,
            ownership=ownership,
            department_id=department_id,
            project_id=project_id,
            location_id=None,
            serial=None,
            hostname=None,
            order_no=order_no,
            ordered_by=_who(work),
            ordered_at=work.now,
            received_at=None,
            accepted_at=None,
            retired_by="",
            price=price,
            warranty_until=warranty_until,
            accessories=[],
            note="",
            changed_at=work.now,
        )
    )


def _who(work: Work) -> str:
    return f"{work.actor.kind}:{work.actor.id}"
