"""Profiles: what a kit consists of, read once from its file and frozen into each order."""

from dataclasses import dataclass
from typing import Any

import msgspec

from kitto.kitting.rules.refusals import ProfileBroken
from kitto.kitting.rules.states import OnLost, StepKind


class Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The same in both languages."""

    ja: str
    en: str

    def to(self, locale: str) -> str:
        return self.ja if locale == "ja" else self.en


class StepSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One step of a profile."""

    key: str
    kind: StepKind
    title: Said
    instruction: Said | None = None
    checks: tuple[Said, ...] = ()
    playbook: str = ""
    secrets: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    minutes: int = 30
    on_lost: OnLost = OnLost.RERUN


class ProfileSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A whole profile. `parameters` is a JSON Schema (draft 2020-12) of an object."""

    name: str
    title: Said
    platform: str
    parameters: dict[str, Any]
    steps: tuple[StepSpec, ...]

    @property
    def plays(self) -> bool:
        """True if any step runs on the device itself."""
        return any(step.kind is StepKind.PLAYBOOK for step in self.steps)


def checked(spec: ProfileSpec) -> ProfileSpec:
    """The profile, if it can work: names unique, plays named. Refuses with profile_broken."""
    keys = [step.key for step in spec.steps]
    if not keys:
        raise ProfileBroken(name=spec.name, reason="it has no steps")
    twice = {key for key in keys if keys.count(key) > 1}
    if twice:
        raise ProfileBroken(name=spec.name, reason=f"two steps are called {min(twice)}")
    for step in spec.steps:
        if (step.kind is StepKind.PLAYBOOK) != bool(step.playbook):
            raise ProfileBroken(name=spec.name, reason=f"step {step.key}: a play names its playbook")
    return spec


@dataclass(frozen=True)
class Frozen:
    """A profile as an order keeps it: definition, content hash of its folder, parameters given."""

    spec: ProfileSpec
    content: str
    parameters: dict[str, Any]
