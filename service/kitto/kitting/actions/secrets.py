"""Secrets of a device: sealed when they are made, shown once, and each showing is a fact."""

import msgspec
from sqlalchemy import select

from kitto.assets import queries as asset_queries
from kitto.assets.secrets import secret_for
from kitto.base.boxes import open_box
from kitto.base.seal import Secret, seal, unseal
from kitto.base.work import Work
from kitto.identity.rules import Permission
from kitto.kitting import queries
from kitto.kitting.actions.manage import UNDOES
from kitto.kitting.adapters.plays import Kind, PlayEvent
from kitto.kitting.facts import SecretKept, SecretShown
from kitto.kitting.models import Kit, KitSecret
from kitto.kitting.rules.refusals import SecretGone


def keep_secret(work: Work, *, kit: Kit, name: str, value: Secret) -> KitSecret:
    """Seal a secret of the kit's device. The newest of a name counts; the same value changes nothing."""
    work.allow(Permission.KIT)
    known = newest_secret(work, kit.device, name)
    if known is not None and unseal(known.sealed).reveal() == value.reveal():
        return known
    made = work.add(
        KitSecret(
            asset_id=kit.device,
            kit_id=kit.id,
            name=name[:64],
            sealed=seal(value),
            made_at=work.now,
            made_by=work.actor.name,
            shown_at=None,
            shown_to="",
            ended_at=None,
        )
    )
    if known is not None:
        known.ended_at = work.now
    work.record(SecretKept(kit_id=kit.id, asset_id=kit.device, tag=kit.tag, secret=name[:64]))
    return made


def take_handed_in(work: Work, *, kit_id: int, run: str, events: list[PlayEvent]) -> list[PlayEvent]:
    """Seal what a play handed in, and give its events back without the boxes. Idempotent.

    It outlives a cancelled kit: a disk that was encrypted stays encrypted.
    """
    work.allow(Permission.KIT)
    handed_in = [event for event in events if event.kind is Kind.HANDED_IN]
    if not handed_in:
        return events
    seen = queries.attempt(work, run, lock=True).last_seq
    for event in handed_in:
        if event.seq > seen:
            kept = keep_secret(
                work, kit=queries.kit(work, kit_id), name=event.item, value=open_box(event.detail)
            )
            kept.kit_id = None
    return [
        msgspec.structs.replace(event, detail="") if event.kind is Kind.HANDED_IN else event
        for event in events
    ]


def show_secret(work: Work, *, tag: str, name: str) -> Secret:
    """The secret itself, once. Refuses who may not reveal secrets, and a second showing with secret_gone."""
    work.allow(Permission.REVEAL_SECRETS)
    asset = asset_queries.locked(work, tag)
    work.allow(Permission.REVEAL_SECRETS, asset.scopes)
    found = newest_secret(work, asset.id, name)
    if found is None or found.shown_at is not None:
        day = found.shown_at.astimezone(work.actor.zone).date() if found and found.shown_at else ""
        raise SecretGone(name=found.shown_to if found else "-", day=day)
    found.shown_at, found.shown_to = work.now, work.actor.name
    work.record(SecretShown(asset_id=asset.id, tag=asset.name, secret=found.name))
    return unseal(found.sealed)


def device_secret(work: Work, asset_id: int, name: str) -> Secret:
    """The secret a play asks for: the device's own, else made by whoever makes secrets of this name."""
    work.allow(Permission.KIT)
    known = newest_secret(work, asset_id, name)
    return unseal(known.sealed) if known is not None else secret_for(work, name, asset_id)


def newest_secret(work: Work, asset_id: int, name: str) -> KitSecret | None:
    """The secret of this name that counts. A part of actions that have asked."""
    statement = select(KitSecret).where(
        KitSecret.asset_id == asset_id, KitSecret.name == name, KitSecret.ended_at.is_(None)
    )
    return work.session.scalar(statement.order_by(KitSecret.id.desc()).limit(1))


def _forget(work: Work, kit: Kit) -> None:
    """A cancelled kit's generated secrets count no more; they stay, sealed."""
    rows = work.session.scalars(
        select(KitSecret).where(KitSecret.kit_id == kit.id, KitSecret.ended_at.is_(None))
    )
    for row in rows:
        row.ended_at = work.now


UNDOES.append(_forget)
