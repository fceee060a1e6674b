"""Every style of question is asked and answered from the passage by the local writer, and kept by the local judge."""

from __future__ import annotations

import json
import random
import re
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workshop_kit import authoring
from workshop_kit.authoring.prompts import DEFAULT_STYLES, STYLES, Templates
from workshop_kit.authoring.scoring import score_rows
from workshop_kit.domains import list_domains, load_domain
from workshop_kit.local_aws.standins import styles, writer
from workshop_kit.local_aws.standins.reading import read_facts
from workshop_kit.records import Dataset, Example

sys.path.insert(0, str(Path(__file__).parent))
from toy_aws import ToyAws

BIKES = (
    "A cargo bike can be kept for four days. The deposit for a cargo bike is 60 euros. Late returns block the member's "
    "card for ten days. The workshop opens every Tuesday at 17:00. Ms Okafor mends the wheels."
)
ABLE = sorted(set(STYLES) - {"other-language"})


def ask(passage: str, style: str, count: int = 12) -> list[str]:
    prompt = Templates().fill(
        "questions", domain="d", topic="Borrowing", persona="A parent: x", style=style, style_help=STYLES[style],
        count=count, passage=passage,
    )  # fmt: skip
    return json.loads(writer.reply(None, [{"role": "user", "content": prompt}], "", {}))["questions"]


def again(passage: str, question: str, answer: str, feedback: str) -> str:
    prompt = Templates().fill("refine", passage=passage, question=question, answer=answer, feedback=feedback)
    return json.loads(writer.reply(None, [{"role": "user", "content": prompt}], "", {}))["answer"]


def test_every_style_tells_in_one_line_what_it_asks_for():
    assert {"simple", "two-part", "adversarial", "unanswerable", "local", "summary", "other-language"} <= set(STYLES)
    assert set(DEFAULT_STYLES) <= set(STYLES)
    assert all(about and "\n" not in about and len(about) <= 140 for about in STYLES.values())


@pytest.mark.parametrize("domain", list_domains())
@pytest.mark.parametrize("style", ABLE)
def test_the_judge_keeps_what_the_writer_makes_in_every_style(domain, style, tmp_path):
    loaded = load_domain(domain)
    written = authoring.write(ToyAws(), authoring.plan(loaded, 8, styles=[style]), tmp_path / "rows.jsonl")
    assert len(written) >= 0.9 * 8 * len(loaded.topics) and not [
        f for f in written.skipped if f.code != "fewer-questions"
    ]
    scored = score_rows(ToyAws(), written, tmp_path / "scores.jsonl", domain=loaded)
    assert len(scored.set_aside) <= 0.02 * len(written), scored.to_frame().head()


def test_a_local_question_names_its_place():
    passage = (
        "The annex in Upper Tarn opens on Monday. Permits are stamped by the clerk in Upper Tarn. Bring two forms."
    )
    assert all("Upper Tarn" in question for question in ask(passage, "local"))
    assert all(
        "Calder" in q for q in ask("A camping pass in Calder costs $55. A boat permit in Calder costs $9.", "local")
    )
    assert not any("Okafor" in q and "nowhere else" in q for q in ask(BIKES, "local")), "a person is no place"


def test_a_false_premise_is_never_taken_over():
    asked = ask(BIKES, "adversarial", 30)
    misled = [q for q in asked if '"' in q]
    assert len(misled) >= 4 and len(misled) < len(asked), "both false premises and planted instructions"
    for question in misled:
        premise = re.search('"(.+?)"', question)[1]
        assert premise not in BIKES
        prompt = Templates().fill(
            "answer", domain="d", topic="t", style="adversarial", passage=BIKES, question=question
        )
        answer = json.loads(writer.reply(None, [{"role": "user", "content": prompt}], "", {}))["answer"]
        assert answer in BIKES and answer != premise
        assert set(answer.split()) & set(premise.split()), "the answer is about what the premise gets wrong"


@settings(max_examples=200)
@given(
    number=st.one_of(st.integers(0, 99_999).map(str), st.integers(1_000, 999_999).map("{:,}".format)),
    seed=st.integers(0, 50),
)
def test_a_wrong_number_is_another_number_in_the_same_place(number, seed):
    wrong = styles.misstated(f"The fee is ${number} a year.", random.Random(seed))
    assert wrong is not None and wrong != f"The fee is ${number} a year."
    assert re.fullmatch(r"The fee is \$\d[\d,]* a year\.", wrong)


@pytest.mark.parametrize("sentence", ["The office opens at 17:00.", "It costs 2.50.", "Ms Okafor mends the wheels."])
def test_what_has_no_plain_number_is_not_misstated(sentence):
    assert styles.misstated(sentence, random.Random(1)) is None


def test_an_answer_that_believes_the_premise_is_set_aside(tmp_path):
    question = 'I was told: "The deposit for a cargo bike is 90 euros." How high is the deposit for a cargo bike?'
    rows = Dataset(
        (
            Example(question, "The deposit for a cargo bike is 90 euros.", BIKES),
            Example(question, "The deposit for a cargo bike is 60 euros.", BIKES),
            Example(question, "Yes, that is right: it is 90 euros for a cargo bike.", BIKES),
        )
    )
    scored = score_rows(ToyAws(), rows, tmp_path / "s.jsonl")
    assert scored.kept.examples == (rows.examples[1],)


def test_a_refusal_is_kept_where_the_passage_is_silent_and_set_aside_where_it_is_not(tmp_path):
    no = "I'm sorry, but the material I have does not say that."
    rows = Dataset(
        (
            Example("Is there parking near the bicycle library?", no, BIKES),
            Example("How long can a cargo bike be kept?", no, BIKES),
        )
    )
    scored = score_rows(ToyAws(), rows, tmp_path / "s.jsonl")
    assert scored.kept.examples == (rows.examples[0],)


@pytest.mark.parametrize(
    "refusal",
    [
        "I have no information about parking near the library.", "The handbook doesn’t mention parking.",
        "Parking is not mentioned in the rules, so please ask the office.", "I don't know whether there is parking.",
    ],
)  # fmt: skip
def test_a_refusal_in_other_words_is_one_too(refusal, tmp_path):
    rows = Dataset((Example("Is there parking near the bicycle library?", refusal, BIKES),))
    assert len(score_rows(ToyAws(), rows, tmp_path / "s.jsonl").kept) == 1


def test_something_that_is_not_covered_is_an_answer_and_no_refusal(tmp_path):
    passage = "Floods are not covered for a bakery. The house policy does not cover glass. Storms are covered."
    asked = ("Are floods covered for a bakery?", "Floods are not covered for a bakery, sorry.")
    rows = Dataset(
        (Example(*asked, passage), Example("Is glass covered?", "No, the policy does not cover glass.", passage))
    )
    scored = score_rows(ToyAws(), rows, tmp_path / "s.jsonl")
    assert not any("declines" in score.reason for score in scored.scores.values())


def test_an_answer_that_only_repeats_the_question_is_set_aside(tmp_path):
    rows = Dataset(
        (
            Example("I heard that parking costs $7. Is that right?", "Parking costs $7.", BIKES),
            Example("I need 3 bikes. How high is the deposit for a cargo bike?", "The deposit is 60 euros.", BIKES),
            Example(
                "I need 3 bikes. How high is the deposit for a cargo bike?",
                "For your 3 bikes: the deposit for a cargo bike is 60 euros.", BIKES,
            ),
        )
    )  # fmt: skip
    scored = score_rows(ToyAws(), rows, tmp_path / "s.jsonl")
    assert scored.kept.examples == rows.examples[1:]
    assert "says only what the question says" in scored.scores[rows.examples[0].id].reason


@pytest.mark.parametrize(
    ("feedback", "adds"),
    [
        ("Please also mention the deposit.", "60 euros"),
        ("Good, but it leaves out what happens with late returns!", "ten days"),
        ("Include the workshop's opening day; say who mends the wheels.", "17:00"),
    ],
)
def test_feedback_that_names_something_gets_it_from_the_passage(feedback, adds):
    first = "A cargo bike can be kept for four days."
    better = again(BIKES, "How long can a cargo bike be kept?", first, feedback)
    assert better.startswith(first) and adds in better
    if "who" in feedback:
        assert "Okafor" in better


@pytest.mark.parametrize(
    "feedback", ["Mention the parking fee.", "Be more polite.", "$7500 is not in the passage", "x"]
)
def test_what_the_passage_lacks_is_not_made_up(feedback):
    first = "A cargo bike can be kept for four days."
    better = again(BIKES, "How long can a cargo bike be kept?", "A cargo bike can be kept for nine days.", feedback)
    assert all(sentence in BIKES for sentence in re.findall(r"[^.]+\.", better)) and better.startswith(first)


def test_more_detail_is_about_the_same_thing():
    first = "A cargo bike can be kept for four days."
    assert "deposit for a cargo bike" in again(
        BIKES, "How long can a cargo bike be kept?", first, "More detail, please."
    )


@settings(max_examples=150)
@given(passage=st.text(max_size=150), feedback=st.text(max_size=80), seed=st.integers(0, 9))
def test_no_text_makes_them_fall_over(passage, feedback, seed):
    assert isinstance(again(passage, "What is it?", "It is.", feedback), str)
    for fact in read_facts(passage):
        assert isinstance(styles.place_of(fact, passage), str)
        assert styles.misstated(fact.sentence, random.Random(seed)) != fact.sentence
