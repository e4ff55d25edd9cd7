"""Looks at a recipe from outside, trusting nothing, and takes a copy of what may be read."""

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from kitto.kitting.adapters.publishing.findings import Finding, found

MOST_FILES: Final = 500
MOST_BYTES: Final = 32 * 1024 * 1024
MOST_YAML: Final = 256 * 1024
MOST_DEPTH: Final = 8
TEXTS: Final = (".yml", ".yaml", ".j2", ".md")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")
# What Ansible would load as programs, or read as settings, from beside a playbook.
_PROGRAMS: Final = frozenset({"library", "module_utils", "collections", "ansible_collections"})
_SETTINGS: Final = frozenset({"group_vars", "host_vars", "ansible.cfg", "inventory", "requirements.yml"})


def survey(folder: Path, copy: Path) -> list[Finding]:
    """Copy the recipe into `copy`; what must not be there is named and left out. Follows no link."""
    if folder.is_symlink() or not folder.is_dir():
        return [found("folder_missing", what=folder.name)]
    findings: list[Finding] = []
    files = size = 0
    copy.mkdir(mode=0o700)
    for path in _walk(folder, findings, folder):
        name = path.relative_to(folder).as_posix()
        try:
            content, runs = _content(path)
        except OSError:
            findings.append(found("no_plain_file", name))
            continue
        files, size = files + 1, size + len(content)
        limit = MOST_YAML if path.suffix in TEXTS else MOST_BYTES
        if files > MOST_FILES or size > MOST_BYTES or len(content) > limit:
            findings.append(found("too_large", name, what=_limits()))
            return findings
        target = copy / name
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        target.write_bytes(content)
        target.chmod(0o700 if runs else 0o600)
    return findings


def _walk(folder: Path, findings: list[Finding], top: Path) -> Iterator[Path]:
    depth = len(folder.relative_to(top).parts)
    for number, entry in enumerate(sorted(os.scandir(folder), key=lambda entry: entry.name)):
        path = Path(entry.path)
        name = path.relative_to(top).as_posix()
        if number > MOST_FILES or depth > MOST_DEPTH:
            findings.append(found("too_large", name, what=_limits()))
            return
        if wrong := _wrong(entry, name):
            findings.append(wrong)
        elif entry.is_dir(follow_symlinks=False):
            yield from _walk(path, findings, top)
        else:
            yield path


def _wrong(entry: os.DirEntry[str], name: str) -> Finding | None:
    """Why this entry cannot be part of a recipe."""
    if entry.is_symlink():
        return found("link_inside", name)
    if not entry.is_dir(follow_symlinks=False) and not entry.is_file(follow_symlinks=False):
        return found("no_plain_file", name)
    if entry.name in _SETTINGS:
        return found("settings_inside", name)
    if entry.name in _PROGRAMS or entry.name.endswith(("_plugins", ".py", ".pyc", ".so")):
        return found("program_inside", name)
    if not _NAME.fullmatch(entry.name):
        return found("name_strange", name, what=ascii(entry.name)[:100])
    return None


def _content(path: Path) -> tuple[bytes, bool]:
    """The bytes of a plain file, never more than is allowed, and whether it may be run."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as file:
        state = os.fstat(handle)
        if not stat.S_ISREG(state.st_mode):
            raise OSError(path)
        return file.read(MOST_BYTES + 1), bool(state.st_mode & 0o100)


def _limits() -> str:
    megabytes = MOST_BYTES // 1024 // 1024
    return f"{MOST_FILES} files, {megabytes} MB, {MOST_YAML // 1024} kB of text in one file"
