"""The queue of jobs on disk: SageMaker's training jobs and Bedrock's jobs wait in the same line.

A job is two documents, written together: `<kind>/<name>` is what Describe or Get answers, plus private fields, and
`active-<kind>/<name>` exists as long as the job is not over, so that looking for work does not read every job there
ever was. What is different between the two services' jobs is a Machine.

Private fields of every job: _Worker (who runs it, or None) and _Attempts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from workshop_kit.local_aws.store import Store

Document = dict[str, Any]
MOST_ATTEMPTS = 3


@dataclass(frozen=True)
class Machine:
    """One service's kind of job: where its documents are, and how they begin and end.

    `name`, `status` and `created` are the fields that hold the job's name, status and time of creation.
    `end(document, status, detail, reason)` brings a document to its end; one that is over already stays as it is.
    """

    kind: str
    name: str
    status: str
    created: str
    begin: Callable[[Document], Document]
    end: Callable[[Document, str, str, str], Document]
    lost: Callable[[int], str]  # the reason given for a job whose worker died so many times

    def over(self, document: Document) -> bool:
        """Whether the job has reached one of its three ends."""
        return document[self.status] in ("Completed", "Failed", "Stopped")

    def stopping(self, document: Document) -> bool:
        """Whether somebody has asked the job to stop."""
        return document[self.status] == "Stopping"


@dataclass(frozen=True)
class Job:
    """A job in the queue: its machine, its name and its document as it was when it was read."""

    machine: Machine
    name: str
    document: Document

    @property
    def key(self) -> str:
        """A name for the job that no job of another kind has."""
        return f"{self.machine.kind}-{self.name}"


def submit(store: Store, machine: Machine, document: Document) -> None:
    """Put a new job in the queue; raises store.Exists for a name already used."""
    name = document[machine.name]
    with store.transaction():
        store.create(machine.kind, name, machine.begin(document | {"_Worker": None, "_Attempts": 0}))
        store.put(f"active-{machine.kind}", name, {"created": document[machine.created]})


def active(store: Store, machines: tuple[Machine, ...]) -> list[Job]:
    """The jobs that are not over, oldest first."""
    found = []
    for machine in machines:
        for name, _ in store.list(f"active-{machine.kind}"):
            document = store.get(machine.kind, name)
            if document is not None and not machine.over(document):
                found.append(Job(machine, name, document))
    return sorted(found, key=lambda job: (job.document[job.machine.created], job.key))


def finish(store: Store, machine: Machine, name: str, status: str, detail: str = "", reason: str = "") -> None:
    """Write a job's end to disk and take it off the queue."""
    with store.transaction():
        store.update(machine.kind, name, lambda document: machine.end(document, status, detail or status, reason))
        store.delete(f"active-{machine.kind}", name)


def claim(store: Store, machines: tuple[Machine, ...], worker: str) -> Job | None:
    """Take the oldest job for `worker`, which must be the only one alive (see lock.py).

    A job whose claim is somebody else's has lost its worker: it is taken over, to be resumed from its checkpoint, but
    no more than MOST_ATTEMPTS times, since a job that kills its worker would do so for ever.
    """
    for waiting in active(store, machines):
        machine, name, seen = waiting.machine, waiting.name, waiting.document

        def take(document: Document, machine: Machine = machine) -> Document:
            if not machine.over(document):
                document["_Worker"] = worker
                document["_Attempts"] += 1
            return document

        if seen["_Attempts"] >= MOST_ATTEMPTS and not machine.stopping(seen):
            finish(store, machine, name, "Failed", reason=machine.lost(seen["_Attempts"]))
            continue
        document = store.update(machine.kind, name, take)
        if document is not None and not machine.over(document):
            return Job(machine, name, document)
    return None
