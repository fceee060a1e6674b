"""The rules of a finale, without a clock, a network or a database."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workshop_kit.domains import KeyFact, Question
from workshop_kit.errors import BadInput, LeagueProblem
from workshop_kit.league.finale import commands as do
from workshop_kit.league.finale import views
from workshop_kit.league.finale.engine import apply, at, check_vote, replay, round_score, start
from workshop_kit.league.finale.scoring import Weights, overall
from workshop_kit.league.finale.state import Contestant, FinaleSettings, State

WHO = ("ann", "ben", "cy")


def question(n: int) -> Question:
    return Question(f"q{n}", "bikes", f"SECRET-{n}?", f"${n}.", (KeyFact(f"${n}", (f"${n}",)),), "simple")


def create(rounds: int = 2, **more: Any) -> do.Create:
    contestants = tuple(Contestant(who, who.title(), f"t-{who}", {"kind": "bedrock", "model_id": who}) for who in WHO)
    return do.Create(FinaleSettings(seed="s", **more), contestants, tuple(question(n) for n in range(1, rounds + 1)))


def play(state: State, *steps: tuple[float, Any]) -> State:
    for when, command in steps:
        state = apply(state, command, when)
    return state


def ask(who: str, id: str, round: int = 1) -> do.Ask:
    return do.Ask(round, who, id, "Be brief.", 0.5, 0.9)


@pytest.fixture
def state() -> State:
    return start("f", create())


@pytest.fixture
def opened(state: State) -> State:
    return apply(state, do.Open(1), 1000)


@pytest.fixture
def voting(opened: State) -> State:
    steps = [(1001 + n, ask(who, f"g-{who}")) for n, who in enumerate(WHO)]
    steps += [(1010, do.Answered(1, f"g-{who}", f"It costs {who}.")) for who in WHO]
    return play(opened, *steps, (1090, do.StartVoting(1)))


def letter(state: State, who: str) -> str:
    return next(found for found, behind in state.rounds[0].letters.items() if behind == who)


def test_the_clock_alone_closes_a_round_at_its_deadline(opened: State) -> None:
    assert at(opened, 1089.9).rounds[0].phase == "open"
    closed = at(opened, 5000).rounds[0]
    assert closed.phase == "closed" and closed.closed == 1090 and closed.used == 90


def test_a_late_request_is_refused_in_a_sentence_that_says_when_time_was_up(opened: State) -> None:
    with pytest.raises(LeagueProblem, match=r"Time was up for round 1 at 00:18:10 UTC, 1\.5 s before this") as caught:
        apply(opened, ask("ann", "g"), 1091.5)
    assert caught.value.status == 409


def test_an_answer_asked_for_in_time_may_arrive_within_the_grace_and_no_later(opened: State) -> None:
    asked = play(opened, (1089, ask("ann", "a")), (1089, ask("ben", "b")))
    with pytest.raises(LeagueProblem, match="2 of the answers asked for in time are still on their way"):
        apply(asked, do.StartVoting(1), 1095)
    told = play(asked, (1100, do.Answered(1, "a", "in time")), (1100.1, do.Answered(1, "b", "too late")))
    assert told.rounds[0].counted("ann").text == "in time"
    assert told.rounds[0].counted("ben") is None and told.rounds[0].generation("b").state == "late"


def test_the_last_answer_asked_for_counts_unless_another_was_picked(opened: State) -> None:
    told = play(
        opened,
        (1001, ask("ann", "a")),
        (1002, ask("ann", "b")),
        (1003, do.Answered(1, "b", "second")),
        (1004, do.Answered(1, "a", "first")),
    )
    assert told.rounds[0].counted("ann").text == "second"
    picked = apply(told, do.Pick(1, "ann", "a"), 1005)
    assert picked.rounds[0].counted("ann").text == "first"
    with pytest.raises(LeagueProblem, match="not an answer of yours"):
        apply(told, do.Pick(1, "ben", "a"), 1005)
    with pytest.raises(LeagueProblem, match="Time was up"):
        apply(told, do.Pick(1, "ann", "a"), 1090)


def test_a_repeated_answer_or_question_changes_nothing(opened: State) -> None:
    told = play(opened, (1001, ask("ann", "a")), (1002, do.Answered(1, "a", "once")))
    assert apply(told, ask("ann", "a"), 1003) is told
    assert apply(told, do.Answered(1, "a", "twice"), 1003) is told


def test_two_generations_at_once_and_no_more(opened: State) -> None:
    asked = play(opened, (1001, ask("ann", "a")), (1002, ask("ann", "b")))
    with pytest.raises(LeagueProblem, match="wait for one of them"):
        apply(asked, ask("ann", "c"), 1003)
    again = play(asked, (1003, do.NoAnswer(1, "a", "gone")), (1004, ask("ann", "c")))
    assert [g.state for g in again.rounds[0].of("ann")] == ["failed", "asked", "asked"]


def test_a_pause_stops_the_clock_and_an_extension_moves_the_deadline(opened: State) -> None:
    paused = apply(opened, do.Pause(1), 1030)
    with pytest.raises(LeagueProblem, match="Round 1 is paused"):
        apply(paused, ask("ann", "a"), 1031)
    assert at(paused, 9000).rounds[0].remaining(9000) == 60
    going = play(paused, (2000, do.Extend(1, 15)), (2001, do.Resume(1)))
    assert going.rounds[0].deadline == 2076
    asked = apply(going, ask("ann", "a"), 2011)
    assert asked.rounds[0].generation("a").elapsed == 40


def test_rounds_are_played_one_at_a_time(opened: State) -> None:
    with pytest.raises(LeagueProblem, match="Round 1 is open; reveal or skip it"):
        apply(opened, do.Open(2), 1001)
    skipped = apply(opened, do.Skip(1, "The projector failed."), 1001)
    assert apply(skipped, do.Open(2), 1002).active.number == 2
    with pytest.raises(LeagueProblem, match="needs a reason"):
        apply(opened, do.Skip(1, " "), 1001)


def test_letters_are_shuffled_by_the_seed_and_only_answers_have_one(opened: State) -> None:
    seen = set()
    for seed in range(40):
        mine = replace(opened, settings=FinaleSettings(seed=str(seed)))
        steps = [(1001, ask(who, who)) for who in WHO[:2]]
        steps += [(1002, do.Answered(1, who, who)) for who in WHO[:2]]
        shown = play(mine, *steps, (1090, do.StartVoting(1))).rounds[0].letters
        assert sorted(shown) == ["A", "B"] and set(shown.values()) == {"ann", "ben"}
        seen.add(tuple(shown.values()))
    assert len(seen) == 2


def test_a_round_opened_again_keeps_answers_and_drops_what_was_said_of_them(voting: State) -> None:
    scored = play(
        voting,
        (1091, do.ScoreAnswer(1, "x", "Expert", "A", 9.5)),
        (1092, do.Judged(1, 1, "ann", "g-ann", 7.0, "good", "j")),
        (1093, do.CloseVoting(1, {"A": 3})),
    )
    again = apply(scored, do.Reopen(1, "The network was down.", 30), 2000).rounds[0]
    assert again.phase == "open" and again.opening == 2 and len(again.generations) == 3
    assert not (again.sheets or again.verdicts or again.votes or again.letters)
    late = apply(at(scored, 2000), do.Reopen(1, "Once more.", 30), 2000)
    same = apply(late, do.Judged(1, 1, "ann", "g-ann", 7.0, "of the first opening", "j"), 2001)
    assert same is late


def test_a_reveal_goes_step_by_step_and_waits_for_the_judge(voting: State) -> None:
    counted = apply(voting, do.CloseVoting(1, {"A": 2, "B": 1}), 1100)
    with pytest.raises(LeagueProblem, match="no score for 3 of 3"):
        apply(counted, do.Reveal(1, 1), 1101)
    judged = play(counted, *((1101, do.Judged(1, 1, who, f"g-{who}", 5.0, "so", "j")) for who in WHO))
    with pytest.raises(LeagueProblem, match="next step of this reveal is 1, not 2"):
        apply(judged, do.Reveal(1, 2), 1102)
    shown = play(judged, *((1102 + n, do.Reveal(1, n)) for n in (1, 1, 2, 3, 4)))
    assert shown.rounds[0].phase == "revealed" and shown.seq == judged.seq + 4
    with pytest.raises(LeagueProblem, match="weights can't be changed"):
        apply(shown, do.SetWeights(Weights(1, 1, 1)), 1103)


def test_a_human_goes_before_the_judge_with_a_reason(voting: State) -> None:
    judged = apply(voting, do.Judged(1, 1, "ann", "g-ann", 0.0, "counts the letters wrong", "j"), 1091)
    with pytest.raises(LeagueProblem, match="An override needs a reason"):
        apply(judged, do.OverrideJudge(1, letter(judged, "ann"), 10, "", "organizer"), 1092)
    told = apply(judged, do.OverrideJudge(1, letter(judged, "ann"), 10, "It is right.", "organizer"), 1092)
    assert told.rounds[0].llm_score("ann") == 10 and told.rounds[0].verdicts["ann"].score == 0
    counted = play(told, (1093, do.LeaveOut(1, "experts", "No experts today.")), (1094, do.CloseVoting(1, {"A": 1})))
    assert round_score(counted, counted.rounds[0]).rows["ann"].llm is None  # two answers have no score yet


def test_an_appeal_after_the_reveal_changes_the_points_openly(voting: State) -> None:
    steps: list[tuple[float, Any]] = [(1091, do.Judged(1, 1, who, f"g-{who}", 5.0, "so", "j")) for who in WHO]
    steps += [(1092, do.CloseVoting(1, {"A": 1}))] + [(1093 + n, do.Reveal(1, n)) for n in range(1, 5)]
    shown = play(voting, *steps)
    appealed = apply(shown, do.OverrideJudge(1, letter(shown, "cy"), 9, "Right after all.", "organizer"), 1200)
    before, after = (round_score(state, state.rounds[0]).rows["cy"] for state in (shown, appealed))
    assert (before.llm, after.llm) == (50, 90) and after.points > before.points
    assert appealed.rounds[0].phase == "revealed"


def test_votes_count_for_letters_there_are_while_the_vote_runs(voting: State, opened: State) -> None:
    assert check_vote(voting, 1, "C", 1091).opening == 1
    with pytest.raises(LeagueProblem, match="has no answer 'D'; it has A, B, C"):
        check_vote(voting, 1, "D", 1091)
    with pytest.raises(LeagueProblem, match="Round 1 is open"):
        check_vote(opened, 1, "A", 1001)
    again = play(voting, (1095, do.CloseVoting(1, {"A": 1})), (1096, do.StartVoting(1)))
    assert again.rounds[0].letters == voting.rounds[0].letters


@pytest.mark.parametrize("score", [-0.5, 10.5, 3.3, float("nan"), float("inf")])
def test_a_score_is_0_to_10_in_halves(voting: State, score: float) -> None:
    with pytest.raises(LeagueProblem, match="from 0 to 10 in halves"):
        apply(voting, do.ScoreAnswer(1, "x", "Expert", "A", score), 1091)


def test_a_finale_wants_two_teams_and_a_question() -> None:
    with pytest.raises(BadInput, match="not 1"):
        start("f", do.Create(FinaleSettings(), create().contestants[:1], create().questions))
    with pytest.raises(BadInput, match="named twice"):
        twice = (*create().contestants, Contestant("dee", "Dee", "t-ann", {}))
        start("f", do.Create(FinaleSettings(), twice, create().questions))


rounds = st.integers(1, 3)
seconds = st.floats(1, 100)
texts = st.text(max_size=8)
people, ids, letters = st.sampled_from(WHO), st.sampled_from("pqrst"), st.sampled_from("ABCD")
answers = st.builds(lambda round, id: do.Answered(round, id, f"TEXT-{round}-{id}-END"), rounds, ids)
any_command = st.one_of(
    st.builds(do.Open, rounds, st.none() | seconds),
    st.builds(do.Pause, rounds), st.builds(do.Resume, rounds), st.builds(do.Close, rounds),
    st.builds(do.Extend, rounds, seconds), st.builds(do.Skip, rounds, texts),
    st.builds(do.Reopen, rounds, texts, st.none() | seconds),
    st.builds(do.Ask, rounds, people, ids, texts, st.floats(0, 1), st.floats(0, 1)),
    answers, st.builds(do.NoAnswer, rounds, ids, texts),
    st.builds(do.Pick, rounds, people, ids),
    st.builds(do.Judged, rounds, st.integers(1, 2), people, ids, st.none() | st.floats(0, 10), texts, st.just("j")),
    st.builds(do.JudgeAgain, rounds), st.builds(do.StartVoting, rounds),
    st.builds(do.ScoreAnswer, rounds, st.sampled_from("xy"), texts, letters, st.integers(0, 20).map(lambda n: n / 2)),
    st.builds(do.CloseVoting, rounds, st.dictionaries(letters, st.integers(0, 9))),
    st.builds(do.OverrideJudge, rounds, letters, st.integers(0, 10), texts, st.just("organizer")),
    st.builds(do.LeaveOut, rounds, st.sampled_from(["llm", "experts", "audience", "?"]), texts, st.booleans()),
    st.builds(do.Reveal, rounds, st.integers(1, 4)),
    st.builds(do.SetQuestion, st.integers(1, 4), st.just(question(9))),
    st.builds(do.SetWeights, st.builds(Weights, st.floats(1, 9), st.floats(0, 9), st.floats(0, 9))),
)  # fmt: skip


def nothing_leaks(state: State, now: float) -> None:
    """In whatever state, what each role sees holds nothing before its time."""
    now_state = at(state, now)
    shown = now_state.shown
    readable = shown.phase in ("voting", "counted", "revealed")
    everybody = views.public(state, now)
    seen = {"": everybody, "expert": views.expert(state, "x", now)}
    seen |= {who: views.contestant(state, who, now) for who in WHO}
    for role, view in seen.items():
        text = json.dumps(view)
        for played in now_state.rounds:
            opened = played is shown and played.opening > 0
            assert opened or f"SECRET-{played.number}?" not in text, "a question before its time"
            for generation in played.generations:
                mine = generation.contestant == role
                counted = readable and played is shown and played.counted(generation.contestant) == generation
                assert not generation.text or mine or counted or generation.text not in text, "another's answer"
    told = everybody["round"]
    assert bool(told["answers"]) <= readable
    rows = told.get("reveal", {"rows": []})["rows"]
    assert bool(rows) <= (shown.step > 0)
    steps = {
        "llm": 1,
        "judge_says": 1,
        "override": 1,
        "experts": 2,
        "audience": 3,
        "votes": 3,
        "name": 4,
        "points": 4,
        "elapsed": 4,
    }
    for row in rows:
        assert set(row) - {"letter", "judge_score"} == {name for name, step in steps.items() if step <= shown.step}
    console = views.director(state, now, 0)
    assert not any(set(v) & {"name", "contestant", "id"} for v in console["verdicts"]), "an override is blind"
    assert not set(console["round"]) & {"votes", "picks", "letters", "sheets", "verdicts"}


@st.composite
def likely_steps(draw: st.DrawFn) -> list[tuple[float, Any]]:
    """The way a round usually goes, with anything at all in between: late phases are reached often."""
    usual: list[Any] = [do.Open(1)]
    for who in draw(st.sets(st.sampled_from(WHO))):
        usual += [do.Ask(1, who, f"g-{who}", "", 0.0, 1.0), do.Answered(1, f"g-{who}", f"TEXT-{who}-END")]
    usual += [do.Close(1), do.StartVoting(1)]
    usual += [do.Judged(1, 1, who, f"g-{who}", draw(st.floats(0, 10)), "so", "j") for who in WHO]
    usual += [do.ScoreAnswer(1, "x", "X", letter, 5.0) for letter in "ABC"] + [do.CloseVoting(1, {"A": 2})]
    usual += [do.Reveal(1, step) for step in range(1, draw(st.integers(1, 5)))] + [do.Open(2)]
    steps = []
    for command in usual:
        steps += [(draw(st.floats(0, 1)), command)]
        if draw(st.integers(0, 5)) == 0:
            steps += [(draw(st.floats(0, 40)), draw(any_command))]
    return steps


@settings(max_examples=150)
@given(st.lists(st.tuples(st.floats(0, 40), any_command), max_size=40) | likely_steps())
def test_whatever_comes_the_rules_hold_and_the_log_makes_the_state_again(steps: list[tuple[float, Any]]) -> None:
    state, now, kept = start("f", create()), 1000.0, [(1000.0, create())]
    for wait, command in steps:
        now += wait
        try:
            after = apply(state, command, now)
        except LeagueProblem as problem:
            assert str(problem).endswith("."), "a refusal is a sentence"
            continue
        if after is state:
            continue
        assert after.seq == state.seq + 1
        state = after
        kept.append((now, command))
        for played in state.rounds:
            assert played.used <= played.length + 1e-6
            for who in WHO:
                counted = played.counted(who)
                assert counted is None or (counted.elapsed <= played.length and counted.state == "done")
            assert set(played.letters.values()) <= set(WHO)
            assert (played.phase == "revealed") == (played.step == 4)
        scores = [round_score(state, played) for played in state.rounds if played.phase == "revealed"]
        assert len(overall(scores, WHO)) == len(WHO)
        nothing_leaks(state, now)
    rows = [(when, *do.to_row(command)) for when, command in kept]
    again = [(when, do.from_row(kind, body)) for when, kind, body in json.loads(json.dumps(rows))]
    assert replay("f", again) == state


def test_a_round_opened_again_after_later_ones_is_the_one_that_is_shown_when_it_is_over(opened: State) -> None:
    skip = do.Skip(1, "Nobody came.")
    told = play(opened, (1001, skip), (1002, do.Open(2)), (1003, do.Skip(2, "Nor here.")))
    assert told.shown.number == 2
    again = apply(told, do.Reopen(1, "Now they are here."), 1004)
    assert again.shown.number == 1 and again.unfinished
    over = apply(again, skip, 1005)
    assert over.shown.number == 1 and not over.unfinished and over.active is None
