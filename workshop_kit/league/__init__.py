"""The league: hidden questions, a judge, standings.

questions.py    the questions (the hidden ones stay in the server's process)
judge.py        one pair of answers, judged in both orders
statistics.py   win rate and how sure it is
store.py        what is remembered, durably
judging.py      the background work
server.py       the HTTP door and the standings page
process.py      one server per workspace: start, find, stop
client.py       submit, practise, standings

Light to import: the server's dependencies are imported when it runs.
"""

from workshop_kit.league.client import Practice, Standings, Submission, practice, standings, submit
from workshop_kit.league.process import LeagueInfo, find, start, stop

__all__ = [
    "LeagueInfo",
    "Practice",
    "Standings",
    "Submission",
    "find",
    "practice",
    "standings",
    "start",
    "stop",
    "submit",
]
