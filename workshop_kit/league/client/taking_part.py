"""Taking part: submit a model, watch it being judged, see the standings."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Literal

from workshop_kit.aws import Aws
from workshop_kit.errors import BadInput, Cancelled, LeagueProblem
from workshop_kit.league.client.clock import Cancel, Clock
from workshop_kit.league.client.talking import Unreachable, call, server_url
from workshop_kit.league.client.values import Judged, Standings, Submission
from workshop_kit.league.statistics import Score
from workshop_kit.playground import BedrockModel, OpenBookModel
from workshop_kit.records import content_id
from workshop_kit.settings import DEFAULT_DOMAIN
from workshop_kit.training import TrainingJob

AWAY = 180.0  # seconds without an answer after which waiting for a score ends


def submit(
    aws: Aws,
    endpoint: Any,
    participant: str | None = None,
    *,
    domain: str = DEFAULT_DOMAIN,
    url: str | None = None,
    set: Literal["ranked", "practice"] = "ranked",
    wait: bool = True,
    again: bool = False,
    progress: Callable[[Judged], None] | None = None,
    cancel: Cancel | None = None,
) -> Submission:
    """Submit a model under a participant's name and wait for its score.

    `endpoint` is a playground Endpoint or the name of one, a TrainingJob (the league then deploys its model while it is
    judged), or a Bedrock model, custom-model deployment or ARN. In a league with join codes the team is the one this
    workspace joined and `participant` may be left out. "practice" submissions are without limit, on the open questions,
    and their verdicts can be read with `verdicts`. Submitting the same model under the same name again gives the score
    it has, unless `again` asks for a new judgement.
    `progress` gets a Judged as verdicts come. Cancelling stops the waiting, not the judging. A league that is started
    again meanwhile goes on where it was, and so does the waiting.
    Raises LeagueProblem when the league refuses it or judging fails, and Cancelled.
    """
    address = (url or server_url(domain)).rstrip("/")
    target, provenance = target_of(endpoint)
    identity: list[Any] = [(participant or "").strip(), target, provenance, domain, set]
    if again:
        identity.append(time.time_ns())
    body: dict[str, Any] = {"target": target, "key": content_id(identity), "provenance": provenance, "set": set}
    if participant is not None:
        body["participant"] = participant
    told = call("POST", f"{address}/api/submissions", json=body)
    if told["state"] == "failed":
        told = call("POST", f"{address}/api/submissions/{told['id']}/retry")
    tell, answered = Clock(progress), time.monotonic()
    while wait and told["state"] in ("queued", "judging"):
        if cancel and cancel.is_set():
            raise Cancelled(f"Stopped waiting; the league goes on judging submission {told['id']}.")
        tell(told["judged"], told["questions"])
        time.sleep(0.5)
        try:
            told, answered = call("GET", f"{address}/api/submissions/{told['id']}"), time.monotonic()
        except Unreachable as problem:
            if url is None:
                address = server_url(domain).rstrip("/")  # the workspace's own is started again, on another port
            if time.monotonic() - answered > AWAY:
                raise LeagueProblem(
                    f"{str(problem).rstrip('.')}; submission {told['id']} is in: submit again to see its score."
                ) from None
    tell(told["judged"], told["questions"])
    if told["state"] == "failed":
        raise LeagueProblem(f"The submission could not be judged: {told['problem']}")
    return submission_from(told)


def verdicts(submission: Submission | str, *, url: str | None = None) -> list[dict[str, Any]]:
    """Every question, answer and verdict of a practice submission; raises LeagueProblem for a ranked one."""
    address = (url or server_url()).rstrip("/")
    id = submission if isinstance(submission, str) else submission.id
    return call("GET", f"{address}/api/submissions/{id}/verdicts")["rows"]


def standings(*, domain: str = DEFAULT_DOMAIN, url: str | None = None) -> Standings:
    """The standings of the league; raises LeagueProblem when it can't be reached."""
    address = (url or server_url(domain)).rstrip("/")
    told = call("GET", f"{address}/api/standings")
    risen = call("GET", f"{address}/api/progress")
    return Standings(
        told["domain"],
        told["questions"],
        tuple(told["rows"]),
        address,
        told["teams"],
        told["phase_title"] if told["phase"] else "",
        told["quota"],
        told["waiting"],
        tuple(risen["teams"]),
    )


def target_of(endpoint: Any) -> tuple[dict[str, str], dict[str, Any]]:
    """What the league is to ask, and what the row on the leaderboard can be traced back to.

    Raises BadInput for nothing to ask.
    """
    if isinstance(endpoint, OpenBookModel):
        raise BadInput("The league asks every model with the book closed; pass the model itself, without its book.")
    job = endpoint if isinstance(endpoint, TrainingJob) else None
    traced = {
        "training_job": job.name if job else getattr(endpoint, "job_name", ""),
        "dataset": job.dataset_id if job else getattr(endpoint, "dataset_id", ""),
        "artefact": job.artifact if job else "",
    }
    provenance = {name: value for name, value in traced.items() if value}
    if job:
        return {"kind": "artefact", "training_job": job.name}, provenance
    system = getattr(endpoint, "system", "") or ""
    model_id = getattr(endpoint, "model_id", "") if isinstance(endpoint, BedrockModel) else ""
    name = endpoint.strip() if isinstance(endpoint, str) else getattr(endpoint, "name", "") or model_id
    if not name:
        raise BadInput(
            "Nothing to submit: pass an endpoint of notebook 05 or its name, a training job, or a Bedrock model's id."
        )
    # Endpoint names have neither dots nor colons; Bedrock ids and ARNs have both or one.
    if model_id or "." in name or ":" in name:
        return {"kind": "bedrock", "model_id": name, "system": system}, provenance
    return {"kind": "sagemaker", "endpoint": name, "system": system}, provenance


def submission_from(told: dict[str, Any]) -> Submission:
    """The value of a submission as the league told it."""
    names = Submission.__dataclass_fields__
    value = {name: told[name] for name in names if name in told and name != "score"}
    return Submission(**value, score=Score(**told["score"]) if told.get("score") else None)
