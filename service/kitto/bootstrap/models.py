"""Tables of one-time tokens, of what came back for them, and of the SSH authorities with what they signed."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kitto.assets.models import Asset
from kitto.base.db import Base, Id, words
from kitto.bootstrap.rules.authorities import AuthorityKind
from kitto.bootstrap.rules.states import ArtifactKind, ReturnState, TokenState, Transport


class BootstrapToken(Base):
    """Permission for one machine to call back once; `serial` is what it must report, in normal form."""

    __tablename__ = "bootstrap_token"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    version: Mapped[int] = mapped_column()
    asset_id: Mapped[int] = mapped_column(ForeignKey("asset.id"), index=True)
    kind: Mapped[ArtifactKind] = mapped_column(words(ArtifactKind))
    digest: Mapped[str] = mapped_column(unique=True)
    serial: Mapped[str]
    made_by: Mapped[str]
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    used_from: Mapped[str]
    finished_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[str]
    wrong_serials: Mapped[list[str]]
    locked_at: Mapped[datetime | None]

    asset: Mapped[Asset] = relationship(lazy="joined", innerjoin=True)
    returns: Mapped[list["BootstrapReturn"]] = relationship(
        lazy="selectin", order_by="BootstrapReturn.id", back_populates="token"
    )
    __mapper_args__ = {"version_id_col": version}

    def state(self, now: datetime) -> TokenState:
        """How far it has come. A machine that called in time may finish after the token's end."""
        if self.revoked_at is not None:
            return TokenState.REVOKED
        if self.finished_at is not None:
            return TokenState.FINISHED
        if self.locked_at is not None:
            return TokenState.LOCKED
        if self.used_at is not None:
            return TokenState.CALLED
        return TokenState.EXPIRED if self.expires_at <= now else TokenState.OPEN


class BootstrapReturn(Base):
    """What one machine said when it called. `source` is where the call came from: a hint, no identity."""

    __tablename__ = "bootstrap_return"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    version: Mapped[int] = mapped_column()
    token_id: Mapped[int] = mapped_column(ForeignKey("bootstrap_token.id"))
    state: Mapped[ReturnState] = mapped_column(words(ReturnState))
    transport: Mapped[Transport] = mapped_column(words(Transport))
    address: Mapped[str]
    port: Mapped[int]
    account: Mapped[str]
    source: Mapped[str]
    serial: Mapped[str]
    uuid: Mapped[str]
    hostname: Mapped[str]
    system: Mapped[str]
    key: Mapped[str] = mapped_column(Text)
    fingerprint: Mapped[str]
    host_certificate: Mapped[str] = mapped_column(Text)
    enrolment_sealed: Mapped[str] = mapped_column(Text)
    password_sealed: Mapped[str] = mapped_column(Text)
    password_shown_at: Mapped[datetime | None]
    password_shown_to: Mapped[str]
    agent: Mapped[str]
    closed: Mapped[list[str]]
    said_at: Mapped[datetime]
    decided_by: Mapped[str]
    decided_at: Mapped[datetime | None]

    token: Mapped[BootstrapToken] = relationship(lazy="joined", innerjoin=True, back_populates="returns")
    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        UniqueConstraint("token_id", "fingerprint"),
        Index("ix_bootstrap_return_state", "state"),
    )


class SshAuthority(Base):
    """A key by which Kitto vouches for users or for hosts; the private half is sealed."""

    __tablename__ = "ssh_authority"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    kind: Mapped[AuthorityKind] = mapped_column(words(AuthorityKind))
    public: Mapped[str] = mapped_column(Text)
    private_sealed: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        Index(
            "uq_ssh_authority_live",
            "kind",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )


class SshCertificate(Base):
    """One certificate that an authority has signed; `serial` is the number in it."""

    __tablename__ = "ssh_certificate"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    authority_id: Mapped[int] = mapped_column(ForeignKey("ssh_authority.id"))
    asset_id: Mapped[int] = mapped_column(ForeignKey("asset.id"), index=True)
    serial: Mapped[int] = mapped_column(Id)
    name: Mapped[str]
    signed_at: Mapped[datetime]
    valid_until: Mapped[datetime]
    revoked_at: Mapped[datetime | None] = mapped_column(index=True)
    revoked_by: Mapped[str]

    authority: Mapped[SshAuthority] = relationship(lazy="joined", innerjoin=True)
    __table_args__ = (Index("ix_ssh_certificate_serial", "authority_id", "serial"),)
