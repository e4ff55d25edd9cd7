"""Profiles: what a kit consists of, written once, resolved and frozen into each order."""

import re
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from kitto.base.i18n import N_, Words
from kitto.bootstrap.rules.states import ArtifactKind
from kitto.kitting.rules.codes import CodeKind, asked
from kitto.kitting.rules.refusals import ProfileBroken
from kitto.kitting.rules.states import Ability, CheckSupport, OnLost, Phase, StepKind, ability_of

TRANSPORTS: Final = frozenset({"tcp", "ssh", "winrm", "snmp", "adb"})
"""How a probe can ask."""
PHONE_IS: Final = frozenset({"owned", "encrypted"})
"""What a probe over adb can want of a phone."""
ARTIFACTS: Final = frozenset({*ArtifactKind, *CodeKind})
"""What an artifact step can make: a file for a fresh machine, or a code that a phone reads."""
LONGEST_NAME: Final = 63
_PATTERN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,50}\{n(:0[1-9])?\}[A-Za-z0-9-]{0,20}")
NO_STEPS = N_("it has no steps")
TWICE = N_("two steps are called {step}")
NO_BOOK = N_("step {step}: a play, and only a play, names its playbook")
LACKS_CHECK = N_("step {step}: on_lost verify names a playbook")
ASKS_NOBODY = N_("step {step}: a probe asks over one of {known}")
WANTS_STRANGE = N_("step {step}: a probe over adb wants some of {known}, as a list")
MAKES_NOTHING = N_("step {step}: an artifact says under with, as kind, what it makes: one of {known}")
TOO_LATE = N_(
    "step {step}: no play can follow the hand-over, when the kit has given its device back; "
    "move it to steps or acceptance"
)
UNKNOWN_NEED = N_("step {step} needs {need}, which is not there")
NAME_WRONG = N_("a pattern of host names has letters, digits, - and one number, like {example}")
DRIFT_STRANGE = N_(
    "drift names {step}, which is no play of its steps or acceptance; name some of these: {known}"
)
DRIFT_BLIND = N_(
    "drift names {step}, but its check_support is none, so nobody can tell what it would change; leave it out"
)
DRIFT_OFTEN = N_("drift has the device compared each {hours} hours; give 1 or more")
LOOP = N_("steps need each other: {steps}")


class Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The same in both languages."""

    ja: str
    en: str

    def to(self, locale: str) -> str:
        return self.ja if locale == "ja" else self.en


class StepSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One step of a profile.

    `needs`: keys of the steps that must be done first; left out, the one before it. `minutes`: how long
    it may run, or wait before somebody is told. `retries`: how often a machine's failure is tried again by
    itself, `pause_seconds` after the first, twice as long after each further one. `with`: what its kind
    wants to know.
    """

    key: str
    kind: StepKind
    title: Said
    instruction: Said | None = None
    checks: tuple[Said, ...] = ()
    playbook: str = ""
    recipe: str = ""
    verify: str = ""
    secrets: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    needs: tuple[str, ...] | None = None
    minutes: int = 30
    retries: int = 0
    pause_seconds: int = 30
    on_lost: OnLost = OnLost.RERUN
    check_support: CheckSupport = CheckSupport.FULL
    ability: Ability = Ability.AUTOMATIC
    fails_when_late: bool = False
    with_: dict[str, Any] = msgspec.field(name="with", default_factory=dict)


class Drift(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """After hand-over: how often, and which steps, are compared with the frozen profile.

    `steps`: keys of plays that then say what they would change; none named: all. `checks`: keys of plays that
    only look, and fail with a sentence for each thing that is not as it was kitted: that is a difference.
    """

    hours: int = 24
    steps: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()


class ProfileSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A whole profile. `parameters` is a JSON Schema (draft 2020-12) of an object.

    `extends` names the profile it is built on: its parameters and steps come first, a step of the same key
    replaces the inherited one in its place, `without` leaves inherited steps out. `acceptance` are the steps
    that decide whether the device is ready; `second_person` adds an approval by somebody else. `hostname` is
    a pattern like `sales-{n:03}`: each kit reserves a name of its own; left out, the tag is the name.
    `causes` says in both languages what the plays of this very folder say when they fail, by code: their
    sentence in English, as it is, with its values as `{name}`.
    """

    name: str
    title: Said
    platform: str
    parameters: dict[str, Any] = {}
    steps: tuple[StepSpec, ...] = ()
    acceptance: tuple[StepSpec, ...] = ()
    handover: tuple[StepSpec, ...] = ()
    extends: str = ""
    without: tuple[str, ...] = ()
    second_person: bool = False
    accessories: tuple[Said, ...] = ()
    hostname: str = ""
    label_template: str = ""
    licences: tuple[str, ...] = ()
    drift: Drift | None = None
    causes: dict[str, tuple[Said, ...]] = {}

    @property
    def all_steps(self) -> tuple[tuple[Phase, StepSpec], ...]:
        """Every step with its part of the kit, in order."""
        return (
            *((Phase.WORK, step) for step in self.steps),
            *((Phase.ACCEPTANCE, step) for step in self.acceptance),
            *((Phase.HANDOVER, step) for step in self.handover),
        )

    @property
    def needs_way(self) -> bool:
        """True if a play comes before any step that makes the device reachable: a file, or a `contact`."""
        for _, step in self.all_steps:
            if step.kind is StepKind.PLAYBOOK:
                return True
            is_file = step.kind is StepKind.ARTIFACT and asked(step.with_, {}) is None
            if is_file or step.with_.get("contact"):
                return False
        return False

    @property
    def abilities(self) -> dict[str, Ability]:
        """How far Kitto comes with each step, by key."""
        return {step.key: ability_of(step.kind, step.ability) for _, step in self.all_steps}

    @property
    def recipes(self) -> tuple[str, ...]:
        """Names of the folders whose plays it uses, without repeats."""
        named = (step.recipe or self.name for _, step in self.all_steps if step.playbook)
        return tuple(dict.fromkeys(named))


def checked(spec: ProfileSpec) -> ProfileSpec:
    """The resolved profile, if it can work: keys unique, plays named, needs known and free of loops, and
    what is compared later among its plays.

    Refuses with profile_broken.
    """
    steps = [step for _, step in spec.all_steps]
    keys = [step.key for step in steps]
    if not keys:
        raise ProfileBroken(name=spec.name, reason=Words(NO_STEPS))
    twice = {key for key in keys if keys.count(key) > 1}
    if twice:
        raise ProfileBroken(name=spec.name, reason=Words(TWICE, {"step": min(twice)}))
    for phase, step in spec.all_steps:
        if fault := _fault(phase, step):
            raise ProfileBroken(name=spec.name, reason=fault)
    if spec.hostname and not fits_names(spec.hostname):
        raise ProfileBroken(name=spec.name, reason=Words(NAME_WRONG, {"example": "sales-{n:03}"}))
    if spec.drift is not None and (fault := _drift_fault(spec, spec.drift)):
        raise ProfileBroken(name=spec.name, reason=fault)
    order(spec)
    return spec


def _drift_fault(spec: ProfileSpec, drift: Drift) -> Words | None:
    """Why what is to be compared later cannot be: a name that nobody knows would never be compared at all."""
    plays = {step.key: step for _, step in spec.all_steps if step.kind is StepKind.PLAYBOOK}
    if drift.hours < 1:
        return Words(DRIFT_OFTEN, {"hours": drift.hours})
    for key in (*drift.steps, *drift.checks):
        if key not in plays:
            return Words(DRIFT_STRANGE, {"step": key, "known": ", ".join(plays) or "–"})
        if plays[key].check_support is CheckSupport.NONE:
            return Words(DRIFT_BLIND, {"step": key})
    return None


def _fault(phase: Phase, step: StepSpec) -> Words | None:
    """Why a step cannot work, whatever stands around it."""
    plays, probes = step.kind is StepKind.PLAYBOOK, step.kind is StepKind.PROBE
    makes = step.kind is StepKind.ARTIFACT
    faults: tuple[tuple[bool, str, Iterable[str]], ...] = (
        (plays != bool(step.playbook), NO_BOOK, ()),
        (step.on_lost is OnLost.VERIFY and not step.verify, LACKS_CHECK, ()),
        (plays and phase is Phase.HANDOVER, TOO_LATE, ()),
        (probes and step.with_.get("transport", "ssh") not in TRANSPORTS, ASKS_NOBODY, TRANSPORTS),
        (probes and not _wants_known(step.with_.get("wants", [])), WANTS_STRANGE, PHONE_IS),
        (makes and str(step.with_.get("kind")) not in ARTIFACTS, MAKES_NOTHING, ARTIFACTS),
    )
    for wrong, says, known in faults:
        if wrong:
            return Words(says, {"step": step.key, "known": ", ".join(sorted(known))})
    return None


def _wants_known(wants: object) -> bool:
    return isinstance(wants, list | tuple) and all(isinstance(one, str) and one in PHONE_IS for one in wants)


def fits_names(pattern: str) -> bool:
    """Whether host names can be made by this pattern (RFC 1123: letters, digits, -, at most 63)."""
    if not _PATTERN.fullmatch(pattern):
        return False
    made = pattern.format(n=1)
    return len(made) <= LONGEST_NAME and not made.endswith("-")


def order(spec: ProfileSpec) -> dict[str, tuple[str, ...]]:
    """Which steps each step needs, by key; parts follow each other whole. Refuses unknown needs and loops."""
    needs: dict[str, tuple[str, ...]] = {}
    before: tuple[str, ...] = ()
    part = Phase.WORK
    for phase, step in spec.all_steps:
        if phase is not part:
            part, before = phase, ()
        needs[step.key] = before if step.needs is None else step.needs
        before = (step.key,)
    for key, given in needs.items():
        unknown = [name for name in given if name not in needs]
        if unknown:
            raise ProfileBroken(name=spec.name, reason=Words(UNKNOWN_NEED, {"step": key, "need": unknown[0]}))
    _without_loops(spec.name, needs)
    return needs


def _without_loops(name: str, needs: dict[str, tuple[str, ...]]) -> None:
    left = {key: set(given) for key, given in needs.items()}
    while left:
        free = {key for key, given in left.items() if not given}
        if not free:
            raise ProfileBroken(name=name, reason=Words(LOOP, {"steps": ", ".join(sorted(left))}))
        left = {key: given - free for key, given in left.items() if key not in free}
