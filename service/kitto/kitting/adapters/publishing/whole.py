"""A recipe from top to bottom."""

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from kitto.base.settings import settings
from kitto.kitting.adapters.content import content_of
from kitto.kitting.adapters.publishing.asking import Asking, can_be_contained, lint_program
from kitto.kitting.adapters.publishing.books import Book, Gatherer
from kitto.kitting.adapters.publishing.causes import look_at_messages, look_at_words
from kitto.kitting.adapters.publishing.findings import Finding, Report, found
from kitto.kitting.adapters.publishing.manners import look_at_collections, look_at_manners
from kitto.kitting.adapters.publishing.profile import (
    FILE,
    Profile,
    inside,
    look_at_profile,
    parameter_line,
    properties,
    step_line,
)
from kitto.kitting.adapters.publishing.reading import Fields, read
from kitto.kitting.adapters.publishing.secrets import look_at_hiding, look_at_secrets
from kitto.kitting.adapters.publishing.survey import survey
from kitto.kitting.adapters.publishing.variables import look_at_variables
from kitto.kitting.rules.profiles import StepSpec

# After these, Ansible is not asked: it would read what is not part of the recipe, or nothing at all.
_STOPS: Final = frozenset(
    {"folder_missing", "too_large", "yaml_alias", "yaml_deep", "import_computed", "import_missing"}
    | {"program_inside", "settings_inside", "profile_missing", "yaml_broken"}
)


def check(folder: Path, *, name: str = "", ask_ansible: bool = True) -> Report:
    """Look at a recipe before it may be used; takes seconds, or half a minute with ansible-lint.

    `name` is what the profile must be called, where the folder has another name. Changes nothing; the
    report's `content` is `content_of` the folder as it was read.
    """
    findings: list[Finding] = []
    asked: tuple[str, ...] = ()
    with tempfile.TemporaryDirectory(prefix="kitto-check-") as scratch:
        copy = Path(scratch) / "recipe"
        findings.extend(survey(folder, copy))
        content = content_of(copy) if copy.is_dir() else ""
        books = _look(copy, name or folder.resolve().name, findings) if copy.is_dir() else []
        if ask_ansible and copy.is_dir() and not any(finding.code in _STOPS for finding in findings):
            own = settings()
            asked = Asking(
                scratch=Path(scratch),
                name=copy.name,
                plugins=own.shipped("inventories") / "plugins",
                collections=own.collections(),
                lint=lint_program(),
                contained=can_be_contained(),
            ).look(books, findings)
    return Report(content=content, findings=_in_order(findings), asked=asked)


def _look(copy: Path, name: str, findings: list[Finding]) -> list[str]:
    """All that can be seen without Ansible; the names of the playbooks."""
    profile = look_at_profile(copy, name, findings)
    if profile is None:
        return []
    steps: dict[str, list[StepSpec]] = {path.name: [] for path in copy.glob("*.yml") if path.name != FILE}
    for book, step in profile.plays:
        if inside(copy, book):
            steps.setdefault(book, []).append(step)
    used: set[str] = set()
    look_at_words(profile, _line_of_causes(copy), findings)
    for book in sorted(steps):
        used |= _look_at_book(copy, Gatherer(copy, findings).book(book), profile, steps[book], findings)
    _look_at_use(copy, profile, used, findings)
    return sorted(steps)


def _look_at_book(
    copy: Path, book: Book, profile: Profile, steps: list[StepSpec], findings: list[Finding]
) -> set[str]:
    own = settings()
    look_at_manners(book, copy, _machines(own.shipped("playbooks")), findings)
    look_at_collections(book, own.collections(), findings)
    for play in book.plays:
        findings.extend(look_at_hiding(play, copy))
    # A book that no step runs shows the whole; it may use what any step has.
    files = {name for step in steps or [step for _, step in profile.plays] for name in step.files}
    declared = set.intersection(*(set(step.secrets) for step in steps)) if steps else None
    look_at_messages(book, copy, profile, findings)
    used = look_at_variables(book, copy, profile.parameters | files, findings)
    read_here = look_at_secrets(book, copy, declared, findings)
    for step in steps:
        line = step_line(_written(copy), step.key)
        unread = _unread(step, read_here) if book.name == step.playbook else []
        findings.extend(found("secret_unused", FILE, line, n) for n in unread)
        findings.extend(
            found("file_unused", FILE, line, n)
            for n in step.files
            if n not in used and book.name == step.playbook
        )
    return used


def _unread(step: StepSpec, read_here: set[str]) -> list[str]:
    # What sudo gets is read by Ansible itself.
    return [name for name in step.secrets if name not in read_here and name != "become_password"]


def _written(copy: Path) -> object:
    return read(copy, FILE, [])


def _look_at_use(copy: Path, profile: Profile, used: set[str], findings: list[Finding]) -> None:
    """Parameters that no play uses and no step of another kind names. Those of a base, or of a recipe that
    lends its plays, are that one's affair."""
    spec = profile.written
    said = " ".join(str(step) for _, step in profile.whole.all_steps)
    findings.extend(
        found("parameter_unused", FILE, parameter_line(_written(copy), name), name)
        for name in properties(spec)
        if name not in used | profile.inherited | profile.borrowed and name not in said
    )


def _line_of_causes(copy: Path) -> int:
    written = _written(copy)
    return written.line_of("causes") if isinstance(written, Fields) else 0


def _machines(shipped: Path) -> set[bytes]:
    return {path.read_bytes() for path in shipped.glob("*/tasks/right_machine.yml")}


def _in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """By file and line, each once."""
    once = {(f.file, f.line, f.code, str(sorted(f.names.items()))): f for f in findings}
    return tuple(once[key] for key in sorted(once))
