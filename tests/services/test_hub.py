"""The hub's entries: enough for the SDK and the launch form, and honest about what they are."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

HUB = "SageMakerPublicHub"
MODEL_ID = "meta-textgeneration-llama-3-2-3b-instruct"


def test_the_entry_says_that_it_is_a_stand_in_and_how_large(server):
    content = server.client("sagemaker").describe_hub_content(
        HubName=HUB, HubContentType="Model", HubContentName=MODEL_ID
    )
    assert "local stand-in" in content["HubContentDescription"]
    assert "parameters, not Llama 3.2 3B" in content["HubContentDescription"]
    assert content["HubContentDescription"] in content["HubContentMarkdown"]
    assert content["HubContentStatus"] == "Available"


def test_the_document_lists_the_trainers_hyperparameters_with_bounds(server):
    document = server.hub_document()
    assert document["TrainingSupported"] and document["GatedBucket"] and document["ModelTypes"]
    listed = {entry["Name"]: entry for entry in document["Hyperparameters"]}
    wanted = {"epoch", "learning_rate", "lora_r", "lora_alpha", "target_modules", "instruction_tuned"}
    assert wanted <= set(listed)
    for entry in listed.values():
        assert entry["Type"] in ("int", "float", "text", "bool")
        assert "Default" in entry and entry["Scope"] == "algorithm"
    assert float(listed["learning_rate"]["Min"]) < float(listed["learning_rate"]["Default"])


def test_the_documents_own_defaults_are_accepted_by_the_trainer(server):
    defaults = {entry["Name"]: str(entry["Default"]) for entry in server.hub_document()["Hyperparameters"]}
    request = server.request("defaults", rows=10)
    request["HyperParameters"] = defaults | {"epoch": "1", "instruction_tuned": "True"}
    server.client("sagemaker").create_training_job(**request)
    job = server.wait("defaults")
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")


def test_the_hub_lists_both_sizes_and_knows_no_others(server):
    sagemaker = server.client("sagemaker")
    listed = sagemaker.list_hub_contents(HubName=HUB, HubContentType="Model")["HubContentSummaries"]
    assert [entry["HubContentName"] for entry in listed] == [
        "meta-textgeneration-llama-3-2-1b-instruct",
        "meta-textgeneration-llama-3-2-3b-instruct",
    ]
    assert sagemaker.list_hub_contents(HubName=HUB, HubContentType="Notebook")["HubContentSummaries"] == []
    for name, version in (("meta-textgeneration-llama-9", None), (MODEL_ID, "9.9.9")):
        told = {"HubContentVersion": version} if version else {}
        with pytest.raises(ClientError) as caught:
            sagemaker.describe_hub_content(HubName=HUB, HubContentType="Model", HubContentName=name, **told)
        assert caught.value.response["Error"]["Code"] == "ResourceNotFound"
