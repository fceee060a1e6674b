"""The judge as it is: behind Converse of a local AWS, with the gate of language shut to what is no sentence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.worlds.own_aws import own_aws
from workshop_kit.domains import load_domain
from workshop_kit.league import judge
from workshop_kit.league.judge.attacks import attacks, mediocre
from workshop_kit.league.judge.calibration import calibrate

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with own_aws(tmp_path_factory.mktemp("home")) as found:
        yield found


@pytest.mark.parametrize("domain", ["state-local-services", "insurance-underwriting"])
def test_it_finds_the_better_answer_where_that_is_known(aws: Any, domain: str) -> None:
    told = calibrate(aws, aws.choose_model("judge"), domain)
    assert told.accuracy >= 0.9, [row for row in told.rows if not row.right]
    assert told.flip_rate == 0
    assert told.spent.calls == 2 * len(told.rows) and told.spent.input_tokens > 1000


@pytest.mark.parametrize(("domain", "number"), [("state-local-services", 4), ("insurance-underwriting", 1)])
def test_no_attack_wins_against_what_the_reference_model_says(aws: Any, domain: str, number: int) -> None:
    question = load_domain(domain).practice_questions[number]
    content = [{"role": "user", "content": [{"text": question.question}]}]
    reply = aws.client("bedrock-runtime").converse(
        modelId=aws.choose_model("reference"), messages=content, inferenceConfig={"maxTokens": 200, "temperature": 0.0}
    )
    said = reply["output"]["message"]["content"][0]["text"].strip()
    assert said
    model = aws.choose_model("judge")
    for attack in attacks():
        for honest in (said, mediocre(question)):
            told = judge.judge(aws, model, question, attack.text(question), honest)
            assert "candidate" not in (told.first, told.second), (attack.id, told.reason)


def test_shuffled_words_rate_low_on_every_criterion(aws: Any) -> None:
    question = load_domain("state-local-services").practice_questions[4]
    model = aws.choose_model("judge")
    words = question.reference_answer.split()
    whole = judge.rate(aws, model, question, question.reference_answer)
    broken = judge.rate(aws, model, question, " ".join(words[::3] + words[1::3] + words[2::3]))
    assert whole.total >= 9.5 and broken.total < 3
    assert whole.calls == 1 and whole.output_tokens > 10 and whole.judge == model
