"""The league from a notebook.

taking_part.py       submit, watch, standings
practising.py        the open questions, judged in sight
membership.py        join a team, its own place, its model for the finale, appeals
values.py            what comes back
clock.py             progress with the time left
talking.py           requests; membership_file.py: the workspace's tokens
"""

from workshop_kit.league.client.membership import appeal, appeals, choose, join, me, my_submissions
from workshop_kit.league.client.practising import practice
from workshop_kit.league.client.taking_part import standings, submit, verdicts
from workshop_kit.league.client.talking import server_url
from workshop_kit.league.client.values import AppealTold, Judged, Me, Practice, Standings, Submission

__all__ = [
    "AppealTold",
    "Judged",
    "Me",
    "Practice",
    "Standings",
    "Submission",
    "appeal",
    "appeals",
    "choose",
    "join",
    "me",
    "my_submissions",
    "practice",
    "server_url",
    "standings",
    "submit",
    "verdicts",
]
