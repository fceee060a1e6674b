"""The curves of one or several runs: a static figure, an interactive one, and the same as a text table.

Colours are Okabe and Ito's, which people with any kind of colour vision can tell apart; lines differ by dash and
marker too, so nothing depends on colour alone. https://jfly.uni-koeln.de/color/
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from workshop_kit.errors import BadInput
from workshop_kit.pictures import picture
from workshop_kit.training.diagnosis import Diagnosis, diagnose
from workshop_kit.training.runs import EpochPoint, Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

OKABE_ITO = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
TRAIN_COLOUR, EVAL_COLOUR, BEST_COLOUR = OKABE_ITO[0], OKABE_ITO[1], OKABE_ITO[2]
METRICS = {"loss": "Loss (lower is better)", "perplexity": "Perplexity (lower is better)"}


def smoothed(values: Sequence[float], amount: float) -> list[float]:
    """An exponential moving average, corrected for its start as Adam's is (Kingma and Ba 2015, arXiv:1412.6980).

    s = amount * s + (1 - amount) * value, shown as s / (1 - amount ** n); `amount` from 0 (none) to below 1.
    """
    found, level = [], 0.0
    for n, value in enumerate(values, start=1):
        level = amount * level + (1 - amount) * value
        found.append(level / (1 - amount**n))
    return found


def plot_steps(
    runs: Run | Sequence[Run], *, smoothing: float = 0.6, log: bool = False, width: float = 7.0, height: float = 4.0
) -> Figure:
    """The training loss of every step (inches), smoothed, the raw values pale behind it; several runs over each other.

    `log` gives a logarithmic axis. Raises BadInput for a smoothing outside of 0 to below 1.
    """
    if not 0 <= smoothing < 1:
        raise BadInput(f"smoothing is {smoothing}; it must be at least 0 and below 1.")
    figure = picture(width, height)
    axes = figure.add_subplot()
    for n, run in enumerate(_listed(runs)):
        colour, style = OKABE_ITO[n % len(OKABE_ITO)], ("-", "--", "-.", ":")[n % 4]
        steps, losses = [point.step for point in run.steps], [point.loss for point in run.steps]
        if smoothing:
            axes.plot(steps, losses, "-", color=colour, alpha=0.2, linewidth=1)
        axes.plot(steps, smoothed(losses, smoothing), style, color=colour, linewidth=2, label=run.job_name)
    axes.set_xlabel("Step")
    axes.set_ylabel(f"Training loss{', logarithmic' if log else ''} (lower is better)")
    axes.set_yscale("log" if log else "linear")
    axes.grid(True, alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    return figure


def plot(
    runs: Run | Sequence[Run],
    metric: str = "loss",
    *,
    log: bool = False,
    width: float = 7.0,
    height: float = 4.0,
) -> Figure:
    """Train and eval curves by epoch as a matplotlib figure (inches); several runs lie over each other.

    With one run, the best epoch is marked. `log` gives a logarithmic axis.
    """
    from matplotlib.ticker import MaxNLocator

    runs = _listed(runs)
    figure = picture(width, height)
    axes = figure.add_subplot()
    for colour, run, prefix in _coloured(runs):
        train_colour = colour or TRAIN_COLOUR
        eval_colour = colour or EVAL_COLOUR
        for which, style, marker, shade in (
            ("train", "--", "o", train_colour),
            ("eval", "-", "s", eval_colour),
        ):
            xs, ys = _series(run, f"{which}_{metric}")
            label = prefix + {"train": "training", "eval": "evaluation"}[which]
            axes.plot(xs, ys, style, marker=marker, color=shade, label=label, linewidth=2, markersize=6)
    if len(runs) == 1:
        found = diagnose(runs[0])
        if found.best_epoch is not None:
            axes.axvline(found.best_epoch, color=BEST_COLOUR, linestyle=":", linewidth=2)
            axes.annotate(
                f"best epoch {found.best_epoch}",
                (found.best_epoch, 1.0),
                xycoords=("data", "axes fraction"),
                xytext=(5, -12),
                textcoords="offset points",
                color=BEST_COLOUR,
                fontsize=9,
            )
    axes.set_xlabel("Epoch")
    axes.set_ylabel(METRICS[metric])
    axes.set_yscale("log" if log else "linear")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(True, alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    return figure


def interactive(runs: Run | Sequence[Run], metric: str = "loss") -> Any:
    """The same as a plotly figure, with hover texts."""
    import plotly.graph_objects as go

    runs = _listed(runs)
    figure = go.Figure()
    for colour, run, prefix in _coloured(runs):
        for which, dash, symbol, shade in (
            ("train", "dash", "circle", colour or TRAIN_COLOUR),
            ("eval", "solid", "square", colour or EVAL_COLOUR),
        ):
            xs, ys = _series(run, f"{which}_{metric}")
            figure.add_trace(
                go.Scatter(
                    x=xs,
                    y=ys,
                    mode="lines+markers",
                    name=prefix + {"train": "training", "eval": "evaluation"}[which],
                    line={"color": shade, "dash": dash, "width": 3},
                    marker={"symbol": symbol, "size": 9},
                    hovertemplate="epoch %{x}: %{y:.4f}",
                )
            )
    figure.update_layout(
        template="simple_white",
        height=380,
        margin={"l": 60, "r": 20, "t": 30, "b": 50},
        xaxis={"title": "Epoch", "dtick": 1},
        yaxis={"title": METRICS[metric]},
        hovermode="x unified",
        legend={"orientation": "h", "y": 1.1},
    )
    if len(runs) == 1 and (best := diagnose(runs[0]).best_epoch) is not None:
        figure.add_vline(x=best, line={"color": BEST_COLOUR, "dash": "dot"}, annotation_text=f"best epoch {best}")
    return figure


def text_table(run: Run, found: Diagnosis | None = None) -> str:
    """The curves as lines of text, the best epoch marked: what the picture says, for a screen reader or a log."""
    found = found or diagnose(run)
    lines = [f"{'epoch':>5}  {'training loss':>13}  {'evaluation loss':>15}  {'eval. perplexity':>16}"]
    for point in run.epochs:
        mark = "  <- best" if point.epoch == found.best_epoch else ""
        lines.append(
            f"{point.epoch:>5}  {_cell(point.train_loss):>13}  {_cell(point.eval_loss):>15}  "
            f"{_cell(point.eval_perplexity, 2):>16}{mark}"
        )
    return "\n".join(lines)


def _listed(runs: Run | Sequence[Run]) -> list[Run]:
    return [runs] if isinstance(runs, Run) else list(runs)


def _coloured(runs: list[Run]) -> list[tuple[str | None, Run, str]]:
    if len(runs) == 1:
        return [(None, runs[0], "")]
    return [(OKABE_ITO[i % len(OKABE_ITO)], run, f"{run.job_name} ") for i, run in enumerate(runs)]


def _series(run: Run, name: str) -> tuple[list[int], list[float]]:
    points: list[EpochPoint] = [point for point in run.epochs if getattr(point, name) is not None]
    return [point.epoch for point in points], [getattr(point, name) for point in points]


def _cell(value: float | None, digits: int = 4) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
