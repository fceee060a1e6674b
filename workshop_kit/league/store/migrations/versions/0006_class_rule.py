"""When somebody of a class counts as stuck: one row, once the instructor has changed it."""

import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "0006", "0005", None, None


def upgrade() -> None:
    op.create_table(
        "class_rule",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("failed", sa.Integer, nullable=False),
        sa.Column("times", sa.Float, nullable=False),
    )
