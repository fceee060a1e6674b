"""The underwriting world: rubrics that agree with their answers, shares that never meet, rules that are all taught."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from workshop_kit.errors import BadInput
from workshop_kit.worlds import world
from workshop_kit.worlds.base import FACT_KINDS, QUESTION_KINDS, holds, words
from workshop_kit.worlds.underwriting.phrases import COMFORT
from workshop_kit.worlds.underwriting.world import Underwriting

WORLD = Underwriting()
ROWS = WORLD.rows(150, 0)
SEEDS = range(12)
# Insurers and reinsurers with their own names in the trade: none may be named by accident.
REAL = {
    "allianz",
    "allstate",
    "axa",
    "aviva",
    "chubb",
    "geico",
    "hiscox",
    "juniper",
    "lemonade",
    "mutual",
    "nationwide",
}
REAL |= {"progressive", "prudential", "travelers", "zurich"}


def questions(count_hidden: int = 50, count_practice: int = 30) -> list[dict]:
    return [q for s in SEEDS for q in (*WORLD.hidden(count_hidden, s), *WORLD.practice(count_practice, s))]


QUESTIONS = questions()


def factors(case: str) -> frozenset[str]:
    return frozenset(case.split("/")[0].split("+"))


@pytest.mark.parametrize("edition", [0, 1, 2])
def test_a_reference_answer_holds_its_facts_and_contradicts_none(edition: int) -> None:
    made = QUESTIONS if edition == 0 else Underwriting(edition).hidden(200, 0)
    assert len(made) >= 200
    for question in made:
        for fact in question["key_facts"]:
            assert holds(question["reference_answer"], fact["any_of"]), (question["question"], fact["fact"])
            assert not holds(question["reference_answer"], fact["contradicts"]), (question["question"], fact["fact"])


def test_the_passage_of_a_question_decides_it() -> None:
    for question in QUESTIONS:
        facts = [f for f in question["key_facts"] if f["kind"] != "unknown"]
        assert bool(question["passage"]) == bool(facts)
        for fact in facts:
            assert holds(question["passage"], fact["any_of"]), (question["passage"], fact["fact"])


def test_every_passage_stands_in_the_handbook() -> None:
    book = WORLD.handbook()
    for question in QUESTIONS[:100]:
        for sentence in re.split(r"(?<=[.]) ", question["passage"]):
            assert sentence in book


def test_another_value_of_the_same_slot_contradicts() -> None:
    amounts = [f for q in QUESTIONS for f in q["key_facts"] if f["kind"] in ("amount", "decision")]
    assert all(f["contradicts"] for f in amounts)
    shingles = next(f for f in amounts if f["fact"] == "The wind and hail deductible is 2%.")
    assert holds("a wind and hail deductible of 12% applies", shingles["contradicts"])


def test_rows_practice_and_hidden_share_no_case_and_no_text() -> None:
    rows = [row for seed in SEEDS for row in WORLD.rows(150, seed)]
    hidden = [q for s in SEEDS for q in WORLD.hidden(50, s)]
    practice = [q for s in SEEDS for q in WORLD.practice(30, s)]
    cases = [{r["id"] for r in rows}, {q["case"] for q in practice}, {q["case"] for q in hidden}]
    combined = [{factors(c) for c in group if "+" in c} for group in cases]
    lookups = [{c for c in group if c.startswith("lookup/")} for group in cases]
    things = [{c for c in group if c.startswith("unknown/")} for group in cases]
    texts = [{r["instruction"] for r in rows}, {q["question"] for q in practice}, {q["question"] for q in hidden}]
    for kind in (combined, things, texts):
        assert not kind[0] & kind[1] and not kind[0] & kind[2] and not kind[1] & kind[2]
    assert not lookups[1] & lookups[2]


@pytest.mark.parametrize("make", ["rows", "practice", "hidden"])
def test_the_same_seed_gives_the_same_text(make: str) -> None:
    assert getattr(WORLD, make)(20, 3) == getattr(Underwriting(), make)(20, 3)
    assert getattr(WORLD, make)(20, 3) != getattr(WORLD, make)(20, 4)


@pytest.mark.parametrize("seed", SEEDS)
def test_150_rows_teach_every_rule(seed: int) -> None:
    rows = WORLD.rows(150, seed)
    taught = Counter(rule for row in rows for rule in re.split(r"[+/]", row["id"]))
    assert min(taught[id] for id in WORLD.rules) >= 4
    assert all(taught[p.id] for p in WORLD.procedures)
    assert len({row["instruction"] for row in rows}) == 150


def test_answers_to_cases_have_30_to_90_words() -> None:
    cases = [q["reference_answer"] for q in QUESTIONS if q["kind"] in ("case", "two-needs")]
    cases += [row["response"] for row in ROWS if "+" in row["id"]]
    assert [text for text in cases if not 30 <= words(text) <= 90] == []


def test_somebody_in_trouble_is_answered_with_a_kind_word() -> None:
    for question in QUESTIONS:
        if question["tone"] == "kind":
            assert question["reference_answer"].startswith(COMFORT)


def test_hidden_questions_mix_the_kinds_as_told() -> None:
    kinds = Counter(q["kind"] for q in WORLD.hidden(50, 7))
    assert kinds["two-needs"] == 10 and kinds["not-in-handbook"] == 5 and kinds["lookup"] in (7, 8)
    assert set(kinds) == set(QUESTION_KINDS)
    decisions = Counter(f["fact"] for q in QUESTIONS for f in q["key_facts"] if f["kind"] == "decision")
    assert len(decisions) == 4 and min(decisions.values()) > sum(decisions.values()) * 0.08
    assert {f["kind"] for q in QUESTIONS for f in q["key_facts"]} <= set(FACT_KINDS)


def skeleton(sentence: str) -> str:
    """A sentence without its numbers, and without the words that name a rule: only how it is built is left."""
    return re.sub(r"[$%\d,]+", "#", sentence.lower())


def test_answers_are_not_one_template() -> None:
    answers = [row["response"] for row in ROWS if "+" in row["id"]]
    heads = Counter(" ".join(text.split()[:4]) for text in answers)
    assert heads.most_common(1)[0][1] <= len(answers) * 0.2
    assert len(set(answers)) == len(answers)
    sentences = [skeleton(s) for text in answers for s in re.split(r"(?<=[.:;?])\s", text) if words(s) > 3]
    assert len(set(sentences)) >= 0.3 * len(sentences)


def test_mistakes_stand_in_the_share_that_was_asked_for() -> None:
    for seed in SEEDS:
        right, wrong = WORLD.rows(200, seed), WORLD.rows(200, seed, mistakes=0.1)
        changed = [(a, b) for a, b in zip(right, wrong, strict=True) if a["response"] != b["response"]]
        assert len(changed) == 20
        assert [a["instruction"] for a in right] == [b["instruction"] for b in wrong]


def test_rows_of_chosen_topics_are_about_them() -> None:
    rows = WORLD.rows(40, 0, topics=["roof", "water"])
    assert {row["topic"] for row in rows} <= {"roof", "water"}


def test_another_edition_has_other_amounts() -> None:
    assert Underwriting(1).handbook() != WORLD.handbook()
    assert sorted(re.findall(r"\$\d,\d{3}|\d+%", Underwriting(1).handbook())) == sorted(
        re.findall(r"\$\d,\d{3}|\d+%", WORLD.handbook())
    )


def test_no_real_insurer_is_named() -> None:
    text = " ".join(
        [WORLD.handbook(), str(WORLD.document()), *(q["question"] + q["reference_answer"] for q in QUESTIONS)]
    )
    assert not set(re.findall(r"[a-z]+", text.lower())) & REAL


def test_an_unknown_world_is_named() -> None:
    with pytest.raises(BadInput, match="no world 'boats'"):
        world("boats")


def test_many_rows_and_questions_can_be_had() -> None:
    assert len({row["instruction"] for row in WORLD.rows(600, 0)}) == 600
    assert len({q["question"] for q in WORLD.hidden(300, 0)}) == 300
    assert len({q["question"] for q in WORLD.practice(120, 0)}) == 120
