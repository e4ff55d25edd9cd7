"""A profile built on another: parameters and steps of the base first, then what the heir changes."""

from collections.abc import Callable
from typing import Any

import msgspec

from kitto.base.i18n import N_, Words
from kitto.kitting.rules.profiles import Drift, ProfileSpec, Said, StepSpec, checked
from kitto.kitting.rules.refusals import ProfileBroken
from kitto.kitting.rules.states import Phase, StepKind

DEEPEST = 8
LEADS_BACK = N_("it extends {above}, which leads back to itself or too far")
NOT_THERE = N_("it leaves out {step}, which {base} has not")
SECOND_PERSON = StepSpec(
    key="second_person",
    kind=StepKind.APPROVAL,
    title=Said(ja="別の担当者による確認", en="Check by a second person"),
    instruction=Said(
        ja="作業をしていない人が、機器と証跡を確かめて承認してください。",
        en="Somebody who did none of the work looks at device and evidence, then approves.",
    ),
    minutes=24 * 60,
)


def resolved(name: str, find: Callable[[str], ProfileSpec]) -> ProfileSpec:
    """The whole profile of this name, with all it extends. `find` returns one as it is written.

    Every step with a play says whose recipe it is from. Refuses loops, chains of more than 8, and what
    cannot work, with profile_broken.
    """
    chain = [find(name)]
    while chain[-1].extends:
        above = chain[-1].extends
        if above in (spec.name for spec in chain) or len(chain) >= DEEPEST:
            raise ProfileBroken(name=name, reason=Words(LEADS_BACK, {"above": above}))
        chain.append(find(above))
    whole = _owned(chain.pop())
    while chain:
        whole = _over(whole, _owned(chain.pop()))
    if whole.second_person and all(step.key != SECOND_PERSON.key for step in whole.acceptance):
        whole = msgspec.structs.replace(whole, acceptance=(*whole.acceptance, SECOND_PERSON))
    return checked(whole)


def _owned(spec: ProfileSpec) -> ProfileSpec:
    def own(steps: tuple[StepSpec, ...]) -> tuple[StepSpec, ...]:
        return tuple(
            msgspec.structs.replace(step, recipe=step.recipe or spec.name) if step.playbook else step
            for step in steps
        )

    # What plays say belongs to the folder they are in, and is read there.
    return msgspec.structs.replace(
        spec, steps=own(spec.steps), acceptance=own(spec.acceptance), handover=own(spec.handover), causes={}
    )


def _over(base: ProfileSpec, heir: ProfileSpec) -> ProfileSpec:
    missing = [key for key in heir.without if key not in {step.key for _, step in base.all_steps}]
    if missing:
        raise ProfileBroken(name=heir.name, reason=Words(NOT_THERE, {"step": missing[0], "base": base.name}))
    parts = {phase: _merged(base, heir, phase) for phase in Phase}
    return ProfileSpec(
        name=heir.name,
        title=heir.title,
        platform=heir.platform or base.platform,
        parameters=_schema(base.parameters, heir.parameters),
        steps=parts[Phase.WORK],
        acceptance=parts[Phase.ACCEPTANCE],
        handover=parts[Phase.HANDOVER],
        second_person=base.second_person or heir.second_person,
        accessories=(*base.accessories, *heir.accessories),
        hostname=heir.hostname or base.hostname,
        label_template=heir.label_template or base.label_template,
        licences=tuple(dict.fromkeys((*base.licences, *heir.licences))),
        drift=heir.drift or _still_compared(base.drift, parts),
    )


def _still_compared(drift: Drift | None, parts: dict[Phase, tuple[StepSpec, ...]]) -> Drift | None:
    """What the base compares, without the steps that the heir leaves out."""
    if drift is None:
        return None
    left = {step.key for steps in parts.values() for step in steps}
    return msgspec.structs.replace(
        drift,
        steps=tuple(key for key in drift.steps if key in left),
        checks=tuple(key for key in drift.checks if key in left),
    )


def _merged(base: ProfileSpec, heir: ProfileSpec, phase: Phase) -> tuple[StepSpec, ...]:
    found = {
        step.key: step for part, step in base.all_steps if part is phase and step.key not in heir.without
    }
    found |= {step.key: step for part, step in heir.all_steps if part is phase}
    return tuple(found.values())


def _schema(base: dict[str, Any], heir: dict[str, Any]) -> dict[str, Any]:
    if not base or not heir:
        return heir or base
    required = [*base.get("required", []), *heir.get("required", [])]
    merged = base | heir
    merged["properties"] = base.get("properties", {}) | heir.get("properties", {})
    if required:
        merged["required"] = list(dict.fromkeys(required))
    return merged
