"""Coverage names what is missing: topics, kinds of question and passages, each with what to write."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workshop_kit import formats
from workshop_kit.domains import load_domain
from workshop_kit.records import Dataset, Example, Topic
from workshop_kit.review.coverage import OTHER, coverage, kind_of, reading_ease


@pytest.fixture(scope="module")
def domain():
    return load_domain("state-local-services")


@pytest.fixture(scope="module")
def rows(domain):
    return formats.read_dataset(domain.folder / "examples.jsonl")


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("How much is a boat permit?", "how much"), ("What does a boat permit cost?", "how much"),
        ("How long does it take?", "how long"), ("When will it be ready?", "how long"),
        ("How many copies do I need?", "how many"), ("Where do I apply?", "where"),
        ("Which office issues it?", "where"), ("Who signs?", "who"), ("Why was it refused?", "why"),
        ("How do I apply?", "how to"), ("What is the difference between the two?", "compare"),
        ("List the papers.", "list"), ("Is it open today?", "yes or no"), ("Which colour is it?", "what or which"),
        ("Summarise the rules for boats.", "summary"), ("Boats!", OTHER),
    ],
)  # fmt: skip
def test_a_question_is_of_the_kind_it_asks_for(question, kind):
    assert kind_of(question) == kind


def test_every_row_is_counted_once_and_every_topic_has_a_line(domain, rows):
    found = coverage(rows, domain)
    frame = found.to_frame()
    assert found.rows == 300 and frame["all"].sum() == 300
    assert list(frame.index) == [topic.title for topic in domain.topics]
    assert not found.gaps and not found.advice, "the shipped rows cover their handbook"


def test_a_missing_topic_and_a_thin_one_are_named_with_what_to_write(domain, rows):
    gone, thin = domain.topics[0], domain.topics[1]
    kept = [e for e in rows if e.topic not in (gone.id, thin.id)]
    few = [e for e in rows if e.topic == thin.id][:8]
    advice = coverage(replace(rows, examples=(*kept, *few)), domain).advice
    assert advice[0].startswith(f"No row is about {gone.title}: write about ")
    assert any(line.startswith(f"{thin.title} has 8 rows") for line in advice)
    assert not any(line.startswith(f"{gone.title}: hardly") for line in advice), "one gap is told once"


def test_a_passage_that_nobody_asks_about_is_named_by_its_own_words(domain, rows):
    without = replace(rows, examples=tuple(e for e in rows if "fence permit" not in e.instruction + e.response))
    found = coverage(without, domain)
    assert [gap.missing for gap in found.gaps] and "fence" in found.gaps[0].missing
    assert any("fence" in line for line in found.advice)


def test_rows_all_alike_are_told_to_vary():
    rows = Dataset(tuple(Example(f"Where is desk {n}?", f"Desk {n} is on floor {n}.", topic="a") for n in range(30)))
    advice = " ".join(coverage(rows, topics=[Topic("a", "Desks")]).advice)
    assert "one kind (where)" in advice and "begin with 'where is'" in advice and "two things at once" in advice


def test_no_rows_and_rows_without_topics_are_told():
    assert "no rows yet" in coverage(Dataset(())).advice[0]
    rows = Dataset((Example("a?", "b."), Example("c?", "d.", topic="t"), Example("e?", "f.", topic="t")))
    assert any("without a topic: 1" in line for line in coverage(rows).advice)


def test_flesch_orders_texts_by_how_hard_they_are():
    easy = reading_ease("The cat sat on the mat. It was warm.")
    hard = reading_ease(
        "Notwithstanding administrative considerations, municipal authorisation necessitates documentation."
    )
    assert easy > 90 and hard < 0 and reading_ease("123 !") is None


def test_the_map_shows_the_numbers_and_the_page_escapes_them(domain, rows):
    figure = coverage(rows, domain).plot()
    assert int(figure.data[0].z.sum()) == 300 and len(figure.data[0].y) == len(domain.topics)
    hostile = Dataset((Example("<b>x</b> y?", "z.", topic="<script>"),))
    shown = coverage(hostile)._repr_html_()
    assert "<script>" not in shown and "&lt;script&gt;" in shown


@settings(max_examples=60)
@given(st.lists(st.tuples(st.text(max_size=40), st.text(max_size=40), st.sampled_from(["", "a", "b"])), max_size=10))
def test_any_dataset_can_be_counted(triples):
    found = coverage(Dataset(tuple(Example(q, a, topic=t) for q, a, t in triples)))
    assert sum(sum(counts.values()) for counts in found.table.values()) == len(triples)
    assert found._repr_html_() and isinstance(found.advice, tuple)
