"""Lifting devices from the version they carry to the profile as it is now."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kitto.assets import queries as asset_queries
from kitto.assets.rules import State
from kitto.base.errors import Refusal
from kitto.base.work import Work
from kitto.identity.rules import Permission
from kitto.kitting import offer, queries
from kitto.kitting.actions.profiles import published
from kitto.kitting.actions.start import start_kit
from kitto.kitting.adapters import recipes
from kitto.kitting.models import KitProfileVersion
from kitto.kitting.rules.profiles import ProfileSpec


@dataclass(frozen=True)
class Lift:
    """One device: what it carries, and the steps that are new or differ from that."""

    tag: str
    kit_id: int
    from_version: int
    to_version: int
    steps: tuple[str, ...]
    in_place: bool


def plan_lift(work: Work, name: str) -> list[Lift]:
    """What it takes to bring each device that carries the profile to its newest frozen version.

    A step differs when its definition or the recipe that its play is from does. Reads only.
    """
    work.allow(Permission.SEE)
    offer.spec_of(work, name)
    versions = queries.versions(work, name)
    if not versions:
        return []
    newest = versions[0]
    plans = []
    for kit in queries.carried(work, name):
        carried = kit.profile
        if carried.id == newest.id:
            continue
        asset = asset_queries.by_id(work, kit.device)
        plans.append(
            Lift(
                tag=asset.name,
                kit_id=kit.id,
                from_version=carried.number,
                to_version=newest.number,
                steps=tuple(differing(carried, newest)),
                in_place=asset.state is State.IN_USE,
            )
        )
    return plans


def differing(old: KitProfileVersion, new: KitProfileVersion) -> list[str]:
    """Keys of the steps of `new` that `old` has not, or has otherwise."""
    before = {step["key"]: (step, _recipe(old, step)) for step in _steps(old)}
    return [step["key"] for step in _steps(new) if before.get(step["key"]) != (step, _recipe(new, step))]


def _steps(version: KitProfileVersion) -> list[dict[str, Any]]:
    spec: ProfileSpec = recipes.from_plain(version.name, version.definition)
    keys = {step.key for _, step in spec.all_steps}
    parts = ("steps", "acceptance", "handover")
    return [step for part in parts for step in version.definition.get(part, ()) if step["key"] in keys]


def _recipe(version: KitProfileVersion, step: dict[str, Any]) -> str:
    found: str = version.recipes.get(step.get("recipe", ""), "")
    return found


def lift(work: Work, *, name: str, tags: Sequence[str]) -> tuple[list[int], dict[int, str]]:
    """Freeze the profile as it is now and start, on each of these devices, a kit of just what differs.

    Devices in use are kitted where they are. Returns the kits started, and refusals by the kit carried now.
    """
    work.allow(Permission.KIT)
    wanted = set(published(work, name).definition["parameters"].get("properties", {}))
    plans = {one.tag: one for one in plan_lift(work, name)}
    started, refused = [], {}
    for tag in dict.fromkeys(tags):
        plan = plans.get(tag)
        if plan is None or not plan.steps:
            continue
        carried = queries.kit(work, plan.kit_id).parameters
        try:
            kit = start_kit(
                work,
                tag=tag,
                profile=name,
                only=frozenset(plan.steps),
                in_place=plan.in_place,
                parameters={key: value for key, value in carried.items() if key in wanted},
            )
            started.append(kit.id)
        except Refusal as refusal:
            refused[plan.kit_id] = refusal.sentence(work.locale)
    return started, refused
