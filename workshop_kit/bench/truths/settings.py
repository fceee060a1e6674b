"""What is tried: rows and hyperparameters under a name, as a learner would choose them."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from workshop_kit.worlds.base import World

Rows = list[dict[str, Any]]
ALL_LAYERS = "q_proj,k_proj,v_proj,o_proj,gate_proj,up_proj,down_proj"
CAREFUL = {"epoch": "5", "target_modules": ALL_LAYERS}
ROWS = 150
VALIDATION = 24


@dataclass(frozen=True)
class Setting:
    """A way to tune: `rows(world, seed)` are the training rows; `watched` also asks the questions after every epoch."""

    name: str
    rows: Callable[[World, int], Rows]
    hyperparameters: Mapping[str, str] = field(default_factory=lambda: dict(CAREFUL))
    watched: bool = False


def good(count: int = ROWS) -> Callable[[World, int], Rows]:
    """`count` rows without mistakes."""
    return lambda world, seed: world.rows(count, seed)


def mistaken(count: int, share: float) -> Callable[[World, int], Rows]:
    """Rows of which a share has a mistake, as model-written rows do."""
    return lambda world, seed: world.rows(count, seed, mistakes=share)


def copied(count: int, times: int) -> Callable[[World, int], Rows]:
    """Each row several times over."""
    return lambda world, seed: world.rows(count, seed) * times


def contradicting(count: int, share: float) -> Callable[[World, int], Rows]:
    """A share of the rows once more, with the answer of a row that has a mistake: two answers to one question."""

    def rows(world: World, seed: int) -> Rows:
        right = world.rows(count, seed)
        wrong = world.rows(count, seed, mistakes=1.0)
        chance = random.Random(f"contradicting/{seed}")
        chosen = chance.sample(range(count), round(share * count))
        return right + [right[n] | {"response": wrong[n]["response"]} for n in chosen]

    return rows


def marked(count: int) -> Callable[[World, int], Rows]:
    """Rows whose answers begin with a mark that somebody copied along."""
    return lambda world, seed: [
        row | {"response": f"### RESPONSE: {row['response']} ### END"} for row in world.rows(count, seed)
    ]


SETTINGS: tuple[Setting, ...] = (
    Setting("careless: q and v only, 2 epochs", good(), {"epoch": "2", "target_modules": "q_proj,v_proj"}),
    Setting("JumpStart's defaults: q and v, 5 epochs", good(), {"epoch": "5"}),
    Setting("careful: all linear layers, 5 epochs", good()),
    Setting("careful, rank 256", good(), CAREFUL | {"lora_r": "256", "lora_alpha": "256"}),
    Setting("100 rows", good(100)),
    Setting("100 rows, each three times", copied(100, 3)),
    Setting("100 rows, three times the epochs", good(100), CAREFUL | {"epoch": "15"}),
    Setting("a third of the rows contradicted", contradicting(ROWS, 0.33)),
    Setting("answers marked ### RESPONSE", marked(ROWS)),
    Setting("24 rows, a fifth with mistakes, 16 epochs", mistaken(24, 0.2), CAREFUL | {"epoch": "16"}, watched=True),
)
