"""A real trace: what is trained and deployed by the kit's own calls is proved, and the same models untuned are not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.worlds.own_aws import own_aws
from tests.worlds.tiny_model import build_tiny_model
from workshop_kit.aws import Aws
from workshop_kit.domains import load_domain
from workshop_kit.errors import BadInput
from workshop_kit.league.asking import model_answer
from workshop_kit.league.judging.tuned import prove
from workshop_kit.league.opponent import Opponent, opponent, reference_answer_of
from workshop_kit.playground import deploy, deploy_base
from workshop_kit.playground.custom_models import deploy_custom_model
from workshop_kit.records import Dataset, Example
from workshop_kit.retrieval import open_book
from workshop_kit.review import split
from workshop_kit.settings import JUMPSTART_MODEL_ID
from workshop_kit.training import TrainingConfig, launch
from workshop_kit.training.bedrock import CustomizationConfig, launch_customization, plan_customization


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    """A local AWS with a model of random weights."""
    model = build_tiny_model(tmp_path_factory.mktemp("model"))
    with own_aws(tmp_path_factory.mktemp("home"), model) as found:
        yield found


def test_an_endpoint_and_a_job_of_the_kits_are_proved_and_the_base_is_not(local: Aws) -> None:
    rows = Dataset(tuple(Example(f"What is {n}?", f"It is number {n}.") for n in range(24)))
    job = launch(local, split(rows), TrainingConfig({"epoch": 1})).wait()
    endpoint = deploy(local, job, name="mine")
    found = prove(local, {"kind": "sagemaker", "endpoint": endpoint.name, "system": ""})
    assert (found.base, found.job) == (JUMPSTART_MODEL_ID, job.name)
    assert prove(local, {"kind": "artefact", "training_job": job.name}) == found
    with pytest.raises(BadInput, match="was not tuned from a base of this league .amazon.nova-micro"):
        prove(local, {"kind": "sagemaker", "endpoint": endpoint.name}, ["amazon.nova-micro-v1:0"])
    base = deploy_base(local)
    with pytest.raises(BadInput, match=f"The endpoint {base.name} can't be traced to a training job"):
        prove(local, {"kind": "sagemaker", "endpoint": base.name})
    assert endpoint.delete() == () and base.delete() == ()


def test_a_customized_model_is_proved(local: Aws) -> None:
    told = [
        {
            "schemaVersion": "bedrock-conversation-2024",
            "messages": [
                {"role": "user", "content": [{"text": f"What is {n}?"}]},
                {"role": "assistant", "content": [{"text": f"It is number {n}."}]},
            ],
        }
        for n in range(16)
    ]
    job = launch_customization(local, plan_customization(local, told, CustomizationConfig(name="mine"))).wait()
    model = deploy_custom_model(local, job)
    found = prove(local, {"kind": "bedrock", "model_id": model.model_id})
    assert found.base.startswith("amazon.nova-") and found.job == job.name
    with pytest.raises(BadInput, match="is no base of this league"):
        prove(local, {"kind": "bedrock", "model_id": model.model_id}, [JUMPSTART_MODEL_ID])


def test_the_reference_of_a_real_base_is_that_base_untuned_and_reads_the_handbook(local: Aws) -> None:
    model, book = local.choose_model("reference"), open_book("insurance-underwriting")
    listed = local.client("bedrock").get_foundation_model(modelIdentifier=model)["modelDetails"]["modelName"]
    assert model == "workshop.reference-v1:0" and listed.endswith(", untuned (local)")
    how = opponent(local, model, book)
    assert (how.passages, how.book) == (3, book.id)
    untuned = listed.removesuffix(" (local)")
    assert how.label(model) == f"{untuned}, with the three nearest handbook passages in its prompt (local)"
    question = load_domain("insurance-underwriting").practice_questions[0].question
    base = model_answer(local, local.choose_model("base"), book.prompt(question))
    assert reference_answer_of(local, model, question, how, book).text == base.text
    assert reference_answer_of(local, model, question, Opponent(), book).tokens_in < base.tokens_in
