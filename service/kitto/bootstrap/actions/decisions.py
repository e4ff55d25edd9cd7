"""What people decide about keys that machines showed, and the first password, shown once."""

from kitto.assets import actions as assets
from kitto.assets import queries as asset_queries
from kitto.base.seal import Secret, unseal
from kitto.base.work import Work
from kitto.bootstrap import queries
from kitto.bootstrap.facts import KeyAccepted, KeyRefused, PasswordShown
from kitto.bootstrap.models import BootstrapReturn
from kitto.bootstrap.rules.refusals import PasswordGone, ReturnDecided
from kitto.bootstrap.rules.states import ReturnState
from kitto.identity.rules import Permission


def accept_key(work: Work, *, return_id: int, version: int | None = None) -> BootstrapReturn:
    """Believe the new key of a device from now on; the machine, which keeps calling, goes on by itself."""
    found = _waiting(work, return_id, version)
    device = found.token.asset
    found.state = ReturnState.TAKEN
    assets.set_endpoint(
        work,
        tag=device.name,
        kind=found.transport,
        address=found.address,
        port=found.port,
        account=found.account,
        host_key=found.key,
        password=unseal(found.password_sealed) if found.password_sealed else None,
        shown_by_itself=True,
    )
    work.record(
        KeyAccepted(
            asset_id=device.id, tag=device.name, token_id=found.token_id, fingerprint=found.fingerprint
        )
    )
    return found


def reject_key(work: Work, *, return_id: int, version: int | None = None) -> BootstrapReturn:
    """Do not believe the new key; its token works no more."""
    found = _waiting(work, return_id, version)
    found.state = ReturnState.REJECTED
    found.token.revoked_at, found.token.revoked_by = work.now, work.actor.name
    device = found.token.asset
    work.record(
        KeyRefused(
            asset_id=device.id, tag=device.name, token_id=found.token_id, fingerprint=found.fingerprint
        )
    )
    return found


def _waiting(work: Work, return_id: int, version: int | None) -> BootstrapReturn:
    work.allow(Permission.EDIT_ASSETS)
    found = queries.returned(work, return_id)
    work.allow(Permission.EDIT_ASSETS, found.token.asset.scopes)
    work.expect(found, version)
    if found.state is not ReturnState.WAITING:
        raise ReturnDecided
    found.decided_at, found.decided_by = work.now, work.actor.name
    return found


def show_password(work: Work, *, tag: str) -> Secret:
    """The password that the machine made for itself, once. Refuses a second time with password_gone."""
    work.allow(Permission.REVEAL_SECRETS)
    asset = asset_queries.locked(work, tag)
    work.allow(Permission.REVEAL_SECRETS, asset.scopes)
    found = queries.password_of(work, asset.id)
    if found is None or found.password_shown_at is not None:
        raise PasswordGone(tag=asset.name)
    found.password_shown_at, found.password_shown_to = work.now, work.actor.name
    work.record(PasswordShown(asset_id=asset.id, tag=asset.name, token_id=found.token_id))
    return unseal(found.password_sealed)
