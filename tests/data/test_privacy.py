"""Private text is found by its form, shown without being repeated, masked the same way everywhere, and not uploaded."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workshop_kit import formats
from workshop_kit.errors import BadInput, MissingExtra
from workshop_kit.records import Dataset, Example
from workshop_kit.review.patterns import iban, luhn
from workshop_kit.review.privacy import find_private, require_yes

DATASETS = Path(__file__).resolve().parents[2] / "datasets" / "tiny"


def found(text: str) -> list[tuple[str, str]]:
    return [(s.kind, s.text) for s in find_private(Dataset((Example(text, "yes"),))).sightings]


@pytest.mark.parametrize(
    ("text", "kind", "private"),
    [
        ("write to ada.byron+x@mail.example.org, please", "email", "ada.byron+x@mail.example.org"),
        ("call +1 (555) 123-4567 today", "phone", "+1 (555) 123-4567"),
        ("call 030 1234 5678 today", "phone", "030 1234 5678"),
        ("or +4930123456 at night", "phone", "+4930123456"),
        ("card 4111-1111-1111-1111, exp 12/29", "card", "4111-1111-1111-1111"),
        ("SSN: 123-45-6789", "id-number", "123-45-6789"),
        ("pay to DE89 3704 0044 0532 0130 00 now", "iban", "DE89 3704 0044 0532 0130 00"),
        ("from 10.20.30.40 at noon", "ip-address", "10.20.30.40"),
        ("I live at 12 North Main Street, Apt 4.", "address", "12 North Main Street, Apt 4"),
        ("ask Dr. Grace Hopper about it", "name", "Grace Hopper"),
        ("Hello, my name is José Núñez and I", "name", "José Núñez"),
        ("key AKIAIOSFODNN7EXAMPLE here", "aws-key", "AKIAIOSFODNN7EXAMPLE"),
        ("secret wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY.", "aws-secret", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        ("db at postgres://bob:s3cr3tpw@db.example.org/x", "url-password", "s3cr3tpw"),
        ('{"password": "hunter2!x"}', "password", "hunter2!x"),
        ("Authorization: Bearer abc123DEF456ghi789JKL0", "token", "abc123DEF456ghi789JKL0"),
        ("token ghp_" + "a1B2" * 9, "token", "ghp_" + "a1B2" * 9),
    ],
)
def test_each_kind_is_found_where_it_stands(text, kind, private):
    assert (kind, private) in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "The fee is $1,250 and the wait is 10-14 days.",
        "Form 4111 1111 1111 1112 is no card: its check digit is wrong.",
        "In 2024 the office moved; open 9-12 and 13-17.",
        "The password is important and the secret is safe.",
        "Version 1.2.3.4000 and 127.0.0.1 and 192.0.2.7 are nobody's.",
        "000-12-3456 and 666-12-3456 were never given out.",
        "Main Street is closed. The Grand Avenue Hotel has 12 Rooms.",
        "password: {PASSWORD} or password=$SECRET_VALUE",
        "A long hash: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "Dr and Mr are titles; regards, the office",
    ],
)
def test_ordinary_text_is_left_alone(text):
    assert not found(text)


@pytest.mark.parametrize("name", ["state-local-services", "insurance-underwriting"])
def test_the_shipped_rows_hold_nothing_private(name):
    assert not len(find_private(formats.read_dataset(DATASETS / name / "examples.jsonl")))


PLANTED = st.sampled_from([
    "ada@example.org", "x.y-z@sub.example.co.uk", "AKIAIOSFODNN7EXAMPLE", "123-45-6789", "GB82 WEST 1234 5698 7654 32",
    "+1 555 123 4567", "5500 0055 5555 5559",
])  # fmt: skip


@settings(max_examples=200)
@given(before=st.text(max_size=40), planted=PLANTED, after=st.text(max_size=40))
def test_what_is_planted_is_found_and_gone_after_masking(before, planted, after):
    rows = Dataset((Example(f"{before} \n{planted}\n {after}", f"It is {planted} ."),))
    private = find_private(rows)
    masked = private.mask()
    assert planted not in masked.dataset.examples[0].instruction + masked.dataset.examples[0].response
    assert not [s for s in find_private(masked.dataset).sightings if s.text in planted], "masking was not complete"


@settings(max_examples=100)
@given(st.lists(st.tuples(st.text(max_size=80), st.text(max_size=40)), max_size=5))
def test_any_text_is_taken_and_sightings_point_at_their_text(pairs):
    rows = Dataset(tuple(Example(q, a) for q, a in pairs))
    private = find_private(rows)
    for s in private.sightings:
        assert getattr(rows.examples[s.row], s.field)[s.start : s.end] == s.text
    assert private.mask().dataset == private.mask().dataset and private._repr_html_()


def test_luhn_and_iban_turn_wrong_digits_down():
    assert luhn("4111 1111 1111 1111") and not luhn("4111 1111 1111 1112") and not luhn("0000000000000000")
    assert iban("GB82 WEST 1234 5698 7654 32") and not iban("GB82 WEST 1234 5698 7654 33")


def test_one_text_has_one_placeholder_everywhere():
    rows = Dataset((Example("I am ada@x.org", "Hello ada@x.org and bob@x.org"), Example("bob@x.org?", "ada@x.org")))
    masked = find_private(rows).mask()
    assert [(e.instruction, e.response) for e in masked.dataset] == [
        ("I am [EMAIL_1]", "Hello [EMAIL_1] and [EMAIL_2]"),
        ("[EMAIL_2]?", "[EMAIL_1]"),
    ]
    assert masked.replaced == {"email": 2} and find_private(rows).mask(keep=["email"]).dataset == rows


def test_showing_it_does_not_repeat_it():
    rows = Dataset((Example("<b>I</b> am ada@x.org with hunter22 as password: hunter22!", "ok"),))
    private = find_private(rows)
    for shown in (private._repr_html_(), private.to_frame().to_string()):
        assert "ada@x.org" not in shown and "hunter22!" not in shown and "<b>I</b>" not in shown


def test_an_upload_needs_a_yes():
    rows = Dataset((Example("a?", "b."), Example("I am ada@x.org", "Hello")), "rows")
    with pytest.raises(BadInput, match=r"1 email; first in row 2, field 'instruction'.*private_ok=True"):
        require_yes(find_private(rows))
    require_yes(find_private(rows), yes=True)
    require_yes(find_private(Dataset(rows.examples[:1])))


def test_presidio_takes_the_place_of_the_patterns_but_not_of_the_search_for_secrets():
    analyzer = SimpleNamespace(
        analyze=lambda text, language: [SimpleNamespace(start=0, end=3, entity_type="PERSON", score=0.85)]
    )
    rows = Dataset((Example("Ada has AKIAIOSFODNN7EXAMPLE", "Yes"),))
    private = find_private(rows, engine=analyzer)
    assert {(s.kind, s.text) for s in private.sightings} == {
        ("aws-key", "AKIAIOSFODNN7EXAMPLE"), ("name", "Ada"), ("name", "Yes"),
    }  # fmt: skip
    try:
        import presidio_analyzer  # noqa: F401
    except ImportError:
        with pytest.raises(MissingExtra, match=r"workshop-kit\[privacy\]"):
            find_private(rows, engine="presidio")


@pytest.mark.parametrize("piece", ["a", "1 ", "a.a@", "-----BEGIN PRIVATE KEY-----", "A1 ", "1-", "Mr A", "http://a:",
                                   "12 North Aa ", "eyJ", "+1 (2", "GB82 ", "password: "])  # fmt: skip
def test_hostile_text_takes_time_in_proportion(piece):
    import time

    def seconds(length: int) -> float:
        text = (piece * (length // len(piece) + 1))[:length]
        started = time.perf_counter()
        find_private(Dataset((Example(text, "b"),)))
        return time.perf_counter() - started

    seconds(1000)
    short, long = min(seconds(20_000) for _ in range(3)), min(seconds(160_000) for _ in range(3))
    # Eight times the text: in proportion would be 8, in its square 64.
    assert long < 30 * max(short, 0.002)


KEY = (
    "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0A1B\n\nMIIEow{}\n"
    "-----END RSA PRIVATE KEY-----"
)


@pytest.mark.parametrize(
    "text",
    [
        KEY.format("IBAAKCAQEA7x" * 20),
        "-----BEGIN PRIVATE KEY-----\nMIIEvQ: odd, but a key\nabc123",
        "-----BEGIN OPENSSH PRIVATE KEY-----\\nb3BlbnNzaC1rZXk\\n(cut off here)",
    ],
)
def test_a_private_key_is_masked_to_its_end_whatever_stands_in_it(text):
    masked = find_private(Dataset((Example("My key:", text),))).mask().dataset.examples[0].response
    assert masked == "[PRIVATE_KEY_1]", masked


@pytest.mark.parametrize("after", [" 123", ", CVV 123", " 04/27", "  exp 0427", ""])
@pytest.mark.parametrize("card", ["4111 1111 1111 1111", "4111-1111-1111-1111", "3782 822463 10005"])
def test_a_card_is_found_with_its_check_code_or_expiry_behind_it(card, after):
    found = find_private(Dataset((Example("I paid by card", f"with {card}{after} yesterday"),)))
    assert [(s.kind, s.text) for s in found.sightings if s.kind == "card"] == [("card", card)]


def test_the_system_prompt_is_searched_masked_and_stops_an_upload():
    dataset = Dataset((Example("What is it?", "It is 9."),), system="You work for jane.doe@example.org.")
    found = find_private(dataset)
    assert [(s.kind, s.place) for s in found.sightings] == [("email", "the system prompt")]
    assert found.mask().dataset.system == "You work for [EMAIL_1]."
    assert found.to_frame()["row"].tolist() == [0] and "system" in found._repr_html_()
    with pytest.raises(BadInput, match="first in the system prompt"):
        require_yes(found)
