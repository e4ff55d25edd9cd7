"""Runs from elsewhere: plays that were started in CI or a shell, their devices and their events.

It keeps the previous release working: add, fill, switch, and remove only in a later release.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

import kitto.base.db

revision = "0010"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "outside_run",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ulid", sa.String(length=26), nullable=False),
        sa.Column("play", sa.String(length=255), nullable=False),
        sa.Column("check_mode", sa.Boolean(), nullable=False),
        sa.Column(
            "source",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "running",
                "silent",
                "succeeded",
                "failed",
                "unreachable",
                name="runstate",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("imported", sa.Boolean(), nullable=False),
        sa.Column("owner", sa.String(length=100), nullable=False),
        sa.Column("owner_name", sa.String(), nullable=False),
        sa.Column("started_at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("heard_at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("renewed_at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("ended_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("last_seq", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outside_run")),
        sa.UniqueConstraint("ulid", name=op.f("uq_outside_run_ulid")),
    )
    with op.batch_alter_table("outside_run", schema=None) as batch_op:
        batch_op.create_index("ix_outside_run_state", ["state", "heard_at"], unique=False)

    op.create_table(
        "outside_event",
        sa.Column("run_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["outside_run.id"], name=op.f("fk_outside_event_run_id_outside_run")
        ),
        sa.PrimaryKeyConstraint("run_id", "seq", name=op.f("pk_outside_event")),
    )
    op.create_table(
        "outside_device",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("run_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("asset_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=True),
        sa.Column("without_lock", sa.Boolean(), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum(
                "running",
                "ok",
                "changed",
                "failed",
                "unreachable",
                name="outcome",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("ok", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("unreachable", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_outside_device_asset_id_asset")),
        sa.ForeignKeyConstraint(
            ["run_id"], ["outside_run.id"], name=op.f("fk_outside_device_run_id_outside_run")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outside_device")),
        sa.UniqueConstraint("run_id", "host", name=op.f("uq_outside_device_run_id_host")),
    )
    with op.batch_alter_table("outside_device", schema=None) as batch_op:
        batch_op.create_index("ix_outside_device_asset", ["asset_id", "run_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("outside_device", schema=None) as batch_op:
        batch_op.drop_index("ix_outside_device_asset")

    op.drop_table("outside_device")
    op.drop_table("outside_event")
    with op.batch_alter_table("outside_run", schema=None) as batch_op:
        batch_op.drop_index("ix_outside_run_state")

    op.drop_table("outside_run")
