"""Calibrations: what the event's judges told of pairs with a known outcome."""

import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "0005", "0004", None, None


def upgrade() -> None:
    op.create_table(
        "calibrations",
        sa.Column("id", sa.String(12), primary_key=True),
        sa.Column("judge", sa.String(200), nullable=False),
        sa.Column("settings", sa.String(32), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("problem", sa.Text, nullable=False),
        sa.Column("done", sa.Integer, nullable=False),
        sa.Column("total", sa.Integer, nullable=False),
        sa.Column("rows", sa.JSON, nullable=False),
        sa.Column("who", sa.String(80), nullable=False),
        sa.Column("started", sa.Float, nullable=False),
        sa.Column("seen", sa.Float, nullable=False),
    )
    op.create_index("calibrations_by_time", "calibrations", ["started"])
