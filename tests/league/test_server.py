import json
import threading
import time
from pathlib import Path

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workshop_kit import local_aws
from workshop_kit.bench.league.processes import free_port
from workshop_kit.errors import LeagueProblem
from workshop_kit.league import client, process


def submit(url: str, aws, endpoint: str = "right-80", name: str = "Ada", **more) -> client.Submission:
    return client.submit(aws, endpoint, name, domain="bicycle-library", url=url, **more)


def test_a_submission_is_judged_on_every_question(league: str, aws) -> None:
    seen: list[client.Judged] = []
    found = submit(league, aws, progress=seen.append)
    assert found.state == "done" and (found.score.wins, found.score.questions) == (8, 10)
    assert (seen[-1].done, seen[-1].total) == (10, 10)
    row = client.standings(url=league).rows[0]
    assert row["participant"] == "Ada" and row["score"]["win_rate"] == 0.8
    assert "Ada" in client.standings(url=league).to_text()


def test_the_same_submission_twice_acts_once(league: str, aws) -> None:
    first = submit(league, aws)
    asked = len(aws.asked)
    assert submit(league, aws).id == first.id and len(aws.asked) == asked


def test_the_best_of_several_tries_stands_and_ties_share_a_rank(league: str, aws) -> None:
    submit(league, aws, "right-50", "Ada")
    submit(league, aws, "right-90", "Ada")
    submit(league, aws, "right-70", "Ada")
    submit(league, aws, "right-90", "Bob")
    rows = client.standings(url=league).rows
    assert [(r["place"], r["rank"], r["participant"], r["score"]["wins"]) for r in rows] == [
        (1, 1, "Ada", 9),
        (2, 1, "Bob", 9),
    ]
    with pytest.raises(LeagueProblem, match="all 3 submissions"):
        submit(league, aws, "right-20", "Ada")


def test_an_endpoint_that_is_gone_fails_in_one_sentence_and_can_be_tried_again(league: str, aws) -> None:
    aws.gone.set()
    with pytest.raises(LeagueProblem, match="could not be judged"):
        submit(league, aws)
    aws.gone.clear()
    assert submit(league, aws).score.wins == 8


def test_nothing_hidden_leaves_the_server(league: str, aws) -> None:
    found = submit(league, aws)
    assert any("H-SECRET-3" in prompt for prompt in aws.asked), "the hidden questions were not asked at all"
    told = [requests.get(f"{league}{path}", timeout=10).text for path in ("/", "/api/standings", "/api/health")]
    told.append(requests.get(f"{league}/api/submissions/{found.id}", timeout=10).text)
    with requests.get(f"{league}/api/stream", stream=True, timeout=10) as stream:
        told.append(next(stream.iter_lines()).decode())
    for text in told:
        assert "SECRET" not in text and "$103" not in text and "Frame 3" not in text


def test_a_watcher_is_told_when_something_changes(league: str, aws) -> None:
    with requests.get(f"{league}/api/stream", stream=True, timeout=20) as stream:
        lines = (line.decode() for line in stream.iter_lines() if line.startswith(b"data:"))
        assert json.loads(next(lines)[5:])["rows"] == []
        worker = threading.Thread(target=submit, args=(league, aws))
        worker.start()
        for line in lines:
            told = json.loads(line[5:])
            if told["rows"]:
                break
        assert told["rows"][0]["participant"] == "Ada"
    worker.join(20)


def post(league: str, body: bytes) -> requests.Response:
    headers = {"Content-Type": "application/json"}
    return requests.post(f"{league}/api/submissions", data=body, headers=headers, timeout=10)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"not json", "not JSON"),
        (b"[]", "The request's body"),
        (b"{}", "'target'"),
        (json.dumps({"participant": " "}).encode(), "participant"),
        (json.dumps({"participant": "x" * 61}).encode(), "60"),
        (json.dumps({"participant": "a\u202eb"}).encode(), "can't be shown"),
        (json.dumps({"participant": "a", "target": {"kind": "ftp"}}).encode(), "target"),
        (
            json.dumps({"participant": "a", "target": {"kind": "sagemaker", "endpoint": "e"}, "key": "k"}).encode(),
            "'key'",
        ),
        (b'{"participant": "' + b"x" * 70_000 + b'"}', "64 KiB"),
    ],
)
def test_every_error_has_one_shape(league: str, body: bytes, says: str) -> None:
    reply = post(league, body)
    assert reply.status_code in (400, 413) and list(reply.json()) == ["error"]
    assert says in reply.json()["error"]["message"] and reply.json()["error"]["message"].count("\n") == 0


def _submission_with(provenance: str) -> bytes:
    target = '{"kind": "sagemaker", "endpoint": "right-80"}'
    return f'{{"participant": "Eve", "target": {target}, "key": "k{"0" * 20}", "provenance": {provenance}}}'.encode()


@pytest.mark.parametrize(
    "provenance",
    ['{"a": NaN}', '{"a": -Infinity}', '{"a": 1e999}', '{"a": "\\ud800"}', '{"\\udfff": 1}', '{"a": ' + "[" * 5000],
)
def test_a_row_that_no_browser_could_read_never_gets_in(league: str, aws, provenance: str) -> None:
    reply = post(league, _submission_with(provenance))
    assert reply.status_code == 400 and "not JSON" in reply.json()["error"]["message"]
    assert requests.get(f"{league}/api/standings", timeout=10).status_code == 200


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    body=st.one_of(
        st.binary(max_size=200),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.integers() | st.text(st.characters(), max_size=20),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from("participant target kind endpoint model_id system key provenance".split())
                    | st.text(max_size=4),
                    inner,
                    max_size=8,
                )
            ),
            max_leaves=20,
        ).map(lambda value: json.dumps(value).encode("utf-8", "surrogatepass")),
    )
)
def test_no_body_makes_the_server_fail(league: str, body: bytes) -> None:
    reply = post(league, body)
    assert reply.status_code in (202, 400, 429), reply.text
    assert requests.get(f"{league}/api/standings", timeout=10).status_code == 200


def test_what_is_not_there_is_told_in_the_same_shape(league: str) -> None:
    for path in ("/api/submissions/nope", "/no/such/page"):
        reply = requests.get(league + path, timeout=10)
        assert reply.status_code == 404 and list(reply.json()) == ["error"]


def test_hostile_names_are_text_and_the_page_runs_no_foreign_script(league: str, aws) -> None:
    submit(league, aws, name="<script>alert(1)</script>")
    page = requests.get(f"{league}/", timeout=10)
    assert "alert(1)" not in page.text
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert "&lt;script&gt;" in client.standings(url=league)._repr_html_()


def test_a_league_that_cant_be_reached_or_is_none_is_told(aws, league: str, monkeypatch) -> None:
    monkeypatch.setattr(client.talking, "ATTEMPTS", 1)
    with pytest.raises(LeagueProblem, match="can't be reached"):
        client.standings(url=f"http://127.0.0.1:{free_port()}")


def test_practice_shows_every_verdict(aws, domain: Path) -> None:
    found = client.practice(aws, "right-60", domain, limit=10)
    assert found.score.wins == 6 and len(found.rows) == 10
    assert {"question", "answer", "reference_answer", "outcome", "reason"} <= found.rows[0].keys()


def test_a_server_that_is_stopped_ends_at_once_though_a_page_is_open(tmp_path: Path, domain: Path) -> None:
    info = process.start(tmp_path / "home", str(domain))
    with requests.get(f"{info.url}/api/stream", stream=True, timeout=20) as page:
        assert next(page.iter_lines()).startswith(b"data:")
        asked = time.monotonic()
        assert process.stop(tmp_path / "home")
        assert time.monotonic() - asked < 4, "it waited for the page to go away"
    assert "Traceback" not in "".join(p.read_text() for p in (tmp_path / "home").rglob("*.log"))
    local_aws.stop(tmp_path / "home")


def test_one_server_per_workspace_and_a_port_in_use_are_told(tmp_path: Path) -> None:
    with process.only_server(tmp_path):
        with pytest.raises(LeagueProblem, match="already"):
            with process.only_server(tmp_path):
                pass
    with process.only_server(tmp_path):
        pass


def test_a_phase_that_the_clock_brings_reaches_open_pages(tmp_path, domain, aws, serving, monkeypatch) -> None:
    from workshop_kit.league.event import EventSettings, Phase
    from workshop_kit.league.server import routes_public

    monkeypatch.setattr(routes_public, "KEEP_ALIVE", 0.3)
    soon = time.time() + 2.0
    settings = EventSettings(phases=(Phase("virtual", 0.0), Phase("freeze", soon)))
    with serving(tmp_path / "home", domain, aws, settings=settings) as url:
        with requests.get(f"{url}/api/stream", stream=True, timeout=20) as stream:
            seen = []
            for line in stream.iter_lines():
                if line.startswith(b"data:"):
                    seen.append(json.loads(line[5:])["phase"])
                if seen and seen[-1] == "freeze":
                    break
        assert seen[0] == "virtual" and time.time() >= soon
        with pytest.raises(LeagueProblem, match="no ranked submissions"):
            submit(url, aws)
        assert submit(url, aws, set="practice").state == "done"
