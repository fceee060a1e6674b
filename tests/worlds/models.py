"""An AWS without a network: models that answer by a rule that a reader can hold in mind, and the real local judge."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable
from typing import Any, Self

from botocore.exceptions import ClientError

from tests.worlds.bicycles import number_of, price
from workshop_kit.errors import AwsProblem
from workshop_kit.local_aws.standins import judge


class Door:
    """What the kit asks of a connection to AWS; its clients are itself."""

    endpoint_url = "http://127.0.0.1:1"  # nobody sends a bill
    region = "us-west-2"

    def choose_model(self, role: str) -> str:
        return f"toy.{role}-v1:0"

    def client(self, service: str) -> Self:
        return self

    def get_foundation_model(self, modelIdentifier: str) -> dict[str, Any]:
        raise refusal("ResourceNotFoundException", f"There is no model {modelIdentifier}.", "GetFoundationModel")


class Tuned:
    """What AWS tells of endpoints that are all tuned from the workshop's base, each by a job of its own name."""

    bucket = "s3://bucket"

    def describe_endpoint(self, EndpointName: str) -> dict[str, Any]:
        return {"EndpointConfigName": EndpointName, "EndpointStatus": "InService"}

    def describe_endpoint_config(self, EndpointConfigName: str) -> dict[str, Any]:
        return {"ProductionVariants": [{"ModelName": EndpointConfigName}]}

    def describe_model(self, ModelName: str) -> dict[str, Any]:
        return {"PrimaryContainer": {"ModelDataUrl": f"{self.bucket}/{ModelName}/output/model.tar.gz"}}

    def describe_training_job(self, TrainingJobName: str) -> dict[str, Any]:
        source = {"S3DataSource": {"S3Uri": f"{self.bucket}/base"}}
        return {
            "TrainingJobName": TrainingJobName,
            "TrainingJobStatus": "Completed",
            "ModelArtifacts": {"S3ModelArtifacts": f"{self.bucket}/{TrainingJobName}/output/model.tar.gz"},
            "AlgorithmSpecification": {},
            "InputDataConfig": [{"ChannelName": "model", "DataSource": source}],
        }

    def describe_hub_content(self, **_: Any) -> dict[str, Any]:
        document = {"TrainingSupported": True, "TrainingArtifactUri": f"{self.bucket}/base"}
        return {"HubContentDocument": json.dumps(document)}


class NoModels(Door):
    """For a league in which submissions are judged by hand."""

    def client(self, service: str) -> Any:
        raise RuntimeError("no model is asked in these tests")


class ToyAws(Tuned, Door):
    """A candidate, a reference and a judge; who holds an event back keeps the candidate, or the judge, thinking.

    The candidate knows as many prices, from the first on, as its endpoint's name says: right-80 knows 80 %. The
    reference knows none. The judge is the local one, called as Converse would call it.
    """

    wrong = "I like bicycles and frames."

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.gone, self.hold, self.judge_hold = threading.Event(), threading.Event(), threading.Event()
        self.hold.set()
        self.judge_hold.set()

    def invoke_endpoint(self, EndpointName: str, Body: str, **_: Any) -> dict[str, Any]:
        self.hold.wait(30)
        if self.gone.is_set():
            raise refusal("ValidationError", f"Endpoint {EndpointName} not found.", "InvokeEndpoint")
        prompt = json.loads(Body)["inputs"]
        self.asked.append(prompt)
        n = number_of(prompt)
        return generated(price(n) if n < skill_of(EndpointName) / 10 else self.wrong)

    def converse(self, modelId: str, messages: list[dict[str, Any]], **_: Any) -> dict[str, Any]:
        if "judge" not in modelId:
            return said("A frame costs what it costs.")
        self.judge_hold.wait(30)
        return judged(messages)


def skill_of(endpoint: str) -> int:
    """How many of a hundred prices the model behind an endpoint knows."""
    return int(endpoint.split("-")[1])


def judged(messages: list[dict[str, Any]]) -> dict[str, Any]:
    """What Converse returns for the local judge."""
    return said(judge.reply(None, messages, "", {}))


def said(text: str) -> dict[str, Any]:
    """What Converse returns."""
    return {"output": {"message": {"content": [{"text": text}]}}}


def generated(text: str) -> dict[str, Any]:
    """What InvokeEndpoint returns."""
    return {"Body": io.BytesIO(json.dumps({"generated_text": text}).encode())}


def refusal(code: str, message: str, operation: str) -> ClientError:
    """What boto3 raises when AWS refuses."""
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


def failing(call: Callable[..., Any], times: int, code: str) -> Callable[..., Any]:
    """`call`, but the first `times` of it are refused."""
    left = [times]

    def tried(**more: Any) -> Any:
        if left[0] > 0:
            left[0] -= 1
            raise AwsProblem("Not now.", code)
        return call(**more)

    return tried
