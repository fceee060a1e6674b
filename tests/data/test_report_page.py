"""The report stands alone, accounts for every row, says why, and repeats nothing private or hostile."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from workshop_kit import formats
from workshop_kit.domains import load_domain
from workshop_kit.records import Dataset, Example
from workshop_kit.review import review, split
from workshop_kit.review.coverage import coverage
from workshop_kit.review.page import write_report
from workshop_kit.review.privacy import find_private


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    domain = load_domain("state-local-services")
    rows = formats.read_dataset(domain.folder / "examples.jsonl")
    odd = (
        *rows.examples[:7],
        Example("Question: a?", "Answer: b | c."),
        Example("<script>alert(1)</script> says ada@example.org", ""),
        Example(domain.practice_questions[0].question, "An answer."),
    )
    rows = replace(rows, name="rows | <b>bold</b>", examples=(*rows.examples, *odd))
    found = review(rows, domain.practice_questions)
    cleaned = found.clean()
    made = write_report(
        tmp_path_factory.mktemp("report"), found, cleaned, split=split(cleaned, 0.1, 0, test_ratio=0.1),
        coverage=coverage(cleaned, domain), private=find_private(rows),
    )  # fmt: skip
    return found, cleaned, made, made.page.read_text(), made.markdown.read_text()


def test_every_row_that_left_has_a_reason(written):
    found, cleaned, _, page, markdown = written
    leaving = found.leaving()
    assert len(found.dataset) - len(leaving) == len(cleaned) == 301
    for reason in ("is the same as another row", "has nothing to learn from", "asks a practice question"):
        assert reason in leaving.values() and reason in page and reason in markdown


def test_both_forms_carry_the_ids_and_the_split(written):
    found, cleaned, made, page, markdown = written
    for text in (page, markdown):
        assert found.dataset.provenance_id in text and cleaned.provenance_id in text and "rows that leak" in text
    assert made.dataset == cleaned.provenance_id


def test_nothing_hostile_or_private_is_repeated(written):
    _, _, _, page, markdown = written
    assert "<script>" not in page and "<b>bold" not in page and "default-src 'none'" in page
    assert "<script>" not in markdown and "ada@example.org" not in page + markdown and "EMAIL" in page


def test_the_page_needs_nothing_beside_it_and_the_markdown_has_its_pictures(written):
    _, _, made, page, markdown = written
    assert page.count("<svg") == 2
    assert not re.search(r"<(?:img|link|iframe|object)\b|\bsrc=|url\(['\"]?http", page)
    for name in ("topics.svg", "lengths.svg"):
        assert f"({name})" in markdown and (made.page.parent / name).read_text().lstrip().startswith("<?xml")


def test_the_same_review_gives_the_same_report(written, tmp_path):
    found, cleaned, _, page, _ = written
    again = write_report(tmp_path / "a", found, cleaned)
    assert again.page.read_text() == write_report(tmp_path / "b", found, cleaned).page.read_text()


def test_an_empty_dataset_has_a_report_too(tmp_path):
    found = review(Dataset((), "nothing"))
    assert "Nothing." in write_report(tmp_path, found, found.clean()).page.read_text()
