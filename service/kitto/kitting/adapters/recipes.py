"""Kitting recipes on disk: reading profiles, and keeping a copy of exactly what an order uses."""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from kitto.base.settings import settings
from kitto.kitting.adapters.content import content_of
from kitto.kitting.rules.profiles import ProfileSpec, Said
from kitto.kitting.rules.refusals import ProfileBroken, ProfileUnknown


def folder_of_recipes() -> Path:
    own = settings()
    return own.playbooks or own.shipped("playbooks")


def names() -> list[str]:
    """Names of the folders that hold a profile."""
    return sorted(path.parent.name for path in folder_of_recipes().glob("*/profile.yml"))


def has(name: str) -> bool:
    """Whether a folder of this name holds a profile."""
    return "/" not in name and not name.startswith(".") and (folder(name) / "profile.yml").is_file()


def written(name: str) -> ProfileSpec:
    """The profile as its folder says it, before what it extends. Refuses an unknown or unreadable one."""
    if not has(name):
        raise ProfileUnknown(name=name[:64])
    return read(name, (folder(name) / "profile.yml").read_bytes())


def read(name: str, text: bytes) -> ProfileSpec:
    """A profile from YAML. Refuses with profile_broken, saying what cannot be read."""
    try:
        return msgspec.yaml.decode(text, type=ProfileSpec)
    except msgspec.DecodeError as wrong:
        raise ProfileBroken(name=name, reason=str(wrong)) from wrong


def from_plain(name: str, given: dict[str, Any]) -> ProfileSpec:
    """A profile from JSON values. Refuses with profile_broken, saying what does not fit."""
    try:
        return msgspec.convert(given, type=ProfileSpec)
    except msgspec.ValidationError as wrong:
        raise ProfileBroken(name=name, reason=str(wrong)) from wrong


def keep(name: str) -> str:
    """Copy a recipe to where nobody edits it, under the hash of its content; returns the hash.

    Idempotent. A kit that runs keeps its recipe whatever happens to the original.
    """
    source = folder(name)
    if not source.is_dir():
        raise ProfileUnknown(name=name[:64])
    content = content_of(source)
    target = kept(content)
    if target.is_dir():
        return content
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        copy = Path(scratch) / "copy"
        shutil.copytree(source, copy)
        if content_of(copy) != content:
            raise ProfileBroken(name=name, reason="it was changed while it was read; try again")
        try:
            copy.rename(target)
        except OSError:
            # Another worker was faster; what it kept has the same hash.
            if not target.is_dir():
                raise
    return content


def kept(content: str) -> Path:
    """Where the recipe with this hash is kept."""
    return settings().data / "recipes" / content


def causes(content: str) -> Mapping[str, tuple[Said, ...]]:
    """What the plays of a kept recipe say when they fail, by code, in both languages.

    Empty where nothing can be read: the plays then speak in their own words.
    """
    try:
        return msgspec.yaml.decode((kept(content) / "profile.yml").read_bytes(), type=_Speaking).causes
    except (OSError, msgspec.DecodeError):
        return {}


class _Speaking(msgspec.Struct, frozen=True):
    causes: dict[str, tuple[Said, ...]] = {}


def folder(name: str) -> Path:
    """Where the recipe of this name is edited."""
    return folder_of_recipes() / name
