"""Seats that are reserved before a device is chosen."""

import sqlalchemy as sa
from alembic import op

from kitto.base.db import Id, UTCDateTime

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Both databases take the rules with the column; SQLite would have to copy the table to add them later.
    op.execute(
        "ALTER TABLE pool ADD COLUMN reserved INTEGER DEFAULT 0 NOT NULL"
        " CONSTRAINT ck_pool_reserved_not_negative CHECK (reserved >= 0)"
        " CONSTRAINT ck_pool_hard_cap_reserved CHECK (policy <> 'hard' OR used + reserved <= cap)"
    )
    op.create_table(
        "seat_reservation",
        sa.Column("id", Id, primary_key=True),
        sa.Column(
            "pool_id", Id, sa.ForeignKey("pool.id", name="fk_seat_reservation_pool_id_pool"), nullable=False
        ),
        sa.Column("for_kind", sa.String(length=16), nullable=False),
        sa.Column("for_id", Id, nullable=False),
        sa.Column("reserved_at", UTCDateTime(), nullable=False),
        sa.Column("reserved_by", sa.String(length=200), nullable=False),
        sa.UniqueConstraint(
            "pool_id", "for_kind", "for_id", name="uq_seat_reservation_pool_id_for_kind_for_id"
        ),
    )
    op.create_index("ix_seat_reservation_for", "seat_reservation", ["for_kind", "for_id"])


def downgrade() -> None:
    op.drop_table("seat_reservation")
    # A batch would copy the table on SQLite; its rules leave with the column on both.
    op.execute("ALTER TABLE pool DROP COLUMN reserved")
