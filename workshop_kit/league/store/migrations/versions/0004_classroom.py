"""The classroom: pace, hints, progress that notebooks report when their owners agreed, and what is running."""

import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "0004", "0003", None, None


def upgrade() -> None:
    op.create_table(
        "class_steps",
        sa.Column("step", sa.String(20), primary_key=True),
        sa.Column("closed", sa.Boolean, nullable=False),
        sa.Column("released", sa.Boolean, nullable=False),
        sa.Column("minutes", sa.Integer),
    )
    op.create_table(
        "class_extensions",
        sa.Column("id", sa.String(12), primary_key=True),
        sa.Column("step", sa.String(20), nullable=False),
        sa.Column("team", sa.String(12), sa.ForeignKey("teams.id")),
        sa.Column("minutes", sa.Integer, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
    )
    op.create_table(
        "class_hints",
        sa.Column("id", sa.String(12), primary_key=True),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("step", sa.String(20), nullable=False),
        sa.Column("team", sa.String(12), sa.ForeignKey("teams.id")),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("withdrawn", sa.Boolean, nullable=False),
    )
    op.create_table(
        "class_people",
        sa.Column("id", sa.String(12), primary_key=True),
        sa.Column("team", sa.String(12), sa.ForeignKey("teams.id")),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("step", sa.String(20), nullable=False),
        sa.Column("since", sa.Float, nullable=False),
        sa.Column("seen", sa.Float, nullable=False),
        sa.Column("reports", sa.Integer, nullable=False),
    )
    op.create_table(
        "class_progress",
        sa.Column("person", sa.String(12), sa.ForeignKey("class_people.id"), primary_key=True),
        sa.Column("step", sa.String(20), primary_key=True),
        sa.Column("started", sa.Float, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("failed", sa.Integer, nullable=False),
        sa.Column("done", sa.Float),
        sa.Column("seconds", sa.Float),
    )
    op.create_table(
        "class_reports",
        sa.Column("key", sa.String(40), primary_key=True),
        sa.Column("person", sa.String(12), sa.ForeignKey("class_people.id"), nullable=False),
        sa.Column("step", sa.String(20), nullable=False),
        sa.Column("kind", sa.String(6), nullable=False),
        sa.Column("ok", sa.Boolean),
        sa.Column("seconds", sa.Float),
        sa.Column("at", sa.Float, nullable=False),
    )
    op.create_index("class_reports_by_person", "class_reports", ["person", "at"])
    op.create_table(
        "class_help",
        sa.Column("id", sa.String(12), primary_key=True),
        sa.Column("person", sa.String(12), sa.ForeignKey("class_people.id"), nullable=False),
        sa.Column("step", sa.String(20), nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("ended", sa.Float),
    )
    op.create_index("class_help_open", "class_help", ["person", "ended"])
    op.create_table(
        "class_resources",
        sa.Column("arn", sa.String(400), primary_key=True),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("team", sa.String(60), nullable=False),
        sa.Column("started", sa.Float, nullable=False),
        sa.Column("seen", sa.Float, nullable=False),
        sa.Column("running", sa.Boolean, nullable=False),
        sa.Column("usd_per_hour", sa.Float),
        sa.Column("usd", sa.Float),
        sa.Column("charged", sa.Boolean, nullable=False),
    )
