"""A finale on disk: its commands in order. Every confirmed action is there before it is confirmed.

A process keeps the state it made last and reads only the commands that came after; two processes on one database see
the same finale. On PostgreSQL the clock is the database's, so that hosts whose clocks differ share one deadline.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, func, insert, select, text, update

from workshop_kit.errors import LeagueProblem
from workshop_kit.league.finale import commands as do
from workshop_kit.league.finale.engine import apply, at, check_vote, start
from workshop_kit.league.finale.state import State
from workshop_kit.league.finale.tables import finales, leases, steps, votes
from workshop_kit.league.store.audit import note
from workshop_kit.league.store.database import Database, bump
from workshop_kit.league.store.sql import insert_once, upsert

TOPIC = "finale"
# What happens many times a minute stands in the finale's own steps alone, the rest in the audit log too.
UNAUDITED = (do.Ask, do.Answered, do.NoAnswer, do.Pick, do.Judged, do.ScoreAnswer)


class FinaleStore:
    """The finales of one database; safe to use from several threads."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self.database, self._clock = database, clock
        self._lock = threading.Lock()
        self._secrets: dict[str, str] = {}
        self._known: dict[str, tuple[State, float]] = {}  # id -> the state made last and the time of its last step

    def now(self, connection: Connection | None = None) -> float:
        """The server's time, in seconds since 1970."""
        if not self.database.is_postgres or self._clock is not time.time:
            return self._clock()
        if connection is None:
            with self.database.read() as reading:
                return self.now(reading)
        return float(connection.execute(text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one())

    def create(self, make: do.Create | Callable[[Connection], do.Create], who: str, *, instead: bool = False) -> State:
        """A new finale, which is the current one from now on.

        `make` is the command, or makes it within the transaction. Raises LeagueProblem (409) while the one before it
        has been begun and not ended, unless it is made `instead`.
        """
        id = uuid.uuid4().hex[:12]
        with self.database.write() as connection:
            now = self.now(connection)
            self._may_give_way(connection, now, instead)
            command = make(connection) if callable(make) else make
            made = start(id, command)
            connection.execute(
                insert(finales).values(
                    id=id, created=_newest(connection, now), secret=secrets.token_hex(32), seq=made.seq
                )
            )
            _keep(connection, id, made.seq, now, who, command, None)
            detail = {"contestants": [c.name for c in command.contestants], "rounds": len(command.questions)}
            note(connection, who, "finale Create", id, detail)
            bump(connection, TOPIC)
        return made

    def make_current(self, id: str, who: str, *, instead: bool = False) -> State:
        """An earlier finale is the current one again, as it was left; a countdown that ran has run out meanwhile.

        Raises LeagueProblem (409) as `create` does, and (404) when there is none with this id.
        """
        with self.database.write() as connection:
            now = self.now(connection)
            found = self._state(connection, id)
            if self._current_id(connection) == id:
                return found
            self._may_give_way(connection, now, instead)
            connection.execute(update(finales).where(finales.c.id == id).values(created=_newest(connection, now)))
            note(connection, who, "finale current again", id, {"title": found.settings.title})
            bump(connection, TOPIC)
        return found

    def all(self) -> list[tuple[State, float]]:
        """Every finale and when it was made, the current one first."""
        with self.database.read() as connection:
            query = (
                select(finales.c.id, steps.c.at)
                .join(steps, (steps.c.finale == finales.c.id) & (steps.c.seq == 1))
                .order_by(finales.c.created.desc())
            )
            return [(self._state(connection, row.id), row.at) for row in connection.execute(query).all()]

    def current(self) -> State:
        """The finale made last, or made current last; raises LeagueProblem (404) when there is none."""
        with self.database.read() as connection:
            id, since = self._current(connection)
            return replace(self._state(connection, id), since=since)

    def state(self, id: str) -> State:
        """A finale as its commands have made it."""
        with self.database.read() as connection:
            return self._state(connection, id)

    def act(
        self, make: Any | Callable[[Connection, State], Any], who: str, *, key: str = "", id: str | None = None
    ) -> State:
        """Apply a command to a finale (the current one) and keep it; what was sent before under `key` acts once.

        `make` is a command, or makes one from the state within the transaction. Raises LeagueProblem as the engine
        does, and when the key was used for something else.
        """
        with self.database.write() as connection:
            found = id or self._current_id(connection)
            self._hold(connection, found)
            state = self._state(connection, found)
            command = make(connection, state) if callable(make) else make
            kind, scoped = type(command).__name__, f"{_short(who)}/{key}" if key else None
            if scoped and (before := _kind_of_key(connection, found, scoped)):
                if before != kind:
                    raise LeagueProblem("This key was used for something else; send a new one.", status=409)
                return state
            now = max(self.now(connection), self._known[found][1])
            after = apply(state, command, now)
            if after is not state:
                _keep(connection, found, after.seq, now, who, command, scoped)
                connection.execute(update(finales).where(finales.c.id == found).values(seq=after.seq))
                if not isinstance(command, UNAUDITED):
                    body = do.to_row(command)[1]
                    note(connection, who, f"finale {kind}", f"{found}/{body.get('round', '')}", _audited(command))
                bump(connection, TOPIC)
        return after

    def close_voting(self, round: int, who: str, *, key: str = "") -> State:
        """Count the votes of a round's opening and fix them with everything else."""

        def make(connection: Connection, state: State) -> do.CloseVoting:
            opening = next((r.opening for r in state.rounds if r.number == round), 0)
            return do.CloseVoting(round, _tally(connection, state.id, round, opening))

        return self.act(make, who, key=key)

    def vote(self, device: str, round: int, letter: str) -> None:
        """Keep a device's vote; a later one replaces it while the vote runs. Raises LeagueProblem otherwise."""
        with self.database.write() as connection:
            id = self._current_id(connection)
            # Votes go side by side; they only exclude the command that ends the vote.
            self._hold(connection, id, shared=True)
            now = self.now(connection)
            opening = check_vote(self._state(connection, id), round, letter, now).opening
            values = {"letter": letter, "at": now}
            connection.execute(
                upsert(connection, votes)
                .values(finale=id, round=round, opening=opening, device=device, **values)
                .on_conflict_do_update(index_elements=["finale", "round", "opening", "device"], set_=values)
            )

    def vote_of(self, device: str, id: str, round: int, opening: int) -> str | None:
        """The letter that a device votes for."""
        with self.database.read() as connection:
            return connection.execute(
                select(votes.c.letter).where(*_of(id, round, opening), votes.c.device == device)
            ).scalar_one_or_none()

    def votes_received(self, id: str, round: int, opening: int) -> int:
        """How many devices have voted; never for what."""
        with self.database.read() as connection:
            return connection.execute(select(func.count()).where(*_of(id, round, opening))).scalar_one()

    def secret(self, id: str) -> str:
        """What signs the audience's devices; it never leaves the server."""
        if id not in self._secrets:
            with self.database.read() as connection:
                self._secrets[id] = connection.execute(select(finales.c.secret).where(finales.c.id == id)).scalar_one()
        return self._secrets[id]

    def all_secrets(self) -> list[str]:
        """Those of all finales."""
        with self.database.read() as connection:
            return list(connection.execute(select(finales.c.secret)).scalars())

    def steps_of(self, id: str) -> list[dict[str, Any]]:
        """Every step of a finale, in order."""
        with self.database.read() as connection:
            query = select(steps).where(steps.c.finale == id).order_by(steps.c.seq)
            return [dict(row) for row in connection.execute(query).mappings()]

    def lease(self, name: str, holder: str, seconds: float) -> bool:
        """Take or renew a piece of work; False while another holder has it."""
        with self.database.write() as connection:
            now = self.now(connection)
            if insert_once(connection, leases, name=name, holder=holder, until=now + seconds):
                return True
            done = connection.execute(
                update(leases)
                .where(leases.c.name == name, (leases.c.holder == holder) | (leases.c.until < now))
                .values(holder=holder, until=now + seconds)
            )
            return done.rowcount == 1

    def release(self, holder: str) -> None:
        """Give back everything a holder has, for others to take at once."""
        with self.database.write() as connection:
            connection.execute(update(leases).where(leases.c.holder == holder).values(until=0.0))

    def wake(self) -> None:
        """Have every open page look again: time alone has changed something."""
        with self.database.write() as connection:
            bump(connection, TOPIC)

    def _may_give_way(self, connection: Connection, now: float, instead: bool) -> None:
        """Raise LeagueProblem (409) while another finale can't take the current one's place without a question."""
        if instead or not connection.execute(select(func.count()).select_from(finales)).scalar_one():
            return
        before = at(self._state(connection, self._current_id(connection)), now)
        title, left = before.settings.title, sum(not r.over for r in before.rounds)
        if playing := before.active:
            why = f"Round {playing.number} of {title} is being played; end it first"
        elif before.unfinished:
            why = f"{title} has {left} of its {len(before.rounds)} rounds to go; play or skip them first"
        else:
            return
        raise LeagueProblem(f"{why}, or say that the other finale takes its place.", status=409)

    def _current(self, connection: Connection) -> tuple[str, float]:
        """Which finale is the current one, and since when."""
        query = select(finales.c.id, finales.c.created).order_by(finales.c.created.desc()).limit(1)
        found = connection.execute(query).one_or_none()
        if found is None:
            raise LeagueProblem("There is no finale yet; the organizer makes one.", status=404)
        return found.id, found.created

    def _current_id(self, connection: Connection) -> str:
        return self._current(connection)[0]

    def _hold(self, connection: Connection, id: str, *, shared: bool = False) -> None:
        """Keep other writers out until the transaction ends; on SQLite the transaction itself does."""
        if self.database.is_postgres:
            connection.execute(select(finales.c.id).where(finales.c.id == id).with_for_update(read=shared))

    def _state(self, connection: Connection, id: str) -> State:
        """The state up to the last step that this transaction sees."""
        seq = connection.execute(select(finales.c.seq).where(finales.c.id == id)).scalar_one_or_none()
        if seq is None:
            raise LeagueProblem("There is no finale with this id.", status=404)
        known = self._known.get(id)
        if known and known[0].seq == seq:
            return known[0]
        state, last = known if known and known[0].seq < seq else (None, 0.0)
        query = select(steps.c.at, steps.c.kind, steps.c.body).where(
            steps.c.finale == id, steps.c.seq > (state.seq if state else 0), steps.c.seq <= seq
        )
        for when, kind, body in connection.execute(query.order_by(steps.c.seq)):
            command = do.from_row(kind, body)
            state, last = (apply(state, command, when) if state else start(id, command)), when
        if state is None or state.seq != seq:
            raise LeagueProblem(f"The steps of the finale {id} are not complete; restore the database.", status=500)
        with self._lock:
            if id not in self._known or self._known[id][0].seq < seq:
                self._known[id] = (state, last)
        return state


def _newest(connection: Connection, now: float) -> float:
    """A time after that of every finale: whose it is is the current one."""
    latest = connection.execute(select(func.max(finales.c.created))).scalar_one()
    return now if latest is None else max(now, latest + 1e-3)


def _keep(connection: Connection, id: str, seq: int, now: float, who: str, command: Any, key: str | None) -> None:
    kind, body = do.to_row(command)
    connection.execute(insert(steps).values(finale=id, seq=seq, at=now, who=who[:80], kind=kind, body=body, key=key))


def _kind_of_key(connection: Connection, id: str, key: str) -> str | None:
    return connection.execute(select(steps.c.kind).where(steps.c.finale == id, steps.c.key == key)).scalar_one_or_none()


def _short(who: str) -> str:
    """Names hold any characters and lengths; their hash does not."""
    return hashlib.sha256(who.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def _of(id: str, round: int, opening: int) -> tuple[Any, ...]:
    return votes.c.finale == id, votes.c.round == round, votes.c.opening == opening


def _tally(connection: Connection, id: str, round: int, opening: int) -> dict[str, int]:
    query = select(votes.c.letter, func.count().label("votes")).where(*_of(id, round, opening)).group_by(votes.c.letter)
    return {row.letter: row.votes for row in connection.execute(query)}


def _audited(command: Any) -> Mapping[str, Any]:
    """What the audit log tells of a command: all but a question, which stays hidden until its round."""
    return {name: value for name, value in do.to_row(command)[1].items() if name not in ("round", "question")}
