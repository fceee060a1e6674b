"""Preflight looks at everything a launch needs, and says what to do about what is missing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from workshop_kit.errors import BadInput
from workshop_kit.records import Dataset, Example
from workshop_kit.review import split
from workshop_kit.training import TrainingConfig, plan_launch
from workshop_kit.training.bedrock import CustomizationConfig, plan_customization
from workshop_kit.training.preflight import preflight


@pytest.fixture(scope="module")
def rows():
    return split(Dataset(tuple(Example(f"What is {n}?", f"It is {n}.") for n in range(60))))


def test_a_sound_plan_passes_every_check(local_aws, rows):
    found = preflight(local_aws, plan_launch(local_aws, rows, TrainingConfig()))
    assert found.ok and all(check.ok for check in found.checks), str(found)
    text = str(found)
    for word in ("Credentials", "Rights", "licence", "ml.g5.2xlarge for training job usage", "endpoint usage"):
        assert word in text
    nova = preflight(local_aws, plan_customization(local_aws, rows, CustomizationConfig()))
    assert nova.ok and "amazon.nova-micro-v1:0 may be used" in str(nova)


def test_what_is_missing_is_named_with_what_to_do(local_aws, rows):
    nobody = replace(local_aws, role_arn="")
    found = preflight(nobody, plan_launch(nobody, rows, TrainingConfig()))
    assert not found.ok and "WORKSHOP_ROLE_ARN" in str(found)
    bare = local_aws.client("iam").create_role(RoleName="bare", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    weak = replace(local_aws, role_arn=bare)
    found = preflight(weak, plan_launch(weak, rows, TrainingConfig()))
    assert not found.ok and "it may not s3:GetObject" in str(found)
    wrong = plan_launch(local_aws, rows, TrainingConfig({"epoch": 0}))
    assert "epoch is 0" in str(preflight(local_aws, wrong))
    assert "style" in found._repr_html_() and found._repr_html_().count("<tr>") == len(found.checks)


class NoQuota:
    """A connection whose account was never given a machine."""

    def __init__(self, aws):
        self._aws = aws

    def __getattr__(self, name):
        return getattr(self._aws, name)

    def client(self, service):
        if service != "service-quotas":
            return self._aws.client(service)
        quotas = self._aws.client(service).list_service_quotas(ServiceCode="sagemaker")["Quotas"]
        return type(
            "Quotas", (), {"list_service_quotas": lambda self, **_: {"Quotas": [q | {"Value": 0} for q in quotas]}}
        )()


def test_a_quota_of_zero_comes_with_the_call_that_asks_for_more(local_aws, rows):
    found = preflight(NoQuota(local_aws), plan_launch(local_aws, rows, TrainingConfig()))
    assert not found.ok
    check = next(check for check in found.checks if "training job usage" in check.name)
    assert check.ok is False and "request_service_quota_increase" in check.fix and "L-" in check.fix


def test_a_configuration_is_saved_and_read_again(tmp_path):
    config = TrainingConfig({"epoch": 3, "target_modules": "q_proj,v_proj"}, budget_usd=2.0, name="mine")
    assert TrainingConfig.load(config.save(tmp_path / "mine.json")) == config
    (tmp_path / "odd.json").write_text('{"epochs": 3}')
    with pytest.raises(BadInput, match="odd.json is no saved configuration"):
        TrainingConfig.load(tmp_path / "odd.json")


def test_the_sdk_program_names_the_same_model_rows_and_settings(local_aws, rows):
    plan = plan_launch(local_aws, rows, TrainingConfig({"epoch": 3}))
    code = plan.sdk_code()
    compile(code, "sdk.py", "exec")
    assert "ModelTrainer.from_jumpstart_config" in code and "'epoch': '3'" in code
    assert plan.request["InputDataConfig"][0]["DataSource"]["S3DataSource"]["S3Uri"] in code


def test_the_memory_of_a_gpu_is_thought_of_before_the_launch(local_aws, rows):
    from workshop_kit.training.memory import memory_fit

    model = "meta-textgeneration-llama-3-2-3b-instruct"
    base = {"per_device_train_batch_size": 1, "lora_r": 8, "target_modules": "q_proj,v_proj", "enable_fsdp": True}
    one, four = (memory_fit(model, base, name) for name in ("ml.g5.2xlarge", "ml.g5.12xlarge"))
    assert one.fits and four.needed < one.needed, "FSDP shares the weights among the GPUs"
    assert memory_fit(model, base | {"int8_quantization": True}, "ml.g5.2xlarge").needed < one.needed
    assert memory_fit(model.replace("3b", "1b"), base, "ml.g5.2xlarge").needed < one.needed
    large = base | {"per_device_train_batch_size": 16}
    assert not memory_fit(model, large, "ml.g5.2xlarge").fits
    assert memory_fit("other", base, "ml.g5.2xlarge") is None and memory_fit(model, base, "ml.x") is None
    plan = plan_launch(local_aws, rows, TrainingConfig({"per_device_train_batch_size": 16}))
    assert any("may not fit" in warning for warning in plan.warnings) and plan.memory is not None
    assert "GiB on each GPU" in plan._repr_html_()


PRODUCT = {
    "terms": {
        "OnDemand": {
            "a": {
                "priceDimensions": {
                    "a.1": {"unit": "Hrs", "pricePerUnit": {"USD": "1.7100000000"}},
                    "a.2": {"unit": "GB", "pricePerUnit": {"USD": "0.1"}},
                }
            }
        }
    }
}


class PriceList:
    """AWS's price list, as far as it was asked for."""

    def __init__(self, products):
        self.products, self.asked = products, []

    def get_products(self, **request):
        import json

        self.asked.append({entry["Field"]: entry["Value"] for entry in request["Filters"]})
        return {"PriceList": [json.dumps(product) for product in self.products]}


def test_prices_are_asked_kept_with_their_day_and_used(local_aws, tmp_path, monkeypatch):
    from types import SimpleNamespace

    from workshop_kit.errors import NotYet
    from workshop_kit.training import cost
    from workshop_kit.training.prices import refresh_prices, use_prices

    monkeypatch.setattr(cost, "INSTANCES", dict(cost.INSTANCES))
    with pytest.raises(NotYet, match="refresh_prices"):
        use_prices(tmp_path)
    told = PriceList([PRODUCT])
    aws = SimpleNamespace(region="eu-west-1", client=lambda service: told)
    assert refresh_prices(aws, tmp_path, ("ml.g5.2xlarge",)) == {"ml.g5.2xlarge": 1.71}
    assert told.asked == [{"instanceName": "ml.g5.2xlarge", "regionCode": "eu-west-1", "component": "Training"}]
    assert "eu-west-1, asked of AWS's price list on 20" in use_prices(tmp_path)
    assert cost.INSTANCES["ml.g5.2xlarge"].usd_per_hour == 1.71
    (tmp_path / "prices.json").write_text('{"usd_per_hour": 3}')
    with pytest.raises(BadInput, match="can't be used"):
        use_prices(tmp_path)
    with pytest.raises(NotYet, match="no training price"):
        refresh_prices(SimpleNamespace(region="x", client=lambda service: PriceList([])), tmp_path, ("ml.g5.2xlarge",))
