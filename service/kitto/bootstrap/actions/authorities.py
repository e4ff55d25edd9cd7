"""Kitto's own SSH authorities: made once, sign for runs and for hosts, take back what they signed."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select

from kitto.assets.models import Asset
from kitto.base.seal import seal, unseal
from kitto.base.work import Work
from kitto.bootstrap import queries
from kitto.bootstrap.adapters import certificates
from kitto.bootstrap.facts import AuthorityMade, CertificateSigned, CertificatesRevoked
from kitto.bootstrap.models import SshAuthority, SshCertificate
from kitto.bootstrap.rules.authorities import EARLIER, HOST_LIFE, PRINCIPAL, USUAL_MINUTES, AuthorityKind
from kitto.bootstrap.rules.refusals import CertificateUnknown
from kitto.identity.rules import Permission


def make_authority(work: Work, kind: AuthorityKind) -> SshAuthority:
    """The authority that vouches for users or for hosts, made when it is first needed. Idempotent."""
    work.allow(Permission.KIT)
    known = queries.authority(work, kind)
    if known is not None:
        return known
    public, private = certificates.new_authority()
    made = work.add(
        SshAuthority(
            kind=kind,
            public=f"{public} kitto-{kind}-ca",
            private_sealed=seal(private),
            made_at=work.now,
            ended_at=None,
        )
    )
    work.record(AuthorityMade(authority_id=made.id, authority=kind, public_key=made.public))
    return made


def sign_user_key(
    work: Work,
    *,
    asset: Asset,
    run: str,
    number: int,
    public_key: str,
    minutes: float = USUAL_MINUTES,
) -> str:
    """A certificate with which one run may sign in as `kitto`: its name is the run, its number the run's.

    `minutes`: how long the run may take; it is never good for less than fifteen. No forwarding of any kind.
    """
    work.allow(Permission.KIT)
    life = timedelta(minutes=max(minutes, USUAL_MINUTES))
    return _signed(work, AuthorityKind.USER, asset, run, number, public_key, [PRINCIPAL], life)


def sign_host_key(work: Work, *, asset: Asset, public_key: str, names: Sequence[str]) -> str:
    """A certificate by which others may know the host; good for 52 weeks."""
    work.allow(Permission.KIT)
    number = int(work.now.timestamp() * 1000)
    return _signed(
        work, AuthorityKind.HOST, asset, f"host-{asset.name}", number, public_key, names, HOST_LIFE
    )


def _signed(
    work: Work,
    kind: AuthorityKind,
    asset: Asset,
    name: str,
    number: int,
    public_key: str,
    principals: Sequence[str],
    life: timedelta,
) -> str:
    work.allow(Permission.KIT)
    authority = make_authority(work, kind)
    until: datetime = work.now + life
    line = certificates.sign(
        unseal(authority.private_sealed),
        public_key,
        is_host=kind is AuthorityKind.HOST,
        name=name,
        serial=number,
        principals=principals,
        valid=(work.now - EARLIER, until),
    )
    _note(work, authority, asset, name, number, until)
    return line


def _note(work: Work, authority: SshAuthority, asset: Asset, name: str, number: int, until: datetime) -> None:
    work.add(
        SshCertificate(
            authority_id=authority.id,
            asset_id=asset.id,
            serial=number,
            name=name,
            signed_at=work.now,
            valid_until=until,
            revoked_at=None,
            revoked_by="",
        )
    )
    work.record(
        CertificateSigned(
            asset_id=asset.id,
            tag=asset.name,
            certificate=name,
            authority=authority.kind,
            serial=number,
            valid_until=until.isoformat(),
        )
    )


def revoke_certificates(work: Work, *, kind: AuthorityKind, serial: int, reason: str = "") -> int:
    """Take back every certificate of this number; how many there were. Doing it twice changes nothing.

    Devices learn it by the list they are given. Refuses with bootstrap.certificate_unknown.
    """
    work.allow(Permission.MANAGE_SETTINGS)
    authority = make_authority(work, kind)
    found = work.session.scalars(
        select(SshCertificate).where(
            SshCertificate.authority_id == authority.id, SshCertificate.serial == serial
        )
    ).all()
    if not found:
        raise CertificateUnknown
    fresh = [row for row in found if row.revoked_at is None]
    for row in fresh:
        row.revoked_at, row.revoked_by = work.now, work.actor.name
    if fresh:
        work.record(
            CertificatesRevoked(
                authority_id=authority.id, authority=kind, serial=serial, reason=reason.strip()[:500]
            )
        )
    return len(found)
