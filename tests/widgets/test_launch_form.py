"""The form says what plan_launch says, as the learner types."""

import pytest

from workshop_kit.errors import BadHyperparameter
from workshop_kit.records import Dataset, Example
from workshop_kit.review import Split
from workshop_kit.training.hyperparameters import from_document
from workshop_kit.training.launching import TrainingConfig, plan_with
from workshop_kit.widgets.launch import LaunchForm


def entry(name, type, default, low=None, high=None, options=None):
    return {"Name": name, "Type": type, "Default": default, "Min": low, "Max": high, "Options": options}


RECIPE = from_document(
    "llama",
    {
        "Description": "a model to test with",
        "Hyperparameters": [
            entry("epoch", "int", "5", "1", "1000"),
            entry("learning_rate", "float", "0.0001", "1e-08", "1"),
            entry("lora_r", "int", "8", "1", "512"),
            entry("lora_alpha", "int", "32", "1", "1024"),
            entry("target_modules", "text", "q_proj,v_proj"),
            entry("per_device_train_batch_size", "int", "4", "1", "1000"),
            entry("instruction_tuned", "text", "False", options=["True", "False"]),
            entry("preprocessing_num_workers", "int", "None", "1", "64"),
        ],
        "TrainingArtifactUri": "s3://models/llama/",
    },
)


class Aws:
    region, bucket, role_arn = "us-east-1", "bucket", "arn:aws:iam::000000000000:role/workshop"

    def __init__(self, endpoint_url="http://127.0.0.1:1"):
        self.endpoint_url = endpoint_url


def split():
    def rows(n, what):
        return Dataset(tuple(Example(f"{what} {i}?", f"{what} {i}.") for i in range(n)))

    return Split(rows(100, "train"), rows(20, "validation"), 0.1, 0)


@pytest.fixture
def form():
    return LaunchForm(Aws(), split(), chosen=RECIPE)


def test_the_form_starts_at_the_recipes_defaults_and_can_launch(form):
    assert form.value == TrainingConfig({}, instance_type="ml.g5.2xlarge")
    assert form.plan.estimate.steps == 125
    assert not form.launch_button.disabled


def test_typing_gives_the_config_and_the_plan_of_the_plain_call(form):
    form.fields["epoch"].control.value = "3"
    form.fields["target_modules"].control.value = "q_proj,k_proj,v_proj,o_proj"
    plain = plan_with(
        Aws(), RECIPE, split(), TrainingConfig({"epoch": 3, "target_modules": "q_proj,k_proj,v_proj,o_proj"})
    )
    assert form.plan.request == plain.request
    assert form.value.hyperparameters["epoch"] == 3
    assert form.plan.job_name in form.code.value


def test_a_bad_value_is_told_beside_its_field_and_keeps_the_button_shut_until_mended(form):
    form.fields["epoch"].control.value = "0"
    assert "from 1 to 1000" in form.fields["epoch"].error.value
    assert form.fields["learning_rate"].error.value == ""
    assert form.launch_button.disabled
    form.fields["epoch"].control.value = "2"
    assert form.fields["epoch"].error.value == ""
    assert not form.launch_button.disabled


def test_half_typed_numbers_never_raise(form):
    for typed in ("", "1", "1e", "1e-", "1e-4", "-", "0.", "٣", "1" * 400):
        form.fields["learning_rate"].control.value = typed
    assert form.launch_button.disabled
    form.fields["learning_rate"].control.value = "1e-4"
    assert not form.launch_button.disabled


def test_traps_are_shown_but_do_not_forbid(form):
    form.set(lora_r=4, lora_alpha=128)
    assert "alpha / r is 32" in form.notes.value
    assert not form.launch_button.disabled


def test_above_the_budget_a_yes_is_needed():
    form = LaunchForm(Aws(None), split(), TrainingConfig(budget_usd=0.01), chosen=RECIPE)
    assert form.launch_button.disabled and form.agree.layout.display == ""
    form.agree.value = True
    assert not form.launch_button.disabled


def test_reset_and_set_go_through_the_same_checks(form):
    form.set(epoch=9, target_modules="gate_proj")
    assert form.value.hyperparameters["target_modules"] == "gate_proj"
    form.reset()
    assert form.value.hyperparameters == {}
    with pytest.raises(BadHyperparameter, match="epochs"):
        form.set(epochs=3)


def test_every_control_is_labelled_with_bounds_in_its_tooltip(form):
    for field in form.fields.values():
        assert field.control.description and field.setting.bounds in field.control.tooltip
