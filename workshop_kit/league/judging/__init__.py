"""Judging submissions: the work, and who hands it out.

submission.py   one submission from its first question to its score
basis.py        the prompts and questions that all of an event's hosts judge by
artefact.py     the endpoint that stands while a trained model's artefact is judged
patience.py     waiting while AWS or the database is away, and telling it
pace.py         calls to a judge within an allowed rate
service.py      cost and speed of a submission's answers
here.py         threads of the server's own process (SQLite)
postgres.py     workers on any number of hosts, handed work by procrastinate (PostgreSQL)
"""

from workshop_kit.league.judging.here import JudgingHere
from workshop_kit.league.judging.submission import SubmissionJudge

__all__ = ["JudgingHere", "SubmissionJudge"]
