"""The services world: rubrics that agree with their answers, shares that never meet, cards that are all taught."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from workshop_kit.errors import BadInput
from workshop_kit.worlds.base import FACT_KINDS, QUESTION_KINDS, holds, words
from workshop_kit.worlds.services import phrases
from workshop_kit.worlds.services.cards import DESKS, SERVICES, catalog
from workshop_kit.worlds.services.situations import SITUATIONS
from workshop_kit.worlds.services.world import Services

WORLD = Services()
ROWS = WORLD.rows(150, 0)
SEEDS = range(12)
HIDDEN = [q for seed in SEEDS for q in WORLD.hidden(50, seed)]
PRACTICE = [q for seed in SEEDS for q in WORLD.practice(30, seed)]
QUESTIONS = HIDDEN + PRACTICE
# Real states, cities and agencies that could slip into a text about a state.
REAL = "alabama alaska arizona arkansas california colorado connecticut delaware florida georgia hawaii idaho illinois "
REAL += "indiana iowa kansas kentucky louisiana maine maryland massachusetts michigan minnesota mississippi missouri "
REAL += "montana nebraska nevada ohio oklahoma oregon pennsylvania tennessee texas utah vermont virginia washington "
REAL += "wisconsin wyoming calder boston chicago dallas houston seattle denver dmv fema hud irs osha epa usda medicaid"


def services_of(case: str) -> set[str]:
    """The services that a case is about."""
    return {part.removeprefix("lookup/").split("/")[0] for part in case.split("&")} & set(SITUATIONS)


def situations_of(case: str) -> set[str]:
    """The situations that a case tells, without what changes the card."""
    return {part.split("+")[0] for part in case.split("&")}


@pytest.mark.parametrize("edition", [0, 1, 2])
def test_a_reference_answer_holds_its_facts_and_contradicts_none(edition: int) -> None:
    for question in QUESTIONS if edition == 0 else Services(edition).hidden(200, 0):
        for fact in question["key_facts"]:
            assert holds(question["reference_answer"], fact["any_of"]), (question["question"], fact["fact"])
            assert not holds(question["reference_answer"], fact["contradicts"]), (question["question"], fact["fact"])


def test_no_wording_of_a_fact_is_also_wrong() -> None:
    for question in QUESTIONS:
        for fact in question["key_facts"]:
            assert not set(fact["any_of"]) & set(fact["contradicts"])


def test_the_passage_of_a_question_decides_it_and_stands_in_the_handbook() -> None:
    book = WORLD.handbook()
    for question in QUESTIONS:
        facts = [fact for fact in question["key_facts"] if fact["kind"] != "unknown"]
        assert bool(question["passage"]) == bool(facts)
        for fact in facts:
            assert holds(question["passage"], fact["any_of"]), (question["passage"], fact["fact"])
    for question in QUESTIONS[:100]:
        assert all(part in book for part in re.split(r"(?<=[.]) ", question["passage"]))


def test_values_of_other_cards_contradict() -> None:
    for question in QUESTIONS:
        if question["kind"] == "case" and "+" not in question["case"]:
            (id,) = services_of(question["case"])
            other = next(c for c in SERVICES if c.topic != WORLD.cards[id].topic and c.fee)
            kinds = {fact["kind"]: fact["contradicts"] for fact in question["key_facts"]}
            assert other.price in kinds["amount"] and other.wait in kinds["time"] and other.office in kinds["name"]


def test_every_fee_and_every_wait_is_of_one_office() -> None:
    for edition in range(4):
        cards = catalog(edition).values()
        desks = {card.desk for card in cards}
        assert len(desks) == len({desk.name for desk in desks}) == len({desk.wait for desk in desks}) == len(DESKS)
        fees = [desk.fee for desk in desks if desk.fee]
        assert len(fees) == len(set(fees)) == 6


def test_another_edition_has_other_fees_and_waits() -> None:
    first, second = catalog(0), catalog(1)
    assert sum(first[id].fee != second[id].fee for id in first) >= 8
    assert sum(first[id].wait != second[id].wait for id in first) >= 8
    assert Services(1).handbook() != WORLD.handbook()


def test_rows_practice_and_hidden_share_no_case_and_no_text() -> None:
    rows = [row for seed in SEEDS for row in WORLD.rows(150, seed)]
    told = [{s for row in rows for s in situations_of(row["id"])}]
    told += [{s for q in asked for s in situations_of(q["case"])} for asked in (PRACTICE, HIDDEN)]
    texts = [{row["instruction"] for row in rows}] + [{q["question"] for q in asked} for asked in (PRACTICE, HIDDEN)]
    for one, two in ((0, 1), (0, 2), (1, 2)):
        assert not told[one] & told[two]
        assert not texts[one] & texts[two]


def test_no_situation_and_no_frame_is_written_twice() -> None:
    told = [text for shares in SITUATIONS.values() for share in shares.values() for text in share]
    assert len(told) == len(set(told))
    assert set(SITUATIONS) == {card.id for card in SERVICES}
    tables = [phrases.SECOND_NEED, phrases.BOTH_ASKS, phrases.UNKNOWN_ASKS, *phrases.ASKS.values()]
    for rows, others in (*tables, *phrases.CHANGES.values(), *phrases.LOOKUPS.values()):
        assert not set(rows) & set(others)


@pytest.mark.parametrize("make", ["rows", "practice", "hidden"])
def test_the_same_seed_gives_the_same_text(make: str) -> None:
    assert getattr(WORLD, make)(20, 3) == getattr(Services(), make)(20, 3)
    assert getattr(WORLD, make)(20, 3) != getattr(WORLD, make)(20, 4)


def test_two_seeds_ask_mostly_different_questions() -> None:
    for seed in SEEDS:
        one, two = ({q["question"] for q in WORLD.hidden(50, s)} for s in (seed, seed + 1))
        assert len(one & two) <= 5


def test_a_large_hidden_set_repeats_no_text() -> None:
    assert len({q["question"] for q in WORLD.hidden(200, 1)}) == 200


@pytest.mark.parametrize("seed", SEEDS)
def test_150_rows_teach_every_card(seed: int) -> None:
    rows = WORLD.rows(150, seed)
    taught = Counter(id for row in rows if not row["id"].startswith("lookup/") for id in services_of(row["id"]))
    assert min(taught[id] for id in SITUATIONS) >= 5
    assert len({row["instruction"] for row in rows}) == 150
    changed = Counter(change for row in rows for change in row["id"].split("+")[1:])
    assert set(changed) == set(phrases.CHANGES) and min(changed.values()) >= 3
    assert all(row["id"].count("+") <= 1 for row in rows)


def test_hidden_questions_combine_what_rows_never_do() -> None:
    assert sum(q["case"].count("+") == 2 for q in HIDDEN) >= len(SEEDS) * 3


def test_answers_to_cases_have_30_to_90_words() -> None:
    told = [q["reference_answer"] for q in QUESTIONS if q["kind"] in ("case", "two-needs")]
    told += [row["response"] for row in ROWS if not row["id"].startswith(("lookup/", "unknown/"))]
    assert [text for text in told if not 30 <= words(text) <= 90] == []


def test_people_in_trouble_hear_a_kind_word() -> None:
    kind = [q["reference_answer"] for q in QUESTIONS if q["tone"] == "kind"]
    assert len(kind) >= len(QUESTIONS) * 0.4
    kindness = r".*?(sorry|understand|must be|not alone|nuisance|imagine|shock)"
    assert all(re.match(kindness, text) for text in kind)


def test_hidden_questions_mix_the_kinds_as_told() -> None:
    kinds = Counter(q["kind"] for q in WORLD.hidden(50, 7))
    assert kinds["two-needs"] == 10 and kinds["not-in-handbook"] == 5 and kinds["lookup"] in (7, 8)
    assert set(kinds) == set(QUESTION_KINDS)
    assert {fact["kind"] for q in QUESTIONS for fact in q["key_facts"]} <= set(FACT_KINDS)


def skeleton(sentence: str) -> str:
    """A sentence without its numbers and without the names of offices: only how it is built is left."""
    for card in SERVICES:
        sentence = sentence.replace(card.office, "@").replace(card.matter, "@").replace(card.paper, "@")
    return re.sub(r"[$\d]+", "#", sentence.lower())


def test_answers_are_not_one_template() -> None:
    answers = [row["response"] for row in ROWS if not row["id"].startswith(("lookup/", "unknown/"))]
    assert len(set(answers)) >= 0.95 * len(answers)
    heads = Counter(" ".join(text.split()[:4]) for text in answers)
    assert heads.most_common(1)[0][1] <= len(answers) * 0.25
    shapes = Counter(tuple(skeleton(s)[:12] for s in re.split(r"(?<=[.:])\s", text)) for text in answers)
    assert len(shapes) >= 0.5 * len(answers), len(shapes) / len(answers)


def test_mistakes_stand_in_the_share_that_was_asked_for() -> None:
    for seed in SEEDS:
        right, wrong = WORLD.rows(200, seed), WORLD.rows(200, seed, mistakes=0.1)
        changed = [(a, b) for a, b in zip(right, wrong, strict=True) if a["response"] != b["response"]]
        assert len(changed) == 20
        assert [a["instruction"] for a in right] == [b["instruction"] for b in wrong]


@pytest.mark.parametrize("topics", [["land", "water"], ["trade"], ["help"]])
def test_rows_of_chosen_topics_are_about_them(topics: list[str]) -> None:
    rows = WORLD.rows(40, 0, topics=topics)
    assert len(rows) == 40 and {row["topic"] for row in rows} <= set(topics)


def test_a_topic_that_is_not_there_is_named() -> None:
    with pytest.raises(BadInput, match="no topic 'boats'"):
        WORLD.rows(5, 0, topics=["land", "boats"])


def test_no_real_state_city_or_agency_is_named() -> None:
    told = [WORLD.handbook(), str(WORLD.document()), str(SITUATIONS), *(q["reference_answer"] for q in QUESTIONS)]
    assert not set(re.findall(r"[a-z]+", " ".join(told).lower())) & set(REAL.split())
