"""The steps of the workshop: a notebook each, with the minutes that its first cell plans for it."""

from __future__ import annotations

from dataclasses import dataclass

from workshop_kit.errors import BadInput


@dataclass(frozen=True)
class Step:
    """One step; `minutes` is the planned time."""

    id: str
    number: int
    title: str
    minutes: int

    def __str__(self) -> str:
        return f"{self.number} · {self.title}"


STEPS: tuple[Step, ...] = (
    Step("dataset", 1, "Dataset generation", 20),
    Step("review", 2, "Dataset review", 15),
    Step("training", 3, "Fine-tuning launch", 15),
    Step("curves", 4, "Loss curves", 15),
    Step("endpoint", 5, "Endpoint inference", 15),
    Step("submission", 6, "Leaderboard submission", 10),
)
BY_ID = {step.id: step for step in STEPS}


def step_of(step: Step | str | int) -> Step:
    """A step by its id ("review"), its number (2 or "02") or itself. Raises BadInput for anything else."""
    if isinstance(step, Step):
        return step
    told = str(step).strip().lower()
    if told in BY_ID:
        return BY_ID[told]
    if told.isascii() and told.isdigit() and 1 <= int(told) <= len(STEPS):
        return STEPS[int(told) - 1]
    known = ", ".join(f"{s.number} ({s.id})" for s in STEPS)
    raise BadInput(f"There is no step {told[:40]!r}; the steps are {known}.")
