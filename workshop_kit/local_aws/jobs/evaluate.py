"""One Bedrock evaluation job from its dataset to its output files, in the worker process.

    <output>/<job>/amazon-bedrock-evaluations-permission-check
    <output>/<job>/<id>/models/<model>/taskTypes/<task>/datasets/<dataset>/<uuid>_output.jsonl

Every answer and every scored row is in a file of the job's folder before the next ones are asked for: after a kill the
next worker asks for the missing ones only. The output is written when all is scored, as on AWS.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from workshop_kit.local_aws import catalogue
from workshop_kit.local_aws.awserror import AwsError
from workshop_kit.local_aws.context import Context
from workshop_kit.local_aws.jobs import evaluations, queue
from workshop_kit.local_aws.jobs.evaluation_rows import Row, read_rows
from workshop_kit.local_aws.jobs.evaluations import Document
from workshop_kit.local_aws.jobs.queue import Job
from workshop_kit.local_aws.jobs.reasons import JobFault, reason_of, tell
from workshop_kit.local_aws.jobs.watch import Watch
from workshop_kit.local_aws.objects import split_uri

AT_ONCE = 16
# How often a model server that went away in the middle of an answer is asked for it again.
MOST_TRIES = 3
PERMISSION_CHECK = "amazon-bedrock-evaluations-permission-check"


class Stopped(Exception):
    """Somebody asked the job to stop."""


class Journal:
    """The job's log lines, for whoever looks into local AWS; Bedrock itself shows none."""

    def __init__(self, ctx: Context, job: Document) -> None:
        self._store, self._stream = ctx.store, job["_Log"]

    def log(self, line: str) -> None:
        """Write a line, several where the text has line breaks."""
        at = int(time.time() * 1000)
        lines = [(at, text) for text in line.splitlines() or [""]]
        self._store.append_log(evaluations.LOG_GROUP, self._stream, lines)


class Kept:
    """A file of (row number, value) in JSON lines that grows; a line that a kill cut off counts as not written."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.values: dict[int, Any] = {}
        if path.is_file():
            for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
                try:
                    number, value = json.loads(line)
                except (ValueError, TypeError):
                    continue
                self.values[number] = value
        self._file = path.open("a", encoding="utf-8")
        # After a cut line the next one must not be its continuation.
        self._file.write("\n")

    def add(self, number: int, value: Any) -> None:
        """Keep a row's value; it outlives the process when this returns."""
        self._file.write(json.dumps([number, value]) + "\n")
        self._file.flush()
        self.values[number] = value

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def run_evaluation(ctx: Context, queued: Job, watch: Watch) -> None:
    """Bring an evaluation job to its end and write that end to disk. Never raises for a fault of the job itself."""
    job, folder = queued.document, ctx.home / "aws" / "jobs" / queued.key
    journal = Journal(ctx, job)
    try:
        # A part of its own for this job: one of the same name that was deleted may have left its folder.
        _run(ctx, job, watch, folder / job["_Id"], journal)
    except Stopped:
        journal.log("The job was stopped; no output is written")
        queue.finish(ctx.store, evaluations.MACHINE, queued.name, "Stopped")
    except Exception as problem:
        reason = reason_of(problem)
        tell(journal, problem, reason)
        queue.finish(ctx.store, evaluations.MACHINE, queued.name, "Failed", reason=reason)
    shutil.rmtree(folder, ignore_errors=True)


def _run(ctx: Context, job: Document, watch: Watch, folder: Path, journal: Journal) -> None:
    again = f", attempt {job['_Attempts']}" if job["_Attempts"] > 1 else ""
    journal.log(
        f"Job {job['jobName']}{again} on local AWS: the local rubric judge scores, which is not a language model"
    )
    model = job["inferenceConfig"]["models"][0]
    own = model.get("precomputedInferenceSource")
    answered_by = own["inferenceSourceIdentifier"] if own else None
    root = f"{job['outputDataConfig']['s3Uri'].rstrip('/')}/{job['jobName']}"
    _write(ctx, f"{root}/{PERMISSION_CHECK}", b"")
    datasets = job["evaluationConfig"]["automated"]["datasetMetricConfigs"]
    # All datasets are read before the first model is asked: a fault in the last one costs nothing.
    read = [
        _read(ctx, config["dataset"]["datasetLocation"]["s3Uri"], answered_by, folder / f"{number}.jsonl")
        for number, config in enumerate(datasets)
    ]
    outputs = []
    for number, (config, rows) in enumerate(zip(datasets, read, strict=True)):
        lines = _evaluate(ctx, job, config, rows, watch, folder / str(number), journal)
        outputs.append((_place(root, job, config, model), lines))
    for uri, lines in outputs:
        _write(ctx, uri, b"".join(lines))
        journal.log(f"Output: {uri}")
    queue.finish(ctx.store, evaluations.MACHINE, job["jobName"], "Completed")


def _read(ctx: Context, uri: str, answered_by: str | None, copy: Path) -> list[Row]:
    """The rows of a dataset, from the job's own copy: what comes to S3 later must not mix with what was answered."""
    if not copy.is_file():
        copy.parent.mkdir(parents=True, exist_ok=True)
        bucket, key = split_uri(uri)
        new = copy.with_suffix(".new")
        try:
            with ctx.objects.open(bucket, key) as source, new.open("wb") as file:
                shutil.copyfileobj(source, file)
        except AwsError as problem:
            raise JobFault(f"The dataset {uri} can't be read: {problem.message}") from None
        new.rename(copy)
    with copy.open("rb") as file:
        return read_rows(file, uri, answered_by)


def _place(root: str, job: Document, config: Document, model: Document) -> str:
    name = config["dataset"]["name"]
    return (
        f"{root}/{job['_Id']}/models/{model_name(model)}/taskTypes/{config['taskType']}/datasets/{name}/"
        f"{job['_Files'][name]}_output.jsonl"
    )


def model_name(model: Document) -> str:
    """What stands for a model in the output's path: its id, the last part of its ARN, or the source's identifier."""
    own = model.get("precomputedInferenceSource")
    return own["inferenceSourceIdentifier"] if own else model["bedrockModel"]["modelIdentifier"].rsplit("/", 1)[-1]


def _write(ctx: Context, uri: str, body: bytes) -> None:
    bucket, key = split_uri(uri)
    ctx.objects.put(bucket, key, body)


def _evaluate(
    ctx: Context, job: Document, config: Document, rows: list[Row], watch: Watch, folder: Path, journal: Journal
) -> list[bytes]:
    """The output's lines for one dataset, in its order."""
    scored, answers = Kept(folder / "scored.jsonl"), Kept(folder / "answers.jsonl")
    try:
        if scored.values or answers.values:
            journal.log(
                f"{len(answers.values)} answers and {len(scored.values)} scored rows of {len(rows)} are there already"
            )
        missing = [number for number in range(len(rows)) if number not in scored.values]
        for start in range(0, len(missing), AT_ONCE):
            part = missing[start : start + AT_ONCE]
            _answer(ctx, job, rows, part, answers, watch)
            if watch.should_stop():
                raise Stopped
            said = [_said(rows[number], answers, number) for number in part]
            for number, scores in zip(part, _score(ctx, job, config, [rows[n] for n in part], said), strict=True):
                scored.add(number, scores)
        journal.log(f"{len(rows)} rows of the dataset {config['dataset']['name']} are scored")
        return [_line(job, row, _said(row, answers, n), scored.values[n]) for n, row in enumerate(rows)]
    finally:
        scored.close()
        answers.close()


def _said(row: Row, answers: Kept, number: int) -> str:
    return answers.values[number] if row.response is None else row.response


def _answer(ctx: Context, job: Document, rows: list[Row], part: list[int], answers: Kept, watch: Watch) -> None:
    """Have the model answer those rows of a part that came without an answer; each is kept when it comes."""
    missing = [number for number in part if rows[number].response is None and number not in answers.values]
    if not missing:
        return
    model = job["inferenceConfig"]["models"][0]["bedrockModel"]
    with ThreadPoolExecutor(len(missing)) as pool:
        asked = {pool.submit(_ask, ctx, model, rows[number], watch): number for number in missing}
        faults = []
        for done in as_completed(asked):
            try:
                answers.add(asked[done], done.result())
            except (JobFault, Stopped) as problem:
                faults.append(problem)
    if faults:
        raise faults[0]


def _ask(ctx: Context, model: Document, row: Row, watch: Watch) -> str:
    from workshop_kit.local_aws.services.bedrock_runtime import converse

    identifier = model["modelIdentifier"]
    if ":foundation-model/" in identifier:
        identifier = identifier.rsplit("/", 1)[-1]  # the server's region, which the ARN names, is not the worker's
    request = {
        "modelId": identifier,
        "messages": [{"role": "user", "content": [{"text": row.prompt}]}],
        **json.loads(model.get("inferenceParams") or "{}"),
    }
    for attempt in range(1, MOST_TRIES + 1):
        if watch.should_stop():
            raise Stopped
        try:
            content = converse(ctx, request)["output"]["message"]["content"]
            return "".join(block.get("text", "") for block in content)
        except AwsError as problem:
            if problem.code == "ModelErrorException" and attempt < MOST_TRIES:
                continue  # the model server was killed; it is started again
            raise JobFault(
                f"The model {model['modelIdentifier']} could not answer the prompt on line {row.line}: "
                f"{problem.message}"
            ) from None
    raise AssertionError("unreachable")


def _score(ctx: Context, job: Document, config: Document, rows: list[Row], said: list[str]) -> Iterator[list[Document]]:
    """Each row's scores as the output has them."""
    from workshop_kit.local_aws.standins import metrics

    judge = job["evaluationConfig"]["automated"]["evaluatorModelConfig"]["bedrockEvaluatorModels"][0]["modelIdentifier"]
    known = [row.reference or row.prompt for row in rows]
    likelihoods = _likelihoods(ctx, [*said, *known])
    for n, (row, response) in enumerate(zip(rows, said, strict=True)):
        fluency = metrics.fluency(likelihoods[n], likelihoods[len(rows) + n])
        case = metrics.Case(row.prompt, row.reference, response, fluency)
        yield [
            {
                "metricName": score.metric,
                "result": score.result,
                "evaluatorDetails": [{"modelIdentifier": judge, "explanation": score.explanation}],
            }
            for score in metrics.score(config["metricNames"], case)
        ]


def _likelihoods(ctx: Context, texts: list[str]) -> list[float | None]:
    """Mean log-likelihood per token under the reference model; None for an empty text, and where it can't tell."""
    from workshop_kit.local_aws.inference import client

    asked = [text[:2000] for text in texts if text.strip()]
    if catalogue.base_is_foreign() or not asked:
        return [None] * len(texts)
    ref = client.ModelRef(catalogue.reference_model(), None, "workshop.reference-v1:0")
    try:
        found = iter(client.score(ctx.home, ref, asked))
    except (client.Refused, client.ModelServerGone) as problem:
        raise JobFault(f"The judge's reference model could not be asked: {problem}") from None
    return [next(found) if text.strip() else None for text in texts]


def _line(job: Document, row: Row, response: str, scores: list[Document]) -> bytes:
    model = job["inferenceConfig"]["models"][0]
    own = model.get("precomputedInferenceSource")
    name = own["inferenceSourceIdentifier"] if own else job["_ModelArn"]
    told = {
        "automatedEvaluationResult": {"scores": scores},
        "inputRecord": row.record,
        "modelResponses": [{"modelIdentifier": name, "response": response}],
    }
    return json.dumps(told).encode() + b"\n"
