"""The local judge on labelled pairs: `python -m workshop_kit.bench.judge` prints how many are right.

--misses KIND   also show the dev half's misses of a kind (those of the held-out half are never shown)
--worlds A,B    which worlds' practice questions to take
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict

from workshop_kit.bench.judge.pairs import WORLDS, Pair, pairs
from workshop_kit.league import judge as league_judge


def outcome(pair: Pair) -> tuple[str, str]:
    """(win, tie, loss or flip seen from the pair's answer, the judge's reason); the likelihood gate is open."""
    from workshop_kit.local_aws.standins import judge as standin

    found = []
    for first, second, names in (
        (pair.answer, pair.against, {"A": "win", "B": "loss"}),
        (pair.against, pair.answer, {"A": "loss", "B": "win"}),
    ):
        text = league_judge.prompt(pair.question, first, second)
        told = json.loads(standin.reply(None, [{"role": "user", "content": [{"text": text}]}], "", {}))
        found.append((names.get(told["winner"], "tie"), told["reason"]))
    return (found[0][0] if found[0][0] == found[1][0] else "flip"), found[0][1]


def main(argv: list[str] | None = None) -> int:
    """Print the table; exit status 1 when a kind is under 95 % in a half."""
    parser = argparse.ArgumentParser(description="The local judge on labelled pairs.")
    parser.add_argument("--misses", default="")
    parser.add_argument("--worlds", default=",".join(WORLDS))
    told = parser.parse_args(argv)
    table: dict[str, dict[str, list[bool]]] = defaultdict(lambda: {"dev": [], "held out": []})
    for pair in pairs(tuple(filter(None, told.worlds.split(",")))):
        got, reason = outcome(pair)
        table[pair.kind][pair.half].append(got in pair.right)
        if told.misses in (pair.kind, "all") and pair.half == "dev" and got not in pair.right:
            print(
                f"{pair.id}: {got}\n  Q {pair.question.question}\n  A {pair.answer[:600]}\n"
                f"  B {pair.against}\n  {reason}\n"
            )
    print("| kind | pairs | dev right | held out right |\n|---|---|---|---|")
    short = False
    for kind, halves in sorted(table.items()):
        cells = []
        for half in ("dev", "held out"):
            right = halves[half]
            cells.append(f"{sum(right)} of {len(right)} ({sum(right) / len(right):.0%})" if right else "none")
            short |= bool(right) and sum(right) < 0.95 * len(right)
        print(f"| {kind} | {sum(map(len, halves.values()))} | {cells[0]} | {cells[1]} |")
    print(f"\n{sum(len(r) for halves in table.values() for r in halves.values())} pairs")
    return int(short)


if __name__ == "__main__":
    raise SystemExit(main())
