"""A reward function tried on samples, in a process of its own, before a job pays for finding out what is wrong."""

from __future__ import annotations

import html
import json
import math
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workshop_kit.errors import BadInput
from workshop_kit.records import Finding, html_table
from workshop_kit.training.rewards.packing import MODULE, pack, source_of

SECONDS = 30.0
_RUN = """
import json, sys, traceback
sys.path.insert(0, sys.argv[1])
try:
    import reward
    answer = reward.handler(json.load(open(sys.argv[2], encoding="utf-8")), None)
    told = {"answer": answer}
    json.dumps(told)
except BaseException as problem:
    place = [f for f in traceback.extract_tb(problem.__traceback__) if f.filename.endswith("reward.py")]
    told = {"error": f"{type(problem).__name__}: {problem}", "line": place[-1].lineno if place else 0}
json.dump(told, open(sys.argv[3], "w", encoding="utf-8"))
"""


@dataclass(frozen=True)
class RewardCheck:
    """What a reward function made of samples: a score for each (None where there is none) and what is wrong with it."""

    scores: tuple[float | None, ...]
    answers: tuple[str, ...]
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether a job can use it."""
        return not any(finding.severity == "error" for finding in self.findings)

    def _repr_html_(self) -> str:
        rows: list[list[object]] = [
            [answer, "" if score is None else f"{score:g}"]
            for answer, score in zip(self.answers, self.scores, strict=True)
        ]
        notes = "".join(
            f"<p>{finding.severity.capitalize()}: {html.escape(str(finding))}</p>" for finding in self.findings
        )
        return html_table(["answer", "reward"], rows) + (notes or "<p>The function can be used.</p>")


def sample(question: str, answer: str, reference: Any, id: str = "sample-1") -> dict[str, Any]:
    """One sample as Bedrock hands it to a reward function."""
    turns = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    return {"id": id, "messages": turns, "metadata": {"reference_answer": reference}, "reference_answer": reference}


def check_reward(reward: str | Path, samples: Sequence[Mapping[str, Any]]) -> RewardCheck:
    """Try a reward function (a name, a file, or its source) on samples (see `sample`).

    The code runs as it would in Lambda, apart from this process, for at most SECONDS. What is wrong comes back as
    findings; nothing is raised for the learner's own code. Raises BadInput when there are no samples.
    """
    if not samples:
        raise BadInput("There is nothing to try the reward function on; give at least one sample.")
    answers = tuple(str(entry["messages"][-1]["content"]) for entry in samples)
    try:
        source = source_of(reward)
        pack(reward)
    except BadInput as problem:
        return RewardCheck((None,) * len(samples), answers, (Finding("error", "source", str(problem)),))
    told = _try(source, samples)
    scores, findings = _read(told, [str(entry["id"]) for entry in samples])
    return RewardCheck(scores, answers, findings)


def _try(source: str, samples: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="reward-") as place:
        folder = Path(place)
        (folder / f"{MODULE}.py").write_text(source, encoding="utf-8")
        (folder / "event.json").write_text(json.dumps([dict(entry) for entry in samples]), encoding="utf-8")
        answer = folder / "answer.json"
        command = [sys.executable, "-I", "-c", _RUN, place, str(folder / "event.json"), str(answer)]
        try:
            done = subprocess.run(
                command, cwd=place, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            return {"error": f"it had not answered after {SECONDS:.0f} s", "line": 0}
        if not answer.is_file():
            return {"error": f"its process ended with status {done.returncode}", "line": 0}
        return json.loads(answer.read_text(encoding="utf-8"))


def _read(told: dict[str, Any], ids: list[str]) -> tuple[tuple[float | None, ...], tuple[Finding, ...]]:
    nothing = (None,) * len(ids)

    def wrong(code: str, message: str, fix: str = "", line: int = 0) -> Finding:
        return Finding("error", code, message, file="reward function", line=line, fix=fix)

    if "error" in told:
        return nothing, (wrong("failed", f"the function failed: {told['error']}.", line=told["line"]),)
    answer = told["answer"]
    if not isinstance(answer, list):
        kind = type(answer).__name__
        fix = 'Return [{"id": ..., "aggregate_reward_score": ...}, ...].'
        return nothing, (wrong("not-a-list", f"the handler answered a {kind}; it must answer a list.", fix),)
    scores: dict[str, float] = {}
    findings: list[Finding] = []
    for number, entry in enumerate(answer, start=1):
        if not isinstance(entry, dict) or "id" not in entry:
            findings.append(wrong("no-id", f"entry {number} of the answer has no id.", "Copy the sample's id."))
            continue
        score = entry.get("aggregate_reward_score")
        if isinstance(score, bool) or not isinstance(score, (int, float)) or not math.isfinite(score):
            findings.append(wrong("no-score", f"{entry['id']} has the aggregate_reward_score {score!r}, not a number."))
            continue
        scores[str(entry["id"])] = float(score)
    for id in ids:
        if id not in scores and not findings:
            findings.append(wrong("missing", f"{id} got no score.", "Return one entry for every sample."))
    if len(ids) > 1 and len(set(scores.values())) == 1 and not findings:
        message = f"every sample got the same score, {next(iter(scores.values())):g}: there is nothing to learn from."
        findings.append(Finding("warning", "flat", message, fix="Try it on answers that should differ."))
    if scores and not all(-1 <= score <= 1 for score in scores.values()):
        message = "some scores lie outside of -1 to 1; Bedrock's samples keep within 0 to 1."
        findings.append(Finding("warning", "range", message))
    return tuple(scores.get(id) for id in ids), tuple(findings)
