"""What was found in a recipe when it was published, by its content."""

import sqlalchemy as sa
from alembic import op

from kitto.base.db import Id, Json, UTCDateTime

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "recipe_check",
        sa.Column("id", Id, primary_key=True),
        sa.Column("content", sa.String(length=64), nullable=False),
        sa.Column("recipe", sa.String(length=64), nullable=False),
        sa.Column("findings", Json, nullable=False),
        sa.Column("asked_ansible", sa.Boolean(), nullable=False),
        sa.Column("checked_at", UTCDateTime(), nullable=False),
        sa.UniqueConstraint("content", name="uq_recipe_check_content"),
    )


def downgrade() -> None:
    op.drop_table("recipe_check")
