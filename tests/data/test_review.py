# ruff: noqa: E501  (one shape or row per line reads better than a wrapped table)
"""Review: each fault in a row is found, only safe mends are made, duplicates cluster, and no split leaks."""

import random
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workshop_kit import formats
from workshop_kit.errors import BadInput, NotYet
from workshop_kit.records import Dataset, Example
from workshop_kit.review import load_split, review, split
from workshop_kit.review.duplicates import jaccard, shingles, similar_pairs

Q, A = "How long is a loan?", "A loan lasts four days."


def dataset(*pairs: tuple[str, str]) -> Dataset:
    return Dataset(tuple(Example(q, a) for q, a in pairs), "rows")


ODD_ROWS = {
    "special-token": (Q, "Four days.<|eot_id|>", "error", "response", "Four days."),
    "invisible": ("How\u200b long?", A, "warning", "instruction", "How long?"),
    "label": (Q, "**Answer:** Four days.", "warning", "response", "Four days."),
    "fence": (Q, "```text\nFour days.\n```", "warning", "response", "Four days."),
    "artefact": (Q, "Four days.\n### Response\nMore.", "warning", "response", None),
    "reserved": ("User: how long?", A, "warning", "instruction", None),
    "placeholder": (Q, "It lasts {days} days.", "warning", "response", None),
    "disclaimer": (Q, "As an AI language model, I can't know.", "warning", "response", None),
    "mojibake": (Q, "CafÃ© hours are four days.", "warning", "response", None),
    "cut-off": (
        Q,
        "A loan lasts four days, and after that it has to be brought back to the",
        "warning",
        "response",
        None,
    ),
    "outer-space": (" How long?", A, "note", "instruction", "How long?"),
    "empty-field": (Q, "  ", "error", "response", None),
    "echo": (Q, "how long is a loan", "error", "response", None),
    "too-long": (Q, "word " * 2000 + ".", "warning", "response", None),
}


@pytest.mark.parametrize("code", ODD_ROWS)
def test_each_odd_row_is_found_and_mended_only_where_that_is_safe(code: str) -> None:
    question, answer, severity, field, mended = ODD_ROWS[code]
    rows = dataset((Q, A), (question, answer))
    found = [f for f in review(rows).findings if f.code == code]
    assert [(f.severity, f.field, f.line, f.example_id) for f in found] == [(severity, field, 2, rows.examples[1].id)]
    assert found[0].mendable == (mended is not None)
    if mended is not None:
        clean = {getattr(example, field) for example in review(rows).clean()}
        assert mended in clean or review(dataset((Q, A), (question, answer))).clean().examples == rows.examples[:1]


def test_a_clean_dataset_has_no_findings_and_stays_itself() -> None:
    rows = dataset((Q, A), ("What is the deposit?", "60 euros."))
    checked = review(rows)
    assert checked.findings == () and checked.duplicates == 0
    assert checked.clean() == rows and checked.clean().provenance_id == rows.provenance_id


def test_the_same_question_with_other_facts_is_a_contradiction_but_other_words_are_not() -> None:
    rows = dataset((Q, A), (Q, "Four days is how long a loan lasts."), (Q, "A loan lasts until 12 May."))
    found = [f for f in review(rows).findings if f.code == "two-answers"]
    assert [(f.line, "line 1" in f.message) for f in found] == [(3, True)]


def test_exact_and_near_duplicates_cluster_with_a_survivor_and_other_facts_do_not() -> None:
    long = "For how many days may a member of the library keep a cargo bike at home before it must come back?"
    rows = dataset(
        (long, "A cargo bike may be kept at home by a member for four days in all."),
        (long.upper(), "A cargo bike may be kept at home by a member for four days in all!"),
        (long.replace("must", "has to"), "A cargo bike may be kept at home by a member for four days in all, then back."),
        ("What is the fee for a fishing permit in Alder Bay?", "The fee for a fishing permit in Alder Bay is 20 dollars."),
        ("What is the fee for a fishing permit in Pinecrest?", "The fee for a fishing permit in Pinecrest is 25 dollars."),
    )  # fmt: skip
    checked = review(rows, threshold=0.7)
    assert [c.rows for c in checked.exact] == [(0, 1)]
    assert [(c.rows, c.survivor) for c in checked.near] == [((0, 2), 2)]
    assert checked.clean().examples == rows.examples[2:]
    assert checked.clean(near_duplicates=False).examples == (rows.examples[0], *rows.examples[2:])
    assert list(checked.duplicates_frame()["keep"]) == [True, False, False, True]


@settings(max_examples=150)
@given(
    st.lists(st.frozensets(st.sampled_from("abcdefgh"), min_size=1), max_size=20),
    st.sampled_from([0.3, 0.5, 0.8, 1.0]),
)
def test_similar_pairs_are_those_of_comparing_everything(sets: list[frozenset[str]], threshold: float) -> None:
    found = {(i, j): similarity for i, j, similarity in similar_pairs(sets, threshold)}
    every = {
        (i, j): jaccard(sets[i], sets[j])
        for i in range(len(sets))
        for j in range(i + 1, len(sets))
        if jaccard(sets[i], sets[j]) >= threshold
    }
    assert found.items() <= every.items(), "a pair that is not similar was reported"
    assert not [pair for pair, similarity in every.items() if similarity > 0.99 and pair not in found]
    assert len(every) - len(found) <= 1, "more than one in a thousand was missed"


def test_planted_copies_are_found() -> None:
    from workshop_kit.bench.review import THRESHOLD, rows

    texts, planted = rows(3000, seed=1)
    sets = [shingles(text) for text in texts]
    truth = {(a, b) for a, b in planted if jaccard(sets[a], sets[b]) >= THRESHOLD}
    found = {(i, j) for i, j, _ in similar_pairs(sets, THRESHOLD)}
    assert len(truth) > 100 and len(found & truth) >= 0.99 * len(truth)


def test_thousands_of_rows_of_one_template_are_no_duplicates_and_take_no_age() -> None:
    rows = dataset(
        *((f"What does permit number {n} cost in Alder Bay?", f"Permit number {n} costs ${n}.") for n in range(4000))
    )
    checked = review(rows, [f"What does permit number {n} cost in Pinecrest?" for n in range(50)])
    assert not checked.near and not checked.contamination


def test_rows_that_ask_a_practice_question_are_found_and_left_out() -> None:
    rows = dataset((Q, A), ("how long is a LOAN", "Four days."), ("How long is a loan in May?", "Four days."))
    checked = review(rows, ["How long is a loan?"])
    assert [(m.row, m.similarity) for m in checked.contamination] == [(0, 1.0), (1, 1.0)]
    assert checked.clean().examples == rows.examples[2:]
    assert len(checked.clean(contaminated=False)) == 3


def test_a_files_faults_and_its_rows_faults_come_with_its_lines(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(
        '{"instruction": "a?", "response": "b."}\n{broken\n\n{"instruction": "c?", "response": "Answer: d."}\n'
    )
    checked = review(path)
    assert [(f.line, f.code) for f in checked.findings] == [(2, "broken-json"), (4, "label")]
    assert list(checked.to_frame()["line"]) == [2, 4]
    assert checked.clean().examples[1].response == "d."


def test_a_review_shows_as_escaped_html_without_anything_external() -> None:
    page = review(
        dataset(("<script>alert(1)</script>", "<img src=x>"), ("<script>alert(1)</script>", "<img src=x>"))
    )._repr_html_()
    assert "<script" not in page and "<img" not in page and "http" not in page
    assert "exact duplicates" in page


def test_lengths_count_every_row_once() -> None:
    lengths = review(dataset((Q, A), ("Why?", "So it is."))).lengths
    assert lengths.of("instruction").values == (5, 1)
    assert sum(rows for _, _, rows in lengths.of("response", "tokens").histogram()) == 2
    assert len(lengths.to_frame()) == 6
    assert len(lengths.figure("tokens").data) == 2


def make(size: int, seed: int = 0) -> Dataset:
    """Rows over a few topics, some repeated and some with a word added."""
    chance = random.Random(seed)
    rows: list[Example] = []
    for n in range(size):
        if rows and chance.random() < 0.3:
            old = chance.choice(rows)
            rows.append(Example(old.instruction, old.response + chance.choice(["", " Thank you."]), topic=old.topic))
        else:
            words = [f"word{chance.randrange(200)}" for _ in range(12)]
            rows.append(Example(" ".join(words) + "?", f"Answer number {n}.", topic=f"topic-{chance.randrange(4)}"))
    return Dataset(tuple(rows), "rows", "Be brief.")


@settings(max_examples=40)
@given(st.integers(2, 120), st.integers(0, 5), st.floats(0.05, 0.6))
def test_a_split_loses_nothing_and_leaks_nothing(size: int, seed: int, ratio: float) -> None:
    rows = make(size, seed)
    if len({shingles(e.instruction) for e in rows}) < 2:
        return
    parts = split(rows, ratio, seed)
    assert sorted(e.id for e in (*parts.train, *parts.validation)) == sorted(e.id for e in rows)
    assert parts.leaks() == 0
    assert len(parts.train) > 0 and len(parts.validation) > 0
    assert {e.instruction for e in parts.train}.isdisjoint(e.instruction for e in parts.validation)
    assert parts.train.system == parts.validation.system == "Be brief."


def test_a_split_is_seeded_and_shares_topics_out() -> None:
    rows = make(400)
    parts = split(rows, 0.1, seed=3)
    assert parts == split(rows, 0.1, seed=3)
    assert parts.provenance_id != split(rows, 0.1, seed=4).provenance_id
    assert 35 <= len(parts.validation) <= 45
    for topic in {e.topic for e in rows}:
        size = sum(e.topic == topic for e in rows)
        assert abs(sum(e.topic == topic for e in parts.validation) - size * 0.1) <= 3
    assert "Rows on both sides of the line: 0" in parts._repr_html_()


@pytest.mark.parametrize(("rows", "ratio", "words"), [(make(5), 0, "between 0 and 1"), (make(5), 1.5, "between 0 and 1"),
                                                      (dataset((Q, A), (Q, A)), 0.5, "needs at least 2")])  # fmt: skip
def test_an_impossible_split_is_one_sentence(rows: Dataset, ratio: float, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        split(rows, ratio)


def test_a_saved_split_comes_back_with_its_hash_and_notices_a_change(tmp_path: Path) -> None:
    parts = split(make(50))
    folder = parts.save(tmp_path / "split")
    assert load_split(folder) == parts
    assert formats.load(folder / "train" / "train.jsonl").dataset.system == "Be brief."
    with open(folder / "train" / "train.jsonl", "a") as file:
        file.write('{"instruction": "new", "response": "row"}\n')
    with pytest.raises(BadInput, match="changed after they were split"):
        load_split(folder)
    with pytest.raises(NotYet, match="notebook 02"):
        load_split(tmp_path / "nowhere")


def test_three_hundred_rows_are_reviewed_at_once() -> None:
    rows = make(300)
    begun = time.perf_counter()
    review(rows)
    assert time.perf_counter() - begun < 1


@pytest.mark.slow
def test_twenty_thousand_rows_are_reviewed_in_seconds() -> None:
    rows = make(20_000)
    begun = time.perf_counter()
    review(rows)._repr_html_()
    assert time.perf_counter() - begun < 15
