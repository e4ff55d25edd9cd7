"""Kits with orders, frozen profile versions, locks, photos and secrets.

There was no release that held a kit, so the tables of kits are laid anew.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

import kitto.base.db

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


OLD = ("play_line", "kit_evidence", "kit_attempt", "kit_step", "kit", "kit_profile")


def upgrade() -> None:
    for table in OLD:
        op.drop_table(table)
    op.create_table(
        "kit_profile",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column(
            "source",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
            nullable=True,
        ),
        sa.Column("retired_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("made_at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kit_profile")),
        sa.UniqueConstraint("name", name=op.f("uq_kit_profile_name")),
    )
    op.create_table(
        "kit_profile_version",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("profile_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.String(length=64), nullable=False),
        sa.Column(
            "definition",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "recipes",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
            nullable=False,
        ),
        sa.Column("made_at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["profile_id"], ["kit_profile.id"], name=op.f("fk_kit_profile_version_profile_id_kit_profile")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kit_profile_version")),
        sa.UniqueConstraint("content", name=op.f("uq_kit_profile_version_content")),
        sa.UniqueConstraint("profile_id", "number", name=op.f("uq_kit_profile_version_profile_id_number")),
    )
    op.create_table(
        "device_lock",
        sa.Column(
            "asset_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column(
            "holder",
            sa.Enum("kit", "ci", "drift", "person", name="lockholder", native_enum=False, length=32),
            nullable=True,
        ),
        sa.Column("holder_id", sa.String(length=64), nullable=False),
        sa.Column("says", sa.Text(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("taken_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("expires_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_device_lock_asset_id_asset")),
        sa.PrimaryKeyConstraint("asset_id", name=op.f("pk_device_lock")),
    )
    op.create_table(
        "kit_order",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("profile_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column(
            "parameters",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
            nullable=False,
        ),
        sa.Column("needed_on", sa.Date(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "asked",
                "approved",
                "rejected",
                "done",
                "cancelled",
                name="orderstate",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("needs_approval", sa.Boolean(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("asked_as", sa.String(), nullable=False),
        sa.Column("asked_at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("decided_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["profile_id"],
            ["kit_profile_version.id"],
            name=op.f("fk_kit_order_profile_id_kit_profile_version"),
        ),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_kit_order_project_id_project")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kit_order")),
    )
    with op.batch_alter_table("kit_order", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_kit_order_profile_id"), ["profile_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_kit_order_project_id"), ["project_id"], unique=False)
        batch_op.create_index("ix_kit_order_state", ["state", "id"], unique=False)

    op.create_table(
        "kit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("asset_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("tag", sa.String(), nullable=False),
        sa.Column("profile_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "parameters",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "expected",
                "received",
                "inspecting",
                "registered",
                "queued",
                "running",
                "waiting",
                "held",
                "failed",
                "verifying",
                "ready",
                "handed_over",
                "cancelled",
                "rejected",
                name="kitstate",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("state_since", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("in_place", sa.Boolean(), nullable=False),
        sa.Column(
            "waits_for",
            sa.Enum(
                "person",
                "device",
                "approval",
                "licence",
                "window",
                "retry",
                name="waitfor",
                native_enum=False,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("deadline_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("cancel_asked_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column(
            "held_from",
            sa.Enum(
                "expected",
                "received",
                "inspecting",
                "registered",
                "queued",
                "running",
                "waiting",
                "held",
                "failed",
                "verifying",
                "ready",
                "handed_over",
                "cancelled",
                "rejected",
                name="kitstate",
                native_enum=False,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("chain", sa.String(length=64), nullable=False),
        sa.Column("started_by", sa.String(), nullable=False),
        sa.Column("started_at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("ready_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("ended_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_kit_asset_id_asset")),
        sa.ForeignKeyConstraint(["order_id"], ["kit_order.id"], name=op.f("fk_kit_order_id_kit_order")),
        sa.ForeignKeyConstraint(
            ["profile_id"], ["kit_profile_version.id"], name=op.f("fk_kit_profile_id_kit_profile_version")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kit")),
    )
    with op.batch_alter_table("kit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_kit_asset_id"), ["asset_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_kit_deadline_at"), ["deadline_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_kit_order_id"), ["order_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_kit_profile_id"), ["profile_id"], unique=False)
        batch_op.create_index("ix_kit_state", ["state", "id"], unique=False)
        batch_op.create_index(
            "uq_kit_open",
            ["asset_id"],
            unique=True,
            sqlite_where=sa.text("is_open"),
            postgresql_where=sa.text("is_open"),
        )

    op.create_table(
        "kit_drift",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("asset_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column(
            "result",
            sa.Enum(
                "same", "differs", "unreachable", "failed", name="driftresult", native_enum=False, length=32
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column(
            "differences",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
            nullable=False,
        ),
        sa.Column("checked_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_kit_drift_asset_id_asset")),
        sa.ForeignKeyConstraint(["kit_id"], ["kit.id"], name=op.f("fk_kit_drift_kit_id_kit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kit_drift")),
    )
    with op.batch_alter_table("kit_drift", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_kit_drift_asset_id"), ["asset_id"], unique=False)
        batch_op.create_index("ix_kit_drift_kit", ["kit_id", "id"], unique=False)

    op.create_table(
        "kit_secret",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("asset_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("made_at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("shown_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("shown_to", sa.String(), nullable=False),
        sa.Column("ended_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_kit_secret_asset_id_asset")),
        sa.ForeignKeyConstraint(["kit_id"], ["kit.id"], name=op.f("fk_kit_secret_kit_id_kit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kit_secret")),
    )
    with op.batch_alter_table("kit_secret", schema=None) as batch_op:
        batch_op.create_index("ix_kit_secret_asset", ["asset_id", "name", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_kit_secret_kit_id"), ["kit_id"], unique=False)

    op.create_table(
        "kit_step",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "manual",
                "photo",
                "scan",
                "label",
                "playbook",
                "agent_wait",
                "probe",
                "check",
                "licence",
                "secret",
                "artifact",
                "approval",
                "window",
                "webhook",
                "handover",
                name="stepkind",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "phase",
            sa.Enum("work", "acceptance", "handover", name="phase", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column(
            "needs",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "on_lost",
            sa.Enum("reattach", "rerun", "verify", "ask", name="onlost", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column(
            "spec",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "pending",
                "runnable",
                "running",
                "waiting",
                "succeeded",
                "failed",
                "skipped",
                "cancelled",
                "lost",
                name="stepstate",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column(
            "waits_for",
            sa.Enum(
                "person",
                "device",
                "approval",
                "licence",
                "window",
                "retry",
                name="waitfor",
                native_enum=False,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("deadline_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("retry_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("escalated_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("started_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("ended_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("done_by", sa.String(), nullable=False),
        sa.Column("done_as", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["kit_id"], ["kit.id"], name=op.f("fk_kit_step_kit_id_kit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kit_step")),
        sa.UniqueConstraint("kit_id", "key", name=op.f("uq_kit_step_kit_id_key")),
        sa.UniqueConstraint("kit_id", "position", name=op.f("uq_kit_step_kit_id_position")),
    )
    op.create_table(
        "kit_attempt",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("step_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(length=16), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("run", sa.String(), nullable=False),
        sa.Column("launched_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("started_at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("ended_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column(
            "counts",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
            nullable=False,
        ),
        sa.Column("last_seq", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["step_id"], ["kit_step.id"], name=op.f("fk_kit_attempt_step_id_kit_step")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kit_attempt")),
        sa.UniqueConstraint("run", name=op.f("uq_kit_attempt_run")),
    )
    with op.batch_alter_table("kit_attempt", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_kit_attempt_step_id"), ["step_id"], unique=False)

    op.create_table(
        "kit_evidence",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("step_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column(
            "data",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
            nullable=False,
        ),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("prev_hash", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["kit_id"], ["kit.id"], name=op.f("fk_kit_evidence_kit_id_kit")),
        sa.ForeignKeyConstraint(["step_id"], ["kit_step.id"], name=op.f("fk_kit_evidence_step_id_kit_step")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kit_evidence")),
    )
    with op.batch_alter_table("kit_evidence", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_kit_evidence_kit_id"), ["kit_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_kit_evidence_step_id"), ["step_id"], unique=False)

    op.create_table(
        "kit_photo",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("step_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("picture", sa.LargeBinary(), nullable=False),
        sa.Column("thumbnail", sa.LargeBinary(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("taken_by", sa.String(), nullable=False),
        sa.Column("taken_at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["kit_id"], ["kit.id"], name=op.f("fk_kit_photo_kit_id_kit")),
        sa.ForeignKeyConstraint(["step_id"], ["kit_step.id"], name=op.f("fk_kit_photo_step_id_kit_step")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kit_photo")),
        sa.UniqueConstraint("step_id", "sha256", name=op.f("uq_kit_photo_step_id_sha256")),
    )
    with op.batch_alter_table("kit_photo", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_kit_photo_kit_id"), ["kit_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_kit_photo_step_id"), ["step_id"], unique=False)

    op.create_table(
        "play_line",
        sa.Column("attempt_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["kit_attempt.id"], name=op.f("fk_play_line_attempt_id_kit_attempt")
        ),
        sa.PrimaryKeyConstraint("attempt_id", "seq", name=op.f("pk_play_line")),
    )


def downgrade() -> None:
    op.drop_table("play_line")
    with op.batch_alter_table("kit_photo", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_kit_photo_step_id"))
        batch_op.drop_index(batch_op.f("ix_kit_photo_kit_id"))

    op.drop_table("kit_photo")
    with op.batch_alter_table("kit_evidence", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_kit_evidence_step_id"))
        batch_op.drop_index(batch_op.f("ix_kit_evidence_kit_id"))

    op.drop_table("kit_evidence")
    with op.batch_alter_table("kit_attempt", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_kit_attempt_step_id"))

    op.drop_table("kit_attempt")
    op.drop_table("kit_step")
    with op.batch_alter_table("kit_secret", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_kit_secret_kit_id"))
        batch_op.drop_index("ix_kit_secret_asset")

    op.drop_table("kit_secret")
    with op.batch_alter_table("kit_drift", schema=None) as batch_op:
        batch_op.drop_index("ix_kit_drift_kit")
        batch_op.drop_index(batch_op.f("ix_kit_drift_asset_id"))

    op.drop_table("kit_drift")
    with op.batch_alter_table("kit", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_kit_open", sqlite_where=sa.text("is_open"), postgresql_where=sa.text("is_open")
        )
        batch_op.drop_index("ix_kit_state")
        batch_op.drop_index(batch_op.f("ix_kit_profile_id"))
        batch_op.drop_index(batch_op.f("ix_kit_order_id"))
        batch_op.drop_index(batch_op.f("ix_kit_deadline_at"))
        batch_op.drop_index(batch_op.f("ix_kit_asset_id"))

    op.drop_table("kit")
    with op.batch_alter_table("kit_order", schema=None) as batch_op:
        batch_op.drop_index("ix_kit_order_state")
        batch_op.drop_index(batch_op.f("ix_kit_order_project_id"))
        batch_op.drop_index(batch_op.f("ix_kit_order_profile_id"))

    op.drop_table("kit_order")
    op.drop_table("device_lock")
    op.drop_table("kit_profile_version")
    op.drop_table("kit_profile")
    op.create_table(
        "kit_profile",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.String(), nullable=False),
        sa.Column("definition", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("made_at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kit_profile")),
        sa.UniqueConstraint("content", name=op.f("uq_kit_profile_content")),
        sa.UniqueConstraint("name", "number", name=op.f("uq_kit_profile_name_number")),
    )
    op.create_table(
        "kit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("asset_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("tag", sa.String(), nullable=False),
        sa.Column("profile_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("parameters", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "queued",
                "running",
                "waiting",
                "failed",
                "cancelling",
                "finished",
                "cancelled",
                name="kitstate",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("state_since", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column(
            "waits_for",
            sa.Enum("person", "device", name="waitfor", native_enum=False, length=32),
            nullable=True,
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("started_by", sa.String(), nullable=False),
        sa.Column("started_at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("ended_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_kit_asset_id_asset")),
        sa.ForeignKeyConstraint(
            ["profile_id"], ["kit_profile.id"], name=op.f("fk_kit_profile_id_kit_profile")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kit")),
    )
    with op.batch_alter_table("kit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_kit_asset_id"), ["asset_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_kit_profile_id"), ["profile_id"], unique=False)
        batch_op.create_index("ix_kit_state", ["state", "id"], unique=False)
        batch_op.create_index(
            "uq_kit_open",
            ["asset_id"],
            unique=True,
            sqlite_where=sa.text("is_open"),
            postgresql_where=sa.text("is_open"),
        )
    op.create_table(
        "kit_step",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "manual",
                "scan",
                "label",
                "playbook",
                "agent_wait",
                "check",
                name="stepkind",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "on_lost", sa.Enum("rerun", "ask", name="onlost", native_enum=False, length=32), nullable=False
        ),
        sa.Column("spec", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "pending",
                "running",
                "waiting",
                "succeeded",
                "failed",
                "skipped",
                "cancelled",
                "lost",
                name="stepstate",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("started_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("ended_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("done_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["kit_id"], ["kit.id"], name=op.f("fk_kit_step_kit_id_kit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kit_step")),
        sa.UniqueConstraint("kit_id", "key", name=op.f("uq_kit_step_kit_id_key")),
        sa.UniqueConstraint("kit_id", "position", name=op.f("uq_kit_step_kit_id_position")),
    )
    op.create_table(
        "kit_attempt",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("step_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("run", sa.String(), nullable=False),
        sa.Column("launched_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("started_at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("ended_at", kitto.base.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("counts", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("last_seq", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["step_id"], ["kit_step.id"], name=op.f("fk_kit_attempt_step_id_kit_step")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kit_attempt")),
        sa.UniqueConstraint("run", name=op.f("uq_kit_attempt_run")),
    )
    with op.batch_alter_table("kit_attempt", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_kit_attempt_step_id"), ["step_id"], unique=False)
    op.create_table(
        "kit_evidence",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("step_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("data", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("prev_hash", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["kit_id"], ["kit.id"], name=op.f("fk_kit_evidence_kit_id_kit")),
        sa.ForeignKeyConstraint(["step_id"], ["kit_step.id"], name=op.f("fk_kit_evidence_step_id_kit_step")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kit_evidence")),
    )
    with op.batch_alter_table("kit_evidence", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_kit_evidence_kit_id"), ["kit_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_kit_evidence_step_id"), ["step_id"], unique=False)
    op.create_table(
        "play_line",
        sa.Column("attempt_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("at", kitto.base.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["kit_attempt.id"], name=op.f("fk_play_line_attempt_id_kit_attempt")
        ),
        sa.PrimaryKeyConstraint("attempt_id", "seq", name=op.f("pk_play_line")),
    )
