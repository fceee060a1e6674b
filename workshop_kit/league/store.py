"""The league's memory: SQLite in WAL mode, written through before anybody is told."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from workshop_kit.errors import LeagueProblem
from workshop_kit.league.judge import Judgement
from workshop_kit.league.statistics import Score, Verdict, score

_SCHEMA = """
CREATE TABLE IF NOT EXISTS submissions (
    id TEXT PRIMARY KEY, participant TEXT NOT NULL, target TEXT NOT NULL, key TEXT NOT NULL UNIQUE,
    domain TEXT NOT NULL, provenance TEXT NOT NULL, state TEXT NOT NULL, problem TEXT NOT NULL DEFAULT '',
    judge TEXT NOT NULL DEFAULT '', reference TEXT NOT NULL DEFAULT '', created REAL NOT NULL, ended REAL
);
CREATE TABLE IF NOT EXISTS verdicts (
    submission TEXT NOT NULL REFERENCES submissions(id), question TEXT NOT NULL, outcome TEXT NOT NULL,
    candidate_length INTEGER NOT NULL, reference_length INTEGER NOT NULL,
    candidate_score REAL NOT NULL, reference_score REAL NOT NULL, reason TEXT NOT NULL,
    PRIMARY KEY (submission, question)
);
CREATE TABLE IF NOT EXISTS reference_answers (
    model TEXT NOT NULL, question TEXT NOT NULL, answer TEXT NOT NULL, PRIMARY KEY (model, question)
);
"""


@dataclass(frozen=True)
class Entry:
    """One submission as the league keeps it; `created` and `ended` in seconds since 1970, `judged` questions so far."""

    id: str
    participant: str
    target: dict[str, Any]
    domain: str
    provenance: dict[str, Any]
    state: str  # queued, judging, done or failed
    problem: str
    judge: str
    reference: str
    created: float
    ended: float | None
    judged: int


@dataclass(frozen=True)
class Row:
    """One line of the standings: a participant's best submission."""

    rank: int
    participant: str
    submission: str
    score: Score
    submissions: int
    judge: str
    reference: str
    ended: float
    provenance: dict[str, Any]


class Store:
    """The league's tables; one instance per process, safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=30)
        self._db.row_factory = sqlite3.Row
        self._lock = threading.RLock()
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._db.close()

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                self._db.execute("ROLLBACK")
                raise

    def _read(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    def submit(
        self,
        participant: str,
        target: dict[str, Any],
        domain: str,
        provenance: dict[str, Any],
        key: str,
        attempts: int | None = None,
    ) -> Entry:
        """Queue a submission; a repeated `key` gives the one that is there already, and judges nothing twice.

        Raises LeagueProblem when the participant has used all `attempts` (failed ones don't count).
        """
        with self._write() as db:
            found = db.execute("SELECT id, participant FROM submissions WHERE key = ?", (key,)).fetchone()
            if found:
                return self.entry(found["id"])
            _check_attempts(db, participant, attempts)
            new = uuid.uuid4().hex[:12]
            db.execute(
                "INSERT INTO submissions (id, participant, target, key, domain, provenance, state, created) "
                "VALUES (?, ?, ?, ?, ?, ?, 'queued', ?)",
                (new, participant, json.dumps(target), key, domain, json.dumps(provenance), time.time()),
            )
        return self.entry(new)

    def entry(self, id: str) -> Entry:
        """A submission; raises LeagueProblem when there is none with this id."""
        rows = self._read(
            "SELECT s.*, (SELECT count(*) FROM verdicts v WHERE v.submission = s.id) AS judged "
            "FROM submissions s WHERE id = ?",
            id,
        )
        if not rows:
            raise LeagueProblem("There is no submission with this id; look at the standings for the ones there are.")
        row = dict(rows[0])
        row.pop("key")
        return Entry(**{**row, "target": json.loads(row["target"]), "provenance": json.loads(row["provenance"])})

    def unfinished(self) -> list[str]:
        """The ids of submissions that wait or were being judged, oldest first."""
        return [
            row["id"]
            for row in self._read("SELECT id FROM submissions WHERE state IN ('queued','judging') ORDER BY created, id")
        ]

    def begin(self, id: str, judge: str, reference: str) -> None:
        """Note that judging has begun, and by whom."""
        with self._write() as db:
            db.execute(
                "UPDATE submissions SET state = 'judging', problem = '', judge = ?, reference = ? WHERE id = ?",
                (judge, reference, id),
            )

    def add(self, id: str, judgement: Judgement, candidate_length: int, reference_length: int) -> None:
        """Keep one question's verdict; a verdict that is there already stays."""
        with self._write() as db:
            db.execute(
                "INSERT OR IGNORE INTO verdicts VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    id,
                    judgement.question_id,
                    judgement.outcome,
                    candidate_length,
                    reference_length,
                    judgement.candidate_score,
                    judgement.reference_score,
                    judgement.reason,
                ),
            )

    def end(self, id: str, problem: str = "") -> None:
        """Note that judging has ended: done, or failed with the one sentence that says why."""
        with self._write() as db:
            db.execute(
                "UPDATE submissions SET state = ?, problem = ?, ended = ? WHERE id = ?",
                ("failed" if problem else "done", problem, time.time(), id),
            )

    def retry(self, id: str, attempts: int | None = None) -> Entry:
        """Queue a failed submission again; the verdicts it has are kept. Any other state is left as it is.

        Raises LeagueProblem when the participant has used all `attempts` since.
        """
        entry = self.entry(id)
        with self._write() as db:
            if entry.state == "failed":
                _check_attempts(db, entry.participant, attempts)
            db.execute(
                "UPDATE submissions SET state = 'queued', problem = '', ended = NULL WHERE id = ? AND state = 'failed'",
                (id,),
            )
        return self.entry(id)

    def verdicts(self, id: str) -> list[Verdict]:
        """The verdicts of a submission so far."""
        return [
            Verdict(row["question"], row["outcome"], row["candidate_length"], row["reference_length"])
            for row in self._read("SELECT * FROM verdicts WHERE submission = ? ORDER BY question", id)
        ]

    def reference_answer(self, model: str, question: str) -> str | None:
        """The reference model's kept answer to a question, by a key made of the question's text."""
        rows = self._read("SELECT answer FROM reference_answers WHERE model = ? AND question = ?", model, question)
        return rows[0]["answer"] if rows else None

    def keep_reference_answer(self, model: str, question: str, answer: str) -> None:
        """Keep the reference model's answer, so that every participant meets the same one."""
        with self._write() as db:
            db.execute("INSERT OR IGNORE INTO reference_answers VALUES (?, ?, ?)", (model, question, answer))

    def standings(self) -> list[Row]:
        """The best finished submission of every participant, best first; equal win rates share a rank."""
        best: dict[str, tuple[Entry, Score]] = {}
        count: dict[str, int] = {}
        for row in self._read("SELECT id FROM submissions WHERE state = 'done' ORDER BY ended, id"):
            entry = self.entry(row["id"])
            result = score(self.verdicts(entry.id))
            count[entry.participant] = count.get(entry.participant, 0) + 1
            held = best.get(entry.participant)
            if held is None or result.win_rate > held[1].win_rate:
                best[entry.participant] = (entry, result)
        ordered = sorted(best.values(), key=lambda pair: (-pair[1].win_rate, pair[0].ended or 0.0))
        rows: list[Row] = []
        for place, (entry, result) in enumerate(ordered, start=1):
            tied = rows and rows[-1].score.win_rate == result.win_rate
            rows.append(
                Row(
                    rows[-1].rank if tied else place,
                    entry.participant,
                    entry.id,
                    result,
                    count[entry.participant],
                    entry.judge,
                    entry.reference,
                    entry.ended or 0.0,
                    entry.provenance,
                )
            )
        return rows


def _check_attempts(db: sqlite3.Connection, participant: str, attempts: int | None) -> None:
    """Raise LeagueProblem when a participant's submissions, failed ones not counted, are all used."""
    used = db.execute(
        "SELECT count(*) FROM submissions WHERE participant = ? AND state != 'failed'", (participant,)
    ).fetchone()[0]
    if attempts is not None and used >= attempts:
        raise LeagueProblem(f"{participant} has used all {attempts} submissions of this league.")


def as_json(row: Row) -> dict[str, Any]:
    """A line of the standings as plain data for the page and the client."""
    return asdict(row)
