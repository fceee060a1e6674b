"""The whole server with every room, asked as its own schema says: no request breaks it, and no attendee's token reads
what is hidden. The addresses come from the schema, so a new one is asked without being named here."""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.worlds.bicycles import write_domain
from tests.worlds.models import NoModels
from tests.worlds.serving import running
from workshop_kit.bench.league.processes import new_database
from workshop_kit.league.answer import Answer
from workshop_kit.league.event import EventSettings
from workshop_kit.league.process import ROOMS
from workshop_kit.league.server import build_app
from workshop_kit.league.store import hidden, open_database, scoring, submissions, teams, tokens
from workshop_kit.league.store.appeals import appeal
from workshop_kit.league.store.events import open_event
from workshop_kit.league.store.references import keep_reference_answer
from workshop_kit.league.store.submissions import StoredVerdict
from workshop_kit.records import content_id

METHODS = ("get", "post", "put", "patch", "delete")
MARKS = {"p": "OPEN", "h": "HIDDEN"}


def question(n: int, kind: str) -> dict[str, Any]:
    mark = MARKS[kind]
    return {
        "id": f"{kind}{n:02d}", "topic": "bikes", "question": f"{mark}-QUESTION-{n} what does frame {n} cost?",
        "reference_answer": f"{mark}-REFERENCE-{n} ${100 + n}.", "style": "simple",
        "key_facts": [{"fact": f"{mark}-FACT-{n}", "any_of": [f"${100 + n}"]}],
    }  # fmt: skip


@dataclass
class Event:
    """A running event with two teams: Ada's token asks, Bob's things must stay his."""

    url: str
    tokens: dict[str, str | None]
    ids: dict[str, str]
    secrets: dict[str, str] = field(default_factory=dict)  # what must not be told -> what it is
    database: Any = None

    def ask(self, method: str, path: str, token: str | None = None, **more: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return requests.request(method, self.url + path, headers=headers, timeout=30, allow_redirects=False, **more)

    def spec(self) -> dict[str, Any]:
        return requests.get(f"{self.url}/api/openapi.json", timeout=30).json()


def judged(database: Any, team: str, key: str, set: str, kind: str, mark: str) -> str:
    """A submission of the team, judged: its answers and the judge's reasons bear the mark."""
    with database.write() as connection:
        target = {"kind": "sagemaker", "endpoint": f"{mark}-ENDPOINT", "system": f"{mark}-SYSTEM"}
        entry = submissions.submit(connection, team, set=set, target=target, provenance={"job": f"{mark}-JOB"}, key=key)
        submissions.begin(connection, entry.id, ["toy.judge-v1:0"], "toy.reference-v1:0", "s")
        for n in range(6):
            submissions.keep_answer(
                connection, entry.id, f"{kind}{n:02d}", Answer(f"{mark}-ANSWER-{n}", None, None, 0.1)
            )
            told = StoredVerdict(
                f"{kind}{n:02d}", "toy.judge-v1:0", "win", "candidate", "candidate", 9, 9, 8.0, 2.0, {}, [],
                f"{mark}-REASON-{n}",
            )  # fmt: skip
            submissions.add_verdict(connection, entry.id, told)
        scoring.end(connection, entry.id)
    return entry.id


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def event(request, tmp_path_factory) -> Iterator[Event]:
    home: Path = tmp_path_factory.mktemp("event")
    folder = write_domain(home, question, count=6)
    where = new_database(request.getfixturevalue("postgres_server")) if request.param == "postgres" else None
    # The hidden questions are the event's own: in its database, where another table's rows are read from too.
    store = open_database(where or home / "home" / "league" / "league.sqlite")
    with store.write() as connection:
        open_event(connection, "bicycle-library", EventSettings(access="codes"))
        hidden.replace(connection, [question(n, "h") for n in range(6)], "Olga")
    store.close()
    (folder / "hidden_questions.jsonl").unlink()
    wide = {"submissions": "100000/minute", "writes": "100000/minute", "wrong codes": "100000/minute"}
    app = build_app(
        home / "home", str(folder), NoModels(), database=where, judging=False, limits=wide,
        settings=EventSettings(access="codes"), rooms=tuple(importlib.import_module(name).routes for name in ROOMS),
    )  # fmt: skip
    database = app.state.context.database
    told: dict[str, str | None] = {"nobody": None}
    ids, secrets = {}, {}
    with database.write() as connection:
        for name in ("Ada", "Bob", "Zoe"):
            team = teams.named(connection, name)
            ids[name] = team.id
            told[name] = tokens.issue(connection, "attendee", team.id, name)
            secrets[tokens.new_code(connection, team.id)] = f"{name}'s join code"
        told["organizer"] = tokens.issue(connection, "organizer", None, "Olga")
        told["expert"] = tokens.issue(connection, "judge", None, "Erik")
        told["revoked"] = tokens.issue(connection, "attendee", ids["Ada"], "Old")
        tokens.revoke(connection, token_id=tokens.identify(connection, told["revoked"]).token_id)
        teams.disable(connection, ids["Zoe"], True, "Olga")
        for n in range(6):
            asked = content_id(f"HIDDEN-QUESTION-{n} what does frame {n} cost?")
            keep_reference_answer(connection, "toy.reference-v1:0", asked, Answer(f"HIDDEN-REPLY-{n}"))
    ids["ranked"] = judged(database, ids["Bob"], "bob-ranked", "ranked", "h", "BOB")
    ids["practice"] = judged(database, ids["Bob"], "bob-practice", "practice", "p", "BOB")
    ids["own ranked"] = judged(database, ids["Ada"], "ada-ranked", "ranked", "h", "ADARANKED")
    ids["own practice"] = judged(database, ids["Ada"], "ada-practice", "practice", "p", "ADA")
    with database.write() as connection:
        ids["appeal"] = appeal(connection, ids["Bob"], ids["ranked"], "BOB-APPEAL").id
    for mark in ("HIDDEN-", "BOB-", "ADARANKED-ANSWER", "ADARANKED-REASON"):
        secrets[mark] = "hidden, or another team's"
    for name, token in told.items():
        if token:
            secrets[token] = f"the token of {name}"
            secrets[tokens.hashed(token)] = f"the hash of the token of {name}"
    with running(app) as url:
        yield Event(url, told, ids, secrets, database)


def operations(spec: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, told)
        for path, methods in sorted(spec["paths"].items())
        for method, told in methods.items()
        if method in METHODS and not path.endswith("stream")
    ]


def filled(event: Event, path: str) -> list[str]:
    """A path with everything that could stand in it: ids of both teams, questions, names."""
    found = [path]
    for name in re.findall(r"{(\w+)}", path):
        values = [*event.ids.values(), "h00", "p00", "1", "01_dataset_generation", "stage", "director"]
        found = [one.replace("{" + name + "}", value) for one in found for value in values]
    return found


@pytest.mark.parametrize("who", ["Ada", "nobody", "revoked", "Zoe", "expert"])
def test_no_attendee_reads_what_is_hidden(event: Event, who: str) -> None:
    token, asked = event.tokens[who], 0
    own = {token, tokens.hashed(token)} if token else set()
    spec = event.spec()
    for path, method, _ in operations(spec):
        if method != "get":
            continue
        for address in filled(event, path):
            reply = event.ask("get", address, token)
            asked += 1
            assert reply.status_code < 500, f"{address}: {reply.text[:200]}"
            for secret, what in event.secrets.items():
                # An expert may look at practice answers of any team, to vote on them.
                if secret not in own and not (who == "expert" and secret == "BOB-"):
                    assert secret not in reply.text, f"{who} reads {what} at {address}: {reply.text[:300]}"
    assert asked > 60
    for page in ("/", "/organizer", "/classroom", "/finale/stage", "/finale/director"):
        text = event.ask("get", page, token).text
        assert not [what for secret, what in event.secrets.items() if secret in text and secret not in own]


def test_the_organizer_reads_what_the_others_must_not(event: Event) -> None:
    """So the search above looks where there is something to find."""
    seen = ""
    for path, method, _ in operations(event.spec()):
        if method == "get":
            seen += "".join(
                event.ask("get", address, event.tokens["organizer"]).text for address in filled(event, path)
            )
    assert all(mark in seen for mark in ("HIDDEN-QUESTION-3", "HIDDEN-REPLY-3", "BOB-ANSWER-3", "BOB-APPEAL"))
    assert not [
        what for secret, what in event.secrets.items() if secret in seen and ("token" in what or "code" in what)
    ]


def test_streams_tell_no_more_than_pages(event: Event) -> None:
    for path in [path for path in event.spec()["paths"] if path.endswith("stream")]:
        headers = {"Authorization": f"Bearer {event.tokens['Ada']}"}
        with requests.get(event.url + path, headers=headers, stream=True, timeout=20) as reply:
            text = next(reply.iter_lines(), b"").decode() if reply.status_code == 200 else reply.text
        assert not [what for secret, what in event.secrets.items() if secret in text], path


@pytest.mark.parametrize("who", ["Ada", "nobody", "revoked", "expert"])
def test_nobody_else_does_what_is_the_organizers(event: Event, who: str) -> None:
    """Every changing address that the organizer alone may use refuses before it looks at the body."""
    spec = event.spec()
    allowed = {"expert": {"/api/organizer/submissions/{id}/votes"}}.get(who, set())
    theirs = [(p, m) for p, m, _ in operations(spec) if p.startswith("/api/organizer") and p not in allowed]
    assert len(theirs) >= 20
    for path, method in theirs:
        if who == "expert" and method == "get" and path.endswith("/pairs"):
            continue
        reply = event.ask(method, filled(event, path)[0].replace("{id}", "x").replace("{question}", "h00"),
                          event.tokens[who], json={} if method != "get" else None)  # fmt: skip
        assert reply.status_code in (400, 401, 403), f"{method} {path}: {reply.status_code} {reply.text[:200]}"
        if reply.status_code == 400:
            # FastAPI reads a body before it asks who is there; a right body must be refused all the same.
            assert method != "get"


def test_an_attendee_sees_their_own_and_only_so_far(event: Event) -> None:
    ada = event.tokens["Ada"]
    assert event.ask("get", f"/api/submissions/{event.ids['own ranked']}", ada).json()["score"]["wins"] == 6
    rows = event.ask("get", f"/api/submissions/{event.ids['own practice']}/verdicts", ada).json()["rows"]
    assert len(rows) == 6 and "OPEN-QUESTION" in rows[0]["question"] and "ADA-ANSWER" in rows[0]["answer"]
    for name, status in (("own ranked", 403), ("ranked", 404), ("practice", 404)):
        assert event.ask("get", f"/api/submissions/{event.ids[name]}/verdicts", ada).status_code == status
    assert event.ask("post", f"/api/submissions/{event.ids['ranked']}/retry", ada).status_code == 404
    body = {"submission": event.ids["ranked"]}
    assert event.ask("post", "/api/me/choice", ada, json=body).status_code == 404
    assert event.ask("post", "/api/appeals", ada, json=body | {"text": "mine"}).status_code == 404
    assert event.ask("get", "/api/appeals", ada).json() == {"appeals": []}


def test_another_teams_name_does_not_help(event: Event) -> None:
    body = {
        "participant": "Bob", "key": "not-mine-00", "target": {"kind": "sagemaker", "endpoint": "e"},
    }  # fmt: skip
    assert event.ask("post", "/api/submissions", event.tokens["Ada"], json=body).status_code == 403
    assert event.ask("post", "/api/submissions", None, json=body).status_code == 401
    assert event.ask("post", "/api/submissions", event.tokens["Zoe"], json=body).status_code == 401


nasty = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), st.text(max_size=40),
    st.sampled_from(["\x00", "\ud800", "é" * 5000, "../../x", "' OR 1=1 --", "A", "1", 10**400, [], {}, [[[[]]]]]),
)  # fmt: skip


@settings(max_examples=250, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_fields_of_any_kind_never_break_the_server(event: Event, data) -> None:
    spec = event.spec()
    path, method, told = data.draw(st.sampled_from(operations(spec)))
    schema = told.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    fields = spec["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]["properties"] if "$ref" in schema else {}
    body = {name: data.draw(nasty) for name in fields if data.draw(st.booleans())}
    query = {
        one["name"]: data.draw(st.text(max_size=20) | st.integers().map(str))
        for one in told.get("parameters", ())
        if one["in"] == "query" and data.draw(st.booleans())
    }
    address = data.draw(st.sampled_from(filled(event, path)))
    who = data.draw(st.sampled_from(["nobody", "Ada", "organizer", "expert"]))
    token = event.tokens[who]
    reply = event.ask(
        method, address, token, params=query, data=json.dumps(body).encode() if fields else None,
    ) if not fields else requests.request(
        method, event.url + address, params=query, data=json.dumps(body).encode(), timeout=30, allow_redirects=False,
        headers={"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {}),
    )  # fmt: skip
    assert reply.status_code < 500, f"{method} {address} {query} {body}: {reply.text[:300]}"
    if who in ("nobody", "Ada"):
        told = [what for secret, what in event.secrets.items() if secret in reply.text and secret != token]
        assert not told, f"{who} reads {told} at {method} {address} {body}: {reply.text[:300]}"
    if reply.status_code >= 400:
        told = reply.json()
        assert list(told) == ["error"] and "\n" not in told["error"]["message"]


@pytest.mark.slow
@pytest.mark.parametrize("who", ["nobody", "Ada", "organizer"])
def test_requests_made_from_the_schema_never_break_the_server(event: Event, who: str) -> None:
    schemathesis = pytest.importorskip("schemathesis")
    from schemathesis.checks import not_a_server_error

    headers = {"Authorization": f"Bearer {event.tokens[who]}"} if event.tokens[who] else {}
    schema = schemathesis.openapi.from_url(f"{event.url}/api/openapi.json")
    # The rooms' own tests fuzz the rooms; signing out is no use to the requests that follow.
    schema = schema.exclude(path_regex="stream$|/class/|/finale/|^/finale|^/classroom")
    found = [one.ok() for one in schema.get_all_operations()]
    assert len(found) >= 30
    for operation in found:

        @settings(max_examples=12, suppress_health_check=list(HealthCheck), database=None)
        @given(case=operation.as_strategy())
        def sends(case) -> None:
            reply = case.call(headers=headers, timeout=30)
            case.validate_response(reply, checks=(not_a_server_error,))

        sends()
    assert event.ask("get", "/api/standings").status_code == 200
