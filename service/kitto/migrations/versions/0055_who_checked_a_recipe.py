"""Which programs were asked about a recipe, with their versions."""

import sqlalchemy as sa
from alembic import op

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "recipe_check", sa.Column("asked", sa.String(length=200), nullable=False, server_default="")
    )


def downgrade() -> None:
    op.drop_column("recipe_check", "asked")
