"""The league away for a while, or something else in its place: what whoever waits or watches gets to see."""

import json
import threading
from pathlib import Path

import pytest
import requests
from sqlalchemy.exc import OperationalError

from tests.worlds.serving import until
from workshop_kit.errors import LeagueProblem
from workshop_kit.league import client


def test_waiting_for_a_score_outlasts_a_restart_of_the_server(tmp_path, domain, aws, serving, monkeypatch) -> None:
    """While nobody answers, and while a proxy answers in the league's place."""
    monkeypatch.setattr(client.talking, "ATTEMPTS", 1)
    honest, seen = requests.request, []

    def request(method, url, **more):
        seen.append(method)
        reply = honest(method, url, **more)
        if method == "GET" and len(seen) < 4:
            raise requests.ConnectionError
        if method == "GET" and len(seen) == 4:
            reply.status_code, reply._content = 502, b"<h1>Bad Gateway</h1>"
        return reply

    with serving(tmp_path / "home", domain, aws) as url:
        monkeypatch.setattr(requests, "request", request)
        aws.hold.clear()
        threading.Timer(3.0, aws.hold.set).start()
        assert client.submit(aws, "right-80", "Ada", domain="bicycle-library", url=url).score.wins == 8
        monkeypatch.setattr("workshop_kit.league.client.taking_part.AWAY", 0.0)
        aws.hold.clear()
        seen.clear()
        with pytest.raises(LeagueProblem, match="is in: submit again"):
            client.submit(aws, "right-70", "Ada", domain="bicycle-library", url=url)


def test_waiting_follows_the_workspaces_own_server_to_its_new_address(
    tmp_path, domain, aws, serving, monkeypatch
) -> None:
    monkeypatch.setattr(client.talking, "ATTEMPTS", 1)
    with serving(tmp_path / "home", domain, aws) as url:
        aws.hold.clear()
        threading.Timer(2.0, aws.hold.set).start()
        addresses, honest = [url, url], requests.request

        def request(method, to, **more):
            if method == "GET" and addresses:
                raise requests.ConnectionError
            return honest(method, to, **more)

        def server_url(domain):
            return addresses.pop() if addresses else url

        monkeypatch.setattr(requests, "request", request)
        monkeypatch.setattr("workshop_kit.league.client.taking_part.server_url", server_url)
        assert client.submit(aws, "right-80", "Ada", domain="bicycle-library").score.wins == 8
        assert addresses == []


def test_a_file_is_one_servers_alone(tmp_path: Path, domain: Path) -> None:
    from workshop_kit.league.server.serve import _alone

    path = str(tmp_path / "deep" / "league.sqlite")
    with _alone(path), pytest.raises(LeagueProblem, match="already"), _alone(path):
        pass
    with _alone(path), _alone("postgresql://league@127.0.0.1/x"), _alone("postgresql://league@127.0.0.1/x"):
        pass


@pytest.mark.parametrize("address", ["http://api.example.org", "http://example.org/api-2/proxy/8000"])
def test_the_token_is_found_whatever_the_leagues_address_is(address: str, tmp_path, monkeypatch) -> None:
    from workshop_kit.league.client.membership_file import keep_token, token_for

    monkeypatch.setenv("WORKSHOP_HOME", str(tmp_path))
    monkeypatch.delenv("WORKSHOP_LEAGUE_TOKEN", raising=False)
    monkeypatch.delenv("WORKSHOP_LEAGUE_URL", raising=False)
    keep_token("http://other.example.org", "wk_other", "Bob")
    keep_token(address, "wk_mine", "Ada")
    sent = []

    def request(method, url, headers, **more):
        sent.append(headers)
        raise requests.ConnectionError

    monkeypatch.setattr(client.talking, "ATTEMPTS", 1)
    monkeypatch.setattr(requests, "request", request)
    with pytest.raises(LeagueProblem, match="can't be reached") as problem:
        client.me(url=address)
    assert sent == [{"Authorization": "Bearer wk_mine"}] and "wk_" not in str(problem.value)
    monkeypatch.setenv("WORKSHOP_LEAGUE_TOKEN", "wk_env")
    monkeypatch.setenv("WORKSHOP_LEAGUE_URL", "http://third.example.org/")
    assert [token_for(found) for found in (address, "http://third.example.org")] == ["wk_mine", "wk_env"]
    monkeypatch.delenv("WORKSHOP_LEAGUE_URL")
    monkeypatch.setenv("WORKSHOP_LEAGUE_TOKEN", "wk_s\u2026")
    with pytest.raises(LeagueProblem, match="no token has") as problem:
        client.me(url=address)
    assert "wk_" not in str(problem.value)


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [(404, b'{"error": "no such page"}', "status 404"), (200, b"[1]", "not a league"), (504, b"", "does not answer")],
)
def test_what_answers_in_the_leagues_place_is_told_in_a_sentence(monkeypatch, status, body, says) -> None:
    def request(method, url, **more):
        reply = requests.Response()
        reply.status_code, reply._content = status, body
        return reply

    monkeypatch.setattr(client.talking, "ATTEMPTS", 1)
    monkeypatch.setattr(requests, "request", request)
    with pytest.raises(LeagueProblem, match=says):
        client.me(url="http://league.example.org")


def test_a_fault_of_the_server_bears_the_same_headers_and_one_line_in_its_log(league, monkeypatch, caplog) -> None:
    def broken(*told):
        raise RuntimeError("broken")

    monkeypatch.setattr("workshop_kit.league.server.access.identify", broken)
    reply = requests.get(f"{league}/api/me", headers={"Authorization": "Bearer x"}, timeout=10)
    assert reply.status_code == 500 and "default-src 'none'" in reply.headers["Content-Security-Policy"]
    missing = requests.get(f"{league}/%1b%5b31m%0a2026 ERROR " + "x" * 2000, timeout=10)
    told = missing.json()["error"]["message"]
    assert missing.status_code == 404 and told.isprintable() and len(told) < 300
    assert requests.post(f"{league}/", timeout=10).headers["Allow"] == "GET"
    assert requests.get(f"{league}/api/standings", timeout=10).headers["Cache-Control"] == "no-store"
    assert requests.get(f"{league}/static/league.css", timeout=10).headers["Cache-Control"] == "no-cache"


def test_a_database_that_is_away_sends_no_viewer_away(league: str, aws, monkeypatch, caplog) -> None:
    from workshop_kit.league.server import routes_public, snapshots

    monkeypatch.setattr(routes_public, "AWAY", 0.1)
    with requests.get(f"{league}/api/stream", stream=True, timeout=20) as stream:
        lines = stream.iter_lines()
        assert next(lines).startswith(b"data:")
        with monkeypatch.context() as broken:

            def away(self, connection):
                raise OperationalError("SELECT", {}, Exception("the connection was lost"))

            broken.setattr(snapshots.Snapshots, "_all_places", away)
            client.submit(aws, "right-80", "Ada", domain="bicycle-library", url=league)
            assert any(line.startswith(b":") for line in lines)
        row = next(
            told["rows"] for line in lines if line[:5] == b"data:" and (told := json.loads(line[5:])).get("rows")
        )
        assert row[0]["participant"] == "Ada"


def test_viewers_who_leave_abruptly_are_forgotten(tmp_path: Path, domain: Path, aws, serving, monkeypatch) -> None:
    import socket
    import struct
    from urllib.parse import urlsplit

    from workshop_kit.league.server.changes import Changes

    made = []
    monkeypatch.setattr(Changes, "start", lambda self, honest=Changes.start: made.append(self) or honest(self))
    with serving(tmp_path / "home", domain, aws) as url:
        told, viewers = urlsplit(url), []
        for _ in range(30):
            viewers.append(socket.create_connection((told.hostname, told.port)))
            viewers[-1].sendall(b"GET /api/stream HTTP/1.1\r\nHost: league\r\n\r\n")
            assert viewers[-1].recv(100).startswith(b"HTTP/1.1 200")
        assert until(lambda: made[0].watchers == 30)
        for viewer in viewers:
            viewer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            viewer.close()
        assert until(lambda: made[0].watchers == 0)
