"""The league: hidden questions, a judge, standings.

event.py        an event's settings and phases
questions.py    the questions (the hidden ones stay in the server's process)
asking.py       asking models as the league does; answer.py: what they say
judge/          one pair of answers, judged in both orders; prompts and criteria in files
statistics/     win rates and how sure they are
store/          what is remembered, durably: SQLite or PostgreSQL
judging/        the background work, in the server or on other hosts
server/         the HTTP door and the pages
finale/         the live finale
evaluation/     the same judging as a Bedrock evaluation job
process.py      one server per workspace: start, find, stop; own.py: an organizer's token for it
client/         submit, practise, standings, join a team
organizer.py    what an organizer does, from a notebook; organizer_values.py: what it gives

Light to import: the server's dependencies are imported when it runs.
"""

from workshop_kit.league.client import (
    Me,
    Practice,
    Standings,
    Submission,
    appeal,
    choose,
    join,
    me,
    my_submissions,
    practice,
    standings,
    submit,
    verdicts,
)
from workshop_kit.league.process import LeagueInfo, find, start, stop

__all__ = [
    "LeagueInfo",
    "Me",
    "Practice",
    "Standings",
    "Submission",
    "appeal",
    "choose",
    "find",
    "join",
    "me",
    "my_submissions",
    "practice",
    "standings",
    "start",
    "stop",
    "submit",
    "verdicts",
]
