"""The store, on SQLite and on a real PostgreSQL: what was confirmed is there, once."""

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from workshop_kit.domains import Question
from workshop_kit.errors import BadInput, LeagueProblem
from workshop_kit.league.event import EventSettings
from workshop_kit.league.judge import JudgeSettings
from workshop_kit.league.judging import JudgingHere, SubmissionJudge
from workshop_kit.league.questions import hidden_questions
from workshop_kit.league.store import Database, open_database, scoring, standings, submissions, teams, tokens, transfer
from workshop_kit.league.store.audit import audit_log
from workshop_kit.league.store.events import open_event, settings_of
from workshop_kit.league.store.rates import take_slot
from workshop_kit.league.store.schema import metadata
from workshop_kit.league.store.submissions import StoredVerdict

TARGET = {"kind": "sagemaker", "endpoint": "right-80", "system": ""}


@pytest.fixture
def store(both: Database) -> Database:
    with both.write() as connection:
        open_event(connection, "bicycle-library")
    return both


def verdict(question: str, outcome: str = "win", judge: str = "j") -> StoredVerdict:
    return StoredVerdict(question, judge, outcome, "", "", 10, 10, 8.0, 2.0, {}, [], "because")


def submit(store: Database, name: str = "Ada", key: str = "key-12345", set: str = "ranked", **more):
    with store.write() as connection:
        team = teams.named(connection, name)
        return submissions.submit(connection, team.id, set=set, target=TARGET, provenance={}, key=key, **more)


def judged(store: Database, name: str, wins: int, key: str, of: int = 10, set: str = "ranked"):
    entry = submit(store, name, key, set)
    with store.write() as connection:
        submissions.begin(connection, entry.id, ["j"], "r", "s")
        for n in range(of):
            submissions.add_verdict(connection, entry.id, verdict(f"q{n}", "win" if n < wins else "loss"))
        return scoring.end(connection, entry.id)


def table(store: Database):
    with store.read() as connection:
        return [(p.place, p.rank, p.participant, p.win_rate) for p in standings.places(connection)]


def test_the_tables_are_those_of_the_schema(store: Database) -> None:
    with store.read() as connection:
        context = MigrationContext.configure(
            connection, opts={"include_name": lambda name, kind, _: kind != "table" or name in metadata.tables}
        )
        assert compare_metadata(context, metadata) == []


def test_a_repeated_key_acts_once_and_belongs_to_its_team(store: Database) -> None:
    first = submit(store)
    assert submit(store).id == first.id
    assert submit(store, "Bob").id != first.id


def test_the_quota_counts_all_but_failed_and_practice(store: Database) -> None:
    gone = submit(store, key="k1", quota=2)
    with store.write() as connection:
        submissions.fail(connection, gone.id, "gone")
    submit(store, key="k2", set="practice", quota=2)
    submit(store, key="k3", quota=2)
    submit(store, key="k4", quota=2)
    with pytest.raises(LeagueProblem, match="all 2 submissions"):
        submit(store, key="k5", quota=2)
    assert submit(store, key="k4", quota=2).state == "queued", "a repeat is no further submission"


def test_two_submissions_at_once_never_exceed_the_quota(store: Database) -> None:
    submit(store, key="before")
    told: list[str] = []

    def one(n: int) -> None:
        try:
            told.append(submit(store, key=f"k{n}", quota=3).id)
        except LeagueProblem:
            told.append("refused")

    threads = [threading.Thread(target=one, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told)[-1] == "refused" and told.count("refused") == 6


def test_a_team_cant_fill_the_queue(store: Database) -> None:
    for n in range(submissions.WAITING_AT_ONCE):
        submit(store, key=f"p{n}", set="practice")
    with pytest.raises(LeagueProblem, match="wait to be judged"):
        submit(store, key="one more", set="practice")
    assert submit(store, key="p0", set="practice").state == "queued", "a repeat is no further submission"
    assert submit(store, "Bob", "b").state == "queued"


def test_names_that_look_alike_are_one_team(store: Database) -> None:
    assert submit(store, "Ada  Söhne", "k1").team == submit(store, "ada SÖHNE", "k2").team


def test_best_counts_and_of_equal_ones_the_earliest(store: Database) -> None:
    judged(store, "Ada", 5, "a1")
    judged(store, "Bob", 9, "b1")
    best = judged(store, "Ada", 9, "a2")
    judged(store, "Ada", 9, "a3")
    judged(store, "Cy", 10, "c1", set="practice")
    assert [(place, name, rate) for place, _, name, rate in table(store)] == [(1, "Bob", 0.9), (2, "Ada", 0.9)]
    with store.read() as connection:
        assert teams.team(connection, best.team).best == best.id


def test_ranks_are_shared_where_intervals_overlap(store: Database) -> None:
    judged(store, "Ada", 48, "a", of=50)
    judged(store, "Bob", 44, "b", of=50)
    judged(store, "Cy", 10, "c", of=50)
    assert [(place, rank) for place, rank, _, _ in table(store)] == [(1, 1), (2, 1), (3, 3)]


def test_a_withdrawn_question_leaves_every_score_and_comes_back(store: Database) -> None:
    judged(store, "Ada", 5, "a")
    judged(store, "Bob", 1, "b")
    with store.write() as connection:
        assert scoring.withdraw(connection, "q0", "it was wrong", "organizer Eve") == 2
        assert scoring.withdraw(connection, "q0", "it was wrong", "organizer Eve") == 0
    assert [rate for *_, rate in table(store)] == [pytest.approx(4 / 9), 0.0]
    with store.write() as connection:
        assert scoring.restore(connection, "q0", "organizer Eve") == 2
        assert [line["action"] for line in audit_log(connection)] == ["restore question", "withdraw question"]
    assert [rate for *_, rate in table(store)] == [0.5, 0.1]


def test_a_humans_word_goes_before_the_judges_and_is_logged(store: Database) -> None:
    entry = judged(store, "Ada", 5, "a")
    with store.write() as connection:
        after = scoring.override(connection, entry.id, "q9", "win", "the judge miscounted", "organizer Eve")
        assert after.score.wins == 6
        line = audit_log(connection)[0]
        assert line["detail"]["judges said"] == ["loss"] and line["detail"]["reason"] == "the judge miscounted"
        with pytest.raises(LeagueProblem, match="no verdict"):
            scoring.override(connection, entry.id, "q99", "win", "r", "organizer Eve")


def test_several_judges_decide_by_majority() -> None:
    assert scoring.panel_outcome(["win", "win", "loss"]) == "win"
    assert scoring.panel_outcome(["win", "loss"]) == "tie"
    assert scoring.panel_outcome(["flip"]) == "flip"


def test_codes_and_tokens_are_kept_as_hashes_only(store: Database) -> None:
    with store.write() as connection:
        team = teams.named(connection, "Ada")
        code, token = tokens.new_code(connection, team.id), tokens.issue(connection, "attendee", team.id, "Ada")
        assert tokens.team_of_code(connection, code.lower().replace("-", " ")) == (True, team.id)
        assert tokens.identify(connection, token).team == team.id
        everything = "".join(
            str(row)
            for name in ("tokens", "join_codes")
            for row in connection.exec_driver_sql(f"SELECT * FROM {name}").all()
        )
        assert code not in everything and token not in everything and code.replace("-", "") not in everything
        newer = tokens.new_code(connection, team.id)
        assert tokens.team_of_code(connection, code) == (False, None)
        assert tokens.team_of_code(connection, newer) == (True, team.id)
        tokens.revoke(connection, team=team.id)
        assert tokens.identify(connection, token) is None


def test_a_team_that_is_shut_out_has_no_token_and_no_place(store: Database) -> None:
    entry = judged(store, "Ada", 5, "a")
    with store.write() as connection:
        token = tokens.issue(connection, "attendee", entry.team)
        teams.disable(connection, entry.team, True, "organizer Eve")
        assert tokens.identify(connection, token) is None
    assert table(store) == []
    with pytest.raises(LeagueProblem, match="shut out"):
        submit(store, key="again")


def test_a_rate_is_shared_by_all_who_ask(store: Database) -> None:
    waits = []
    for _ in range(5):
        with store.write() as connection:
            waits.append(take_slot(connection, "judge", 10.0))
    assert waits[0] == 0 and waits == sorted(waits)
    assert waits[4] == pytest.approx(0.4, abs=0.15)
    with store.write() as connection:
        assert take_slot(connection, "another", 10.0) == 0


def test_an_event_goes_out_and_in_again_and_scores_the_same(store: Database, tmp_path: Path) -> None:
    judged(store, "Ada", 7, "a")
    judged(store, "=cmd()", 3, "b")
    with store.write() as connection:
        scoring.withdraw(connection, "q0", "wrong", "organizer Eve")
        tokens.issue(connection, "organizer", None, "Eve")
    lines = list(transfer.export_lines(store))
    other = open_database(tmp_path / "other.sqlite")
    transfer.import_lines(other, lines)
    assert table(other) == table(store) and len(table(other)) == 2
    assert list(transfer.export_lines(other)) == lines
    assert not any('"tokens"' in line or "wk_" in line for line in lines)
    with other.write() as connection:
        assert scoring.rescore(connection) == 0
    with pytest.raises(LeagueProblem, match="holds an event already"):
        transfer.import_lines(other, lines)
    other.close()


def test_an_event_moves_from_a_file_to_postgres_and_goes_on_there(tmp_path: Path, postgres: str) -> None:
    store = open_database(tmp_path / "league.sqlite")
    with store.write() as connection:
        open_event(connection, "bicycle-library")
    judged(store, "Ada", 7, "a")
    for _ in range(3):
        with store.write() as connection:
            scoring.withdraw(connection, "q0", "wrong", "organizer Eve")
            scoring.restore(connection, "q0", "organizer Eve")
    other = open_database(postgres)
    transfer.import_lines(other, list(transfer.export_lines(store)))
    with other.write() as connection:
        scoring.withdraw(connection, "q1", "wrong too", "organizer Eve")
        assert len(audit_log(connection)) == 7
    judged(other, "Bob", 9, "b")
    assert [name for _, _, name, _ in table(other)] == ["Bob", "Ada"]
    store.close()
    other.close()


@pytest.mark.parametrize(
    "bad", ["nonsense", "[]", '{"table": "tokens", "row": {}}', '{"table": "teams", "row": {"id": 1}}']
)
def test_a_damaged_export_leaves_nothing_behind(store: Database, tmp_path: Path, bad: str) -> None:
    judged(store, "Ada", 7, "a")
    lines = [*transfer.export_lines(store), bad]
    other = open_database(tmp_path / "other.sqlite")
    with pytest.raises(BadInput, match=f"Line {len(lines)} "):
        transfer.import_lines(other, lines)
    with other.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM teams").scalar_one() == 0
    other.close()


def test_rows_that_stand_twice_in_an_export_are_told(store: Database, tmp_path: Path) -> None:
    judged(store, "Ada", 7, "a")
    lines = [*transfer.export_lines(store)]
    other = open_database(tmp_path / "other.sqlite")
    with pytest.raises(BadInput, match="don't fit together"):
        transfer.import_lines(other, [*lines, lines[-1]])
    other.close()


def test_a_league_of_the_first_kind_is_carried_over(tmp_path: Path) -> None:
    path = tmp_path / "league.sqlite"
    old = sqlite3.connect(path)
    old.executescript(
        """
        CREATE TABLE submissions (id TEXT PRIMARY KEY, participant TEXT NOT NULL, target TEXT NOT NULL,
            key TEXT NOT NULL UNIQUE, domain TEXT NOT NULL, provenance TEXT NOT NULL, state TEXT NOT NULL,
            problem TEXT NOT NULL DEFAULT '', judge TEXT NOT NULL DEFAULT '', reference TEXT NOT NULL DEFAULT '',
            created REAL NOT NULL, ended REAL);
        CREATE TABLE verdicts (submission TEXT NOT NULL, question TEXT NOT NULL, outcome TEXT NOT NULL,
            candidate_length INTEGER NOT NULL, reference_length INTEGER NOT NULL, candidate_score REAL NOT NULL,
            reference_score REAL NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (submission, question));
        CREATE TABLE reference_answers (model TEXT NOT NULL, question TEXT NOT NULL, answer TEXT NOT NULL,
            PRIMARY KEY (model, question));
        INSERT INTO submissions VALUES ('aaaaaaaaaaaa', 'Ada', '{"kind": "sagemaker", "endpoint": "e"}', 'k1', 'd',
            '{"training_job": "t"}', 'done', '', 'judge-1', 'ref-1', 1000.0, 1001.0);
        INSERT INTO submissions VALUES ('bbbbbbbbbbbb', 'ADA', '{"kind": "sagemaker", "endpoint": "f"}', 'k2', 'd',
            '{}', 'queued', '', '', '', 1002.0, NULL);
        INSERT INTO verdicts VALUES ('aaaaaaaaaaaa', 'q1', 'win', 5, 6, 8, 2, 'r'),
            ('aaaaaaaaaaaa', 'q2', 'loss', 5, 6, 2, 8, 'r');
        INSERT INTO reference_answers VALUES ('ref-1', 'h', 'said');
        """
    )
    old.close()
    database = open_database(path)
    with database.write() as connection:
        open_event(connection, "d")
        assert scoring.rescore(connection, scoring.unscored(connection)) == 1
        entry = submissions.entry(connection, "aaaaaaaaaaaa")
        assert (entry.participant, entry.score.wins, entry.score.questions) == ("Ada", 1, 2)
        assert entry.provenance == {"training_job": "t"} and entry.judges == ("judge-1",)
        assert submissions.unfinished(connection) == ["bbbbbbbbbbbb"]
    assert [row[2:] for row in table(database)] == [("Ada", 0.5)]
    database.close()


def test_what_is_no_league_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.sqlite").write_text("hello, I am a text" * 100)
    with pytest.raises(LeagueProblem, match="not a league's database"):
        open_database(tmp_path / "x.sqlite")
    with pytest.raises(LeagueProblem, match="not in mysql"):
        open_database("mysql://root@localhost/league")
    with pytest.raises(LeagueProblem, match="can't be opened"):
        open_database("postgresql://nobody@127.0.0.1:9/league")


def test_a_database_is_one_event(store: Database) -> None:
    with store.write() as connection, pytest.raises(LeagueProblem, match="its own database"):
        open_event(connection, "another-domain")
    with store.write() as connection:
        open_event(connection, "bicycle-library", EventSettings(ranked_quota=3))
        assert settings_of(connection).ranked_quota is None, "an event that is there keeps its settings"


def test_verdicts_survive_a_kill_and_none_is_doubled(store: Database, tmp_path: Path) -> None:
    """A process that confirms each verdict on its output is killed; what it confirmed is there, once."""
    where = store.engine.url.render_as_string(hide_password=False) if store.is_postgres else store.engine.url.database
    id = submit(store).id
    program = textwrap.dedent(
        f"""
        from workshop_kit.league.store import open_database
        from workshop_kit.league.store.submissions import StoredVerdict, add_verdict
        store = open_database({where!r})
        for n in range(100000):
            with store.write() as connection:
                add_verdict(connection, {id!r}, StoredVerdict(f"q{{n}}", "j", "win", "", "", 5, 5, 9, 1, {{}}, [], ""))
            print(n, flush=True)
        """
    )
    child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    confirmed = [int(child.stdout.readline()) for _ in range(20)]
    os.kill(child.pid, signal.SIGKILL)
    confirmed += [int(line) for line in child.stdout if line.strip()]
    child.wait()
    with store.write() as connection:
        kept = [found.question for found in submissions.verdicts_of(connection, id)]
        assert len(kept) == len(set(kept)) and {f"q{n}" for n in confirmed} <= set(kept)
        assert submissions.entry(connection, id).judged == len(kept)
        assert not submissions.add_verdict(connection, id, verdict("q0", "loss"))
        assert next(v for v in submissions.verdicts_of(connection, id) if v.question == "q0").outcome == "win"


def test_a_restarted_server_goes_on_where_the_killed_one_was(tmp_path: Path, domain: Path, aws) -> None:
    questions: dict[str, tuple[Question, ...]] = {"ranked": hidden_questions(domain), "practice": ()}
    store = open_database(tmp_path / "league.sqlite")
    with store.write() as connection:
        open_event(connection, "bicycle-library")
    entry = submit(store)
    with store.write() as connection:
        submissions.begin(connection, entry.id, ["toy.judge-v1:0"], "toy.reference-v1:0", JudgeSettings.load().id)
        for done in questions["ranked"][:4]:
            submissions.add_verdict(connection, entry.id, verdict(done.id, judge="toy.judge-v1:0"))
    judging = JudgingHere(SubmissionJudge(store, aws, questions, judge_settings=JudgeSettings.load()))
    judging.start()
    until = time.monotonic() + 20
    found = entry
    while found.state != "done" and time.monotonic() < until:
        time.sleep(0.05)
        with store.read() as connection:
            found = submissions.entry(connection, entry.id)
    judging.stop()
    assert found.state == "done" and found.score.questions == 10
    assert len(aws.asked) == 6, "questions that were judged already were asked again"
    store.close()
