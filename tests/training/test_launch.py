"""The plan is exact, the traps are told in sentences, and nothing is called before launch."""

import ast
from dataclasses import replace

import pytest

from workshop_kit.errors import BadHyperparameter, BadInput
from workshop_kit.records import Dataset, Example
from workshop_kit.review import Split
from workshop_kit.training.checks import check_value, traps
from workshop_kit.training.cost import estimate
from workshop_kit.training.hyperparameters import as_text, from_document
from workshop_kit.training.launching import TrainingConfig, launch, plan_with


def entry(name, type, default, low=None, high=None, options=None, scope="algorithm"):
    made = {"Name": name, "Type": type, "Default": default, "Scope": scope}
    made |= {} if low is None else {"Min": low}
    made |= {} if high is None else {"Max": high}
    return made | ({"Options": options} if options else {})


# The shape and the numbers of JumpStart's entry for Llama 3.2 3B Instruct.
DOCUMENT = {
    "Description": "a model to test with",
    "TrainingSupported": True,
    "TrainingEcrUri": "image:1",
    "TrainingArtifactUri": "s3://models/llama/training/",
    "TrainingScriptUri": "s3://models/llama/sourcedir.tar.gz",
    "DefaultTrainingInstanceType": "ml.g5.2xlarge",
    "SupportedTrainingInstanceTypes": ["ml.g5.2xlarge", "ml.g5.12xlarge"],
    "TrainingInstanceTypeVariants": {
        "Aliases": {"$gpu": "image:gpu"},
        "Variants": {"g5": {"Properties": {"ImageUri": "$gpu"}}},
    },
    "Hyperparameters": [
        entry("epoch", "int", 5, 1, 1000),
        entry("learning_rate", "float", 0.0001, 1e-8, 1),
        entry("lora_r", "int", 8, 1, 512),
        entry("lora_alpha", "int", 32, 1, 1024),
        entry("lora_dropout", "float", 0.05, 0, 1),
        entry("target_modules", "text", "q_proj,v_proj"),
        entry("per_device_train_batch_size", "int", 4, 1, 1000),
        entry("max_train_samples", "int", -1, -1),
        entry("instruction_tuned", "text", "False", options=["True", "False"]),
        entry("chat_dataset", "text", "False", options=["True", "False"]),
        entry("int8_quantization", "text", "False", options=["True", "False"]),
        entry("enable_fsdp", "text", "True", options=["True", "False"]),
        entry("preprocessing_num_workers", "text", "None"),
        entry("sagemaker_program", "text", "transfer_learning.py", scope="container"),
    ],
}


class Aws:
    """What plan_with needs; a client would be a call, and planning makes none."""

    region, bucket, role_arn = "us-east-1", "bucket", "arn:aws:iam::000000000000:role/workshop"

    def __init__(self, endpoint_url=None):
        self.endpoint_url = endpoint_url

    def client(self, service):
        raise AssertionError("planning must not call AWS")


LOCAL = Aws("http://127.0.0.1:4567")
RECIPE = from_document("llama", DOCUMENT)


def split_of(train=100, validation=20):
    def rows(n, what):
        return Dataset(tuple(Example(f"{what} question {i}", f"{what} answer {i}") for i in range(n)), "rows")

    return Split(rows(train, "train"), rows(validation, "validation"), 0.1, 0)


def plan(aws=LOCAL, split=None, **values):
    return plan_with(aws, RECIPE, split or split_of(), TrainingConfig(values))


def test_the_recipe_joins_the_hubs_numbers_with_our_words():
    rank = RECIPE["lora_r"]
    assert (rank.type, rank.default, rank.minimum, rank.maximum) == ("int", 8, 1, 512)
    assert rank.explanation.too_high and rank.explanation.source
    assert RECIPE["enable_fsdp"].type == "bool"
    assert "sagemaker_program" not in RECIPE
    assert RECIPE.container == {"sagemaker_program": "transfer_learning.py"}


def test_images_follow_the_instance_family_and_its_alias():
    assert RECIPE.image("ml.g5.2xlarge") == "image:gpu"
    assert RECIPE.image("ml.p4d.24xlarge") == "image:1"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("epoch", 0),
        ("epoch", "two"),
        ("epoch", 2.5),
        ("epoch", True),
        ("epoch", "1e999"),
        ("learning_rate", "nan"),
        ("learning_rate", 2),
        ("lora_dropout", -0.1),
        ("target_modules", " , "),
        ("enable_fsdp", "perhaps"),
        ("epochs", 3),
    ],
)
def test_a_value_that_cannot_be_used_is_told_in_one_sentence(name, value):
    message = check_value(RECIPE, name, value)
    assert name in message and message.endswith(".") and "\n" not in message


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [("epoch", "3", 3), ("learning_rate", "2e-4", 0.0002), ("enable_fsdp", "false", False), ("epoch", 4.0, 4)],
)
def test_values_are_read_from_text_or_numbers(name, value, read):
    assert RECIPE[name].read(value) == read


@pytest.mark.parametrize(
    ("values", "code", "severity"),
    [
        ({"int8_quantization": True}, "int8-fsdp", "error"),
        ({"chat_dataset": True}, "two-formats", "error"),
        ({"instruction_tuned": False}, "raw-text", "warning"),
        ({"lora_r": 4, "lora_alpha": 128}, "alpha-ratio", "warning"),
        ({"lora_r": 256, "lora_alpha": 16}, "alpha-ratio", "warning"),
        ({"epoch": 50, "learning_rate": 0.001}, "overtraining", "warning"),
        ({"per_device_train_batch_size": 64}, "few-steps", "warning"),
    ],
)
def test_known_traps_are_told(values, code, severity):
    found = {finding.code: finding for finding in plan(**values).findings}
    assert found[code].severity == severity
    assert found[code].fix


def test_the_defaults_are_no_trap():
    assert traps(RECIPE, RECIPE.defaults(), 300) == ()
    assert plan().findings == ()


def test_the_request_is_what_boto3_takes():
    import botocore.session
    from botocore.validate import ParamValidator

    made = plan(epoch=4, target_modules="q_proj, v_proj")
    shape = botocore.session.get_session().get_service_model("sagemaker").operation_model("CreateTrainingJob")
    from workshop_kit.training.programs import plain

    request = plain(made.request)
    assert not ParamValidator().validate(request, shape.input_shape).has_errors()
    assert request["HyperParameters"]["epoch"] == "4"
    assert request["HyperParameters"]["instruction_tuned"] == "True"
    assert request["HyperParameters"]["target_modules"] == "q_proj,v_proj"
    assert request["HyperParameters"]["sagemaker_program"] == "transfer_learning.py"
    assert "preprocessing_num_workers" not in request["HyperParameters"]
    channels = {channel["ChannelName"]: channel["DataSource"]["S3DataSource"] for channel in request["InputDataConfig"]}
    assert channels["model"]["ModelAccessConfig"] == {"AcceptEula": True}
    assert channels["training"]["S3Uri"].endswith("/train/")
    assert set(channels) == {"training", "validation", "model", "code"}


def test_the_code_shown_is_the_request_itself(monkeypatch):
    made = plan(epoch=4)
    sent = {}

    class Client:
        def create_training_job(self, **request):
            sent.update(request)

    import boto3

    monkeypatch.setattr(boto3, "client", lambda service, **settings: Client())
    ast.parse(made.boto3_code())
    exec(made.boto3_code(), {})
    assert sent["TrainingJobName"] == made.job_name
    assert sent["HyperParameters"] == made.request["HyperParameters"]
    assert sent == {key: value for key, value in made.request.items()}


def test_a_name_follows_from_the_content():
    assert plan(epoch=4).job_name == plan(epoch=4).job_name
    assert plan(epoch=4).job_name != plan(epoch=5).job_name
    assert plan(split=split_of(101)).job_name != plan().job_name
    assert plan(aws=Aws()).job_name == plan().job_name


def test_steps_are_counted_by_hand():
    made = estimate(rows=101, epochs=3, batch=4, instance_type="ml.g5.12xlarge", paid=True)
    assert (made.effective_batch, made.steps_per_epoch, made.steps) == (16, 7, 21)
    assert plan(max_train_samples=10).estimate.rows == 10


def test_local_work_costs_nothing_and_says_what_aws_would_cost():
    line = plan().estimate.cost_line
    assert plan().estimate.usd == 0
    assert line.startswith("0 USD") and "AWS" in line and "2025" in line


def test_on_aws_a_job_above_the_budget_needs_a_yes():
    made = plan_with(Aws(), RECIPE, split_of(), TrainingConfig({"epoch": 1000}))
    assert made.estimate.usd > 5
    with pytest.raises(BadInput, match="yes=True"):
        launch(Aws(), made)


def test_a_plan_with_errors_is_not_launched():
    with pytest.raises(BadHyperparameter, match="epoch is 0"):
        launch(LOCAL, plan(epoch=0))


def test_too_few_validation_rows_are_warned_of():
    assert "only 3 validation rows" in plan(split=split_of(100, 3)).warnings[0]


def test_a_machine_the_model_does_not_run_on_is_an_error():
    made = plan_with(LOCAL, RECIPE, split_of(), TrainingConfig(instance_type="ml.t3.medium"))
    assert "ml.g5.2xlarge" in made.errors[0]


def test_the_card_shows_everything_escaped():
    made = plan_with(LOCAL, RECIPE, split_of(), TrainingConfig({"epoch": "<b>"}))
    html = made._repr_html_()
    assert "<b>'" not in html and "create_training_job" in html and "0 USD" in html


def test_a_config_survives_being_written_down():
    config = TrainingConfig({"epoch": 4}, budget_usd=1.0)
    assert TrainingConfig(**config.to_dict()) == config
    assert config.changed(epoch=5).hyperparameters == {"epoch": 5}


def test_booleans_and_rates_become_text_that_json_and_python_read():
    assert (as_text(True), as_text(0.0001), as_text(0.0)) == ("True", "0.0001", "0")


@pytest.mark.parametrize("part", ["train", "validation"])
def test_rows_with_private_text_are_not_uploaded_without_a_yes(part):
    """Neither part; and nothing has been sent when it is refused."""
    whole = split_of()
    odd = Dataset((*getattr(whole, part), Example("I am ada@example.org. How long is a loan?", "Four days.")), "rows")
    private = replace(whole, **{part: odd})
    with pytest.raises(BadInput, match="1 email.*private_ok=True"):
        plan(split=private).upload(LOCAL)
