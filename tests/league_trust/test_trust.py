from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workshop_kit.league.statistics import outcome, wilson_interval
from workshop_kit.league.store.database import open_database
from workshop_kit.league.store.scoring import withdraw
from workshop_kit.league.store.submissions import StoredVerdict, add_verdict, submit
from workshop_kit.league.store.teams import found_team
from workshop_kit.league.store.votes import vote
from workshop_kit.league.trust import COLUMNS, HumanVote, JudgedPair, TrustPanel, majority, trust_panel
from workshop_kit.league.trust.gather import event_panel


@dataclass(frozen=True)
class Known:
    expected: str
    outcome: str


@dataclass(frozen=True)
class Calibrated:
    judge: str
    rows: tuple[Known, ...]


WINNERS = {"c": "candidate", "r": "reference", "t": "tie"}


def pairs(*orders: str, lengths: tuple[int, int] = (200, 100)) -> list[JudgedPair]:
    """Pairs of which each is told in two letters: who won in the first order and in the second."""
    return [
        JudgedPair(f"p{n}", outcome(WINNERS[a], WINNERS[b]), WINNERS[a], WINNERS[b], *lengths)
        for n, (a, b) in enumerate(orders)
    ]


def judged(*orders: str, lengths: tuple[int, int] = (200, 100)) -> TrustPanel:
    return trust_panel({"one": pairs(*orders, lengths=lengths)})


def test_flips_are_counted_with_an_interval_and_a_reported_figure() -> None:
    found = judged(*["cc"] * 44, *["cr"] * 4, *["ct"] * 2).judges[0]["flips"]
    assert found.value == 6 / 50 and (found.low, found.high) == wilson_interval(6, 50) and not found.caution
    assert "in 6 of 50 pairs" in found.meaning and "12.9% is reported by FastChat issue 3911" in found.meaning


def test_a_judge_that_always_takes_the_first_answer_is_found_out() -> None:
    found = judged(*["cr"] * 12).judges[0]["first place wins"]
    assert found.value == 1.0 and found.low == pytest.approx(wilson_interval(12, 12)[0])
    assert "prefers the first place beyond chance" in found.meaning
    assert "prefers the second place" in judged(*["rc"] * 12).judges[0]["first place wins"].meaning


def test_a_judge_that_keeps_its_mind_has_no_preference_for_a_place() -> None:
    found = judged(*["cc"] * 30, *["rr"] * 10, *["tt"] * 10).judges[0]["first place wins"]
    assert found.value == 0.5 and found.cases == 40 and "can't be told from chance" in found.meaning


def test_how_often_the_longer_answer_wins_leaves_out_what_nobody_won() -> None:
    told = pairs("cc", "cc", "cc", "rr", "tt", "cr") + [JudgedPair("same", "win", "candidate", "candidate", 50, 50)]
    found = trust_panel({"one": told}).judges[0]["longer answer wins"]
    assert (found.value, found.cases) == (0.75, 4) and "68% is reported by" in found.meaning and found.caution


def test_wins_that_go_with_length_are_correlated_with_it() -> None:
    told = [
        JudgedPair(str(n), "win" if n > 20 else "loss", *["candidate" if n > 20 else "reference"] * 2, 100 + n, 120)
        for n in range(40)
    ]
    found = trust_panel({"one": told}).judges[0]["length and outcome"]
    assert found.value > 0.8 and 0.7 < found.low < found.value < found.high < 1
    against = [JudgedPair(p.pair, p.outcome, p.first, p.second, 300 - p.candidate_length, 120) for p in told]
    assert trust_panel({"one": against}).judges[0]["length and outcome"].value == pytest.approx(-found.value)


def test_what_most_people_say_counts_and_a_split_is_a_tie() -> None:
    votes = [HumanVote("p", voter, said) for voter, said in zip("abc", ["win", "win", "loss"], strict=True)]
    assert majority(votes) == {"p": "win"}
    assert majority(votes[1:]) == {"p": "tie"}
    assert majority([*votes, HumanVote("p", "a", "loss")]) == {"p": "loss"}  # somebody thought again


def test_agreement_with_people_is_a_share_and_a_kappa() -> None:
    told = pairs(*["cc"] * 20, *["rr"] * 16, *["cr"] * 4)
    people = ["win"] * 16 + ["loss"] * 4 + ["loss"] * 16 + ["tie"] * 4
    votes = [HumanVote(f"p{n}", "a", said) for n, said in enumerate(people)] + [HumanVote("other", "a", "win")]
    found = trust_panel({"one": told}, votes).judges[0]
    assert found["same as people"].value == 0.9 and found["same as people"].cases == 40  # a flip is like a tie
    kappa = found["kappa with people"]
    expected = (20 * 16 + 16 * 20 + 4 * 4) / 40**2
    assert kappa.value == pytest.approx((0.9 - expected) / (1 - expected))
    assert kappa.low < kappa.value < kappa.high and "more than chance here" in kappa.meaning


def test_a_judge_that_guesses_agrees_with_people_by_chance() -> None:
    chance = Random(1)
    told = pairs(*[chance.choice(["cc", "rr"]) for _ in range(60)])
    votes = [HumanVote(f"p{n}", "a", chance.choice(["win", "loss"])) for n in range(60)]
    assert "chance is not ruled out" in trust_panel({"one": told}, votes).judges[0]["kappa with people"].meaning


def test_people_are_measured_against_each_other() -> None:
    votes = [HumanVote(f"p{n}", voter, "win" if n % 3 else "loss") for n in range(40) for voter in "ab"]
    found = trust_panel({"one": pairs("cc")}, votes)
    assert found.people.value == 1.0 and found.people.cases == 40
    assert found.to_rows()[-1][:3] == ["people", "people among themselves", "1.00"]


def test_known_answers_are_counted_for_the_judge_that_found_them() -> None:
    known = Known("win", "win"), Known("loss", "flip"), Known("tie", "tie"), Known("win", "")
    found = trust_panel({"one": []}, calibration_results=[Calibrated("two", known), Calibrated("two", known[:1])])
    assert [judge.judge for judge in found.judges] == ["one", "two"]
    assert found.judges[1]["known answers found"].value == 3 / 5
    assert "found it in 3 of 5" in found.judges[1]["known answers found"].meaning
    assert "Not calibrated yet: one." in found.cautions


def test_too_few_cases_are_said_to_be_too_few() -> None:
    few, many = judged(*["cc"] * 29).judges[0]["flips"], judged(*["cc"] * 30).judges[0]["flips"]
    assert few.caution.startswith("Only 29 cases: too few") and not many.caution
    assert "one, flips (29)" in judged(*["cc"] * 29).cautions[0]
    assert any("Nobody has voted" in caution for caution in judged("cc").cautions)


def test_nothing_judged_is_no_number() -> None:
    assert trust_panel({}).cautions == ("No judge has told a verdict yet.",) and trust_panel({}).to_rows() == []
    empty = trust_panel({"one": []})
    assert all(m.value is None and m.shown() == m.interval() == "–" for m in empty.judges[0].measures)
    assert "Nothing to measure yet" in str(empty)


def test_several_judges_are_held_against_each_other() -> None:
    one, two = pairs(*["cc"] * 20, *["rr"] * 20), pairs(*["cc"] * 16, *["rr"] * 24)
    found = trust_panel({"one": one, "two": two})
    assert found.between.percent == 0.9 and found.between.kappa == pytest.approx(0.8)
    assert found.to_rows()[-1][:3] == ["all judges", "kappa with each other", "0.80"]
    assert "Krippendorff" in trust_panel({"one": one, "two": two, "three": one}).to_rows()[-1][-1]


def test_the_table_is_text_and_a_page_with_everything_escaped() -> None:
    found = trust_panel({"<script>alert(1)</script>": pairs("cc", "cr")})
    assert {len(row) for row in found.to_rows()} == {len(COLUMNS)}
    page = found._repr_html_()
    assert "<script>" not in page and page.count("&lt;script&gt;") > len(found.judges[0].measures)
    assert all(column in page for column in COLUMNS) and "Before relying on this" in page


LENGTHS = st.tuples(st.integers(0, 3), st.integers(0, 3))


@settings(max_examples=60)
@given(st.lists(st.tuples(st.sampled_from("crt"), st.sampled_from("crt"), LENGTHS), min_size=1, max_size=40), st.data())
def test_measures_hold_their_intervals_know_no_order_and_no_side(told: list, data: st.DataObject) -> None:
    made = [
        JudgedPair(str(n), outcome(WINNERS[a], WINNERS[b]), WINNERS[a], WINNERS[b], *lengths)
        for n, (a, b, lengths) in enumerate(told)
    ]
    votes = [HumanVote(p.pair, "a", data.draw(st.sampled_from(["win", "tie", "loss"]))) for p in made[::2]]
    found = trust_panel({"one": made}, votes).judges[0].measures
    for m in found:
        least = 0 if m.kind == "share" else -1
        if m.value is not None:
            assert least - 1e-9 <= m.value <= 1 + 1e-9
        if m.low is not None:
            assert least - 1e-9 <= m.low <= m.value + 1e-9 and m.value - 1e-9 <= m.high <= 1 + 1e-9
    assert trust_panel({"one": data.draw(st.permutations(made))}, votes[::-1]).judges[0].measures == tuple(found)
    turned = trust_panel({"one": [seen_from_the_other_side(p) for p in made]}).judges[0]
    for name in ("flips", "first place wins", "longer answer wins", "ties"):
        assert turned[name] == trust_panel({"one": made}).judges[0][name]


def seen_from_the_other_side(pair: JudgedPair) -> JudgedPair:
    other = {"candidate": "reference", "reference": "candidate", "tie": "tie"}
    mirrored = {"win": "loss", "loss": "win"}.get(pair.outcome, pair.outcome)
    first, second = other[pair.second], other[pair.first]
    return JudgedPair(pair.pair, mirrored, first, second, pair.reference_length, pair.candidate_length)


def test_the_panel_of_an_event_is_made_of_its_verdicts_and_votes(tmp_path: Path) -> None:
    database = open_database(tmp_path / "league.sqlite")
    with database.write() as connection:
        team, _ = found_team(connection, "Ada")
        sent = [
            submit(connection, team.id, set="ranked", target={}, provenance={}, key=key).id
            for key in ("first", "second")
        ]
        for submission in sent:
            for question, orders in {"q1": "cc", "q2": "cr", "q3": "rr"}.items():
                first, second = (WINNERS[letter] for letter in orders)
                told = outcome(first, second)
                row = StoredVerdict(question, "judge-a", told, first, second, 90, 80, 7.0, 5.0, {}, [], "because")
                add_verdict(connection, submission, row)
        vote(connection, sent[0], "q1", "somebody", "win")
        vote(connection, sent[1], "q1", "somebody", "loss")
    with database.read() as connection:
        found = event_panel(connection, [Calibrated("judge-a", (Known("win", "win"),))])
    (judge,) = found.judges
    assert judge.judge == "judge-a" and judge["flips"].value == pytest.approx(2 / 6)
    assert (judge["same as people"].value, judge["same as people"].cases) == (0.5, 2)
    assert judge["known answers found"].value == 1.0
    with database.write() as connection:
        withdraw(connection, "q2", "ambiguous", "organizer")
    with database.read() as connection:
        assert event_panel(connection).judges[0]["flips"].value == 0.0
