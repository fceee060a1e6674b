"""`workshop-kit league` beyond serving: tokens, codes, export and import, prompts."""

from pathlib import Path

import pytest

from workshop_kit.cli import main
from workshop_kit.league.answer import Answer
from workshop_kit.league.store import open_database, submissions, teams, tokens
from workshop_kit.league.store.audit import audit_log
from workshop_kit.league.store.events import open_event


@pytest.fixture
def home(tmp_path: Path) -> Path:
    database = open_database(tmp_path / "home" / "league" / "league.sqlite")
    with database.write() as connection:
        open_event(connection, "state-local-services")
        teams.named(connection, "Ada")
    database.close()
    return tmp_path / "home"


def league(home: Path, *words: str) -> int:
    return main(["league", *words, "--home", str(home)])


def test_a_token_and_codes_are_told_once_and_work(home: Path, capsys) -> None:
    assert league(home, "token", "--name", "Olga") == 0
    token = capsys.readouterr().out.strip()
    assert league(home, "code", "--name", "Blue") == 0
    code = capsys.readouterr().out.split()[0]
    assert league(home, "code") == 0
    founding = capsys.readouterr().out.split()[0]
    database = open_database(home / "league" / "league.sqlite")
    with database.write() as connection:
        who = tokens.identify(connection, token)
        assert (who.role, who.name) == ("organizer", "Olga")
        good, team = tokens.team_of_code(connection, code)
        assert good and teams.team(connection, team).name == "Blue"
        assert tokens.team_of_code(connection, founding) == (True, None)
        assert {line["action"] for line in audit_log(connection)} >= {"new token", "new code"}
        assert token not in str(audit_log(connection)) and code not in str(audit_log(connection))
    database.close()


def test_an_event_goes_out_to_a_file_of_its_owner_and_in_again(home: Path, tmp_path: Path, capsys) -> None:
    path = tmp_path / "event.jsonl"
    assert league(home, "export", str(path)) == 0
    assert path.stat().st_mode & 0o077 == 0, "others can read it"
    assert league(tmp_path / "other", "import", str(path)) == 0
    assert "1 teams" in capsys.readouterr().out
    assert league(tmp_path / "other", "import", str(path)) == 1
    assert "holds an event already" in capsys.readouterr().err


def test_an_answer_with_every_end_of_line_that_unicode_has_goes_out_and_in(home: Path, tmp_path: Path) -> None:
    said = "one\u2028two\u2029three\x85four\x0bfive\x1csix\r\nseven"
    database = open_database(home / "league" / "league.sqlite")
    with database.write() as connection:
        team = teams.named(connection, "Ada").id
        target = {"kind": "sagemaker", "endpoint": "e", "system": said}
        made = submissions.submit(connection, team, set="ranked", target=target, provenance={}, key="key-12345")
        submissions.keep_answer(connection, made.id, "q1", Answer(said))
    database.close()
    path = tmp_path / "deep" / "er" / "event.jsonl"
    assert league(home, "export", str(path)) == 0
    assert [found.name for found in path.parent.iterdir()] == ["event.jsonl"]
    assert league(tmp_path / "other", "import", str(path)) == 0
    other = open_database(tmp_path / "other" / "league" / "league.sqlite")
    with other.read() as connection:
        assert submissions.answers_of(connection, made.id)["q1"].text == said
        assert submissions.entry(connection, made.id).target == target
    other.close()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["export"], "Say which file"),
        (["import", "/no/such/file"], "can't be read"),
        (["work"], "needs --database"),
        (["serve", "--quota", "0"], "ranked_quota"),
        (["token", "--database", "mysql://x"], "not in mysql"),
    ],
)
def test_a_wrong_command_is_told_in_a_sentence(home: Path, capsys, words: list[str], says: str) -> None:
    assert league(home, *words) == 1
    told = capsys.readouterr().err
    assert says in told and "Traceback" not in told and told.count("\n") == 1


def test_the_prompts_are_written_to_edit_and_read_from_there(home: Path, capsys) -> None:
    from workshop_kit.league.judge import JudgeSettings

    assert league(home, "prompts") == 0
    mine = home / "league" / "judge"
    assert (mine / "prompts" / "pairwise.md").is_file()
    edited = mine / "prompts" / "system.md"
    edited.write_text(edited.read_text() + "\nBe strict.\n")
    assert JudgeSettings.load(mine).id != JudgeSettings.load().id
    assert league(home, "prompts") == 0 and "there already" in capsys.readouterr().out
