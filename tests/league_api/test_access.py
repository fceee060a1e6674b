"""Coming in and what the phases allow: codes, sessions, limits, the quota, the choice for the finale."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from tests.worlds.models import NoModels
from tests.worlds.serving import running
from workshop_kit.league.event import EventSettings
from workshop_kit.league.server import build_app
from workshop_kit.league.store import scoring, submissions, teams, tokens
from workshop_kit.league.store.submissions import StoredVerdict

TARGET = {"kind": "sagemaker", "endpoint": "e"}


@contextmanager
def serving(home: Path, domain: str = "state-local-services", **more) -> Iterator[tuple[str, object]]:
    app = build_app(home, domain, NoModels(), judging=False, **more)
    with running(app) as url:
        yield url, app.state.context.database


@pytest.fixture
def league(tmp_path: Path):
    with serving(tmp_path, settings=EventSettings(access="codes", ranked_quota=2)) as found:
        yield found


def made(database, name: str | None) -> tuple[str | None, str]:
    """A team and its join code; without a name, a code that founds teams."""
    with database.write() as connection:
        team = teams.named(connection, name).id if name else None
        return team, tokens.new_code(connection, team)


def join(url: str, code: str, name: str = "Ann", **more) -> requests.Response:
    return requests.post(f"{url}/api/join", json={"code": code, "name": name, **more}, timeout=10)


def ask(url: str, token: str, method: str, path: str, **body) -> requests.Response:
    headers = {"Authorization": f"Bearer {token}"}
    return requests.request(method, url + path, json=body or None, headers=headers, timeout=10)


def test_a_code_lets_several_members_in_until_a_new_one_is_made(league) -> None:
    url, database = league
    team, code = made(database, "Blue")
    first, second = join(url, code.lower()), join(url, code.replace("-", ""), "Bea")
    assert first.status_code == second.status_code == 201 and first.json()["token"] != second.json()["token"]
    assert ask(url, second.json()["token"], "GET", "/api/me").json()["members"] == ["Ann", "Bea"]
    with database.write() as connection:
        tokens.new_code(connection, team)
    assert join(url, code).status_code == 403
    assert ask(url, first.json()["token"], "GET", "/api/me").status_code == 200, "a new code ends no membership"


def test_a_code_that_founds_teams_opens_none_that_is_there(league) -> None:
    url, database = league
    _, code = made(database, None)
    made(database, "Blue")
    assert join(url, code).status_code == 400
    one = join(url, code, team="Red Team")
    for taken in ("red  TEAM", "Blue"):
        refused = join(url, code, "Eve", team=taken)
        assert refused.status_code == 409 and "its own code" in refused.json()["error"]["message"]
    two = join(url, one.json()["code"], "Bea")
    assert one.json()["team_id"] == two.json()["team_id"] and "code" not in two.json()
    assert ask(url, two.json()["token"], "GET", "/api/me").json()["members"] == ["Ann", "Bea"]


def test_a_token_that_was_in_use_is_useless_the_moment_it_is_revoked(league) -> None:
    url, database = league
    _, code = made(database, "Blue")
    token = join(url, code).json()["token"]
    assert ask(url, token, "GET", "/api/me").status_code == 200
    with database.write() as connection:
        (id,) = connection.exec_driver_sql("SELECT id FROM tokens").scalars()
        assert tokens.revoke(connection, token_id=id) == 1
    assert ask(url, token, "GET", "/api/me").status_code == 401


def test_wrong_codes_are_bounded_for_an_address_and_right_ones_are_not(tmp_path: Path) -> None:
    with serving(tmp_path, settings=EventSettings(access="codes"), limits={"wrong codes": "5/minute"}) as (
        url,
        database,
    ):
        _, code = made(database, "Blue")
        assert [join(url, code, f"N{n}").status_code for n in range(8)] == [201] * 8
        assert [join(url, f"AAAAA-AAA{n}A").status_code for n in range(7)] == [403] * 5 + [429] * 2
        assert join(url, code).status_code == 429, "whoever guesses may not go on with the one that is right"


def test_a_team_that_is_shut_out_comes_in_by_no_door(league) -> None:
    url, database = league
    team, code = made(database, "Blue")
    token = join(url, code).json()["token"]
    with database.write() as connection:
        teams.disable(connection, team, True, "Olga")
    assert join(url, code).status_code == 403 and ask(url, token, "GET", "/api/me").status_code == 401
    with database.write() as connection:
        teams.disable(connection, team, False, "Olga")
    assert ask(url, token, "GET", "/api/me").status_code == 200


def test_a_browser_session_is_a_cookie_no_script_reads_and_no_foreign_page_sends(league) -> None:
    url, database = league
    _, code = made(database, "Blue")
    token = join(url, code).json()["token"]
    session = requests.Session()
    reply = session.post(f"{url}/api/session", json={"token": token}, timeout=10)
    cookie = reply.headers["Set-Cookie"].lower()
    assert reply.json()["role"] == "attendee" and token not in reply.text
    assert "httponly" in cookie and "samesite=strict" in cookie and "max-age" not in cookie
    assert session.get(f"{url}/api/me", timeout=10).status_code == 200
    form = session.post(f"{url}/api/me/choice", data={"submission": "x"}, timeout=10)
    assert form.status_code == 415, "a form of a foreign page was taken"
    session.delete(f"{url}/api/session", timeout=10)
    assert session.get(f"{url}/api/me", timeout=10).status_code == 401
    assert requests.post(f"{url}/api/session", json={"token": "wk_wrong"}, timeout=10).status_code == 401


def judged(database, team: str, key: str) -> str:
    with database.write() as connection:
        entry = submissions.submit(connection, team, set="ranked", target=TARGET, provenance={}, key=key)
        submissions.begin(connection, entry.id, ["j"], "r", "s")
        submissions.add_verdict(connection, entry.id, StoredVerdict("q", "j", "win", "", "", 1, 1, 9, 1, {}, [], ""))
        scoring.end(connection, entry.id)
    return entry.id


def test_the_phases_close_one_door_after_the_other(league) -> None:
    url, database = league
    team, code = made(database, "Blue")
    token = join(url, code).json()["token"]
    with database.write() as connection:
        olga = tokens.issue(connection, "organizer", None, "Olga")
    old, best = judged(database, team, "one-00000"), judged(database, team, "two-00000")
    told = ask(url, token, "GET", "/api/me").json()
    assert (told["left"], told["plays"], told["chosen"]) == (0, old, None), "of equal ones the earlier plays"
    full = ask(url, token, "POST", "/api/submissions", target=TARGET, key="three-000")
    assert full.status_code == 409 and "all 2 submissions" in full.json()["error"]["message"]
    ask(url, olga, "PATCH", "/api/organizer/settings", ranked_quota=0, phase="freeze")
    frozen = ask(url, token, "POST", "/api/submissions", target=TARGET, key="three-000")
    assert frozen.status_code == 409 and "Freeze" in frozen.json()["error"]["message"]
    practice = ask(url, token, "POST", "/api/submissions", target=TARGET, key="four-0000", set="practice")
    assert practice.status_code == 202
    assert ask(url, token, "POST", "/api/me/choice", submission=best).json()["plays"] == best
    assert ask(url, token, "POST", "/api/me/choice", submission=practice.json()["id"]).status_code == 404
    ask(url, olga, "PATCH", "/api/organizer/settings", phase="finale")
    assert ask(url, token, "POST", "/api/me/choice", submission=old).status_code == 409
    assert ask(url, token, "GET", "/api/me").json()["plays"] == best
    lines = ask(url, olga, "GET", "/api/organizer/audit").json()["lines"]
    assert [line["action"] for line in lines][:3] == ["settings", "choose", "settings"]
    assert json.dumps(lines).count("wk_") == 0


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"phases": [{"name": "freeze", "starts": 5}, {"name": "virtual", "starts": 1}]}, "order of time"),
        ({"phases": [{"name": "party", "starts": 5}]}, "'phases.0.name'"),
        ({"phase": "party"}, "'phase'"),
        ({"questions_at_once": 0}, "'questions_at_once'"),
        ({"unknown": 1}, "'unknown'"),
    ],
)
def test_wrong_settings_name_the_field_and_change_nothing(league, change: dict, says: str) -> None:
    url, database = league
    with database.write() as connection:
        olga = tokens.issue(connection, "organizer", None, "Olga")
    before = ask(url, olga, "GET", "/api/organizer/settings").json()
    reply = ask(url, olga, "PATCH", "/api/organizer/settings", **change)
    assert reply.status_code == 400 and says in reply.json()["error"]["message"]
    assert ask(url, olga, "GET", "/api/organizer/settings").json() == before


def test_a_question_that_left_the_domain_can_still_be_withdrawn(league) -> None:
    url, database = league
    team, _ = made(database, "Blue")
    with database.write() as connection:
        olga = tokens.issue(connection, "organizer", None, "Olga")
    judged(database, team, "one-00000")  # its one question, "q", is not in the domain's file
    assert ask(url, olga, "POST", "/api/organizer/withdrawn/q", reason="gone").json() == {"changed": 1}
    assert ask(url, olga, "POST", "/api/organizer/withdrawn/never", reason="gone").status_code == 404
