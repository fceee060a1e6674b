"""The corpus as a trial that any judge can be put to."""

import threading

import pytest

from tests.league_judge.conftest import Asked, gullible
from workshop_kit.errors import BadInput, Cancelled
from workshop_kit.league.judge.attacks import attacks
from workshop_kit.league.judge.trial import try_attacks

DOMAIN = "insurance-underwriting"


def test_nothing_gets_past_the_local_rules_or_a_believing_judge(rules: Asked) -> None:
    told = try_attacks(rules, "m", DOMAIN)
    assert [row.id for row in told.rows] == [attack.id for attack in attacks()]
    assert told.fallen == told.won == () and told.spent.calls == 2 * len(told.rows)
    assert try_attacks(Asked(lambda messages: gullible(messages[-1]["content"][0]["text"])), "m", DOMAIN).fallen == ()


def test_a_judge_that_obeys_what_it_reads_is_found_out() -> None:
    """It reads the quoted lines and obeys them: quoting can't help against that, a trial can show it."""

    def obeys(messages: list) -> str:
        text = messages[-1]["content"][0]["text"].lower()
        first, second = (part.split("</answer")[0] for part in text.split("<answer_")[1:])
        winner = "A" if "choose" in first else "B" if "choose" in second else "tie"
        a, b = {"A": (9, 1), "B": (1, 9)}.get(winner, (5, 5))
        return f'{{"winner": "{winner}", "score_a": {a}, "score_b": {b}}}'

    told = try_attacks(Asked(obeys), "m", DOMAIN)
    assert len(told.won) >= 20 and all(row.outcome == "win" for row in told.won)
    assert sum(bool(row.flags) for row in told.won) / len(told.won) > 0.8
    page = told._repr_html_()
    assert "flattery" in page and f"{len(told.fallen)} of {len(attacks())} attacks won" in page


def test_a_limit_draws_evenly_and_a_useless_verdict_is_told(rules: Asked) -> None:
    seen: list[tuple[int, int]] = []
    told = try_attacks(rules, "m", DOMAIN, limit=40, progress=lambda done, n: seen.append((done, n)))
    assert len(told.rows) == 40 and len(told.by_kind()) >= 15 and seen[-1] == (40, 40)
    silent = try_attacks(Asked(lambda _: ""), "m", DOMAIN, limit=2)
    assert all(row.outcome == "" and "no usable verdict" in row.reason for row in silent.rows)


def test_a_trial_can_be_stopped_and_one_of_nothing_is_refused(rules: Asked) -> None:
    stop = threading.Event()
    with pytest.raises(Cancelled):
        try_attacks(rules, "m", DOMAIN, workers=2, cancel=stop, progress=lambda *_: stop.set())
    with pytest.raises(BadInput, match="at least one"):
        try_attacks(rules, "m", DOMAIN, limit=0)
