"""What a running job writes: log lines, live, and the metrics that its regexes find in them."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from workshop_kit.local_aws.jobs import states
from workshop_kit.local_aws.store import Store


class Journal:
    """A job's reporter: a line is on disk, and GetLogEvents reads it, when `log` returns."""

    def __init__(self, store: Store, job: states.Document) -> None:
        self._store = store
        self._name = job["TrainingJobName"]
        self._stream = job["_Stream"]
        self._regexes = [
            (definition["Name"], re.compile(definition["Regex"]))
            for definition in job["AlgorithmSpecification"].get("MetricDefinitions") or []
        ]
        self._shown = 0.0
        self._metrics = {metric["MetricName"]: metric for metric in job.get("FinalMetricDataList") or []}

    def log(self, line: str) -> None:
        """Write a line (several, where the text has line breaks) and pick the metrics out of it."""
        at = time.time()
        lines = line.splitlines() or [""]
        self._store.append_log(states.LOG_GROUP, self._stream, [(int(at * 1000), text) for text in lines])
        found = [metric for text in lines for metric in self._find(text, at)]
        if found:
            self._metrics |= {metric["MetricName"]: metric for metric in found}
            self._change(lambda job: job | {"FinalMetricDataList": list(self._metrics.values())})

    def metric(self, name: str, value: float, step: int, epoch: float) -> None:
        """Nothing is kept: SageMaker has only the numbers that the regexes find in the lines."""

    def progress(self, step: int, total: int) -> None:
        """How far the training is, in optimizer steps: shown as the message of the Training status."""
        now = time.monotonic()
        if now - self._shown < 1 and step < total:
            return  # each note is a write to disk; once a second is often enough to look at
        self._shown = now
        message = f"{states.MESSAGES['Training']}: step {step} of {total}"

        def note(job: states.Document) -> states.Document:
            if job["SecondaryStatus"] == "Training":
                job["SecondaryStatusTransitions"][-1]["StatusMessage"] = message
            return job

        self._change(note)

    def _find(self, line: str, at: float) -> list[states.Document]:
        found = []
        for name, regex in self._regexes:
            for match in regex.finditer(line):
                try:
                    found.append({"MetricName": name, "Value": float(match[1]), "Timestamp": at})
                except (TypeError, ValueError):
                    continue  # the group did not take part or holds no number: no data point, as on AWS
        return found

    def _change(self, change: Callable[[states.Document], states.Document]) -> None:
        self._store.update(states.KIND, self._name, change)
