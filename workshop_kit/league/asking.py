"""Asking models as the league does: the same settings for everybody, errors that pass tried again."""

from __future__ import annotations

import json
import logging
import random
import threading
import time
from collections.abc import Callable, Collection
from typing import Any, TypeVar

from workshop_kit import formats
from workshop_kit.aws import Aws, kit_call, whole_reply
from workshop_kit.errors import AwsProblem
from workshop_kit.formats.prompt import END_OF_TURN
from workshop_kit.league.answer import Answer

T = TypeVar("T")
log = logging.getLogger(__name__)

# The league asks everybody alike: greedy decoding, so that a repeated scoring repeats, and room for a few sentences.
MAX_NEW_TOKENS = 200
ATTEMPTS = 4
LONGEST_PAUSE = 30.0
# More than any judge is shown; an endpoint may send megabytes.
ANSWER_LENGTH = 100_000
# What passes: worth another try after a pause. Anything else is told at once.
PASSING = {
    "ThrottlingException",
    "Throttling",
    "TooManyRequestsException",
    "ServiceUnavailable",
    "ServiceUnavailableException",
    "ModelErrorException",
    "ModelNotReadyException",
    "ModelTimeoutException",
    "InternalServerException",
    "InternalFailure",
    "InternalDependencyException",
    # aws.problems' own codes for a server that does not answer, and for an answer that broke off.
    "NoConnection",
    "ConnectionClosed",
    "IncompleteReadError",
}
# What is no fault of one model: AWS is away, the account as a whole is asked too often, or Bedrock is still
# loading a custom model that was not asked for a while, which takes minutes.
OUTAGE = {
    "ModelNotReadyException",
    "ThrottlingException",
    "Throttling",
    "TooManyRequestsException",
    "ServiceUnavailableException",
    "InternalServerException",
    "InternalFailure",
    "NoConnection",
    # The league's own sign-in: once it is renewed, with a restart perhaps, judging goes on.
    "NoCredentials",
    "ExpiredToken",
    "ExpiredTokenException",
    "RequestExpired",
    "TokenRefreshRequired",
    "UnrecognizedClientException",
    "InvalidClientTokenId",
}


def answer_of(
    aws: Aws,
    target: dict[str, Any],
    question: str,
    system: str = "",
    *,
    temperature: float = 0.0,
    top_p: float | None = None,
) -> Answer:
    """A submission's answer: from a SageMaker endpoint with the Llama 3 prompt, or from a Bedrock model.

    `system` goes before the target's own. `temperature` 0 takes the likeliest word. Raises AwsProblem as AWS does, for
    one when the endpoint is gone.
    """
    system = system or target.get("system") or ""
    if target["kind"] == "bedrock":
        return model_answer(aws, target["model_id"], question, system, temperature=temperature, top_p=top_p)
    parameters: dict[str, Any] = {"max_new_tokens": MAX_NEW_TOKENS, "do_sample": temperature > 0}
    if temperature > 0:
        parameters["temperature"] = temperature
    if temperature > 0 and top_p is not None:
        parameters["top_p"] = top_p
    body = json.dumps(
        {
            "inputs": formats.llama3_prompt(question, system or None),
            "parameters": parameters | {"return_full_text": False},
        }
    )
    name = target["endpoint"]
    runtime = aws.client("sagemaker-runtime")

    def ask() -> bytes:
        reply = runtime.invoke_endpoint(EndpointName=name, ContentType="application/json", Body=body)
        return reply["Body"].read()

    began = time.monotonic()
    try:
        said = kit_call(ask)
    except AwsProblem as problem:
        if problem.code != "ModelError":
            raise
        # A container's error may repeat what it was asked, and what it was asked is hidden.
        raise AwsProblem(
            f"The endpoint {name} could not answer a question; ask it something in notebook 05 and read its log.",
            "ServiceUnavailable" if "server error (" in str(problem) else problem.code,
        ) from None
    return Answer(_generated(name, said), None, None, time.monotonic() - began)


def ask_candidate(aws: Aws, target: dict[str, Any], question: str, system: str = "") -> str:
    """The text of `answer_of`."""
    return answer_of(aws, target, question, system).text


def _generated(endpoint: str, said: bytes) -> str:
    try:
        told = json.loads(said)
    except ValueError:
        # A server that dies while it answers leaves half a body behind a good status.
        raise AwsProblem(
            f"The endpoint {endpoint} answered with something other than JSON.", "ConnectionClosed"
        ) from None
    first = told[0] if isinstance(told, list) and told else told
    text = first.get("generated_text") if isinstance(first, dict) else None
    if not isinstance(text, str):
        raise AwsProblem(
            f"The endpoint {endpoint} answered without 'generated_text'; submit an endpoint of a text-generation model."
        )
    return _clean(text.split(END_OF_TURN)[0])


def model_answer(
    aws: Aws, model: str, question: str, system: str = "", *, temperature: float = 0.0, top_p: float | None = None
) -> Answer:
    """A Bedrock model's answer through Converse, with the tokens that AWS counted."""
    began = time.monotonic()
    reply = whole_reply(
        aws.client("bedrock-runtime").converse,
        "output",
        modelId=model,
        messages=[{"role": "user", "content": [{"text": question}]}],
        inferenceConfig={"maxTokens": MAX_NEW_TOKENS, "temperature": temperature}
        | ({} if top_p is None else {"topP": top_p}),
        **({"system": [{"text": system}]} if system else {}),
    )
    text = "".join(part.get("text", "") for part in reply["output"]["message"]["content"])
    usage = reply.get("usage") or {}
    seconds = time.monotonic() - began
    return Answer(_clean(text), usage.get("inputTokens"), usage.get("outputTokens"), seconds)


def ask_model(aws: Aws, model: str, question: str, system: str = "") -> str:
    """The text of `model_answer`."""
    return model_answer(aws, model, question, system).text


def _clean(text: str) -> str:
    """JSON can spell half a surrogate pair, which no request carries, and NUL, which no database keeps."""
    return text.strip()[:ANSWER_LENGTH].replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def patiently(
    call: Callable[[], T],
    stop: threading.Event,
    *,
    lasting: float = 0.0,
    outage: Collection[str] = OUTAGE,
    given_up: Callable[[], bool] = lambda: False,
) -> T:
    """`call()`, tried again after passing errors with growing, jittered pauses, ATTEMPTS times in all.

    With an error code of `outage`, passing or not, it is tried for `lasting` seconds at least. Raises the last error,
    at once when `stop` is set or `given_up` says so.
    """
    attempt, began = 0, time.monotonic()
    while True:
        attempt += 1
        try:
            return call()
        except AwsProblem as problem:
            lasts = problem.code in outage and time.monotonic() - began < lasting
            if not lasts and (problem.code not in PASSING or attempt >= ATTEMPTS):
                raise
            pause = random.uniform(0.5, 1.0) * min(LONGEST_PAUSE, 2 ** min(attempt, 10))
            log.log(
                logging.WARNING if attempt >= ATTEMPTS else logging.INFO, "trying again in %.1f s: %s", pause, problem
            )
            until = time.monotonic() + pause
            while time.monotonic() < until and not stop.is_set() and not given_up():
                time.sleep(0.1)
            if stop.is_set() or given_up():
                raise
