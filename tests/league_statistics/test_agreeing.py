from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from workshop_kit.league.statistics import (
    JudgeAgreement,
    agreement,
    cohens_kappa,
    krippendorffs_alpha,
    percent_agreement,
)
from workshop_kit.records import Dataset, Example
from workshop_kit.review.desk import Desk
from workshop_kit.review.desk import agreement as reviewers_agreement


@dataclass(frozen=True)
class Row:
    question_id: str
    judge: str
    outcome: str


def ratings(*rows: str) -> list[list[str | None]]:
    return [[None if c == "*" else c for c in row] for row in rows]


def two(table: list[list[int]]) -> tuple[list[str], list[str]]:
    pairs = [(str(i), str(j)) for i, row in enumerate(table) for j, n in enumerate(row) for _ in range(n)]
    return [a for a, _ in pairs], [b for _, b in pairs]


@pytest.mark.parametrize(
    ("table", "kappa"),
    [
        # Cohen 1960, table 1: 200 patients, two psychiatrists, three diagnoses; observed 0.29, expected 0.35.
        ([[50, 26, 24], [24, 4, 32], [6, 30, 4]], (0.29 - 0.35) / (1 - 0.35)),
        # Fifty grant proposals, two readers: 20 twice yes, 15 twice no; the usual textbook example.
        ([[20, 5], [10, 15]], 0.4),
    ],
)
def test_kappa_is_that_of_published_examples(table: list[list[int]], kappa: float) -> None:
    assert cohens_kappa(*two(table)) == pytest.approx(kappa, abs=1e-9)


@pytest.mark.parametrize(
    ("rows", "alpha"),
    # Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011): two judges of two answers, two judges of
    # several, four judges with gaps.
    [
        (("0100000010", "1110010000"), 0.095),
        (("aabbdcccedda", "babbbccceddd"), 0.692),
        (("123321412***", "1233224125**", "*33323422513", "12332441251*"), 0.743),
    ],
)
def test_alpha_is_that_of_published_examples(rows: tuple[str, ...], alpha: float) -> None:
    assert krippendorffs_alpha(ratings(*rows)) == pytest.approx(alpha, abs=5e-4)


LABELS = st.lists(st.tuples(st.sampled_from("wtlf"), st.sampled_from("wtlf")), min_size=2, max_size=40)


@given(LABELS)
def test_kappa_is_that_of_a_library(pairs: list[tuple[str, str]]) -> None:
    first, second = [a for a, _ in pairs], [b for _, b in pairs]
    assume(len({*first, *second}) > 1)
    assert cohens_kappa(first, second) == pytest.approx(cohen_kappa_score(first, second))
    assert cohens_kappa(second, first) == pytest.approx(cohens_kappa(first, second))


def test_kappa_is_the_one_that_reviewers_are_told(tmp_path: Path) -> None:
    dataset = Dataset(tuple(Example(f"q{n}", f"a{n}") for n in range(12)))
    said = ["accept", "reject", "flag"] * 4, ["accept", "reject", "reject"] * 3 + ["accept", "flag", "flag"]
    desks = [Desk(dataset, tmp_path / f"{n}.jsonl", reviewer=str(n)) for n in range(2)]
    for desk, actions in zip(desks, said, strict=True):
        for row, action in enumerate(actions):
            desk.decide([row], action)
    assert cohens_kappa(*said) == pytest.approx(reviewers_agreement(*desks).kappa)


@given(st.lists(st.lists(st.sampled_from(["w", "t", "l", None]), min_size=4, max_size=4), min_size=1, max_size=20))
def test_alpha_is_at_most_one_and_only_full_agreement_reaches_it(things: list[list[str | None]]) -> None:
    rows = [list(row) for row in zip(*things, strict=True)]
    alpha, percent = krippendorffs_alpha(rows), percent_agreement(rows)
    assert percent is None or 0 <= percent <= 1
    if alpha is not None:
        assert alpha <= 1 and (alpha > 1 - 1e-9) == (percent == 1)
    assert krippendorffs_alpha(rows[::-1]) == alpha


def test_what_is_not_defined_is_none() -> None:
    assert cohens_kappa(["w"] * 5, ["w"] * 5) is None and cohens_kappa(["w"], ["w"]) is None
    assert cohens_kappa(["w", None], [None, "w"]) is None
    assert krippendorffs_alpha(ratings("www", "www")) is None and krippendorffs_alpha(ratings("w**", "*w*")) is None
    assert krippendorffs_alpha([]) is None and percent_agreement([["w", "l"]]) is None
    with pytest.raises(ValueError, match="paired"):
        cohens_kappa(["w"], [])
    with pytest.raises(ValueError, match="length"):
        krippendorffs_alpha([["w"], []])


def rows(*judges: str) -> list[Row]:
    return [Row(f"q{n}", f"judge{j}", c) for j, row in enumerate(judges) for n, c in enumerate(row) if c != "*"]


def test_two_judges_have_a_kappa_and_three_an_alpha() -> None:
    pair = agreement(rows("wwllwwlltt" * 3, "wwllwwltll" * 3))
    assert pair.judges == ("judge0", "judge1") and pair.things == 30 and pair.percent == pytest.approx(0.7)
    assert pair.kappa == pytest.approx(cohens_kappa("wwllwwlltt" * 3, "wwllwwltll" * 3))
    assert pair.kappa_low < pair.kappa < pair.kappa_high < 1 and "kappa 0.5" in str(pair)
    three = agreement(rows("wwllwwlltt", "wwllwwltll", "wwll**lltt"))
    assert three.kappa is None and three.alpha_low < three.alpha < three.alpha_high and "alpha" in str(three)


@settings(max_examples=20)
@given(st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(chance: Random) -> None:
    found = rows("wwllwtlltt", "wwl*wwltll", "wtllwwllt*")
    assert agreement(chance.sample(found, len(found))) == agreement(found)


def test_agreement_on_little_is_said_to_be_little() -> None:
    assert str(agreement([])) == str(agreement(rows("www"))) == "No two judges judged the same thing yet."
    same = agreement(rows("wwww", "wwww"))
    assert same.percent == 1 and same.alpha is None and "not defined" in str(same)


def test_the_interval_narrows_with_more_things_and_holds_the_truth() -> None:
    few, many = ([judged_alike(n, seed) for seed in range(100)] for n in (50, 400))
    width = [sum(found.kappa_high - found.kappa_low for found in side) / 100 for side in (few, many)]
    assert width[0] == pytest.approx(width[1] * 8**0.5, rel=0.25)
    assert 88 <= sum(found.kappa_low <= 0.8 <= found.kappa_high for found in many) <= 99


def judged_alike(things: int, seed: int) -> JudgeAgreement:
    """Two judges, of whom the second says what the first says in four of five cases and else guesses: kappa 0.8."""
    chance = Random(seed)
    first = "".join(chance.choice("wl") for _ in range(things))
    return agreement(
        rows(first, "".join(c if chance.random() < 0.8 else chance.choice("wl") for c in first)), draws=200
    )
