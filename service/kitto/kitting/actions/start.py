"""Starting kits: on a device at once, or on one that an order was waiting for."""

from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from kitto.assets import actions as assets
from kitto.assets import queries as asset_queries
from kitto.assets.models import Asset
from kitto.assets.rules import Step
from kitto.base.i18n import Words
from kitto.base.seal import Secret, seal
from kitto.base.work import Work
from kitto.identity.rules import Permission
from kitto.kitting import queries
from kitto.kitting.actions.chain import START, move_kit, prove
from kitto.kitting.actions.checks import refuse_unfit
from kitto.kitting.actions.kinds.licences import reserve
from kitto.kitting.actions.names import hand_name_on, reserve_name
from kitto.kitting.actions.profiles import fitting, published, spec_of_version
from kitto.kitting.facts import KeyMade, KitStarted
from kitto.kitting.models import Kit, KitKey, KitOrder, KitProfileVersion, KitStep
from kitto.kitting.rules.profiles import ProfileSpec, order
from kitto.kitting.rules.refusals import (
    EndpointMissing,
    HasNoDevice,
    KitOver,
    KitRunning,
    NotReadyToStart,
    SerialMissing,
)
from kitto.kitting.rules.states import KIT_WORDS, KitState, StepState
from kitto.kitting.signals import go_on

REACHED_BY = ("ssh", "winrm")


def start_kit(
    work: Work,
    *,
    tag: str,
    profile: str,
    parameters: dict[str, Any] | None = None,
    only: frozenset[str] = frozenset(),
    in_place: bool = False,
) -> Kit:
    """Start a kit with the profile as it was published; later edits do not reach it.

    `only`: keys of the steps to do; the others are left out. `in_place`: the device stays with its holder.
    Refuses a device in another kit, without serial number, or, where a play comes first, without a pinned
    endpoint.
    """
    work.allow(Permission.KIT)
    asset = asset_queries.locked(work, tag)
    work.allow(Permission.KIT, asset.scopes)
    _refuse_second(work, asset)
    version = published(work, profile)
    spec = spec_of_version(version)
    kit = make_kit(work, version, fitting(spec, parameters or {}), only=only)
    kit.in_place = in_place
    bind(work, kit, asset)
    move_kit(work, kit, KitState.REGISTERED)
    begin(work, kit, asset)
    return kit


def start_bound(work: Work, *, kit_id: int) -> Kit:
    """Start a kit of an order on the device that was chosen for it.

    Refuses one whose device is not ready, and recipes that were found wrong since it was ordered.
    """
    work.allow(Permission.KIT)
    kit = queries.locked(work, kit_id)
    if kit.asset_id is None:
        raise HasNoDevice(number=kit.id)
    asset = asset_queries.locked(work, kit.tag)
    work.allow(Permission.KIT, asset.scopes)
    if kit.state is not KitState.REGISTERED:
        if kit.state in (KitState.EXPECTED, KitState.RECEIVED, KitState.INSPECTING):
            raise NotReadyToStart(number=kit.id, tag=asset.name, state=Words(KIT_WORDS[kit.state]))
        raise KitOver(number=kit.id, state=Words(KIT_WORDS[kit.state]))
    refuse_unfit(work, kit.profile, kit.order)
    begin(work, kit, asset)
    return kit


def begin(work: Work, kit: Kit, asset: Asset) -> None:
    """Take the device into kitting and queue its job. The action that starts it has asked."""
    spec = spec_of_version(kit.profile)
    _refuse_unreachable(work, asset, spec)
    label = f"{kit.profile.name} v{kit.profile.number}"
    if not kit.in_place:
        assets.take_step(work, tag=asset.name, step=Step.START_KITTING, reason=label)
    kit.started_at, kit.started_by = work.now, work.actor.name
    move_kit(work, kit, KitState.QUEUED)
    work.record(
        KitStarted(
            kit_id=kit.id, asset_id=asset.id, tag=asset.name, profile=label, content=kit.profile.content
        )
    )
    go_on(work, kit)


def make_kit(
    work: Work,
    version: KitProfileVersion,
    given: dict[str, Any],
    *,
    asked: KitOrder | None = None,
    only: frozenset[str] = frozenset(),
) -> Kit:
    """A kit that expects its device, with a host name of its own. The action that makes it has asked."""
    kit = work.add(
        Kit(
            order_id=asked.id if asked else None,
            asset_id=None,
            tag="",
            hostname="",
            profile=version,
            parameters=given,
            state=KitState.EXPECTED,
            state_since=work.now,
            is_open=True,
            in_place=False,
            waits_for=None,
            reason="",
            deadline_at=None,
            cancel_asked_at=None,
            held_from=None,
            fence=0,
            chain=START,
            started_by=work.actor.name,
            started_at=work.now,
            ready_at=None,
            ended_at=None,
            steps=steps_of(spec_of_version(version), only),
        )
    )
    reserve_name(work, kit)
    return kit


def bind(work: Work, kit: Kit, asset: Asset) -> None:
    """Choose the device of a kit; its identity becomes the first link of the chain. Asked by its caller."""
    kit.asset_id, kit.tag = asset.id, asset.name
    before = queries.ready_kit_of(work, asset.id)
    if before is not None:
        hand_name_on(work, before, kit)
        move_kit(work, before, KitState.CANCELLED, reason=f"#{kit.id}")
    prove(
        work,
        kit,
        None,
        "device",
        {
            "tag": asset.name,
            "serial": asset.serial or "",
            "model": f"{asset.model.maker} {asset.model.name}",
            "profile": kit.profile.name,
            "number": kit.profile.number,
            "content": kit.profile.content,
        },
    )
    reserve(work, kit, kit.profile.definition.get("licences", ()))


def _refuse_second(work: Work, asset: Asset) -> None:
    running = queries.open_kit_of(work, asset.id)
    if running is not None:
        raise KitRunning(tag=asset.name, number=running.id)


def _refuse_unreachable(work: Work, asset: Asset, spec: ProfileSpec) -> None:
    if not asset.serial:
        raise SerialMissing(tag=asset.name)
    if spec.needs_way:
        reached = [asset_queries.endpoint(work, asset.id, kind) for kind in REACHED_BY]
        if not any(one is not None and one.host_key for one in reached):
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


def steps_of(spec: ProfileSpec, only: frozenset[str] = frozenset()) -> list[KitStep]:
    """The steps of a kit that nobody has begun. A part of making or lifting it, which has asked."""
    needs = order(spec)
    chosen = [(phase, step) for phase, step in spec.all_steps if not only or step.key in only]
    keys = {step.key for _, step in chosen}
    return [
        KitStep(
            position=position,
            key=step.key,
            kind=step.kind,
            phase=phase,
            needs=[key for key in needs[step.key] if key in keys],
            on_lost=step.on_lost,
            spec=msgspec.to_builtins(step),
            state=StepState.PENDING,
            attempt=0,
            reason="",
            waits_for=None,
            deadline_at=None,
            retry_at=None,
            escalated_at=None,
            started_at=None,
            ended_at=None,
            done_by="",
            done_as="",
            attempts=[],
            evidence=[],
        )
        for position, (phase, step) in enumerate(chosen, start=1)
    ]
