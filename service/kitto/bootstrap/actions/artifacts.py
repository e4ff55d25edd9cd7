"""Making the file for a fresh machine, and taking it back."""

from datetime import timedelta

from kitto.assets import queries as assets
from kitto.assets.models import Asset
from kitto.assets.rules import normalised
from kitto.base.ids import digest, new_token
from kitto.base.settings import settings
from kitto.base.work import Work
from kitto.bootstrap import queries
from kitto.bootstrap.adapters import certificates, files
from kitto.bootstrap.facts import ArtifactMade, ArtifactRevoked
from kitto.bootstrap.models import BootstrapToken
from kitto.bootstrap.rules.artifacts import Artifact, Order, places_of, server_of
from kitto.bootstrap.rules.refusals import LifeTooLong, SerialNeeded
from kitto.bootstrap.rules.states import ACCOUNT, LONGEST_LIFE, USUAL_LIFE, ArtifactKind
from kitto.identity.rules import Permission


def make_artifact(
    work: Work, *, tag: str, kind: ArtifactKind, lifetime: timedelta = USUAL_LIFE
) -> tuple[BootstrapToken, Artifact]:
    """The file for one machine, for people; see `artifact`."""
    work.allow(Permission.KIT)
    asset = assets.locked(work, tag)
    work.allow(Permission.KIT, asset.scopes)
    made = artifact(work, asset, kind, lifetime)
    return queries.token(work, made.token_id), made


def artifact(work: Work, asset: Asset, kind: ArtifactKind, lifetime: timedelta = USUAL_LIFE) -> Artifact:
    """One file that lets this very device call back once; only the digest of its token is kept.

    Refuses a device without serial number, and a Kitto that cannot be reached safely.
    """
    work.allow(Permission.KIT)
    if lifetime > LONGEST_LIFE:
        raise LifeTooLong(days=LONGEST_LIFE.days)
    if not asset.serial:
        raise SerialNeeded(tag=asset.name)
    text = new_token()
    order = order_for(asset, text)
    token = work.add(
        BootstrapToken(
            asset=asset,
            kind=kind,
            digest=digest(text),
            serial=normalised(asset.serial),
            made_by=work.actor.name,
            made_at=work.now,
            expires_at=work.now + lifetime,
            used_at=None,
            used_from="",
            finished_at=None,
            revoked_at=None,
            revoked_by="",
            wrong_serials=[],
            locked_at=None,
            returns=[],
        )
    )
    work.record(ArtifactMade(asset_id=asset.id, tag=asset.name, token_id=token.id, artifact=kind))
    return files.artifact(kind, order, token_id=token.id)


def order_for(asset: Asset, token: str) -> Order:
    """What the machine is told. Refuses when Kitto's own address is not fit for it."""
    own = settings()
    server = server_of(own.public_url())
    return Order(
        server=server,
        token=token,
        tag=asset.name,
        account=ACCOUNT,
        places=places_of(own.managed_from, server),
        ca=certificates.trusted(own),
    )


def revoke_artifact(work: Work, *, token_id: int, version: int | None = None) -> BootstrapToken:
    """Let no machine use this file any more. Doing it twice changes nothing."""
    work.allow(Permission.KIT)
    token = queries.locked(work, token_id)
    work.allow(Permission.KIT, token.asset.scopes)
    work.expect(token, version)
    if token.revoked_at is None:
        token.revoked_at, token.revoked_by = work.now, work.actor.name
        work.record(ArtifactRevoked(asset_id=token.asset_id, tag=token.asset.name, token_id=token.id))
    return token
