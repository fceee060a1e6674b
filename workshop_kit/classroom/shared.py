"""What many ask for at the same time, made once: a team's pace, the board, a look at what is running."""

from __future__ import annotations

import json
import threading
import time
from collections import OrderedDict
from typing import Any

from sqlalchemy import select

from workshop_kit.aws.account_list import open_accounts, read_accounts
from workshop_kit.classroom import ledger, pacing
from workshop_kit.classroom.board import board
from workshop_kit.classroom.running import Running, look
from workshop_kit.errors import KitError
from workshop_kit.league.accounts import REOPEN_SECONDS, file_of
from workshop_kit.league.server.context import Context
from workshop_kit.league.store.database import summed
from workshop_kit.league.store.schema import revisions

KEPT = 512
BOARD_SECONDS = 5.0  # after so long a board is made anew though nobody reported: minutes pass
LOOK_SECONDS = 60.0
LOOK_BACK = 48 * 3600.0


def as_json(value: Any) -> bytes:
    """JSON as it is sent."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


class Paces:
    """A team's pace as bytes, for each revision once."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str | None, int], bytes] = OrderedDict()

    def of(self, team: str | None, revision: int | None = None) -> bytes:
        """The pace of a team, as of a revision that was waited for or, without one, as it is in the database now."""
        with self._context.database.read() as connection:
            number = _revision(connection, pacing.TOPIC) if revision is None else revision
            with self._lock:
                if (value := self._kept.get((team, number))) is not None:
                    self._kept.move_to_end((team, number))
                    return value
            # What is read may be newer than what was waited for: the number read with it is the one to wait after.
            number = _revision(connection, pacing.TOPIC)
            value = as_json(pacing.pace(connection, team) | {"revision": number})
        with self._lock:
            self._kept[team, number] = value
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return value


class Board:
    """The board as bytes, made once for everybody who looks."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._lock = threading.Lock()
        self._kept: tuple[int, float, bytes] = (-1, 0.0, b"")

    def now(self) -> bytes:
        """The board of this moment, or of one a few seconds ago if nobody has reported since."""
        with self._lock, self._context.database.read() as connection:
            number = _revision(connection, "progress")
            kept, made, value = self._kept
            now = self._context.clock()
            if kept != number or abs(now - made) > BOARD_SECONDS:
                found = board(connection, now)
                value = as_json(found | {"hints": pacing.all_hints(connection)[: pacing.SHOWN_HINTS]})
                self._kept = (number, now, value)
            return value


class Looks:
    """What is running in the event's accounts: AWS is asked at most once a minute, whoever asks us."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._lock = threading.Lock()
        self._looked = -LOOK_SECONDS
        self._problem = ""
        self._connections: list[tuple[str, Any, str]] = []
        self._opened = -REOPEN_SECONDS - 1.0

    def money(self, *, fresh: bool = False) -> dict[str, Any]:
        """Costs by team with what is running, from the kept ledger; `problem` says why a look failed."""
        with self._lock:
            if fresh or time.monotonic() - self._looked >= LOOK_SECONDS:
                self._look()
        with self._context.database.read() as connection:
            found = ledger.kept(connection)
        running = [
            {"kind": one.kind, "name": one.name, "team": one.team, "started": one.started,
             "usd_per_hour": one.usd_per_hour, "usd": one.usd}
            for one in found.found if one.running
        ]  # fmt: skip
        return {"teams": found.by_team(), "running": running[:500], "note": found.note, "problem": self._problem}

    def _look(self) -> None:
        now = self._context.clock()
        found: list[Running] = []
        looked: set[tuple[str, str]] = set()
        problems = []
        for team, aws in self._accounts(problems):
            try:
                found += look(aws, team, since=now - LOOK_BACK, now=now)
                looked.add((aws.region, aws.account_id))
            except KitError as problem:
                problems.append(str(problem))
            except Exception as problem:
                problems.append(f"What is running could not be looked at ({type(problem).__name__}).")
        with self._context.database.write() as connection:
            ledger.keep(connection, found, looked)
        self._problem = " ".join(problems[:5])
        self._looked = time.monotonic()

    def _accounts(self, problems: list[str]) -> list[tuple[str, Any]]:
        """The server's own account, or those that league/accounts.csv in its workspace names, with their teams."""
        path = file_of(self._context.home)
        if not path.is_file():
            return [("", self._context.aws)]
        if time.monotonic() - self._opened > REOPEN_SECONDS:
            try:
                self._connections = [
                    (account.team, aws, why) for account, aws, why in open_accounts(read_accounts(path))
                ]
                self._opened = time.monotonic()
            except KitError as problem:
                problems.append(str(problem))
        problems += [f"{team or 'an account'}: {why}" for team, aws, why in self._connections if aws is None]
        return [(team, aws) for team, aws, _ in self._connections if aws is not None]


def _revision(connection: Any, topic: str) -> int:
    return summed(dict(connection.execute(select(revisions.c.topic, revisions.c.number)).all())).get(topic, 0)
