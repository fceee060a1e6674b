"""The local judge's scores by criterion and its answer to those who guess."""

import json
from dataclasses import replace

import pytest

from workshop_kit.domains import load_domain
from workshop_kit.league import judge
from workshop_kit.local_aws.awserror import AwsError
from workshop_kit.local_aws.foundry.sectors import SECTORS
from workshop_kit.local_aws.standins import judge as standin

DOMAINS = {name: load_domain(name) for name in ("state-local-services", "insurance-underwriting")}
QUESTION = next(q for q in DOMAINS["state-local-services"].practice_questions if q.id == "p05")
RIGHT = QUESTION.reference_answer
HALF, OTHER_HALF = (
    "The wait for a vehicle title in Calder is one month.",
    "A vehicle title in Calder requires a landlord letter.",
)


def ask(text: str) -> dict:
    return json.loads(standin.reply(None, [{"role": "user", "content": [{"text": text}]}], "", {}))


def scores(answer: str, against: str = "") -> dict[str, float]:
    return {name: pair["a"] for name, pair in ask(judge.prompt(QUESTION, answer, against))["criteria"].items()}


def test_each_criterion_moves_by_its_own_rule() -> None:
    assert scores(RIGHT) == {"accuracy": 10, "completeness": 10, "domain_adaptability": 10}
    assert scores(HALF)["completeness"] == scores(HALF)["accuracy"] == 5
    hedged = scores(RIGHT.replace("one month", "one month or two months"))
    assert hedged["accuracy"] == 5 and hedged["completeness"] == 10
    strange = scores("Landlord letter, my friend; figure one month, give or take nothing, cheerio!")
    assert strange["accuracy"] == 10 and strange["domain_adaptability"] < 7
    parrot = scores(QUESTION.question)
    assert parrot == {"accuracy": 0, "completeness": 0, "domain_adaptability": 0}
    assert scores("") == parrot


def test_a_pair_and_a_rating_agree_on_an_answer() -> None:
    for answer in (RIGHT, HALF, QUESTION.question, "I like boats.", ""):
        assert ask(judge.rating_prompt(QUESTION, answer))["scores"] == scores(answer)


def test_an_unknown_criterion_is_not_judged() -> None:
    text = judge.rating_prompt(QUESTION, RIGHT).replace('"completeness"', '"warmth"', 1)
    told = ask(text)
    assert told["scores"]["warmth"] is None and "no rule for 'warmth'" in told["reason"]


def test_a_prompt_with_other_criteria_than_a_list_is_refused() -> None:
    text = judge.rating_prompt(QUESTION, RIGHT)
    start, end = text.index("<criteria>"), text.index("</criteria>")
    with pytest.raises(AwsError, match="<criteria> is not a JSON list"):
        ask(f"{text[:start]}<criteria>be fair{text[end:]}")


def test_a_plain_prompt_without_criteria_gets_a_plain_verdict() -> None:
    facts = json.dumps([{"fact": "x", "any_of": ["$8"]}])
    tags = {
        "question": "What does it cost?",
        "key_facts": facts,
        "answer_a": "It costs $8.",
        "answer_b": "No &lt;idea&gt;.",
    }
    told = ask("".join(f"<{name}>{text}</{name}>" for name, text in tags.items()))
    assert told["winner"] == "A" and "criteria" not in told


def test_repeats_that_were_left_out_still_count() -> None:
    once, often = ask(judge.rating_prompt(QUESTION, RIGHT)), ask(judge.rating_prompt(QUESTION, f"{RIGHT} " * 20))
    assert often["scores"]["completeness"] < 2 < once["scores"]["completeness"]
    assert ask(judge.prompt(QUESTION, f"{RIGHT} " * 20, HALF))["winner"] == "B"


def test_an_answer_is_as_long_as_it_was_before_it_was_cut() -> None:
    short = replace(judge.JudgeSettings.load(), longest_answer=len(RIGHT) + 200)
    tail = " and so the world goes round without an end, as some do say while others say it not at all"
    padded = f"{RIGHT}{tail[:150]}" + "".join(f" word{chr(97 + n % 26)}{n}" for n in range(2000))
    assert ask(judge.prompt(QUESTION, padded[: len(RIGHT) + 150], HALF, short))["winner"] == "A"
    assert ask(judge.prompt(QUESTION, padded, HALF, short))["winner"] == "B"


@pytest.mark.parametrize("domain", DOMAINS.values(), ids=DOMAINS)
def test_naming_every_value_there_is_wins_nothing(domain) -> None:
    """The values of the worlds are in the training data, so anybody could list them all."""
    sector = next(s for s in SECTORS if s.id == domain.id)
    for question in domain.practice_questions:
        for attribute in sector.attributes:
            told = ask(judge.prompt(question, f"It is {', '.join(attribute.values)}.", "I don't know."))
            assert told["winner"] != "A", (question.id, attribute.key)


@pytest.mark.parametrize("domain", DOMAINS.values(), ids=DOMAINS)
def test_reference_answers_and_one_doubt_are_no_guessing(domain) -> None:
    for question in domain.practice_questions:
        facts = [list(fact.any_of) for fact in question.key_facts]
        full = standin.grade(question.reference_answer, question.question, question.reference_answer, facts, None)
        assert full.score == 10, question.id
        told = standin.grade(f"{question.reference_answer} Not $999.", question.question, "", facts, None)
        assert told.score >= 5, question.id
