"""Judging submissions: the work, and who hands it out.

submission.py   one submission from its first question to its score
pace.py         calls to a judge within an allowed rate
service.py      cost and speed of a submission's answers
here.py         threads of the server's own process (SQLite)
postgres.py     workers on any number of hosts, handed work by procrastinate (PostgreSQL)
"""

from workshop_kit.league.judging.here import JudgingHere
from workshop_kit.league.judging.submission import SubmissionJudge

__all__ = ["JudgingHere", "SubmissionJudge"]
