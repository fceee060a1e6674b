"""A league whose hidden questions stand where learners see them does not begin."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.worlds.bicycles import question, write_domain
from workshop_kit.errors import LeagueProblem
from workshop_kit.league.questions import hidden_questions


def test_a_hidden_question_that_learners_see_stops_the_league_and_is_not_quoted(tmp_path: Path) -> None:
    asked = question(3, "p")["question"]
    shown = write_domain(tmp_path, lambda n, kind: question(n, kind) | ({"question": asked} if n == 3 else {}))
    with pytest.raises(LeagueProblem, match="also stands in practice_questions.jsonl") as told:
        hidden_questions(shown)
    assert asked not in str(told.value) and str(told.value).count("\n") == 0
