"""What the reference model said, kept so that every submission meets the same answer."""

from __future__ import annotations

from sqlalchemy import Connection, select

from workshop_kit.league.answer import Answer
from workshop_kit.league.store.schema import reference_answers
from workshop_kit.league.store.sql import insert_once


def reference_answer(connection: Connection, model: str, question: str) -> Answer | None:
    """The kept answer, by a key made of the question's text."""
    row = connection.execute(
        select(reference_answers).where(reference_answers.c.model == model, reference_answers.c.question == question)
    ).one_or_none()
    return Answer(row.answer, row.tokens_in, row.tokens_out, row.seconds) if row else None


def keep_reference_answer(connection: Connection, model: str, question: str, answer: Answer) -> Answer:
    """Keep an answer unless another worker was faster; gives the one that is kept."""
    insert_once(
        connection,
        reference_answers,
        model=model,
        question=question,
        answer=answer.text,
        tokens_in=answer.tokens_in,
        tokens_out=answer.tokens_out,
        seconds=answer.seconds,
    )
    return reference_answer(connection, model, question) or answer
