"""Lines, SIMs, and where these were."""

import sqlalchemy as sa
from alembic import op

import kitto.base.db

revision = "0030"
down_revision = "0010"
branch_labels = None
depends_on = None

OPEN = sa.text("ended_at IS NULL")
LIVE = sa.text("line_id IS NOT NULL AND state <> 'retired'")
NOT_ENDED = sa.text("state <> 'ended'")


def upgrade() -> None:
    op.create_table(
        "phone_line",
        sa.Column("id", kitto.base.db.Id, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("carrier", sa.String(length=64), nullable=False),
        sa.Column("plan", sa.String(length=100), nullable=False),
        sa.Column("contract_no", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("search", sa.String(length=900), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_phone_line")),
    )
    op.create_index(
        "uq_phone_line_number",
        "phone_line",
        ["number"],
        unique=True,
        sqlite_where=NOT_ENDED,
        postgresql_where=NOT_ENDED,
    )
    op.create_index("ix_phone_line_number_id", "phone_line", ["number", "id"])
    op.create_index(op.f("ix_phone_line_ends_on"), "phone_line", ["ends_on"])
    op.create_table(
        "sim",
        sa.Column("id", kitto.base.db.Id, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("iccid", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("line_id", kitto.base.db.Id, nullable=True),
        sa.Column("added_at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("retired_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["line_id"], ["phone_line.id"], name=op.f("fk_sim_line_id_phone_line")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sim")),
        sa.UniqueConstraint("iccid", name=op.f("uq_sim_iccid")),
    )
    op.create_index(op.f("ix_sim_line_id"), "sim", ["line_id"])
    op.create_index("uq_sim_line", "sim", ["line_id"], unique=True, sqlite_where=LIVE, postgresql_where=LIVE)
    op.create_table(
        "sim_placement",
        sa.Column("id", kitto.base.db.Id, nullable=False),
        sa.Column("sim_id", kitto.base.db.Id, nullable=False),
        sa.Column("asset_id", kitto.base.db.Id, nullable=False),
        sa.Column("started_at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("started_by", sa.String(length=200), nullable=False),
        sa.Column("ended_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_sim_placement_asset_id_asset")),
        sa.ForeignKeyConstraint(["sim_id"], ["sim.id"], name=op.f("fk_sim_placement_sim_id_sim")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sim_placement")),
    )
    op.create_index(
        "uq_sim_placement_open",
        "sim_placement",
        ["sim_id"],
        unique=True,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
    op.create_index("ix_sim_placement_sim_id_id", "sim_placement", ["sim_id", "id"])
    op.create_index(op.f("ix_sim_placement_asset_id"), "sim_placement", ["asset_id"])


def downgrade() -> None:
    op.drop_table("sim_placement")
    op.drop_table("sim")
    op.drop_table("phone_line")
