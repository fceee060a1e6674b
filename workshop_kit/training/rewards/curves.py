"""How the reward of a run went, drawn and as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from workshop_kit.errors import NotYet
from workshop_kit.pictures import picture
from workshop_kit.training.curves import OKABE_ITO
from workshop_kit.training.runs import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def plot_rewards(runs: Run | Sequence[Run], *, width: float = 7.0, height: float = 4.0) -> Figure:
    """Mean rewards by step (inches): dots are the answers sampled in a step, the line greedy ones to the evaluation
    prompts. Raises NotYet for a run without rewards.
    """
    listed = _with_rewards(runs)
    figure = picture(width, height)
    axes = figure.add_subplot()
    for n, run in enumerate(listed):
        colour, marker = OKABE_ITO[n % len(OKABE_ITO)], "os^Dv"[n % 5]
        name = f"{run.job_name}: " if len(listed) > 1 else ""
        sampled = [(p.step, p.reward) for p in run.rewards if not p.evaluation]
        greedy = [(p.step, p.reward) for p in run.rewards if p.evaluation]
        if sampled:
            axes.plot(*zip(*sampled, strict=True), marker, color=colour, alpha=0.45, label=f"{name}sampled answers")
        if greedy:
            axes.plot(*zip(*greedy, strict=True), "-", marker=marker, color=colour, label=f"{name}likeliest answers")
    axes.set_xlabel("Step")
    axes.set_ylabel("Mean reward (higher is better)")
    axes.set_ylim(-0.03, 1.03)
    axes.grid(True, alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    return figure


def rewards_table(run: Run) -> str:
    """The same as lines of text: a step, the mean reward of its samples, and of the evaluation after it."""
    (run,) = _with_rewards(run)
    sampled = {p.step: p.reward for p in run.rewards if not p.evaluation}
    greedy = {p.step: p.reward for p in run.rewards if p.evaluation}
    lines = [f"{'step':>5}  {'sampled':>8}  {'likeliest':>9}"]
    for step in sorted(greedy):
        shown = f"{sampled[step]:.3f}" if step in sampled else "-"
        lines.append(f"{step:>5}  {shown:>8}  {greedy[step]:>9.3f}")
    return "\n".join(lines)


def _with_rewards(runs: Run | Sequence[Run]) -> list[Run]:
    listed = [runs] if isinstance(runs, Run) else list(runs)
    for run in listed:
        if not run.rewards:
            raise NotYet(f"Run {run.job_name} has no rewards: it is no reinforcement job, or has not begun.")
    return listed
