"""The league's HTTP door.

app.py                the application and its errors
routes_public.py      standings, streams, joining
routes_team.py        submitting, a team's own things
routes_organizer.py   the organizer's
access.py, limits.py  who may, and how often
bodies.py             what fields may hold; middleware.py: strict JSON in, safe headers out
snapshots.py          answers made once for everybody; changes.py wakes who watches
context.py            what all of them work with
serve.py              a server or a judging worker in the foreground
pages/, static/       the pages
"""

from workshop_kit.league.server.app import build_app
from workshop_kit.league.server.serve import serve, work

__all__ = ["build_app", "serve", "work"]
