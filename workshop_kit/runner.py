"""Run the whole workshop without a browser: every notebook by papermill, in a workspace of its own."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from workshop_kit.errors import BadInput, KitError, require


@dataclass(frozen=True)
class ExecutedNotebook:
    """One notebook that ran to its end; `seconds` of wall clock."""

    name: str
    path: Path
    seconds: float


class NotebookFailed(KitError):
    """A notebook stopped at a cell."""


def execute(
    notebook: Path,
    output: Path,
    *,
    home: Path,
    parameters: dict[str, object] | None = None,
    label: str = "",
    show_progress: bool = True,
) -> ExecutedNotebook:
    """Execute one notebook with the workspace at `home`; the executed copy is saved after every cell.

    Raises NotebookFailed with the cell and its error when a cell fails; the executed copy up to there is kept.
    """
    papermill = require("papermill", extra="notebooks")
    from papermill.exceptions import PapermillExecutionError

    output.parent.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    with _environment(home):
        try:
            papermill.execute_notebook(
                notebook,
                output,
                parameters=parameters or {},
                kernel_name="python3",
                cwd=str(notebook.parent),
                # ipykernel warns of unencrypted loopback traffic at every start; its errors still come through.
                extra_arguments=["--log-level=ERROR"],
                progress_bar={"desc": label or notebook.stem, "bar_format": BAR} if show_progress else False,
            )
        except PapermillExecutionError as problem:
            raise NotebookFailed(
                f"{notebook.name} stopped at cell {problem.cell_index + 1}: {problem.ename}: {problem.evalue} "
                f"(the cells executed so far are in {output})"
            ) from None
    return ExecutedNotebook(notebook.stem, output, time.monotonic() - started)


BAR = "{desc:<38} {bar:24} cell {n_fmt}/{total_fmt}  {elapsed} so far, about {remaining} left"


def run_workshop(
    notebooks: Path, home: Path, *, domain: str | None = None, show_progress: bool = True
) -> Iterator[ExecutedNotebook]:
    """Execute every notebook in `notebooks` in order, yielding each as it ends.

    The executed copies go to `<home>/notebooks/`. `domain` sets the notebooks' DOMAIN parameter.
    Raises BadInput when there is no notebook to run, and NotebookFailed as `execute` does.
    """
    paths = sorted(notebooks.glob("[0-9][0-9]_*.ipynb"))
    if not paths:
        raise BadInput(f"There are no notebooks in {notebooks}; run this from a checkout of the kit.")
    parameters: dict[str, object] = {"DOMAIN": domain} if domain else {}
    for number, path in enumerate(paths, start=1):
        yield execute(
            path,
            home / "notebooks" / path.name,
            home=home,
            parameters=parameters,
            label=f"[{number}/{len(paths)}] {path.stem}",
            show_progress=show_progress,
        )


def side_tracks(notebooks: Path) -> list[Path]:
    """The notebooks beside the main way: those whose names don't begin with a number."""
    return sorted(path for path in notebooks.glob("*.ipynb") if not path.name[:1].isdigit())


@contextmanager
def _environment(home: Path) -> Iterator[None]:
    # Kernels inherit the environment: it is how a notebook learns which workspace it belongs to.
    before = {name: os.environ.get(name) for name in ("WORKSHOP_HOME", "MPLBACKEND")}
    os.environ["WORKSHOP_HOME"] = str(home)
    # A backend named by the caller's shell (Agg, say) would keep figures out of the executed notebooks.
    os.environ.pop("MPLBACKEND", None)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
