"""Judging submissions one after another in the background: ask the candidate, ask the reference, ask the judge.

Every verdict is kept as it comes, so a server that was killed goes on with the next question.
"""

from __future__ import annotations

import json
import logging
import queue
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from workshop_kit import formats
from workshop_kit.aws import Aws, kit_call, whole_reply
from workshop_kit.domains import Question
from workshop_kit.errors import AwsProblem, KitError
from workshop_kit.formats.prompt import END_OF_TURN
from workshop_kit.league.judge import judge
from workshop_kit.league.store import Entry, Store
from workshop_kit.records import content_id

T = TypeVar("T")
log = logging.getLogger(__name__)

# The league asks everybody alike: greedy decoding, so that a repeated scoring repeats, and room for a few sentences.
MAX_NEW_TOKENS = 200
ATTEMPTS = 4
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


class Judging:
    """A background thread that takes submissions from the store; `workers` questions are under way at once."""

    def __init__(
        self,
        store: Store,
        aws: Aws,
        questions: tuple[Question, ...],
        *,
        workers: int = 4,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self.store, self.aws, self.questions, self.workers, self.changed = store, aws, questions, workers, changed
        self._waiting: queue.Queue[str | None] = queue.Queue()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="judging", daemon=True)

    def start(self) -> None:
        """Take up what an earlier server left, then wait for more."""
        for id in self.store.unfinished():
            self._waiting.put(id)
        self._thread.start()

    def add(self, id: str) -> None:
        """Judge a queued submission as soon as its turn comes."""
        self._waiting.put(id)

    def stop(self) -> None:
        """Stop after the questions under way; what is left is taken up at the next start."""
        self._stop.set()
        self._waiting.put(None)
        self._thread.join(timeout=30)

    def _run(self) -> None:
        while (id := self._waiting.get()) is not None and not self._stop.is_set():
            try:
                self._judge(self.store.entry(id))
            except KitError as problem:
                if self._stop.is_set():
                    # AWS often goes down together with the league: that is no fault of the submission.
                    return
                self.store.end(id, str(problem))
            except Exception:
                # The reason goes to the server's own log; a participant can do nothing with it.
                log.exception("judging %s failed", id)
                self.store.end(id, "The league server failed while judging this; its log has the reason. Submit again.")
            self.changed()

    def _judge(self, entry: Entry) -> None:
        if entry.state not in ("queued", "judging"):
            return
        # A submission that was begun keeps its judge and its reference: one score never mixes two of either.
        judge_model = entry.judge or self.aws.choose_model("judge")
        reference = entry.reference or self.aws.choose_model("reference")
        self.store.begin(entry.id, judge_model, reference)
        self.changed()
        have = {verdict.question_id for verdict in self.store.verdicts(entry.id)}
        todo = [question for question in self.questions if question.id not in have]
        failed = threading.Event()

        def one(question: Question) -> None:
            if failed.is_set() or self._stop.is_set():
                return
            try:
                said = patiently(lambda: ask_candidate(self.aws, entry.target, question.question), self._stop)
                against = self._reference(reference, question)
                told = patiently(lambda: judge(self.aws, judge_model, question, said, against), self._stop)
            except Exception:
                failed.set()
                raise
            self.store.add(entry.id, told, len(said), len(against))
            self.changed()

        with ThreadPoolExecutor(self.workers, thread_name_prefix="judging") as pool:
            for done in [pool.submit(one, question) for question in todo]:
                done.result()
        if len(self.store.verdicts(entry.id)) == len(self.questions):
            self.store.end(entry.id)

    def _reference(self, model: str, question: Question) -> str:
        key = content_id(question.question)
        kept = self.store.reference_answer(model, key)
        if kept is None:
            answer = patiently(lambda: ask_model(self.aws, model, question.question), self._stop)
            self.store.keep_reference_answer(model, key, answer)
            kept = self.store.reference_answer(model, key) or answer
        return kept


def ask_candidate(aws: Aws, target: dict[str, Any], question: str, system: str = "") -> str:
    """A submission's answer: from a SageMaker endpoint with the Llama 3 prompt, or from a Bedrock model.

    Raises AwsProblem as AWS does, for one when the endpoint is gone.
    """
    if target["kind"] == "bedrock":
        return ask_model(aws, target["model_id"], question, system)
    body = json.dumps(
        {
            "inputs": formats.llama3_prompt(question, system or target.get("system") or None),
            "parameters": {"max_new_tokens": MAX_NEW_TOKENS, "do_sample": False, "return_full_text": False},
        }
    )
    name = target["endpoint"]
    runtime = aws.client("sagemaker-runtime")

    def ask() -> bytes:
        reply = runtime.invoke_endpoint(EndpointName=name, ContentType="application/json", Body=body)
        return reply["Body"].read()

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
    return _generated(name, said)


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
    # JSON can spell half a surrogate pair, which no request to the judge can carry.
    return text.split(END_OF_TURN)[0].strip().encode("utf-8", "replace").decode("utf-8")


def ask_model(aws: Aws, model: str, question: str, system: str = "") -> str:
    """A Bedrock model's answer through Converse."""
    reply = whole_reply(
        aws.client("bedrock-runtime").converse,
        "output",
        modelId=model,
        messages=[{"role": "user", "content": [{"text": question}]}],
        inferenceConfig={"maxTokens": MAX_NEW_TOKENS, "temperature": 0.0},
        **({"system": [{"text": system}]} if system else {}),
    )
    return "".join(part.get("text", "") for part in reply["output"]["message"]["content"]).strip()


def patiently(call: Callable[[], T], stop: threading.Event) -> T:
    """`call()`, tried again after passing errors with growing, jittered pauses, ATTEMPTS times in all."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return call()
        except AwsProblem as problem:
            if problem.code not in PASSING or attempt == ATTEMPTS:
                raise
            pause = random.uniform(0.5, 1.0) * 2**attempt
            log.info("trying again in %.1f s: %s", pause, problem)
            until = time.monotonic() + pause
            while time.monotonic() < until and not stop.is_set():
                time.sleep(0.1)
    raise AssertionError("unreachable")
