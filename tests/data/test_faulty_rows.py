"""Files that can be read and hold rows that should not be trained on: each fault is found, placed and explained."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from workshop_kit import formats
from workshop_kit.review import find_private, review

sys.path.insert(0, str(Path(__file__).parent))
from test_faulty_files import FAULTS

Q, A = "How long is a loan?", "A loan lasts four days."
ASKED = ["Which bridge is the oldest in Calder?"]

# What is wrong -> (question, answer, more fields), the code of the finding, its field.
ROWS: dict[str, tuple[tuple[str, str, dict[str, str]], str, str]] = {
    "a mark of the prompt format": ((Q, "Four days.<|eot_id|>", {}), "special-token", "response"),
    "a mark in the question": (("<|begin_of_text|>How long?", A, {}), "special-token", "instruction"),
    "a zero-width space": (("How\u200b long?", A, {}), "invisible", "instruction"),
    "a label before the answer": ((Q, "Answer: Four days.", {}), "label", "response"),
    "a bold label": ((Q, "**Response:** Four days.", {}), "label", "response"),
    "a label before the question": (("Q: How long?", A, {}), "label", "instruction"),
    "a markdown fence": ((Q, "```\nFour days.\n```", {}), "fence", "response"),
    "### Response": ((Q, "Four days.\n### Response\nMore.", {}), "artefact", "response"),
    "### Answer": ((Q, "### Answer\nFour days.", {}), "artefact", "response"),
    "User: inside": (("User: how long?", A, {}), "reserved", "instruction"),
    "[EOS]": ((Q, "Four days. [EOS]", {}), "reserved", "response"),
    "a placeholder in braces": ((Q, "It lasts {days} days.", {}), "placeholder", "response"),
    "a placeholder in brackets": ((Q, "Ask [insert name].", {}), "placeholder", "response"),
    "a TODO": ((Q, "TODO: look it up.", {}), "placeholder", "response"),
    "talk about itself": ((Q, "As an AI language model, I can't say.", {}), "disclaimer", "response"),
    "wrongly decoded text": ((Q, "The cafÃ© lends for four days.", {}), "mojibake", "response"),
    "an answer that breaks off": ((Q, "A loan lasts four days, after that it must be brought back to the", {}),
                                  "cut-off", "response"),
    "an answer that is the question": ((Q, "how long is a loan", {}), "echo", "response"),
    "an answer of white space": ((Q, " \u3000 ", {}), "empty-field", "response"),
    "white space around": ((Q, f"  {A}\n", {}), "outer-space", "response"),
    "far too long": ((Q, "word " * 1100 + ".", {}), "too-long", "response"),
    "too long for the service": ((Q, "word " * 1100 + ".", {}), "too-long-for-service", "response"),
    "another answer to the same question": (("Where is the desk?", "On floor 7.", {}), "two-answers", "response"),
    "a practice question": ((ASKED[0], "The stone bridge.", {}), "contaminated", "instruction"),
}  # fmt: skip


@pytest.mark.parametrize("name", ROWS)
def test_each_fault_is_found_in_its_line_and_field_and_told_with_a_mend(name: str, tmp_path: Path) -> None:
    (question, answer, more), code, field = ROWS[name]
    good = [("Where is the desk?", "On floor 2."), ("Who signs?", "The clerk signs.")]
    lines = [{"instruction": q, "response": a} for q, a in good] + [
        {"instruction": question, "response": answer} | more
    ]
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    found = [f for f in review(path, ASKED, service="jumpstart").findings if f.code == code]
    assert found, f"{name} was not found"
    assert found[0].line == 3 and found[0].field == field and str(path) in str(found[0])
    assert found[0].message and "\n" not in found[0].message
    assert found[0].fix, "what to do is not told"


@pytest.mark.parametrize(
    ("second", "kind"),
    [((Q, A), "exact"), (("how long is a LOAN", "a loan lasts four days"), "exact"),
     (("So how long is a loan?", "A loan lasts four days."), "rephrased")],
)  # fmt: skip
def test_doubled_rows_are_shown_as_clusters_with_a_survivor(second, kind, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    rows = [(Q, A), ("Who signs?", "The clerk signs."), second]
    path.write_text("".join(json.dumps({"instruction": q, "response": a}) + "\n" for q, a in rows))
    found = review(path).duplicates_frame()
    assert list(found["kind"]) == [kind] * 2 and list(found["row"]) == [1, 3] and found["keep"].sum() == 1


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Write to ada@example.org.", "email"),
        ("Use AKIAIOSFODNN7EXAMPLE.", "aws-key"),
        ("Pay with 4111 1111 1111 1111.", "card"),
    ],
)
def test_private_text_is_placed(text: str, kind: str, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps({"instruction": Q, "response": text}) + "\n")
    (found,) = find_private(formats.read_dataset(path)).sightings
    assert (found.row, found.field, found.kind) == (0, "response", kind)
    assert text[found.start : found.end] == found.text


def test_the_corpus_is_not_small() -> None:
    assert len(FAULTS) + len(ROWS) >= 75
