"""Bedrock's listings, Converse, ConverseStream and InvokeModel through boto3."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

BASE = "workshop.base-v1:0"


def say(text):
    return [{"role": "user", "content": [{"text": text}]}]


def test_every_listed_model_says_that_it_is_local_and_what_it_is(server):
    models = server.client("bedrock").list_foundation_models()["modelSummaries"]
    assert {BASE, "workshop.writer-v1:0", "workshop.judge-v1:0"} <= {model["modelId"] for model in models}
    for model in models:
        assert model["providerName"] == "Workshop Kit (local)"
        assert "local" in model["modelName"]
        assert "parameters" in model["modelName"] or "not a neural network" in model["modelName"]


def test_the_listing_filters(server):
    bedrock = server.client("bedrock")
    assert bedrock.list_foundation_models(byProvider="meta")["modelSummaries"] == []
    assert bedrock.list_foundation_models(byOutputModality="IMAGE")["modelSummaries"] == []
    assert bedrock.list_foundation_models(byOutputModality="TEXT")["modelSummaries"]
    assert bedrock.list_inference_profiles()["inferenceProfileSummaries"] == []
    assert bedrock.get_foundation_model(modelIdentifier=BASE)["modelDetails"]["modelId"] == BASE
    with pytest.raises(ClientError) as caught:
        bedrock.get_foundation_model(modelIdentifier="meta.llama3-2-90b-instruct-v1:0")
    assert caught.value.response["Error"]["Code"] == "ResourceNotFoundException"


def test_converse_answers_with_usage_and_stop_reason(server):
    answer = server.client("bedrock-runtime").converse(
        modelId=BASE,
        messages=say("Hello"),
        system=[{"text": "Be brief."}],
        inferenceConfig={"maxTokens": 7, "temperature": 0},
    )
    assert answer["output"]["message"]["role"] == "assistant"
    usage = answer["usage"]
    assert usage["outputTokens"] <= 7 and usage["totalTokens"] == usage["inputTokens"] + usage["outputTokens"]
    assert usage["inputTokens"] > 10
    assert answer["stopReason"] in ("max_tokens", "end_turn")
    assert answer["metrics"]["latencyMs"] >= 0


def test_the_stream_has_bedrocks_events_in_order_and_the_same_text(server):
    runtime = server.client("bedrock-runtime")
    told = {
        "modelId": BASE,
        "messages": say("Hello"),
        "inferenceConfig": {"maxTokens": 12, "temperature": 0},
    }
    events = list(runtime.converse_stream(**told)["stream"])
    kinds = [next(iter(event)) for event in events]
    deltas = kinds.count("contentBlockDelta")
    assert deltas > 1
    assert kinds == [
        "messageStart",
        *["contentBlockDelta"] * deltas,
        "contentBlockStop",
        "messageStop",
        "metadata",
    ]
    text = "".join(event["contentBlockDelta"]["delta"]["text"] for event in events[1 : 1 + deltas])
    whole = runtime.converse(**told)
    assert text == whole["output"]["message"]["content"][0]["text"]
    assert events[-1]["metadata"]["usage"] == whole["usage"]
    assert events[-2]["messageStop"]["stopReason"] == whole["stopReason"]


def test_invoke_model_speaks_llamas_body(server):
    runtime = server.client("bedrock-runtime")
    body = json.dumps({"prompt": "Hello", "max_gen_len": 6, "temperature": 0})
    answer = json.loads(runtime.invoke_model(modelId=BASE, body=body)["body"].read())
    assert set(answer) == {"generation", "prompt_token_count", "generation_token_count", "stop_reason"}
    assert answer["generation_token_count"] <= 6 and answer["stop_reason"] in ("stop", "length")
    stream = runtime.invoke_model_with_response_stream(modelId=BASE, body=body)["body"]
    chunks = [json.loads(event["chunk"]["bytes"]) for event in stream]
    assert "".join(chunk["generation"] for chunk in chunks) == answer["generation"]
    assert chunks[-1]["amazon-bedrock-invocationMetrics"]["outputTokenCount"] == answer["generation_token_count"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"modelId": "meta.llama3-2-90b-instruct-v1:0"}, "The provided model identifier is invalid."),
        ({"messages": [{"role": "assistant", "content": [{"text": "x"}]}]}, "must start with a user message"),
        ({"messages": say("x") + say("y")}, "must alternate"),
        ({"messages": say("  ")}, "blank"),
        ({"inferenceConfig": {"maxTokens": 100_000}}, "maxTokens"),
        ({"messages": say("word " * 3000)}, "tokens"),
    ],
)
def test_converse_refuses_what_bedrock_refuses(server, change, message):
    told = {"modelId": BASE, "messages": say("Hello")} | change
    with pytest.raises(ClientError) as caught:
        server.client("bedrock-runtime").converse(**told)
    assert caught.value.response["Error"]["Code"] == "ValidationException"
    assert message in caught.value.response["Error"]["Message"]


@pytest.mark.parametrize("body", ["{", "[]", '{"max_gen_len": 5}', '{"prompt": "x", "top_k": 3}'])
def test_a_malformed_invocation_is_refused(server, body):
    with pytest.raises(ClientError, match="Malformed input request") as caught:
        server.client("bedrock-runtime").invoke_model(modelId=BASE, body=body)
    assert caught.value.response["Error"]["Code"] == "ValidationException"


def test_a_rule_based_stand_in_answers_through_the_same_calls(server):
    runtime = server.client("bedrock-runtime")
    told = {"modelId": "workshop.writer-v1:0", "messages": say("Who are you?")}
    answer = runtime.converse(**told)
    text = answer["output"]["message"]["content"][0]["text"]
    assert "not a language model" in text
    assert answer["stopReason"] == "end_turn" and answer["usage"]["inputTokens"] == 4
    events = list(runtime.converse_stream(**told)["stream"])
    deltas = [event["contentBlockDelta"]["delta"]["text"] for event in events if "contentBlockDelta" in event]
    assert len(deltas) > 2 and "".join(deltas) == text

    short = runtime.converse(**told, inferenceConfig={"maxTokens": 5})
    assert short["stopReason"] == "max_tokens" and short["usage"]["outputTokens"] == 5
    assert text.startswith(short["output"]["message"]["content"][0]["text"])
    stopped = runtime.converse(**told, inferenceConfig={"stopSequences": ["local"]})
    assert stopped["stopReason"] == "stop_sequence"
    assert stopped["output"]["message"]["content"][0]["text"] == text.split("local")[0]
    with pytest.raises(ClientError, match="answers Converse only"):
        runtime.invoke_model(modelId="workshop.writer-v1:0", body='{"prompt": "x"}')
