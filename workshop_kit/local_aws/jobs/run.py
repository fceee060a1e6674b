"""One training job from Starting to its end, in the worker process.

Every step can be done again: after a kill the next worker runs the same function, downloads again, and the
trainer goes on from its last checkpoint in `work/`.
"""

from __future__ import annotations

import contextlib
import shutil
import tarfile
import tempfile
import time
from pathlib import Path

from workshop_kit.local_aws.awserror import AwsError
from workshop_kit.local_aws.context import Context
from workshop_kit.local_aws.jobs import queue, states
from workshop_kit.local_aws.jobs.journal import Journal
from workshop_kit.local_aws.jobs.reasons import JobFault, reason_of, tell
from workshop_kit.local_aws.jobs.threads import usable_threads
from workshop_kit.local_aws.jobs.watch import Watch
from workshop_kit.local_aws.trainer import hyperparameters

TRAINING = ("training", "train")
VALIDATION = ("validation", "test")


def run_job(ctx: Context, queued: queue.Job, watch: Watch) -> None:
    """Bring a training job to its end and write that end to disk. Never raises for a fault of the job itself."""
    job = queued.document
    folder = ctx.home / "aws" / "jobs" / queued.key
    journal = Journal(ctx.store, job)
    try:
        _run(ctx, job, watch, folder, journal)
    except Exception as problem:
        reason = reason_of(problem)
        tell(journal, problem, reason)
        queue.finish(ctx.store, states.MACHINE, queued.name, "Failed", "Failed", reason)
    shutil.rmtree(folder, ignore_errors=True)


def _run(ctx: Context, job: states.Document, watch: Watch, folder: Path, journal: Journal) -> None:
    name = job["TrainingJobName"]
    if job["_Attempts"] > 1:
        journal.log(
            f"The training process had ended early; attempt {job['_Attempts']} goes on from the last checkpoint"
        )
    else:
        journal.log(f"Training job {name} on local AWS: {job['_ModelId']} is answered by {job['_BaseModel']}")
    try:
        hyperparameters.parse(_told(job), job["_BaseModel"])
    except hyperparameters.HyperparameterError as problem:
        raise JobFault(f"AlgorithmError: {problem}, exit code: 1") from None

    if not watch.should_stop():
        _enter(ctx, name, "Downloading")
        limit = job["StoppingCondition"]["MaxRuntimeInSeconds"]
        watch.limit(job.get("TrainingStartTime", time.time()) + limit)
        _download(ctx, job, folder, journal)
    output = folder / "output"
    if not watch.should_stop():
        _enter(ctx, name, "Training")
    # Asked to stop before it began, the trainer only writes the last checkpoint out, if there is one.
    _train(job, folder, output, journal, watch)

    if output.is_dir() and any(output.iterdir()):
        if not watch.reason:
            _enter(ctx, name, "Uploading")
        _upload(ctx, job, output, journal)
    elif not watch.reason:
        raise JobFault("AlgorithmError: The training ended without a model.")
    if watch.reason:
        journal.log(states.MESSAGES[watch.reason])
        queue.finish(ctx.store, states.MACHINE, name, "Stopped", watch.reason)
    else:
        queue.finish(ctx.store, states.MACHINE, name, "Completed", "Completed")


def _enter(ctx: Context, name: str, secondary: str) -> None:
    def change(job: states.Document) -> states.Document:
        if job["TrainingJobStatus"] == "InProgress":  # StopTrainingJob may have come in between
            states.step(job, secondary)
            job.setdefault("TrainingStartTime", job["LastModifiedTime"])
        return job

    ctx.store.update(states.KIND, name, change)


def _download(ctx: Context, job: states.Document, folder: Path, journal: Journal) -> None:
    for channel in job["InputDataConfig"]:
        name = channel["ChannelName"]
        if name not in TRAINING + VALIDATION:
            continue  # the model comes with the program, and the trainer's code too
        uri = channel["DataSource"]["S3DataSource"]["S3Uri"]
        target = folder / "input" / ("training" if name in TRAINING else "validation")
        shutil.rmtree(target, ignore_errors=True)
        try:
            files = ctx.objects.download_prefix(uri, target)
        except AwsError as problem:
            raise JobFault(f"ClientError: Data download failed: {uri}: {problem.message}") from None
        if not files:
            raise JobFault(f"ClientError: Data download failed: No S3 objects found under S3 URL {uri}")
        journal.log(f"Channel {name}: {len(files)} files, {sum(file.stat().st_size for file in files):,} bytes")


def _train(job: states.Document, folder: Path, output: Path, journal: Journal, watch: Watch) -> None:
    # Here torch is imported: a job with a bad hyperparameter or an empty channel fails without waiting for
    # it.
    from workshop_kit.local_aws.inference import paged
    from workshop_kit.local_aws.trainer.finetune import FineTuneSpec, finetune

    validation = folder / "input" / "validation"
    spec = FineTuneSpec(
        model_dir=job["_BaseModel"],
        train_dir=folder / "input" / "training",
        validation_dir=validation if validation.is_dir() else None,
        hyperparameters=_told(job),
        work_dir=folder / "work",
        output_dir=output,
        threads=usable_threads(),
    )
    finetune(spec, journal, watch.should_stop)
    if output.is_dir():
        # What the first question would otherwise wait for; where it can't be written, the model server makes its own.
        with contextlib.suppress(OSError):
            paged.prepare_adapter(output, job["_BaseModel"])


def _told(job: states.Document) -> dict[str, str]:
    """The hyperparameters meant for the training; `sagemaker_...` ones speak to AWS's container of its scripts."""
    given = job.get("HyperParameters") or {}
    return {name: value for name, value in given.items() if not name.startswith("sagemaker_")}


def _upload(ctx: Context, job: states.Document, output: Path, journal: Journal) -> None:
    base = f"{job['OutputDataConfig']['S3OutputPath'].rstrip('/')}/{job['TrainingJobName']}/output/"
    if job["OutputDataConfig"]["CompressionType"] == "NONE":
        uri = f"{base}model/"
        for path in sorted(output.rglob("*")):
            if path.is_file():
                ctx.objects.upload_file(path, uri + path.relative_to(output).as_posix())
    else:
        uri = f"{base}model.tar.gz"
        with tempfile.NamedTemporaryFile(dir=output.parent, suffix=".tar.gz") as packed:
            with tarfile.open(fileobj=packed, mode="w:gz", compresslevel=1) as archive:
                for path in sorted(output.iterdir()):
                    archive.add(path, arcname=path.name)
            packed.flush()
            ctx.objects.upload_file(Path(packed.name), uri)
    journal.log(f"Model artefact: {uri}")

    def keep(current: states.Document) -> states.Document:
        return current | {"ModelArtifacts": {"S3ModelArtifacts": uri}}

    ctx.store.update(states.KIND, job["TrainingJobName"], keep)
