"""Taking part: submit an endpoint, watch it being judged, see the standings; and practise on the open questions."""

from __future__ import annotations

import html
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import requests

from workshop_kit.aws import Aws
from workshop_kit.errors import BadInput, Cancelled, LeagueProblem
from workshop_kit.league.statistics import Score
from workshop_kit.records import content_id, html_table
from workshop_kit.settings import DEFAULT_DOMAIN, league_url, workspace_root

TIMEOUT = 30.0
ATTEMPTS = 5


class Cancel(Protocol):
    """Anything with is_set(), a threading.Event say."""

    def is_set(self) -> bool:
        """Whether to stop."""
        ...


@dataclass(frozen=True)
class Judged:
    """How far a judging is: questions done of all, and the seconds left where they can be told."""

    done: int
    total: int
    seconds_left: float | None = None


class _Clock:
    """Makes Judged events, with the time left from the pace so far."""

    def __init__(self, progress: Callable[[Judged], None] | None) -> None:
        self._progress, self._first = progress, None

    def __call__(self, done: int, total: int) -> None:
        if not self._progress:
            return
        now = time.monotonic()
        if self._first is None:
            self._first = (now, done)
        began, before = self._first
        pace = (now - began) / (done - before) if done > before else None
        self._progress(Judged(done, total, pace * (total - done) if pace is not None else None))


@dataclass(frozen=True)
class Submission:
    """A submission as the league last told it; `score` is there when the state is done."""

    id: str
    participant: str
    state: str
    judged: int
    questions: int
    problem: str = ""
    score: Score | None = None
    judge: str = ""
    reference: str = ""
    provenance: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        if not self.score:
            return (
                f"{self.participant}: {self.state}, {self.judged} of {self.questions} questions judged. {self.problem}"
            )
        s = self.score
        return (
            f"{self.participant}: win rate {s.win_rate:.0%} (95 % interval {s.low:.0%} to {s.high:.0%}), "
            f"{s.wins} wins, {s.ties} ties, {s.losses} losses, {s.flips} flips over {s.questions} questions"
        )

    def _repr_html_(self) -> str:
        if not self.score:
            return f"<p>{html.escape(str(self))}</p>"
        s = self.score
        rows: list[list[object]] = [
            ["win rate", f"{s.win_rate:.0%}, with 95 % confidence between {s.low:.0%} and {s.high:.0%}"],
            ["wins, ties, losses", f"{s.wins}, {s.ties}, {s.losses}"],
            ["verdicts that changed with the order", s.flips],
            ["length of your answers against the reference's", f"{s.length_ratio:.2f} times"],
            ["judged by", self.judge],
            ["against", self.reference],
            *[[name.replace("_", " "), value] for name, value in self.provenance.items()],
        ]
        return f"<p><b>{html.escape(self.participant)}</b></p>" + html_table(["", ""], rows)


@dataclass(frozen=True)
class Standings:
    """The standings as the league last told them; `rows` best first."""

    domain: str
    questions: int
    rows: tuple[dict[str, Any], ...]
    url: str = ""

    def to_frame(self) -> Any:
        """A pandas DataFrame, a row per participant; rates from 0 to 1."""
        import pandas as pd

        columns = ["rank", "participant", "win_rate", "low", "high", "wins", "ties", "losses", "flips", "submissions"]
        return pd.DataFrame([row | row["score"] for row in self.rows], columns=columns)

    def to_text(self) -> str:
        """The standings as a plain table."""
        head = f"Standings of '{self.domain}', {self.questions} hidden questions"
        if not self.rows:
            return f"{head}: nobody has been judged yet."
        lines = [head, f"{'rank':>4}  {'participant':30}  {'win rate':>8}  {'95 % interval':>13}  {'w/t/l/flips':>13}"]
        for row in self.rows:
            s = row["score"]
            interval = f"{s['low']:.0%} to {s['high']:.0%}"
            counts = f"{s['wins']}/{s['ties']}/{s['losses']}/{s['flips']}"
            name = row["participant"][:30]
            lines.append(f"{row['rank']:>4}  {name:30}  {s['win_rate']:>8.0%}  {interval:>13}  {counts:>13}")
        first = self.rows[0]
        lines.append(f"Judged by {first['judge']}, against {first['reference']}.")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        if not self.rows:
            return f"<p>{html.escape(self.to_text())}</p>"
        rows = [
            [
                row["rank"],
                row["participant"],
                f"{row['score']['win_rate']:.0%}",
                f"{row['score']['low']:.0%} to {row['score']['high']:.0%}",
                row["score"]["wins"],
                row["score"]["ties"],
                row["score"]["losses"],
                row["score"]["flips"],
            ]
            for row in self.rows
        ]
        table = html_table(
            ["rank", "participant", "win rate", "95 % interval", "wins", "ties", "losses", "flips"], rows
        )
        first = self.rows[0]
        link = f"<br>The live page: <a href='{html.escape(self.url)}'>{html.escape(self.url)}</a>" if self.url else ""
        return (
            f"{table}<p>Judged by {html.escape(first['judge'])}, against {html.escape(first['reference'])}, on "
            f"{self.questions} hidden questions.{link}</p>"
        )


@dataclass(frozen=True)
class Practice:
    """The open questions, judged in sight: a row each with question, answers, verdict and the judge's reason."""

    rows: tuple[dict[str, Any], ...]
    score: Score
    judge: str
    reference: str

    def to_frame(self) -> Any:
        """A pandas DataFrame, a row per question."""
        import pandas as pd

        return pd.DataFrame(self.rows)

    def _repr_html_(self) -> str:
        s = self.score
        columns = ["topic", "question", "answer", "reference_answer", "outcome", "reason"]
        return (
            f"<p>Win rate on {s.questions} practice questions: <b>{s.win_rate:.0%}</b> (95 % interval {s.low:.0%} to "
            f"{s.high:.0%}), judged by {html.escape(self.judge)} against {html.escape(self.reference)}.</p>"
            + html_table([c.replace("_", " ") for c in columns], [[row[c] for c in columns] for row in self.rows])
        )


def server_url(domain: str = DEFAULT_DOMAIN) -> str:
    """The league to talk to: the one WORKSHOP_LEAGUE_URL names, else this workspace's own, started if need be."""
    from workshop_kit.league import process

    told = league_url()
    return told.rstrip("/") if told else process.start(workspace_root(), domain).url


def submit(
    aws: Aws,
    endpoint: Any,
    participant: str,
    *,
    domain: str = DEFAULT_DOMAIN,
    url: str | None = None,
    wait: bool = True,
    again: bool = False,
    progress: Callable[[Judged], None] | None = None,
    cancel: Cancel | None = None,
) -> Submission:
    """Submit an endpoint (or a Bedrock model id) under a participant's name and wait for its score.

    `endpoint` is a playground Endpoint, the name of a SageMaker endpoint, or a Bedrock model id or ARN. Submitting the
    same model under the same name again gives the score it has, unless `again` asks for a new judgement.
    `progress` gets a Judged as verdicts come. Cancelling stops the waiting, not the judging.
    Raises LeagueProblem when the league refuses it or judging fails, and Cancelled.
    """
    address = (url or server_url(domain)).rstrip("/")
    target, provenance = _target(endpoint)
    identity: list[Any] = [participant.strip(), target, provenance, domain]
    if again:
        identity.append(time.time_ns())
    body = {"participant": participant, "target": target, "key": content_id(identity), "provenance": provenance}
    told = _call("POST", f"{address}/api/submissions", json=body)
    if told["state"] == "failed":
        told = _call("POST", f"{address}/api/submissions/{told['id']}/retry")
    tell = _Clock(progress)
    while wait and told["state"] in ("queued", "judging"):
        if cancel and cancel.is_set():
            raise Cancelled(f"Stopped waiting; the league goes on judging submission {told['id']}.")
        tell(told["judged"], told["questions"])
        time.sleep(0.5)
        told = _call("GET", f"{address}/api/submissions/{told['id']}")
    tell(told["judged"], told["questions"])
    if told["state"] == "failed":
        raise LeagueProblem(f"The submission could not be judged: {told['problem']}")
    return _submission(told)


def standings(*, domain: str = DEFAULT_DOMAIN, url: str | None = None) -> Standings:
    """The standings of the league; raises LeagueProblem when it can't be reached."""
    address = (url or server_url(domain)).rstrip("/")
    told = _call("GET", f"{address}/api/standings")
    return Standings(told["domain"], told["questions"], tuple(told["rows"]), address)


def practice(
    aws: Aws,
    endpoint: Any,
    domain: str | Path = DEFAULT_DOMAIN,
    *,
    limit: int | None = None,
    progress: Callable[[Judged], None] | None = None,
    cancel: Cancel | None = None,
) -> Practice:
    """Judge a model on the open practice questions, exactly as the league would, with every verdict in sight.

    Raises AwsProblem or LeagueProblem when a model can't be asked, and Cancelled.
    """
    from workshop_kit.league import asking
    from workshop_kit.league.judge import judge
    from workshop_kit.league.questions import practice_questions
    from workshop_kit.league.statistics import Verdict, score

    questions = practice_questions(domain)[:limit]
    if not questions:
        raise BadInput(f"The domain {domain} has no practice questions.")
    target, _ = _target(endpoint)
    judge_model, reference = aws.choose_model("judge"), aws.choose_model("reference")

    def one(question: Any) -> tuple[dict[str, Any], Verdict]:
        said = asking.ask_candidate(aws, target, question.question)
        against = asking.ask_model(aws, reference, question.question)
        told = judge(aws, judge_model, question, said, against)
        row = {
            "topic": question.topic,
            "question": question.question,
            "answer": said,
            "reference_answer": against,
            "outcome": told.outcome,
            "reason": told.reason,
            "handbook": question.reference_answer,
        }
        return row, Verdict(question.id, told.outcome, len(said), len(against))

    found, tell = [], _Clock(progress)
    with ThreadPoolExecutor(4) as pool:
        for under_way in [pool.submit(one, question) for question in questions]:
            if cancel and cancel.is_set():
                pool.shutdown(cancel_futures=True)
                raise Cancelled("Practice was stopped.")
            found.append(under_way.result())
            tell(len(found), len(questions))
    return Practice(tuple(row for row, _ in found), score(v for _, v in found), judge_model, reference)


def _target(endpoint: Any) -> tuple[dict[str, str], dict[str, Any]]:
    # What the row on the leaderboard can be traced back to.
    traced = {"training_job": getattr(endpoint, "job_name", ""), "dataset": getattr(endpoint, "dataset_id", "")}
    provenance = {name: value for name, value in traced.items() if value}
    name = endpoint if isinstance(endpoint, str) else getattr(endpoint, "name", "")
    if not name:
        raise BadInput("Nothing to submit: pass an endpoint of notebook 05, an endpoint's name or a Bedrock model id.")
    # Endpoint names have neither dots nor colons; Bedrock ids and ARNs have both or one.
    if "." in name or ":" in name:
        return {"kind": "bedrock", "model_id": name}, provenance
    system = getattr(endpoint, "system", "") or ""
    return {"kind": "sagemaker", "endpoint": name, "system": system}, provenance


def _submission(told: dict[str, Any]) -> Submission:
    names = Submission.__dataclass_fields__
    value = {name: told[name] for name in names if name in told and name != "score"}
    return Submission(**value, score=Score(**told["score"]) if told.get("score") else None)


def _call(method: str, url: str, **options: Any) -> Any:
    """One request to the league, tried again while nobody answers; a repeated submission acts once by its key."""
    import random

    for attempt in range(1, ATTEMPTS + 1):
        try:
            reply = requests.request(method, url, timeout=TIMEOUT, **options)
            break
        except requests.RequestException as problem:
            if attempt == ATTEMPTS:
                raise LeagueProblem(
                    f"The league at {url.split('/api')[0]} can't be reached ({type(problem).__name__}); ask its host, "
                    "or unset WORKSHOP_LEAGUE_URL to use a local one."
                ) from None
            time.sleep(random.uniform(0.5, 1.0) * 0.2 * 2**attempt)
    try:
        told = reply.json()
    except ValueError:
        raise LeagueProblem(
            f"What answers at {url.split('/api')[0]} is not a league; check WORKSHOP_LEAGUE_URL."
        ) from None
    if reply.status_code >= 400:
        message = told.get("error", {}).get("message") if isinstance(told, dict) else None
        raise LeagueProblem(message or f"The league answered with status {reply.status_code}.")
    return told
