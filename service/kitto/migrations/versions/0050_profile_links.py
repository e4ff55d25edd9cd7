"""Links that give a profile for a phone out once."""

import sqlalchemy as sa
from alembic import op

import kitto.base.db

revision = "0050"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "profile_link",
        sa.Column("id", kitto.base.db.Id, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("asset_id", kitto.base.db.Id, nullable=True),
        sa.Column("sealed", sa.Text(), nullable=True),
        sa.Column("made_at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("fetched_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_profile_link_asset_id_asset")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_profile_link")),
        sa.UniqueConstraint("digest", name=op.f("uq_profile_link_digest")),
    )
    op.create_index(op.f("ix_profile_link_asset_id"), "profile_link", ["asset_id"])
    op.create_index(op.f("ix_profile_link_expires_at"), "profile_link", ["expires_at"])


def downgrade() -> None:
    op.drop_table("profile_link")
