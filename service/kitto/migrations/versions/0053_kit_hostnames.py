"""Names that machines of kits will have: one for each kit, no two alike."""

import sqlalchemy as sa
from alembic import op

from kitto.base.db import Id, UTCDateTime

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("kit") as table:
        table.add_column(sa.Column("hostname", sa.String(length=63), nullable=False, server_default=""))
    with op.batch_alter_table("kit") as table:
        table.alter_column("hostname", server_default=None)
    op.create_table(
        "kit_hostname",
        sa.Column("id", Id, primary_key=True),
        sa.Column("name", sa.String(length=63), nullable=False),
        sa.Column("kit_id", Id, sa.ForeignKey("kit.id", name="fk_kit_hostname_kit_id_kit"), nullable=False),
        sa.Column("reserved_at", UTCDateTime(), nullable=False),
        sa.UniqueConstraint("name", name="uq_kit_hostname_name"),
        sa.UniqueConstraint("kit_id", name="uq_kit_hostname_kit_id"),
    )


def downgrade() -> None:
    op.drop_table("kit_hostname")
    with op.batch_alter_table("kit") as table:
        table.drop_column("hostname")
