"""How a device is reached: the way, and the sealed password where the way needs one."""

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("endpoint") as table:
        table.add_column(sa.Column("way", sa.String(length=16), nullable=False, server_default=""))
        table.add_column(sa.Column("sealed", sa.Text(), nullable=False, server_default=""))
    op.execute("UPDATE endpoint SET way = 'ssh' WHERE kind = 'ssh'")
    with op.batch_alter_table("endpoint") as table:
        table.alter_column("way", server_default=None)
        table.alter_column("sealed", server_default=None)


def downgrade() -> None:
    # What is reached by WinRM is unknown to the release before.
    op.execute("DELETE FROM endpoint WHERE kind = 'winrm'")
    with op.batch_alter_table("endpoint") as table:
        table.drop_column("sealed")
        table.drop_column("way")
