"""A league as it is late in a very large event: rows put in in bulk, past the league's own doors."""

from __future__ import annotations

import hashlib
import random
import time
from dataclasses import asdict
from typing import Any

from sqlalchemy import insert, update

from workshop_kit.bench.league.toy import DOMAIN, JUDGES
from workshop_kit.league.event import EventSettings
from workshop_kit.league.statistics import Verdict, score
from workshop_kit.league.store import Database, bump
from workshop_kit.league.store.events import open_event
from workshop_kit.league.store.schema import members, submissions, teams, tokens
from workshop_kit.league.store.tokens import hashed

BATCH = 5_000
QUESTIONS = 50


def fill(database: Database, team_count: int, each: int) -> list[str]:
    """Put teams in, each with a member, a token and `each` judged submissions; gives a token for every team.

    Submissions have scores but no answers or verdicts: no address that is measured reads those.
    """
    chance = random.Random(5)
    scores = [_score(wins) for wins in range(QUESTIONS + 1)]
    now = time.time()
    rows: dict[Any, list[dict[str, Any]]] = {teams: [], members: [], tokens: [], submissions: []}
    secrets = []
    for number in range(team_count):
        id, skill = f"{number:012x}", chance.betavariate(4, 3)
        made = [_submission(id, number * each + n, skill, scores, chance, now) for n in range(each)]
        best = max(made, key=lambda row: (row["win_rate"], -row["created"]))
        secrets.append(f"wk_bench_{hashlib.sha256(id.encode()).hexdigest()[:24]}")
        rows[teams].append(
            {
                "id": id,
                "name": f"Team {number:05d} of the bench",
                "name_key": f"team {number:05d} of the bench",
                "created": now - 90_000,
                "disabled": False,
                "best": best["id"],
                "best_rate": best["win_rate"],
                "best_low": best["score"]["low"],
                "best_high": best["score"]["high"],
                "best_created": best["created"],
                "judged": each,
            }
        )
        rows[members].append({"team": id, "name": f"Member {number}", "email": "", "created": now - 90_000})
        rows[tokens].append(
            {
                "id": id,
                "hash": hashed(secrets[-1]),
                "role": "attendee",
                "team": id,
                "name": f"Member {number}",
                "created": now - 90_000,
                "revoked": False,
            }
        )
        rows[submissions] += made
    with database.write() as connection:
        open_event(connection, DOMAIN, EventSettings(judges=JUDGES, open_models=True))
        for table, values in rows.items():
            for start in range(0, len(values), BATCH):
                connection.execute(insert(table), values[start : start + BATCH])
        bump(connection, "standings")
        bump(connection, "league")
    _settle(database)
    return secrets


def raise_score(connection: Any, team: str, win_rate: float) -> None:
    """Change a team's best score as judging does at its end: the submission's, then the team's place."""
    from workshop_kit.league.store.scoring import place

    best = _score(round(win_rate * QUESTIONS))
    connection.execute(
        update(submissions).where(submissions.c.team == team).values(score=best, win_rate=best["win_rate"])
    )
    place(connection, team)


def _score(wins: int) -> dict[str, Any]:
    outcomes = ["win"] * wins + ["loss"] * (QUESTIONS - wins)
    return asdict(score([Verdict(f"h{n:03d}", said, 40, 40) for n, said in enumerate(outcomes)]))


def _submission(
    team: str, number: int, skill: float, scores: list[dict[str, Any]], chance: random.Random, now: float
) -> dict[str, Any]:
    wins = min(QUESTIONS, max(0, round(chance.gauss(skill, 0.05) * QUESTIONS)))
    created = now - chance.uniform(0, 86_400)
    figures = {"tokens_in": None, "tokens_out": 30.0, "tokens_estimated": True, "seconds_p50": 0.4, "seconds_p90": 0.9}
    return {
        "id": f"{number:012x}",
        "team": team,
        "set": "ranked",
        "target": {"kind": "sagemaker", "endpoint": "right-50", "system": ""},
        "key": f"bench-{number}",
        "provenance": {"dataset": f"{number:016x}", "job": f"job-{number}"},
        "state": "done",
        "problem": "",
        "judges": list(JUDGES),
        "reference": "toy.reference-v1:0",
        "judge_settings": "",
        "created": created,
        "ended": created + 60,
        "judged": QUESTIONS,
        "score": scores[wins],
        "win_rate": scores[wins]["win_rate"],
        "service": figures | {"usd_per_answer": 0.0, "reference": figures | {"usd_per_answer": 0.0}},
    }


def _settle(database: Database) -> None:
    """What the database does by itself in time, done now: statistics for its planner."""
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")
