"""How far a judge can be trusted.

measures.py     flips, place, length, people, known answers: each a number with its interval and a sentence
panel.py        all of them for all judges, in one table
gather.py       the panel of an event, from the store
calibrating.py  pairs with a known outcome for the event's judges, in the background
"""

from workshop_kit.league.trust.measures import HumanVote, JudgedPair, Measure, majority
from workshop_kit.league.trust.panel import COLUMNS, JudgeTrust, TrustPanel, trust_panel

__all__ = ["COLUMNS", "HumanVote", "JudgeTrust", "JudgedPair", "Measure", "TrustPanel", "majority", "trust_panel"]
