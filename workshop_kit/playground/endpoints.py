"""Endpoints and Bedrock models that answer questions; listing them, deleting them, proof that nothing is left."""

from __future__ import annotations

import html
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from workshop_kit.aws import kit_call
from workshop_kit.errors import AwsProblem, BadInput
from workshop_kit.playground.payloads import (
    MAX_NEW_TOKENS,
    TEMPERATURE,
    TOP_P,
    clean,
    generated,
    payload,
    stream_texts,
)
from workshop_kit.records import content_id
from workshop_kit.settings import JUMPSTART_MODEL_ID
from workshop_kit.training.jobs import JobProgress
from workshop_kit.training.tags import OWNED, as_dict


class Model(Protocol):
    """Anything that answers questions under a label."""

    @property
    def label(self) -> str:
        """The name to show."""
        ...

    def ask(self, question: str, **settings: Any) -> str:
        """The answer."""
        ...


@dataclass(frozen=True)
class Endpoint:
    """A SageMaker endpoint of the kit's. `system` is the system prompt of its training, used unless told otherwise."""

    aws: Any = field(repr=False, compare=False)
    name: str
    label: str = ""
    system: str = ""
    job_name: str = ""
    dataset_id: str = ""
    model_id: str = JUMPSTART_MODEL_ID

    @property
    def provenance_id(self) -> str:
        """A content hash of the name, the training job and the data behind it."""
        return content_id([self.name, self.job_name, self.dataset_id, self.model_id])

    def status(self) -> str:
        """Creating, InService, Updating, Failed, Deleting, or '' when there is no such endpoint."""
        described = describe_endpoint(self.aws, self.name)
        return described["EndpointStatus"] if described else ""

    def ask(
        self,
        question: str,
        system: str | None = None,
        *,
        temperature: float = TEMPERATURE,
        top_p: float = TOP_P,
        max_new_tokens: int = MAX_NEW_TOKENS,
        seed: int | None = None,
        stream: bool = False,
    ) -> Any:
        """The answer as text, or with `stream=True` an iterator over its pieces.

        `system=None` takes the system prompt of the training, '' takes none. `temperature` 0 (the default) always takes
        the likeliest word, so an answer can be repeated; 0.6 is livelier. `top_p` then leaves out unlikely words,
        and the same `seed` draws the same answer again.
        Raises BadInput for settings out of range and AwsProblem when the endpoint can't answer.
        """
        body = payload(question, self.system if system is None else system, temperature, top_p, max_new_tokens, seed)
        if stream:
            return self._stream(body)
        answer = kit_call(
            self.aws.client("sagemaker-runtime").invoke_endpoint,
            EndpointName=self.name,
            ContentType="application/json",
            Body=json.dumps(body),
        )
        return clean(generated(json.loads(answer["Body"].read())))

    def _stream(self, body: dict[str, Any]) -> Iterator[str]:
        answer = kit_call(
            self.aws.client("sagemaker-runtime").invoke_endpoint_with_response_stream,
            EndpointName=self.name,
            ContentType="application/json",
            Body=json.dumps(body | {"stream": True}),
        )
        parts = (event["PayloadPart"]["Bytes"] for event in answer["Body"] if "PayloadPart" in event)
        return stream_texts(parts)

    def delete(self, progress: Callable[[JobProgress], None] | None = None) -> tuple[str, ...]:
        """Delete the endpoint, its configuration and its model; gives back what is left, nothing when all went well."""
        delete(self.aws, self.name, progress)
        return tuple(leftovers(self.aws, self.name))

    def _repr_html_(self) -> str:
        trained = f"trained by <code>{html.escape(self.job_name)}</code>" if self.job_name else "not fine-tuned"
        system = f"<br>System prompt: {html.escape(self.system)}" if self.system else ""
        return (
            f"<p><b>Endpoint</b> <code>{html.escape(self.name)}</code>: {html.escape(self.status() or 'deleted')}, "
            f"{trained}<br>{html.escape(self.label)}{system}</p>"
        )


@dataclass(frozen=True)
class BedrockModel:
    """A model behind Bedrock's Converse, with the same `ask` as an endpoint.

    `model_id` is an id, an inference profile or an ARN. `system` is the system prompt of its training, used unless told
    otherwise; `job_name` and `dataset_id` say where a custom model comes from.
    """

    aws: Any = field(repr=False, compare=False)
    model_id: str
    label: str = ""
    system: str = ""
    job_name: str = ""
    dataset_id: str = ""

    def ask(
        self,
        question: str,
        system: str | None = None,
        *,
        temperature: float = TEMPERATURE,
        top_p: float = TOP_P,
        max_new_tokens: int = MAX_NEW_TOKENS,
        seed: int | None = None,
        stream: bool = False,
    ) -> Any:
        """As Endpoint.ask, but for the seed, which Converse doesn't take: BadInput says so."""
        if seed is not None:
            raise BadInput("Bedrock's Converse takes no seed; leave it out, or ask at temperature 0.")
        payload(question, system, temperature, top_p, max_new_tokens)  # the same bounds as an endpoint's
        client = self.aws.client("bedrock-runtime")
        request: dict[str, Any] = {
            "modelId": self.model_id,
            "messages": [{"role": "user", "content": [{"text": question}]}],
            "inferenceConfig": {"maxTokens": max_new_tokens, "temperature": temperature, "topP": top_p},
        }
        if system := self.system if system is None else system:
            request["system"] = [{"text": system}]
        if stream:
            events = kit_call(client.converse_stream, **request)["stream"]
            return (
                event["contentBlockDelta"]["delta"].get("text", "") for event in events if "contentBlockDelta" in event
            )
        reply = kit_call(client.converse, **request)
        return "".join(part.get("text", "") for part in reply["output"]["message"]["content"]).strip()


def list_endpoints(aws: Any) -> list[str]:
    """The names of the kit's endpoints in this account and region, found by their tag."""
    client = aws.client("sagemaker")
    names, token = [], None
    while True:
        page = kit_call(client.list_endpoints, MaxResults=100, **({"NextToken": token} if token else {}))
        for row in page["Endpoints"]:
            if OWNED in as_dict(kit_call(client.list_tags, ResourceArn=row["EndpointArn"])["Tags"]):
                names.append(row["EndpointName"])
        token = page.get("NextToken")
        if not token:
            return sorted(names)


def delete(aws: Any, name: str, progress: Callable[[JobProgress], None] | None = None, timeout: float = 900) -> None:
    """Delete an endpoint with its configuration and model, whatever of them there is, and wait until it is gone."""
    client = aws.client("sagemaker")
    for call, argument in (
        (client.delete_endpoint, "EndpointName"),
        (client.delete_endpoint_config, "EndpointConfigName"),
        (client.delete_model, "ModelName"),
    ):
        try:
            kit_call(call, **{argument: name})
        except AwsProblem as problem:
            if not missing(problem):
                raise
    deadline = time.monotonic() + timeout
    while describe_endpoint(aws, name) is not None:
        if progress is not None:
            progress(JobProgress(0, 0, None, f"Deleting endpoint {name}"))
        if time.monotonic() > deadline:
            raise AwsProblem(f"Endpoint {name} is still being deleted after {timeout:.0f} s; look again later.")
        time.sleep(pause(aws))
    if progress is not None:
        progress(JobProgress(1, 1, 0.0, f"Endpoint {name} is deleted", "Completed"))


def leftovers(aws: Any, name: str) -> list[str]:
    """What is left of an endpoint: its endpoint, configuration or model, asked of AWS one by one."""
    client, left = aws.client("sagemaker"), []
    for what, call, argument in (
        ("endpoint", client.describe_endpoint, "EndpointName"),
        ("endpoint configuration", client.describe_endpoint_config, "EndpointConfigName"),
        ("model", client.describe_model, "ModelName"),
    ):
        try:
            kit_call(call, **{argument: name})
            left.append(f"{what} {name}")
        except AwsProblem as problem:
            if not missing(problem):
                raise
    return left


def describe_endpoint(aws: Any, name: str) -> dict[str, Any] | None:
    try:
        return kit_call(aws.client("sagemaker").describe_endpoint, EndpointName=name)
    except AwsProblem as problem:
        if missing(problem):
            return None
        raise


def missing(problem: AwsProblem) -> bool:
    return "could not find" in str(problem).lower() or "not found" in str(problem).lower()


def pause(aws: Any) -> float:
    return 0.3 if getattr(aws, "endpoint_url", None) else 5.0
