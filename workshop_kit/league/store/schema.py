"""The league's tables. Times are seconds since 1970 (UTC), ids are twelve hexadecimal digits.

event               one row: what is played, and its settings
teams, members      who plays; `best` is the submission that counts in the standings
join_codes, tokens  how they come in; only hashes are kept
submissions         a model sent in, its state and, once judged, its score
answers, verdicts   what it said and what each judge said of it, question by question
reference_answers   what everybody is compared with
withdrawn           questions that no longer count
overrides, appeals  a human's word against a judge's
human_votes         people's choices between two answers, for the trust panel
audit               who did what, when; rows are only added
revisions           a count per topic, for whoever watches
rates               when the next call to a model may be made
calibrations        what the judges told of pairs with a known outcome
hidden_questions    the questions that are this event's own
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

metadata = MetaData()

event = Table(
    "event",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("domain", String, nullable=False),
    Column("settings", JSON, nullable=False),
    Column("created", Float, nullable=False),
)

teams = Table(
    "teams",
    metadata,
    Column("id", String(12), primary_key=True),
    Column("name", String(60), nullable=False),
    Column("name_key", String(120), nullable=False, unique=True),
    Column("created", Float, nullable=False),
    Column("disabled", Boolean, nullable=False, default=False),
    Column("best", String(12)),
    Column("best_rate", Float),
    Column("best_low", Float),
    Column("best_high", Float),
    Column("best_created", Float),
    Column("frozen", String(12)),
    Column("judged", Integer, nullable=False, default=0),
    Index("teams_standing", "best_rate", "best_created"),
)

members = Table(
    "members",
    metadata,
    Column("team", String(12), ForeignKey("teams.id"), primary_key=True),
    Column("name", String(60), primary_key=True),
    Column("email", String(254), nullable=False, default=""),
    Column("created", Float, nullable=False),
)

join_codes = Table(
    "join_codes",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("team", String(12), ForeignKey("teams.id")),  # none: whoever has it may found a team
    Column("created", Float, nullable=False),
    Column("revoked", Boolean, nullable=False, default=False),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", String(12), primary_key=True),
    Column("hash", String(64), nullable=False, unique=True),
    Column("role", String(16), nullable=False),
    Column("team", String(12), ForeignKey("teams.id")),
    Column("name", String(60), nullable=False, default=""),
    Column("created", Float, nullable=False),
    Column("revoked", Boolean, nullable=False, default=False),
)

submissions = Table(
    "submissions",
    metadata,
    Column("id", String(12), primary_key=True),
    Column("team", String(12), ForeignKey("teams.id"), nullable=False),
    Column("set", String(8), nullable=False),  # ranked or practice
    Column("target", JSON, nullable=False),
    Column("key", String(200), nullable=False),
    Column("provenance", JSON, nullable=False),
    Column("state", String(8), nullable=False),  # queued, judging, done or failed
    Column("problem", Text, nullable=False, default=""),
    Column("judges", JSON, nullable=False, default=list),
    Column("reference", String, nullable=False, default=""),
    Column("opponent", JSON),  # what the reference's answers rest on beside its id, see opponent.py
    Column("judge_settings", String(32), nullable=False, default=""),
    Column("created", Float, nullable=False),
    Column("ended", Float),
    Column("judged", Integer, nullable=False, default=0),
    Column("score", JSON),
    Column("win_rate", Float),
    Column("service", JSON),  # tokens, seconds and price of its answers beside the reference's
    Index("submissions_by_team", "team", "set", "state"),
    Index("submissions_waiting", "state", "created"),
    Index("submissions_key", "team", "key", unique=True),
)

answers = Table(
    "answers",
    metadata,
    Column("submission", String(12), ForeignKey("submissions.id"), primary_key=True),
    Column("question", String(80), primary_key=True),
    Column("text", Text, nullable=False),
    Column("tokens_in", Integer),
    Column("tokens_out", Integer),
    Column("seconds", Float),
)

verdicts = Table(
    "verdicts",
    metadata,
    Column("submission", String(12), ForeignKey("submissions.id"), primary_key=True),
    Column("question", String(80), primary_key=True),
    Column("judge", String(200), primary_key=True),
    Column("outcome", String(4), nullable=False),
    Column("first", String(9), nullable=False),  # who won when the candidate stood first
    Column("second", String(9), nullable=False),  # and when it stood second
    Column("candidate_length", Integer, nullable=False),
    Column("reference_length", Integer, nullable=False),
    Column("candidate_score", Float, nullable=False),
    Column("reference_score", Float, nullable=False),
    Column("criteria", JSON, nullable=False, default=dict),
    Column("flags", JSON, nullable=False, default=list),
    Column("reason", Text, nullable=False),
    Column("created", Float, nullable=False),
)

reference_answers = Table(
    "reference_answers",
    metadata,
    Column("model", String(200), primary_key=True),
    Column("question", String(64), primary_key=True),
    Column("answer", Text, nullable=False),
    Column("tokens_in", Integer),
    Column("tokens_out", Integer),
    Column("seconds", Float),
)

withdrawn = Table(
    "withdrawn",
    metadata,
    Column("question", String(80), primary_key=True),
    Column("reason", Text, nullable=False),
    Column("who", String(80), nullable=False),
    Column("at", Float, nullable=False),
)

overrides = Table(
    "overrides",
    metadata,
    Column("submission", String(12), ForeignKey("submissions.id"), primary_key=True),
    Column("question", String(80), primary_key=True),
    Column("outcome", String(4), nullable=False),
    Column("reason", Text, nullable=False),
    Column("who", String(80), nullable=False),
    Column("at", Float, nullable=False),
)

appeals = Table(
    "appeals",
    metadata,
    Column("id", String(12), primary_key=True),
    Column("submission", String(12), ForeignKey("submissions.id"), nullable=False),
    Column("team", String(12), ForeignKey("teams.id"), nullable=False),
    Column("text", Text, nullable=False),
    Column("state", String(10), nullable=False),  # open, upheld or dismissed
    Column("answer", Text, nullable=False, default=""),
    Column("created", Float, nullable=False),
    Column("decided", Float),
)

human_votes = Table(
    "human_votes",
    metadata,
    Column("submission", String(12), ForeignKey("submissions.id"), primary_key=True),
    Column("question", String(80), primary_key=True),
    Column("voter", String(80), primary_key=True),
    Column("outcome", String(4), nullable=False),  # win, tie or loss, seen from the candidate
    Column("at", Float, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", Float, nullable=False),
    Column("who", String(80), nullable=False),
    Column("action", String(40), nullable=False),
    Column("subject", String(120), nullable=False),
    Column("detail", JSON, nullable=False),
)

revisions = Table(
    "revisions",
    metadata,
    Column("topic", String(20), primary_key=True),
    Column("number", Integer, nullable=False),
)

rates = Table(
    "rates",
    metadata,
    Column("name", String(200), primary_key=True),
    Column("next_at", Float, nullable=False),
)

calibrations = Table(
    "calibrations",
    metadata,
    Column("id", String(12), primary_key=True),
    Column("judge", String(200), nullable=False),
    Column("settings", String(32), nullable=False),
    Column("state", String(8), nullable=False),  # running, done or failed
    Column("problem", Text, nullable=False),
    Column("done", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    Column("rows", JSON, nullable=False),
    Column("who", String(80), nullable=False),
    Column("started", Float, nullable=False),
    Column("seen", Float, nullable=False),
    Index("calibrations_by_time", "started"),
)

own_questions = Table(
    "hidden_questions",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("row", JSON, nullable=False),
)
