# ruff: noqa: E501  (prompts on one line)
"""The local writer: only from the prompt, always the same, useful for any subject, honest when it can't answer."""

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from workshop_kit.authoring.prompts import STYLES, Templates
from workshop_kit.local_aws.awserror import AwsError
from workshop_kit.local_aws.foundry import language, worlds
from workshop_kit.local_aws.standins import writer

BORROWING = (
    "A cargo bike can be kept for four days. The deposit for a cargo bike is 60 euros. Members under sixteen need a "
    "signature from a parent. Late returns block the member's card for ten days. Ms Okafor mends the wheels."
)


def say(prompt: str) -> dict:
    return json.loads(writer.reply(None, [{"role": "user", "content": prompt}], "", {}))


def questions(passage: str, style: str = "simple", count: int = 5, persona: str = "A parent: in a hurry") -> list[str]:
    values = dict(domain="d", topic="Borrowing", persona=persona, style_help="x")
    return say(Templates().fill("questions", passage=passage, style=style, count=count, **values))["questions"]


def answer(passage: str, question: str, style: str = "simple") -> str:
    values = dict(domain="d", topic="Borrowing", style=style)
    return say(Templates().fill("answer", passage=passage, question=question, **values))["answer"]


@pytest.mark.parametrize("style", sorted(set(STYLES) - {"other-language"}))
def test_every_style_gives_different_questions_that_the_passage_answers_as_it_should(style: str) -> None:
    asked = questions(BORROWING, style)
    assert len(asked) == len(set(asked)) >= 3
    for question in asked:
        reply = answer(BORROWING, question, style)
        if style == "unanswerable":
            assert reply in writer._NOT_HELD
        else:
            assert reply.rstrip(".") in BORROWING or all(s in BORROWING for s in reply.split(". "))


def test_the_same_prompt_gets_the_same_reply_and_another_one_gets_another() -> None:
    assert questions(BORROWING) == questions(BORROWING)
    assert questions(BORROWING) != questions(BORROWING, persona="A student: x")


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("How long may I keep the cargo bike?", "four days"),
        ("What deposit do you want for a cargo bike?", "60 euros"),
        ("Who mends wheels?", "Okafor"),
        ("What happens when I return a bike late?", "ten days"),
    ],
)
def test_a_persons_own_wording_finds_its_sentence(question: str, words: str) -> None:
    assert words in answer(BORROWING, question)


@pytest.mark.parametrize("question", ["Who is the mayor of Paris?", "Do you sell helmets?", "", "?"])
def test_what_the_passage_does_not_hold_is_not_answered(question: str) -> None:
    assert answer(BORROWING, question) in writer._NOT_HELD


def test_half_an_answer_is_not_given_for_a_whole_one() -> None:
    both = answer(BORROWING, "How long can a cargo bike be kept? And which insurance company covers helmets?")
    assert both in writer._NOT_HELD


def test_every_fact_of_a_shipped_world_is_asked_about_and_answered_right() -> None:
    for world in worlds.shipped_worlds():
        for entity in world.sector.entities:
            facts = world.about(entity)
            passage = " ".join(language.state(fact) for fact in facts)
            told = " ".join(answer(passage, q) for q in questions(passage, count=len(facts)))
            assert all(language.state(fact) in told for fact in facts)
            for fact in facts:
                for wording in language.wordings(fact):
                    assert answer(passage, f"Hello! {wording}") == language.state(fact)


def test_without_a_task_it_says_what_it_is() -> None:
    assert "rules and not a language model" in writer.reply(None, [{"role": "user", "content": "Hi"}], "", {})


@pytest.mark.parametrize("prompt", ["<task>write_questions</task>", "<task>write_topics</task>",
                                    "<task>write_questions</task><count>x</count><passage>A is b.</passage>"])  # fmt: skip
def test_a_prompt_that_lacks_its_parts_is_refused_as_aws_refuses(prompt: str) -> None:
    with pytest.raises(AwsError, match="The prompt"):
        say(prompt)


@settings(max_examples=200)
@example(passage=".", question="", style="casual")
@example(passage="The is . A", question="?", style="two-part")
@given(passage=st.text(max_size=200), question=st.text(max_size=80), style=st.sampled_from(sorted(STYLES)))
def test_no_text_makes_it_fall_over(passage: str, question: str, style: str) -> None:
    try:
        asked = questions(passage, style)
    except AwsError as refused:
        assert refused.code == "ValidationException"
    else:
        assert all(isinstance(q, str) and q for q in asked)
    assert answer(passage, question, style)


def test_another_language_is_refused_in_a_sentence():
    prompt = Templates().fill(
        "questions",
        domain="d",
        topic="t",
        persona="p",
        style="other-language",
        style_help="h",
        count=2,
        passage="A. B.",
    )
    with pytest.raises(AwsError, match="set of rules for English"):
        writer.reply(None, [{"role": "user", "content": prompt}], "", {})
