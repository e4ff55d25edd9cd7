"""One-time tokens of first connections, what came back for them, and the SSH authorities.

Only new tables, so the previous release goes on working.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

import kitto.base.db

revision = "0040"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:

    op.create_table(
        "ssh_authority",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("user", "host", name="authoritykind", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("public", sa.Text(), nullable=False),
        sa.Column("private_sealed", sa.Text(), nullable=False),
        sa.Column("made_at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("ended_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ssh_authority")),
    )
    with op.batch_alter_table("ssh_authority", schema=None) as batch_op:
        batch_op.create_index(
            "uq_ssh_authority_live",
            ["kind"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.create_table(
        "bootstrap_token",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("asset_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "autounattend",
                "windows_package",
                "windows_script",
                "cloud_init",
                "preseed",
                "linux_script",
                "macos",
                name="artifactkind",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("serial", sa.String(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("used_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("used_from", sa.String(), nullable=False),
        sa.Column("finished_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("revoked_by", sa.String(), nullable=False),
        sa.Column(
            "wrong_serials",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
            nullable=False,
        ),
        sa.Column("locked_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_bootstrap_token_asset_id_asset")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bootstrap_token")),
        sa.UniqueConstraint("digest", name=op.f("uq_bootstrap_token_digest")),
    )
    with op.batch_alter_table("bootstrap_token", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_bootstrap_token_asset_id"), ["asset_id"], unique=False)

    op.create_table(
        "ssh_certificate",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("authority_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("asset_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("serial", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("signed_at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("valid_until", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("revoked_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_ssh_certificate_asset_id_asset")),
        sa.ForeignKeyConstraint(
            ["authority_id"], ["ssh_authority.id"], name=op.f("fk_ssh_certificate_authority_id_ssh_authority")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ssh_certificate")),
    )
    with op.batch_alter_table("ssh_certificate", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ssh_certificate_asset_id"), ["asset_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_ssh_certificate_revoked_at"), ["revoked_at"], unique=False)
        batch_op.create_index("ix_ssh_certificate_serial", ["authority_id", "serial"], unique=False)

    op.create_table(
        "bootstrap_return",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("token_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "state",
            sa.Enum("taken", "waiting", "rejected", name="returnstate", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column(
            "transport",
            sa.Enum("ssh", "winrm", name="transport", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("port", sa.Integer(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("serial", sa.String(), nullable=False),
        sa.Column("uuid", sa.String(), nullable=False),
        sa.Column("hostname", sa.String(), nullable=False),
        sa.Column("system", sa.String(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("host_certificate", sa.Text(), nullable=False),
        sa.Column("enrolment_sealed", sa.Text(), nullable=False),
        sa.Column("password_sealed", sa.Text(), nullable=False),
        sa.Column("password_shown_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("password_shown_to", sa.String(), nullable=False),
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column(
            "closed",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
            nullable=False,
        ),
        sa.Column("said_at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("decided_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["token_id"], ["bootstrap_token.id"], name=op.f("fk_bootstrap_return_token_id_bootstrap_token")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bootstrap_return")),
        sa.UniqueConstraint("token_id", "fingerprint", name=op.f("uq_bootstrap_return_token_id_fingerprint")),
    )
    with op.batch_alter_table("bootstrap_return", schema=None) as batch_op:
        batch_op.create_index("ix_bootstrap_return_state", ["state"], unique=False)


def downgrade() -> None:

    with op.batch_alter_table("bootstrap_return", schema=None) as batch_op:
        batch_op.drop_index("ix_bootstrap_return_state")

    op.drop_table("bootstrap_return")
    with op.batch_alter_table("ssh_certificate", schema=None) as batch_op:
        batch_op.drop_index("ix_ssh_certificate_serial")
        batch_op.drop_index(batch_op.f("ix_ssh_certificate_revoked_at"))
        batch_op.drop_index(batch_op.f("ix_ssh_certificate_asset_id"))

    op.drop_table("ssh_certificate")
    with op.batch_alter_table("bootstrap_token", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_bootstrap_token_asset_id"))

    op.drop_table("bootstrap_token")
    with op.batch_alter_table("ssh_authority", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_ssh_authority_live",
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.drop_table("ssh_authority")
