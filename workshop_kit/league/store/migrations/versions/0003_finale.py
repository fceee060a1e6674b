"""The live finale: its steps in order, the audience's votes, who is at work on what."""

import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "0003", "0002", None, None


def upgrade() -> None:
    op.create_table(
        "finales",
        sa.Column("id", sa.String(12), primary_key=True),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("secret", sa.String(64), nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
    )
    op.create_index("finales_by_time", "finales", ["created"])
    op.create_table(
        "finale_steps",
        sa.Column("finale", sa.String(12), sa.ForeignKey("finales.id"), primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("who", sa.String(80), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("key", sa.String(80)),
    )
    op.create_index("finale_steps_key", "finale_steps", ["finale", "key"], unique=True)
    op.create_table(
        "finale_votes",
        sa.Column("finale", sa.String(12), sa.ForeignKey("finales.id"), primary_key=True),
        sa.Column("round", sa.Integer, primary_key=True),
        sa.Column("opening", sa.Integer, primary_key=True),
        sa.Column("device", sa.String(32), primary_key=True),
        sa.Column("letter", sa.String(1), nullable=False),
        sa.Column("at", sa.Float, nullable=False),
    )
    op.create_table(
        "finale_leases",
        sa.Column("name", sa.String(120), primary_key=True),
        sa.Column("holder", sa.String(32), nullable=False),
        sa.Column("until", sa.Float, nullable=False),
    )
