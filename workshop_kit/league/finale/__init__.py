"""The live finale: rounds against the clock, blind answers, a judge, experts and an audience.

scoring.py     points, weights, tie-break: pure functions
state.py       what a finale is at a moment
commands.py    everything that can happen to it
engine.py      the rules: state + command + time -> state; directing.py and playing.py hold them, guards.py their checks
views.py       what each role may see of a state
store.py       commands kept in order, votes, leases
play.py        asking the contestants' models and the judge
client.py      taking part from Python; values.py: what it gives; hosting.py: directing the workspace's own league
rehearsal.py   a whole finale with simulated people
finalists.py   the finalists' models behind endpoints

The server's routes are in routes.py and routes_director.py; making.py makes what a new finale is made of, streams.py
tells who is let in what is new, pages.py puts the pages together. They need the extra 'league'.
"""

from workshop_kit.league.finale.client import Audience, Director, Expert, Seat, Stage
from workshop_kit.league.finale.hosting import host
from workshop_kit.league.finale.rehearsal import Rehearsed, rehearse
from workshop_kit.league.finale.values import FinaleView, GenerationView

__all__ = [
    "Audience",
    "Director",
    "Expert",
    "FinaleView",
    "GenerationView",
    "Rehearsed",
    "Seat",
    "Stage",
    "host",
    "rehearse",
]
