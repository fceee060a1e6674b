"""The questions of a league, hidden and open. This is the one reader of the hidden ones, and only the server uses it.

An event's own hidden questions are in its database alone (`workshop-kit league new`); an event without any has those of
its domain's folder, which anybody who has the folder can read.

A hidden question, its reference answer and its key facts never leave the server's process except as calls to the
candidate, the reference model and the judge.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from workshop_kit.domains import Domain, Question, load_domain, load_questions, plain, questions_from, validate_domain
from workshop_kit.errors import BadInput, LeagueProblem
from workshop_kit.league.store import hidden

HIDDEN = "hidden_questions.jsonl"
OWN = "the event's own questions"
# As many more are written as are wanted, since those that learners can see somewhere are left out.
SPARE = 2


def hidden_questions(domain: str | Path, connection: Connection | None = None) -> tuple[Question, ...]:
    """The hidden questions of the event that a connection leads to, or of the domain if it has none of its own.

    Raises LeagueProblem when there are none, one is malformed, or one also stands where learners see it, naming the
    place but never the text.
    """
    found = load_domain(domain)
    topics = [topic.id for topic in found.topics]
    if connection is not None and (rows := hidden.rows(connection)):
        return _own(rows, topics)
    path = found.folder / HIDDEN
    questions = load_questions(path, topics)
    if not questions:
        raise LeagueProblem(f"{path} holds no question; a league needs at least one.")
    leaked = [finding for finding in validate_domain(domain) if finding.code == "leaked"]
    if leaked:
        more = f" (and {len(leaked) - 1} more)" if len(leaked) > 1 else ""
        raise LeagueProblem(f"{leaked[0]}{more}.")
    return questions


def fresh_questions(domain: str | Path, count: int, seed: int) -> list[dict[str, Any]]:
    """Rows of `count` hidden questions of a domain's world that stand in none of the domain's files.

    Raises BadInput for a domain that has no world, or one that has not so many of them.
    """
    from workshop_kit.worlds import world

    found = load_domain(domain)
    shown = _shown(found)
    made: dict[str, dict[str, Any]] = {}
    for row in world(found.id).hidden(SPARE * count, seed):
        if plain(row["question"]) not in shown:
            made.setdefault(plain(row["question"]), row)
    if len(made) < count:
        raise BadInput(
            f"The world of '{found.id}' has {len(made)} fresh questions for you, not {count}; ask for fewer."
        )
    rows = [row | {"id": f"e{number:03d}"} for number, row in enumerate(list(made.values())[:count], start=1)]
    _own(rows, [topic.id for topic in found.topics])
    return rows


def _own(rows: list[Any], topics: list[str]) -> tuple[Question, ...]:
    try:
        return questions_from(rows, topics, OWN)
    except BadInput as problem:
        raise LeagueProblem(f"The event's own questions can't be used: {problem}") from None


def _shown(domain: Domain) -> set[str]:
    """What stands in the domain's files, its own hidden questions among it: whoever has the folder can read them."""
    shown = {plain(example.instruction) for example in domain.examples}
    shown |= {plain(question.question) for question in domain.practice_questions}
    path = domain.folder / HIDDEN
    return shown | {plain(question.question) for question in load_questions(path)} if path.is_file() else shown


def practice_questions(domain: str | Path) -> tuple[Question, ...]:
    """The open questions of a domain, for a learner to try a model on."""
    return load_domain(domain).practice_questions
