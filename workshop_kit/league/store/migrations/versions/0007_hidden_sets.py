"""What each submission's opponent was; the hidden questions that are an event's own."""

import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "0007", "0006", None, None


def upgrade() -> None:
    op.add_column("submissions", sa.Column("opponent", sa.JSON))
    op.create_table(
        "hidden_questions",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("row", sa.JSON, nullable=False),
    )
