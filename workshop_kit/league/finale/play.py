"""What happens by itself: contestants' models are asked, the LLM judge is asked, a countdown's end is told to pages.

One thread looks at the current finale a few times a second and hands out what is to be done. Each piece of work is
leased in the database for a few seconds at a time, so that of several servers one does it, and another takes it up
when that one is killed. Doing it twice changes nothing: the first answer and the first verdict stay.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from workshop_kit.aws import Aws
from workshop_kit.errors import AwsProblem, KitError, LeagueProblem
from workshop_kit.league.accounts import TeamAccounts
from workshop_kit.league.asking import PASSING, answer_of, patiently
from workshop_kit.league.finale import commands as do
from workshop_kit.league.finale.engine import at
from workshop_kit.league.finale.state import Generation, Round, State
from workshop_kit.league.finale.store import FinaleStore
from workshop_kit.league.finale.views import signature
from workshop_kit.league.judge import JudgeSettings, rate
from workshop_kit.league.judging.pace import Paced
from workshop_kit.league.store.events import settings_of

log = logging.getLogger(__name__)
LEASE = 6.0
AT_WORK = 32
PLAYER = "the league"


class Play:
    """The work of the current finale; `changed` is called after everything that pages should see.

    `aws` is the judge's account; contestants' models are asked in it too, or where `accounts` says.
    """

    def __init__(
        self,
        store: FinaleStore,
        aws: Aws,
        *,
        judge_settings: JudgeSettings | None = None,
        changed: Callable[[], None] = lambda: None,
        every: float = 0.2,
        accounts: TeamAccounts | None = None,
    ) -> None:
        self.accounts = accounts or TeamAccounts(aws)
        self.store, self.aws, self.judge_settings, self.changed, self.every = store, aws, judge_settings, changed, every
        self._holder = uuid.uuid4().hex
        self._stop, self._wake = threading.Event(), threading.Event()
        self._under_way: dict[str, float] = {}  # name of the work -> when its lease is to be renewed
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(AT_WORK, thread_name_prefix="finale")
        self._thread = threading.Thread(target=self._run, name="finale", daemon=True)
        self._seen: tuple[Any, ...] = ()

    def start(self) -> None:
        """Take up what an earlier server left, then whatever comes."""
        self._thread.start()

    def wake(self) -> None:
        """Look at once; safe to call from any thread."""
        self._wake.set()

    def stop(self) -> None:
        """Stop handing out work and give back what is under way, for another server to take at once."""
        self._stop.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)
        self._pool.shutdown(wait=False, cancel_futures=True)
        try:
            self.store.release(self._holder)
        except Exception:
            log.exception("the finale's work could not be given back; it lapses in %.0f s", LEASE)

    def _run(self) -> None:
        while not self._stop.is_set():
            self._wake.wait(self.every)
            self._wake.clear()
            if self._stop.is_set():
                return
            try:
                self._look()
            except LeagueProblem as problem:
                if problem.status != 404:  # without a finale there is nothing to do
                    log.warning("the finale waits: %s", problem)
            except Exception:
                log.exception("the finale could not be looked at; trying again")
                self._stop.wait(1.0)

    def _look(self) -> None:
        state, now = self.store.current(), self.store.now()
        seen = signature(state, now)
        if self._seen[:1] + self._seen[2:] != seen[:1] + seen[2:]:
            # Perhaps time alone has closed a round, or settled one; if a step came with it, its pages looked too early.
            self.store.wake()
            self.changed()
        self._seen = seen
        shown = at(state, now).shown
        if shown is None:
            return
        for asked in shown.under_way():
            self._hand_out(f"{state.id}/ask/{asked.id}", self._ask, state, shown, asked)
        if shown.phase in ("closed", "voting", "counted") and shown.settled(now, state.settings.grace):
            for contestant in state.contestants:
                counted = shown.counted(contestant.id)
                if counted and contestant.id not in shown.verdicts:
                    name = f"{state.id}/judge/{shown.number}/{shown.opening}/{contestant.id}"
                    self._hand_out(name, self._judge, state, shown, counted)

    def _hand_out(self, name: str, work: Callable[..., None], *what: Any) -> None:
        with self._lock:
            renew = self._under_way.get(name)
        if renew is not None and time.monotonic() < renew:
            return
        # Work that is under way here keeps its lease; anything else must get one first.
        if not self.store.lease(name, self._holder, LEASE):
            return
        with self._lock:
            self._under_way[name] = time.monotonic() + LEASE / 3
        if renew is None:
            self._pool.submit(self._do, name, work, *what)

    def _do(self, name: str, work: Callable[..., None], *what: Any) -> None:
        try:
            work(*what)
        except LeagueProblem as problem:
            log.info("%s: %s", name, problem)
        except Exception:
            log.exception("%s failed", name)
        finally:
            with self._lock:
                self._under_way.pop(name, None)
            self.changed()
            self.wake()

    def _still(self, state: State, shown: Round, open_to_do: Callable[[Round], bool]) -> bool:
        """Whether work that was handed out from an older state is still to be done."""
        found = next((r for r in self.store.state(state.id).rounds if r.number == shown.number), None)
        return found is not None and found.opening == shown.opening and open_to_do(found)

    def _ask(self, state: State, shown: Round, asked: Generation) -> None:
        contestant = state.contestant(asked.contestant)
        if contestant is None or not self._still(state, shown, lambda found: found.generation(asked.id) == asked):
            return
        question = shown.question.question

        def call() -> str:
            # An endpoint's container takes a top p below 1 only; 1 is the same as not saying it.
            top_p = asked.top_p if asked.top_p < 1 else None
            target = dict(contestant.target)
            aws = self.accounts.of(contestant.name)
            return answer_of(aws, target, question, asked.system, temperature=asked.temperature, top_p=top_p).text

        try:
            said = self._twice(call)
            told: Any = do.Answered(shown.number, asked.id, said)
        except KitError as problem:
            told = do.NoAnswer(shown.number, asked.id, str(problem))
        except Exception:
            log.exception("asking the model of %s failed", contestant.name)
            told = do.NoAnswer(
                shown.number, asked.id, "Your model could not be asked; tell the director, and try again."
            )
        if not self._stop.is_set() or isinstance(told, do.Answered):
            self.store.act(told, PLAYER, id=state.id)

    def _twice(self, call: Callable[[], str]) -> str:
        """A countdown leaves no time for long pauses: one more try after what passes."""
        try:
            return call()
        except AwsProblem as problem:
            if problem.code not in PASSING or self._stop.wait(0.5):
                raise
            return call()

    def _judge(self, state: State, shown: Round, counted: Generation) -> None:
        if not self._still(state, shown, lambda found: counted.contestant not in found.verdicts):
            return
        model = state.settings.judge
        try:
            with self.store.database.read() as connection:
                event = settings_of(connection)
            panel = event.judges or (self.judge_settings.judges if self.judge_settings else ())
            model = model or (panel[0] if panel else self.aws.choose_model("judge"))
            aws = Paced(self.aws, self.store.database, self._stop)
            told = patiently(
                lambda: rate(aws, model, shown.question, counted.text, settings=self.judge_settings), self._stop
            )
            score, reason, flags = told.total, told.reason, told.flags
        except KitError as problem:
            score, reason, flags = None, str(problem), ()
        except Exception:
            log.exception("judging round %s failed", shown.number)
            score, reason, flags = None, "The judge could not be asked; the server's log has the reason.", ()
        if self._stop.is_set() and score is None:
            return  # AWS often goes down together with the league
        verdict = do.Judged(shown.number, shown.opening, counted.contestant, counted.id, score, reason, model, flags)
        self.store.act(verdict, PLAYER, id=state.id)
