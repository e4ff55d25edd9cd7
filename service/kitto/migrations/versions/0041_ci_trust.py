"""CI trust: rules by which id-tokens of CI systems are exchanged, and which were.

It keeps the previous release working: add, fill, switch, and remove only in a later release.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

import kitto.base.db

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "used_id_token",
        sa.Column("mark", sa.String(), nullable=False),
        sa.Column("expires_at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("mark", name=op.f("pk_used_id_token")),
    )
    with op.batch_alter_table("used_id_token", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_used_id_token_expires_at"), ["expires_at"], unique=False)

    op.create_table(
        "ci_trust",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("audience", sa.String(), nullable=False),
        sa.Column("jwks_url", sa.String(), nullable=False),
        sa.Column(
            "pins",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "permissions",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "scope_kind",
            sa.Enum("department", "project", "site", name="scopekind", native_enum=False, length=32),
            nullable=True,
        ),
        sa.Column("scope_id", sa.String(), nullable=True),
        sa.Column("tag_prefix", sa.String(), nullable=False),
        sa.Column(
            "categories",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
            nullable=False,
        ),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("quota", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("made_at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("ended_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("used_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_ci_trust_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ci_trust")),
    )
    with op.batch_alter_table("ci_trust", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ci_trust_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_ci_trust_issuer"), ["issuer"], unique=False)

    with op.batch_alter_table("api_token", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("trust_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.add_column(
            sa.Column(
                "inventory",
                sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
                nullable=True,
            )
        )
        batch_op.create_index(batch_op.f("ix_api_token_trust_id"), ["trust_id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_api_token_trust_id_ci_trust"), "ci_trust", ["trust_id"], ["id"]
        )


def downgrade() -> None:
    with op.batch_alter_table("api_token", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_api_token_trust_id_ci_trust"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_api_token_trust_id"))
        batch_op.drop_column("inventory")
        batch_op.drop_column("trust_id")

    with op.batch_alter_table("ci_trust", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ci_trust_issuer"))
        batch_op.drop_index(batch_op.f("ix_ci_trust_account_id"))

    op.drop_table("ci_trust")
    with op.batch_alter_table("used_id_token", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_used_id_token_expires_at"))

    op.drop_table("used_id_token")
