"""Rows that mean the same, what each service takes, and a test that nothing leaks into."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workshop_kit.errors import BadInput, MissingExtra
from workshop_kit.records import Dataset, Example
from workshop_kit.review import load_split, review, split
from workshop_kit.review.limits import LIMITS, check_limits
from workshop_kit.review.semantic import embedder, semantic_clusters

FEE = "The fee for a camping pass in Calder is $12."
ROWS = (
    Example("How long is the wait for a camping pass in Calder?", "You wait five days."),
    Example("Hey there, how long must I wait for a camping pass in Calder?", "You wait five days."),
    Example("What is the fee for a camping pass in Calder?", FEE),
    Example("How long is the wait for a camping pass in Norvale?", "You wait five days."),
    Example("How long is the wait for a camping pass in Calder, please?", "You wait ten days."),
)


def many(count: int) -> Dataset:
    return Dataset(
        tuple(
            Example(f"What does permit {n} cost?", f"Permit {n} costs ${n}.", topic=f"t{n % 5}") for n in range(count)
        )
    )


def test_rewordings_are_found_and_other_facts_are_not():
    clusters = semantic_clusters(ROWS)
    assert [cluster.rows for cluster in clusters] == [(0, 1)]
    assert semantic_clusters(ROWS, without=[1]) == () and semantic_clusters(ROWS[:1]) == ()


def test_the_review_shows_rewordings_and_keeps_them():
    found = review(Dataset(ROWS))
    assert [cluster.rows for cluster in found.rephrased] == [(0, 1)]
    assert len(found.clean()) == 5
    assert "rephrased" in set(found.duplicates_frame()["kind"])


def test_an_embedding_model_can_take_the_place_of_tfidf():
    asked = []

    def embed(texts):
        asked.extend(texts)
        return np.array([[1.0, 0.0] if "wait" in text else [0.0, 2.0] for text in texts])

    assert [c.rows for c in semantic_clusters(ROWS, 0.9, embed=embed)] == [(0, 1)]
    assert len(asked) == 5
    try:
        import model2vec  # noqa: F401
    except ImportError:
        with pytest.raises(MissingExtra, match=r"workshop-kit\[embeddings\]"):
            embedder()


@settings(max_examples=50)
@given(st.lists(st.tuples(st.text(max_size=30), st.text(max_size=10)), max_size=8))
def test_any_text_can_be_compared(pairs):
    rows = [Example(question, answer) for question, answer in pairs]
    for cluster in semantic_clusters(rows):
        assert len(cluster.rows) > 1 and cluster.survivor in cluster.rows


@pytest.mark.parametrize(("service", "rows", "code"), [("nova-sft", 7, "too-few-rows"), ("rft", 99, "too-few-rows"),
                                                       ("nova-sft", 20_001, "too-many-rows")])  # fmt: skip
def test_a_service_takes_so_many_rows_and_no_more(service, rows, code):
    (found,) = check_limits(many(rows), service)
    assert (found.severity, found.code) == ("error", code) and f"{rows:,}" in found.message


def test_on_the_bound_is_inside_it():
    for service, limits in LIMITS.items():
        assert not list(check_limits(many(limits.least), service))
    assert not list(check_limits(many(20_000), "rft"))


def test_rows_too_long_for_the_service_are_named_with_their_line(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text(
        '{"instruction": "a?", "response": "b."}\n\n{"instruction": "c?", "response": "%s"}\n' % ("word " * 1200)
    )
    found = [f for f in review(path, service="jumpstart").findings if f.code == "too-long-for-service"]
    assert [f.line for f in found] == [3] and found[0].example_id
    with pytest.raises(BadInput, match="no service 'gpt'"):
        review(path, service="gpt")


@settings(max_examples=40)
@given(
    words=st.lists(st.sampled_from(["fee", "office", "wait", "paper"]), min_size=6, max_size=40),
    validation=st.sampled_from([0.1, 0.25]), test=st.sampled_from([0.1, 0.3]), seed=st.integers(0, 3),
)  # fmt: skip
def test_nothing_leaks_and_nothing_is_lost(words, validation, test, seed):
    rows = tuple(
        Example(f"What is the {word} of permit {n // 2}?", f"It is {word} {n // 2}.", topic=word)
        for n, word in enumerate(words)
    )
    try:
        made = split(Dataset(rows), validation, seed, test_ratio=test)
    except BadInput:
        assert len({row.id for row in rows}) < 6
        return
    assert made.leaks() == 0 and len(made.validation) and len(made.test)
    key = lambda e: (e.instruction, e.response)  # noqa: E731
    assert sorted((*made.train, *made.validation, *made.test), key=key) == sorted(rows, key=key)
    assert made == split(Dataset(rows), validation, seed, test_ratio=test)


def test_a_leak_into_the_test_is_counted():
    from dataclasses import replace

    made = split(many(50), 0.1, 0, test_ratio=0.1)
    assert made.leaks() == 0 and (len(made.train), len(made.validation), len(made.test)) == (40, 5, 5)
    leaky = replace(made, test=Dataset((*made.test, made.validation.examples[0], made.train.examples[0])))
    assert leaky.leaks() == 2


def test_three_parts_are_saved_and_read_back(tmp_path):
    made = split(many(50), 0.1, 0, test_ratio=0.2)
    made.save(tmp_path)
    again = load_split(tmp_path)
    assert again.provenance_id == made.provenance_id and len(again.test) == 10
    assert again.source == many(50).provenance_id
    (tmp_path / "test" / "test.jsonl").write_text('{"instruction": "x", "response": "y"}\n')
    with pytest.raises(BadInput, match="were changed"):
        load_split(tmp_path)


@pytest.mark.parametrize("ratio", [-0.1, 0.95, float("nan")])
def test_a_ratio_that_leaves_nothing_to_train_on_is_refused(ratio):
    with pytest.raises(BadInput, match="test_ratio"):
        split(many(20), 0.1, 0, test_ratio=ratio)
