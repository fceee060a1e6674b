"""From a trained model to answers: deploy, ask, compare, look for parroting, delete and prove that nothing is left."""

from __future__ import annotations

import html
import json
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from workshop_kit.errors import AwsProblem, BadInput, KitError
from workshop_kit.formats import llama3_prompt
from workshop_kit.formats.prompt import END_OF_TURN, system_of
from workshop_kit.records import Dataset, content_id, html_table
from workshop_kit.settings import JUMPSTART_MODEL_ID
from workshop_kit.training.hyperparameters import Recipe, recipe
from workshop_kit.training.jobs import JobProgress, TrainingJob
from workshop_kit.training.runs import Run
from workshop_kit.training.tags import DATASET, JOB, MODEL, OWNED, as_dict, make_tags

# Greedy: the same question gets the same answer, so that two models, or two runs, can be compared.
TEMPERATURE = 0.0
TOP_P = 0.9
MAX_NEW_TOKENS = 200
# Words per run when answers are compared with training rows: long enough not to be a mere phrase.
ECHO_WORDS = 6


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
    """A SageMaker endpoint of the kit's. `system` is the system prompt it was trained with, used unless told otherwise."""

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
        described = _describe_endpoint(self.aws, self.name)
        return described["EndpointStatus"] if described else ""

    def ask(
        self,
        question: str,
        system: str | None = None,
        *,
        temperature: float = TEMPERATURE,
        top_p: float = TOP_P,
        max_new_tokens: int = MAX_NEW_TOKENS,
        stream: bool = False,
    ) -> Any:
        """The answer as text, or with `stream=True` an iterator over its pieces.

        `system=None` takes the system prompt of the training, '' takes none. `temperature` 0 (the default) always takes
        the likeliest word, so an answer can be repeated; 0.6 is livelier. `top_p` then leaves out unlikely words.
        Raises BadInput for settings out of range and AwsProblem when the endpoint can't answer.
        """
        body = payload(question, self.system if system is None else system, temperature, top_p, max_new_tokens)
        if stream:
            return self._stream(body)
        from workshop_kit.aws import kit_call

        answer = kit_call(
            self.aws.client("sagemaker-runtime").invoke_endpoint,
            EndpointName=self.name,
            ContentType="application/json",
            Body=json.dumps(body),
        )
        return _clean(_generated(json.loads(answer["Body"].read())))

    def _stream(self, body: dict[str, Any]) -> Iterator[str]:
        from workshop_kit.aws import kit_call

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
    """A model behind Bedrock's Converse, with the same `ask` as an endpoint."""

    aws: Any = field(repr=False, compare=False)
    model_id: str
    label: str = ""

    def ask(
        self,
        question: str,
        system: str | None = None,
        *,
        temperature: float = TEMPERATURE,
        top_p: float = TOP_P,
        max_new_tokens: int = MAX_NEW_TOKENS,
        stream: bool = False,
    ) -> Any:
        """As Endpoint.ask; there is no training, so no system prompt unless one is given."""
        from workshop_kit.aws import kit_call

        payload(question, system, temperature, top_p, max_new_tokens)  # the same bounds as an endpoint's
        client = self.aws.client("bedrock-runtime")
        request: dict[str, Any] = {
            "modelId": self.model_id,
            "messages": [{"role": "user", "content": [{"text": question}]}],
            "inferenceConfig": {"maxTokens": max_new_tokens, "temperature": temperature, "topP": top_p},
        }
        if system:
            request["system"] = [{"text": system}]
        if stream:
            events = kit_call(client.converse_stream, **request)["stream"]
            return (
                event["contentBlockDelta"]["delta"].get("text", "") for event in events if "contentBlockDelta" in event
            )
        reply = kit_call(client.converse, **request)
        return "".join(part.get("text", "") for part in reply["output"]["message"]["content"]).strip()


def deploy(
    aws: Any,
    run: Run | TrainingJob | str,
    name: str | None = None,
    *,
    instance_type: str | None = None,
    progress: Callable[[JobProgress], None] | None = None,
) -> Endpoint:
    """Put a trained model behind an endpoint and wait until it answers; one that is there already is given back.

    `run` is a Run, a TrainingJob or a job's name. Raises NotYet or JobFailed when the job has no model, BadInput when
    `name` belongs to another model, AwsProblem when AWS refuses.
    """
    job = run if isinstance(run, TrainingJob) else TrainingJob(aws, run.job_name if isinstance(run, Run) else run)
    tags, uri = job.tags(), job.artifact
    model_id = tags.get(MODEL, JUMPSTART_MODEL_ID)
    chosen = recipe(aws, model_id)
    data: dict[str, Any] = (
        {"ModelDataUrl": uri} if uri.endswith(".tar.gz") else {"ModelDataSource": _prefix(uri.rstrip("/") + "/")}
    )
    endpoint = Endpoint(
        aws,
        _name(name or job.name),
        f"{chosen.label}, fine-tuned",
        trained_system(job),
        job.name,
        tags.get(DATASET, ""),
        model_id,
    )
    _deploy(endpoint, chosen, data, instance_type, progress)
    return endpoint


def deploy_base(
    aws: Any,
    model_id: str = JUMPSTART_MODEL_ID,
    name: str | None = None,
    *,
    system: str = "",
    instance_type: str | None = None,
    progress: Callable[[JobProgress], None] | None = None,
) -> Endpoint:
    """Put the model as it was before fine-tuning behind an endpoint, to compare with; `system` as in training."""
    chosen = recipe(aws, model_id)
    data = {"ModelDataSource": _prefix(chosen.hosting_artifact, eula=True)}
    endpoint = Endpoint(
        aws, _name(name or f"base-{model_id}"), f"{chosen.label}, not fine-tuned", system, model_id=model_id
    )
    _deploy(endpoint, chosen, data, instance_type, progress)
    return endpoint


def find_endpoint(aws: Any, name: str) -> Endpoint:
    """An endpoint of the kit's by its name, for another notebook; raises AwsProblem when there is none."""
    from workshop_kit.aws import kit_call

    client = aws.client("sagemaker")
    described = kit_call(client.describe_endpoint, EndpointName=name)
    tags = as_dict(kit_call(client.list_tags, ResourceArn=described["EndpointArn"])["Tags"])
    model_id = tags.get(MODEL, JUMPSTART_MODEL_ID)
    label = recipe(aws, model_id).label
    if JOB not in tags:
        return Endpoint(aws, name, f"{label}, not fine-tuned", model_id=model_id)
    system = trained_system(TrainingJob(aws, tags[JOB]))
    return Endpoint(aws, name, f"{label}, fine-tuned", system, tags[JOB], tags.get(DATASET, ""), model_id)


def list_endpoints(aws: Any) -> list[str]:
    """The names of the kit's endpoints in this account and region, found by their tag."""
    from workshop_kit.aws import kit_call

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


def trained_system(job: TrainingJob) -> str:
    """The system prompt in the template.json that a job was trained with; '' when there is none."""
    from workshop_kit.aws import kit_call

    for channel in job.describe().get("InputDataConfig") or []:
        if channel["ChannelName"] in ("training", "train"):
            bucket, _, prefix = channel["DataSource"]["S3DataSource"]["S3Uri"].removeprefix("s3://").partition("/")
            try:
                found = kit_call(
                    job.aws.client("s3").get_object, Bucket=bucket, Key=f"{prefix.rstrip('/')}/template.json"
                )
                return system_of(json.loads(found["Body"].read()))
            except (AwsProblem, ValueError):
                return ""  # trained without a template, or its data has been removed since
    return ""


def payload(
    question: str, system: str | None, temperature: float, top_p: float, max_new_tokens: int
) -> dict[str, Any]:
    """The request body of a text-generation endpoint. Raises BadInput for settings out of range."""
    if not question.strip():
        raise BadInput("The question is empty; ask something.")
    for name, value, low, high in (
        ("temperature", temperature, 0, 2),
        ("top_p", top_p, 0, 1),
        ("max_new_tokens", max_new_tokens, 1, 2048),
    ):
        if not low <= value <= high:
            raise BadInput(f"{name} is {value}; it must be a number from {low} to {high}.")
    parameters: dict[str, Any] = {"max_new_tokens": int(max_new_tokens), "return_full_text": False}
    # Some containers refuse a temperature of 0, so greedy decoding is asked for by its own name.
    parameters |= (
        {"do_sample": True, "temperature": temperature, "top_p": top_p} if temperature > 0 else {"do_sample": False}
    )
    return {"inputs": llama3_prompt(question, system or None), "parameters": parameters}


def stream_texts(parts: Iterable[bytes]) -> Iterator[str]:
    """The pieces of text in a response stream: JSON lines, with or without the "data:" of server-sent events.

    Parts may be cut anywhere, within a line or a character.
    """
    buffer = b""
    for part in parts:
        buffer += part
        *lines, buffer = buffer.split(b"\n")
        for line in lines:
            yield from _line_text(line)
    yield from _line_text(buffer)


def _line_text(line: bytes) -> Iterator[str]:
    text = line.strip().removeprefix(b"data:").strip()
    if not text or text == b"[DONE]":
        return
    try:
        told = json.loads(text)
    except ValueError:
        raise AwsProblem(f"The endpoint sent a line that is not JSON: {text[:80]!r}.") from None
    if "error" in told:
        raise AwsProblem(f"The endpoint stopped with an error: {told['error']}")
    token = told.get("token") or {}
    piece = "" if token.get("special") else token.get("text", "")
    if piece := piece.replace(END_OF_TURN, ""):
        yield piece


@dataclass(frozen=True)
class Comparison:
    """The same questions to several models, side by side."""

    labels: tuple[str, ...]
    questions: tuple[str, ...]
    answers: tuple[tuple[str, ...], ...]  # one row per question, one answer per label
    seconds: tuple[tuple[float, ...], ...] = ()

    def rows(self) -> list[dict[str, str]]:
        """One dict per question: question, and one entry per model."""
        return [
            {"question": question} | dict(zip(self.labels, answers, strict=True))
            for question, answers in zip(self.questions, self.answers, strict=True)
        ]

    def _repr_html_(self) -> str:
        table: list[list[object]] = [[q, *a] for q, a in zip(self.questions, self.answers, strict=True)]
        return html_table(["question", *self.labels], table)


def compare(
    models: Sequence[Model] | Mapping[str, Model],
    questions: str | Sequence[str],
    *,
    progress: Callable[[JobProgress], None] | None = None,
    **settings: Any,
) -> Comparison:
    """Ask every model every question with the same settings (as in Endpoint.ask); a mapping gives the models' labels.

    A model that can't answer gets its error as its answer, so that one failure does not lose the rest.
    """
    named = dict(models) if isinstance(models, Mapping) else {_label(model): model for model in models}
    if len(named) < len(models):
        raise BadInput("Two of the models have the same label; give a mapping of labels to models.")
    asked = (questions,) if isinstance(questions, str) else tuple(questions)
    answers, times = [], []
    for number, question in enumerate(asked, 1):
        row, took = [], []
        for model in named.values():
            started = time.monotonic()
            try:
                row.append(model.ask(question, **settings))
            except KitError as problem:
                row.append(f"[no answer: {problem}]")
            took.append(time.monotonic() - started)
        answers.append(tuple(row))
        times.append(tuple(took))
        if progress is not None:
            progress(JobProgress(number, len(asked), None, f"Question {number} of {len(asked)}"))
    return Comparison(tuple(named), asked, tuple(answers), tuple(times))


@dataclass(frozen=True)
class Echo:
    """How much of an answer stands in one training row word for word, from 0 to 1, and that row's response."""

    score: float
    row: str


def echo(answer: str, training: Dataset | Iterable[str], words: int = ECHO_WORDS) -> Echo:
    """Does the answer parrot a training row?

    With G(x) the set of runs of n = min(words, length of the answer) consecutive words of x, in lower case and without
    punctuation: score = max over rows r of |G(answer) & G(r)| / |G(answer)|. 1 means that one row's response holds
    every run of the answer. Facts have to be repeated, so a right answer scores too: look at answers to questions
    that NO row answers.
    """
    responses = [example.response for example in training] if isinstance(training, Dataset) else list(training)
    spoken = _words(answer)
    size = max(1, min(words, len(spoken)))
    mine = _runs(spoken, size)
    if not mine:
        return Echo(0.0, "")
    best = max(responses, key=lambda row: len(mine & _runs(_words(row), size)), default="")
    return Echo(len(mine & _runs(_words(best), size)) / len(mine), best)


def delete(aws: Any, name: str, progress: Callable[[JobProgress], None] | None = None, timeout: float = 900) -> None:
    """Delete an endpoint with its configuration and model, whatever of them there is, and wait until it is gone."""
    from workshop_kit.aws import kit_call

    client = aws.client("sagemaker")
    for call, argument in (
        (client.delete_endpoint, "EndpointName"),
        (client.delete_endpoint_config, "EndpointConfigName"),
        (client.delete_model, "ModelName"),
    ):
        try:
            kit_call(call, **{argument: name})
        except AwsProblem as problem:
            if not _missing(problem):
                raise
    deadline = time.monotonic() + timeout
    while _describe_endpoint(aws, name) is not None:
        if progress is not None:
            progress(JobProgress(0, 0, None, f"Deleting endpoint {name}"))
        if time.monotonic() > deadline:
            raise AwsProblem(f"Endpoint {name} is still being deleted after {timeout:.0f} s; look again later.")
        time.sleep(_pause(aws))
    if progress is not None:
        progress(JobProgress(1, 1, 0.0, f"Endpoint {name} is deleted", "Completed"))


def leftovers(aws: Any, name: str) -> list[str]:
    """What is left of an endpoint: its endpoint, configuration or model, asked of AWS one by one."""
    from workshop_kit.aws import kit_call

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
            if not _missing(problem):
                raise
    return left


def _deploy(
    endpoint: Endpoint,
    chosen: Recipe,
    data: dict[str, Any],
    instance_type: str | None,
    progress: Callable[[JobProgress], None] | None,
) -> None:
    from workshop_kit.aws import kit_call

    aws, name = endpoint.aws, endpoint.name
    client = aws.client("sagemaker")
    told = {"job": endpoint.job_name, "dataset": endpoint.dataset_id, "model": endpoint.model_id}
    tags = make_tags(**{key: value for key, value in told.items() if value})
    existing = _describe_endpoint(aws, name)
    if existing is not None and existing["EndpointStatus"] == "Failed":
        delete(aws, name)
        existing = None
    if existing is not None:
        theirs = as_dict(kit_call(client.list_tags, ResourceArn=existing["EndpointArn"])["Tags"]).get(JOB, "")
        if theirs != endpoint.job_name:
            raise BadInput(f"Endpoint {name} serves another model ({theirs or 'the base model'}); choose another name.")
    else:
        instance = instance_type or chosen.inference_instance
        environment = {
            entry["Name"]: str(entry["Default"])
            for entry in chosen.document.get("InferenceEnvironmentVariables") or []
            if entry.get("Default") is not None and str(entry.get("Scope", "container")).lower() == "container"
        }
        container = {"Image": chosen.image(instance, "hosting"), "Environment": environment} | data
        isolated = bool(chosen.document.get("InferenceEnableNetworkIsolation", False))
        variant = {
            "VariantName": "AllTraffic",
            "ModelName": name,
            "InstanceType": instance,
            "InitialInstanceCount": 1,
            "ModelDataDownloadTimeoutInSeconds": 1200,
            "ContainerStartupHealthCheckTimeoutInSeconds": 1200,
        }
        _create(
            client.create_model,
            ModelName=name,
            PrimaryContainer=container,
            ExecutionRoleArn=aws.role_arn,
            EnableNetworkIsolation=isolated,
            Tags=tags,
        )
        _create(client.create_endpoint_config, EndpointConfigName=name, ProductionVariants=[variant], Tags=tags)
        _create(client.create_endpoint, EndpointName=name, EndpointConfigName=name, Tags=tags)
    _wait(endpoint, progress)


def _create(call: Callable[..., Any], **request: Any) -> None:
    """Create one of the three parts; one that an interrupted deployment left behind is used."""
    from workshop_kit.aws import kit_call

    try:
        kit_call(call, **request)
    except AwsProblem as problem:
        if "already exist" not in str(problem).lower():
            raise


def _wait(endpoint: Endpoint, progress: Callable[[JobProgress], None] | None, timeout: float = 1800) -> None:
    started = time.monotonic()
    told = ""
    while True:
        described = _describe_endpoint(endpoint.aws, endpoint.name)
        status = described["EndpointStatus"] if described else "Failed"
        if status == "InService":
            if progress is not None:
                progress(JobProgress(1, 1, 0.0, f"Endpoint {endpoint.name} is in service", "Completed"))
            return
        if described is None or status in ("Failed", "Deleting", "OutOfService"):
            reason = (described or {}).get("FailureReason") or "AWS gave no reason"
            raise AwsProblem(f"Endpoint {endpoint.name} did not start ({status}): {reason.rstrip('.')}.")
        if time.monotonic() - started > timeout:
            raise AwsProblem(f"Endpoint {endpoint.name} is still {status} after {timeout / 60:.0f} min; look again later.")
        if progress is not None and told != status:
            progress(JobProgress(0, 0, None, f"Endpoint {endpoint.name}: {status}"))
            told = status
        time.sleep(_pause(endpoint.aws))


def _describe_endpoint(aws: Any, name: str) -> dict[str, Any] | None:
    from workshop_kit.aws import kit_call

    try:
        return kit_call(aws.client("sagemaker").describe_endpoint, EndpointName=name)
    except AwsProblem as problem:
        if _missing(problem):
            return None
        raise


def _missing(problem: AwsProblem) -> bool:
    return "could not find" in str(problem).lower() or "not found" in str(problem).lower()


def _pause(aws: Any) -> float:
    return 0.3 if getattr(aws, "endpoint_url", None) else 5.0


def _prefix(uri: str, *, eula: bool = False) -> dict[str, Any]:
    source: dict[str, Any] = {"S3Uri": uri, "S3DataType": "S3Prefix", "CompressionType": "None"}
    if eula:
        source["ModelAccessConfig"] = {"AcceptEula": True}
    return {"S3DataSource": source}


def _name(text: str) -> str:
    clean = re.sub(r"[^a-zA-Z0-9]+", "-", text).strip("-")
    # A cut name keeps a hash of the whole, so that two long ones stay two.
    return clean if len(clean) <= 63 else f"{clean[:50]}-{content_id(text)}"


def _label(model: Any) -> str:
    return getattr(model, "name", "") or getattr(model, "model_id", "") or model.label


def _generated(told: Any) -> str:
    first = told[0] if isinstance(told, list) and told else told
    if not isinstance(first, dict) or "generated_text" not in first:
        raise AwsProblem(f"The endpoint's answer has no generated_text: {str(told)[:120]}")
    return str(first["generated_text"])


def _clean(text: str) -> str:
    return text.split(END_OF_TURN)[0].strip()


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+(?:[.,'][^\W_]+)*", text.lower())


def _runs(words: list[str], size: int) -> set[tuple[str, ...]]:
    return {tuple(words[i : i + size]) for i in range(len(words) - size + 1)}
