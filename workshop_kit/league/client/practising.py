"""Practice on the open questions, judged here and in sight."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from workshop_kit.aws import Aws
from workshop_kit.errors import BadInput, Cancelled
from workshop_kit.league.client.clock import Cancel, Clock
from workshop_kit.league.client.taking_part import target_of
from workshop_kit.league.client.values import Judged, Practice
from workshop_kit.playground import OpenBookModel
from workshop_kit.retrieval import open_book
from workshop_kit.settings import DEFAULT_DOMAIN


def practice(
    aws: Aws,
    endpoint: Any,
    domain: str | Path = DEFAULT_DOMAIN,
    *,
    limit: int | None = None,
    progress: Callable[[Judged], None] | None = None,
    cancel: Cancel | None = None,
    reference_open_book: bool | None = None,
) -> Practice:
    """Judge a model on the open practice questions, exactly as the league would, with every verdict in sight.

    An OpenBookModel is asked with its passages. `reference_open_book` is the event's setting of that name.
    Raises AwsProblem or LeagueProblem when a model can't be asked, and Cancelled.
    """
    from workshop_kit.league import asking
    from workshop_kit.league.judge import judge
    from workshop_kit.league.opponent import opponent, reference_answer_of
    from workshop_kit.league.questions import practice_questions
    from workshop_kit.league.statistics import Verdict, score

    questions = practice_questions(domain)[:limit]
    if not questions:
        raise BadInput(f"The domain {domain} has no practice questions.")
    mine = endpoint.book if isinstance(endpoint, OpenBookModel) else None
    target, _ = target_of(endpoint.model if isinstance(endpoint, OpenBookModel) else endpoint)
    judge_model, reference = aws.choose_model("judge"), aws.choose_model("reference")
    book = open_book(domain)
    how = opponent(aws, reference, book, reference_open_book)

    def one(question: Any) -> tuple[dict[str, Any], Verdict]:
        said = asking.ask_candidate(aws, target, mine.prompt(question.question) if mine else question.question)
        against = reference_answer_of(aws, reference, question.question, how, book).text
        told = judge(aws, judge_model, question, said, against)
        row = {
            "topic": question.topic,
            "question": question.question,
            "answer": said,
            "reference_answer": against,
            "passages": [passage.text for passage in book.passages(question.question)] if how.passages else [],
            "outcome": told.outcome,
            "reason": told.reason,
            "handbook": question.reference_answer,
        }
        return row, Verdict(question.id, told.outcome, len(said), len(against))

    found, tell = [], Clock(progress)
    with ThreadPoolExecutor(4) as pool:
        for under_way in [pool.submit(one, question) for question in questions]:
            if cancel and cancel.is_set():
                pool.shutdown(cancel_futures=True)
                raise Cancelled("Practice was stopped.")
            found.append(under_way.result())
            tell(len(found), len(questions))
    return Practice(tuple(row for row, _ in found), score(v for _, v in found), judge_model, how.label(reference))
