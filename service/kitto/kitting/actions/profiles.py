"""Publishing profiles, and freezing what they are at this moment into a version that never changes."""

import hashlib
import json
from typing import Any

import jsonschema
import msgspec
from sqlalchemy import select

from kitto.base.facts import plain
from kitto.base.work import Work
from kitto.identity.rules import Permission
from kitto.kitting import offer, queries
from kitto.kitting.actions.checks import ask_ansible, look, refuse_unfit
from kitto.kitting.adapters import recipes
from kitto.kitting.facts import ProfilePublished, ProfileRetired
from kitto.kitting.models import KitProfile, KitProfileVersion
from kitto.kitting.rules.inheritance import resolved
from kitto.kitting.rules.profiles import ProfileSpec
from kitto.kitting.rules.refusals import ParameterWrong, ProfileChanged, ProfileNameTaken, ProfileUnknown


def frozen(work: Work, name: str) -> KitProfileVersion:
    """The version of a profile as it is now, made if it is new; its recipes are copied aside. Idempotent.

    Refuses an unknown, retired or broken profile.
    """
    work.allow(Permission.KIT)
    spec = offer.spec_of(work, name)
    contents = {recipe: recipes.keep(recipe) for recipe in spec.recipes}
    definition = msgspec.to_builtins(spec)
    content = content_hash(definition, contents)
    known = work.session.scalar(select(KitProfileVersion).where(KitProfileVersion.content == content))
    if known is not None:
        return known
    profile = _row(work, spec)
    version = work.add(
        KitProfileVersion(
            profile_id=profile.id,
            name=spec.name,
            number=queries.newest_number(work, profile.id) + 1,
            content=content,
            definition=definition,
            recipes=contents,
            made_at=work.now,
            made_by=work.actor.name,
        )
    )
    work.record(
        ProfilePublished(
            profile_id=profile.id, name=spec.name, number=version.number, content=version.content
        )
    )
    return version


def content_hash(definition: dict[str, Any], contents: dict[str, str]) -> str:
    """SHA-256 over the resolved definition and the hash of each recipe, as sorted JSON; 64 hex digits."""
    whole = json.dumps([definition, contents], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(whole.encode()).hexdigest()


def publish(work: Work, *, source: dict[str, Any]) -> KitProfileVersion:
    """Publish a profile that was written here (a department's or a role's, built on a recipe's).

    The same source again changes nothing. Refuses what is broken, and the name of a recipe folder.
    """
    work.allow(Permission.MANAGE_MASTERS)
    spec = recipes.from_plain(str(source.get("name", ""))[:64], source)
    if recipes.has(spec.name):
        raise ProfileNameTaken(name=spec.name)
    resolved(spec.name, lambda name: spec if name == spec.name else offer.written(work, name))
    known = queries.profile_row(work, spec.name)
    if known is None:
        known = _row(work, spec)
    known.source, known.retired_at = msgspec.to_builtins(spec), None
    work.session.flush()  # what is frozen next is read from the row
    return publish_recipe(work, name=spec.name)


def publish_recipe(work: Work, *, name: str) -> KitProfileVersion:
    """Publish a profile as it is now, after a look at every recipe it uses. Idempotent for the same content.

    Refuses profile_rejected; Ansible's opinion follows in the background, and stands on the version.
    """
    work.allow(Permission.KIT)
    work.unrecorded("the version that comes of it is recorded")
    look(work, offer.spec_of(work, name))
    version = frozen(work, name)
    ask_ansible(work, version)
    return version


def published(work: Work, name: str) -> KitProfileVersion:
    """The version that kits start with: the newest one, if the profile is still what it was then.

    One that was never published is frozen now, if its plays can be read at all; its version says that nobody
    has looked further.
    Refuses profile_changed, profile_rejected, recipe_unfit, recipe_unanswered.
    """
    work.allow(Permission.KIT)
    known = queries.versions(work, name)
    if not known:
        look(work, offer.spec_of(work, name), thorough=False)
        return frozen(work, name)
    spec = offer.spec_of(work, name)
    contents = {recipe: recipes.keep(recipe) for recipe in spec.recipes}
    # What a newer release adds to profiles changes their hash, and nothing of what they say.
    if spec_of_version(known[0]) != spec or known[0].recipes != contents:
        raise ProfileChanged(name=name, number=known[0].number)
    refuse_unfit(work, known[0])
    return known[0]


def retire_profile(work: Work, *, name: str) -> KitProfile:
    """Offer a profile no longer; kits that run go on with what they froze. Idempotent."""
    work.allow(Permission.MANAGE_MASTERS)
    row = queries.profile_row(work, name)
    if row is None:
        row = _row(work, offer.spec_of(work, name))
    if row.retired_at is None:
        row.retired_at = work.now
        work.record(ProfileRetired(profile_id=row.id, name=row.name))
    return row


def _row(work: Work, spec: ProfileSpec) -> KitProfile:
    known = queries.profile_row(work, spec.name)
    if known is not None:
        return known
    return work.add(
        KitProfile(name=spec.name, source=None, retired_at=None, made_at=work.now, made_by=work.actor.name)
    )


def fitting(spec: ProfileSpec, given: dict[str, Any]) -> dict[str, Any]:
    """The given values over the defaults, checked against the profile's schema. Refuses parameter_wrong."""
    known = spec.parameters.get("properties", {})
    merged = {name: item["default"] for name, item in known.items() if "default" in item} | given
    strict = {"type": "object", "additionalProperties": False} | spec.parameters
    try:
        jsonschema.validate(merged, strict, cls=jsonschema.Draft202012Validator)
    except jsonschema.ValidationError as wrong:
        name = ".".join(str(part) for part in wrong.absolute_path) or spec.name
        raise ParameterWrong(name=name, reason=wrong.message[:300]) from wrong
    found: dict[str, Any] = plain(merged)
    return found


def spec_of_version(version: KitProfileVersion) -> ProfileSpec:
    """What a frozen version says."""
    if not version.definition:
        raise ProfileUnknown(name=version.name)
    return recipes.from_plain(version.name, version.definition)
