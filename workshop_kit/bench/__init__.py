"""`workshop-kit bench`: figures of the kit beside those of a named peer, measured in the same run."""

from __future__ import annotations

import importlib
import platform

from workshop_kit.errors import BadInput

# Each has measure() -> rows of {benchmark, what, ours, peer, unit} with an optional "better" ("lower" or "higher").
BENCHMARKS = {
    "startup": "workshop_kit.bench.startup",
    "review": "workshop_kit.bench.review",
    "s3": "workshop_kit.local_aws.bench_s3",
    "train": "workshop_kit.local_aws.bench_train",
    "serve": "workshop_kit.local_aws.bench_serve",
    "workshop": "workshop_kit.bench.workshop",
    "league": "workshop_kit.bench.league",
}


def run(names: list[str]) -> int:
    """Run the named benchmarks (all of them for an empty list) and print a row for each figure.

    Raises BadInput for a name that is not a benchmark.
    """
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        raise BadInput(f"There is no benchmark '{unknown[0]}'; choose from {', '.join(BENCHMARKS)}.")
    print(f"Python {platform.python_version()}, {platform.machine()}, {_cpus()} CPUs\n")
    print(f"{'':70}{'ours':>12}{'peer':>12}  {'unit':10}{'ours/peer':>10}")
    for name in names or BENCHMARKS:
        for row in importlib.import_module(BENCHMARKS[name]).measure():
            print(_line(row), flush=True)
    return 0


def _line(row: dict[str, object]) -> str:
    ours, peer = row["ours"], row.get("peer")
    what = f"{row['benchmark']}: {row['what']}"
    if peer is None:
        return f"{what:70}{ours:12.4g}{'':>12}  {row['unit']}"
    ratio = f"{float(ours) / float(peer):.2f}" if peer else ""  # type: ignore[arg-type]
    return f"{what:70}{ours:12.4g}{peer:12.4g}  {row['unit']!s:10}{ratio:>10}"


def _cpus() -> int:
    import os

    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
