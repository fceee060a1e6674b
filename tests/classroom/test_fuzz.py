"""Whatever is sent to the classroom's addresses, the answer is an answer: never a 500, never what is not released."""

from __future__ import annotations

import json

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

METHODS = ("get", "post", "put", "patch", "delete")
nasty = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), st.text(max_size=40),
    st.sampled_from(["\x00", "\ud800", "é" * 5000, "../../x", "' OR 1=1 --", "review", "1", 10**400, [], {}, [[[[]]]]]),
)  # fmt: skip
RIGHT = {
    "step": "review", "minutes": 5, "text": "x", "team": None, "open": True, "released": False, "stuck": True,
    "reports": [{"key": "a" * 16, "step": "review", "kind": "check", "ok": False}], "anonymous": "0" * 32,
    "teams": [{"name": "Fuzz", "members": [{"name": "A"}], "code": "x"}], "failed": 3, "times": 2.0,
}  # fmt: skip


@pytest.fixture(scope="module")
def fuzzed(served):
    room = served()
    room.spec = requests.get(f"{room.url}/api/openapi.json", timeout=20).json()
    room.tokens = [None, room.organizer, room.member()]
    return room


def addresses(spec: dict) -> list[tuple[str, str, dict]]:
    return [
        (path, method, told)
        for path, methods in spec["paths"].items()
        if path.startswith("/api/class") and not path.endswith("stream")
        for method, told in methods.items()
        if method in METHODS
    ]


def schema_of(spec: dict, told: dict) -> dict:
    wanted = told.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    return spec["components"]["schemas"][wanted["$ref"].rsplit("/", 1)[1]] if "$ref" in wanted else {}


def test_every_address_says_what_it_takes(fuzzed) -> None:
    found = addresses(fuzzed.spec)
    assert len(found) >= 17
    for path, method, told in found:
        if told.get("requestBody"):
            assert schema_of(fuzzed.spec, told).get("additionalProperties") is False, f"{method} {path}"


@settings(max_examples=300, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_fields_of_any_kind_never_break_the_server(fuzzed, data) -> None:
    path, method, told = data.draw(st.sampled_from(addresses(fuzzed.spec)))
    fields = schema_of(fuzzed.spec, told).get("properties", {})
    body = {name: data.draw(nasty) for name in fields if data.draw(st.booleans())}
    body |= {name: RIGHT[name] for name in fields if name in RIGHT and data.draw(st.booleans())}
    part = data.draw(st.sampled_from(["review", "submission", "x1", "%00", "..", "é", "a" * 300]))
    address = path.replace("{id}", part).replace("{step}", part)
    if method == "get":
        address += data.draw(
            st.sampled_from(["", "?after=-5", "?wait=nan&after=1", "?fresh=x", "?after=99999999999999999999"])
        )
    token = data.draw(st.sampled_from(fuzzed.tokens))
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    reply = requests.request(
        method,
        f"{fuzzed.url}{address}",
        data=json.dumps(body).encode() if fields else None,
        headers=headers,
        timeout=20,
    )
    assert reply.status_code < 500, f"{method} {address} {body}: {reply.text[:300]}"
    if reply.status_code >= 400:
        assert reply.json()["error"]["message"].endswith(".")


@pytest.mark.slow
@pytest.mark.parametrize("role", [0, 1, 2])
def test_requests_made_from_the_schema_never_break_the_server(fuzzed, role: int) -> None:
    schemathesis = pytest.importorskip("schemathesis")
    from schemathesis.checks import not_a_server_error

    token = fuzzed.tokens[role]
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    schema = schemathesis.openapi.from_url(f"{fuzzed.url}/api/openapi.json")
    schema = schema.include(path_regex="^/api/class").exclude(path_regex="stream$")
    for operation in [found.ok() for found in schema.get_all_operations()]:

        @settings(max_examples=20, suppress_health_check=list(HealthCheck), database=None)
        @given(case=operation.as_strategy())
        def sends(case) -> None:
            reply = case.call(headers=headers, timeout=60)
            case.validate_response(reply, checks=(not_a_server_error,))

        sends()
