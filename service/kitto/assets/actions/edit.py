"""Changing what the ledger says of a device."""

from dataclasses import dataclass, fields
from datetime import date
from typing import Any, Final

from kitto.assets.actions.naming import index_text, name
from kitto.assets.facts import (
    AssetChanged,
    AssetCorrected,
    IdentifierAdded,
    IdentifierEnded,
)
from kitto.assets.models import Asset, Identifier
from kitto.assets.queries import custody_of, identifiers_of, locked, must_be_there
from kitto.assets.rules import HELD, TERMINAL, Condition, IdentifierKind, Ownership, State
from kitto.base.errors import NotFound, Refusal
from kitto.base.i18n import N_, Words
from kitto.base.work import Work
from kitto.identity.rules import Permission


class _Unset:
    """Says that a field stays as it is."""


UNSET: Final = _Unset()


@dataclass(frozen=True, kw_only=True)
class Changes:
    """The fields that people may change; UNSET ones stay."""

    condition: Condition | _Unset = UNSET
    ownership: Ownership | _Unset = UNSET
    department_id: int | _Unset | None = UNSET
    project_id: int | _Unset | None = UNSET
    location_id: int | _Unset | None = UNSET
    hostname: str | _Unset | None = UNSET
    order_no: str | _Unset = UNSET
    price: int | _Unset | None = UNSET
    warranty_until: date | _Unset | None = UNSET
    accessories: list[str] | _Unset = UNSET
    note: str | _Unset = UNSET


class CorrectionRefused(Refusal):
    code = "assets.correction_refused"
    says = N_("Not corrected: {tag} cannot become {state} by hand. Use the proper step.")


class ReasonNeeded(Refusal):
    code = "assets.reason_needed"
    status = 422
    says = N_("Not corrected: say why in a sentence; it stays in the journal.")


class TagStays(Refusal):
    code = "assets.tag_stays"
    status = 422
    says = N_("Nothing was changed: tag and serial number keep their place. Use a correction instead.")


def change_asset(work: Work, *, tag: str, changes: Changes, version: int | None) -> Asset:
    """Change fields. Nothing is recorded if nothing differs."""
    work.allow(Permission.EDIT_ASSETS)
    asset = locked(work, tag)
    work.allow(Permission.EDIT_ASSETS, asset.scopes)
    work.expect(asset, version)
    wanted = {name: getattr(changes, name) for name in ("department_id", "project_id", "location_id")}
    must_be_there(work, **{name: key for name, key in wanted.items() if not isinstance(key, _Unset)})
    made: dict[str, tuple[Any, Any]] = {}
    for item in fields(changes):
        value = getattr(changes, item.name)
        if not isinstance(value, _Unset) and getattr(asset, item.name) != value:
            made[item.name] = (getattr(asset, item.name), value)
            setattr(asset, item.name, value)
    if made:
        # Moving a device out of one's own reach is not a change but a loss.
        work.allow(Permission.EDIT_ASSETS, asset.scopes)
        asset.changed_at = work.now
        index_text(work, asset)
        work.record(AssetChanged(asset_id=asset.id, tag=asset.name, changes=made))
    return asset


def add_identifier(work: Work, *, tag: str, kind: IdentifierKind, value: str) -> Identifier:
    """Let a device be known by one more identifier."""
    work.allow(Permission.EDIT_ASSETS)
    asset = locked(work, tag)
    work.allow(Permission.EDIT_ASSETS, asset.scopes)
    made = name(work, asset, kind, value)
    if kind is IdentifierKind.SERIAL and not asset.serial:
        asset.serial = made.raw
    asset.changed_at = work.now
    index_text(work, asset)
    work.record(IdentifierAdded(asset_id=asset.id, tag=asset.name, identifier_kind=kind, identifier=made.raw))
    return made


def end_identifier(work: Work, *, tag: str, identifier_id: int) -> None:
    """A device is no longer known by this; the record of it stays."""
    work.allow(Permission.EDIT_ASSETS)
    asset = locked(work, tag)
    work.allow(Permission.EDIT_ASSETS, asset.scopes)
    found = next((i for i in identifiers_of(work, asset.id) if i.id == identifier_id), None)
    if found is None or found.ended_at is not None:
        raise NotFound(thing=Words(N_("identifier")), key=str(identifier_id))
    if found.kind is IdentifierKind.TAG:
        raise TagStays
    found.ended_at = work.now
    if found.kind is IdentifierKind.SERIAL and asset.serial == found.raw:
        asset.serial = None
    asset.changed_at = work.now
    work.session.flush()  # the search text reads the live identifiers
    index_text(work, asset)
    work.record(
        IdentifierEnded(asset_id=asset.id, tag=asset.name, identifier_kind=found.kind, identifier=found.raw)
    )


def correct_state(work: Work, *, tag: str, state: State, reason: str, version: int | None = None) -> Asset:
    """An administrator sets a wrong state right; it stays red in the history.

    Refuses terminal states, and states that need a holder when there is none.
    """
    work.allow(Permission.CORRECT)
    asset = locked(work, tag)
    work.expect(asset, version)
    if len(reason.strip()) < 5:  # noqa: PLR2004 -- a word is no reason
        raise ReasonNeeded
    custody = custody_of(work, asset.id)
    if state in TERMINAL or state is State.ORDERED or (state in HELD) != (custody is not None):
        raise CorrectionRefused(tag=asset.name, state=state)
    before, asset.state, asset.state_since = asset.state, state, work.now
    asset.changed_at = work.now
    work.record(
        AssetCorrected(
            asset_id=asset.id, tag=asset.name, reason=reason.strip(), changes={"state": (before, state)}
        )
    )
    return asset
