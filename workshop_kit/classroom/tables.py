"""The classroom's tables, in the league's database (migrations 0004 and 0006).

class_steps        what the instructor changed about a step: closed, solution released, other planned minutes
class_extensions   minutes more for a step, for all or for a team
class_hints        what the instructor said, to all, a step or a team
class_people       who reports: a member of a team, or somebody without a name
class_progress     how far each is with each step
class_reports      every report once, by its key
class_help         who asked for help, and when that was over
class_resources    machines and models seen running, and what they cost by the kit's price table
class_rule         when somebody counts as stuck; a row once the instructor has changed it
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, String, Table, Text

from workshop_kit.league.store.schema import metadata

steps = Table(
    "class_steps",
    metadata,
    Column("step", String(20), primary_key=True),
    Column("closed", Boolean, nullable=False),
    Column("released", Boolean, nullable=False),
    Column("minutes", Integer),
)

extensions = Table(
    "class_extensions",
    metadata,
    Column("id", String(12), primary_key=True),
    Column("step", String(20), nullable=False),
    Column("team", String(12), ForeignKey("teams.id")),  # none: everybody
    Column("minutes", Integer, nullable=False),
    Column("at", Float, nullable=False),
)

hints = Table(
    "class_hints",
    metadata,
    Column("id", String(12), primary_key=True),
    Column("text", Text, nullable=False),
    Column("step", String(20), nullable=False),  # "": whatever the step
    Column("team", String(12), ForeignKey("teams.id")),  # none: every team
    Column("at", Float, nullable=False),
    Column("withdrawn", Boolean, nullable=False),
)

people = Table(
    "class_people",
    metadata,
    Column("id", String(12), primary_key=True),
    Column("team", String(12), ForeignKey("teams.id")),  # none: somebody who gave no name
    Column("name", String(60), nullable=False),
    Column("step", String(20), nullable=False),
    Column("since", Float, nullable=False),
    Column("seen", Float, nullable=False),
    Column("reports", Integer, nullable=False),
)

progress = Table(
    "class_progress",
    metadata,
    Column("person", String(12), ForeignKey("class_people.id"), primary_key=True),
    Column("step", String(20), primary_key=True),
    Column("started", Float, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("failed", Integer, nullable=False),  # in a row, since the last ok
    Column("done", Float),  # the last ok
    Column("seconds", Float),  # from the start to the first ok
)

reports = Table(
    "class_reports",
    metadata,
    Column("key", String(40), primary_key=True),
    Column("person", String(12), ForeignKey("class_people.id"), nullable=False),
    Column("step", String(20), nullable=False),
    Column("kind", String(6), nullable=False),  # begin or check
    Column("ok", Boolean),
    Column("seconds", Float),
    Column("at", Float, nullable=False),
    Index("class_reports_by_person", "person", "at"),
)

help_asked = Table(
    "class_help",
    metadata,
    Column("id", String(12), primary_key=True),
    Column("person", String(12), ForeignKey("class_people.id"), nullable=False),
    Column("step", String(20), nullable=False),
    Column("at", Float, nullable=False),
    Column("ended", Float),
    Index("class_help_open", "person", "ended"),
)

resources = Table(
    "class_resources",
    metadata,
    Column("arn", String(400), primary_key=True),
    Column("kind", String(40), nullable=False),
    Column("name", String(200), nullable=False),
    Column("team", String(60), nullable=False),
    Column("started", Float, nullable=False),
    Column("seen", Float, nullable=False),
    Column("running", Boolean, nullable=False),
    Column("usd_per_hour", Float),
    Column("usd", Float),  # so far, on AWS by the price table; none where the kit knows no price
    Column("charged", Boolean, nullable=False),  # whether it runs where somebody is billed
)

rule = Table(
    "class_rule",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # 1
    Column("failed", Integer, nullable=False),
    Column("times", Float, nullable=False),
)
