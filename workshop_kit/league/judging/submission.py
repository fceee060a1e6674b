"""One submission from its first question to its score.

Each answer and each verdict is on disk before the next is asked for, so whoever takes a submission up again, after a
kill or on another host, goes on with what is missing.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any

from workshop_kit.aws import Aws
from workshop_kit.domains import Question
from workshop_kit.errors import AwsProblem, KitError
from workshop_kit.league.accounts import TeamAccounts
from workshop_kit.league.answer import Answer
from workshop_kit.league.asking import OUTAGE, PASSING, answer_of
from workshop_kit.league.event import EventSettings
from workshop_kit.league.judge import Judgement, JudgeSettings, NoVerdict, judge
from workshop_kit.league.judging.artefact import standing
from workshop_kit.league.judging.basis import Basis, OtherBasis, check_basis
from workshop_kit.league.judging.pace import Paced
from workshop_kit.league.judging.patience import AWAY, DATABASE_PAUSE, Patience
from workshop_kit.league.judging.service import service
from workshop_kit.league.judging.tuned import prove
from workshop_kit.league.opponent import opponent, opponent_from, reference_answer_of
from workshop_kit.league.store import submissions
from workshop_kit.league.store.database import Database
from workshop_kit.league.store.events import settings_of
from workshop_kit.league.store.references import keep_reference_answer, reference_answer
from workshop_kit.league.store.scoring import end, withdrawn_questions
from workshop_kit.league.store.submissions import Entry, StoredVerdict
from workshop_kit.retrieval import OpenBook

log = logging.getLogger(__name__)
# For so long a submission waits, its verdicts kept, while AWS is away or throttles, before that counts as a failure.
LASTING = 900.0
# With the judge and the reference model, which are the organizer's, nothing is the fault of whoever sent a model in.
ORGANIZERS = PASSING | OUTAGE | {"AccessDenied", "AccessDeniedException"}
# A judge that can't judge a pair says the same when it is asked once more: up to this share of a submission's questions
# count as flips, which win nothing, until a human decides; beyond it the judge is at fault and the submission fails.
UNUSABLE = 0.1
NO_VERDICT = "no verdict"


class SubmissionJudge:
    """Judges submissions of an event; `questions` by set, `judge_settings` the prompts and criteria, `book` what the
    reference may be shown.

    `aws` is the account of the judge and the reference model; the teams' models are asked in that too, or where
    `accounts` says.
    """

    def __init__(
        self,
        database: Database,
        aws: Aws,
        questions: dict[str, tuple[Question, ...]],
        *,
        judge_settings: JudgeSettings,
        changed: Callable[[], None] = lambda: None,
        accounts: TeamAccounts | None = None,
        book: OpenBook | None = None,
    ) -> None:
        self.database, self.aws, self.questions, self.book = database, aws, questions, book
        self.accounts = accounts or TeamAccounts(aws)
        self.judge_settings, self.changed = judge_settings, changed
        self.basis = Basis.of(judge_settings, questions, book.id if book else "")
        self.stop = threading.Event()

    def run(self, id: str, mine: Callable[[], bool] = lambda: True) -> None:
        """Judge a submission to its end, or note in a sentence why that could not be done.

        A submission that the database went away from stays as it is, to be taken up again. `mine` says whether it is
        still this worker's: a failure of one that lost it is not the submission's. Raises OtherBasis, and leaves the
        submission as it is, when the event is judged by other prompts or questions than this judge has.
        """
        try:
            self._run(id, mine)
        except OtherBasis:
            raise
        except KitError as problem:
            # AWS often goes down together with the league: that is no fault of the submission.
            if not self.stop.is_set() and mine():
                self._fail(id, str(problem))
        except AWAY:
            log.exception("judging %s was interrupted", id)
            self.stop.wait(DATABASE_PAUSE)
        except Exception:
            # The reason goes to the server's own log; a participant can do nothing with it.
            log.exception("judging %s failed", id)
            if not self.stop.is_set() and mine():
                self._fail(id, "The league server failed while judging this; its log has the reason. Submit again.")
        self.changed()

    def _fail(self, id: str, problem: str) -> None:
        with self.database.write() as connection:
            submissions.fail(connection, id, problem)

    def _run(self, id: str, mine: Callable[[], bool]) -> None:
        with self.database.read() as connection:
            entry, settings = submissions.entry(connection, id), settings_of(connection)
            check_basis(connection, self.basis)
        if entry.state not in submissions.UNFINISHED:
            return
        patience = Patience(self.database, id, self.stop, LASTING, self.changed)

        def model(role: str) -> str:
            return patience(lambda: self.aws.choose_model(role))

        judges = entry.judges or settings.judges or self.judge_settings.judges or (model("judge"),)
        reference = entry.reference or settings.reference or model("reference")
        # One that was begun before goes on with the book open or closed as it was.
        wanted = opponent_from(entry.opponent).passages > 0 if entry.reference else settings.reference_open_book
        how = patience(lambda: opponent(self.aws, reference, self.book, wanted))
        with self.database.write() as connection:
            entry = submissions.begin(connection, id, judges, reference, self.judge_settings.id, how.to_dict())
        self.changed()
        if entry.set == "ranked" and not settings.open_models:
            entry = self._prove(entry, settings, patience)
        with self._target(entry, settings, patience, mine) as target:
            # Once as a rule; once more when a question was restored meanwhile.
            while entry.state == "judging" and not self.stop.is_set():
                with self.database.read() as connection:
                    out = withdrawn_questions(connection)
                questions = [question for question in self.questions[entry.set] if question.id not in out]
                self._ask_all(entry, target, questions, settings, patience)
                if not self.stop.is_set():
                    entry = self._end(entry, target, questions)

    def _prove(self, entry: Entry, settings: EventSettings, patience: Patience) -> Entry:
        """Trace the model to the job that tuned it, and note that in its provenance."""
        proof = patience(lambda: prove(self.accounts.of(entry.participant), entry.target, settings.bases))
        with self.database.write() as connection:
            return submissions.note_proof(connection, entry.id, {"tuned_from": proof.base, "tuned_by": proof.job})

    def _ask_all(
        self,
        entry: Entry,
        target: dict[str, Any],
        questions: list[Question],
        settings: EventSettings,
        patience: Patience,
    ) -> None:
        with self.database.read() as connection:
            said = submissions.answers_of(connection, entry.id)
            stored = submissions.verdicts_of(connection, entry.id)
        have = {(v.question, v.judge) for v in stored}
        unusable = [v.question for v in stored if NO_VERDICT in v.flags]
        failed = threading.Event()
        faults: list[BaseException] = []

        def patiently(call: Callable[[], Any], outage: Collection[str] = ORGANIZERS) -> Any:
            return patience(call, outage=outage, given_up=failed.is_set)

        judging = Paced(self.aws, self.database, self.stop, patiently)

        def one(question: Question) -> None:
            missing = [model for model in entry.judges if (question.id, model) not in have]
            if not missing or failed.is_set() or self.stop.is_set():
                return
            try:
                ours = said.get(question.id) or self._answer(entry, target, question, patiently)
                theirs = self._reference(entry, question, patiently)
                for model in missing:
                    try:
                        told = judge(judging, model, question, ours.text, theirs.text, settings=self.judge_settings)
                    except NoVerdict:
                        unusable.append(question.id)
                        if len(set(unusable)) > max(1, UNUSABLE * len(questions)):
                            raise
                        told = _undecided(question)
                    with self.database.write() as connection:
                        submissions.add_verdict(
                            connection, entry.id, _stored(told, model, len(ours.text), len(theirs.text))
                        )
                    self.changed()
            except BaseException as fault:
                faults.append(fault)
                failed.set()
                raise

        with ThreadPoolExecutor(settings.questions_at_once, thread_name_prefix="judging") as pool:
            for question in questions:
                pool.submit(one, question)
        if faults:
            # The first in time: the others gave up because of it.
            raise faults[0]

    def _in_turn(self, aws: Aws, account: str, ask: Callable[[Any], Answer]) -> Answer:
        """`ask` with a model of an account, within the rate; the wait for its turn is no latency of the model."""
        paced = Paced(aws, self.database, self.stop, account="" if aws is self.aws else account)
        answer = ask(paced)
        return replace(answer, seconds=max(0.0, (answer.seconds or 0.0) - paced.waited))

    def _answer(
        self, entry: Entry, target: dict[str, Any], question: Question, patiently: Callable[..., Answer]
    ) -> Answer:
        def ask() -> Answer:
            aws = self.accounts.of(entry.participant)
            return self._in_turn(aws, entry.participant, lambda paced: answer_of(paced, target, question.question))

        # An endpoint that is at fault itself is not waited for long: the others' submissions stand behind it.
        answer = patiently(ask, outage=OUTAGE)
        with self.database.write() as connection:
            submissions.keep_answer(connection, entry.id, question.id, answer)
        return answer

    def _reference(self, entry: Entry, question: Question, patiently: Callable[..., Answer]) -> Answer:
        how = opponent_from(entry.opponent)
        key = how.key(question.question)
        with self.database.read() as connection:
            kept = reference_answer(connection, entry.reference, key)
        if kept is None:

            def ask() -> Answer:
                def reply(paced: Any) -> Answer:
                    return reference_answer_of(paced, entry.reference, question.question, how, self.book)

                return self._in_turn(self.aws, "", reply)

            answer = patiently(ask)
            with self.database.write() as connection:
                kept = keep_reference_answer(connection, entry.reference, key, answer)
        return kept

    def _end(self, entry: Entry, target: dict[str, Any], questions: list[Question]) -> Entry:
        with self.database.read() as connection:
            said = submissions.answers_of(connection, entry.id)
            keys = [opponent_from(entry.opponent).key(question.question) for question in questions]
            theirs = [kept for key in keys if (kept := reference_answer(connection, entry.reference, key))]
        try:
            aws = self.accounts.of(entry.participant)
        except AwsProblem:
            aws = self.aws  # everything is judged: no more than a price is missing then
        figures = service(aws, target, said.values(), entry.reference, theirs)
        with self.database.write() as connection:
            return end(connection, entry.id, figures, [question.id for question in self.questions[entry.set]])

    def _target(
        self, entry: Entry, settings: EventSettings, patience: Patience, mine: Callable[[], bool]
    ) -> AbstractContextManager[dict[str, Any]]:
        """What to ask: the target, or for a trained model's artefact an endpoint that stands while it is judged."""
        if entry.target["kind"] != "artefact":
            return nullcontext(entry.target)
        return standing(
            lambda: self.accounts.of(entry.participant),
            self.database,
            entry,
            patience,
            self.stop,
            mine,
            longest=settings.longest_system_prompt,
        )


def _undecided(question: Question) -> Judgement:
    reason = "The judge gave no verdict that can be used, twice; this counts as a flip until a human decides."
    # Nothing was told in either order: the trust panel must not take it for two opinions that agree.
    return Judgement(question.id, "flip", 0.0, 0.0, reason, "", "", flags=(NO_VERDICT,))


def _stored(told: Judgement, model: str, candidate_length: int, reference_length: int) -> StoredVerdict:
    return StoredVerdict(
        question=told.question_id,
        judge=model,
        outcome=told.outcome,
        first=told.first,
        second=told.second,
        candidate_length=candidate_length,
        reference_length=reference_length,
        candidate_score=told.candidate_score,
        reference_score=told.reference_score,
        criteria={one.name: [one.candidate, one.reference] for one in told.criteria},
        flags=list(told.flags),
        reason=_reasons(told),
    )


def _reasons(told: Judgement) -> str:
    """The judge's reasons in both orders; in the second A is the reference's answer."""
    if told.second_reason in ("", told.reason):
        return told.reason
    return f"{told.reason} In the other order: {told.second_reason}"
