"""What every room of the server works with."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from workshop_kit.aws import Aws
from workshop_kit.domains import Question
from workshop_kit.league.accounts import TeamAccounts
from workshop_kit.league.server.changes import Changes
from workshop_kit.league.server.limits import Limits
from workshop_kit.league.store.database import Database


class Dispatch(Protocol):
    """Whoever hands submissions to be judged."""

    def add(self, id: str) -> None:
        """Have a queued submission judged."""
        ...


@dataclass(frozen=True)
class Context:
    """`questions` by set: "ranked" are hidden, "practice" are open; `accounts` is where teams' models are asked."""

    database: Database
    aws: Aws
    accounts: TeamAccounts
    home: Path
    domain: str
    questions: dict[str, tuple[Question, ...]] = field(repr=False)
    changes: Changes
    dispatch: Dispatch
    limits: Limits
    judge_settings: Any
    clock: Callable[[], float] = time.time
