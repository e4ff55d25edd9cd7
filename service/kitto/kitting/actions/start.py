"""Starting kits."""

from typing import Any

import jsonschema
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from sqlalchemy import func, select

from kitto.assets import actions as assets
from kitto.assets import queries as asset_queries
from kitto.assets.models import Asset
from kitto.assets.rules import Step
from kitto.base.facts import plain
from kitto.base.seal import Secret, seal
from kitto.base.work import Work
from kitto.identity.rules import Permission
from kitto.kitting import queries
from kitto.kitting.adapters import recipes
from kitto.kitting.facts import KeyMade, KitStarted
from kitto.kitting.models import Kit, KitKey, KitProfile, KitStep
from kitto.kitting.rules.profiles import ProfileSpec
from kitto.kitting.rules.refusals import EndpointMissing, KitRunning, ParameterWrong, SerialMissing
from kitto.kitting.rules.states import KitState, StepState
from kitto.kitting.signals import go_on


def start_kit(work: Work, *, tag: str, profile: str, parameters: dict[str, Any] | None = None) -> Kit:
    """Start a kit with the profile as it is now; later edits do not reach it.

    Refuses a device in another kit, without serial number, or, where plays run, without an endpoint.
    """
    work.allow(Permission.KIT)
    asset = asset_queries.locked(work, tag)
    work.allow(Permission.KIT, asset.scopes)
    running = queries.open_kit_of(work, asset.id)
    if running is not None:
        raise KitRunning(tag=asset.name, number=running.id)
    spec = recipes.profile(profile)
    given = _parameters(spec, parameters or {})
    _refuse_unreachable(work, asset, spec)
    version = _profile(work, spec, recipes.keep(profile))
    assets.take_step(work, tag=tag, step=Step.START_KITTING, reason=f"{version.name} v{version.number}")
    kit = _kit(work, asset, version, given, spec)
    work.record(
        KitStarted(
            kit_id=kit.id,
            asset_id=asset.id,
            tag=asset.name,
            profile=f"{version.name} v{version.number}",
            content=version.content,
        )
    )
    go_on(work, kit)
    return kit


def _kit(work: Work, asset: Asset, version: KitProfile, given: dict[str, Any], spec: ProfileSpec) -> Kit:
    return work.add(
        Kit(
            asset_id=asset.id,
            tag=asset.name,
            profile=version,
            parameters=given,
            state=KitState.QUEUED,
            state_since=work.now,
            is_open=True,
            waits_for=None,
            reason="",
            started_by=work.actor.name,
            started_at=work.now,
            ended_at=None,
            steps=_steps(spec),
        )
    )


def _refuse_unreachable(work: Work, asset: Asset, spec: ProfileSpec) -> None:
    if not asset.serial:
        raise SerialMissing(tag=asset.name)
    if spec.plays:
        reached = asset_queries.endpoint(work, asset.id, "ssh")
        if reached is None or not reached.host_key:
            raise EndpointMissing(tag=asset.name)


def make_key(work: Work) -> KitKey:
    """Kitto's SSH key, made once; devices let it in. Idempotent."""
    work.allow(Permission.KIT)
    known = queries.newest_key(work)
    if known is not None:
        return known
    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    text = private.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()
    made = work.add(KitKey(public=f"{public} kitto", private_sealed=seal(Secret(text)), made_at=work.now))
    work.record(KeyMade(key_id=made.id, public_key=made.public))
    return made


def _profile(work: Work, spec: ProfileSpec, content: str) -> KitProfile:
    known = work.session.scalar(select(KitProfile).where(KitProfile.content == content))
    if known is not None:
        return known
    newest = work.session.scalar(select(func.max(KitProfile.number)).where(KitProfile.name == spec.name))
    return work.add(
        KitProfile(
            name=spec.name,
            number=(newest or 0) + 1,
            content=content,
            definition=msgspec.to_builtins(spec),
            made_at=work.now,
        )
    )


def _steps(spec: ProfileSpec) -> list[KitStep]:
    return [
        KitStep(
            position=position,
            key=step.key,
            kind=step.kind,
            on_lost=step.on_lost,
            spec=msgspec.to_builtins(step),
            state=StepState.PENDING,
            attempt=0,
            reason="",
            started_at=None,
            ended_at=None,
            done_by="",
            attempts=[],
            evidence=[],
        )
        for position, step in enumerate(spec.steps, start=1)
    ]


def _parameters(spec: ProfileSpec, given: dict[str, Any]) -> dict[str, Any]:
    """The given values over the defaults, checked against the profile's schema."""
    known = spec.parameters.get("properties", {})
    merged = {name: item["default"] for name, item in known.items() if "default" in item} | given
    strict = {"type": "object", "additionalProperties": False} | spec.parameters
    try:
        jsonschema.validate(merged, strict, cls=jsonschema.Draft202012Validator)
    except jsonschema.ValidationError as wrong:
        name = ".".join(str(part) for part in wrong.absolute_path) or spec.name
        raise ParameterWrong(name=name, reason=wrong.message[:300]) from wrong
    found: dict[str, Any] = plain(merged)
    return found
