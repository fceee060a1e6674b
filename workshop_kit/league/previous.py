"""Is this model better than the best one so far? Asked before a submission is spent, on the open practice questions."""

from __future__ import annotations

import html
import json
from dataclasses import dataclass
from typing import Any

from workshop_kit.errors import BadInput
from workshop_kit.league.client import Practice
from workshop_kit.league.statistics import sign_test
from workshop_kit.records import html_table
from workshop_kit.workspace import Workspace, write_atomically

FILE = "best_practice.json"


@dataclass(frozen=True)
class Versus:
    """A model against the best so far on the same questions. `p_value` is that of the exact sign test (McNemar)."""

    before: str
    now: str
    gained: tuple[str, ...]  # questions won now and not before
    lost: tuple[str, ...]  # and the other way round
    questions: int
    p_value: float

    @property
    def verdict(self) -> str:
        """What it comes to, in one sentence."""
        difference = len(self.gained) - len(self.lost)
        if not self.gained and not self.lost:
            return f"{self.now} wins the same questions as {self.before}."
        how = "more" if difference > 0 else "fewer"
        chance = "more than chance" if self.p_value < 0.05 else "may well be chance"
        if difference == 0:
            return f"{self.now} and {self.before} win equally many questions, not the same ones."
        return f"{self.now} wins {abs(difference)} {how} of {self.questions} questions than {self.before}; it {chance}."

    def _repr_html_(self) -> str:
        rows: list[list[object]] = [["won now", question] for question in self.gained]
        rows += [["lost now", question] for question in self.lost]
        told = f"<p>{html.escape(self.verdict)} (sign test p = {self.p_value:.2f})</p>"
        return told + (html_table(["", "question"], rows) if rows else "")


def against_best(workspace: Workspace, practice: Practice, name: str, *, keep: bool = True) -> Versus | None:
    """Compare with the best practice result kept in the workspace; None when there is none yet.

    With `keep`, a result with more wins becomes the best. Raises BadInput when the questions are not the same.
    """
    wins = {row["question"]: row["outcome"] == "win" for row in practice.rows}
    best = _read(workspace)
    found = None
    if best is not None:
        if set(best["wins"]) != set(wins):
            raise BadInput(
                f"{best['name']} was asked {len(best['wins'])} other questions; delete {workspace.work(FILE)} to begin "
                "anew."
            )
        asked = list(wins)
        gained = tuple(q for q in asked if wins[q] and not best["wins"][q])
        lost = tuple(q for q in asked if best["wins"][q] and not wins[q])
        p_value = sign_test([wins[q] for q in asked], [best["wins"][q] for q in asked])
        found = Versus(best["name"], name, gained, lost, len(asked), p_value)
    if keep and (best is None or sum(wins.values()) > sum(best["wins"].values())):
        write_atomically(workspace.work(FILE), json.dumps({"name": name, "wins": wins}, indent=1) + "\n")
    return found


def _read(workspace: Workspace) -> dict[str, Any] | None:
    try:
        found = json.loads(workspace.work(FILE).read_text(encoding="utf-8"))
        return found if isinstance(found["wins"], dict) and found["wins"] else None
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise BadInput(f"{workspace.work(FILE)} can't be read ({problem}); delete it to begin anew.") from None
