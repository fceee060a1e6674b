"""The finale's tables, in the league's database (migration 0003).

finales         one row per finale; `seq` counts its steps, `secret` signs the audience's devices; `created` is when it
                was made, or made the current one again: the newest is the current one
finale_steps    every command in order; rows are only added, and they are all that a finale is
finale_votes    one row per device and opening of a round
finale_leases   who is at work on an answer or a verdict, until when
"""

from __future__ import annotations

from sqlalchemy import JSON, Column, Float, ForeignKey, Index, Integer, String, Table

from workshop_kit.league.store.schema import metadata

finales = Table(
    "finales",
    metadata,
    Column("id", String(12), primary_key=True),
    Column("created", Float, nullable=False),
    Column("secret", String(64), nullable=False),
    Column("seq", Integer, nullable=False),
    Index("finales_by_time", "created"),
)

steps = Table(
    "finale_steps",
    metadata,
    Column("finale", String(12), ForeignKey("finales.id"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("at", Float, nullable=False),
    Column("who", String(80), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("body", JSON, nullable=False),
    Column("key", String(80)),  # the same when one action is sent again
    Index("finale_steps_key", "finale", "key", unique=True),
)

votes = Table(
    "finale_votes",
    metadata,
    Column("finale", String(12), ForeignKey("finales.id"), primary_key=True),
    Column("round", Integer, primary_key=True),
    Column("opening", Integer, primary_key=True),
    Column("device", String(32), primary_key=True),
    Column("letter", String(1), nullable=False),
    Column("at", Float, nullable=False),
)

leases = Table(
    "finale_leases",
    metadata,
    Column("name", String(120), primary_key=True),
    Column("holder", String(32), nullable=False),
    Column("until", Float, nullable=False),
)
