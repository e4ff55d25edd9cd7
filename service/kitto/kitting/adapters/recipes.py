"""Kitting recipes on disk: reading profiles, and keeping a copy of exactly what an order uses."""

import shutil
import tempfile
from pathlib import Path

import msgspec

from kitto.base.settings import settings
from kitto.kitting.adapters.content import content_of
from kitto.kitting.rules.profiles import ProfileSpec, checked
from kitto.kitting.rules.refusals import ProfileBroken, ProfileUnknown


def folder_of_recipes() -> Path:
    own = settings()
    return own.playbooks or own.shipped("playbooks")


def profiles() -> list[ProfileSpec]:
    """Every profile that can be used, by name; folders without one, or with a broken one, are left out."""
    found = []
    for path in sorted(folder_of_recipes().glob("*/profile.yml")):
        try:
            found.append(profile(path.parent.name))
        except ProfileBroken:
            continue
    return found


def profile(name: str) -> ProfileSpec:
    """One profile. Refuses an unknown or broken one, saying what is wrong with it."""
    path = folder_of_recipes() / name / "profile.yml"
    if "/" in name or name.startswith(".") or not path.is_file():
        raise ProfileUnknown(name=name[:64])
    try:
        return checked(msgspec.yaml.decode(path.read_bytes(), type=ProfileSpec))
    except msgspec.DecodeError as wrong:
        raise ProfileBroken(name=name, reason=str(wrong)) from wrong


def keep(name: str) -> str:
    """Copy a recipe to where nobody edits it, under the hash of its content; returns the hash.

    Idempotent. A kit that runs keeps its recipe whatever happens to the original.
    """
    source = folder_of_recipes() / name
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
