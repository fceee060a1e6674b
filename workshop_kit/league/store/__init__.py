"""The league's memory.

database.py      where it is kept: a SQLite file, or PostgreSQL; migrations/ bring it up to date
schema.py        the tables
events.py        the event and its settings
teams.py         teams and members
tokens.py        join codes and tokens
submissions.py   submissions, their answers and verdicts
references.py    the reference model's answers
scoring.py       scores and a team's best; withdrawn questions, overrides
standings.py     the standings
appeals.py       appeals
votes.py         people's own verdicts, for the trust panel
calibrations.py  what judges told of pairs with a known outcome
rates.py         calls per second, shared by all workers
audit.py         who did what
transfer.py      an event out to a file and in again

Each is functions over a connection: `with database.write() as connection: submit(connection, ...)`.
"""

from workshop_kit.league.store.database import Database, bump, open_database

__all__ = ["Database", "bump", "open_database"]
