"""The judge: a model that compares two answers in both orders, or rates one, by prompts and criteria kept in files.

settings.py     prompts, criteria and options, read from files that an organizer can edit
shield.py       answers cleaned, cut and quoted, so that none can leave its place in the prompt
flags.py        signs that an answer speaks to the judge
exhibit.py      the prompt's material in its tags
verdict.py      a reply read strictly, asked for twice at most
pairwise.py     one pair, both orders
rubric.py       one answer alone
panel.py        several judges
calibration.py  pairs with a known better answer: how often a judge finds it
attacks.py      answers that try to win without answering; trial.py puts a judge to them
"""

from workshop_kit.league.judge.flags import FLAGS
from workshop_kit.league.judge.pairwise import CriterionScore, Judgement, judge, opinion, prompt
from workshop_kit.league.judge.panel import AgreementRow, agreement_rows, panel_verdict
from workshop_kit.league.judge.rubric import Rating, rate, rating_prompt
from workshop_kit.league.judge.settings import Criterion, JudgeSettings, write_prompts
from workshop_kit.league.judge.verdict import NoVerdict, Opinion, Spent, parse, parse_rating

__all__ = [
    "FLAGS",
    "AgreementRow",
    "Criterion",
    "CriterionScore",
    "JudgeSettings",
    "Judgement",
    "NoVerdict",
    "Opinion",
    "Rating",
    "Spent",
    "agreement_rows",
    "judge",
    "opinion",
    "panel_verdict",
    "parse",
    "parse_rating",
    "prompt",
    "rate",
    "rating_prompt",
    "write_prompts",
]
