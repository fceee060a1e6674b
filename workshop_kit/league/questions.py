"""The questions of a league, hidden and open. This is the one reader of the hidden ones, and only the server uses it.

A hidden question, its reference answer and its key facts never leave the server's process except as calls to the
candidate, the reference model and the judge.
"""

from __future__ import annotations

from pathlib import Path

from workshop_kit.domains import Question, load_domain, load_questions, validate_domain
from workshop_kit.errors import LeagueProblem

HIDDEN = "hidden_questions.jsonl"


def hidden_questions(domain: str | Path) -> tuple[Question, ...]:
    """The hidden questions of a domain, in order.

    Raises LeagueProblem when there are none, one is malformed, or one also stands where learners see it, naming the
    place but never the text.
    """
    found = load_domain(domain)
    path = found.folder / HIDDEN
    questions = load_questions(path, [topic.id for topic in found.topics])
    if not questions:
        raise LeagueProblem(f"{path} holds no question; a league needs at least one.")
    leaked = [finding for finding in validate_domain(domain) if finding.code == "leaked"]
    if leaked:
        more = f" (and {len(leaked) - 1} more)" if len(leaked) > 1 else ""
        raise LeagueProblem(f"{leaked[0]}{more}.")
    return questions


def practice_questions(domain: str | Path) -> tuple[Question, ...]:
    """The open questions of a domain, for a learner to try a model on."""
    return load_domain(domain).practice_questions
