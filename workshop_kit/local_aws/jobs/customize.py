"""One Bedrock customization job from its data to the custom model, in the worker process.

Every step can be done again: after a kill the next worker runs the same function, reads the data again, and the trainer
goes on from its last checkpoint in `work/`.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from workshop_kit.errors import BadInput
from workshop_kit.local_aws import catalogue
from workshop_kit.local_aws.awserror import AwsError
from workshop_kit.local_aws.context import Context
from workshop_kit.local_aws.jobs import custom_models, customizations, grading, queue
from workshop_kit.local_aws.jobs.customizations import Document
from workshop_kit.local_aws.jobs.queue import Job
from workshop_kit.local_aws.jobs.reasons import JobFault, reason_of, tell
from workshop_kit.local_aws.jobs.recorder import Recorder
from workshop_kit.local_aws.jobs.threads import usable_threads
from workshop_kit.local_aws.jobs.watch import Watch
from workshop_kit.local_aws.objects import split_uri
from workshop_kit.local_aws.trainer import nova
from workshop_kit.local_aws.trainer.conversations import Prompt, Turn, read_conversations, read_prompts, write_dialogs

ASKED_AT_ONCE = 16
# Prompts held back for evaluation when a reinforcement job brings no validation data.
EVALUATED = 32


class Stopped(Exception):
    """Somebody asked the job to stop."""


def run_customization(ctx: Context, queued: Job, watch: Watch) -> None:
    """Bring a customization job to its end and write that end to disk. Never raises for a fault of the job itself."""
    job, folder = queued.document, ctx.home / "aws" / "jobs" / queued.key
    recorder = Recorder(ctx, job, folder)
    try:
        _run(ctx, job, watch, folder, recorder)
    except Stopped:
        recorder.log("The job was stopped; no model is made")
        queue.finish(ctx.store, customizations.MACHINE, queued.name, "Stopped")
    except Exception as problem:
        reason = str(problem) if isinstance(problem, BadInput) else reason_of(problem)
        tell(recorder, problem, reason)
        queue.finish(ctx.store, customizations.MACHINE, queued.name, "Failed", reason=reason)
    shutil.rmtree(folder, ignore_errors=True)


def _run(ctx: Context, job: Document, watch: Watch, folder: Path, recorder: Recorder) -> None:
    again = f", attempt {job['_Attempts']}" if job["_Attempts"] > 1 else ""
    recorder.log(f"Job {job['jobName']}{again} on local AWS: {catalogue.weights_label(job['_Weights'])} is trained")
    train = {
        "FINE_TUNING": _supervise,
        "DISTILLATION": _distil,
        "REINFORCEMENT_FINE_TUNING": _reinforce,
    }[job["customizationType"]]
    _check(watch)
    customizations.enter(ctx.store, job["jobName"], "dataProcessingDetails")
    train(ctx, job, watch, folder, recorder)
    _check(watch)
    customizations.enter(ctx.store, job["jobName"], "validationDetails")
    recorder.publish()
    _complete(ctx, job, folder / "output", recorder)


def _check(watch: Watch) -> None:
    if watch.should_stop():
        raise Stopped


def _supervise(ctx: Context, job: Document, watch: Watch, folder: Path, recorder: Recorder) -> None:
    rows = read_conversations(_fetch(ctx, job["trainingDataConfig"]["s3Uri"], folder))
    held = [read_conversations(_fetch(ctx, uri, folder)) for uri in _validators(job)]
    _tune(ctx, job, rows, held[0] if held else [], watch, folder, recorder)


def _distil(ctx: Context, job: Document, watch: Watch, folder: Path, recorder: Recorder) -> None:
    teacher = job["customizationConfig"]["distillationConfig"]["teacherModelConfig"]
    prompts = read_conversations(_fetch(ctx, job["trainingDataConfig"]["s3Uri"], folder), answered=False)
    held = [read_conversations(_fetch(ctx, uri, folder)) for uri in _validators(job)]
    rows = _taught(ctx, prompts, teacher, watch, folder, recorder)
    root = f"{job['outputDataConfig']['s3Uri'].rstrip('/')}/model-customization-job-{job['_Id']}"
    # What the teacher said is shown to the learner; the name of the file is local AWS's own.
    ctx.objects.upload_file(folder / "taught.jsonl", f"{root}/distillation_artifacts/synthetic_data.jsonl")
    _tune(ctx, job, rows, held[0] if held else [], watch, folder, recorder)


def _taught(
    ctx: Context, prompts: list[list[Turn]], teacher: Document, watch: Watch, folder: Path, recorder: Recorder
) -> list[list[Turn]]:
    """The prompts with the teacher's answers. Answers are kept as they come: a resumed job asks for the rest only."""
    from workshop_kit.local_aws.inference import client

    model = catalogue.bedrock_model(teacher["teacherModelIdentifier"].rsplit("/", 1)[-1])
    if model is None:
        raise JobFault(f"The teacher model {teacher['teacherModelIdentifier']} is not here.")
    ref = client.ModelRef(catalogue.weights_of(model), None, catalogue.honest_name(model))
    longest = teacher.get("maxResponseLengthForInference") or nova.DISTILLATION_RESPONSE
    path = folder / "taught.jsonl"
    known: dict[int, str] = {}
    if path.is_file():
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                number, text = json.loads(line)["number"], json.loads(line)["answer"]
            except (ValueError, KeyError):
                continue  # the line that a kill cut off
            known[number] = text
    recorder.log(f"The teacher ({ref.label}) answers {len(prompts) - len(known)} prompts")

    def ask(number: int) -> tuple[int, str]:
        settings = {"max_new_tokens": min(longest, 512), "temperature": 0.0, "top_p": 1.0}
        pieces = client.generate(ctx.home, ref, prompts[number], settings)
        return number, "".join(piece.text for piece in pieces)

    missing = [number for number in range(len(prompts)) if number not in known]
    with path.open("a", encoding="utf-8") as file, ThreadPoolExecutor(ASKED_AT_ONCE) as pool:
        for start in range(0, len(missing), ASKED_AT_ONCE):
            _check(watch)
            try:
                answers = list(pool.map(ask, missing[start : start + ASKED_AT_ONCE]))
            except (client.Refused, client.ModelServerGone) as problem:
                raise JobFault(f"The teacher model could not answer: {problem}") from None
            for number, text in answers:
                known[number] = text
                turns = prompts[number]
                file.write(json.dumps({"number": number, "messages": turns, "answer": text}, ensure_ascii=False) + "\n")
            file.flush()
    taught = [
        [*prompts[n], {"role": "assistant", "content": text}] for n, text in sorted(known.items()) if text.strip()
    ]
    if len(taught) < len(prompts):
        recorder.log(f"{len(prompts) - len(taught)} prompts got an empty answer and are left out")
    return taught


def _tune(
    ctx: Context,
    job: Document,
    rows: list[list[Turn]],
    held: list[list[Turn]],
    watch: Watch,
    folder: Path,
    recorder: Recorder,
) -> None:
    # Here torch is imported: a job with faulty rows fails without waiting for it.
    from workshop_kit.local_aws.trainer.finetune import FineTuneSpec, finetune

    settings = nova.supervised(job["hyperParameters"])
    write_dialogs(rows, folder / "input" / "training" / "rows.jsonl")
    if held:
        write_dialogs(held, folder / "input" / "validation" / "rows.jsonl")
    _check(watch)
    customizations.enter(ctx.store, job["jobName"], "trainingDetails")
    recorder.log(nova.rate_note(settings.learning_rate, settings.local_rate))
    spec = FineTuneSpec(
        model_dir=catalogue.weights_folder(job["_Weights"]),
        train_dir=folder / "input" / "training",
        validation_dir=folder / "input" / "validation" if held else None,
        hyperparameters=settings.trainer(),
        work_dir=folder / "work",
        output_dir=folder / "output",
        threads=usable_threads(),
        start_adapter=custom_models.folder_of(ctx, job["_From"]),
        warmup_steps=settings.warmup_steps,
        words=True,
        rate_is_local=True,
    )
    if finetune(spec, recorder, watch.should_stop).stopped:
        raise Stopped


def _reinforce(ctx: Context, job: Document, watch: Watch, folder: Path, recorder: Recorder) -> None:
    from workshop_kit.local_aws.trainer.reinforce import ReinforceSpec, reinforce

    config = job["customizationConfig"]["rftConfig"]
    settings = nova.reinforced(config.get("hyperParameters") or {})
    prompts = read_prompts(_fetch(ctx, job["trainingDataConfig"]["s3Uri"], folder))
    held = [read_prompts(_fetch(ctx, uri, folder), least=1) for uri in _validators(job)]
    function = config["graderConfig"]["lambdaGrader"]["lambdaArn"]
    _check(watch)
    customizations.enter(ctx.store, job["jobName"], "trainingDetails")
    recorder.log(nova.rate_note(settings.learning_rate / nova.REINFORCED_RATE, settings.learning_rate))
    spec = ReinforceSpec(
        model_dir=catalogue.weights_folder(job["_Weights"]),
        prompts=prompts,
        eval_prompts=held[0] if held else prompts[:EVALUATED],
        settings=settings,
        work_dir=folder / "work",
        output_dir=folder / "output",
        threads=usable_threads(),
        start_adapter=custom_models.folder_of(ctx, job["_From"]),
    )

    def grade(asked: Sequence[Prompt], answers: Sequence[str]) -> list[float]:
        return grading.grade(ctx, function, asked, answers)

    if reinforce(spec, grade, recorder, watch.should_stop).stopped:
        raise Stopped


def _complete(ctx: Context, job: Document, output: Path, recorder: Recorder) -> None:
    """Make the custom model and write the job's end, both or neither."""
    folder = custom_models.keep(ctx, job["_Model"], output)
    losses: Document = {}
    if (loss := recorder.last("train_loss")) is not None:
        losses["trainingMetrics"] = {"trainingLoss": loss}
    if (loss := recorder.last("eval_epoch_loss")) is not None:
        losses["validationMetrics"] = [{"validationLoss": loss}]
    with ctx.store.transaction():
        model = custom_models.register(ctx, job | losses, folder)
        ctx.store.update(
            customizations.KIND, job["jobName"], lambda found: found | losses | {"outputModelArn": model["modelArn"]}
        )
        queue.finish(ctx.store, customizations.MACHINE, job["jobName"], "Completed")


def _validators(job: Document) -> list[str]:
    return [entry["s3Uri"] for entry in job["validationDataConfig"]["validators"]]


def _fetch(ctx: Context, uri: str, folder: Path) -> Path:
    """The file at an S3 address, or the one file below it, on this disk."""
    bucket, key = split_uri(uri)
    try:
        keys = [name for name, _, _ in ctx.objects.list(bucket, key)]
        exact = [name for name in keys if name == key] or keys
        if len(exact) != 1:
            raise JobFault(f"{uri} holds {len(exact)} files; give the address of one JSONL file.")
        target = folder / "data" / exact[0].rsplit("/", 1)[-1]
        target.parent.mkdir(parents=True, exist_ok=True)
        with ctx.objects.open(bucket, exact[0]) as source, target.open("wb") as file:
            shutil.copyfileobj(source, file)
    except AwsError as problem:
        raise JobFault(f"The data at {uri} can't be read: {problem.message}") from None
    return target
