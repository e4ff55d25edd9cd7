"""JSON doors of profiles, their versions, and who carries which; locks and secrets of devices."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, Field

from kitto.assets import queries as assets
from kitto.base.work import Work
from kitto.identity.adapters.browser import ShownOnce
from kitto.identity.rules import Permission
from kitto.kitting import actions, offer, queries
from kitto.kitting.actions.lift import lift, plan_lift
from kitto.kitting.actions.locks import lock_of
from kitto.kitting.actions.secrets import show_secret
from kitto.kitting.api.bodies import ManyOut
from kitto.kitting.models import KitProfileVersion
from kitto.kitting.rules.locks import LockHolder
from kitto.web.bodies import RESPONSES, MaybeNumber, Strict
from kitto.web.doors import Door, ReadDep, WorkDep

router = APIRouter(prefix="/api/v1", route_class=Door, tags=["kitting"], responses=RESPONSES)
Name = Annotated[str, Path(max_length=64, examples=["linux-workstation"])]


class ProfileOut(BaseModel):
    name: str
    title: str
    platform: str
    parameters: dict[str, Any]
    steps: list[str]
    extends: str
    newest: int | None = Field(description="Number of the newest frozen version.")
    trouble: str = Field(description="Why it cannot be used; empty when it can.")


class VersionOut(BaseModel):
    name: str
    number: int
    content: str
    recipes: dict[str, Any]
    definition: dict[str, Any]
    made_by: str
    made_at: datetime


class CarriedOut(BaseModel):
    tag: str
    kit: int
    version: int
    ready_at: datetime | None


class CarriersOut(BaseModel):
    items: list[CarriedOut]
    next: str | None


class PlanOut(BaseModel):
    tag: str
    kit: int
    from_version: int
    to_version: int
    steps: list[str] = Field(description="Keys of the steps that are new or differ.")
    in_place: bool


class LiftIn(Strict):
    tags: list[str] = Field(max_length=500, examples=[["PC-000042-C"]])


class LockOut(BaseModel):
    holder: LockHolder | None
    says: str
    fence: int
    expires_at: datetime | None


class SecretOut(BaseModel):
    name: str
    value: str


class KeyOut(BaseModel):
    public_key: str = Field(examples=["ssh-ed25519 AAAA… kitto"])


@router.get("/profiles")
def list_profiles(work: ReadDep) -> list[ProfileOut]:
    """The profiles that kits can be started with, and those that are broken, with why."""
    work.allow(Permission.SEE)
    return [_offered(work, one) for one in offer.offered(work)]


def _offered(work: Work, one: offer.Offered) -> ProfileOut:
    spec = one.spec
    return ProfileOut(
        name=one.name,
        title=spec.title.to(work.locale) if spec else one.name,
        platform=spec.platform if spec else "",
        parameters=spec.parameters if spec else {},
        steps=[step.key for _, step in spec.all_steps] if spec else [],
        extends=spec.extends if spec else "",
        newest=one.newest.number if one.newest else None,
        trouble=one.trouble.sentence(work.locale) if one.trouble else "",
    )


@router.post("/profiles", status_code=201)
def publish(work: WorkDep, body: dict[str, Any]) -> VersionOut:
    """Publish a profile written here, as JSON; the same again changes nothing."""
    return _version(actions.publish(work, source=body))


@router.post("/profiles/{name}/freeze", status_code=201)
def freeze(work: WorkDep, name: Name) -> VersionOut:
    """Publish a profile as it is now, after a look at its recipes; the same content is the same version."""
    return _version(actions.publish_recipe(work, name=name))


@router.post("/profiles/{name}/retire")
def retire(work: WorkDep, name: Name) -> dict[str, str]:
    """Offer a profile no longer."""
    return {"name": actions.retire_profile(work, name=name).name}


@router.get("/profiles/{name}/versions")
def list_versions(work: ReadDep, name: Name) -> list[VersionOut]:
    """Frozen versions, newest first."""
    work.allow(Permission.SEE)
    return [_version(one) for one in queries.versions(work, name)]


@router.get("/profiles/{name}/devices")
def list_carriers(
    work: ReadDep,
    name: Name,
    version: MaybeNumber = None,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> CarriersOut:
    """Which devices carry which version."""
    work.allow(Permission.SEE)
    found = queries.carriers(work, name, number=version, cursor=cursor, limit=limit)
    items = [
        CarriedOut(tag=kit.tag, kit=kit.id, version=kit.profile.number, ready_at=kit.ready_at)
        for kit in found.items
    ]
    return CarriersOut(items=items, next=found.next)


@router.get("/profiles/{name}/lift")
def read_plan(work: ReadDep, name: Name) -> list[PlanOut]:
    """What it takes to lift each device to the profile as it is now."""
    work.allow(Permission.SEE)
    return [
        PlanOut(
            tag=one.tag,
            kit=one.kit_id,
            from_version=one.from_version,
            to_version=one.to_version,
            steps=list(one.steps),
            in_place=one.in_place,
        )
        for one in plan_lift(work, name)
    ]


@router.post("/profiles/{name}/lift")
def start_lift(work: WorkDep, name: Name, body: LiftIn) -> ManyOut:
    """Start kits that do just the steps that differ, on these devices."""
    done, refused = lift(work, name=name, tags=body.tags)
    return ManyOut(done=done, refused=refused)


def _version(one: KitProfileVersion) -> VersionOut:
    return VersionOut(
        name=one.name,
        number=one.number,
        content=one.content,
        recipes=one.recipes,
        definition=one.definition,
        made_by=one.made_by,
        made_at=one.made_at,
    )


@router.get("/assets/{tag}/lock")
def read_lock(work: ReadDep, tag: str) -> LockOut:
    """Who works on the device now."""
    work.allow(Permission.SEE)
    found = lock_of(work.session, assets.by_tag(work, tag).id)
    if found is None:
        return LockOut(holder=None, says="", fence=0, expires_at=None)
    return LockOut(holder=found.holder, says=found.says, fence=found.fence, expires_at=found.expires_at)


@router.post("/assets/{tag}/secrets/{name}/show", status_code=201, response_model=SecretOut)
def show(work: WorkDep, tag: str, name: Name) -> Response:
    """A secret of the device, once; who saw it stands in the journal."""
    return ShownOnce(SecretOut(name=name, value=show_secret(work, tag=tag, name=name).reveal()))


@router.post("/kitting-key", status_code=201)
def make_key(work: WorkDep) -> KeyOut:
    """Kitto's public SSH key for the authorized_keys of new machines; made at the first call."""
    return KeyOut(public_key=actions.make_key(work).public)
