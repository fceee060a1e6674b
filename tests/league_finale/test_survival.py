"""A finale whose server is killed in the middle of everything, and one on PostgreSQL with two servers."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from tests.worlds.finale import LETTERS
from workshop_kit.bench.league.processes import free_port
from workshop_kit.league.finale.client import Audience, Director, Expert, Seat


@pytest.mark.slow
def test_a_server_killed_without_warning_loses_nothing_that_was_confirmed(tmp_path: Path, shared, teams, questions):
    port = free_port()
    url, tokens = f"http://127.0.0.1:{port}", tmp_path / "token"
    told = (tmp_path / "home", shared.domain, port, tokens)
    command = [sys.executable, "-m", "tests.league_finale.killable", *map(str, told)]

    def start() -> subprocess.Popen[bytes]:
        process = subprocess.Popen(command, cwd=Path(__file__).parents[2])
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                requests.get(f"{url}/api/finale", timeout=5)
                return process
            except requests.RequestException:
                assert process.poll() is None, "the server did not start"
                time.sleep(0.1)
        raise AssertionError("the server did not answer")

    def kill() -> None:
        nonlocal process
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        process = start()

    process = start()
    try:
        director = Director(url, tokens.read_text())
        director.create(contestants=teams, questions=questions(1), seconds=60, grace=5)
        director.open(1)
        deadline = director.view().told["round"]["deadline"]
        seats = [Seat(url, director.seat(name)) for name, _ in teams]
        said = [seat.generate("Say: kept", round=1) for seat in seats]
        kill()
        assert director.view().told["round"]["deadline"] == deadline
        assert [seat.view().mine[0].id for seat in seats] == [one.id for one in said]
        asked = seats[0].generate(round=1, wait=False)
        kill()  # most likely before its model answered; whoever comes next asks again once the lease has lapsed
        director.close(1)
        director.wait_for_judge(timeout=30)
        assert seats[0].view().mine[1].id == asked.id
        director.start_voting(1)
        crowd = [Audience(url) for _ in range(10)]
        for n, person in enumerate(crowd):
            person.vote(LETTERS[n % 2])
        expert = Expert(url, director.seat("Expert", expert=True))
        for letter in LETTERS:
            expert.score(letter, 7)
        letters = director.view().answers
        kill()
        assert director.view().answers == letters and director.view().told["votes"] == 10
        assert [person.my_vote() for person in crowd] == [LETTERS[n % 2] for n in range(10)]
        assert len(expert.view().told["sheet"]) == 5
        director.close_voting(1)
        for step in range(1, 5):
            view = director.reveal(1, step)
        kill()
        assert director.view().standing == view.standing and len(view.standing) == 5
    finally:
        process.kill()
        process.wait(10)


def test_two_servers_on_postgresql_play_one_finale(tmp_path: Path, shared, make_playing, postgres, teams, questions):
    one = make_playing(tmp_path / "one", postgres)
    two = make_playing(tmp_path / "two", postgres, token=one.token)
    director = one.director
    director.create(contestants=teams, questions=questions(2), seconds=60)
    director.open(1)
    seats = [Seat((one, two)[n % 2].url, director.seat(name)) for n, (name, _) in enumerate(teams)]
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda seat: seat.generate(round=1), seats * 2))
        assert all(answer.state == "done" for answer in answers)
        two.director.close(1)
        director.wait_for_judge()
        director.start_voting(1)
        crowd = [Audience((one, two)[n % 2].url) for n in range(60)]
        list(pool.map(lambda person: person.vote(LETTERS[hash(id(person)) % 5]), crowd))
        list(pool.map(lambda person: person.vote("C"), crowd))
        assert two.director.view().told["votes"] == 60
        two.director.close_voting(1)
    for step in range(1, 5):
        view = (one, two)[step % 2].director.reveal(1, step)
    assert next(r["votes"] for r in view.told["round"]["reveal"]["rows"] if r["letter"] == "C") == 60
    assert one.aws.judged + two.aws.judged == 5, "an answer was judged twice"
    assert len(one.aws.asked) + len(two.aws.asked) == 10, "an answer was asked for twice"
    director.open(2)
    assert two.director.view().round == 2
    asked = Seat(one.url, director.seat("Cy")).generate(round=2)
    one.stop()
    later = Seat(two.url, two.director.seat("Cy"))
    assert later.view().mine[0].text == asked.text and later.generate(round=2).state == "done"
