"""Events with teams, tokens, several judges, phases, appeals; what first leagues held is carried over."""

import json
import time
import unicodedata
import uuid

import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "0002", "0001", None, None

OLD = ("verdicts", "submissions", "reference_answers")


def upgrade() -> None:
    for name in OLD:
        op.rename_table(name, f"old_{name}")
    _create()
    _carry_over(op.get_bind())
    for name in OLD:
        op.drop_table(f"old_{name}")


def _create() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("who", sa.String(80), nullable=False),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("subject", sa.String(120), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
    )
    op.create_table(
        "event",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("domain", sa.String, nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("created", sa.Float, nullable=False),
    )
    op.create_table(
        "rates",
        sa.Column("name", sa.String(200), primary_key=True),
        sa.Column("next_at", sa.Float, nullable=False),
    )
    op.create_table(
        "reference_answers",
        sa.Column("model", sa.String(200), primary_key=True),
        sa.Column("question", sa.String(64), primary_key=True),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("tokens_in", sa.Integer),
        sa.Column("tokens_out", sa.Integer),
        sa.Column("seconds", sa.Float),
    )
    op.create_table(
        "revisions",
        sa.Column("topic", sa.String(20), primary_key=True),
        sa.Column("number", sa.Integer, nullable=False),
    )
    op.create_table(
        "teams",
        sa.Column("id", sa.String(12), primary_key=True),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("name_key", sa.String(120), nullable=False, unique=True),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("disabled", sa.Boolean, nullable=False),
        sa.Column("best", sa.String(12)),
        sa.Column("best_rate", sa.Float),
        sa.Column("best_low", sa.Float),
        sa.Column("best_high", sa.Float),
        sa.Column("best_created", sa.Float),
        sa.Column("frozen", sa.String(12)),
        sa.Column("judged", sa.Integer, nullable=False),
    )
    op.create_index("teams_standing", "teams", ["best_rate", "best_created"])
    op.create_table(
        "withdrawn",
        sa.Column("question", sa.String(80), primary_key=True),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("who", sa.String(80), nullable=False),
        sa.Column("at", sa.Float, nullable=False),
    )
    op.create_table(
        "join_codes",
        sa.Column("hash", sa.String(64), primary_key=True),
        sa.Column("team", sa.String(12), sa.ForeignKey("teams.id")),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("revoked", sa.Boolean, nullable=False),
    )
    op.create_table(
        "members",
        sa.Column("team", sa.String(12), sa.ForeignKey("teams.id"), primary_key=True),
        sa.Column("name", sa.String(60), primary_key=True),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("created", sa.Float, nullable=False),
    )
    op.create_table(
        "submissions",
        sa.Column("id", sa.String(12), primary_key=True),
        sa.Column("team", sa.String(12), sa.ForeignKey("teams.id"), nullable=False),
        sa.Column("set", sa.String(8), nullable=False),
        sa.Column("target", sa.JSON(), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("provenance", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("problem", sa.Text, nullable=False),
        sa.Column("judges", sa.JSON(), nullable=False),
        sa.Column("reference", sa.String, nullable=False),
        sa.Column("judge_settings", sa.String(32), nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("ended", sa.Float),
        sa.Column("judged", sa.Integer, nullable=False),
        sa.Column("score", sa.JSON()),
        sa.Column("win_rate", sa.Float),
        sa.Column("service", sa.JSON()),
    )
    op.create_index("submissions_by_team", "submissions", ["team", "set", "state"])
    op.create_index("submissions_waiting", "submissions", ["state", "created"])
    op.create_index("submissions_key", "submissions", ["team", "key"], unique=True)
    op.create_table(
        "tokens",
        sa.Column("id", sa.String(12), primary_key=True),
        sa.Column("hash", sa.String(64), nullable=False, unique=True),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("team", sa.String(12), sa.ForeignKey("teams.id")),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("revoked", sa.Boolean, nullable=False),
    )
    op.create_table(
        "answers",
        sa.Column("submission", sa.String(12), sa.ForeignKey("submissions.id"), primary_key=True),
        sa.Column("question", sa.String(80), primary_key=True),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("tokens_in", sa.Integer),
        sa.Column("tokens_out", sa.Integer),
        sa.Column("seconds", sa.Float),
    )
    op.create_table(
        "appeals",
        sa.Column("id", sa.String(12), primary_key=True),
        sa.Column("submission", sa.String(12), sa.ForeignKey("submissions.id"), nullable=False),
        sa.Column("team", sa.String(12), sa.ForeignKey("teams.id"), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("decided", sa.Float),
    )
    op.create_table(
        "human_votes",
        sa.Column("submission", sa.String(12), sa.ForeignKey("submissions.id"), primary_key=True),
        sa.Column("question", sa.String(80), primary_key=True),
        sa.Column("voter", sa.String(80), primary_key=True),
        sa.Column("outcome", sa.String(4), nullable=False),
        sa.Column("at", sa.Float, nullable=False),
    )
    op.create_table(
        "overrides",
        sa.Column("submission", sa.String(12), sa.ForeignKey("submissions.id"), primary_key=True),
        sa.Column("question", sa.String(80), primary_key=True),
        sa.Column("outcome", sa.String(4), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("who", sa.String(80), nullable=False),
        sa.Column("at", sa.Float, nullable=False),
    )
    op.create_table(
        "verdicts",
        sa.Column("submission", sa.String(12), sa.ForeignKey("submissions.id"), primary_key=True),
        sa.Column("question", sa.String(80), primary_key=True),
        sa.Column("judge", sa.String(200), primary_key=True),
        sa.Column("outcome", sa.String(4), nullable=False),
        sa.Column("first", sa.String(9), nullable=False),
        sa.Column("second", sa.String(9), nullable=False),
        sa.Column("candidate_length", sa.Integer, nullable=False),
        sa.Column("reference_length", sa.Integer, nullable=False),
        sa.Column("candidate_score", sa.Float, nullable=False),
        sa.Column("reference_score", sa.Float, nullable=False),
        sa.Column("criteria", sa.JSON(), nullable=False),
        sa.Column("flags", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("created", sa.Float, nullable=False),
    )


def _carry_over(connection: sa.Connection) -> None:
    """Every participant becomes a team; scores are left to be counted anew when the league starts."""
    old = {row.id: row for row in connection.execute(sa.text("SELECT * FROM old_submissions ORDER BY created, id"))}
    if not old:
        return
    now, teams = time.time(), {}
    names = sa.table(
        "teams",
        *(sa.column(c) for c in ("id", "name", "name_key", "created")),
        sa.column("disabled", sa.Boolean),
        sa.column("judged", sa.Integer),
    )
    sent = sa.table(
        "submissions",
        *(sa.column(c, sa.JSON) for c in ("target", "provenance", "judges")),
        *(sa.column(c) for c in ("id", "team", "set", "key", "state", "problem", "reference", "judge_settings")),
        *(sa.column(c) for c in ("created", "ended", "judged")),
    )
    count = dict(connection.execute(sa.text("SELECT submission, count(*) FROM old_verdicts GROUP BY submission")).all())
    for row in old.values():
        key = " ".join(unicodedata.normalize("NFKC", row.participant).casefold().split())
        if key not in teams:
            teams[key] = uuid.uuid4().hex[:12]
            connection.execute(
                names.insert().values(
                    id=teams[key], name=row.participant, name_key=key, created=row.created, disabled=False, judged=0
                )
            )
        connection.execute(
            sent.insert().values(
                id=row.id,
                team=teams[key],
                set="ranked",
                target=json.loads(row.target),
                key=row.key,
                provenance=json.loads(row.provenance),
                state=row.state,
                problem=row.problem,
                judges=[row.judge] if row.judge else [],
                reference=row.reference,
                judge_settings="",
                created=row.created,
                ended=row.ended,
                judged=count.get(row.id, 0),
            )
        )
    connection.execute(
        sa.text(
            "INSERT INTO verdicts (submission, question, judge, outcome, first, second, candidate_length, "
            "reference_length, candidate_score, reference_score, criteria, flags, reason, created) "
            "SELECT v.submission, v.question, s.judge, v.outcome, '', '', v.candidate_length, v.reference_length, "
            "v.candidate_score, v.reference_score, '{}', '[]', v.reason, :now "
            "FROM old_verdicts v JOIN old_submissions s ON s.id = v.submission"
        ),
        {"now": now},
    )
    connection.execute(
        sa.text(
            "INSERT INTO reference_answers (model, question, answer) "
            "SELECT model, question, answer FROM old_reference_answers"
        )
    )
