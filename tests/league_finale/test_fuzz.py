"""Whatever is sent to the finale's addresses, the answer is an answer: never a 500, never a question ahead of time."""

from __future__ import annotations

import json

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("schemathesis")

METHODS = ("get", "post", "put", "patch", "delete")
nasty = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), st.text(max_size=40),
    st.sampled_from(["\x00", "\ud800", "é" * 5000, "../../x", "' OR 1=1 --", "A", "1", 10**400, [], {}, [[[[]]]]]),
)  # fmt: skip


@pytest.fixture(scope="module")
def spec(shared) -> dict:
    return requests.get(f"{shared.url}/api/openapi.json", timeout=20).json()


def addresses(spec: dict) -> list[tuple[str, str, dict]]:
    found = []
    for path, methods in spec["paths"].items():
        if "finale" in path and not path.endswith("stream"):
            found += [(path, method, told) for method, told in methods.items() if method in METHODS]
    return found


def body_schema(spec: dict, told: dict) -> dict:
    wanted = told.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    return spec["components"]["schemas"][wanted["$ref"].rsplit("/", 1)[1]] if "$ref" in wanted else {}


def test_every_address_of_the_finale_says_what_it_takes(spec) -> None:
    found = addresses(spec)
    assert len(found) >= 28
    for path, method, told in found:
        if method in ("post", "put") and not path.endswith("device"):
            assert body_schema(spec, told).get("additionalProperties") is False, f"{method} {path}"


@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_fields_of_any_kind_never_break_the_server(playing, spec, data) -> None:
    if not getattr(playing, "fuzzed", None):
        director = playing.create(rounds=3, seconds=600)
        playing.fuzzed = {"": playing.token, "c": director.seat("Cy"), "e": director.seat("Expert", expert=True)}
        director.open(1)
    path, method, told = data.draw(st.sampled_from(addresses(spec)))
    fields = body_schema(spec, told).get("properties", {})
    body = {name: data.draw(nasty) for name in fields if data.draw(st.booleans())}
    right = {"round": 1, "letter": "A", "score": 5, "reason": "so", "key": "k" * 20, "step": 1, "seconds": 20}
    body |= {name: right[name] for name in fields if name in right and data.draw(st.booleans())}
    address = path.replace("{id}", "x1").replace("{name}", data.draw(st.sampled_from(["stage", "%00", "..", "é"])))
    token = data.draw(st.sampled_from(sorted(playing.fuzzed.values())))
    reply = requests.request(
        method,
        f"{playing.url}{address}",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json", "Authorization": f"Bearer {token}"},
        allow_redirects=False,
        timeout=20,
    )
    assert reply.status_code < 500, f"{method} {address} {body}: {reply.text[:300]}"
    if reply.status_code >= 400:
        assert reply.json()["error"]["message"].endswith(".")
        assert "SECRET" not in reply.text


@pytest.mark.slow
@pytest.mark.parametrize("role", ["organizer", "contestant", "expert", "nobody"])
def test_requests_made_from_the_schema_never_break_the_server(fresh, role: str) -> None:
    import schemathesis
    from schemathesis.checks import not_a_server_error

    director = fresh.create(rounds=3, seconds=600)
    director.open(1)
    tokens = {"organizer": fresh.token, "contestant": director.seat("Cy"), "nobody": None}
    tokens["expert"] = director.seat("Expert", expert=True)
    headers = {"Authorization": f"Bearer {tokens[role]}"} if tokens[role] else {}
    schema = schemathesis.openapi.from_url(f"{fresh.url}/api/openapi.json")
    schema = schema.include(path_regex="finale").exclude(path_regex="stream$")
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) >= 28
    for operation in operations:

        @settings(max_examples=25, suppress_health_check=list(HealthCheck), database=None)
        @given(case=operation.as_strategy())
        def sends(case) -> None:
            reply = case.call(headers=headers, timeout=20)
            case.validate_response(reply, checks=(not_a_server_error,))

        sends()
    assert fresh.director.view().told["finale"]
