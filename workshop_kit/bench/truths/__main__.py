"""`python -m workshop_kit.bench.truths OUT.jsonl`: real runs, three seeds, both domains; a table.

Results are appended as they come, and what is there already is not run again. `--print` prints the table of a file.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from workshop_kit.bench.truths.settings import SETTINGS
from workshop_kit.bench.truths.world_runs import Bench, Result, questions_of, run
from workshop_kit.worlds import WORLDS, world

QUESTIONS = 50
REFERENCE = "the reference itself: untuned, book open"


def main(argv: list[str] | None = None) -> int:
    """Run what is missing in the file and print its table."""
    parser = argparse.ArgumentParser(description="The truths of the local world, measured.")
    parser.add_argument("out", type=Path)
    parser.add_argument("--worlds", default=",".join(WORLDS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", default="", help="settings whose name holds this text")
    parser.add_argument("--questions", type=int, default=QUESTIONS)
    parser.add_argument("--print", action="store_true", dest="show")
    told = parser.parse_args(argv)
    if not told.show:
        _measure(told)
    print(table(_read(told.out)))
    return 0


def _measure(told: argparse.Namespace) -> None:
    from workshop_kit.local_aws import catalogue
    from workshop_kit.local_aws.inference import client

    have = {(r.setting, r.world, r.seed) for r in _read(told.out)}
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "aws").mkdir()
        for id in told.worlds.split(","):
            for seed in range(told.seeds):
                bench = Bench(
                    home, catalogue.base_model(), world(id), questions_of(world(id), told.questions, seed), seed
                )
                if ("untuned", id, seed) not in have:
                    _keep(told.out, _untuned(bench))
                for setting in SETTINGS:
                    if told.only in setting.name and (setting.name, id, seed) not in have:
                        began = time.monotonic()
                        results = run(bench, setting, home / "work")
                        _keep(told.out, results)
                        last = results[-1]
                        print(
                            f"{id} seed {seed} {setting.name}: wins {last.wins:.0%}, facts {last.facts:.0%}, "
                            f"{last.seconds:.0f} tokens/s, {time.monotonic() - began:.0f} s",
                            file=sys.stderr, flush=True,
                        )  # fmt: skip
        client.stop(home)


def _untuned(bench: Bench) -> list[Result]:
    answers = bench.ask(None, [q.question for q in bench.questions])
    found = [bench.result("untuned", 0, answers), bench.result(REFERENCE, 0, bench.reference())]
    for one in found:
        print(f"{one.world} seed {one.seed} {one.setting}: wins {one.wins:.0%}, facts {one.facts:.0%}", file=sys.stderr)
    return found


def _keep(path: Path, results: Iterable[Result]) -> None:
    with path.open("a", encoding="utf-8") as file:
        for result in results:
            file.write(json.dumps(asdict(result)) + "\n")


def _read(path: Path) -> list[Result]:
    if not path.is_file():
        return []
    return [Result(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]


def table(results: Iterable[Result]) -> str:
    """Markdown: win rates by setting, epoch and domain, the mean and each seed's."""
    groups: dict[tuple[str, int, str], list[Result]] = defaultdict(list)
    for result in results:
        groups[result.setting, result.epoch, result.world].append(result)
    lines = [
        "| setting | epochs | domain | win rate (each seed) | facts | train loss | eval loss |",
        "|---|---|---|---|---|---|---|",
    ]
    for (name, epoch, id), found in groups.items():
        wins = " ".join(f"{r.wins:.0%}" for r in found)
        mean = statistics.mean(r.wins for r in found)
        facts = statistics.mean(r.facts for r in found)
        losses = [
            f"{statistics.mean(values):.3f}"
            if (values := [v for r in found if (v := getattr(r, field)) is not None])
            else ""
            for field in ("train_loss", "eval_loss")
        ]
        lines.append(f"| {name} | {epoch} | {id} | {mean:.0%} ({wins}) | {facts:.0%} | {losses[0]} | {losses[1]} |")
    return "\n".join(lines)


if __name__ == "__main__":
    raise SystemExit(main())
