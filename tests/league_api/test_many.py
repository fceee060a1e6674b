"""What only shows when there is much, or nothing left: hundreds of submissions, every question withdrawn."""

from __future__ import annotations

import pytest
import requests

from tests.league_api.test_access import TARGET, ask, join, made, serving
from workshop_kit.league.client.taking_part import standings
from workshop_kit.league.event import EventSettings
from workshop_kit.league.store import scoring, submissions
from workshop_kit.league.store.submissions import StoredVerdict


@pytest.fixture
def league(tmp_path):
    with serving(tmp_path, settings=EventSettings(access="codes")) as found:
        yield found


def judged(database, team: str, key: str, questions: tuple[str, ...], set: str = "ranked") -> str:
    with database.write() as connection:
        entry = submissions.submit(connection, team, set=set, target=TARGET, provenance={}, key=key)
        submissions.begin(connection, entry.id, ["j"], "r", "s")
        for question in questions:
            told = StoredVerdict(question, "j", "win", "candidate", "candidate", 10, 10, 8.0, 2.0, {}, [], "because")
            submissions.add_verdict(connection, entry.id, told)
        scoring.end(connection, entry.id)
    return entry.id


def test_the_newest_submissions_come_first_and_all_can_be_reached(league) -> None:
    url, database = league
    team, code = made(database, "Blue")
    token = join(url, code).json()["token"]
    ids = [judged(database, team, f"key-{n}", ("q1",), "practice") for n in range(5)]

    def page(more: str) -> list[str]:
        told = ask(url, token, "GET", f"/api/submissions?limit=2{more}").json()["submissions"]
        return [entry["id"] for entry in told]

    assert page("") == ids[3:] and page("&before=2") == ids[1:3] and page("&before=4") == ids[:1]


def test_the_standings_stand_when_every_question_is_withdrawn(league) -> None:
    url, database = league
    team, _ = made(database, "Blue")
    judged(database, team, "key-1", ("q1",))
    with database.write() as connection:
        assert scoring.withdraw(connection, "q1", "wrong", "Olga") == 1
    assert requests.get(f"{url}/api/standings", timeout=10).json()["rows"][0]["score"]["questions"] == 0
    assert "Blue" in standings(url=url).to_text()


def test_only_what_a_question_was_part_of_is_scored_anew_and_once(league) -> None:
    url, database = league
    team, _ = made(database, "Blue")
    both, one = judged(database, team, "key-1", ("q1", "q2")), judged(database, team, "key-2", ("q1",))
    with database.write() as connection:
        assert scoring.withdraw(connection, "q2", "wrong", "Olga") == 1
        assert scoring.withdraw(connection, "q2", "wrong", "Olga") == 0, "a repeated request acts once"
        assert [submissions.entry(connection, id).score.questions for id in (both, one)] == [1, 1]
        assert scoring.restore(connection, "q2", "Olga") == 1 and scoring.restore(connection, "q2", "Olga") == 0
        assert submissions.entry(connection, both).score.questions == 2
        assert submissions.entry(connection, one).state == "queued", "it was judged before there was that question"
