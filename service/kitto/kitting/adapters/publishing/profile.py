"""The profile of a recipe: its form, its schema, and whether what it names is there."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import jsonschema
import msgspec
from jsonschema.exceptions import SchemaError

from kitto.base.errors import Refusal
from kitto.kitting.adapters import recipes
from kitto.kitting.adapters.publishing.findings import Finding, found
from kitto.kitting.adapters.publishing.reading import Fields, Items, Unreadable, line_of, read
from kitto.kitting.rules.inheritance import resolved
from kitto.kitting.rules.profiles import ProfileSpec, StepSpec

FILE: Final = "profile.yml"
PAPERS: Final = "README.md"
_AT: Final = re.compile(r" - at `\$([^`]*)`$")
_PART: Final = re.compile(r"\.([A-Za-z0-9_-]+)|\[(\d+)\]")


@dataclass(frozen=True)
class Profile:
    """A profile as its folder says it, and with all that it extends."""

    written: ProfileSpec
    whole: ProfileSpec
    inherited: frozenset[str] = frozenset()
    """Parameters of what it extends."""
    borrowed: frozenset[str] = frozenset()
    """Parameters of the other recipes whose plays it has as steps."""

    @property
    def plays(self) -> list[tuple[str, StepSpec]]:
        """The playbooks of this folder, each with a step that runs it, or runs it to verify."""
        own = [s for _, s in self.written.all_steps if s.recipe in ("", self.written.name)]
        books = [(step.playbook, step) for step in own] + [(step.verify, step) for step in own]
        return [(book, step) for book, step in books if book]

    @property
    def parameters(self) -> set[str]:
        """Names of all parameters, inherited ones too."""
        return set(properties(self.whole))


def look_at_profile(folder: Path, name: str, findings: list[Finding]) -> Profile | None:
    """Find what is wrong with the profile; the profile itself if it can be read."""
    if not (folder / FILE).is_file():
        findings.append(found("profile_missing", FILE))
        return None
    written: Any = None
    try:
        written = read(folder, FILE, findings)
        spec = msgspec.yaml.decode((folder / FILE).read_bytes(), type=ProfileSpec)
        whole = resolved(spec.name, lambda known: spec if known == spec.name else recipes.written(known))
    except Unreadable as wrong:
        findings.append(wrong.finding)
        return None
    except Refusal as broken:  # what it extends may be broken, or not be there
        said = broken.names.get("reason", broken.sentence("en"))
        findings.append(found("profile_wrong", FILE, 0, said))
        return None
    except msgspec.DecodeError as wrong:
        said = str(wrong)
        findings.append(found("profile_wrong", FILE, _line(written, said), _AT.sub("", said)))
        return None
    if spec.name != name:
        findings.append(found("profile_name", FILE, written.line_of("name"), spec.name))
    _look_at_parameters(spec, written, findings)
    _look_at_steps(folder, spec, written, findings)
    _look_at_papers(folder, spec, findings)
    base = properties(resolved(spec.extends, recipes.written)) if spec.extends else {}
    others = [one for one in spec.recipes if one != spec.name and recipes.has(one)]
    lent = [properties(recipes.written(one)) for one in others]
    return Profile(written=spec, whole=whole, inherited=frozenset(base), borrowed=frozenset().union(*lent))


def _line(written: object, said: str) -> int:
    """The line of the place that msgspec names at the end of what it says."""
    at = _AT.search(said)
    line, here = 1, written
    for part in _PART.finditer(at[1] if at else ""):
        if isinstance(here, Fields) and part[1] in here:
            line, here = here.line_of(part[1]), here[part[1]]
        elif isinstance(here, Items) and part[2] and int(part[2]) < len(here):
            here = here[int(part[2])]
            line = line_of(here, line)
        else:
            break
    return line


def _look_at_parameters(spec: ProfileSpec, written: Fields, findings: list[Finding]) -> None:
    line = written.line_of("parameters")
    foreign = sorted(_references(spec.parameters))
    if foreign:
        findings.append(found("parameters_fetch", FILE, line, foreign[0]))
        return
    try:
        jsonschema.Draft202012Validator.check_schema(spec.parameters)
    except SchemaError as wrong:
        findings.append(found("parameters_wrong", FILE, line, wrong.message))
        return
    for name, schema in properties(spec).items():
        if not isinstance(schema, dict) or "default" not in schema:
            continue
        validator = jsonschema.Draft202012Validator(schema)
        if not validator.is_valid(schema["default"]):
            findings.append(found("default_wrong", FILE, parameter_line(written, name), name))


def properties(spec: ProfileSpec) -> dict[str, Any]:
    """The parameters by name."""
    known = spec.parameters.get("properties", {})
    return known if isinstance(known, dict) else {}


def parameter_line(written: object, name: str) -> int:
    """The line of a parameter in profile.yml."""
    parameters = written.get("parameters") if isinstance(written, Fields) else None
    known = parameters.get("properties") if isinstance(parameters, Fields) else None
    return known.line_of(name) if isinstance(known, Fields) else 0


def _references(schema: object) -> set[str]:
    """What the schema would have to fetch from elsewhere."""
    foreign: set[str] = set()
    if isinstance(schema, dict):
        for key in ("$ref", "$dynamicRef", "$schema", "$id"):
            value = schema.get(key)
            if isinstance(value, str) and not value.startswith("#"):
                foreign.add(value)
    inner = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ()
    for value in inner:
        foreign |= _references(value)
    return foreign


def _look_at_steps(folder: Path, spec: ProfileSpec, written: Fields, findings: list[Finding]) -> None:
    for book, step in Profile(spec, spec).plays:
        if not inside(folder, book):
            findings.append(found("playbook_missing", FILE, step_line(written, step.key), book))


def step_line(written: object, key: str) -> int:
    """The line of a step in profile.yml."""
    parts = (
        [written.get(part) for part in ("steps", "acceptance", "handover")]
        if isinstance(written, Fields)
        else []
    )
    every = (step for part in parts if isinstance(part, Items) for step in part if isinstance(step, Fields))
    return next((step.line for step in every if step.get("key") == key), 0)


def inside(folder: Path, name: str) -> bool:
    """True if this names a file of the recipe."""
    path = (folder / name).resolve()
    return path.is_file() and path.is_relative_to(folder.resolve())


def _look_at_papers(folder: Path, spec: ProfileSpec, findings: list[Finding]) -> None:
    papers = folder / PAPERS
    text = papers.read_text("utf-8", "replace") if papers.is_file() else ""
    if "quality card" not in text.lower():
        findings.append(found("papers_missing", PAPERS))
        return
    findings.extend(
        found("papers_variable", PAPERS, 0, name) for name in properties(spec) if name not in text
    )
