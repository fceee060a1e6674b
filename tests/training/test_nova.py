"""Nova's recipes from rows to answers on local AWS, with a tiny model: plans, jobs, figures, rewards, deployments."""

from __future__ import annotations

import json
import threading

import pytest

from workshop_kit import cleanup
from workshop_kit.errors import BadHyperparameter, BadInput, Cancelled, JobFailed, NotYet
from workshop_kit.playground.classification import (
    NO_LABEL,
    classify,
    classify_report,
    majority_baseline,
)
from workshop_kit.playground.custom_models import delete_custom_model, deploy_custom_model
from workshop_kit.records import Dataset, Example
from workshop_kit.review import split
from workshop_kit.training.bedrock import (
    RECIPES,
    CustomizationConfig,
    launch_customization,
    load_customization,
    plan_customization,
)
from workshop_kit.training.bedrock.recipes import TWO_LITE
from workshop_kit.training.rewards import deploy_reward

SYSTEM = "Answer with a number."
COUNT_E = """
def handler(event, context):
    answers = [(s["id"], s["messages"][-1]["content"]) for s in event]
    return [{"id": i, "aggregate_reward_score": min(1.0, a.count("e") / 10)} for i, a in answers]
"""


def rows(count, start=0):
    return [
        {
            "schemaVersion": "bedrock-conversation-2024",
            "system": [{"text": SYSTEM}],
            "messages": [
                {"role": "user", "content": [{"text": f"What is {n}?"}]},
                {"role": "assistant", "content": [{"text": f"It is number {n}."}]},
            ],
        }
        for n in range(start, start + count)
    ]


def prompts(count):
    return [
        {"id": f"p{n}", "messages": [{"role": "user", "content": f"What is {n}?"}], "reference_answer": str(n)}
        for n in range(count)
    ]


@pytest.fixture(scope="module")
def tuned(local_aws):
    config = CustomizationConfig(hyperparameters={"epochCount": 2}, name="tuned")
    plan = plan_customization(local_aws, rows(16), config, rows(8, 50))
    assert plan.errors == () and plan.warnings == ()
    return launch_customization(local_aws, plan).wait()


def test_a_supervised_job_goes_from_rows_to_answers_and_leaves_nothing(local_aws, tuned):
    run = load_customization(local_aws, tuned)
    assert [point.epoch for point in run.epochs] == [1, 2] and len(run.steps) == 32
    assert run.epochs[1].train_loss < run.epochs[0].train_loss and run.epochs[1].eval_loss is not None
    assert (run.train_rows, run.validation_rows) == (16, 8) and run.hyperparameters["epoch"] == "2"
    model = deploy_custom_model(local_aws, tuned, system=SYSTEM)
    assert model.model_id.split(":")[5].startswith("custom-model-deployment/")
    assert isinstance(model.ask("What is 3?", max_new_tokens=12), str)
    assert "".join(model.ask("What is 3?", max_new_tokens=12, stream=True)).strip() == model.ask(
        "What is 3?", max_new_tokens=12
    )
    assert deploy_custom_model(local_aws, tuned, system=SYSTEM) == model, "asked for again, it is found again"
    found = {item.kind for item in cleanup.find(local_aws)}
    assert {"custom model deployment", "custom model"} <= found
    assert delete_custom_model(local_aws, tuned) == ()


def test_the_same_rows_and_settings_are_one_job(local_aws, tuned):
    config = CustomizationConfig(hyperparameters={"epochCount": 2}, name="tuned")
    plan = plan_customization(local_aws, rows(16), config, rows(8, 50))
    assert launch_customization(local_aws, plan) == tuned
    other = plan_customization(local_aws, rows(16), config.changed(epochCount=3), rows(8, 50))
    assert other.job_name != plan.job_name


def test_a_plan_says_what_is_wrong_before_anything_is_sent(local_aws):
    wrong = CustomizationConfig(hyperparameters={"epochCount": 9})
    plan = plan_customization(local_aws, rows(16), wrong)
    assert any("epochCount is 9" in error for error in plan.errors)
    with pytest.raises(BadHyperparameter, match="whole number from 1 to 5"):
        launch_customization(local_aws, plan)
    few = plan_customization(local_aws, rows(5))
    assert any("There are 5 rows" in error for error in few.errors)
    rft = plan_customization(local_aws, prompts(120), CustomizationConfig("nova-rft", TWO_LITE))
    assert any("no reward function" in error for error in rft.errors)
    micro = plan_customization(local_aws, prompts(120), CustomizationConfig("nova-rft", reward="arn:x"))
    assert any("does not take this recipe" in error for error in micro.errors)
    with pytest.raises(BadInput, match="the recipes are nova-sft"):
        plan_customization(local_aws, rows(16), CustomizationConfig("nova"))
    mixed = [*rows(8), *[row | {"system": [{"text": "Other"}]} for row in rows(8, 8)]]
    assert any("different system prompts" in warning for warning in plan_customization(local_aws, mixed).warnings)


def test_the_plan_prints_a_program_that_makes_the_same_job(local_aws):
    plan = plan_customization(local_aws, rows(16), CustomizationConfig(name="by-hand"), rows(8, 50))
    plan.upload(local_aws)
    exec(plan.boto3_code(), {})
    assert launch_customization(local_aws, plan).wait().status == "Completed"


def test_the_kits_own_split_is_written_in_bedrocks_form(local_aws):
    examples = tuple(Example(f"What is {n}?", f"It is {n}.") for n in range(40))
    plan = plan_customization(local_aws, split(Dataset(examples, system=SYSTEM)))
    assert plan.errors == () and plan.train[0]["system"] == [{"text": SYSTEM}]
    assert len(plan.train) + len(plan.validation) == 40


def test_a_reward_rises_and_the_run_shows_it(local_aws):
    arn = deploy_reward(local_aws, "count-e", COUNT_E)
    assert deploy_reward(local_aws, "count-e", COUNT_E) == arn, "deploying again brings it up to date"
    settings = {"epochCount": 8, "batchSize": 64, "inferenceMaxTokens": 16, "learningRate": 3e-4, "evalInterval": 4}
    config = CustomizationConfig("nova-rft", TWO_LITE, settings, reward=arn, name="count-e")
    job = launch_customization(local_aws, plan_customization(local_aws, prompts(128), config, prompts(16))).wait()
    run = load_customization(local_aws, job)
    sampled = [point.reward for point in run.rewards if not point.evaluation]
    greedy = [point.reward for point in run.rewards if point.evaluation]
    assert len(sampled) == 16 and [p.step for p in run.rewards if p.evaluation] == [0, 4, 8, 12, 16]
    # A model of random weights says anything when it samples; what it says first is what it has learned.
    assert greedy[0] < 0.2 and greedy[-1] > 0.8, (sampled, greedy)


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("def handler(event, context):\n    raise KeyError('nothing')\n", "KeyError"),
        ("def handler(event, context):\n    return []\n", "gave no score"),
        ("def handler(event, context):\n    return [{'id': s['id'], 'aggregate_reward_score': ''} for s in event]\n",
         "it must be a number"),
        ("def handler(event, context):\n    return {'score': 1}\n", "must answer a list"),
    ],
)  # fmt: skip
def test_a_reward_function_that_fails_fails_the_job_with_its_reason(local_aws, source, fault):
    arn = deploy_reward(local_aws, "bad", source)
    config = CustomizationConfig("nova-rft", TWO_LITE, {"epochCount": 1}, reward=arn, name=f"bad-{len(source)}")
    job = launch_customization(local_aws, plan_customization(local_aws, prompts(100), config))
    with pytest.raises(JobFailed, match=fault):
        job.wait()
    with pytest.raises(NotYet, match="no figures yet"):
        load_customization(local_aws, job)


def test_a_distillation_job_needs_prompts_alone(local_aws):
    only = [row | {"messages": row["messages"][:1]} for row in rows(10)]
    config = CustomizationConfig("nova-distillation", max_response_length=12, name="distilled")
    job = launch_customization(local_aws, plan_customization(local_aws, only, config)).wait()
    assert load_customization(local_aws, job).steps


def test_a_job_can_be_cancelled_while_it_is_waited_for(local_aws):
    cancel = threading.Event()
    config = CustomizationConfig(hyperparameters={"epochCount": 5}, name="cancelled")
    job = launch_customization(local_aws, plan_customization(local_aws, rows(2000), config))
    seen = []

    def progress(now):
        seen.append(now.text)
        if now.text == "Training":
            cancel.set()

    with pytest.raises(Cancelled, match="makes no model"):
        job.wait(progress, cancel, poll_seconds=0.1)
    with pytest.raises(JobFailed):
        job.model_arn  # noqa: B018 - asked for its error


def test_every_setting_of_every_recipe_is_explained_and_sourced():
    for recipe in RECIPES.values():
        for setting in recipe.hyperparameters:
            words = setting.explanation
            assert words.what and words.unit and words.source.startswith("https://"), setting.name
            assert words.too_low or words.too_high or setting.name == "batchSize"
            assert setting.read(setting.default) == setting.default
        assert recipe._repr_html_().count("<tr>") == len(recipe.hyperparameters) + 1


def test_labels_are_compared_with_the_baseline_that_needs_no_model(local_aws):
    truth = ["flight"] * 7 + ["fare", "meal", "fare"]
    said = ["flight"] * 6 + ["Fare.", "fare", "a long story", "fare"]
    found = classify_report(truth, said, ["flight", "fare", "meal"])
    assert found.classification_accuracy_score == pytest.approx(0.8)
    assert found.balanced_accuracy_score == pytest.approx((6 / 7 + 1 + 0) / 3)
    assert found.unlabelled == 1 and found.predicted[6] == "fare" and found.predicted[8] == NO_LABEL
    assert found.confusion() == [[6, 1, 0, 0], [0, 2, 0, 0], [0, 0, 0, 1]]
    baseline = majority_baseline(["flight", "flight", "fare"], truth, found.labels)
    assert baseline.classification_accuracy_score == 0.7 and baseline.balanced_accuracy_score == pytest.approx(1 / 3)
    assert "accuracy 80.0%" in found.to_text() and found.plot().axes
    with pytest.raises(BadInput, match="one answer for each"):
        classify_report(truth, said[:3])


class Slow:
    label = "slow"

    def ask(self, question, **settings):
        return f"answer to {question}"


def test_many_questions_are_asked_at_once_in_order_and_can_be_cancelled():
    done = []
    answers = classify(Slow(), [str(n) for n in range(20)], progress=lambda now: done.append(now.done))
    assert answers == [f"answer to {n}" for n in range(20)] and done == list(range(1, 21))
    cancel = threading.Event()
    cancel.set()
    assert classify(Slow(), ["a", "b"], cancel=cancel) == ["", ""]


def test_figures_are_read_whether_epochs_count_from_zero_or_one(local_aws, tuned):
    described = tuned.describe()
    root = described["outputDataConfig"]["s3Uri"].rstrip("/") + "/model-customization-job-"
    key = (root + described["jobArn"].rsplit("/", 1)[-1]).removeprefix(f"s3://{local_aws.bucket}/")
    path = f"{key}/training_artifacts/step_wise_training_metrics.csv"
    s3 = local_aws.client("s3")
    before = s3.get_object(Bucket=local_aws.bucket, Key=path)["Body"].read()
    text = "step_number,epoch_number,training_loss,perplexity\n0,1,2.0,7.4\n1,1,nonsense,\n2,2,1.0,2.7\n"
    try:
        s3.put_object(Bucket=local_aws.bucket, Key=path, Body=text.encode())
        run = load_customization(local_aws, tuned)
        assert [(p.epoch, p.train_loss) for p in run.epochs][:2] == [(1, 2.0), (2, 1.0)]
        assert [(s.step, s.epoch) for s in run.steps] == [(1, 1), (3, 2)]
    finally:
        s3.put_object(Bucket=local_aws.bucket, Key=path, Body=before)
    assert json.loads(json.dumps(run.hyperparameters))["epochCount"] == "2"


def test_a_search_for_the_nearest_question_is_a_baseline_of_its_own():
    from workshop_kit.playground.classification import nearest_baseline

    train = [("show me flights to Calder", "flight"), ("what does a ticket cost", "airfare"), ("is there food", "meal")]
    found = nearest_baseline(train, ["flights to Harrow please", "what is the cost of a ticket"], ["flight", "airfare"])
    assert found.classification_accuracy_score == 1.0 and found.name == "nearest training question"


def test_a_nova_configuration_is_saved_and_read_again(tmp_path):
    config = CustomizationConfig("nova-rft", TWO_LITE, {"epochCount": 3, "learningRate": 1e-5}, reward="arn:x")
    assert CustomizationConfig.load(config.save(tmp_path / "mine.json")) == config
    (tmp_path / "odd.json").write_text("[]")
    with pytest.raises(BadInput, match="odd.json is no saved configuration"):
        CustomizationConfig.load(tmp_path / "odd.json")
