import pytest
from hypothesis import given
from hypothesis import strategies as st

from workshop_kit.local_aws.trainer import hyperparameters as h
from workshop_kit.local_aws.trainer.hyperparameters import AWS_DEFAULTS, HyperparameterError, parse, published

BOUNDED = [entry for entry in published() if "Min" in entry]


def test_the_defaults_are_jumpstarts_but_for_what_the_small_base_needs() -> None:
    own = {entry["Name"]: entry["Default"] for entry in published()}
    assert own.keys() == AWS_DEFAULTS.keys()
    assert {name for name in own if own[name] != AWS_DEFAULTS[name]} == {"learning_rate"}
    assert parse({}).lora_r == 8 and parse({}).target_modules == ("q_proj", "v_proj")


@pytest.mark.parametrize("entry", BOUNDED, ids=lambda e: e["Name"])
def test_each_bound_is_kept_and_named(entry: dict[str, str]) -> None:
    step = 1e-9 if entry["Type"] == "float" else 1
    for wrong in (float(entry["Min"]) - step, float(entry["Max"]) + max(step, 1)):
        text = repr(wrong) if entry["Type"] == "float" else str(int(wrong))
        with pytest.raises(HyperparameterError) as caught:
            parse({entry["Name"]: text})
        assert caught.value.name == entry["Name"] and text in str(caught.value)


@pytest.mark.parametrize(
    ("told", "name", "says"),
    [
        ({"learning_rte": "0.1"}, "learning_rte", "did you mean learning_rate"),
        ({"epoch": "three"}, "epoch", "whole number"),
        ({"epoch": "2.5"}, "epoch", "whole number"),
        ({"learning_rate": "nan"}, "learning_rate", "from"),
        ({"learning_rate": "inf"}, "learning_rate", "from"),
        ({"instruction_tuned": "yes"}, "instruction_tuned", "True or False"),
        ({"target_modules": "q_proj,w_proj"}, "target_modules", "gate_proj"),
        ({"target_modules": ""}, "target_modules", "gate_proj"),
        ({"max_input_length": "0"}, "max_input_length", "-1"),
        ({"validation_split_ratio": "1"}, "validation_split_ratio", "not allowed"),
        ({"int8_quantization": "True", "enable_fsdp": "True"}, "int8_quantization", "together"),
        ({"instruction_tuned": "True", "chat_dataset": "True"}, "chat_dataset", "together"),
    ],
)
def test_what_cant_be_used_is_named_with_the_reason(told: dict[str, str], name: str, says: str) -> None:
    with pytest.raises(HyperparameterError) as caught:
        parse(told)
    assert caught.value.name == name and says in str(caught.value)


def test_int8_alone_does_not_trip_over_a_default() -> None:
    assert parse({"int8_quantization": "True"}).enable_fsdp is False


def test_all_is_none() -> None:
    assert parse({"max_train_samples": "-1"}).max_train_samples is None
    assert parse({"max_train_samples": "5"}).max_train_samples == 5


@given(st.dictionaries(st.sampled_from(sorted(h.AWS_DEFAULTS)), st.text(max_size=20), max_size=4))
def test_any_text_is_taken_or_refused_by_name(told: dict[str, str]) -> None:
    try:
        parse(told)
    except HyperparameterError as problem:
        assert problem.name in told
